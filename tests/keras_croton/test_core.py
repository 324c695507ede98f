"""Conversion, variables as operands, Python's operators, parts of arrays, and gradients of one's own."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.src import backend
from tests.keras_croton.checks import gradient

import croton as ct

X = np.array([0.5, -1.0, 2.0], np.float32)
N = np.arange(3, dtype=np.int32)


class TestOperators:
    """Python's operators on tensors promote dtypes as Keras's functions do."""

    @pytest.mark.parametrize(
        ("expression", "dtype"),
        [
            (lambda n, x: n * x, "float32"),
            (lambda n, x: n / 2, "float32"),
            (lambda n, x: n + 0.5, "float32"),
            (lambda n, x: n + 1, "int32"),
            (lambda n, x: 2**x, "float32"),
            (lambda n, x: n @ x, "float32"),
            (lambda n, x: n < x, "bool"),
            (lambda n, x: ops.cast(x, "float16") * x, "float32"),
            (lambda n, x: ops.cast(x, "bfloat16") * ops.cast(x, "float16"), "float32"),
        ],
    )
    def test_dtypes(self, expression, dtype):
        eager = expression(ops.convert_to_tensor(N), ops.convert_to_tensor(X))
        compiled = ct.jit(expression)(N, X)
        assert eager.dtype == compiled.dtype == dtype
        np.testing.assert_allclose(eager, compiled)

    def test_take_variables(self):
        variable = keras.Variable(X)
        x = ops.convert_to_tensor(X)
        for result in (x * variable, variable * x, ct.jit(lambda x: x * variable)(X)):
            np.testing.assert_allclose(result, X * X)
        with ct.GradientTape() as tape:
            tape.watch(variable._value)
            y = ops.sum(x * variable)
        np.testing.assert_allclose(tape.gradient(y, variable._value), X)

    def test_leave_symbolic_tensors_to_keras(self):
        product = ops.convert_to_tensor(X) * keras.KerasTensor((None, 3))
        assert isinstance(product, keras.KerasTensor)
        assert product.shape == (None, 3)

    @pytest.mark.parametrize("other", [None, "a"])
    def test_refuse_what_is_no_operand(self, other):
        with pytest.raises(TypeError, match="unsupported operand"):
            ops.convert_to_tensor(X) + other


class TestScatter:
    def test_adds_up_what_goes_to_one_place(self):
        indices, values = [[1], [0], [1]], np.array([[1, 2], [3, 4], [5, 6]], np.float32)
        scattered = ops.scatter(indices, values, (3, 2))
        np.testing.assert_array_equal(scattered, [[3, 4], [6, 8], [0, 0]])
        np.testing.assert_array_equal(ct.jit(lambda v: ops.scatter(indices, v, (3, 2)))(values), scattered)

    @pytest.mark.parametrize(
        ("reduction", "expected", "slope"),
        [
            (None, [3, 2, 2], [0, 0, 1]),
            ("add", [4.5, 2 - 1, 2], [1, 1, 1]),
            ("max", [3, 2, 2], [0, 0, 1]),
            ("min", [0.5, -1, 2], [1, 1, 1]),
            ("mul", [1.5, -2, 2], [3, 2, 1]),
        ],
    )
    def test_update_reduces(self, reduction, expected, slope):
        def function(x):
            updates = ops.convert_to_tensor(np.array([1, 2, 3], np.float32))
            if reduction == "mul" or reduction == "add":
                return ops.scatter_update(x, [[1], [0]], updates[1:], reduction)
            return ops.scatter_update(x, [[0], [1], [0]], updates, reduction)

        if reduction in ("add", "mul"):
            expected = [X[0] + 3, X[1] + 2, 2] if reduction == "add" else [X[0] * 3, X[1] * 2, 2]
        np.testing.assert_allclose(function(ops.convert_to_tensor(X)), expected)
        np.testing.assert_allclose(ct.jit(function)(X), expected)
        np.testing.assert_allclose(gradient(lambda x: ops.sum(function(x)), X), slope)

    def test_update_refuses_an_unknown_reduction(self):
        with pytest.raises(ValueError, match="reduction: median"):
            ops.scatter_update(X, [[0]], [1.0], reduction="median")


class TestSlice:
    A = np.arange(12, dtype=np.float32).reshape(3, 4)

    @pytest.mark.parametrize("start", [(1, 2), np.array([1, 2]), "computed"])
    def test_reads_and_writes_a_part(self, start):
        def part(x, begin):
            return ops.slice(x, begin if isinstance(start, str) else start, (2, 2))

        def changed(x, begin):
            return ops.slice_update(x, begin if isinstance(start, str) else start, part(x, begin) * 0)

        begin = np.array([1, 2], np.int32)
        expected = self.A.copy()
        expected[1:3, 2:4] = 0
        for run in (lambda f: f, ct.jit):
            np.testing.assert_array_equal(run(part)(ops.convert_to_tensor(self.A), begin), self.A[1:3, 2:4])
            np.testing.assert_array_equal(run(changed)(ops.convert_to_tensor(self.A), begin), expected)

    def test_takes_what_remains(self):
        np.testing.assert_array_equal(ops.slice(self.A, (1, 1), (-1, 2)), self.A[1:, 1:3])
        remains = ct.jit(lambda x, start: ops.slice(x, (start, 0), (-1, 4)))
        np.testing.assert_array_equal(remains(self.A, np.int32(2)), self.A[2:])

    def test_moves_a_part_inside(self):
        np.testing.assert_array_equal(ops.slice(self.A, (2, 0), (2, 4)), self.A[1:])

    def test_negative_starts_count_from_the_end(self):
        last = self.A[-2:, -1:]
        np.testing.assert_array_equal(ops.slice(self.A, (-2, -1), (2, 1)), last)
        np.testing.assert_array_equal(ops.slice(self.A, np.array([-2, -1]), (2, 1)), last)
        compiled = ct.jit(lambda x, start: ops.slice(x, (start, -1), (2, 1)))
        np.testing.assert_array_equal(compiled(self.A, np.int32(-2)), last)
        zeroed = ops.slice_update(self.A, (-2, -1), last * 0)
        np.testing.assert_array_equal(zeroed[-2:, -1:], last * 0)
        np.testing.assert_array_equal(zeroed[:, :-1], self.A[:, :-1])

    def test_has_a_gradient(self):
        slope = gradient(lambda x: ops.sum(ops.slice(x, (1,), (2,)) ** 2), X)
        np.testing.assert_allclose(slope, [0, -2, 4])


class TestUnstack:
    def test_gives_slices(self):
        a = np.arange(6).reshape(2, 3)
        for position, part in enumerate(ops.unstack(a, axis=-1)):
            np.testing.assert_array_equal(part, a[:, position])

    def test_needs_a_known_size(self):
        with pytest.raises(ValueError, match="only known later"):
            backend.compute_output_spec(lambda x: backend.core.unstack(x), keras.KerasTensor((None, 2)))


class TestCustomGradient:
    @staticmethod
    @ops.custom_gradient
    def log1pexp(x):
        e = ops.exp(x)

        def grad(*args, upstream=None):
            (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

        return ops.log(1 + e), grad

    def test_is_used_eagerly_and_compiled(self):
        assert float(gradient(lambda x: ops.sum(self.log1pexp(x)), np.float32(50.0))) == 1.0

    def test_takes_variables(self):
        variable = keras.Variable(2.0)
        with ct.GradientTape() as tape:
            tape.watch(variable._value)
            y = self.log1pexp(variable)
        np.testing.assert_allclose(tape.gradient(y, variable._value), 1 / (1 + np.exp(-2.0)), rtol=1e-6)


def test_no_gradient_flows_through_stop_gradient():
    np.testing.assert_allclose(gradient(lambda x: ops.sum(x * ops.stop_gradient(x)), X), X)


def test_remat_changes_no_result():
    function = keras.remat(lambda x: ops.sum(ops.tanh(x) ** 2))
    np.testing.assert_allclose(
        gradient(function, X), gradient(lambda x: ops.sum(ops.tanh(x) ** 2), X), rtol=1e-6
    )


class TestOutputSpec:
    """Shapes and dtypes are found without computing, for sizes that are not known."""

    def test_of_a_function_that_needs_no_sizes(self):
        spec = backend.compute_output_spec(lambda x: (x[:, 0], ops.sum(x)), keras.KerasTensor((None, 3)))
        assert [(part.shape, part.dtype) for part in spec] == [((None,), "float32"), ((), "float32")]

    def test_of_a_function_that_needs_them(self):
        def repeated(x):
            return ops.concatenate([x] * int(x.shape[0]), axis=1)

        assert backend.compute_output_spec(repeated, keras.KerasTensor((None, 3))).shape == (None, None)

    def test_leaves_variables_as_they_were(self):
        variable = keras.Variable(0.0)
        backend.compute_output_spec(lambda x: variable.assign(ops.sum(x)), keras.KerasTensor((None, 3)))
        assert float(variable.numpy()) == 0.0


def test_devices_other_than_the_processor_are_refused():
    with keras.device("cpu:0"):
        ops.ones(3)
    with pytest.raises(ValueError, match="expected 'cpu'"), keras.device("gpu:0"):
        pass

"""Op and as_op: operations of a user's own, in Python and in C."""

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, NotDifferentiableError, ShapeError


class Power(ct.Op):
    """x ** exponent, elementwise, in Python."""

    __props__ = ("exponent",)

    def __init__(self, exponent):
        self.exponent = exponent

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return ct.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] ** self.exponent

    def grad(self, inputs, output_gradients):
        return [output_gradients[0] * self.exponent * Power(self.exponent - 1)(inputs[0])]


class PowerInC(Power):
    """The same, in C for any dtype and shape."""

    def c_support_code(self):
        return "static double power(double x, int n) { double r = 1; while (n--) r *= x; return r; }"

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (y,) = inputs, outputs
        return f"for (ct_int i = 0; i < {x}_size; ++i) {y}[i] = power({x}[i], {self.exponent});"


@pytest.mark.parametrize("kind", [Power, PowerInC])
def test_values_and_gradients_of_every_order(kind):
    points = np.array([[1.0, 2.0, -3.0]])
    x = T.matrix("x")
    y = kind(3)(x)
    first = ct.grad(y.sum(), x)
    second = ct.grad(first.sum(), x)
    found = ct.function([x], [y, first, second])(points)
    for got, expected in zip(found, (points**3, 3 * points**2, 6 * points), strict=True):
        np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize("kind", [Power, PowerInC])
def test_eager_use_under_a_tape(kind):
    x = ct.Tensor([1.0, 2.0])
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = kind(3)(x)
    assert y.tolist() == [1.0, 8.0] and tape.gradient(y, x).tolist() == [3.0, 12.0]


@pytest.mark.parametrize("kind", [Power, PowerInC])
def test_use_in_a_traced_function(kind):
    f = ct.jit(lambda x: kind(2)(x) + 1.0)
    for size in (1, 3):
        np.testing.assert_array_equal(f(np.full(size, 3.0)), np.full(size, 10.0))
    assert f.traces == 1


def test_the_c_is_part_of_the_function():
    x, y = T.vector("x"), T.fvector("y")
    f = ct.function([x, y], [PowerInC(3)(x), PowerInC(3)(y), PowerInC(2)(x)])
    assert "static double power(" in f.c_source()
    a, b, c = f([2.0], np.array([2.0], np.float32))
    assert a.tolist() == [8.0] and b.tolist() == [8.0] and c.tolist() == [4.0]
    assert a.dtype == np.float64 and b.dtype == np.float32


def test_an_op_with_c_alone_runs_eagerly_too():
    class Twice(ct.Op):
        itypes = (T.dvector,)
        otypes = (T.dvector,)

        def infer_shape(self, fgraph, node, shapes):
            return shapes

        def c_code(self, node, name, inputs, outputs, sub):
            return (
                f"if ({inputs[0]}_shape[0] == 3) {{ {sub['fail']} }}\n"
                f"for (ct_int i = 0; i < {inputs[0]}_size; ++i) {outputs[0]}[i] = 2 * {inputs[0]}[i];"
            )

    assert Twice()(np.ones(2)).tolist() == [2.0, 2.0]
    x = T.dvector("x")
    f = ct.function([x], Twice()(x))
    assert f([1.0, 2.0]).tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="Twice"):
        f([1.0, 2.0, 3.0])
    assert f([5.0]).tolist() == [10.0]


def test_properties_tell_operations_apart():
    assert Power(2) == Power(2) and hash(Power(2)) == hash(Power(2)) and Power(2) != Power(3)
    assert Power(2) != PowerInC(2)

    class Plain(ct.Op):
        pass

    assert Plain() != Plain()
    assert str(Power(2)) == "Power{exponent=2}"


def test_equal_calls_run_once():
    calls = []

    @ct.as_op(T.dvector, T.dvector, infer_shape=lambda fgraph, node, shapes: shapes)
    def noted(x):
        calls.append(1)
        return x + 1

    x = T.dvector("x")
    f = ct.function([x], noted(x) * noted(x))
    assert f([1.0]).tolist() == [4.0] and len(calls) == 1


def test_several_outputs_and_the_default_one():
    class MinMax(ct.Op):
        __props__ = ()
        itypes = (T.dvector,)
        otypes = (T.dscalar, T.dscalar)

        def perform(self, node, inputs, output_storage):
            output_storage[0][0], output_storage[1][0] = inputs[0].min(), inputs[0].max()

        def L_op(self, inputs, outputs, output_gradients):
            return [output_gradients[1] * T.equal(inputs[0], outputs[1])]

    x = T.dvector("x")
    low, high = MinMax()(x)
    f = ct.function([x], [low, high, ct.grad(high, x)])
    assert [np.asarray(v).tolist() for v in f([3.0, 1.0, 2.0])] == [1.0, 3.0, [1.0, 0.0, 0.0]]


def test_shapes_are_inferred_from_inputs():
    class Outer(ct.Op):
        __props__ = ()
        itypes = (T.dvector, T.dvector)
        otypes = (T.dmatrix,)

        def infer_shape(self, fgraph, node, shapes):
            return [(shapes[0][0], shapes[1][0] * 2)]

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = np.outer(inputs[0], np.tile(inputs[1], 2))

    x, y = T.dvectors("x", "y")
    f = ct.function([x, y], Outer()(x, y) + 1.0)
    np.testing.assert_array_equal(f([1.0, 2.0], [3.0]), [[4.0, 4.0], [7.0, 7.0]])


def test_sizes_that_only_running_can_tell():
    runs = []

    @ct.as_op(itypes=[T.dvector], otypes=[T.dvector])
    def positive(x):
        runs.append(1)
        return x[x > 0]

    x = T.dvector("x")
    f = ct.function([x], [positive(x) * 2.0, positive(x).sum()])
    for values in ([1.0, -1.0, 3.0], [-1.0], [2.0]):
        runs.clear()
        kept, total = f(values)
        expected = np.array([v for v in values if v > 0])
        np.testing.assert_array_equal(kept, expected * 2)
        assert float(total) == expected.sum()
    assert positive(np.array([-1.0, 4.0])).tolist() == [4.0]


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (lambda x: x.astype(np.float32), DTypeError, "wrong.perform: output 0 is float32, expected float64"),
        (lambda x: x[None], ShapeError, "wrong.perform: output 0 has 2 axes, expected 1"),
        (lambda x: x[1:], ShapeError, "wrong.perform: output 0 has size 1 on axis 0, expected 2"),
        (lambda x: None, ValueError, "wrong.perform left output 0 empty"),
    ],
)
def test_wrong_outputs_name_the_operation_and_the_line(result, error, message):
    def wrong(x):
        return result(x)

    op = ct.as_op(T.dvector, T.dvector, infer_shape=lambda fgraph, node, shapes: shapes)(wrong)
    x = T.dvector("x")
    f = ct.function([x], op(x))
    with pytest.raises(error, match=message) as caught:
        f([1.0, 2.0])
    assert "test_custom_op.py" in str(caught.value)
    with pytest.raises(error, match=message):
        op(np.array([1.0, 2.0]))


def test_an_exception_in_perform_names_the_line_and_changes_nothing():
    @ct.as_op(T.dvector, T.dvector, infer_shape=lambda fgraph, node, shapes: shapes)
    def fragile(x):
        if x[0] < 0:
            raise KeyError("negative")
        return x

    state = ct.shared(np.zeros(2))
    x = T.dvector("x")
    f = ct.function([x], [], updates=[(state, state + fragile(x))])
    f([1.0, 1.0])
    with pytest.raises(KeyError, match="negative") as caught:
        f([-1.0, 1.0])
    notes = "".join(caught.value.__notes__)
    assert "fragile.perform" in notes and "test_custom_op.py" in notes
    assert state.get_value().tolist() == [1.0, 1.0]
    f([1.0, 1.0])
    assert state.get_value().tolist() == [2.0, 2.0]


def test_perform_cannot_write_to_its_inputs():
    @ct.as_op(T.dvector, T.dvector, infer_shape=lambda fgraph, node, shapes: shapes)
    def greedy(x):
        x += 1
        return x

    with pytest.raises(ValueError, match="read-only"):
        greedy(np.ones(2))


def test_misuse():
    x = T.dvector("x")
    with pytest.raises(TypeError, match="input 0 must be float64 with 2 axes, got float64 with 1"):
        ct.as_op(T.dmatrix, T.dvector)(lambda m: m[0])(x)
    with pytest.raises(TypeError, match="expected 1 inputs, got 2"):
        ct.as_op(T.dvector, T.dvector)(lambda m: m)(x, x)
    with pytest.raises(NotImplementedError, match="make_node"):
        ct.Op()(x)
    with pytest.raises(NotDifferentiableError, match=r"(?s)no gradient: define grad.*test_custom_op.py"):
        op = ct.as_op(T.dvector, T.dvector, infer_shape=lambda fgraph, node, shapes: shapes)(lambda v: v)
        ct.grad(op(x).sum(), x)
    with pytest.raises(TypeError, match="must be a variable such as"):
        ct.Apply(Power(2), [x], [np.ones(2)])


def test_interpreted_functions_perform_too():
    x = T.dvector("x")
    f = ct.function([x], PowerInC(2)(x), mode="interpret")
    assert f([3.0]).tolist() == [9.0]

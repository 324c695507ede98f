"""jit: what is traced, when, and that compiled functions do what the Python function does."""

import dataclasses
import threading

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.frontends import tree
from croton.graph.errors import DTypeError, ShapeError


def matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


def test_one_trace_serves_every_size_of_the_first_axis():
    f = ct.jit(lambda x, w: T.tanh(T.matmul(x, w)).sum(axis=1))
    w = matrix(4, 3)
    for rows in (1, 2, 5, 64, 0):
        x = matrix(rows, 4, rows)
        np.testing.assert_allclose(f(x, w), np.tanh(x @ w).sum(axis=1), rtol=1e-12)
    assert f.traces == 1


def test_other_axes_become_free_when_they_change():
    f = ct.jit(lambda x: (x * 2.0).sum(axis=1))
    for columns in range(1, 12):
        np.testing.assert_allclose(f(matrix(3, columns)), (matrix(3, columns) * 2).sum(axis=1))
    assert f.traces == 2


def test_sizes_that_broadcast_are_traced_as_they_are():
    f = ct.jit(lambda x, y: x + y)
    x, y = matrix(5, 3), matrix(1, 3, 1)
    np.testing.assert_array_equal(f(x, x), x + x)
    np.testing.assert_array_equal(f(x, y), x + y)
    np.testing.assert_array_equal(f(y, x), x + y)
    np.testing.assert_array_equal(f(x, y), x + y)
    assert f.traces == 3


def test_shapes_that_do_not_fit_raise_and_later_calls_work():
    f = ct.jit(lambda x, y: x + y)
    f(matrix(2, 3), matrix(2, 3))
    with pytest.raises(ShapeError, match="add"):
        f(matrix(2, 3), matrix(4, 3))
    assert f(matrix(7, 3), matrix(7, 3)).shape == (7, 3)


def test_python_may_branch_on_sizes():
    @ct.jit
    def f(x):
        return x * 2.0 if x.shape[0] > 2 else x * 3.0

    assert f(np.ones(3)).tolist() == [2.0] * 3
    assert f(np.ones(2)).tolist() == [3.0] * 2


def test_dtypes_ranks_and_structures_are_traced_each():
    f = ct.jit(lambda x: x + x)
    for x in (np.ones(2), np.ones(2, np.float32), np.ones((2, 2)), np.ones(2, np.int8)):
        assert f(x).dtype == x.dtype.name
    assert f.traces == 4


def test_python_numbers_are_weak_arguments():
    @ct.jit
    def f(x, rate):
        return x * (1 - rate * 2) + rate

    x = np.ones(2, np.float32)
    for rate in (0.25, 0.5, 3.0):
        found = f(x, rate)
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, x * (1 - rate * 2) + rate)
    assert f.traces == 1
    assert f(x, 2).dtype == "float32" and f.traces == 2
    assert f(np.ones(2, np.int32), 2).dtype == "int32"


def test_static_arguments_are_traced_per_value():
    @ct.jit(static_argnames=("power", "kind"))
    def f(x, power, kind="sum"):
        y = x
        for _ in range(power - 1):
            y = y * x
        return y.sum() if kind == "sum" else y

    x = np.array([1.0, 2.0])
    assert float(f(x, 2)) == 5.0 and float(f(x, 3)) == 9.0 and float(f(x, power=3)) == 9.0
    assert f(x, 2, kind="none").tolist() == [1.0, 4.0]
    assert f.traces == 3
    with pytest.raises(TypeError, match="'power' must be hashable"):
        f(x, [1])
    with pytest.raises(ValueError, match="no parameter"):
        ct.jit(lambda x: x, static_argnames="y")


def test_what_is_no_array_must_be_static():
    with pytest.raises(TypeError, match=r"argument options\['mode'\] is of type str.*static_argnames"):
        ct.jit(lambda options: options["x"])({"x": np.ones(1), "mode": "fast"})
    with pytest.raises(DTypeError, match="argument x"):
        ct.jit(lambda x: x)(np.array(["a"]))


@dataclasses.dataclass
class Layer:
    w: object
    b: object


def test_arguments_and_results_may_be_nested():
    @ct.jit
    def f(layers, batch, extra=None):
        x = batch["x"]
        for layer in layers:
            x = T.matmul(x, layer.w) + layer.b
        return {"out": x, "layers": layers, "rest": (extra, None, "text", 3)}

    layer = Layer(matrix(3, 3), np.ones(3))
    found = f([layer, layer], batch={"x": matrix(2, 3)})
    expected = (matrix(2, 3) @ layer.w + 1) @ layer.w + 1
    np.testing.assert_allclose(found["out"], expected)
    assert isinstance(found["layers"][1], Layer) and found["rest"] == (None, None, "text", 3)
    np.testing.assert_array_equal(found["layers"][0].w, layer.w)


def test_a_result_may_be_an_argument_or_a_constant():
    f = ct.jit(lambda x: (x, x, np.arange(3), T.full((2,), 1.5), ct.Tensor(2.0)))
    first, second, third, fourth, fifth = f(np.ones(2))
    assert first.tolist() == second.tolist() == [1.0, 1.0]
    assert third.tolist() == [0, 1, 2] and fourth.tolist() == [1.5, 1.5] and float(fifth) == 2.0
    assert ct.jit(lambda x: None)(1.0) is None


def test_variables_are_read_and_updated_in_place():
    w = ct.Variable(np.zeros(2))

    @ct.jit
    def step(x):
        w.assign_add(x)
        doubled = w * 2.0
        w.assign_sub(x * 0.5)
        return doubled

    assert step(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    assert w.tolist() == [0.5, 1.0]
    w.assign([10.0, 10.0])
    assert step(np.zeros(2)).tolist() == [20.0, 20.0]
    assert step.traces == 1


def test_a_variable_may_be_an_argument():
    @ct.jit
    def double(v):
        v.assign(v * 2.0)

    a, b = ct.Variable(1.0), ct.Variable(10.0)
    double(a), double(b), double(a)
    assert float(a) == 4.0 and float(b) == 20.0 and double.traces == 2


def test_variables_made_on_the_first_call():
    class Counter:
        def __init__(self):
            self.total = None

        @ct.jit
        def add(self, x):
            if self.total is None:
                self.total = ct.Variable(T.zeros_like(ct.Tensor(0.0)))
            self.total.assign_add(x)
            return self.total.value()

    one, two = Counter(), Counter()
    assert [float(one.add(1.0)), float(one.add(2.0)), float(two.add(5.0))] == [1.0, 3.0, 5.0]
    assert one.add.traces == 1
    with pytest.raises(TypeError, match="depends on the arguments"):
        ct.jit(lambda x: ct.Variable(x))(np.ones(2))


def test_tapes_inside():
    w = ct.Variable([1.0, 2.0])

    @ct.jit
    def step(x, rate):
        with ct.GradientTape() as outer:
            with ct.GradientTape() as inner:
                loss = T.sum(T.square(w * x)) + T.sum(w**3)
            slope = inner.gradient(loss, w)
            total = slope.sum()
        curvature = outer.gradient(total, w)
        w.assign_sub(rate * slope)
        return slope, curvature

    x = np.array([3.0, 4.0])
    slope, curvature = step(x, 0.5)
    np.testing.assert_allclose(slope, [2 * 9 + 3, 2 * 16 * 2 + 12])
    np.testing.assert_allclose(curvature, [18 + 6, 32 + 12])
    np.testing.assert_allclose(w, np.array([1.0, 2.0]) - 0.5 * slope.numpy())


def test_tapes_inside_honour_watching_and_stopping():
    captured = ct.Tensor(2.0)

    @ct.jit
    def f(x):
        with ct.GradientTape(persistent=True) as tape:
            y = x * x
            tape.watch([x, captured])
            with tape.stop_recording():
                z = x * 5.0
            w = z * x + captured * captured
        return tape.gradient(y, x), tape.gradient(w, x), tape.gradient(w, captured)

    unwatched, watched, constant = f(3.0)
    assert unwatched is None and float(watched) == 15.0 and float(constant) == 4.0


def test_tapes_outside_see_a_call_as_one_operation_of_any_order():
    v = ct.Variable(2.0)
    f = ct.jit(lambda x, y: {"a": T.exp(x * v) * y, "n": T.sum(x > 0)})
    x = ct.Tensor([0.5, 1.0])
    with ct.GradientTape() as outer:
        outer.watch(x)
        with ct.GradientTape() as inner:
            inner.watch(x)
            result = f(x, 3.0)["a"]
        first, dv = inner.gradient(result, [x, v])
    second = outer.gradient(first, x)
    exact = np.exp(2 * x.numpy())
    np.testing.assert_allclose(first, 6 * exact)
    np.testing.assert_allclose(dv, (3 * x.numpy() * exact).sum())
    np.testing.assert_allclose(second, 12 * exact)
    assert f.traces == 1


def test_updates_happen_under_an_outer_tape_too():
    v = ct.Variable(2.0)

    @ct.jit
    def f(x):
        v.assign(v * x)
        return v * x

    x = ct.Tensor(3.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert float(v) == 6.0 and float(y) == 18.0
    assert float(tape.gradient(y, x)) == 12.0


def test_jitted_functions_are_inlined_in_each_other_and_in_symbolic_graphs():
    inner = ct.jit(lambda x: T.exp(x))
    outer = ct.jit(lambda x: inner(x) + 1.0)
    assert outer(np.zeros(1)).tolist() == [2.0]
    x = T.vector("x")
    assert ct.function([x], outer(x))([0.0]).tolist() == [2.0]


def test_side_effects_happen_once_and_stand_ins_show_their_type(capsys):
    @ct.jit
    def f(x):
        print(x + 1)
        return x + 1

    f(np.ones((4, 3)))
    f(np.ones((5, 3)))
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1 and "float64" in shown and "x.shape[0], 3" in shown


def test_equality_is_elementwise_inside_and_identity_outside():
    f = ct.jit(lambda x: (x == 1, x != x, T.as_tensor_variable([1.0, 2.0]) == x))
    first, second, third = f(np.array([1.0, 2.0]))
    assert (
        first.tolist() == [True, False]
        and second.tolist() == [False, False]
        and third.tolist() == [True, True]
    )
    x, y = T.vectors("x", "y")
    assert (x == x) is True and (x == y) is False


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda x: bool(x.sum() > 0), "truth of"),
        (lambda x: float(x.sum()), "no number"),
        (lambda x: np.exp(x), "croton.tensor"),
    ],
)
def test_numbers_that_do_not_exist_yet(use, message):
    with pytest.raises(TypeError, match=message) as caught:
        ct.jit(use)(np.ones(2))
    assert "test_jit.py" in str(caught.getrepr())


def test_values_kept_from_another_trace_are_refused():
    kept = []
    ct.jit(lambda x: kept.append(x))(np.ones(2))
    with pytest.raises(TypeError, match="made outside"):
        ct.jit(lambda y: y + kept[0])(np.ones(2))


def test_an_error_while_tracing_leaves_the_thread_eager():
    with pytest.raises(ZeroDivisionError):
        ct.jit(lambda x: 1 / 0)(1.0)
    assert isinstance(T.exp(np.ones(1)), ct.Tensor)


def test_what_a_jitted_function_tells_of_itself():
    @ct.jit
    def scaled(x):
        """Doc."""
        return x * 2.0

    with pytest.raises(RuntimeError, match="not been called"):
        scaled.c_source()
    scaled(np.ones(2))
    assert "croton_run" in scaled.c_source() and len(scaled.graph().outputs) == 1
    assert scaled.__name__ == "scaled" and scaled.__doc__ == "Doc."


def test_calls_from_many_threads():
    f = ct.jit(lambda x: x * 2.0 + 1.0)
    failures = []

    def run(size):
        for _ in range(50):
            if not np.array_equal(f(np.full(size, 2.0)).numpy(), np.full(size, 5.0)):
                failures.append(size)

    threads = [threading.Thread(target=run, args=(size,)) for size in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and f.traces == 1


def test_arrays_of_any_layout_are_taken():
    f = ct.jit(lambda x: x * 2.0)
    x = matrix(4, 6)
    for view in (x, x.T.copy().T, x[::2, ::3][:, :], x.astype(">f8")):
        np.testing.assert_array_equal(f(view), np.asarray(view, float) * 2)


def test_trees():
    tree_of = {"a": [1, (2, None)], "b": Layer(3, 4)}
    leaves, structure = tree.flatten(tree_of)
    assert leaves == [1, 2, 3, 4]
    assert tree.unflatten(structure, [5, 6, 7, 8]) == {"a": [5, (6, None)], "b": Layer(7, 8)}
    assert structure == tree.flatten({"a": [0, (0, None)], "b": Layer(0, 0)})[1]
    with pytest.raises(ValueError, match="more leaves"):
        tree.unflatten(structure, [1])
    with pytest.raises(ValueError, match="fewer leaves"):
        tree.unflatten(structure, [1, 2, 3, 4, 5])


def test_variables_may_be_assigned_in_the_branches_of_a_traced_function() -> None:
    doubled, counted = ct.Variable(np.float32(1.0)), ct.Variable(np.float32(5.0))

    @ct.jit
    def step(x):
        def positive():
            doubled.assign(doubled * 2 + x)
            return x

        def negative():
            counted.assign_add(x)
            return x + 1

        return ct.cond(x > 0, positive, negative)

    assert float(step(np.float32(1.0))) == 1.0
    assert (float(doubled), float(counted)) == (3.0, 5.0)
    assert float(step(np.float32(-1.0))) == 0.0
    assert (float(doubled), float(counted)) == (3.0, 4.0)


def test_computed_starts_of_slices() -> None:
    x = np.arange(12.0).reshape(3, 4)

    @ct.jit
    def part(x, row):
        return T.dynamic_slice(x, [row, row + 1], [2, 2]), T.dynamic_update_slice(x, [[9.0]], [row, row])

    for row in (0, 1, 5):
        read, written = part(x, np.int32(row))
        start = min(row, 1), min(row + 1, 2)
        np.testing.assert_array_equal(read, x[start[0] : start[0] + 2, start[1] : start[1] + 2])
        expected = x.copy()
        expected[min(row, 2), min(row, 3)] = 9
        np.testing.assert_array_equal(written, expected)


class TestManyBatchesInOneCall:
    @staticmethod
    def adding(check=lambda x: None):
        """A compiled function that adds what it is given to a variable, and the variable."""
        total = ct.Variable(np.float64(0.0))

        @ct.as_op(itypes=[T.dvector], otypes=[T.dvector])
        def checked(x):
            check(x)
            return x

        @ct.jit
        def f(x):
            total.assign_add(checked(x).sum())
            return total.value()

        f.on_batches((np.zeros(2),), 2)
        return f, total

    def test_the_last_batch_may_be_shorter(self):
        f, total = self.adding()
        rows, position = np.arange(5.0), 0
        while position < 5:
            position, _, result = f.on_batches((rows,), 2, position)
        assert float(total) == result == 10.0

    def test_what_one_batch_raises_is_raised_once_and_the_batches_before_it_count(self):
        raised = []

        def check(x):
            if x[0] == 4.0 and not raised:
                raised.append(x)
                raise RuntimeError("only now")

        f, total = self.adding(check)
        with pytest.raises(RuntimeError, match="only now"):
            f.on_batches((np.arange(10.0),), 2)
        assert float(total) == 6.0

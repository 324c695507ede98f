"""Mode "debug": compiled steps against NumPy, with faults put in on purpose."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.codegen.blocks import BlockPrinter
from croton.compiler.debug import differing

X = np.linspace(-1.0, 1.0, 12).reshape(3, 4)


class Doubled(ct.Op):
    """Twice its operand, plus `error` where it is compiled and the operand is above 0.9."""

    __props__ = ("error",)

    def __init__(self, error=0.0):
        self.error = error

    def make_node(self, x):
        return ct.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] * 2

    def infer_shape(self, fgraph, node, shapes):
        return shapes

    def c_code(self, node, name, inputs, outputs, sub):
        (x,), (y,) = inputs, outputs
        wrong = f"({x}[i] > 0.9 ? {self.error} : 0.0)"
        return f"for (ct_int i = 0; i < {x}_size; ++i) {y}[i] = 2 * {x}[i] + {wrong};"


class TestRightPrograms:
    def test_compute_what_compiled_ones_do(self):
        x, w = T.dmatrix("x"), ct.shared(np.full((4, 2), 0.5), "w")
        loss = T.mean(T.nnet.softmax(T.dot(x, w)) ** 2)
        outputs = [loss, T.cumsum(x, axis=1), T.nonzero(T.gt(x, 0))[0]]
        results = {}
        for mode in ("compile", "debug"):
            w.set_value(np.full((4, 2), 0.5))
            f = ct.function([x], outputs, updates=[(w, w - ct.grad(loss, w))], mode=mode)
            first = f(X)
            results[mode] = [*first, *f(X), w.get_value()]
        for left, right in zip(results["compile"], results["debug"], strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-12)

    def test_arrays_that_steps_write_parts_of(self):
        x, y = T.dmatrix("x"), T.dmatrix("y")
        sums = T.concatenate([T.sum(T.exp(x), axis=0), T.cumsum(y[0])])
        copied = T.concatenate([T.cumsum(x, axis=1), T.sin(y)[::-1]], axis=1)
        outputs = [T.cumsum(sums), T.cumsum(copied, axis=0), T.concatenate([x, x, T.zeros((2, 4))])]
        for mode in ("debug", "nan-guard"):
            found = ct.function([x, y], outputs, mode=mode)(X, X + 1)
            for left, right in zip(found, ct.function([x, y], outputs)(X, X + 1), strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-12)

    def test_loops_branches_and_sizes(self):
        x, n = T.dvector("x"), T.lscalar("n")
        final, steps = ct.scan_loop(lambda s, e: (T.tanh(s * 1.5 + e), s.sum()), x, T.zeros((n,)))
        chosen = ct.cond(T.gt(T.sum(x), 0), lambda: x * 2, lambda: x - 1)
        f = ct.function([x, n], [final, steps, chosen], mode="debug")
        plain = ct.function([x, n], [final, steps, chosen])
        for left, right in zip(f(X[0], 5), plain(X[0], 5), strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-12)

    def test_chaos_is_no_fault(self):
        x = T.dscalar("x")
        final, _ = ct.scan_loop(lambda s, _: (3.9 * s * (1 - s), None), x, length=200)
        assert 0 <= ct.function([x], final, mode="debug")(0.3) <= 1

    def test_cancellation_is_no_fault(self):
        x = T.fvector("x")
        given = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
        f = ct.function([x], T.sum(x + 1000.0) - T.sum(x) - 1e7, mode="debug")
        assert abs(f(given)) < 1e4

    def test_print_once(self, capsys):
        x = T.dvector("x")
        ct.function([x], T.print_(T.exp(x), "x") * 2, mode="debug")(np.zeros(1))
        assert capsys.readouterr().out == "x __str__ = [1.]\n"


class TestFaults:
    def test_in_a_kernel_are_found_with_inputs_and_both_results(self):
        x = T.dmatrix("x")
        f = ct.function([x], T.exp(Doubled(0.25)(x + 0)), mode="debug", name="f")
        f(X * 0.5)
        with pytest.raises(ct.DebugError, match=r"(?s)f: .*differ.*1 of 12 elements.*\(2, 3\)") as caught:
            f(X)
        error = caught.value
        np.testing.assert_array_equal(error.inputs[0], X)
        np.testing.assert_array_equal(error.expected, X * 2)
        assert error.found[2, 3] == 2.25
        assert "test_debug.py" in str(error)
        assert error.equation.location.filename == __file__

    def test_change_no_state(self):
        x, w = T.dvector("x"), ct.shared(np.zeros(3), "w")
        f = ct.function([x], None, updates=[(w, w + Doubled(1.0)(x))], mode="debug")
        with pytest.raises(ct.DebugError):
            f(np.ones(3))
        np.testing.assert_array_equal(w.get_value(), 0)

    def test_in_the_body_of_a_loop_are_found_there(self):
        x = T.dvector("x")
        final, _ = ct.scan_loop(lambda s, _: (Doubled(0.5)(s) / 1.9, None), x, length=10)
        f = ct.function([x], final, mode="debug")
        f(np.full(2, 0.2))
        with pytest.raises(ct.DebugError, match="body of a loop") as caught:
            f(np.full(2, 0.8))
        assert 0.9 < caught.value.inputs[0][0] < 1

    def test_in_the_plan_of_memory_are_found(self, monkeypatch):
        x = T.dvector("x")
        first = T.cumsum(Doubled()(x))
        second = T.cumsum(first * 2)
        f = ct.function([x], [T.cumsum(second) + first], mode="debug")
        np.testing.assert_array_equal(f([1.0])[0], [6])
        monkeypatch.setattr(BlockPrinter, "_last_uses", lambda self: {})
        f = ct.function([x], [T.cumsum(second) + first], mode="debug")
        with pytest.raises(ct.DebugError, match="whole function and its steps"):
            f([1.0, 2])


@pytest.mark.parametrize(
    ("found", "expected", "wrong"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-12], [False, False]),
        ([1.0, 2.0], [1.0, 2.1], [False, True]),
        ([np.nan, np.inf, -np.inf], [np.nan, np.inf, np.inf], [False, False, True]),
        ([np.nan, 1.0], [1.0, np.inf], [True, True]),
        ([1, 2], [1, 3], [False, True]),
        ([], [], []),
    ],
)
def test_what_counts_as_different(found, expected, wrong):
    assert differing(np.array(found), np.array(expected)).tolist() == wrong


def test_other_dtypes_and_shapes_are_different():
    assert differing(np.zeros(2), np.zeros(3)).all()
    assert differing(np.zeros(2, np.float32), np.zeros(2)).all()


def test_unknown_modes_are_refused():
    x = T.dvector("x")
    with pytest.raises(ValueError, match=r"'debug', 'nan-guard'.* or a NanGuardMode, got 'fast'"):
        ct.function([x], x, mode="fast")

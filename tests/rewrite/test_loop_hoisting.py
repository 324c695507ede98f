"""What does not change from step to step is computed once, before the loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.rewrite.loops_of import agrees_without, loops, names

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.ops.base import apply
from croton.ops.control import Scan, While


def scan_with_invariants() -> tuple[list[Any], list[Any]]:
    """A function of a captured value, and a matrix scaled before it multiplies, inside the step."""
    s, w, p = T.dvector("s"), T.dmatrix("w"), T.dscalar("p")

    def step(state: Any, _: Any) -> Any:
        scale = T.exp(p) + 0.0 * state[0]
        return T.tanh(state @ (w * p)) * scale, None

    last, _ = ct.scan_loop(step, s, length=5)
    return [s, w, p], [last, *ct.grad(last.sum(), [s, w, p])]


def test_a_scan_no_longer_repeats_what_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, outputs = scan_with_invariants()
    weights = np.cos(np.arange(9.0)).reshape(3, 3)
    agrees_without(monkeypatch, "loop-hoisting", inputs, outputs, np.ones(3), weights, 0.7)
    for loop in loops(inputs, outputs):
        assert "exp" not in names(loop)


def test_work_on_captured_values_leaves_the_body() -> None:

    state, captured = T.dvector("state"), T.dvector("captured")
    body = Graph.of([state, captured], [state * T.exp(captured)])
    start, value = T.dvector("start"), T.dvector("value")
    (last,) = apply(Scan(body, 4, 1, 0), start, value)
    (kept,) = loops([start, value], [last], ["loop-hoisting"])
    assert names(kept) == ["exp", "multiply"]
    (hoisted,) = loops([start, value], [last])
    assert names(hoisted) == ["multiply"]


def test_while_loops_and_their_conditions() -> None:

    state, bound = T.dscalar("state"), T.dscalar("bound")
    condition = Graph.of([state, bound], [state < T.exp(bound)])
    second, factor = T.dscalar("second"), T.dscalar("factor")
    body = Graph.of([second, factor], [second * T.cosh(factor)])
    start, limit = T.dscalar("start"), T.dscalar("limit")
    last, count = apply(While(condition, body, 1), start, limit)
    (loop,) = loops([start, limit], [last, count])
    assert names(loop, 0) == ["less"]
    assert names(loop, 1) == ["multiply"]
    f = ct.function([start, limit], [last, count])
    expected, steps = 1.0, 0
    while expected < np.exp(3.0):
        expected, steps = expected * np.cosh(3.0), steps + 1
    found = f(1.0, 3.0)
    np.testing.assert_allclose(found[0], expected)
    assert found[1] == steps


def test_out_of_all_loops_around() -> None:
    x, p = T.dmatrix("x"), T.dscalar("p")

    def row(total: Any, line: Any) -> Any:
        inner, _ = ct.scan_loop(lambda s, e: (s * T.lgamma(p + 0.0 * T.abs(p)) + e, None), total, line)
        return inner, None

    last, _ = ct.scan_loop(row, T.constant(1.0), x)
    (outer,) = loops([x, p], [last])
    assert "gammaln" not in names(outer)
    (inner,) = [equation for equation in outer.op.graphs()[0].equations if equation.op.graphs()]
    assert "gammaln" not in names(inner)


def test_values_spread_over_larger_ones_stay_in_the_body() -> None:

    state, bias = T.dmatrix("state"), T.dvector("bias")
    body = Graph.of([state, bias], [state + T.broadcast_to(bias, state.type.shape)])
    start, value = T.dmatrix("start"), T.dvector("value")
    (last,) = apply(Scan(body, 4, 1, 0), start, value)
    (loop,) = loops([start, value], [last])
    assert names(loop) == ["broadcast_to", "add"]

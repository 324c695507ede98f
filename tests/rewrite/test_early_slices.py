"""Slices move before elementwise functions, products and sums over other axes."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.rewrite.early_slices import slice_early

X = T.tensor("float64", (None, 4, 3), "x")
W = T.dmatrix("w")
ARRAYS = [np.sin(np.arange(60.0)).reshape(5, 4, 3), np.arange(6.0).reshape(3, 2)]
STEPS, _ = ct.scan(lambda e, s: T.tanh(s + e), X, T.zeros((4, 3)))

MOVES = {
    "elementwise": T.exp(STEPS)[-1],
    "several rows": T.exp(STEPS)[1:4],
    "every other row": T.exp(STEPS)[::2],
    "the rest of the slice": T.exp(STEPS)[-1, 1:, 0],
    "operands that broadcast": (STEPS * T.arange(3) + W[0, 0] + STEPS[0])[-1],
    "a product": T.dot(STEPS, W)[-1],
    "a product and more": T.tanh(T.dot(STEPS, W) + W[0])[-2:],
    "sums over other axes": T.sum(STEPS**2, axis=(1, 2))[-1],
    "a cast": STEPS.astype("float32")[-1],
}
STAYS = {
    "a sum over the axis": T.cumsum(STEPS, axis=0)[-1],
    "a result that is read whole": (lambda y: y[-1] + T.sum(y, axis=0))(T.exp(STEPS)),
    "no loop": T.exp(X)[-1],
}


def operation_of_largest(graph):
    """What makes the values that hold an element per step, apart from loops and slices of their results."""
    return {
        equation.op.name
        for equation in graph.equations
        for output in equation.outputs
        if output.type.shape[:1] == X.type.shape[:1] and equation.op.name not in ("scan", "slice")
    }


@pytest.mark.parametrize("name", MOVES)
def test_what_moves(name):
    graph = Graph.of([X, W], [MOVES[name]])
    moved = slice_early(graph)
    assert operation_of_largest(graph)
    assert not operation_of_largest(moved) - {"broadcast_to"}
    (expected,), (found,) = interpret(graph, ARRAYS), interpret(moved, ARRAYS)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    compiled = ct.function([X, W], MOVES[name], on_unused_input="ignore")(*ARRAYS)
    np.testing.assert_allclose(compiled, expected, rtol=1e-10)


@pytest.mark.parametrize("name", STAYS)
def test_what_stays(name):
    graph = Graph.of([X, W], [STAYS[name]])
    assert operation_of_largest(slice_early(graph)) == operation_of_largest(graph)

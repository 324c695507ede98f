"""Scans over shifted, reversed and strided sequences read them where they lie."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.ops.control import Scan
from croton.rewrite.scan_outputs import keep_last_steps
from croton.rewrite.scan_sequences import read_in_place

X = T.dmatrix("x")
ARRAY = np.sin(np.arange(21.0)).reshape(7, 3)
START = T.zeros((3,))


def weighted(*elements):
    *others, state = elements
    return T.tanh(sum(weight * element for weight, element in enumerate(others, 1)) + state * 0.5)


LOOPS = {
    "taps": ct.scan(weighted, dict(input=X, taps=[-2, 0, 1]), START)[0],
    "taps backwards": ct.scan(weighted, dict(input=X, taps=[-1, 0]), START, go_backwards=True)[0],
    "a reversed sequence": ct.scan(weighted, [X[::-1], X], START)[0],
    "every other element": ct.scan(weighted, [X[1::2], X[::2][::-1]], START)[0],
    "the first steps": ct.scan(weighted, X, START, n_steps=4)[0],
}


def sequences(graph):
    """What the scans of a graph run over."""
    return [
        operand
        for equation in graph.equations
        if isinstance(equation.op, Scan)
        for operand in equation.inputs[equation.op.states :][: equation.op.sequences]
    ]


@pytest.mark.parametrize("name", LOOPS)
def test_no_copies(name):
    out = LOOPS[name]
    graph = Graph.of([X], [out])
    direct = read_in_place(graph)
    assert any(operand is not X for operand in sequences(graph))
    assert all(operand is X for operand in sequences(direct))
    np.testing.assert_array_equal(interpret(direct, [ARRAY])[0], interpret(graph, [ARRAY])[0])
    gradient = ct.grad(T.sum(out**2), X)
    found = ct.function([X], [out, gradient])(ARRAY)
    expected = ct.function([X], [out, gradient], mode="interpret")(ARRAY)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LOOPS)
def test_what_is_rewritten_has_the_same_derivative(name):
    whole = Graph.of([X], [T.sum(LOOPS[name][-2:] ** 2)])
    (rewritten,) = keep_last_steps(read_in_place(whole)).outputs
    f = ct.function([X], [ct.grad(whole.outputs[0], X), ct.grad(rewritten, X)])
    expected, found = f(ARRAY)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_slices_of_other_axes_are_copied():
    out, _ = ct.scan(weighted, X[:, ::-1], START)
    assert sequences(read_in_place(Graph.of([X], [out])))[0] is not X
    g = ct.function([X], out, mode="interpret")
    np.testing.assert_allclose(ct.function([X], out)(ARRAY), g(ARRAY), rtol=1e-12)


def test_too_few_elements_are_still_an_error():
    n = T.lscalar("n")
    out, _ = ct.scan(weighted, X, START, n_steps=n)
    f = ct.function([X, n], out)
    assert f(ARRAY, 7).shape == (7, 3)
    with pytest.raises(ValueError, match="sequence 0: number of rows: expected at least 8, got 7"):
        f(ARRAY, 8)

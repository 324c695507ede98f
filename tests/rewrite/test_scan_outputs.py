"""Reads of the last steps: what a loop keeps, in terms of its operation and of memory."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.ops.control import Scan
from croton.rewrite.scan_outputs import keep_last_steps, read_final_states

M = np.arange(15.0).reshape(5, 3) / 10
X = T.tensor("float64", (None, 3), "x")


def scans(function):
    """The scans of a compiled function."""
    return [equation for equation in function.graph().equations if isinstance(equation.op, Scan)]


def rows_stored(function):
    """For each scan the number of rows of each result that some equation reads or that is returned."""
    graph = function.graph()
    read = {operand for equation in graph.equations for operand in equation.inputs} | set(graph.outputs)
    return [
        [str(output.type.shape[0]) for output in scan.outputs[scan.op.states :] if output in read]
        for scan in scans(function)
    ]


def running(x, **options):
    return ct.scan(lambda e, s: T.tanh(s + e), x, T.zeros((3,)), **options)[0]


def states():
    found, s = [], np.zeros(3)
    for e in M:
        s = np.tanh(s + e)
        found.append(s)
    return np.array(found)


class TestFinalState:
    @pytest.mark.parametrize("backwards", [False, True])
    def test_the_last_output_is_the_state(self, backwards):
        x = X[::-1] if backwards else X
        f = ct.function([X], running(x, go_backwards=backwards)[-1])
        np.testing.assert_allclose(f(M), states()[-1])
        assert rows_stored(f) == [[]]

    def test_part_of_it(self):
        h = running(X)
        f = ct.function([X], [h[-1, 1], h[-1:, 1:], h[::-1][0], h[X.shape[0] - 1]])
        last = states()[-1]
        for found, expected in zip(f(M), [last[1], last[None, 1:], last, last], strict=True):
            np.testing.assert_allclose(found, expected)

    def test_derivatives_need_no_stacked_cotangents(self):
        h = running(X)
        f = ct.function([X], ct.grad(T.sum(h[-1] ** 2), X))
        placed = [e.outputs[0].type.shape[0] for e in f.graph().equations if e.op.name == "place"]
        assert all(isinstance(size, int) for size in placed)
        g = ct.function([X], ct.grad(T.sum(h[-1] ** 2), X), mode="interpret")
        np.testing.assert_allclose(f(M), g(M))

    def test_no_step_is_still_an_error(self):
        f = ct.function([X], running(X)[-1])
        with pytest.raises(IndexError, match="out of range"):
            f(M[:0])


def kept_rows(outputs, *arrays):
    """The rows that the scans of a graph keep after the pass, which must not change what it computes."""
    graph = Graph.of([X], outputs)
    shortened = keep_last_steps(read_final_states(graph))
    for array in arrays:
        for found, expected in zip(interpret(shortened, [array]), interpret(graph, [array]), strict=True):
            np.testing.assert_array_equal(found, expected)
    found = [equation.op.rows_kept() for equation in shortened.equations if isinstance(equation.op, Scan)]
    return [str(rows) for each in found for rows in each]


class TestLastRows:
    @pytest.mark.parametrize("backwards", [False, True])
    def test_of_outputs_that_are_no_states(self, backwards):
        out, _ = ct.map(T.exp, X, go_backwards=backwards)
        readings = [out[-1], out[-2:], out[-2, 0]]
        assert kept_rows(readings, M, M[:2]) == ["min(x.shape[0], 2)"]
        f = ct.function([X], readings)
        for n in (2, 3, 5):
            rows = np.exp(M[:n][::-1] if backwards else M[:n])
            for found, expected in zip(f(M[:n]), [rows[-1], rows[-2:], rows[-2, 0]], strict=True):
                np.testing.assert_allclose(found, expected)

    def test_fewer_steps_than_rows(self):
        out, _ = ct.map(T.exp, X)
        assert kept_rows([out[-3:]], M, M[:1], M[:0]) == ["min(x.shape[0], 3)"]
        f = ct.function([X], out[-3:])
        for n in (0, 1, 3, 5):
            np.testing.assert_allclose(f(M[:n]), np.exp(M[:n])[-3:])

    def test_other_reads_keep_everything(self):
        out, _ = ct.map(T.exp, X)
        for readings in ([out[-1], out], [out[-1], out.sum(0)], [out[-1], out[0]]):
            assert kept_rows(readings, M) == ["x.shape[0]"]

    def test_truncated_derivatives_save_the_last_steps(self):
        gradient = ct.grad(T.sum(running(X, truncate_gradient=2)[-1] ** 2), X)
        assert "x.shape[0]" not in kept_rows([gradient], M, M[:1])
        f = ct.function([X], gradient)
        g = ct.function([X], gradient, mode="interpret")
        for n in (1, 2, 5):
            np.testing.assert_allclose(f(M[:n]), g(M[:n]))

    def test_nothing_keeps_all_steps_for_what_is_computed_of_the_last(self):
        w = T.dmatrix("w")
        h, _ = ct.scan(lambda e, s: T.tanh(s + e), X, T.zeros((3,)))
        logits = T.dot(h, w) + 1.0
        outputs = [T.exp(logits)[-1], T.sum(T.square(h), axis=1)[-2:], (h * 2).astype("float32")[-1, 1]]
        f = ct.function([X, w], outputs)
        assert all("x.shape[0]" not in rows for rows in rows_stored(f))
        weights, last = np.arange(6.0).reshape(3, 2), states()
        found = f(M, weights)
        np.testing.assert_allclose(found[0], np.exp(last[-1] @ weights + 1))
        np.testing.assert_allclose(found[1], np.sum(last[-2:] ** 2, axis=1))
        np.testing.assert_allclose(found[2], last[-1, 1] * 2, rtol=1e-6)


def test_each_pass_can_be_left_out():
    out = T.cumsum(running(X), axis=0)
    h = running(X)
    disabled = ct.config.disabled_passes
    try:
        ct.config.disabled_passes = ("last-steps", "final-states", "early-slices")
        f = ct.function([X], [T.sin(h)[-1], h[-1], out])
    finally:
        ct.config.disabled_passes = disabled
    assert "x.shape[0]" in [rows for found in rows_stored(f) for rows in found]
    found = f(M)
    np.testing.assert_allclose(found[0], np.sin(states()[-1]))
    np.testing.assert_allclose(found[1], states()[-1])
    np.testing.assert_allclose(found[2], np.cumsum(states(), axis=0))


def test_guards_of_what_is_rewritten_stay():
    n = T.lscalar("n")
    h = running(X, n_steps=n)
    f = ct.function([X, n], h[-1])
    np.testing.assert_allclose(f(M, 3), states()[2])
    with pytest.raises(ShapeError, match="expected at least 6, got 5"):
        f(M, 6)
    with pytest.raises(IndexError):
        f(M, 0)

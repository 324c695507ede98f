"""Reads of the last steps: what a loop keeps, in terms of its operation and of memory."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError
from croton.ops.control import Scan

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


class TestLastRows:
    @pytest.mark.parametrize("backwards", [False, True])
    def test_of_outputs_that_are_no_states(self, backwards):
        out, _ = ct.map(T.exp, X, go_backwards=backwards)
        f = ct.function([X], [out[-1], out[-2:], out[-2, 0]])
        expected = np.exp(M[::-1] if backwards else M)
        for n in (2, 3, 5):
            rows = expected[:n] if not backwards else np.exp(M[:n])[::-1]
            found = f(M[:n])
            np.testing.assert_allclose(found[0], rows[-1])
            np.testing.assert_allclose(found[1], rows[-2:])
            np.testing.assert_allclose(found[2], rows[-2, 0])
        assert rows_stored(f) == [["min(x.shape[0], 2)"]]

    def test_fewer_steps_than_rows(self):
        out, _ = ct.map(T.exp, X)
        f = ct.function([X], out[-3:])
        for n in (0, 1, 3, 5):
            np.testing.assert_allclose(f(M[:n]), np.exp(M[:n])[-3:])

    def test_a_known_number_of_steps(self):
        x = T.tensor("float64", (5, 3))
        f = ct.function([x], ct.map(T.exp, x)[0][-2:])
        np.testing.assert_allclose(f(M), np.exp(M)[-2:])
        assert rows_stored(f) == [["2"]]

    def test_other_reads_keep_everything(self):
        out, _ = ct.map(T.exp, X)
        for reading in ([out[-1], out], [out[-1], out.sum(0)], [out[-1], out[0]]):
            f = ct.function([X], reading)
            assert rows_stored(f) == [["x.shape[0]"]]
            np.testing.assert_allclose(f(M)[0], np.exp(M)[-1])

    def test_truncated_derivatives_save_the_last_steps(self):
        h = running(X, truncate_gradient=2)
        f = ct.function([X], ct.grad(T.sum(h[-1] ** 2), X))
        g = ct.function([X], ct.grad(T.sum(h[-1] ** 2), X), mode="interpret")
        for n in (1, 2, 5):
            np.testing.assert_allclose(f(M[:n]), g(M[:n]))
        assert {rows for found in rows_stored(f) for rows in found} == {"min(x.shape[0], 2)"}


def test_each_pass_can_be_left_out():
    out, _ = ct.map(T.exp, X)
    disabled = ct.config.disabled_passes
    try:
        ct.config.disabled_passes = ("last-steps", "final-states")
        f = ct.function([X], [out[-1], running(X)[-1]])
    finally:
        ct.config.disabled_passes = disabled
    assert sorted(rows_stored(f)) == [["x.shape[0]"], ["x.shape[0]"]]
    np.testing.assert_allclose(f(M), [np.exp(M)[-1], states()[-1]])


def test_guards_of_what_is_rewritten_stay():
    n = T.lscalar("n")
    h = running(X, n_steps=n)
    f = ct.function([X, n], h[-1])
    np.testing.assert_allclose(f(M, 3), states()[2])
    with pytest.raises(ShapeError, match="expected at least 6, got 5"):
        f(M, 6)
    with pytest.raises(IndexError):
        f(M, 0)

"""Failures of compiled functions: the operation, its operands' types, the user's line, the arrays."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

LINE = r"made at File \".*test_errors\.py\", line \d+, in \S+"


@pytest.fixture
def high(monkeypatch):
    monkeypatch.setattr(ct.config, "exception_verbosity", "high")


def test_sizes_that_differ():
    x, y = T.dmatrix("x"), T.dvector("y")
    f = ct.function([x, y], T.exp(x) + y, name="f")
    said = rf"(?s)f: add: .*3 and 4 differ\n  in add of float64\[2, 3\], float64\[4\], {LINE}"
    with pytest.raises(ShapeError, match=said):
        f(np.ones((2, 3)), np.ones(4))


def test_indices_out_of_range():
    x, i = T.dmatrix("x"), T.lvector("i")
    f = ct.function([x, i], x[i].sum(), name="f")
    with pytest.raises(IndexError, match=rf"index 7 .* axis 0 of size 2\n  in \w+ of int64\[1\].*{LINE}"):
        f(np.ones((2, 3)), [7])


def test_operations_that_raise():
    class Fails(ct.Op):
        __props__ = ()

        def make_node(self, x):
            return ct.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            raise LookupError("no luck")

        def infer_shape(self, fgraph, node, shapes):
            return shapes

    x = T.dvector("x")
    for mode in ("compile", "interpret"):
        with pytest.raises(LookupError, match="no luck") as caught:
            ct.function([x], Fails()(x * 2), mode=mode)(np.ones(3))
        shown = "".join(traceback.format_exception(caught.value))
        assert "Fails" in shown
        assert "of float64[3], made at File" in shown
        assert shown.count("made at File") <= 2  # the operation's own note and ours


def test_no_memory_for_intermediate_values_and_results():
    n = T.lscalar("n")
    ones = T.ones((n, n))
    inside = ct.function([n], T.cumsum(T.cumsum(ones, axis=0), axis=1)[0, 0], name="f")
    returned = ct.function([n], ones, name="f")
    for f in (inside, returned):
        with pytest.raises(MemoryError, match=r"(?s)f: .*memory.*made at File.*test_errors"):
            f(2**31)
        assert np.isfinite(f(2)).all()


def test_in_the_bodies_of_loops():
    x, i = T.dvector("x"), T.lvector("i")
    total, _ = ct.scan_loop(lambda s, k: (s + x[k], None), T.constant(0.0), i)
    with pytest.raises(IndexError, match=rf"(?s)index 9 is out of range for axis 0 of size 4.*{LINE}"):
        ct.function([x, i], total)(np.ones(4), [0, 1, 9])


class TestHighVerbosity:
    def test_shows_inputs_operands_and_the_expression(self, high):
        x, i = T.dvector("x"), T.lvector("i")
        f = ct.function([x, i], T.exp(x)[i * 2].sum())
        with pytest.raises(IndexError) as caught:
            f(np.arange(20.0), [1, 30])
        said = str(caught.value)
        assert "x: float64, shape (20,), strides (8,): 0 to 19, mean 9.5" in said
        assert "i: int64, shape (2,), strides (8,): [ 1, 30]" in said
        assert "0: int64, shape (2,), strides (8,): [ 2, 60]" in said
        assert "multiply [id" in said

    def test_shows_what_a_raising_operation_was_given(self, high):
        x = T.dvector("x")
        for mode in ("compile", "interpret"):
            with pytest.raises(AssertionError) as caught:
                ct.function([x], T.assert_(x * 3, x > 0), mode=mode)(np.array([1.0, -1]))
            shown = "".join(traceback.format_exception(caught.value))
            assert "0: float64, shape (2,), strides (8,): [ 3., -3.]" in shown

    def test_shows_the_inputs_for_loops(self, high):
        x, i = T.dvector("x"), T.lvector("i")
        total, _ = ct.scan_loop(lambda s, k: (s + x[k], None), T.constant(0.0), i)
        with pytest.raises(IndexError, match=r"(?s)inputs of the function:.*expression:"):
            ct.function([x, i], total)(np.ones(4), [9])

    def test_low_verbosity_says_less(self):
        x, i = T.dvector("x"), T.lvector("i")
        with pytest.raises(IndexError) as caught:
            ct.function([x, i], x[i])(np.ones(3), [4])
        assert "strides" not in str(caught.value)

    def test_other_words_are_refused(self):
        with pytest.raises(ValueError, match="exception_verbosity must be one of 'low', 'high'"):
            ct.config.exception_verbosity = "loud"

"""Inputs and outputs of functions with options."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError

MODES = pytest.mark.parametrize("mode", ["compile", "interpret"])


@MODES
def test_an_input_with_an_update_is_a_state(mode):
    step, total = T.dscalar("step"), T.dscalar("total")
    function = ct.function(
        [step, ct.In(total, value=10.0, update=total + step)], ct.Out(total * 2, borrow=True), mode=mode
    )
    assert [float(function(1.0)), float(function(2.0)), float(function(0.0))] == [20.0, 22.0, 26.0]


def test_a_state_needs_a_start():
    x = T.dscalar("x")
    with pytest.raises(ValueError, match="the update of x needs a value to start from"):
        ct.In(x, update=x + 1)


@MODES
def test_strict_inputs_take_their_dtype_only(mode):
    x = T.dvector("x")
    function = ct.function([ct.In(x, strict=True)], x * 2, mode=mode)
    np.testing.assert_array_equal(function(np.ones(2)), [2, 2])
    with pytest.raises(DTypeError, match="argument 'x' is strict: expected an array of float64"):
        function(np.ones(2, "float32"))


@MODES
def test_lists_of_numbers_are_taken_where_they_are_exact(mode):
    n, x = T.ivector("n"), T.fvector("x")
    function = ct.function([n, x], [n * 2, x * 2], mode=mode)
    counts, halves = function([1, 2], [0.5, 0.25])
    assert (counts.dtype, halves.dtype) == (np.int32, np.float32)
    with pytest.raises(DTypeError, match="argument 'x': expected float32, got float64"):
        function([1], [0.1])
    with pytest.raises(DTypeError, match="argument 'n': expected int32, got int64"):
        function([2**40], [0.5])
    with pytest.raises(DTypeError, match="argument 'n': expected int32, got int64"):
        function(np.array([1]), [0.5])


def test_theanos_order_of_arguments():
    x, w = T.dscalar("x"), ct.shared(1.0)
    function = ct.function(
        [ct.Param(x, name="y", mutable=True)], x * w, "FAST_RUN", [(w, w + 1)], [(x, x * 3)]
    )
    assert float(function(y=2.0)) == 6
    assert float(w.get_value()) == 2

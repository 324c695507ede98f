"""Shared variables: values that live between calls."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
from croton.graph.errors import DTypeError, ShapeError


def test_values_are_copied_in_and_out():
    array = np.zeros(3)
    w = ct.shared(array, "w")
    array[...] = 1
    w.get_value()[...] = 2
    np.testing.assert_array_equal(w.get_value(), 0)


def test_borrowing_gives_the_buffer_itself():
    w = ct.shared(np.zeros(3))
    assert w.get_value(borrow=True) is w.get_value(borrow=True)


def test_a_dtype_may_be_asked_for():
    assert ct.shared([1, 2], dtype="float32").get_value().dtype == np.float32
    assert ct.shared(3).type.dtype == np.int64


def test_a_new_value_has_the_same_dtype_rank_and_sizes():
    w = ct.shared(np.zeros((2, 3), "float32"), "w")
    w.set_value(np.ones((2, 3)))
    assert w.get_value().dtype == np.float32
    with pytest.raises(ShapeError, match="w: expected 2 axes, got 1"):
        w.set_value(np.ones(3))
    with pytest.raises(ShapeError, match=r"w: axis 0 has size 2, got 4; make it with shape=\(None, ...\)"):
        w.set_value(np.ones((4, 3)))
    with pytest.raises(DTypeError, match="w: expected float32, got complex128"):
        w.set_value(np.ones((2, 3), complex))
    np.testing.assert_array_equal(w.get_value(), 1)


@pytest.mark.parametrize("mode", ["compile", "interpret"])
def test_sizes_left_free_may_change_between_calls(mode):
    w = ct.shared(np.ones((2, 3)), "w", shape=(None, 3))
    f = ct.function([], w.sum(axis=0), mode=mode)
    for rows in (2, 5, 0, 1):
        w.set_value(np.ones((rows, 3)))
        np.testing.assert_array_equal(f(), [rows] * 3)
    with pytest.raises(ShapeError, match="axis 1"):
        w.set_value(np.ones((2, 4)))


def test_functions_see_the_value_of_the_moment():
    w = ct.shared(np.float64(1), "w")
    f = ct.function([], w * 2)
    assert f() == 2
    w.set_value(5.0)
    assert f() == 10


def test_two_functions_share_one_variable():
    w = ct.shared(np.zeros(2), "w")
    add, read = ct.function([], None, updates=[(w, w + 1)]), ct.function([], w)
    add()
    add()
    np.testing.assert_array_equal(read(), 2)


@pytest.mark.parametrize("value", ["text", object(), None])
def test_what_is_no_array(value):
    with pytest.raises(TypeError, match="dtype"):
        ct.shared(value)


def test_values_begin_where_a_line_of_the_cache_does():
    variable, shared = ct.Variable(np.ones((40, 33), "float32")), ct.shared(np.ones((40, 33)))
    assert variable.data.ctypes.data % 64 == 0
    assert shared.get_value(borrow=True).ctypes.data % 64 == 0
    variable.assign(np.zeros((40, 33), "float32"))
    shared.set_value(np.zeros((40, 33)))
    assert variable.data.ctypes.data % 64 == 0
    assert shared.get_value(borrow=True).ctypes.data % 64 == 0

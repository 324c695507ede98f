"""Rows as loops read them, and what is known to be zero."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError
from croton.ops.base import symbolic
from croton.ops.rows import among_zeros, checked_rows, is_zero, rows

from .agreement import computed, sample

ARRAY = sample((6, 2))


@pytest.mark.parametrize(
    ("start", "count", "step"), [(0, 6, 1), (1, 3, 1), (5, 6, -1), (4, 2, -2), (2, 0, 1)]
)
def test_rows_and_the_zeros_around_them(start, count, step):
    places = start + step * np.arange(count)
    part = computed(lambda x: rows(x, start, count, step), ARRAY, static=True)
    np.testing.assert_array_equal(part, ARRAY[places])
    expected = np.zeros_like(ARRAY)
    expected[places] = part
    whole = computed(lambda x: among_zeros(rows(x, start, count, step), start, 6, step), ARRAY, static=True)
    np.testing.assert_array_equal(whole, expected)


def test_rows_that_must_exist():
    x = T.dmatrix("x")
    f = ct.function([x], checked_rows(x, 1, 2, 5, "some loop: its sequence"))
    np.testing.assert_array_equal(f(ARRAY), ARRAY[1:3])
    with pytest.raises(
        ShapeError, match="some loop: its sequence: number of rows: expected at least 5, got 4"
    ):
        f(ARRAY[:4])
    with pytest.raises(ShapeError, match="number of rows: expected at least 7, got 6"):
        checked_rows(T.constant(ARRAY), 0, 7, 7, "some loop")


def test_what_is_known_to_be_zero():
    x = T.dmatrix("x")
    zeros = symbolic(T.zeros_like(x))
    assert is_zero(zeros)
    assert is_zero(zeros[1:])
    assert is_zero(T.constant(np.zeros(())))
    assert is_zero(ct.Tensor(np.broadcast_to(0.0, (3, 2))))
    assert not any(is_zero(other) for other in (x, T.ones_like(x), T.constant(1.0), ct.Tensor(ARRAY), x * 0))

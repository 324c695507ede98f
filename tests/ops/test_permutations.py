"""Inverse permutations, and elements put in the order of one."""

from __future__ import annotations

import numpy as np
import pytest

import croton.tensor as T
from croton.graph.errors import DTypeError

from .agreement import check_gradients, computed, sample

ROWS = np.array([[2, 0, 1, 3], [3, 2, 1, 0], [0, 1, 2, 3]])


def test_inverses():
    np.testing.assert_array_equal(computed(lambda p: T.inverse_permutation(p), ROWS[0]), [1, 2, 0, 3])
    np.testing.assert_array_equal(
        computed(lambda p: T.inverse_permutation(p), ROWS), np.argsort(ROWS, axis=1)
    )
    empty = computed(lambda p: T.inverse_permutation(p), np.zeros(0, "int64"))
    assert empty.shape == (0,)


def test_one_order_for_all_rows_or_one_for_each():
    x = sample((3, 4))
    one = computed(lambda v, p: T.permute_row_elements(v, p), x[0], ROWS[0])
    np.testing.assert_array_equal(one, x[0][ROWS[0]])
    each = computed(lambda v, p: T.permute_row_elements(v, p), x, ROWS)
    np.testing.assert_array_equal(each, np.take_along_axis(x, ROWS, 1))
    back = computed(
        lambda v, p: T.permute_row_elements(T.permute_row_elements(v, p), p, inverse=True), x, ROWS
    )
    np.testing.assert_array_equal(back, x)


def test_gradients():
    check_gradients(lambda x: T.permute_row_elements(x, ROWS) ** 2, sample((3, 4)))


def test_bad_input():
    with pytest.raises(DTypeError, match="inverse_permutation: permutations must be integers, got float64"):
        T.inverse_permutation(np.ones(3))

"""Theano's ways to put arrays together."""

from __future__ import annotations

import numpy as np
import pytest

import croton.tensor as T
from croton.graph.errors import ShapeError

from .agreement import computed, sample

A, B = sample((2, 3)), sample((2, 3), seed=1)


def test_side_by_side_and_below():
    both = computed(lambda x, y: T.join(1, x, y) + T.horizontal_stack(x, y), A, B)
    np.testing.assert_array_equal(both, 2 * np.hstack([A, B]))
    np.testing.assert_array_equal(computed(lambda x, y: T.vertical_stack(x, y), A, B), np.vstack([A, B]))


def test_nested_lists():
    found = computed(lambda x, y: T.stacklists([[x, y], [y, x], [x, x]]), A, B)
    np.testing.assert_array_equal(found, np.array([[A, B], [B, A], [A, A]]))
    assert T.stacklists([[1, 2], [3, 4]]).data.tolist() == [[1, 2], [3, 4]]


def test_the_shape_arrays_have_together():
    x, y = T.tensor("float64", shape=(None, 1)), T.tensor("float64", shape=(4,))
    assert T.broadcast_shape(x, y) == (x.shape[0], 4)


def test_bad_input():
    with pytest.raises(ShapeError, match="horizontal_stack: expected matrices, operand 1 has 1 axes"):
        T.horizontal_stack(T.dmatrix(), T.dvector())
    with pytest.raises(ShapeError, match="broadcast_shape"):
        T.broadcast_shape(np.ones(3), np.ones(4))

"""Class labels as vectors: rows of tables, and vectors of zeros and ones."""

from __future__ import annotations

from typing import Any

from croton.graph.dtypes import FLOAT64
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.base import Array
from croton.ops.creation import one_hot
from croton.ops.gathering import take


def embedding(indices: object, weights: object) -> Array:
    """Rows of a table, one per index; its gradient adds up where an index occurs more than once.

    Raises:
        IndexError: an index is out of range. ShapeError: the table has no axes.
    """
    table = base.as_array(weights)
    if base.rank_of(table) == 0:
        raise ShapeError("embedding: expected a table of weights with rows, got a number")
    return take(table, indices, 0)


def multi_hot(x: object, num_classes: Any, axis: int = -1, dtype: object = FLOAT64) -> Array:
    """A vector with 1 at every index among those on axis 1 of x (axis 0 of a vector), 0 elsewhere.

    axis: where the classes lie in the `one_hot` array that the other axis is taken out of.
    """
    from croton.ops.reduction import max as max_over

    array = base.as_array(x)
    hot = one_hot(array, num_classes, axis, dtype)
    listed = 1 if base.rank_of(array) > 1 else 0
    position = base.normalize_axis(axis, base.rank_of(hot), "multi_hot")
    return max_over(hot, listed + 1 if position <= listed else listed)

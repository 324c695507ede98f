"""Class labels as vectors of zeros and ones."""

from __future__ import annotations

from typing import Any

from keras.src import backend

import croton.tensor as T
from croton.graph import dtypes
from croton.ops import base
from croton.ops.shape import iota
from keras_croton.conversion import cast, convert_to_tensor
from keras_croton.nn.arguments import dense_only


def one_hot(x: Any, num_classes: Any, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """For every label a vector with 1 at that position along a new axis; zeros only for labels outside.

    dtype: floatx if None.

    Raises:
        ValueError: a sparse tensor is asked for.
    """
    dense_only(sparse)
    labels = convert_to_tensor(x)
    if dtypes.is_inexact(base.dtype_of(labels)):
        labels = cast(labels, "int32")
    rank = base.rank_of(labels) + 1
    position = base.normalize_axis(axis, rank, "one_hot")
    column = tuple(num_classes if other == position else 1 for other in range(rank))
    hot = T.equal(T.expand_dims(labels, position), T.reshape(iota(num_classes), column))
    return cast(hot, dtype or backend.floatx())


def multi_hot(x: Any, num_classes: Any, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A vector with 1 at every label among those of a row: axis 1 of x, or axis 0 of a vector.

    Raises:
        ValueError: a sparse tensor is asked for.
    """
    dense_only(sparse)
    labels = convert_to_tensor(x)
    hot = one_hot(labels, num_classes, axis, dtype)
    return T.max(hot, 1 if base.rank_of(labels) > 1 else 0)

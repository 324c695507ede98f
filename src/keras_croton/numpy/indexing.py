"""Elements at positions, and positions of elements; positions are int32."""

from __future__ import annotations

from typing import Any

from croton.ops import gathering as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import index_dtype

__all__ = [
    "nonzero",
    "take",
    "take_along_axis",
]


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements, or slices along an axis (None: of the flattened x), at these positions.

    Negative positions count from the end.

    Raises:
        IndexError: a position is outside.
    """
    return ops.take(convert_to_tensor(x), convert_to_tensor(indices), axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """For every place along the other axes, elements along `axis` (None: of the flattened x)."""
    return ops.take_along_axis(convert_to_tensor(x), convert_to_tensor(indices), axis)


def nonzero(x: Any) -> Any:
    """The positions of the elements that are not 0: an int32 vector for each axis."""
    return tuple(index_dtype(positions) for positions in ops.nonzero(convert_to_tensor(x)))

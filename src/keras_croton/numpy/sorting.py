"""Order, searching, and distinct elements; positions are int32."""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.ops import base, searching
from croton.ops import sorting as ops
from croton.ops.rearranging import moveaxis, squeeze_part
from croton.ops.shape import broadcast_to, concatenate
from croton.ops.slicing import slice_axis
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import index_dtype, operand, operands, typed

__all__ = [
    "argpartition",
    "argsort",
    "digitize",
    "isin",
    "searchsorted",
    "sort",
    "unique",
]


def sort(x: Any, axis: int | None = -1) -> Any:
    """The elements in ascending order along an axis (of the flattened x when None), NaN last."""
    return ops.sort(convert_to_tensor(x), axis)


def argsort(x: Any, axis: int | None = -1) -> Any:
    """The positions that sort along an axis (of the flattened x when None); equal elements stay in order."""
    array = convert_to_tensor(x)
    return index_dtype(ops.argsort(array, axis if base.rank_of(array) else None))


def argpartition(x: Any, kth: Any, axis: int | None = -1) -> Any:
    """Positions so that those before the `kth` are of elements not larger, and those after not smaller."""
    return index_dtype(ops.argpartition(convert_to_tensor(x), kth, axis))


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where values must be put into a sorted vector to keep it sorted.

    side: before ("left") or after ("right") elements equal to the value.

    Raises:
        ValueError: the sequence is not a vector; there is no such side.
    """
    sequence, wanted = operands(convert_to_tensor(sorted_sequence), convert_to_tensor(values))
    if base.rank_of(sequence) != 1:
        raise ValueError(
            "`searchsorted` only supports 1-D sorted sequences. You can use `keras.ops.vectorized_map` "
            f"to extend it to N-D sequences. Received: sorted_sequence.shape={base.shape_of(sequence)}"
        )
    return index_dtype(searching.searchsorted(sequence, wanted, side))


def digitize(x: Any, bins: Any) -> Any:
    """The bin of each element: i where bins[i-1] <= x < bins[i]."""
    values, edges = operands(convert_to_tensor(x), convert_to_tensor(bins))
    return index_dtype(searching.digitize(values, edges))


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x1 is one of x2 (or none with `invert`), bool."""
    elements, tests = operands(convert_to_tensor(x1), convert_to_tensor(x2))
    return searching.isin(elements, tests, assume_unique, invert)


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The distinct elements in ascending order, or the distinct slices along an axis.

    return_index: also where each occurs first. return_inverse: also the positions of every element in the
    result. return_counts: also how often each occurs. size: how many to return; where there are fewer,
    `fill_value` (0 if None) is added, with the position of the first one and the count 0. NaNs are distinct.
    """
    array = convert_to_tensor(x)
    found = searching.unique(array, return_index, return_inverse, return_counts, axis, equal_nan=False)
    values, *others = found if isinstance(found, tuple) else (found,)
    others = [index_dtype(other) for other in others]
    if size is not None:
        zero = base.cast(0, dtypes.INT32)
        fill = typed(operand(0 if fill_value is None else fill_value), base.dtype_of(values))
        values = _of_size(values, 0 if axis is None else axis, size, fill)
        if return_index:
            first = squeeze_part(concatenate([others[0], broadcast_to(zero, (1,))]), 0, 0)
            others[0] = _of_size(others[0], 0, size, first)
        if return_counts:
            others[-1] = _of_size(others[-1], 0, size, zero)
    return (values, *others) if others else values


def _of_size(array: Any, axis: int, size: int, fill: Any) -> Any:
    """The first `size` elements along an axis, whose size may be unknown, and `fill` for those missing."""
    front = moveaxis(array, axis, 0)
    more = broadcast_to(fill, (size, *base.shape_of(front)[1:]))
    return moveaxis(slice_axis(concatenate([front, more]), 0, 0, size), 0, axis)

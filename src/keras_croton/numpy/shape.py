"""Other shapes of the same elements: reshaping, reordering axes, joining, cutting, repeating, padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.src.backend.common import standardize_dtype

from croton.graph import dtypes
from croton.graph.dtypes import as_dtype
from croton.ops import base, bits, padding
from croton.ops import rearranging as rearrange
from croton.ops import shape as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import operands

__all__ = [
    "append",
    "array_split",
    "broadcast_to",
    "concatenate",
    "copy",
    "diff",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "meshgrid",
    "moveaxis",
    "ndim",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "size",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "transpose",
    "view",
    "vsplit",
    "vstack",
]


def reshape(x: Any, newshape: Any) -> Any:
    """x under another shape, one size of which may be -1.

    Raises:
        ValueError: the number of elements differs.
    """
    return ops.reshape(convert_to_tensor(x), newshape)


def ravel(x: Any) -> Any:
    """x as a vector."""
    return rearrange.ravel(convert_to_tensor(x))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """x with its axes reversed, or in the order given."""
    return ops.transpose(convert_to_tensor(x), axes)


def expand_dims(x: Any, axis: Any) -> Any:
    """x with axes of size 1 at these positions of the result."""
    return ops.expand_dims(convert_to_tensor(x), axis)


def squeeze(x: Any, axis: Any = None) -> Any:
    """x without the given axes, which must have size 1, or without all those that have.

    Raises:
        ValueError: a given axis has another size.
    """
    return ops.squeeze(convert_to_tensor(x), axis)


def broadcast_to(x: Any, shape: Any) -> Any:
    """x stretched to a shape."""
    return ops.broadcast_to(convert_to_tensor(x), shape)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """x with axes moved to other positions."""
    return rearrange.moveaxis(convert_to_tensor(x), source, destination)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """x with two axes exchanged."""
    return rearrange.swapaxes(convert_to_tensor(x), axis1, axis2)


def flip(x: Any, axis: Any = None) -> Any:
    """x with the order of elements reversed along axes (all when None)."""
    return rearrange.flip(convert_to_tensor(x), axis)


def fliplr(x: Any) -> Any:
    """x reversed along its second axis."""
    return rearrange.fliplr(convert_to_tensor(x))


def flipud(x: Any) -> Any:
    """x reversed along its first axis."""
    return rearrange.flipud(convert_to_tensor(x))


def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """The array turned by k right angles in the plane of two axes.

    Raises:
        ValueError: there are not two axes, or they are the same.
    """
    tensor = convert_to_tensor(array)
    if base.rank_of(tensor) < 2:
        raise ValueError(
            f"Input array must have at least 2 dimensions. Received: array.ndim={base.rank_of(tensor)}"
        )
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"Invalid axes: {axes}. Axes must be a tuple of two different dimensions.")
    return rearrange.rot90(tensor, k, (axes[0], axes[1]))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """x with elements moved on along axes, those moved out coming in again at the other end."""
    return rearrange.roll(convert_to_tensor(x), shift, axis)


def tile(x: Any, repeats: Any) -> Any:
    """x put side by side `repeats` times along each axis."""
    return rearrange.tile(convert_to_tensor(x), repeats)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """x with every element repeated along an axis (of the flattened x when None)."""
    return rearrange.repeat(convert_to_tensor(x), repeats, axis)


def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Arrays joined along an axis they have, or flattened when it is None."""
    tensors = operands(*(convert_to_tensor(x) for x in xs))
    if axis is None:
        return ops.concatenate([rearrange.ravel(tensor) for tensor in tensors])
    return ops.concatenate(tensors, axis)


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """x2 joined to x1 along an axis, or both flattened when it is None."""
    return concatenate([x1, x2], axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis."""
    return ops.stack(operands(*(convert_to_tensor(part) for part in x)), axis)


def vstack(xs: Sequence[Any]) -> Any:
    """Arrays on top of each other: joined along the first axis, vectors being rows."""
    return rearrange.vstack(operands(*(convert_to_tensor(x) for x in xs)))


def hstack(xs: Sequence[Any]) -> Any:
    """Arrays side by side: joined along the second axis, or vectors end to end."""
    return rearrange.hstack(operands(*(convert_to_tensor(x) for x in xs)))


def dstack(xs: Sequence[Any]) -> Any:
    """Arrays behind each other: joined along the third axis."""
    return rearrange.dstack(operands(*(convert_to_tensor(x) for x in xs)))


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """x cut along an axis into equal parts, or before each of several positions.

    Raises:
        ValueError: the axis cannot be cut into so many equal parts.
    """
    return rearrange.split(convert_to_tensor(x), _positions(indices_or_sections), axis)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """As `split`, with parts that may differ by one element."""
    return rearrange.array_split(convert_to_tensor(x), _positions(indices_or_sections), axis)


def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """x cut along its second axis, a vector along its first."""
    return rearrange.hsplit(convert_to_tensor(x), _positions(indices_or_sections))


def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """x cut along its first axis."""
    return rearrange.vsplit(convert_to_tensor(x), _positions(indices_or_sections))


def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """x cut along its third axis."""
    return rearrange.dsplit(convert_to_tensor(x), _positions(indices_or_sections))


def _positions(indices_or_sections: Any) -> Any:
    return list(indices_or_sections) if isinstance(indices_or_sections, tuple) else indices_or_sections


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """x with elements added before and after along every axis.

    pad_width: a number, a pair, or a pair for each axis. mode: "constant", "edge", "reflect", "symmetric" or
    "wrap". constant_values: what to add in the mode "constant", 0 if None.

    Raises:
        ValueError: a constant is given for another mode; there is no such mode.
    """
    if constant_values is not None and mode != "constant":
        raise ValueError(
            "Argument `constant_values` can only be provided when `mode == 'constant'`. "
            f"Received: mode={mode}"
        )
    return padding.pad(
        convert_to_tensor(x), pad_width, mode, 0 if constant_values is None else constant_values
    )


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """The n-th differences of neighbours along an axis; of bools, whether they differ."""
    return padding.diff(convert_to_tensor(a), n, axis)


def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Coordinates of a grid: array i varies along axis i ("ij"), the first two swapped for "xy"."""
    from croton.ops.creation import meshgrid as grids

    return grids(*(convert_to_tensor(part) for part in x), indexing=indexing)


def size(x: Any) -> Any:
    """The number of elements: an int or a symbolic size."""
    from croton.graph import dims

    return dims.product(base.shape_of(convert_to_tensor(x)))


def ndim(x: Any) -> int:
    """The number of axes."""
    return base.rank_of(convert_to_tensor(x))


def copy(x: Any) -> Any:
    """The tensor itself: tensors never change."""
    return convert_to_tensor(x)


def view(x: Any, dtype: Any = None) -> Any:
    """The bytes of x as numbers of another dtype; the last axis grows or shrinks with the size of a number.

    Raises:
        ValueError: the last axis does not hold whole numbers of the dtype.
    """
    array = convert_to_tensor(x)
    wanted = base.dtype_of(array) if dtype is None else as_dtype(standardize_dtype(dtype))
    if wanted == dtypes.BOOL:
        return base.cast(bits.bitcast(array, "uint8"), wanted)
    if base.dtype_of(array) == dtypes.BOOL:
        array = base.cast(array, "uint8")
    return bits.bitcast(array, wanted)

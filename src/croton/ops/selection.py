"""What an index expression x[...] means: NumPy's rules, as a slice, a change of axes and a gather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Expression, Shape
from croton.graph.dtypes import INT64
from croton.graph.values import Constant, EagerValue, Value, constant
from croton.ops import base
from croton.ops.base import Array
from croton.ops.dimension import dim_of
from croton.ops.gathering import checked_index, spread
from croton.ops.slicing import Starts, counted, slice_range


@dataclass
class Selection:
    """The steps from an array to x[key].

    starts, sizes, steps, values: the slice that comes first, on every axis of x (`values` are the starts
    that are operands). shape: what the slice is reshaped to: axes with integer indices gone, new axes in,
    axes of a mask merged. axes, indices, position: the gather that comes last, if `axes` is not empty.
    mask: the only index array is this one mask of bools, over the merged axis `axes[0]`.
    """

    starts: list[Dim | None] = field(default_factory=list)
    sizes: list[Dim] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    shape: list[Dim] = field(default_factory=list)
    axes: list[int] = field(default_factory=list)
    indices: list[Array] = field(default_factory=list)
    position: int = 0
    mask: Array | None = None

    @property
    def frozen_starts(self) -> Starts:
        return tuple(self.starts)

    def slices(self, shape: Shape) -> bool:
        """Whether the slice is not all of an array of this shape."""
        return (
            any(start != 0 for start in self.starts)
            or any(s != 1 for s in self.steps)
            or tuple(self.sizes) != shape
        )


def select(x: Array, key: object) -> Selection:
    """What x[key] means.

    Raises:
        IndexError: too many indices, an index outside its axis, or something that cannot index.
    """
    shape = base.shape_of(x)
    entries = _expand(_entries(key), len(shape))
    selection = Selection()
    advanced: list[int] = []  # positions in the key of what NumPy calls advanced indices
    first_axis = 0  # result axes before the first advanced index
    masks: list[Array] = []
    axis = 0
    for number, entry in enumerate(entries):
        if entry is Ellipsis:
            continue
        if entry is None:
            selection.shape.append(1)
        elif isinstance(entry, slice):
            _add_slice(selection, entry, shape[axis])
            selection.shape.append(selection.sizes[-1])
            axis += 1
        else:
            if not advanced:
                first_axis = len(selection.shape)
            advanced.append(number)
            axis += _add_index(selection, entry, axis, shape, masks)
    _place_result(selection, advanced, first_axis)
    if len(masks) == 1 and len(selection.indices) == 1:
        selection.mask = masks[0]
    return selection


def _place_result(selection: Selection, advanced: Sequence[int], first_axis: int) -> None:
    """Where the index arrays' axes go: where the first stood if all stand together, else in front."""
    together = not advanced or advanced[-1] - advanced[0] == len(advanced) - 1
    selection.position = first_axis if together else 0
    if selection.indices:
        shape = dims.broadcast([base.shape_of(index) for index in selection.indices], "index arrays")
        selection.indices = [spread(index, shape) for index in selection.indices]


def _entries(key: object) -> list[Any]:
    listed = list(key) if isinstance(key, tuple) else [key]
    return [_entry(item) for item in listed]


def _entry(item: Any) -> Any:
    """None, Ellipsis, a slice, an int, a symbolic size, or an array of integers or bools."""
    if item is None or item is Ellipsis or isinstance(item, (slice, Expression)):
        return item
    if isinstance(item, (bool, np.bool_)):
        return constant(np.asarray(item))
    if isinstance(item, (int, np.integer)):
        return int(item)
    if isinstance(item, (list, np.ndarray)) and np.size(np.asarray(item, dtype=object)) == 0:
        item = np.asarray(item)
        return constant(
            item if item.dtype != np.float64 or isinstance(item, np.ndarray) else item.astype(np.int64)
        )
    if isinstance(item, (float, complex, str)):
        raise IndexError(
            f"only integers, slices, ..., None and arrays of integers or bools index, got {item!r}"
        )
    array = base.as_array(item)
    dtype = base.dtype_of(array)
    if not dtypes.is_integer(dtype) and not dtypes.is_bool(dtype):
        raise IndexError(f"arrays that index must be of integers or bools, got {dtype.name}")
    known = array.data if isinstance(array, (Constant, EagerValue)) else None
    return int(known) if known is not None and known.ndim == 0 and dtypes.is_integer(dtype) else array


def _consumed(entry: Any) -> int:
    """How many axes of the array an entry takes."""
    if entry is None or entry is Ellipsis:
        return 0
    return base.rank_of(entry) if _is_mask(entry) else 1


def _is_mask(entry: Any) -> bool:
    return isinstance(entry, (Value, EagerValue)) and dtypes.is_bool(base.dtype_of(entry))


def _expand(entries: list[Any], rank: int) -> list[Any]:
    """Entries for every axis: the Ellipsis, or one at the end, replaced by full slices.

    An Ellipsis that stands for no axis stays: it still keeps index arrays apart.
    """
    used = sum(_consumed(entry) for entry in entries)
    if used > rank:
        raise IndexError(f"too many indices: the array has {rank} axes, but {used} are indexed")
    gaps = [number for number, entry in enumerate(entries) if entry is Ellipsis]
    if len(gaps) > 1:
        raise IndexError("an index can have only one ellipsis (...)")
    at = gaps[0] if gaps else len(entries)
    filling = [slice(None)] * (rank - used) if rank > used else entries[at : at + 1]
    return [*entries[:at], *filling, *entries[at + 1 :]]


def _add_slice(selection: Selection, entry: slice, size: Dim) -> None:
    step = 1 if entry.step is None else dim_of(_plain(entry.step, "step"))
    if not isinstance(step, int):
        raise IndexError("a slice's step must be a number")
    if step == 0:
        raise ValueError("slice step cannot be zero")
    bounds = [None if bound is None else _bound(bound) for bound in (entry.start, entry.stop)]
    selection.steps.append(step)
    if all(bound is None or isinstance(bound, (int, Expression)) for bound in bounds):
        start, count = slice_range(bounds[0], bounds[1], step, size)
        selection.starts.append(start)
        selection.sizes.append(count)
        return
    first, count = _running_range(bounds[0], bounds[1], step, size)
    selection.starts.append(None)
    selection.values.append(first)
    selection.sizes.append(count)


def _plain(bound: object, what: str) -> object:
    if isinstance(bound, (bool, float, complex, str)):
        raise TypeError(f"a slice's {what} must be an integer or None, got {bound!r}")
    return bound


def _bound(bound: object) -> Dim | Array:
    """A bound of a slice as a size expression, or as a value that is computed while running."""
    plain = _plain(bound, "start or stop")
    if isinstance(plain, (int, np.integer, Expression)):
        return dim_of(plain)
    array = base.as_array(plain)
    if base.rank_of(array) != 0 or not dtypes.is_integer(base.dtype_of(array)):
        raise TypeError(f"a slice's start or stop must be an integer scalar, got {bound!r}")
    return dim_of(array) if isinstance(array, (Constant, EagerValue)) else array


def _running_range(start: Any, stop: Any, step: int, size: Dim) -> tuple[Array, Dim]:
    """(first, count) of the slice start:stop:step of an axis, where a bound is computed while running."""
    from croton.ops.arithmetic import add, floor_divide, maximum, minimum, subtract, where
    from croton.ops.comparison import less
    from croton.ops.dimension import size_as_number

    limit = size_as_number(size)
    low, high = (0, limit) if step > 0 else (-1, subtract(limit, 1))

    def clipped(bound: Any, default: Any) -> Any:
        if bound is None:
            return default
        number = base.cast(base.as_array(bound), INT64)
        return maximum(minimum(where(less(number, 0), add(number, limit), number), high), low)

    first = base.cast(clipped(start, low if step > 0 else high), INT64)
    end = clipped(stop, high if step > 0 else low)
    length = subtract(end, first) if step > 0 else subtract(first, end)
    return first, dim_of(maximum(floor_divide(add(length, abs(step) - 1), abs(step)), 0))


def _add_index(selection: Selection, entry: Any, axis: int, shape: Shape, masks: list[Array]) -> int:
    """Notes an integer, an index array or a mask; returns how many axes it takes."""
    if isinstance(entry, (int, Expression)):
        selection.starts.append(_element(entry, axis, shape[axis]))
        selection.sizes.append(1)
        selection.steps.append(1)
        return 1
    taken = _consumed(entry)
    for size in shape[axis : axis + taken]:
        selection.starts.append(0)
        selection.sizes.append(size)
        selection.steps.append(1)
    selection.axes.append(len(selection.shape))
    selection.shape.append(dims.product(shape[axis : axis + taken]))
    if _is_mask(entry):
        masks.append(entry)
        selection.indices.append(_mask_positions(entry, axis, shape[axis : axis + taken]))
    else:
        selection.indices.append(checked_index(entry, shape[axis], axis))
    return taken


def _element(index: Dim, axis: int, size: Dim) -> Dim:
    """An integer index counted from the front; checked now where both numbers are known."""
    if isinstance(index, int) and isinstance(size, int):
        if not -size <= index < size:
            raise IndexError(f"index {index} is out of range for axis {axis} of size {size}")
        return index % size
    if isinstance(index, int):
        return index if index >= 0 else dims.add(size, index)
    return counted(index, size)


def _mask_positions(mask: Array, axis: int, shape: Shape) -> Array:
    """Where a mask over axes of this shape, seen as one axis, is true."""
    from croton.ops.gathering import flatnonzero
    from croton.ops.shape import reshape

    found = base.shape_of(mask)
    for offset, (size, wanted) in enumerate(zip(found, shape, strict=True)):
        if isinstance(size, int) and isinstance(wanted, int) and size != wanted:
            raise IndexError(
                f"the mask has size {size} on its axis {offset}, "
                f"but axis {axis + offset} of the array has size {wanted}"
            )
    return flatnonzero(reshape(mask, (dims.product(shape),)))

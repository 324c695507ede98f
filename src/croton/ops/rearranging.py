"""Rearranging: axes moved, arrays turned, repeated, split, joined and padded; compositions that fuse away."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import INT64
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, constant
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.dimension import dim_of, size_as_number
from croton.ops.gathering import gather, iota_beside, number_beside
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.shape import broadcast_to, concatenate, expand_dims, reshape, stack, transpose
from croton.ops.slicing import Slice, slice_axis

# Axes.


def dimshuffle(x: object, *pattern: Any) -> Array:
    """x with its axes in the order of the pattern, "x" standing for a new axis of size 1.

    Axes left out must have size 1 (checked at call time where the size is symbolic).

    Raises:
        ValueError: an entry is neither "x" nor an axis, or an axis comes twice.
    """
    array = base.as_array(x)
    entries = tuple(pattern[0]) if len(pattern) == 1 and isinstance(pattern[0], (tuple, list)) else pattern
    rank = base.rank_of(array)
    kept = [base.normalize_axis(entry, rank, "dimshuffle") for entry in entries if entry != "x"]
    if len(set(kept)) != len(kept):
        raise ValueError(f"dimshuffle: {entries} names an axis twice")
    dropped = [axis for axis in range(rank) if axis not in kept]
    for axis in dropped:
        size = base.shape_of(array)[axis]
        if isinstance(size, int) and size != 1:
            raise ShapeError(f"dimshuffle: {entries} drops axis {axis}, whose size is {size}, not 1")
    moved = transpose(array, (*kept, *dropped))
    sizes = iter(base.shape_of(moved))
    return reshape(moved, tuple(1 if entry == "x" else next(sizes) for entry in entries))


def moveaxis(x: object, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """x with axes moved to new positions; the others keep their order."""
    array = base.as_array(x)
    rank = base.rank_of(array)
    sources = [base.normalize_axis(axis, rank, "moveaxis") for axis in _listed(source)]
    targets = [base.normalize_axis(axis, rank, "moveaxis") for axis in _listed(destination)]
    if len(sources) != len(targets) or len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        raise ValueError(
            f"moveaxis: source {source} and destination {destination} must be as many distinct axes"
        )
    order = [axis for axis in range(rank) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose(array, order)


def _listed(entry: Any) -> list[Any]:
    return list(entry) if isinstance(entry, (tuple, list)) else [entry]


def swapaxes(x: object, axis1: int, axis2: int) -> Array:
    """x with two axes exchanged."""
    array = base.as_array(x)
    rank = base.rank_of(array)
    first, second = (base.normalize_axis(axis, rank, "swapaxes") for axis in (axis1, axis2))
    order = list(range(rank))
    order[first], order[second] = second, first
    return transpose(array, order)


def rollaxis(x: object, axis: int, start: int = 0) -> Array:
    """x with an axis moved back until it lies before the axis that was at `start`."""
    array = base.as_array(x)
    rank = base.rank_of(array)
    moved = base.normalize_axis(axis, rank, "rollaxis")
    if not -rank <= start <= rank:
        raise ValueError(f"rollaxis: start {start} is out of range for {rank} axes")
    target = start + rank if start < 0 else start
    return moveaxis(array, moved, target - 1 if moved < target else target)


def atleast_1d(*arrays: object) -> Any:
    """Each array with at least one axis."""
    return _each(arrays, lambda x: reshape(x, (1,)) if base.rank_of(x) == 0 else x)


def atleast_2d(*arrays: object) -> Any:
    """Each array with at least two axes, new ones in front."""
    return _each(arrays, lambda x: shape_padleft(x, 2 - base.rank_of(x)) if base.rank_of(x) < 2 else x)


def atleast_3d(*arrays: object) -> Any:
    """Each array with at least three axes: vectors become (1, n, 1), matrices (m, n, 1)."""

    def deepened(x: Array) -> Array:
        if base.rank_of(x) == 2:
            return shape_padright(x)
        return reshape(atleast_1d(x), (1, *base.shape_of(atleast_1d(x)), 1)) if base.rank_of(x) < 2 else x

    return _each(arrays, deepened)


def _each(arrays: Sequence[object], change: Any) -> Any:
    changed = [change(base.as_array(array)) for array in arrays]
    return changed[0] if len(changed) == 1 else tuple(changed)


def ravel(x: object) -> Array:
    """x as a vector, in C order."""
    array = base.as_array(x)
    return reshape(array, (dims.product(base.shape_of(array)),))


def flatten(x: object, ndim: Any = 1, outdim: Any = None) -> Array:
    """x with its last axes joined so that `ndim` axes remain. outdim: an older name of `ndim`."""
    array = base.as_array(x)
    ndim = ndim if outdim is None else outdim
    shape = base.shape_of(array)
    if not isinstance(ndim, int) or not 1 <= ndim <= max(len(shape), 1):
        raise ValueError(f"flatten: ndim must be from 1 to {max(len(shape), 1)}, got {ndim!r}")
    return reshape(array, (*shape[: ndim - 1], dims.product(shape[ndim - 1 :])))


def shape_padleft(x: object, n_ones: int = 1) -> Array:
    """x with axes of size 1 added in front."""
    array = base.as_array(x)
    return reshape(array, (*(1,) * n_ones, *base.shape_of(array)))


def shape_padright(x: object, n_ones: int = 1) -> Array:
    """x with axes of size 1 added behind."""
    array = base.as_array(x)
    return reshape(array, (*base.shape_of(array), *(1,) * n_ones))


def shape_padaxis(x: object, axis: int) -> Array:
    """x with an axis of size 1 inserted."""
    return expand_dims(x, axis)


def shape(x: object) -> Array:
    """The sizes of x as an int64 vector."""
    sizes = base.shape_of(base.as_array(x))
    if all(isinstance(size, int) for size in sizes):
        return constant(np.asarray(sizes, np.int64).reshape(len(sizes)))
    return stack([size_as_number(size) for size in sizes])


def unbroadcast(x: object, *axes: int) -> Array:
    """x itself: which axes have size 1 is part of its shape here (a name of Theano's)."""
    return base.as_array(x)


def addbroadcast(x: object, *axes: int) -> Array:
    """x with these axes known to have size 1, so that they broadcast; checked when the function is called."""
    array = base.as_array(x)
    known = {base.normalize_axis(axis, base.rank_of(array), "addbroadcast") for axis in axes}
    return reshape(
        array, tuple(1 if axis in known else size for axis, size in enumerate(base.shape_of(array)))
    )


def patternbroadcast(x: object, broadcastable: Sequence[bool]) -> Array:
    """x with axes of size 1 where `broadcastable` is true."""
    return addbroadcast(x, *(axis for axis, flag in enumerate(broadcastable) if flag))


def broadcast_arrays(*arrays: object) -> list[Array]:
    """The arrays stretched to the shape they have together."""
    operands = [base.as_array(array) for array in arrays]
    shape = dims.broadcast([base.shape_of(operand) for operand in operands], "broadcast_arrays")
    return [broadcast_to(operand, shape) for operand in operands]


# Turning.


def flip(x: object, axis: int | Sequence[int] | None = None) -> Array:
    """x with the order of elements reversed along axes (all when None)."""
    array = base.as_array(x)
    sizes = base.shape_of(array)
    axes = base.normalize_axes(axis, len(sizes), "flip")
    if not axes:
        return array
    starts = tuple(dims.subtract(size, 1) if a in axes else 0 for a, size in enumerate(sizes))
    return apply_one(Slice(starts, sizes, tuple(-1 if a in axes else 1 for a in range(len(sizes)))), array)


def flipud(x: object) -> Array:
    """x upside down: reversed along its first axis."""
    return flip(x, 0)


def fliplr(x: object) -> Array:
    """x mirrored: reversed along its second axis."""
    return flip(x, 1)


def rot90(x: object, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """x turned by k right angles in the plane of two axes, from the first towards the second."""
    array = base.as_array(x)
    first, second = (base.normalize_axis(axis, base.rank_of(array), "rot90") for axis in axes)
    if first == second:
        raise ValueError(f"rot90: axes {axes} must differ")
    if k % 4 == 0:
        return array
    if k % 4 == 2:
        return flip(array, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second)


def roll(x: object, shift: Any, axis: Any = None) -> Array:
    """x with elements moved on by `shift` along axes, those moved out coming in again at the other end.

    shift: integers or integer scalars computed while running, one per axis or one for all. axis: None rolls
    the flattened array.
    """
    array = base.as_array(x)
    if axis is None:
        return reshape(roll(ravel(array), shift, 0), base.shape_of(array))
    axes = [base.normalize_axis(a, base.rank_of(array), "roll") for a in _listed(axis)]
    shifts = _listed(shift) if isinstance(shift, (tuple, list)) else [shift] * len(axes)
    if len(shifts) == 1:
        shifts *= len(axes)
    if len(shifts) != len(axes):
        raise ValueError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    for position, amount in zip(axes, shifts, strict=True):
        array = _roll_axis(array, amount, position)
    return array


def _roll_axis(array: Array, shift: Any, axis: int) -> Array:
    from croton.ops.arithmetic import remainder, subtract

    size = base.shape_of(array)[axis]
    if isinstance(shift, (int, np.integer, dims.Expression, EagerValue, Constant)):
        moved = dims.modulo(dim_of(shift), dims.maximum(size, 1))
        if moved == 0:
            return array
        cut = dims.subtract(size, moved)
        return concatenate([_part(array, axis, cut, moved), _part(array, axis, 0, cut)], axis)
    number = base.cast(base.as_array(shift), INT64)
    index = remainder(subtract(iota_beside(size, array), number), number_beside(size, array))
    return gather(array, (axis,), axis, [index])


def _part(array: Array, axis: int, start: Dim, size: Dim) -> Array:
    """A slice that is known to lie inside."""
    sizes = list(base.shape_of(array))
    starts: list[Dim | None] = [0] * len(sizes)
    starts[axis], sizes[axis] = start, size
    return apply_one(Slice(tuple(starts), tuple(sizes), (1,) * len(sizes)), array)


# Repeating.


def tile(x: object, reps: Any, ndim: int | None = None) -> Array:
    """x put side by side `reps` times along each axis.

    ndim: how many axes the result must have; those in front are new.

    Raises:
        ValueError: `reps` or x has more axes than `ndim`.
    """
    array = base.as_array(x)
    counts = base.as_dims(reps)
    if ndim is not None:
        if len(counts) > ndim or base.rank_of(array) > ndim:
            raise ValueError(f"tile: ndim {ndim} is less than the axes of the array or of reps {reps}")
        counts = (*(1,) * (ndim - len(counts)), *counts)
    shape = base.shape_of(array)
    rank = max(len(shape), len(counts))
    shape = (*(1,) * (rank - len(shape)), *shape)
    counts = (*(1,) * (rank - len(counts)), *counts)
    spaced = reshape(array, tuple(size for pair in shape for size in (1, pair)))
    full = broadcast_to(spaced, tuple(size for pair in zip(counts, shape, strict=True) for size in pair))
    return reshape(full, tuple(dims.multiply(count, size) for count, size in zip(counts, shape, strict=True)))


_REPEAT = """\
static int ct_repeat_positions(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_int *restrict counts = pointers[0];
    ct_int *restrict out = pointers[1];
    ct_int room = sizes[1];
    for (ct_int i = 0; i < sizes[0]; ++i) {
        if (counts[i] < 0 || counts[i] > room) {
            context->error[1] = counts[i];
            return CT_RUNTIME_ERROR;
        }
        room -= counts[i];
        for (ct_int j = 0; j < counts[i]; ++j) *out++ = i;
    }
    return CT_OK;
}
"""


class RepeatPositions(KernelOperation):
    """counts[0] zeros, counts[1] ones, ...: an int64 vector of a given size, the sum of the counts."""

    size: Dim
    name = "repeat_positions"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        if operands[0].dtype != INT64 or operands[0].rank != 1:
            raise DTypeError(f"repeat: counts must be an int64 vector, got {operands[0]}")
        return (TensorType(INT64, (self.size,)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.repeat(np.arange(operands[0].size), operands[0]).astype(np.int64),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        return CFunction("ct_repeat_positions", _REPEAT, cost=0.5, fallible=True)


def repeat(x: object, repeats: Any, axis: int | None = None) -> Array:
    """x with every element repeated along an axis (along the flattened array when None).

    repeats: one number for all, or a vector of one per position; either may be computed while running.

    Raises:
        ValueError: a number of repeats is negative. ShapeError: the vector has another size than the axis.
    """
    from croton.ops.reduction import sum as sum_over

    array = base.as_array(x)
    if axis is None:
        array, axis = ravel(array), 0
    position = base.normalize_axis(axis, base.rank_of(array), "repeat")
    counts = repeats if isinstance(repeats, dims.Expression) else base.as_array(repeats)
    if isinstance(counts, dims.Expression) or base.rank_of(counts) == 0 or base.shape_of(counts) == (1,):
        scalar = counts if isinstance(counts, dims.Expression) else reshape(counts, ())
        return _repeat_each(array, dim_of(scalar), position)
    if base.rank_of(counts) != 1 or not dtypes.is_integer(base.dtype_of(counts)):
        raise DTypeError(f"repeat: repeats must be an integer or a vector of integers, got {repeats!r}")
    size = base.shape_of(array)[position]
    counts = broadcast_to(base.cast(counts, INT64), (size,))
    if isinstance(counts, (Constant, EagerValue)):
        numbers = np.asarray(counts.data)
        if (numbers < 0).any():
            raise ValueError(f"repeat: repeats must not be negative, got {int(numbers.min())}")
        return gather(array, (position,), position, [constant(np.repeat(np.arange(numbers.size), numbers))])
    total = dim_of(sum_over(counts))
    return gather(array, (position,), position, [apply_one(RepeatPositions(total), counts)])


def _repeat_each(array: Array, count: Dim, axis: int) -> Array:
    if isinstance(count, int) and count < 0:
        raise ValueError(f"repeat: repeats must not be negative, got {count}")
    shape = base.shape_of(array)
    before, size, after = shape[:axis], shape[axis], shape[axis + 1 :]
    full = broadcast_to(expand_dims(array, axis + 1), (*before, size, count, *after))
    return reshape(full, (*before, dims.multiply(size, count), *after))


# Splitting and joining.


def split(
    x: object,
    indices_or_sections: Any = None,
    axis: int = 0,
    *theano_axis: int,
    splits_size: Any = None,
    n_splits: int | None = None,
) -> list[Array]:
    """x cut along an axis: into equal parts (a number), or before each of several positions.

    Theano's form split(x, splits_size, n_splits, axis) gives the sizes of the parts instead.

    Raises:
        ValueError: x does not divide into so many equal parts, or the sizes do not add up.
    """
    array = base.as_array(x)
    if theano_axis or splits_size is not None or n_splits is not None:
        sizes = indices_or_sections if splits_size is None else splits_size
        return _split_sizes(
            array, sizes, theano_axis[0] if theano_axis else axis if n_splits is not None else 0
        )
    position = base.normalize_axis(axis, base.rank_of(array), "split")
    size = base.shape_of(array)[position]
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError(f"split: number of sections must be positive, got {sections}")
        if isinstance(size, int) and size % sections:
            raise ValueError(f"split: an axis of size {size} does not divide into {sections} equal parts")
        shape = base.shape_of(array)
        part = dims.floordiv(size, sections)
        if isinstance(size, int):
            return [_part(array, position, number * part, part) for number in range(sections)]
        # Whether a size only known at run time divides is for the reshape to check.
        cut = reshape(array, (*shape[:position], sections, part, *shape[position + 1 :]))
        return [squeeze_part(cut, position, number) for number in range(sections)]
    return array_split(array, indices_or_sections, position)


def squeeze_part(array: Array, axis: int, number: int) -> Array:
    """array[..., number, ...] at an axis."""
    shape = base.shape_of(array)
    return reshape(_part(array, axis, number, 1), (*shape[:axis], *shape[axis + 1 :]))


def _split_sizes(array: Array, sizes: Any, axis: int) -> list[Array]:
    position = base.normalize_axis(axis, base.rank_of(array), "split")
    parts = base.as_dims(tuple(sizes))
    total: Dim = 0
    for part in parts:
        total = dims.add(total, part)
    size = base.shape_of(array)[position]
    if isinstance(total, int) and isinstance(size, int) and total != size:
        raise ValueError(f"split: sizes {parts} add up to {total}, the axis has {size}")
    shape = base.shape_of(array)
    whole = reshape(array, (*shape[:position], total, *shape[position + 1 :]))
    result: list[Array] = []
    start: Dim = 0
    for part in parts:
        result.append(_part(whole, position, start, part))
        start = dims.add(start, part)
    return result


def array_split(x: object, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """As `split`, but the first parts may be larger by one where x does not divide evenly."""
    array = base.as_array(x)
    position = base.normalize_axis(axis, base.rank_of(array), "array_split")
    size = base.shape_of(array)[position]
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError(f"array_split: number of sections must be positive, got {sections}")
        # Part i ends at ceil-like position ((i + 1) * (size // sections) + min(i + 1, size % sections)).
        each, extra = dims.floordiv(size, sections), dims.modulo(size, sections)
        ends = [dims.add(dims.multiply(n, each), dims.minimum(n, extra)) for n in range(sections + 1)]
        return [_part(array, position, a, dims.subtract(b, a)) for a, b in itertools.pairwise(ends)]
    known = (
        indices_or_sections.data
        if isinstance(indices_or_sections, (Constant, EagerValue))
        else indices_or_sections
    )
    bounds: list[Dim | None] = [0, *base.as_dims(tuple(known)), None]
    return [slice_axis(array, position, a, b) for a, b in itertools.pairwise(bounds)]


def hsplit(x: object, indices_or_sections: Any) -> list[Array]:
    """`split` along the second axis, or the only one."""
    return split(x, indices_or_sections, 1 if base.rank_of(base.as_array(x)) > 1 else 0)


def vsplit(x: object, indices_or_sections: Any) -> list[Array]:
    """`split` along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: object, indices_or_sections: Any) -> list[Array]:
    """`split` along the third axis."""
    return split(x, indices_or_sections, 2)


def vstack(arrays: Iterable[object]) -> Array:
    """Arrays, vectors being rows, joined along the first axis."""
    return concatenate([atleast_2d(array) for array in arrays], 0)


def hstack(arrays: Iterable[object]) -> Array:
    """Arrays joined along the second axis, vectors along the only one."""
    operands = [atleast_1d(array) for array in arrays]
    return concatenate(operands, 0 if operands and base.rank_of(operands[0]) == 1 else 1)


def dstack(arrays: Iterable[object]) -> Array:
    """Arrays joined along the third axis."""
    return concatenate([atleast_3d(array) for array in arrays], 2)


def column_stack(arrays: Iterable[object]) -> Array:
    """Vectors as columns, and matrices, side by side."""
    operands = [base.as_array(array) for array in arrays]
    return concatenate([reshape(a, (-1, 1)) if base.rank_of(a) < 2 else a for a in operands], 1)

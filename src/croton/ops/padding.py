"""Padding arrays at their edges, and differences of neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.gathering import checked_index, gather, iota_beside, number_beside
from croton.ops.shape import broadcast_to, concatenate, reshape
from croton.ops.slicing import Place, slice_axis

MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def pad(x: object, pad_width: Any, mode: str = "constant", constant_values: Any = 0, **unknown: Any) -> Array:
    """x with elements added before and after along every axis.

    pad_width: one number, (before, after), one such pair per axis, or a dict of axis -> pair.
    mode: "constant" (`constant_values`, in the same forms), "edge" (the outermost element), "reflect" and
        "symmetric" (mirrored without and with the edge), "wrap" (from the other end).

    Raises:
        ValueError: a width is negative, no such mode. IndexError: nothing to pad an empty axis with.
    """
    if unknown:
        raise TypeError(f"pad: no option {', '.join(unknown)}")
    if mode not in MODES:
        raise ValueError(f"pad: mode must be one of {MODES}, got {mode!r}")
    array = base.as_array(x)
    rank = base.rank_of(array)
    widths = [tuple(_width(entry) for entry in pair) for pair in _pairs(pad_width, rank, "pad_width", 0)]
    if mode == "constant":
        return _pad_constant(array, widths, _pairs(constant_values, rank, "constant_values", 0))
    for axis, (before, after) in enumerate(widths):
        if (before, after) != (0, 0):
            array = _pad_axis(array, axis, before, after, mode)
    return array


def _width(entry: Any) -> Dim:
    (width,) = base.as_dims((entry,))
    if isinstance(width, int) and width < 0:
        raise ValueError(f"pad: pad_width must not be negative, got {width}")
    return width


def _pairs(given: Any, rank: int, what: str, missing: Any) -> list[tuple[Any, Any]]:
    """One pair per axis from any of the forms that NumPy takes."""
    if isinstance(given, Mapping):
        pairs = [(missing, missing)] * rank
        for axis, pair in given.items():
            pairs[base.normalize_axis(axis, rank, "pad")] = (
                tuple(pair) if isinstance(pair, (tuple, list)) else (pair, pair)
            )
        return pairs
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, (tuple, list)):
        return [(given, given)] * rank
    listed = [tuple(entry) if isinstance(entry, (tuple, list)) else entry for entry in given]
    if not any(isinstance(entry, tuple) for entry in listed):
        if len(listed) in (1, 2):
            return [(listed[0], listed[-1])] * rank
        raise ValueError(f"pad: {what} must be a number, a pair, or a pair per axis, got {given!r}")
    pairs = [(entry[0], entry[-1]) if isinstance(entry, tuple) else (entry, entry) for entry in listed]
    if len(pairs) == 1:
        return pairs * rank
    if len(pairs) != rank:
        raise ValueError(f"pad: {what} has {len(pairs)} pairs for {rank} axes")
    return pairs


def _pad_constant(array: Array, widths: list[tuple[Dim, ...]], fills: list[tuple[Any, Any]]) -> Array:
    dtype = base.dtype_of(array)
    first = fills[0][0] if fills else 0
    if all(
        fill is first or (isinstance(fill, (int, float)) and fill == first) for pair in fills for fill in pair
    ):
        shape = tuple(
            dims.add(dims.add(b, n), a) for (b, a), n in zip(widths, base.shape_of(array), strict=True)
        )
        if shape == base.shape_of(array):
            return array
        whole = broadcast_to(base.cast(first, dtype), shape)
        return apply_one(Place(tuple(b for b, _ in widths), (1,) * len(widths), "set"), whole, array)
    for axis, ((before, after), (front, back)) in enumerate(zip(widths, fills, strict=True)):
        shape = base.shape_of(array)
        ends = [
            broadcast_to(base.cast(fill, dtype), (*shape[:axis], width, *shape[axis + 1 :]))
            for fill, width in ((front, before), (back, after))
        ]
        array = concatenate([ends[0], array, ends[1]], axis)
    return array


def _pad_axis(array: Array, axis: int, before: Dim, after: Dim, mode: str) -> Array:
    """Reads the element that belongs at every place of the padded axis."""
    from croton.ops.arithmetic import maximum, minimum, remainder, subtract, where
    from croton.ops.comparison import less

    size = base.shape_of(array)[axis]
    length = dims.add(dims.add(before, size), after)
    place = subtract(iota_beside(length, array), number_beside(before, array))
    number = number_beside(size, array)
    if mode == "edge":
        index = minimum(maximum(place, 0), subtract(number, 1))
    elif mode == "wrap":
        index = remainder(place, number)
    else:
        overlap = 1 if mode == "reflect" else 0
        period = maximum(subtract(number, overlap) * 2, 1)
        folded = remainder(place, period)
        index = where(less(folded, number), folded, subtract(subtract(period, folded), 1 - overlap))
    if not isinstance(size, int) or size == 0:
        index = checked_index(index, size, axis)
    return gather(array, (axis,), axis, [index])


def diff(x: object, n: int = 1, axis: int = -1, prepend: object = None, append: object = None) -> Array:
    """The n-th differences of neighbours along an axis; of bools, whether they differ.

    prepend, append: what to join before and after first.
    """
    from croton.ops.arithmetic import subtract
    from croton.ops.comparison import not_equal

    array = base.as_array(x)
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    position = base.normalize_axis(axis, base.rank_of(array), "diff")
    parts = [_edge(part, array, position) for part in (prepend, append) if part is not None]
    if parts:
        front = parts[:1] if prepend is not None else []
        array = concatenate([*front, array, *parts[len(front) :]], position)
    for _ in range(n):
        later, earlier = slice_axis(array, position, 1, None), slice_axis(array, position, None, -1)
        array = (
            not_equal(later, earlier) if dtypes.is_bool(base.dtype_of(array)) else subtract(later, earlier)
        )
    return array


def _edge(part: object, array: Array, axis: int) -> Array:
    edge = base.as_array(part)
    if base.rank_of(edge) == 0:
        shape = base.shape_of(array)
        return broadcast_to(edge, (*shape[:axis], 1, *shape[axis + 1 :]))
    return edge


def ediff1d(x: object, to_end: object = None, to_begin: object = None) -> Array:
    """Differences of neighbours of the flattened x, with `to_begin` and `to_end` joined on."""
    array = base.as_array(x)
    flat = reshape(array, (dims.product(base.shape_of(array)),))
    parts = [diff(flat)]
    for extra, place in ((to_begin, 0), (to_end, len(parts) + 1)):
        if extra is not None:
            parts.insert(place, reshape(base.cast(extra, base.dtype_of(array)), (-1,)))
    return concatenate(parts)


def _components(array: Array) -> Array:
    """Vectors of a size only known at call time must turn out to have 3 components."""
    shape = base.shape_of(array)
    return array if isinstance(shape[-1], int) else reshape(array, (*shape[:-1], 3))


def cross(
    a: object, b: object, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    """The cross product of vectors of 3 components along an axis (two of 2 give the third component).

    Raises:
        ValueError: the axes have other sizes.
    """
    from croton.ops.arithmetic import multiply, subtract
    from croton.ops.rearranging import moveaxis
    from croton.ops.shape import stack

    if axis is not None:
        axisa = axisb = axisc = axis
    first, second = base.as_operands(a, b)
    first, second = _components(moveaxis(first, axisa, -1)), _components(moveaxis(second, axisb, -1))
    sizes = base.shape_of(first)[-1], base.shape_of(second)[-1]
    if any(size not in (2, 3) for size in sizes):
        raise ValueError(f"cross: vectors must have 2 or 3 components, got {sizes[0]} and {sizes[1]}")

    def component(array: Array, number: int) -> Array:
        rank, size = base.rank_of(array), base.shape_of(array)[-1]
        if isinstance(size, int) and number >= size:
            return base.cast(0, base.dtype_of(array))
        return reshape(slice_axis(array, rank - 1, number, number + 1), base.shape_of(array)[:-1])

    def minor(i: int, j: int) -> Array:
        return subtract(
            multiply(component(first, i), component(second, j)),
            multiply(component(first, j), component(second, i)),
        )

    if sizes == (2, 2):
        return minor(0, 1)
    parts = [minor(1, 2), minor(2, 0), minor(0, 1)]
    shape = dims.broadcast([base.shape_of(part) for part in parts], "cross")
    return moveaxis(stack([broadcast_to(part, shape) for part in parts], -1), -1, axisc)

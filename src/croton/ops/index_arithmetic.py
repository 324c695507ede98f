"""Positions in arrays as one number or one per axis; diagonals and windows, under Theano's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import INT64, UINT64
from croton.graph.errors import DTypeError, ShapeError
from croton.ops import base
from croton.ops.base import Array

__all__ = ["bartlett", "fill_diagonal", "fill_diagonal_offset", "ravel_multi_index", "unravel_index"]

_ORDERS = ("C", "F")


def _sizes(shape: Any, what: str) -> tuple[Dim, ...]:
    """Sizes from a shape, which may be a vector computed while running."""
    from croton.ops.dimension import dim_of

    array = (
        shape if isinstance(shape, (tuple, list, int, np.integer, dims.Expression)) else base.as_array(shape)
    )
    if isinstance(array, (tuple, list, int, np.integer, dims.Expression)) or base.rank_of(array) == 0:
        return base.as_dims(array)
    (count,) = base.shape_of(array)
    if not isinstance(count, int):
        raise ShapeError(f"{what}: the number of axes must be known when the program is written")
    return tuple(dim_of(array[axis]) for axis in range(count))


def _check_order(order: str, what: str) -> None:
    if order not in _ORDERS:
        raise ValueError(f'{what}: order must be "C" or "F", got {order!r}')


def _inside(index: Array, size: Dim, axis: int, mode: str) -> Array:
    """An int64 index, checked or moved; negative ones are outside."""
    from croton.ops.gathering import checked_index

    if not dtypes.is_integer(base.dtype_of(index)):
        raise DTypeError(f"indices must be integers, got {base.dtype_of(index).name}")
    # As unsigned numbers negative ones are too large.
    return checked_index(base.cast(index, UINT64) if mode == "raise" else index, size, axis, mode)


def unravel_index(indices: object, shape: Any, order: str = "C") -> tuple[Array, ...]:
    """Positions in the flattened array of a shape as index arrays, one per axis.

    order: "C", the last axis changes fastest, or "F", the first.

    Raises:
        IndexError: a position is outside.
    """
    from croton.ops.arithmetic import floor_divide, remainder
    from croton.ops.gathering import number_beside

    _check_order(order, "unravel_index")
    sizes = _sizes(shape, "unravel_index")
    left = _inside(base.as_array(indices), dims.product(sizes), 0, "raise")
    found: dict[int, Array] = {}
    axes = list(range(len(sizes)))
    for axis in reversed(axes) if order == "C" else axes:
        number = number_beside(sizes[axis], left)
        found[axis] = remainder(left, number)
        left = floor_divide(left, number)
    return tuple(found[axis] for axis in axes)


def ravel_multi_index(
    multi_index: Any, dims_: Any = None, mode: Any = "raise", order: str = "C", **named: Any
) -> Array:
    """Index arrays, one per axis of a shape, as positions in the flattened array.

    dims_ (or dims=): the shape. mode: what happens to indices outside: "raise" an IndexError, "wrap" or
    "clip"; one for all axes or one each. order: as in `unravel_index`.

    Raises:
        IndexError: an index is outside (mode "raise"). ShapeError: not one index array per axis.
    """
    from croton.ops.arithmetic import add, multiply
    from croton.ops.gathering import number_beside

    _check_order(order, "ravel_multi_index")
    if set(named) - {"dims"}:
        raise TypeError(f"ravel_multi_index: unexpected arguments {sorted(named)}")
    sizes = _sizes(named.get("dims", dims_), "ravel_multi_index")
    listed = [base.as_array(index) for index in multi_index]
    modes = list(mode) if isinstance(mode, (tuple, list)) else [mode] * len(sizes)
    if len(listed) != len(sizes) or len(modes) != len(sizes):
        raise ShapeError(f"ravel_multi_index: {len(listed)} index arrays and {len(modes)} modes for {sizes}")
    axes = list(range(len(sizes)))
    total: Array | None = None
    for axis in axes if order == "C" else reversed(axes):
        index = _inside(listed[axis], sizes[axis], axis, modes[axis])
        total = index if total is None else add(multiply(total, number_beside(sizes[axis], index)), index)
    return total if total is not None else base.cast(0, INT64)


def _row_less_column(shape: tuple[Dim, ...], beside: Array) -> tuple[Array, Array]:
    from croton.ops.gathering import iota_beside
    from croton.ops.shape import reshape

    return (
        reshape(iota_beside(shape[0], beside), (-1, 1)),
        reshape(iota_beside(shape[1], beside), (1, -1)),
    )


def fill_diagonal(a: object, val: object) -> Array:
    """a with the main diagonal, all of whose indices are equal, set to a number.

    a: at least two axes; more than two must all be of one size.

    Raises:
        ShapeError: a has fewer than two axes, or val is not a scalar.
    """
    from croton.ops.arithmetic import where
    from croton.ops.comparison import equal, logical_and
    from croton.ops.gathering import iota_beside
    from croton.ops.shape import broadcast_to, reshape

    array = base.as_array(a)
    shape = base.shape_of(array)
    number = _fill_value(val, array, "fill_diagonal")
    if len(shape) < 2:
        raise ShapeError(f"fill_diagonal: expected at least two axes, got {len(shape)}")
    if len(shape) > 2:  # of one size, which this asks for
        shape = (shape[0],) * len(shape)
        array = broadcast_to(array, shape)
    places = [
        reshape(iota_beside(size, array), tuple(-1 if a == axis else 1 for a in range(len(shape))))
        for axis, size in enumerate(shape)
    ]
    diagonal = equal(places[0], places[1])
    for place in places[2:]:
        diagonal = logical_and(diagonal, equal(places[0], place))
    return where(diagonal, number, array)


def fill_diagonal_offset(a: object, val: object, offset: object) -> Array:
    """The matrix a with the diagonal `offset` places to the right (left, if negative) set to a number.

    offset: an integer, which may be computed while running.
    """
    from croton.ops.arithmetic import subtract, where
    from croton.ops.comparison import equal

    array = base.as_array(a)
    shape = base.shape_of(array)
    if len(shape) != 2:
        raise ShapeError(f"fill_diagonal_offset: expected a matrix, got {len(shape)} axes")
    rows, columns = _row_less_column(shape, array)
    moved = base.cast(base.as_array(offset), INT64)
    return where(
        equal(subtract(columns, rows), moved), _fill_value(val, array, "fill_diagonal_offset"), array
    )


def _fill_value(val: object, array: Array, what: str) -> Array:
    number = base.as_array(val)
    if base.rank_of(number) != 0:
        raise ShapeError(f"{what}: val must be a scalar, got {base.rank_of(number)} axes")
    return base.cast(number, base.dtype_of(array))


def bartlett(M: object) -> Array:
    """The triangular window of M points that is 0 at both ends; of one point 1. M: an integer."""
    from croton.ops.arithmetic import absolute, divide, maximum, subtract, where
    from croton.ops.comparison import equal
    from croton.ops.dimension import dim_of
    from croton.ops.gathering import number_beside
    from croton.ops.shape import iota

    size = dim_of(M if isinstance(M, (int, np.integer, dims.Expression)) else base.as_array(M))
    points = base.cast(iota(size if not isinstance(size, int) else max(size, 0)), "float64")
    half = divide(subtract(base.cast(number_beside(size, points), "float64"), 1.0), 2.0)
    window = subtract(1.0, divide(absolute(subtract(points, half)), maximum(half, 0.5)))
    return where(equal(half, 0.0), 1.0, window)

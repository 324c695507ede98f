"""Arrays made of sizes and numbers: ranges, grids, triangles, diagonals, one-hot vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Expression
from croton.graph.dtypes import FLOAT64, INT64, DType, as_dtype
from croton.graph.errors import ShapeError
from croton.graph.values import Constant, EagerValue
from croton.ops import base
from croton.ops.base import Array
from croton.ops.dimension import dim_of, size_as_number
from croton.ops.gathering import gather, iota_beside
from croton.ops.shape import broadcast_to, expand_dims, full, full_like, iota, reshape, stack
from croton.ops.slicing import at_least_zero, smaller, zeros_of

_KNOWN = (bool, int, float, np.integer, np.floating, np.ndarray, Constant, EagerValue)


def _number(given: Any) -> Any:
    """A known number as NumPy's, anything else as it is."""
    return given.data if isinstance(given, (Constant, EagerValue)) else given


def _known(array: Any) -> Array:
    """An array whose elements are known now."""
    return EagerValue.factory(np.ascontiguousarray(array).reshape(np.shape(array)))


def zeros(shape: object, dtype: object = FLOAT64) -> Array:
    """An array of zeros."""
    return full(shape, 0, as_dtype(dtype or FLOAT64))


def ones(shape: object, dtype: object = FLOAT64) -> Array:
    """An array of ones."""
    return full(shape, 1, as_dtype(dtype or FLOAT64))


def empty(shape: object, dtype: object = FLOAT64) -> Array:
    """An array of which only the shape matters; it holds zeros."""
    return zeros(shape, dtype)


def empty_like(x: object, dtype: object = None) -> Array:
    """As `empty`, with the shape of x, and its dtype unless given."""
    return full_like(x, 0, dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: object = None) -> Array:
    """Numbers from start (0 when only one bound is given) up to, not including, stop, in equal steps.

    Bounds and step may be numbers, sizes, or scalars computed while running.

    Raises:
        ZeroDivisionError: step is 0. TypeError: a bound is not a real scalar.
    """
    first, last = (0, start) if stop is None else (start, stop)
    given = [_number(entry) for entry in (first, last, step)]
    target = None if dtype is None else as_dtype(dtype)
    if all(isinstance(entry, _KNOWN) for entry in given):
        return _known_range([np.asarray(entry)[()] for entry in given], target)
    if all(isinstance(entry, (int, np.integer, Expression)) for entry in given):
        low, high = (dim_of(entry) for entry in given[:2])
        if isinstance(given[2], (int, np.integer)):
            return _size_range(low, high, int(given[2]), target or INT64)
    start_value, stop_value, step_value = (base.as_array(entry) for entry in given)
    return _running_range(start_value, stop_value, step_value, target)


def _known_range(given: list[Any], dtype: DType | None) -> Array:
    if given[2] == 0:
        raise ZeroDivisionError("arange: step must not be 0")
    if any(isinstance(entry, (np.complexfloating, np.ndarray)) for entry in given):
        raise TypeError(f"arange: expected real scalars, got {given}")
    numbers = [entry.item() for entry in given]
    wide = dtype if dtype is None or dtype != dtypes.BFLOAT16 else np.dtype(np.float32)
    made = np.arange(*numbers, dtype=wide)
    return _known(made if dtype is None else made.astype(dtype))


def _size_range(start: Dim, stop: Dim, step: int, dtype: DType) -> Array:
    from croton.ops.arithmetic import add, multiply

    if step == 0:
        raise ZeroDivisionError("arange: step must not be 0")
    length = dims.subtract(stop, start) if step > 0 else dims.subtract(start, stop)
    count = at_least_zero(length)
    if abs(step) != 1:
        count = dims.floordiv(dims.add(count, abs(step) - 1), abs(step))
    result = iota(count)
    if step != 1:
        result = multiply(result, step)
    if start != 0:
        result = add(result, size_as_number(start))
    return base.cast(result, dtype)


def _running_range(start: Array, stop: Array, step: Array, dtype: DType | None) -> Array:
    from croton.ops.arithmetic import add, divide, maximum, multiply, subtract
    from croton.ops.rounding import ceil

    start, stop, step = base.as_operands(start, stop, step)
    if any(base.rank_of(bound) != 0 for bound in (start, stop, step)):
        raise TypeError("arange: bounds and step must be scalars")
    length = ceil(divide(subtract(stop, start), step))
    count = dim_of(base.cast(maximum(length, 0), INT64))
    exact = add(multiply(base.cast(iota(count), base.dtype_of(start)), step), start)
    return exact if dtype is None else base.cast(exact, dtype)


def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: object = None,
    axis: int = 0,
) -> Any:
    """`num` evenly spaced numbers from start to stop, stop being the last unless `endpoint` is false.

    start and stop may be arrays, which broadcast; the numbers then run along `axis`. retstep: also return
    the distance of neighbours.

    Raises:
        ValueError: num is negative.
    """
    from croton.ops.arithmetic import add, divide, multiply, subtract, where
    from croton.ops.comparison import equal

    count = dim_of(num)
    if isinstance(count, int) and count < 0:
        raise ValueError(f"linspace: num must not be negative, got {count}")
    first, last = base.as_operands(start, stop)
    own = base.dtype_of(first)
    working = own if dtypes.is_inexact(own) else FLOAT64
    first, last = base.cast(first, working), base.cast(last, working)
    gaps = dims.subtract(count, 1) if endpoint else count
    number = base.cast(size_as_number(dims.maximum(gaps, 1)), working)
    step = divide(subtract(last, first), number)
    rank = len(dims.broadcast([base.shape_of(first), base.shape_of(last)], "linspace"))
    place = reshape(iota(count), (count, *(1,) * rank))
    result = add(multiply(base.cast(place, working), step), first)
    if endpoint:
        final = equal(place, size_as_number(gaps))
        result = where(final, last, result) if gaps != 0 else result  # one number alone is the start
    if axis != 0:
        from croton.ops.rearranging import moveaxis

        result = moveaxis(result, 0, axis)
    if dtype is not None:
        from croton.ops.rounding import floor

        target = as_dtype(dtype)
        result = base.cast(floor(result) if dtypes.is_integer(target) else result, target)
    return (result, step) if retstep else result


def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base_: Any = 10.0, dtype: object = None
) -> Array:
    """base_ to the powers of `linspace(start, stop, num)`."""
    from croton.ops.exponential import power

    result = power(base_, linspace(start, stop, num, endpoint))
    return result if dtype is None else base.cast(result, dtype)


def eye(N: Any, M: Any = None, k: Any = 0, dtype: object = FLOAT64) -> Array:
    """An (N, M) matrix (square when M is None) with ones on the k-th diagonal and zeros elsewhere."""
    from croton.ops.comparison import equal

    rows, columns = _grid(N, M)
    return base.cast(equal(_shifted(rows, k), columns), as_dtype(dtype or FLOAT64))


def identity(n: Any, dtype: object = FLOAT64) -> Array:
    """The n by n identity matrix."""
    return eye(n, dtype=dtype)


def identity_like(x: object, dtype: object = None) -> Array:
    """A matrix shaped as x with ones on the diagonal and zeros elsewhere."""
    array = base.as_array(x)
    rows, columns = base.shape_of(array)
    return eye(rows, columns, dtype=dtype or base.dtype_of(array))


def tri(N: Any, M: Any = None, k: Any = 0, dtype: object = FLOAT64) -> Array:
    """An (N, M) matrix with ones on and below the k-th diagonal and zeros above."""
    from croton.ops.comparison import greater_equal

    rows, columns = _grid(N, M)
    return base.cast(greater_equal(_shifted(rows, k), columns), as_dtype(dtype or FLOAT64))


def _grid(rows: Any, columns: Any) -> tuple[Array, Array]:
    """Row numbers as a column and column numbers as a row."""
    height = dim_of(rows)
    width = height if columns is None else dim_of(columns)
    return reshape(iota(height), (height, 1)), reshape(iota(width), (1, width))


def _shifted(rows: Array, k: Any) -> Array:
    from croton.ops.arithmetic import add

    return rows if isinstance(k, int) and k == 0 else add(rows, k)


def tril(m: object, k: Any = 0) -> Array:
    """m (of two axes or more) with zeros above the k-th diagonal."""
    return _triangle(m, k, lower=True)


def triu(m: object, k: Any = 0) -> Array:
    """m (of two axes or more) with zeros below the k-th diagonal."""
    return _triangle(m, k, lower=False)


def _triangle(m: object, k: Any, lower: bool) -> Array:
    from croton.ops.arithmetic import where
    from croton.ops.comparison import greater_equal, less_equal

    array = base.as_array(m)
    if base.rank_of(array) < 2:
        raise ShapeError(f"tril and triu need at least two axes, got {base.rank_of(array)}")
    rows, columns = _grid(*base.shape_of(array)[-2:])
    kept = (greater_equal if lower else less_equal)(_shifted(rows, k), columns)
    return where(kept, array, zeros_of(array, ()))


def diagonal(a: object, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The elements a[..., i, i + offset, ...] of two axes, along a new last axis."""
    from croton.ops.arithmetic import add
    from croton.ops.rearranging import moveaxis

    array = base.as_array(a)
    rank = base.rank_of(array)
    first, second = (base.normalize_axis(axis, rank, "diagonal") for axis in (axis1, axis2))
    if first == second:
        raise ValueError(f"diagonal: axes {axis1} and {axis2} must differ")
    array = moveaxis(array, (first, second), (-2, -1))
    down, right = max(-offset, 0), max(offset, 0)
    height, width = base.shape_of(array)[-2:]
    size = at_least_zero(smaller(dims.subtract(height, down), dims.subtract(width, right)))
    place = iota_beside(size, array)
    rows = add(place, down) if down else place
    columns = add(place, right) if right else place
    return gather(array, (rank - 2, rank - 1), rank - 2, [rows, columns])


def trace(a: object, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: object = None) -> Array:
    """The sum of a diagonal."""
    from croton.ops.reduction import sum as sum_over

    return sum_over(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def alloc(value: Any, *shape: Any) -> Array:
    """Theano's way to stretch a value, a number as a rule, to a shape."""
    return broadcast_to(base.as_array(value), base.as_dims(shape))


def diag(v: object, k: int = 0) -> Array:
    """The k-th diagonal of a matrix, or the matrix with a vector as its k-th diagonal and zeros elsewhere.

    Raises:
        ShapeError: v has neither one axis nor two.
    """
    from croton.ops.arithmetic import where
    from croton.ops.comparison import equal
    from croton.ops.padding import pad

    array = base.as_array(v)
    if base.rank_of(array) == 2:
        return diagonal(array, k)
    if base.rank_of(array) != 1:
        raise ShapeError(f"diag: expected a vector or a matrix, got {base.rank_of(array)} axes")
    by_row = expand_dims(pad(array, (0, k) if k >= 0 else (-k, 0)), 1)
    size = base.shape_of(by_row)[0]
    rows, columns = _grid(size, size)
    return where(equal(_shifted(rows, k), columns), by_row, zeros_of(array, ()))


def diagflat(v: object, k: int = 0) -> Array:
    """`diag` of the flattened v."""
    from croton.ops.rearranging import ravel

    return diag(ravel(v), k)


def meshgrid(*xi: object, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> list[Array]:
    """Coordinates of a grid: array i varies along axis i ("ij"; the first two axes swapped for "xy").

    sparse: leave the other axes at size 1. copy: accepted for NumPy's sake.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f'meshgrid: indexing must be "xy" or "ij", got {indexing!r}')
    vectors = [reshape(x, (-1,)) for x in xi]
    rank = len(vectors)
    axes = list(range(rank))
    if indexing == "xy" and rank > 1:
        axes[:2] = [1, 0]
    laid = []
    for axis, vector in zip(axes, vectors, strict=True):
        (size,) = base.shape_of(vector)
        laid.append(reshape(vector, tuple(size if other == axis else 1 for other in range(rank))))
    if sparse:
        return laid
    shape = dims.broadcast([base.shape_of(x) for x in laid], "meshgrid")
    return [broadcast_to(x, shape) for x in laid]


def indices(dimensions: Sequence[Any], dtype: object = INT64, sparse: bool = False) -> Any:
    """The index of every element of a grid along each axis: (rank, ...), or a tuple of open grids."""
    sizes = base.as_dims(tuple(dimensions))
    grids = meshgrid(*(iota(size, as_dtype(dtype)) for size in sizes), indexing="ij", sparse=sparse)
    if sparse:
        return tuple(grids)
    return stack(grids) if grids else zeros((0,), dtype)


def one_hot(x: object, num_classes: Any, axis: int = -1, dtype: object = FLOAT64) -> Array:
    """For every index in x a vector with 1 at that position and 0 elsewhere, along a new axis.

    Indices outside give zeros only.
    """
    from croton.ops.comparison import equal

    array = base.as_array(x)
    if not dtypes.is_integer(base.dtype_of(array)):
        raise TypeError(f"one_hot: expected integers, got {base.dtype_of(array).name}")
    count = dim_of(num_classes)
    position = base.normalize_axis(axis, base.rank_of(array) + 1, "one_hot")
    shape = tuple(count if other == position else 1 for other in range(base.rank_of(array) + 1))
    return base.cast(equal(expand_dims(array, position), reshape(iota(count), shape)), as_dtype(dtype))


def to_one_hot(y: object, nb_class: Any, dtype: object = None) -> Array:
    """Theano's `one_hot`: one row per label."""
    return one_hot(y, nb_class, dtype=dtype or FLOAT64)

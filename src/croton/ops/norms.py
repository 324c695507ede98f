"""Norms of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import CompositeOperation, widened, widened_data
from croton.ops.reduction import restore_axes
from croton.ops.reduction import sum as sum_over
from croton.ops.shape import broadcast_to, reshape, transpose

# Sums of squares of numbers in this range neither overflow nor lose what matters to underflow.
_SAFE = {dtypes.FLOAT32: (1e-15, 1e15), dtypes.FLOAT64: (1e-140, 1e140)}
# Powers of two: the least sum of squares to which those that underflow add nothing; from which size on
# numbers are scaled down, and by what; below which size they are scaled up, and by what.
_POWERS = {dtypes.FLOAT32: (-80, 40, -80, -30, 86), dtypes.FLOAT64: (-900, 300, -600, -300, 700)}


class EuclideanNorm(CompositeOperation):
    """The root of the sum of squared sizes over axes, which vanish; real for complex operands.

    Numbers whose squares would overflow or underflow are scaled by the largest of them first.
    """

    axes: tuple[int, ...]
    name = "euclidean_norm"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if not dtypes.is_inexact(operand.dtype):
            raise DTypeError(f"euclidean_norm is not defined for dtype {operand.dtype.name}")
        kept = tuple(size for axis, size in enumerate(operand.shape) if axis not in self.axes)
        return (TensorType(dtypes.real_dtype(operand.dtype), kept),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        size = np.abs(widened_data(operands[0]))
        largest = np.max(size, axis=self.axes, keepdims=True, initial=0)
        low, high = _SAFE[size.dtype]
        with np.errstate(all="ignore"):
            scale = np.where(
                ((largest > low) & (largest < high)) | ~(largest < np.inf) | (largest == 0), 1, largest
            )
            scaled = size / scale.astype(size.dtype)
            result = np.sqrt(np.sum(scaled * scaled, axis=self.axes)) * np.squeeze(scale, self.axes).astype(
                size.dtype
            )
        return (result.astype(np.real(operands[0]).dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """g x / |x|, 0 where the norm is."""
        from croton.ops.arithmetic import divide, multiply, where
        from croton.ops.comparison import equal

        x = operands[0]
        shape, dtype = base.shape_of(x), base.dtype_of(x)
        norm = base.cast(broadcast_to(restore_axes(outputs[0], self.axes), shape), dtype)
        spread = base.cast(broadcast_to(restore_axes(cotangents[0], self.axes), shape), dtype)
        zero, one = base.cast(0, dtype), base.cast(1, dtype)
        at_origin = equal(norm, zero)
        direction = where(at_origin, zero, divide(x, where(at_origin, one, norm)))
        return [multiply(spread, direction)]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        """Three sums in one pass: of squares as they are, of large ones scaled down, of small ones scaled up.

        Numbers of another size count as 0 in the scaled sums: squares that underflow take processors a
        hundred times as long.
        """
        from croton.ops.arithmetic import absolute, multiply, sqrt, square, where
        from croton.ops.comparison import greater, less

        size = absolute(widened(operands[0]))
        dtype = base.dtype_of(size)
        least, high, down, low, up = (np.asarray(2.0**power, dtype) for power in _POWERS[dtype])
        zero = base.cast(0, dtype)
        large = where(less(size, high), zero, multiply(size, down))
        small = where(less(size, low), multiply(size, up), zero)
        totals = [sum_over(square(part), self.axes) for part in (size, large, small)]
        result = where(less(totals[0], least), multiply(sqrt(totals[2]), 1 / up), sqrt(totals[0]))
        overflows = greater(totals[0], np.finfo(dtype).max)
        result = where(overflows, multiply(sqrt(totals[1]), 1 / down), result)
        return [base.cast(result, dtypes.real_dtype(base.dtype_of(operands[0])))]


def euclidean_norm(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The root of the sum of squared sizes over axes (all when None).

    Its gradient is x / |x|, and 0 at the origin. Squares neither overflow nor underflow.
    """
    array = base.as_array(x)
    array = base.cast(array, dtypes.inexact(base.dtype_of(array)))
    axes = base.normalize_axes(axis, base.rank_of(array), "euclidean_norm")
    if not axes:
        from croton.ops.arithmetic import absolute

        return absolute(array)
    result = apply_one(EuclideanNorm(axes), array)
    return restore_axes(result, axes) if keepdims else result


def norm(x: object, ord: object = None, axis: object = None, keepdims: bool = False) -> Array:
    """NumPy's linalg.norm, real.

    ord: None (Euclidean: of everything, of a vector, of a matrix); of vectors any number, inf, -inf, 0;
    of matrices "fro", "nuc" (the sum of singular values), 2, -2 (the extreme ones), 1, -1, inf, -inf.
    axis: an int for vectors, a pair for matrices, None for all.

    Raises:
        ValueError: an order that does not exist. ShapeError: an array that is neither vector nor matrix.
    """
    array = base.as_array(x)
    own = base.dtype_of(array)
    array = array if dtypes.is_inexact(own) else base.cast(array, dtypes.FLOAT64)
    rank = base.rank_of(array)
    if axis is None and (ord is None or (ord == "fro" and rank == 2) or (ord == 2 and rank == 1)):
        return euclidean_norm(array, None, keepdims)
    listed = (
        tuple(axis) if isinstance(axis, (tuple, list)) else tuple(range(rank)) if axis is None else (axis,)
    )
    axes = tuple(base.normalize_axis(entry, rank, "norm") for entry in listed)
    if len(axes) == 1:
        return _vector_norm(array, ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ShapeError(f"norm: expected a vector or a matrix, or axis=; got {len(axes)} axes")
    if axes[0] == axes[1]:
        raise ValueError(f"norm: axes {listed} repeat an axis")
    return _matrix_norm(array, ord, axes, keepdims)


def vector_norm(x: object, axis: object = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """NumPy's vector_norm: of all elements if axis is None, of the elements along one axis or several.

    Raises:
        ValueError: an order that does not exist.
    """
    array = base.as_array(x)
    array = array if dtypes.is_inexact(base.dtype_of(array)) else base.cast(array, dtypes.FLOAT64)
    axes = base.normalize_axes(axis, base.rank_of(array), "vector_norm")
    if not axes:
        array, axes = reshape(array, (*base.shape_of(array), 1)), (base.rank_of(array),)
        return _vector_norm(array, ord, axes[0], False)
    kept = tuple(a for a in range(base.rank_of(array)) if a not in axes)
    sizes = tuple(base.shape_of(array)[a] for a in kept)
    last = len(kept)
    flat = reshape(transpose(array, (*kept, *axes)), (*sizes, -1)) if len(axes) > 1 else array
    result = _vector_norm(flat, ord, last if len(axes) > 1 else axes[0], False)
    return restore_axes(result, axes) if keepdims else result


def matrix_norm(x: object, keepdims: bool = False, ord: Any = "fro") -> Array:
    """NumPy's matrix_norm: `norm` of matrices stacked along leading axes."""
    return norm(x, ord, (-2, -1), keepdims)


def _vector_norm(array: Array, order: Any, axis: int, keepdims: bool) -> Array:
    from croton.ops import reduction
    from croton.ops.arithmetic import absolute
    from croton.ops.comparison import not_equal

    if order is None or (order == 2 and not isinstance(order, str)):
        return euclidean_norm(array, axis, keepdims)
    if isinstance(order, (str, complex)):
        raise ValueError(f"norm: order {order!r} does not exist for vectors")
    size = absolute(array)
    if order == np.inf:
        return reduction.max(size, axis, keepdims)
    if order == -np.inf:
        return reduction.min(size, axis, keepdims)
    if order == 0:
        return sum_over(base.cast(not_equal(array, 0), base.dtype_of(size)), axis, keepdims=keepdims)
    if order == 1:
        return sum_over(size, axis, keepdims=keepdims)
    return _power_norm(size, float(order), axis, keepdims)


def _power_norm(size: Array, order: float, axis: int, keepdims: bool) -> Array:
    """sum(size^order)^(1/order), with gradient 0 where all sizes are 0."""
    from croton.ops.arithmetic import where
    from croton.ops.comparison import equal
    from croton.ops.exponential import power

    total = sum_over(power(size, order), axis, keepdims=keepdims)
    at_origin = equal(total, 0)
    root = power(where(at_origin, base.cast(1, base.dtype_of(total)), total), 1 / order)
    return where(at_origin, base.cast(0 if order > 0 else np.inf, base.dtype_of(total)), root)


def _matrix_norm(array: Array, order: Any, axes: tuple[int, int], keepdims: bool) -> Array:
    from croton.ops import reduction
    from croton.ops.arithmetic import absolute

    if order is None or order == "fro":
        return euclidean_norm(array, axes, keepdims)
    rows, columns = axes
    extremes: dict[float, tuple[str, int, int]] = {1: ("max", rows, columns), -1: ("min", rows, columns)}
    extremes |= {np.inf: ("max", columns, rows), -np.inf: ("min", columns, rows)}
    if order in extremes:
        kind, summed, left = extremes[order]
        totals = sum_over(absolute(array), summed, keepdims=True)
        result = reduction.reduce(kind, totals, left, True)
        from croton.ops.shape import squeeze

        return result if keepdims else squeeze(result, axes)
    if order in (2, -2, "nuc"):
        return _norm_of_singular_values(array, order, axes, keepdims)
    raise ValueError(f"norm: order {order!r} does not exist for matrices")


def _norm_of_singular_values(array: Array, order: Any, axes: tuple[int, int], keepdims: bool) -> Array:
    """The largest or smallest singular value, or their sum."""
    from croton.ops.linear_algebra.singular_values import svdvals
    from croton.ops.rearranging import moveaxis
    from croton.ops.slicing import slice_axis

    values = svdvals(moveaxis(array, axes, (-2, -1)))
    last = base.rank_of(values) - 1
    if order == "nuc":
        result = sum_over(values, last)
    else:
        extreme = slice_axis(values, last, 0, 1) if order == 2 else slice_axis(values, last, -1, None)
        result = reshape(extreme, base.shape_of(values)[:-1])
    result = base.cast(result, dtypes.real_dtype(base.dtype_of(array)))
    return restore_axes(result, tuple(sorted(axes))) if keepdims else result

"""Means with weights, variances, standard deviations, and reductions that leave NaN out."""

from __future__ import annotations

from croton.graph import dtypes
from croton.graph.errors import ShapeError
from croton.ops import base, reduction
from croton.ops.base import Array


def _inexact_dtype(array: Array, dtype: object) -> dtypes.DType:
    own = base.dtype_of(array)
    if dtype is not None:
        return dtypes.as_dtype(dtype)
    return own if dtypes.is_inexact(own) else dtypes.FLOAT64


def _degrees_of_freedom(array: Array, axes: tuple[int, ...], ddof: float, dtype: dtypes.DType) -> Array:
    """The number of elements less ddof, not below 0 (NumPy then divides by 0)."""
    from croton.ops.arithmetic import maximum, subtract

    real = dtypes.real_dtype(dtype)
    count = base.cast(reduction.count(base.shape_of(array), axes), real)
    return maximum(subtract(count, base.cast(ddof, real)), base.cast(0, real))


def _deviations(array: Array, axes: tuple[int, ...]) -> Array:
    """The array less its mean: the second pass that keeps variances right under large offsets."""
    from croton.ops.arithmetic import subtract

    return subtract(array, reduction.mean(array, axes, keepdims=True))


def var(
    x: object, axis: object = None, dtype: object = None, ddof: float = 0, keepdims: bool = False
) -> Array:
    """The mean of squared distances from the mean, the sum divided by the number of elements less ddof.

    Real for complex x. Computed in two passes. Of fewer than ddof + 1 elements: NaN or infinity, as in NumPy.
    """
    from croton.ops.arithmetic import divide

    array = base.as_array(x)
    target = _inexact_dtype(array, dtype)
    wide = base.cast(array, dtypes.compute_dtype(target))
    axes = base.normalize_axes(axis, base.rank_of(array), "var")
    total = reduction.sum(_squared_size(_deviations(wide, axes)), axes, keepdims=keepdims)
    result = divide(total, _degrees_of_freedom(array, axes, ddof, base.dtype_of(wide)))
    return base.cast(result, dtypes.real_dtype(target))


def std(
    x: object, axis: object = None, dtype: object = None, ddof: float = 0, keepdims: bool = False
) -> Array:
    """The root of the variance: see `var`. Neither squares that overflow nor a variance of 0 harm it.

    Its gradient is 0 where all elements are equal.
    """
    from croton.ops.arithmetic import divide, sqrt
    from croton.ops.norms import euclidean_norm

    array = base.as_array(x)
    target = _inexact_dtype(array, dtype)
    wide = base.cast(array, dtypes.compute_dtype(target))
    axes = base.normalize_axes(axis, base.rank_of(array), "std")
    norm = euclidean_norm(_deviations(wide, axes), axes, keepdims)
    result = divide(norm, sqrt(_degrees_of_freedom(array, axes, ddof, base.dtype_of(wide))))
    return base.cast(result, dtypes.real_dtype(target))


def _squared_size(array: Array) -> Array:
    """|x|^2, real."""
    from croton.ops.arithmetic import multiply, square
    from croton.ops.elementwise import conjugate

    dtype = base.dtype_of(array)
    if not dtypes.is_complex(dtype):
        return square(array)
    return base.cast(multiply(array, conjugate(array)), dtypes.real_dtype(dtype))


def average(
    x: object, axis: object = None, weights: object = None, returned: bool = False, *, keepdims: bool = False
) -> Array | tuple[Array, Array]:
    """The mean over axes, weighted. Weights have the shape of x, or of its single reduced axis.

    returned: also the sum of the weights, broadcast to the result.

    Raises:
        ShapeError: the weights fit neither shape.
    """
    from croton.ops.arithmetic import divide, multiply
    from croton.ops.shape import broadcast_to, reshape

    array = base.as_array(x)
    rank = base.rank_of(array)
    axes = base.normalize_axes(axis, rank, "average")
    if weights is None:
        result = reduction.mean(array, axes, keepdims=keepdims)
        number = base.cast(reduction.count(base.shape_of(array), axes), base.dtype_of(result))
        return (result, broadcast_to(number, base.shape_of(result))) if returned else result
    given = base.as_array(weights)
    if base.rank_of(given) != rank:
        if base.rank_of(given) != 1 or len(axes) != 1:
            raise ShapeError(f"average: weights have {base.rank_of(given)} axes, x has {rank}")
        given = reshape(given, tuple(-1 if a == axes[0] else 1 for a in range(rank)))
    target = dtypes.inexact(base.common_dtype([array, given]))
    if dtypes.is_integer(base.dtype_of(array)) or dtypes.is_bool(base.dtype_of(array)):
        target = dtypes.promote(target, dtypes.FLOAT64)
    values, factors = base.cast(array, target), broadcast_to(base.cast(given, target), base.shape_of(array))
    total = reduction.sum(factors, axes, keepdims=keepdims)
    result = divide(reduction.sum(multiply(values, factors), axes, keepdims=keepdims), total)
    return (result, total) if returned else result


def _without_nan(x: object, instead: object) -> tuple[Array, Array]:
    """x with NaN replaced, and where it was not NaN."""
    from croton.ops.arithmetic import where
    from croton.ops.comparison import isnan, logical_not

    array = base.as_array(x)
    missing = isnan(array)
    return where(missing, base.cast(instead, base.dtype_of(array)), array), logical_not(missing)


def nansum(x: object, axis: object = None, dtype: object = None, keepdims: bool = False) -> Array:
    """The sum of what is not NaN."""
    return reduction.sum(_without_nan(x, 0)[0], axis, dtype, keepdims)


def nanprod(x: object, axis: object = None, dtype: object = None, keepdims: bool = False) -> Array:
    """The product of what is not NaN."""
    return reduction.prod(_without_nan(x, 1)[0], axis, dtype, keepdims)


def nanmean(x: object, axis: object = None, dtype: object = None, keepdims: bool = False) -> Array:
    """The mean of what is not NaN; NaN where all is."""
    from croton.ops.arithmetic import divide

    values, present = _without_nan(x, 0)
    total = reduction.sum(base.cast(values, _inexact_dtype(values, dtype)), axis, keepdims=keepdims)
    return divide(total, base.cast(reduction.count_nonzero(present, axis, keepdims), base.dtype_of(total)))


def nanmax(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The largest element that is not NaN; NaN where all are."""
    return _nan_extreme("max", x, axis, keepdims)


def nanmin(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The smallest element that is not NaN; NaN where all are."""
    return _nan_extreme("min", x, axis, keepdims)


def _nan_extreme(kind: str, x: object, axis: object, keepdims: bool) -> Array:
    from croton.ops.arithmetic import where

    array = base.as_array(x)
    if not dtypes.is_inexact(base.dtype_of(array)):
        return reduction.reduce(kind, array, axis, keepdims)
    values, present = _without_nan(array, reduction.extreme_of(base.dtype_of(array), least=kind == "max"))
    found = reduction.any(present, axis, keepdims)
    nan = base.cast(float("nan"), base.dtype_of(array))
    return where(found, reduction.reduce(kind, values, axis, keepdims), nan)

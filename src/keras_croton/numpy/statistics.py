"""Variances, averages, medians and quantiles, what is left of arrays without NaN, correlation.

`axis` is None (all axes), an axis or several of them; `keepdims` keeps the reduced axes with size 1.
"""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.ops import argmax as arguments
from croton.ops import arithmetic, base, comparison, cumulative, norms, quantiles, reduction
from croton.ops import statistics as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import floating, floating_operands, index_dtype
from keras_croton.numpy.reductions import accumulation_dtype, running_dtype

__all__ = [
    "average",
    "corrcoef",
    "correlate",
    "median",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "percentile",
    "quantile",
    "std",
    "var",
]


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of squared distances from the mean, real; of integers in floatx."""
    return ops.var(floating(x), axis, keepdims=keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of the variance. Its gradient is 0 where all elements are equal."""
    return ops.std(floating(x), axis, keepdims=keepdims)


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean over axes, weighted by `weights` of the shape of x or of its one reduced axis.

    Raises:
        ValueError: the weights have another shape.
    """
    if weights is None:
        return ops.average(floating(x), axis)
    array, factors = floating_operands(convert_to_tensor(x), convert_to_tensor(weights))
    return ops.average(array, axis, factors)


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element, or the mean of the two middle ones."""
    return quantiles.median(floating(x), axis, keepdims)


def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The numbers below which fractions q of the elements lie; the axes of q come first in the result.

    Raises:
        ValueError: q is not from 0 to 1, or there is no such method.
    """
    return quantiles.quantile(floating(x), convert_to_tensor(q), axis, method=method, keepdims=keepdims)


def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """`quantile` for percentages from 0 to 100."""
    return quantiles.percentile(floating(x), convert_to_tensor(q), axis, method=method, keepdims=keepdims)


def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """`median` of what is not NaN; NaN where all is."""
    return quantiles.nanmedian(floating(x), axis, keepdims)


def nanquantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """`quantile` of what is not NaN; NaN where all is."""
    return quantiles.nanquantile(floating(x), convert_to_tensor(q), axis, method=method, keepdims=keepdims)


def nanpercentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """`percentile` of what is not NaN; NaN where all is."""
    return quantiles.nanpercentile(floating(x), convert_to_tensor(q), axis, method=method, keepdims=keepdims)


def _without_nan(array: Any, instead: float) -> Any:
    """The array with another number in place of NaN."""
    if not dtypes.is_inexact(base.dtype_of(array)):
        return array
    return arithmetic.where(comparison.isnan(array), instead, array)


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of what is not NaN; integers in no less than 32 bits."""
    array = convert_to_tensor(x)
    return reduction.sum(_without_nan(array, 0), axis, accumulation_dtype(base.dtype_of(array)), keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of what is not NaN; integers in no less than 32 bits."""
    array = convert_to_tensor(x)
    return reduction.prod(_without_nan(array, 1), axis, accumulation_dtype(base.dtype_of(array)), keepdims)


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element that is not NaN; NaN where all are."""
    return ops.nanmax(convert_to_tensor(x), axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element that is not NaN; NaN where all are."""
    return ops.nanmin(convert_to_tensor(x), axis, keepdims)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The int32 position of the first largest element that is not NaN; -1 where all are."""
    return _nan_argument("max", x, axis, keepdims)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The int32 position of the first smallest element that is not NaN; -1 where all are."""
    return _nan_argument("min", x, axis, keepdims)


def _nan_argument(which: str, x: Any, axis: int | None, keepdims: bool) -> Any:
    array = convert_to_tensor(x)
    function = arguments.argmax if which == "max" else arguments.argmin
    if not dtypes.is_inexact(base.dtype_of(array)):
        return index_dtype(function(array, axis, keepdims))
    missing = comparison.isnan(array)
    worst = float("-inf") if which == "max" else float("inf")
    place = index_dtype(function(arithmetic.where(missing, worst, array), axis, keepdims))
    return arithmetic.where(reduction.all(missing, axis, keepdims), -1, place)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums, NaN counting as 0."""
    array = convert_to_tensor(x)
    return cumulative.cumsum(_without_nan(array, 0), axis, running_dtype(array, dtype))


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products, NaN counting as 1."""
    array = convert_to_tensor(x)
    return cumulative.cumprod(_without_nan(array, 1), axis, running_dtype(array, dtype))


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of what is not NaN; NaN where all is."""
    array = floating(x)
    wide = base.cast(array, dtypes.compute_dtype(base.dtype_of(array)))
    return base.cast(ops.nanmean(wide, axis, keepdims=keepdims), base.dtype_of(array))


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The variance of what is not NaN, real; NaN where all is."""
    array = floating(x)
    deviations, count = _present_deviations(array, axis, keepdims)
    size = arithmetic.absolute(deviations)
    variance = arithmetic.divide(reduction.sum(arithmetic.square(size), axis, keepdims=keepdims), count)
    return base.cast(variance, dtypes.real_dtype(base.dtype_of(array)))


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of `nanvar`. Its gradient is 0 where all elements are equal."""
    array = floating(x)
    deviations, count = _present_deviations(array, axis, keepdims)
    axes = base.normalize_axes(axis, base.rank_of(array), "nanstd")
    deviation = arithmetic.divide(norms.euclidean_norm(deviations, axes, keepdims), arithmetic.sqrt(count))
    return base.cast(deviation, dtypes.real_dtype(base.dtype_of(array)))


def _present_deviations(array: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    """Distances from the mean of what is not NaN, 0 where something is, and how many are not, both wide."""
    wide = base.cast(array, dtypes.compute_dtype(base.dtype_of(array)))
    missing = comparison.isnan(wide)
    count = reduction.count_nonzero(comparison.logical_not(missing), axis, keepdims)
    distance = arithmetic.subtract(wide, ops.nanmean(wide, axis, keepdims=True))
    real = dtypes.real_dtype(base.dtype_of(wide))
    return arithmetic.where(missing, 0, distance), base.cast(count, real)


def corrcoef(x: Any) -> Any:
    """The correlations of variables, the rows of x, with each other: (rows, rows); 1 for a vector."""
    from croton.ops.complex_numbers import conj, real
    from croton.ops.contraction import matmul
    from croton.ops.creation import diagonal
    from croton.ops.rearranging import atleast_2d, swapaxes
    from croton.ops.shape import expand_dims, reshape

    array = floating(x)
    dtype = base.dtype_of(array)
    rows = base.cast(atleast_2d(array), dtypes.compute_dtype(dtype))
    rows = arithmetic.subtract(rows, reduction.mean(rows, -1, keepdims=True))
    products = matmul(rows, swapaxes(conj(rows), -1, -2))
    deviation = arithmetic.sqrt(real(diagonal(products)))
    scaled = arithmetic.divide(arithmetic.divide(products, expand_dims(deviation, 1)), deviation)
    if not dtypes.is_complex(dtype):
        scaled = arithmetic.clip(scaled, -1, 1)
    result = base.cast(scaled, dtype)
    return reshape(result, ()) if base.rank_of(array) < 2 else result


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """The sums of products of x1 and of x2, vectors, moved along it.

    mode: "valid", where they overlap completely, "same", as many as the longer one has, or "full", wherever
    they overlap.

    Raises:
        ValueError: there is no such mode, or they are not vectors.
    """
    from croton.ops.convolution.general import conv
    from croton.ops.padding import pad
    from croton.ops.rearranging import flip
    from croton.ops.shape import reshape

    if mode not in ("valid", "same", "full"):
        raise ValueError(f"`mode` must be either `valid`, `same`, or `full`, but received: {mode}")
    first, second = floating_operands(convert_to_tensor(x1), convert_to_tensor(x2))
    shapes: list[Any] = [base.shape_of(first), base.shape_of(second)]
    if any(len(shape) != 1 for shape in shapes):
        raise ValueError(f"`x1` and `x2` must be vectors, but received shapes {shapes[0]} and {shapes[1]}")
    (length,), (size,) = shapes
    if length < size:
        return flip(correlate(second, first, mode))
    dtype = base.dtype_of(first)
    wide = dtypes.compute_dtype(dtype)
    before = {"valid": 0, "same": size // 2, "full": size - 1}[mode]
    after = {"valid": 0, "same": size - size // 2 - 1, "full": size - 1}[mode]
    signal = pad(base.cast(first, wide), (before, after))
    kernel = base.cast(second, wide)
    result = conv(
        reshape(signal, (1, -1, 1)), reshape(kernel, (-1, 1, 1)), padding="valid", data_format="channels_last"
    )
    return base.cast(reshape(result, (-1,)), dtype)

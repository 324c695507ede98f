"""Medians, quantiles and percentiles, as NumPy defines them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dtypes import FLOAT64
from croton.graph.values import Constant, EagerValue
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.sorting import sort

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]

# The continuous methods of Hyndman and Fan, "Sample quantiles in statistical packages" (1996): with n
# elements the quantile q lies at n q + alpha + q (1 - alpha - beta) - 1, counted from 0.
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_STEPPED = (
    "lower",
    "higher",
    "midpoint",
    "nearest",
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
)


def _place(method: str, n: Array, q: Array) -> Array:
    """Where the quantile lies among n sorted elements, between two of them if not whole."""
    from croton.ops.arithmetic import add, multiply, subtract

    if method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        if method == "linear":
            return multiply(subtract(n, 1.0), q)
        return subtract(add(add(multiply(n, q), alpha), multiply(q, 1 - alpha - beta)), 1.0)
    return _STEPS[method](n, q)


def _lower(n: Array, q: Array) -> Array:
    from croton.ops.rounding import floor

    return floor(_place("linear", n, q))


def _higher(n: Array, q: Array) -> Array:
    from croton.ops.rounding import ceil

    return ceil(_place("linear", n, q))


def _midpoint(n: Array, q: Array) -> Array:
    from croton.ops.arithmetic import add, multiply

    return multiply(add(_lower(n, q), _higher(n, q)), 0.5)


def _nearest(n: Array, q: Array) -> Array:
    """Halves go to the even position."""
    from croton.ops.rounding import rint

    return rint(_place("linear", n, q))


def _inverted(n: Array, q: Array) -> Array:
    from croton.ops.arithmetic import multiply, subtract
    from croton.ops.rounding import ceil

    return subtract(ceil(multiply(n, q)), 1.0)


def _averaged_inverted(n: Array, q: Array) -> Array:
    """Halfway to the next one where n q is whole."""
    from croton.ops.arithmetic import add, multiply, where
    from croton.ops.comparison import equal
    from croton.ops.rounding import floor

    product = multiply(n, q)
    whole = equal(product, floor(product))
    inverted = _inverted(n, q)
    return where(whole, add(inverted, 0.5), inverted)


def _closest(n: Array, q: Array) -> Array:
    """The nearest of n q - 1, counted from 0; of two equally near the one whose number from 1 is even."""
    from croton.ops.arithmetic import multiply, subtract
    from croton.ops.rounding import rint

    return subtract(rint(multiply(n, q)), 1.0)


_STEPS: dict[str, Callable[[Array, Array], Array]] = {
    "lower": _lower,
    "higher": _higher,
    "midpoint": _midpoint,
    "nearest": _nearest,
    "inverted_cdf": _inverted,
    "averaged_inverted_cdf": _averaged_inverted,
    "closest_observation": _closest,
}


def _between(low: Array, high: Array, weight: Array) -> Array:
    """low + (high - low) weight, from the nearer end, or from the finite one; right for infinities too."""
    from croton.ops.arithmetic import add, multiply, subtract, where
    from croton.ops.comparison import equal, greater_equal, isinf, logical_and, logical_not, logical_or

    same = logical_and(equal(low, high), isinf(low))
    step = subtract(high, where(same, base.cast(0, base.dtype_of(low)), low))
    rising = add(low, multiply(step, weight))
    falling = subtract(high, multiply(step, subtract(1, weight)))
    from_high = logical_and(logical_or(greater_equal(weight, 0.5), isinf(low)), logical_not(isinf(high)))
    return where(same, low, where(from_high, falling, rising))


def _check(q: Array, method: str, what: str) -> None:
    if method not in _CONTINUOUS and method not in _STEPPED:
        known = ", ".join((*_CONTINUOUS, *_STEPPED))
        raise ValueError(f"{what}: method must be one of {known}, got {method!r}")
    if isinstance(q, (Constant, EagerValue)) and not np.all((q.data >= 0) & (q.data <= 1)):
        raise ValueError(f"{what}: quantiles must be between 0 and 1, got {q.data}")


def _quantile(
    x: object, q: object, axis: object, method: str, keepdims: bool, without_nan: bool, what: str
) -> Array:
    from croton.ops.arithmetic import where
    from croton.ops.comparison import greater_equal, less_equal, logical_and
    from croton.ops.reduction import require_some
    from croton.ops.shape import reshape, transpose

    array = base.as_array(x)
    dtype = dtypes.inexact(base.dtype_of(array))
    if dtypes.is_integer(base.dtype_of(array)) or dtypes.is_bool(base.dtype_of(array)):
        dtype = FLOAT64
    if dtypes.is_complex(dtype):
        raise TypeError(f"{what} is not defined for complex numbers")
    array = base.cast(array, dtype)
    wanted = base.cast(base.as_array(q), FLOAT64)
    _check(wanted, method, what)
    shape = base.shape_of(array)
    axes = base.normalize_axes(axis, len(shape), what)
    require_some(shape, axes, what)
    kept = [a for a in range(len(shape)) if a not in axes]
    rows = dims.product(shape[a] for a in kept)
    size = dims.product(shape[a] for a in axes)
    matrix = sort(reshape(transpose(array, (*kept, *axes)), (rows, size)))
    flat = reshape(wanted, (-1,))
    found = _of_sorted_rows(matrix, flat, method, without_nan)
    allowed = logical_and(greater_equal(flat, 0.0), less_equal(flat, 1.0))
    found = where(reshape(allowed, (-1, 1)), found, base.cast(float("nan"), dtype))
    left = tuple(1 if a in axes else size for a, size in enumerate(shape) if keepdims or a in kept)
    return reshape(found, (*base.shape_of(wanted), *left))


def _of_sorted_rows(matrix: Array, q: Array, method: str, without_nan: bool) -> Array:
    """Quantiles (quantiles, rows) of sorted rows (rows, size); NaN where a row has one, or has only them."""
    from croton.ops.arithmetic import maximum, minimum, subtract, where
    from croton.ops.comparison import isnan, logical_not
    from croton.ops.gathering import gather, iota_beside, number_beside
    from croton.ops.reduction import count_nonzero
    from croton.ops.rounding import ceil, floor
    from croton.ops.shape import reshape
    from croton.ops.slicing import Slice

    rows, size = base.shape_of(matrix)
    dtype = base.dtype_of(matrix)
    if without_nan:
        n = reshape(base.cast(count_nonzero(logical_not(isnan(matrix)), 1), FLOAT64), (1, rows))
        missing = isnan(reshape(apply_one(Slice((0, 0), (rows, 1), (1, 1)), matrix), (1, rows)))
    else:
        n = base.cast(number_beside(size, matrix), FLOAT64)
        last = apply_one(Slice((0, dims.subtract(size, 1)), (rows, 1), (1, 1)), matrix)
        missing = isnan(reshape(last, (1, rows)))
    place = maximum(minimum(_place(method, n, reshape(q, (-1, 1))), subtract(n, 1.0)), 0.0)
    place = where(isnan(place), 0.0, place)  # the result for such a quantile is replaced later
    below, above = floor(place), ceil(place)
    row = reshape(iota_beside(rows, matrix), (1, rows))
    low, high = (gather(matrix, (0, 1), 0, [row, base.cast(p, "int64")]) for p in (below, above))
    weight = base.cast(subtract(place, below), dtype)
    return where(missing, base.cast(float("nan"), dtype), _between(low, high, weight))


def quantile(
    x: object, q: object, axis: object = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """The numbers below which fractions q of the elements along axes (all when None) lie.

    q: numbers from 0 to 1, of any shape, whose axes come first in the result; may be computed while
    running, and then gives NaN where it is outside. method: one of NumPy's. The gradient goes to the
    elements that the result lies between. NaN where an element is.

    Raises:
        ValueError: a q known now is outside, or no such method. ShapeError: there are no elements.
    """
    return _quantile(x, q, axis, method, keepdims, False, "quantile")


def percentile(
    x: object, q: object, axis: object = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """`quantile` for percentages from 0 to 100."""
    return _quantile(x, _hundredth(q), axis, method, keepdims, False, "percentile")


def median(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The middle element along axes (all when None), or the mean of the two middle ones."""
    return _quantile(x, 0.5, axis, "linear", keepdims, False, "median")


def nanquantile(
    x: object, q: object, axis: object = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """`quantile` of what is not NaN; NaN where all is."""
    return _quantile(x, q, axis, method, keepdims, True, "nanquantile")


def nanpercentile(
    x: object, q: object, axis: object = None, *, method: str = "linear", keepdims: bool = False
) -> Array:
    """`percentile` of what is not NaN; NaN where all is."""
    return _quantile(x, _hundredth(q), axis, method, keepdims, True, "nanpercentile")


def nanmedian(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """`median` of what is not NaN; NaN where all is."""
    return _quantile(x, 0.5, axis, "linear", keepdims, True, "nanmedian")


def _hundredth(q: Any) -> Array:
    from croton.ops.arithmetic import divide

    return divide(base.cast(base.as_array(q), FLOAT64), 100.0)

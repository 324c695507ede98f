"""Sums, products, quotients, remainders, roots, signs and extremes of elements."""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.ops import arithmetic as ops
from croton.ops import base, rounding
from croton.ops.exponential import power as power_of
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import elementwise, floating, floating_operands, operand, operands, typed

__all__ = [
    "abs",
    "absolute",
    "add",
    "cbrt",
    "ceil",
    "clip",
    "divide",
    "divide_no_nan",
    "fabs",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "heaviside",
    "hypot",
    "ldexp",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "nextafter",
    "power",
    "reciprocal",
    "round",
    "sign",
    "signbit",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
    "trunc",
]


def add(x1: Any, x2: Any) -> Any:
    """x1 + x2; logical or for bools."""
    return elementwise("add", *operands(x1, x2))


def subtract(x1: Any, x2: Any) -> Any:
    """x1 - x2; not for bools.

    Raises:
        TypeError: both are bools.
    """
    return elementwise("subtract", *operands(x1, x2))


def multiply(x1: Any, x2: Any) -> Any:
    """x1 * x2; logical and for bools."""
    return elementwise("multiply", *operands(x1, x2))


def divide(x1: Any, x2: Any) -> Any:
    """x1 / x2 in floating point."""
    return elementwise("divide", *floating_operands(x1, x2))


def true_divide(x1: Any, x2: Any) -> Any:
    """x1 / x2 in floating point."""
    return divide(x1, x2)


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """x1 / x2 in floating point, and 0 where x2 is 0; so are its gradients there."""
    numerator, denominator = floating_operands(x1, x2)
    zero = elementwise("equal", denominator, base.cast(0, base.dtype_of(denominator)))
    safe = ops.where(zero, 1, denominator)
    return ops.where(zero, 0, elementwise("divide", numerator, safe))


def floor_divide(x1: Any, x2: Any) -> Any:
    """x1 / x2 rounded down."""
    return elementwise("floor_divide", *_numbers(x1, x2))


def mod(x1: Any, x2: Any) -> Any:
    """The remainder of x1 / x2 with the sign of x2."""
    return elementwise("remainder", *_numbers(x1, x2))


def fmod(x1: Any, x2: Any) -> Any:
    """The remainder of x1 / x2 with the sign of x1."""
    return elementwise("fmod", *_numbers(x1, x2))


def _numbers(x1: Any, x2: Any) -> list[Any]:
    """Operands of which bools are int32."""
    first, second = operands(x1, x2)
    if dtypes.is_bool(base.dtype_of(first)):
        return [base.cast(first, dtypes.INT32), base.cast(second, dtypes.INT32)]
    return [first, second]


def power(x1: Any, x2: Any) -> Any:
    """x1 to the power of x2; integers stay integers."""
    number, exponent = _numbers(x1, x2)
    if not dtypes.is_inexact(base.dtype_of(number)):
        return elementwise("power", number, exponent)
    return convert_to_tensor(power_of(number, exponent))  # which may be the number itself


def negative(x: Any) -> Any:
    """-x."""
    return ops.negative(convert_to_tensor(x))


def absolute(x: Any) -> Any:
    """|x|, real for complex x."""
    return ops.absolute(convert_to_tensor(x))


def abs(x: Any) -> Any:
    """|x|, real for complex x."""
    return absolute(x)


def fabs(x: Any) -> Any:
    """|x| in floating point."""
    return ops.absolute(floating(x))


def sign(x: Any) -> Any:
    """-1, 0 or 1; x / |x| for complex x."""
    array = convert_to_tensor(x)
    return array if dtypes.is_bool(base.dtype_of(array)) else ops.sign(array)


def signbit(x: Any) -> Any:
    """Whether the sign bit is set, bool: true for -0.0, false for unsigned numbers."""
    array = convert_to_tensor(x)
    dtype = base.dtype_of(array)
    if dtypes.is_float(dtype):
        return ops.signbit(array)
    return elementwise("less", array, base.cast(0, dtype))


def reciprocal(x: Any) -> Any:
    """1 / x in floating point."""
    return ops.reciprocal(floating(x))


def square(x: Any) -> Any:
    """x * x; bools become int32."""
    array = convert_to_tensor(x)
    return ops.square(base.cast(array, dtypes.INT32) if dtypes.is_bool(base.dtype_of(array)) else array)


def sqrt(x: Any) -> Any:
    """The square root in floating point; NaN for negative numbers."""
    return elementwise("sqrt", floating(x))


def cbrt(x: Any) -> Any:
    """The real cube root in floating point."""
    return ops.cbrt(floating(x))


def hypot(x1: Any, x2: Any) -> Any:
    """sqrt(x1^2 + x2^2) in floating point, without overflow."""
    return elementwise("hypot", *floating_operands(x1, x2))


def maximum(x1: Any, x2: Any) -> Any:
    """The larger of the two; NaN where either is."""
    return elementwise("maximum", *operands(x1, x2))


def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of the two; NaN where either is."""
    return elementwise("minimum", *operands(x1, x2))


def fmax(x1: Any, x2: Any) -> Any:
    """The larger of the two, a NaN counting as missing."""
    return elementwise("fmax", *operands(x1, x2))


def fmin(x1: Any, x2: Any) -> Any:
    """The smaller of the two, a NaN counting as missing."""
    return elementwise("fmin", *operands(x1, x2))


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """x limited to [x_min, x_max], in its own dtype (int32 for bools); a limit may be None."""
    array = convert_to_tensor(x)
    dtype = base.dtype_of(array)
    if dtypes.is_bool(dtype):
        array, dtype = base.cast(array, dtypes.INT32), dtypes.INT32
    low, high = (None if limit is None else _limit(limit, dtype) for limit in (x_min, x_max))
    return ops.clip(array, low, high)


def _limit(limit: Any, dtype: dtypes.DType) -> Any:
    """A limit in a dtype: an integer beyond those that the dtype has is its last one."""
    if isinstance(limit, int) and dtypes.is_integer(dtype):
        import numpy as np

        limit = int(np.clip(limit, np.iinfo(dtype).min, np.iinfo(dtype).max))
    return typed(operand(limit), dtype)


def heaviside(x1: Any, x2: Any) -> Any:
    """0 for negative x1, 1 for positive x1, x2 where x1 is 0, in floating point."""
    return elementwise("heaviside", *floating_operands(x1, x2))


def nextafter(x1: Any, x2: Any) -> Any:
    """The number next to x1 towards x2."""
    return elementwise("nextafter", *floating_operands(x1, x2))


def ldexp(x1: Any, x2: Any) -> Any:
    """x1 * 2^x2 in floating point, for integers x2.

    Raises:
        TypeError: x2 are not integers.
    """
    exponent = convert_to_tensor(x2)
    if not dtypes.is_integer(base.dtype_of(exponent)):
        raise TypeError(
            f"ldexp exponent must be an integer type. Received: x2 dtype={base.dtype_of(exponent).name}"
        )
    return ops.ldexp(floating(x1), exponent)


def ceil(x: Any) -> Any:
    """The smallest whole number not below x, in floating point."""
    return rounding.ceil(floating(x))


def floor(x: Any) -> Any:
    """The largest whole number not above x, in floating point."""
    return rounding.floor(floating(x))


def trunc(x: Any) -> Any:
    """x rounded towards 0; integers and bools stay as they are."""
    return rounding.trunc(convert_to_tensor(x))


def round(x: Any, decimals: int = 0) -> Any:
    """x to `decimals` decimals, ties to even; integers stay integers."""
    array = convert_to_tensor(x)
    dtype = base.dtype_of(array)
    if dtypes.is_bool(dtype):
        return rounding.round(floating(array), decimals)
    return rounding.round(array, decimals)

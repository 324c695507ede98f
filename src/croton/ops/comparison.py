"""Comparisons, logic and classification of numbers: bool results and no gradients."""

from __future__ import annotations

import builtins
import math
from typing import TypeGuard

import numpy as np

from croton.graph import dtypes
from croton.graph.dtypes import BOOL, INT64, UINT64
from croton.graph.errors import DTypeError
from croton.ops import base
from croton.ops.arithmetic import absolute, add, multiply, subtract, where
from croton.ops.base import Array
from croton.ops.elementwise import define, elementwise

__all__ = [
    "allclose",
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "nan_to_num",
    "not_equal",
]

define("equal", 2, np.equal, kinds="bifc", result="bool")
define("not_equal", 2, np.not_equal, kinds="bifc", result="bool")
define("less", 2, np.less, kinds="bifc", result="bool")
define("less_equal", 2, np.less_equal, kinds="bifc", result="bool")
define("greater", 2, np.greater, kinds="bifc", result="bool")
define("greater_equal", 2, np.greater_equal, kinds="bifc", result="bool")
define("logical_and", 2, np.logical_and, kinds="b", result="bool")
define("logical_or", 2, np.logical_or, kinds="b", result="bool")
define("logical_xor", 2, np.logical_xor, kinds="b", result="bool")
define("logical_not", 1, np.logical_not, kinds="b", result="bool")
define("isnan", 1, np.isnan, kinds="fc", result="bool")
define("isinf", 1, np.isinf, kinds="fc", result="bool")
define("isfinite", 1, np.isfinite, kinds="fc", result="bool")

# For a negative int64 against any uint64: what the comparison says.
_WHEN_NEGATIVE = {
    "equal": False,
    "not_equal": True,
    "less": True,
    "less_equal": True,
    "greater": False,
    "greater_equal": False,
}
_MIRRORED = {
    "equal": "equal",
    "not_equal": "not_equal",
    "less": "greater",
    "less_equal": "greater_equal",
    "greater": "less",
    "greater_equal": "less_equal",
}


def _compare(name: str, x: object, y: object) -> Array:
    """Signed against unsigned 64-bit integers, and Python ints out of range, compare exactly."""
    first = x if isinstance(x, base.PYTHON_SCALARS) else base.as_array(x)
    second = y if isinstance(y, base.PYTHON_SCALARS) else base.as_array(y)
    kinds = [None if isinstance(v, base.PYTHON_SCALARS) else base.dtype_of(v) for v in (first, second)]
    if kinds[1] == UINT64 and kinds[0] in dtypes.SIGNED:
        negative = elementwise("less", base.cast(first, INT64), base.cast(0, INT64))
        unsigned = elementwise(name, base.cast(first, UINT64), second)
        return where(negative, _WHEN_NEGATIVE[name], unsigned)
    if kinds[0] == UINT64 and kinds[1] in dtypes.SIGNED:
        return _compare(_MIRRORED[name], second, first)
    for scalar, other, function in ((first, kinds[1], _MIRRORED[name]), (second, kinds[0], name)):
        if _beyond(scalar, other):
            array = second if scalar is first else first
            return _against_number(function, array, scalar > 0)
    return elementwise(name, first, second)


def _beyond(scalar: object, dtype: dtypes.DType | None) -> TypeGuard[int]:
    """Whether a Python int lies outside what an integer dtype holds."""
    if (
        dtype is None
        or not dtypes.is_integer(dtype)
        or isinstance(scalar, bool)
        or not isinstance(scalar, int)
    ):
        return False
    limits = np.iinfo(dtype)
    return not limits.min <= scalar <= limits.max


def _against_number(name: str, array: Array, above: builtins.bool) -> Array:
    """The comparison of integers with a number above (or below) all of them."""
    from croton.ops.shape import full_like

    holds = name == "not_equal" or name.startswith("less" if above else "greater")
    return full_like(array, holds, dtype=BOOL)


def equal(x: object, y: object) -> Array:
    """x == y, element by element."""
    return _compare("equal", x, y)


def not_equal(x: object, y: object) -> Array:
    """x != y, element by element."""
    return _compare("not_equal", x, y)


def less(x: object, y: object) -> Array:
    """x < y; complex numbers compare by real, then imaginary part, as in NumPy."""
    return _compare("less", x, y)


def less_equal(x: object, y: object) -> Array:
    """x <= y; complex numbers compare by real, then imaginary part."""
    return _compare("less_equal", x, y)


def greater(x: object, y: object) -> Array:
    """x > y; complex numbers compare by real, then imaginary part."""
    return _compare("greater", x, y)


def greater_equal(x: object, y: object) -> Array:
    """x >= y; complex numbers compare by real, then imaginary part."""
    return _compare("greater_equal", x, y)


def logical_and(x: object, y: object) -> Array:
    """True where both are nonzero."""
    return elementwise("logical_and", x, y, dtype=BOOL)


def logical_or(x: object, y: object) -> Array:
    """True where either is nonzero."""
    return elementwise("logical_or", x, y, dtype=BOOL)


def logical_xor(x: object, y: object) -> Array:
    """True where exactly one is nonzero."""
    return elementwise("logical_xor", x, y, dtype=BOOL)


def logical_not(x: object) -> Array:
    """True where x is zero."""
    return elementwise("logical_not", x, dtype=BOOL)


def _classify(name: str, x: object, otherwise: bool) -> Array:
    from croton.ops.shape import full_like

    array = base.as_array(x)
    if dtypes.is_inexact(base.dtype_of(array)):
        return elementwise(name, array)
    return full_like(array, otherwise, dtype=BOOL)


def isnan(x: object) -> Array:
    """Whether x is not a number; never for integers."""
    return _classify("isnan", x, False)


def isinf(x: object) -> Array:
    """Whether x is infinite, of either sign."""
    return _classify("isinf", x, False)


def isfinite(x: object) -> Array:
    """Whether x is neither infinite nor NaN."""
    return _classify("isfinite", x, True)


def _is_infinity(x: object, infinity: float, name: str) -> Array:
    from croton.ops.shape import full_like

    array = base.as_array(x)
    dtype = base.dtype_of(array)
    if dtypes.is_complex(dtype):
        raise DTypeError(f"{name} is not defined for dtype {dtype.name}")
    return equal(array, infinity) if dtypes.is_inexact(dtype) else full_like(array, False, dtype=BOOL)


def isposinf(x: object) -> Array:
    """Whether x is positive infinity."""
    return _is_infinity(x, math.inf, "isposinf")


def isneginf(x: object) -> Array:
    """Whether x is negative infinity."""
    return _is_infinity(x, -math.inf, "isneginf")


def isclose(a: object, b: object, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """|a - b| <= atol + rtol |b|, or equal (infinities); NaN equals NaN where `equal_nan`."""
    first, second = base.as_operands(a, b)
    if not dtypes.is_inexact(base.dtype_of(first)):
        first, second = base.cast(first, dtypes.FLOAT64), base.cast(second, dtypes.FLOAT64)
    bound = add(multiply(absolute(second), rtol), atol)
    near = logical_and(less_equal(absolute(subtract(first, second)), bound), isfinite(second))
    close = logical_or(near, equal(first, second))
    return logical_or(close, logical_and(isnan(first), isnan(second))) if equal_nan else close


def allclose(a: object, b: object, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Whether all elements are close, as `isclose` says."""
    from croton.ops.reduction import all

    return all(isclose(a, b, rtol, atol, equal_nan))


def nan_to_num(
    x: object, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """x with NaN and infinities replaced; infinities by default by the extreme finite numbers."""
    from croton.ops.complex_numbers import complex_, imag, real

    array = base.as_array(x)
    dtype = base.dtype_of(array)
    if not dtypes.is_inexact(dtype):
        return array
    if dtypes.is_complex(dtype):
        return complex_(
            nan_to_num(real(array), nan, posinf, neginf), nan_to_num(imag(array), nan, posinf, neginf)
        )
    largest = _largest(dtype)
    above = where(equal(array, math.inf), largest if posinf is None else posinf, array)
    within = where(equal(array, -math.inf), -largest if neginf is None else neginf, above)
    return where(isnan(array), nan, within)


def _largest(dtype: dtypes.DType) -> float:
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype).max)  # type: ignore[no-untyped-call]

"""Dtypes: those Croton computes with, those it only stores, and NumPy's promotion rules for them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import ml_dtypes
import numpy as np

from croton.graph.errors import DTypeError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

DType = np.dtype[Any]

BFLOAT16: DType = np.dtype(ml_dtypes.bfloat16)
BOOL: DType = np.dtype(np.bool_)
INT32: DType = np.dtype(np.int32)
INT64: DType = np.dtype(np.int64)
UINT32: DType = np.dtype(np.uint32)
UINT64: DType = np.dtype(np.uint64)
FLOAT8_E4M3FN: DType = np.dtype(ml_dtypes.float8_e4m3fn)
FLOAT8_E5M2: DType = np.dtype(ml_dtypes.float8_e5m2)
FLOAT16: DType = np.dtype(np.float16)
FLOAT32: DType = np.dtype(np.float32)
FLOAT64: DType = np.dtype(np.float64)
COMPLEX64: DType = np.dtype(np.complex64)
COMPLEX128: DType = np.dtype(np.complex128)

SIGNED = tuple(np.dtype(name) for name in ("int8", "int16", "int32", "int64"))
UNSIGNED = tuple(np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64"))
INTEGERS = SIGNED + UNSIGNED
FLOATS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)
COMPLEXES = (COMPLEX64, COMPLEX128)
ALL = (BOOL, *INTEGERS, *FLOATS, *COMPLEXES)
STORED = (
    FLOAT8_E4M3FN,
    FLOAT8_E5M2,
)  # no functions are defined for these: they are cast to and from, and moved
KNOWN = (*ALL, *STORED)
_NAMES = {dtype.name: dtype for dtype in KNOWN}
_CANONICAL = {dtype: dtype for dtype in KNOWN}  # names of NumPy dtypes are made anew each time, which is slow
_INTEGER_SET, _FLOAT_SET, _COMPLEX_SET = frozenset(INTEGERS), frozenset(FLOATS), frozenset(COMPLEXES)
_INEXACT_SET = _FLOAT_SET | _COMPLEX_SET


def as_dtype(dtype: object) -> DType:
    """The canonical dtype for a name, NumPy type or dtype.

    Raises:
        DTypeError: it is none of them.
    """
    if isinstance(dtype, np.dtype):
        known = _CANONICAL.get(dtype)
        if known is not None:
            return known
    if isinstance(dtype, str) and dtype in _NAMES:
        return _NAMES[dtype]
    try:
        name = np.dtype(cast("DTypeLike", dtype)).name
    except TypeError:
        name = str(getattr(dtype, "name", dtype))
    if name in _NAMES:
        return _NAMES[name]
    raise DTypeError(f"dtype {dtype!r} is not supported; expected one of {', '.join(_NAMES)}")


def undefined(function: str, dtype: DType) -> DTypeError:
    """The error of a function that is not defined for a dtype, which says what to do about it."""
    instead = "; cast to float32 before, and back if need be" if dtype in STORED else ""
    return DTypeError(f"{function} is not defined for dtype {dtype.name}{instead}")


def is_bool(dtype: DType) -> bool:
    return dtype == BOOL


def is_integer(dtype: DType) -> bool:
    """True for signed and unsigned integers, not for bool."""
    return dtype in _INTEGER_SET


def is_float(dtype: DType) -> bool:
    """True for the four real floating dtypes."""
    return dtype in _FLOAT_SET


def is_complex(dtype: DType) -> bool:
    return dtype in _COMPLEX_SET


def is_inexact(dtype: DType) -> bool:
    """True for floating and complex dtypes: those that carry gradients."""
    return dtype in _INEXACT_SET


def real_dtype(dtype: DType) -> DType:
    """The dtype of the real part of a number of this dtype."""
    return {COMPLEX64: FLOAT32, COMPLEX128: FLOAT64}.get(dtype, dtype)


def complex_dtype(dtype: DType) -> DType:
    """The complex dtype whose parts hold this dtype."""
    if is_complex(dtype):
        return dtype
    return COMPLEX64 if dtype in (FLOAT16, BFLOAT16, FLOAT32) else COMPLEX128


def compute_dtype(dtype: DType) -> DType:
    """The dtype in which compiled code calculates: half precisions calculate in float32."""
    return FLOAT32 if dtype in (FLOAT16, BFLOAT16, *STORED) else dtype


@lru_cache(maxsize=1024)
def promote(*dtypes: DType) -> DType:
    """The common dtype of arrays, as NumPy promotes (bfloat16 as ml_dtypes does, with float16 to float32)."""
    result = dtypes[0]
    for dtype in dtypes[1:]:
        result = _promote_two(result, dtype)
    return result


def _promote_two(first: DType, second: DType) -> DType:
    if first == second:
        return first
    if first in STORED or second in STORED:
        raise DTypeError(f"{first.name} and {second.name} have no common dtype; cast one of them")
    if BFLOAT16 in (first, second):
        other = second if first == BFLOAT16 else first
        if other == FLOAT16:
            return FLOAT32
        if is_inexact(other):
            return other
        return BFLOAT16
    return as_dtype(np.promote_types(first, second))


class Defaults:
    """floating: the dtype of Python's floats where no array says another; the front end's `floatX`."""

    floating: DType = FLOAT64


def promote_scalar(dtype: DType, scalar: bool | int | float | complex) -> DType:
    """The dtype of an array of `dtype` combined with a Python scalar, which is weak (NEP 50)."""
    if isinstance(scalar, bool):
        return dtype
    if isinstance(scalar, int):
        return INT64 if is_bool(dtype) else dtype
    if isinstance(scalar, float):
        return dtype if is_inexact(dtype) else promote(dtype, Defaults.floating)
    if is_complex(dtype):
        return dtype
    return complex_dtype(dtype) if is_inexact(dtype) else COMPLEX128


def scalar_dtype(scalar: bool | int | float | complex) -> DType:
    """The dtype of a Python scalar on its own."""
    if isinstance(scalar, bool):
        return BOOL
    if isinstance(scalar, int):
        return INT64 if -(2**63) <= scalar < 2**63 else UINT64
    return Defaults.floating if isinstance(scalar, float) else COMPLEX128


@lru_cache(maxsize=256)
def inexact(dtype: DType) -> DType:
    """The floating dtype in which NumPy evaluates functions such as exp for an argument of this dtype."""
    if is_inexact(dtype):
        return dtype
    if dtype in (BOOL, np.dtype("int8"), np.dtype("uint8")):
        return FLOAT16
    if dtype in (np.dtype("int16"), np.dtype("uint16")):
        return FLOAT32
    return FLOAT64

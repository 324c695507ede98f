"""Arguments at which every scalar function of the table is tried, and where each is smooth."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from croton.graph import dtypes
from croton.ops.elementwise import FUNCTIONS, kind_of

Array = NDArray[Any]

# Functions whose first operand is one whole order.
OF_ORDER = {
    "cosine_moment",
    "erfcx_moment",
    "erfcx_moment_ratio",
    "exponential_moment",
    "hyperbolic_moment",
    "logarithm_moment",
    "polygamma",
}
# Operands a function is not differentiated by, though it changes with them.
NOT_DIFFERENTIATED = {"ldexp": (1,), "nextafter": (1,), **{name: (0,) for name in OF_ORDER}}

_POSITIVE = (0.4, 3.6)
_UNIT = (-0.9, 0.9)
# The interval of interior points, where it is not [-2.4, 2.4]; a pair of intervals for two operands.
_INTERVALS: dict[str, Any] = {
    "log": _POSITIVE,
    "log2": _POSITIVE,
    "log10": _POSITIVE,
    "sqrt": _POSITIVE,
    "gamma": _POSITIVE,
    "gammaln": _POSITIVE,
    "digamma": _POSITIVE,
    "trigamma": _POSITIVE,
    "polygamma": _POSITIVE,
    "log1p": (-0.8, 3.0),
    "log1prel": (-0.8, 3.0),
    "logarithm_moment": (-0.8, 3.0),
    "sqrt1pm1": (-0.8, 3.0),
    "xlog1py": ((-2.4, 2.4), (-0.8, 3.0)),
    "xlogy": ((-2.4, 2.4), _POSITIVE),
    "power": (_POSITIVE, (-2.4, 2.4)),
    "arcsin": _UNIT,
    "arccos": _UNIT,
    "arctanh": _UNIT,
    "erfinv": _UNIT,
    "erfcinv": (0.1, 1.9),
    "arccosh": (1.2, 4.0),
    "log1mexp": (-4.0, -0.1),
}


def interior_points(name: str, position: int) -> Array:
    """Points at which the function is smooth: none whole, no two operands alike."""
    interval = _INTERVALS.get(name, (-2.4, 2.4))
    low, high = interval[position] if isinstance(interval[0], tuple) else interval
    fractions = np.array([0.03, 0.19, 0.37, 0.57, 0.78, 0.96])
    order = [[0, 1, 2, 3, 4, 5], [3, 5, 0, 4, 1, 2], [2, 0, 4, 1, 5, 3]][position]
    return np.asarray(low + (high - low) * (fractions + 0.011 * position)[order])


def complex_points(position: int) -> Array:
    real = np.array([0.35, -0.62, 0.81, -0.24, 1.37])
    imaginary = np.array([0.41, 0.73, -0.52, -0.95, 0.28])
    return np.asarray(np.roll(real, position) + 1j * np.roll(imaginary, 2 * position))


def extreme_arguments(dtype: dtypes.DType) -> tuple[Array, Array]:
    """Two operands: every pair of ordinary numbers and of the numbers at which functions go wrong."""
    kind = kind_of(dtype)
    if kind == "c":
        return _complex_arguments(dtype)
    if kind == "b":
        numbers: list[Any] = [False, True]
    elif kind == "i":
        limits = np.iinfo(dtype)
        numbers = [0, 1, 2, 3, 7, 31, 64, limits.max // 3, limits.max, limits.min]
        numbers += [-1, -2, -5] if dtype.kind == "i" else []
    else:
        info = ml_dtypes.finfo(dtype)
        ordinary = [0.1, 0.5, 0.9, 0.99, 1.0, 1.1, 2.0, 3.7, 10.0, 30.0, 100.0, 1000.0, 1e-3, 1e-7]
        edges = [0.0, float(info.tiny), float(info.smallest_subnormal), float(info.max), np.inf]
        numbers = [sign * number for number in ordinary + edges for sign in (1, -1)] + [np.nan]
    first, second = np.meshgrid(np.array(numbers, dtype), np.array(numbers, dtype))
    return first.ravel(), second.ravel()


def _complex_arguments(dtype: dtypes.DType) -> tuple[Array, Array]:
    parts = [-20.0, -2.3, -0.5, 0.0, 1e-5, 0.7, 1.0, 4.0]
    first = np.array([complex(a, b) for a in parts for b in parts])
    return first.astype(dtype), np.roll(first, 13).astype(dtype)


def functions_of(dtype: dtypes.DType) -> list[str]:
    """Every function of the table that takes this dtype."""
    return [name for name, function in FUNCTIONS.items() if function.accepts(dtype)]


def distance(computed: Array, expected: Array) -> Array:
    """How far apart, in units in the last place of the expected number (of its size, if complex)."""
    if computed.dtype.kind in "bui":
        return np.where(computed == expected, 0.0, np.inf)
    if computed.dtype.kind == "c":
        wide = np.maximum(np.abs(expected), float(np.finfo(expected.dtype).tiny)).astype(np.float64)
        return np.maximum(
            _real_distance(computed.real, expected.real, wide),
            _real_distance(computed.imag, expected.imag, wide),
        )
    return _real_distance(computed, expected, np.abs(expected.astype(np.float64)))


def _real_distance(computed: Array, expected: Array, size: Array) -> Array:
    info = ml_dtypes.finfo(computed.dtype)
    a, b = computed.astype(np.float64), expected.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        unit = np.maximum(size * float(info.eps), float(info.smallest_subnormal))
        far = np.abs(a - b) / np.where(np.isfinite(unit), unit, 1.0)
    return np.where(same, 0.0, np.nan_to_num(far, nan=np.inf, posinf=np.inf))

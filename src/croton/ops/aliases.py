"""Theano's names for operations that NumPy calls otherwise."""

from __future__ import annotations

from croton.graph import dtypes
from croton.ops import base
from croton.ops.arithmetic import absolute, reciprocal, sign, square, where
from croton.ops.base import Array
from croton.ops.bits import bitwise_and, bitwise_or, bitwise_xor
from croton.ops.comparison import equal, greater, greater_equal, less, less_equal, not_equal
from croton.ops.complex_numbers import complex_, conj
from croton.ops.rounding import rint

__all__ = [
    "abs",
    "abs_",
    "and_",
    "complex",
    "conjugate",
    "eq",
    "ge",
    "gt",
    "inv",
    "iround",
    "le",
    "lt",
    "neq",
    "or_",
    "sgn",
    "sqr",
    "switch",
    "xor",
]

eq, neq, lt, le, gt, ge = equal, not_equal, less, less_equal, greater, greater_equal
sqr, sgn, abs_, abs, inv = square, sign, absolute, absolute, reciprocal
and_, or_, xor = bitwise_and, bitwise_or, bitwise_xor
switch, complex, conjugate = where, complex_, conj


def iround(x: object) -> Array:
    """The nearest whole number as int64, ties to even."""
    return base.cast(rint(x), dtypes.INT64)

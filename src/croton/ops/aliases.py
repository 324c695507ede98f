"""Theano's names for operations that NumPy calls otherwise."""

from __future__ import annotations

from functools import reduce

from croton.graph import dtypes
from croton.graph.dims import Dim
from croton.ops import base
from croton.ops.arithmetic import (
    absolute,
    add,
    divide,
    floor_divide,
    maximum,
    minimum,
    multiply,
    negative,
    reciprocal,
    sign,
    square,
    subtract,
    where,
)
from croton.ops.base import Array
from croton.ops.bits import bitwise_and, bitwise_or, bitwise_xor
from croton.ops.comparison import equal, greater, greater_equal, isfinite, less, less_equal, not_equal
from croton.ops.complex_numbers import complex_, conj
from croton.ops.creation import diagonal
from croton.ops.gathering import flatnonzero, take
from croton.ops.rearranging import ravel
from croton.ops.reduction import max, min
from croton.ops.rounding import rint, trunc
from croton.ops.shape import broadcast_to
from croton.ops.special import trigamma

__all__ = [
    "abs",
    "abs_",
    "and_",
    "complex",
    "conjugate",
    "eq",
    "extract_diag",
    "fill",
    "floor_div",
    "ge",
    "gt",
    "int_div",
    "inv",
    "iround",
    "largest",
    "le",
    "lt",
    "mul",
    "neg",
    "neq",
    "nonzero_values",
    "or_",
    "round_half_away_from_zero",
    "round_half_to_even",
    "second",
    "sgn",
    "shape_i",
    "smallest",
    "sqr",
    "sub",
    "switch",
    "tensor_copy",
    "tri_gamma",
    "true_div",
    "xor",
]

sub, mul, neg = subtract, multiply, negative
true_div, int_div, floor_div = divide, floor_divide, floor_divide
tri_gamma, round_half_to_even = trigamma, rint
eq, neq, lt, le, gt, ge = equal, not_equal, less, less_equal, greater, greater_equal
sqr, sgn, abs_, abs, inv = square, sign, absolute, absolute, reciprocal
and_, or_, xor = bitwise_and, bitwise_or, bitwise_xor
switch, complex, conjugate = where, complex_, conj


def round_half_away_from_zero(x: object) -> Array:
    """The nearest whole number, ties away from zero; integers pass through."""
    array = base.as_array(x)
    if not dtypes.is_inexact(base.dtype_of(array)):
        return array
    whole = trunc(array)
    rounded = add(whole, trunc(multiply(subtract(array, whole), 2)))
    return where(isfinite(array), rounded, array)


def tensor_copy(x: object) -> Array:
    """x itself: arrays are never changed, so that nobody needs a copy."""
    return base.as_array(x)


def fill(a: object, b: object) -> Array:
    """An array with the shape of a, filled with the number b."""
    return broadcast_to(base.as_array(b), base.shape_of(base.as_array(a)))


second = fill


def nonzero_values(a: object) -> Array:
    """The elements of a that are not zero, as a vector."""
    array = base.as_array(a)
    return take(ravel(array), flatnonzero(array), 0)


def shape_i(x: object, i: int) -> Dim:
    """The size of axis i."""
    return base.shape_of(base.as_array(x))[i]


extract_diag = diagonal


def smallest(*arrays: object) -> Array:
    """The least of several arrays, element by element, or of the elements of one."""
    return reduce(minimum, arrays) if len(arrays) > 1 else min(arrays[0])


def largest(*arrays: object) -> Array:
    """The greatest of several arrays, element by element, or of the elements of one."""
    return reduce(maximum, arrays) if len(arrays) > 1 else max(arrays[0])


def iround(x: object) -> Array:
    """The nearest whole number as int64, ties to even."""
    return base.cast(rint(x), dtypes.INT64)

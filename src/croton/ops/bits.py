"""Bits of integers, shifts, and divisibility: no derivatives."""

from __future__ import annotations

import numpy as np

from croton.ops.base import Array
from croton.ops.elementwise import define, elementwise

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "invert",
    "lcm",
    "left_shift",
    "right_shift",
]

define("bitwise_and", 2, np.bitwise_and, kinds="bi")
define("bitwise_or", 2, np.bitwise_or, kinds="bi")
define("bitwise_xor", 2, np.bitwise_xor, kinds="bi")
define("bitwise_not", 1, np.bitwise_not, kinds="bi")
define("left_shift", 2, np.left_shift, kinds="i", bool_as_int8=True)
define("right_shift", 2, np.right_shift, kinds="i", bool_as_int8=True)
define("gcd", 2, np.gcd, kinds="i", cost=20.0)
define("lcm", 2, np.lcm, kinds="i", cost=20.0)


def bitwise_and(x: object, y: object) -> Array:
    """Bits set in both."""
    return elementwise("bitwise_and", x, y)


def bitwise_or(x: object, y: object) -> Array:
    """Bits set in either."""
    return elementwise("bitwise_or", x, y)


def bitwise_xor(x: object, y: object) -> Array:
    """Bits set in exactly one."""
    return elementwise("bitwise_xor", x, y)


def bitwise_not(x: object) -> Array:
    """Every bit turned over; logical not for bool."""
    return elementwise("bitwise_not", x)


invert = bitwise_invert = bitwise_not


def left_shift(x: object, y: object) -> Array:
    """x 2^y in the bits of x's dtype; 0 when y is the width or more."""
    return elementwise("left_shift", x, y)


def right_shift(x: object, y: object) -> Array:
    """x / 2^y rounded down; 0 or -1 when y is the width or more."""
    return elementwise("right_shift", x, y)


bitwise_left_shift = left_shift
bitwise_right_shift = right_shift


def gcd(x: object, y: object) -> Array:
    """Greatest common divisor of |x| and |y|; integers only."""
    return elementwise("gcd", x, y)


def lcm(x: object, y: object) -> Array:
    """Least common multiple of |x| and |y|; integers only."""
    return elementwise("lcm", x, y)

"""Comparisons, logic, kinds of numbers and bits of elements."""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.ops import arithmetic, bits, reduction
from croton.ops import comparison as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import (
    common_dtype,
    elementwise,
    floating_operands,
    kind,
    operand,
    operands,
    typed,
)

__all__ = [
    "allclose",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "equal",
    "gcd",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "lcm",
    "left_shift",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "nan_to_num",
    "not_equal",
    "right_shift",
    "where",
]


def equal(x1: Any, x2: Any) -> Any:
    """x1 == x2, bool."""
    return ops.equal(*_comparable(x1, x2))


def not_equal(x1: Any, x2: Any) -> Any:
    """x1 != x2, bool."""
    return ops.not_equal(*_comparable(x1, x2))


def less(x1: Any, x2: Any) -> Any:
    """x1 < x2, bool."""
    return ops.less(*_comparable(x1, x2))


def less_equal(x1: Any, x2: Any) -> Any:
    """x1 <= x2, bool."""
    return ops.less_equal(*_comparable(x1, x2))


def greater(x1: Any, x2: Any) -> Any:
    """x1 > x2, bool."""
    return ops.greater(*_comparable(x1, x2))


def greater_equal(x1: Any, x2: Any) -> Any:
    """x1 >= x2, bool."""
    return ops.greater_equal(*_comparable(x1, x2))


def _comparable(x1: Any, x2: Any) -> list[Any]:
    """Operands in one dtype, except integers: Croton compares them without wrapping numbers around."""
    known = [operand(x1), operand(x2)]
    kinds = [kind(x) for x in known]
    if all(entry is int or entry in dtypes.INTEGERS for entry in kinds):
        return known
    dtype = common_dtype(*known)
    return [typed(x, dtype) for x in known]


def logical_and(x1: Any, x2: Any) -> Any:
    """Whether both are not 0, bool."""
    return ops.logical_and(_truth(x1), _truth(x2))


def logical_or(x1: Any, x2: Any) -> Any:
    """Whether one is not 0, bool."""
    return ops.logical_or(_truth(x1), _truth(x2))


def logical_xor(x1: Any, x2: Any) -> Any:
    """Whether exactly one is not 0, bool."""
    return ops.logical_xor(_truth(x1), _truth(x2))


def logical_not(x: Any) -> Any:
    """Whether it is 0, bool."""
    return ops.logical_not(_truth(x))


def _truth(x: Any) -> Any:
    return convert_to_tensor(x, "bool")


def isnan(x: Any) -> Any:
    """Whether it is NaN, bool."""
    return ops.isnan(convert_to_tensor(x))


def isinf(x: Any) -> Any:
    """Whether it is infinite, bool."""
    return ops.isinf(convert_to_tensor(x))


def isfinite(x: Any) -> Any:
    """Whether it is neither infinite nor NaN, bool."""
    return ops.isfinite(convert_to_tensor(x))


def isposinf(x: Any) -> Any:
    """Whether it is positive infinity, bool."""
    return ops.isposinf(convert_to_tensor(x))


def isneginf(x: Any) -> Any:
    """Whether it is negative infinity, bool."""
    return ops.isneginf(convert_to_tensor(x))


def isreal(x: Any) -> Any:
    """Whether the imaginary part is 0, bool."""
    from croton.ops.complex_numbers import imag

    array = convert_to_tensor(x)
    return ops.equal(imag(array), 0)


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether |x1 - x2| <= atol + rtol |x2|, bool; infinities are close to themselves."""
    first, second = floating_operands(x1, x2)
    return ops.isclose(first, second, rtol, atol, equal_nan)


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether all elements are close (see `isclose`), a bool scalar."""
    return reduction.all(isclose(x1, x2, rtol, atol, equal_nan))


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """x with NaN and infinities replaced, these by the largest numbers of its dtype unless given."""
    return ops.nan_to_num(convert_to_tensor(x), nan, posinf, neginf)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds, else x2; with neither, the positions where it does.

    Gradients do not leak from the side not taken.
    """
    if x1 is None and x2 is None:
        from keras_croton.numpy.indexing import nonzero

        return nonzero(condition)
    return arithmetic.where(_truth(condition), *operands(x1, x2))


def bitwise_and(x: Any, y: Any) -> Any:
    """Bits that both have."""
    return bits.bitwise_and(*operands(x, y))


def bitwise_or(x: Any, y: Any) -> Any:
    """Bits that one has."""
    return bits.bitwise_or(*operands(x, y))


def bitwise_xor(x: Any, y: Any) -> Any:
    """Bits that exactly one has."""
    return bits.bitwise_xor(*operands(x, y))


def bitwise_invert(x: Any) -> Any:
    """All bits turned over."""
    return bits.bitwise_not(convert_to_tensor(x))


def bitwise_not(x: Any) -> Any:
    """All bits turned over."""
    return bitwise_invert(x)


def bitwise_left_shift(x: Any, y: Any) -> Any:
    """Bits moved up by y."""
    return bits.left_shift(*operands(x, y))


def left_shift(x: Any, y: Any) -> Any:
    """Bits moved up by y."""
    return bitwise_left_shift(x, y)


def bitwise_right_shift(x: Any, y: Any) -> Any:
    """Bits moved down by y; the sign stays."""
    return bits.right_shift(*operands(x, y))


def right_shift(x: Any, y: Any) -> Any:
    """Bits moved down by y; the sign stays."""
    return bitwise_right_shift(x, y)


def gcd(x1: Any, x2: Any) -> Any:
    """The greatest common divisor of integers."""
    return elementwise("gcd", *operands(x1, x2))


def lcm(x1: Any, x2: Any) -> Any:
    """The least common multiple of integers."""
    return elementwise("lcm", *operands(x1, x2))

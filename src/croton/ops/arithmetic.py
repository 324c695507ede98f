"""Arithmetic: sums, products, quotients, remainders, roots, signs, extremes, and choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dtypes import BOOL
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.elementwise import (
    broadcast_element,
    conjugate,
    define,
    elementwise,
    elementwise_inexact,
    inexact_operands,
    unbroadcast,
)

__all__ = [
    "absolute",
    "add",
    "cbrt",
    "clip",
    "copysign",
    "divide",
    "divmod",
    "fabs",
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
    "positive",
    "reciprocal",
    "remainder",
    "sign",
    "signbit",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
    "where",
]


def _divide_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """g / b and -(g / b) (a / b): no square of the divisor, which could overflow."""
    by_dividend = divide(g, conjugate(x[1]))
    return by_dividend, negative(multiply(by_dividend, conjugate(y)))


def _absolute_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    return (multiply(base.cast(g, base.dtype_of(x[0])), sign(x[0])),)


def _sign_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
    """Zero for real numbers; for complex ones the circle is followed: i y Im(g conj(y)) / |x|."""
    if not dtypes.is_complex(base.dtype_of(y)):
        return (None,)
    from croton.ops.complex_numbers import complex_, imag

    along = divide(imag(multiply(g, conjugate(y))), absolute(x[0]))
    zero = base.cast(0, base.dtype_of(along))
    return (multiply(multiply(y, complex_(zero, 1.0)), base.cast(along, base.dtype_of(y))),)


def _hypot_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    first, second = x
    return multiply(g, elementwise("over_hypot", first, second)), multiply(
        g, elementwise("over_hypot", second, first)
    )


def _evaluate_over_hypot(x: NDArray, y: NDArray) -> NDArray:
    """In float64, scaled where hypot would leave the range of ordinary numbers."""
    first, second = x.astype(np.float64), y.astype(np.float64)
    size = np.maximum(np.abs(first), np.abs(second))
    scale = np.where(size > 2.0**1000, 2.0**-100, np.where(size < 2.0**-900, 2.0**200, 1.0))
    length = np.hypot(first * scale, second * scale)
    return np.asarray(np.where(length == 0, 0.0, first * scale / np.where(length == 0, 1.0, length)))


def _over_hypot_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """With c = x/r and s = y/r: s^2/r and -c s/r, 0 at the origin."""
    first, second = x
    size = elementwise("hypot", first, second)
    other = elementwise("over_hypot", second, first)
    rate = divide(
        multiply(g, other), where(elementwise("equal", size, base.cast(0, base.dtype_of(size))), 1, size)
    )
    return multiply(rate, other), negative(multiply(rate, y))


def _copysign_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
    turned = elementwise("not_equal", elementwise("signbit", x[0]), elementwise("signbit", x[1]))
    return where(turned, negative(g), g), None


def _evaluate_ldexp(x: NDArray, n: NDArray) -> NDArray:
    return np.asarray(np.ldexp(x, np.clip(n, -5000, 5000).astype(np.int32)))


def _extreme_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """Cotangent to the operand that was taken; halved between equal ones, the least biased subgradient."""
    first = elementwise("equal", x[0], y)
    second = elementwise("equal", x[1], y)
    share = where(elementwise("logical_and", first, second), multiply(g, 0.5), g)
    return where(first, share, 0), where(second, share, 0)


def _clip_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """To x within the limits, the limits included; outside, to the limit that holds."""
    number, low, high = x
    over = elementwise("greater", number, high)
    low_holds = elementwise(
        "logical_and", elementwise("less", number, low), elementwise("less_equal", low, high)
    )
    high_holds = elementwise("logical_or", over, elementwise("greater", low, high))
    outside = elementwise("logical_or", low_holds, high_holds)
    return where(outside, 0, g), where(low_holds, g, 0), where(high_holds, g, 0)


def _evaluate_clip(x: NDArray, low: NDArray, high: NDArray) -> Any:
    return np.minimum(np.maximum(x, low), high)


define("add", 2, np.add, kinds="bifc", derivative=lambda x, y, g: (g, g))
define("subtract", 2, np.subtract, derivative=lambda x, y, g: (g, negative(g)))
define(
    "multiply",
    2,
    np.multiply,
    kinds="bifc",
    derivative=lambda x, y, g: (multiply(g, conjugate(x[1])), multiply(g, conjugate(x[0]))),
)
define("divide", 2, np.divide, kinds="fc", cost=0.5, derivative=_divide_derivative)
define("negative", 1, np.negative, derivative=lambda x, y, g: (negative(g),))
define(
    "square",
    1,
    np.square,
    bool_as_int8=True,
    derivative=lambda x, y, g: (multiply(g, multiply(conjugate(x[0]), 2)),),
)
define(
    "reciprocal",
    1,
    np.reciprocal,
    bool_as_int8=True,
    cost=0.5,
    derivative=lambda x, y, g: (negative(multiply(multiply(g, conjugate(y)), conjugate(y))),),
)
define(
    "sqrt",
    1,
    np.sqrt,
    kinds="fc",
    cost=0.5,
    derivative=lambda x, y, g: (divide(multiply(g, 0.5), conjugate(y)),),
)
define(
    "cbrt",
    1,
    np.cbrt,
    kinds="f",
    cost=3.0,
    derivative=lambda x, y, g: (divide(divide(multiply(g, 1 / 3), y), y),),
)
define("hypot", 2, np.hypot, kinds="f", cost=2.0, derivative=_hypot_derivative)
define("over_hypot", 2, _evaluate_over_hypot, kinds="f", cost=2.5, derivative=_over_hypot_derivative)
define("floor_divide", 2, np.floor_divide, kinds="if", bool_as_int8=True, cost=1.0)
define(
    "remainder",
    2,
    np.remainder,
    kinds="if",
    bool_as_int8=True,
    cost=1.0,
    derivative=lambda x, y, g: (g, negative(multiply(g, floor_divide(x[0], x[1])))),
)
define(
    "fmod",
    2,
    np.fmod,
    kinds="if",
    bool_as_int8=True,
    cost=1.0,
    derivative=lambda x, y, g: (g, negative(multiply(g, elementwise("trunc", divide(x[0], x[1]))))),
)
define("absolute", 1, np.absolute, kinds="ifc", result="real", derivative=_absolute_derivative)
define("sign", 1, np.sign, derivative=_sign_derivative)
define("signbit", 1, np.signbit, kinds="f", result="bool")
define("copysign", 2, np.copysign, kinds="f", derivative=_copysign_derivative)
define("nextafter", 2, np.nextafter, kinds="f", widens=False, derivative=lambda x, y, g: (g, None))
define(
    "ldexp", 2, _evaluate_ldexp, kinds="f", derivative=lambda x, y, g: (elementwise("ldexp", g, x[1]), None)
)
define(
    "heaviside",
    2,
    np.heaviside,
    kinds="f",
    derivative=lambda x, y, g: (
        None,
        where(elementwise("equal", x[0], base.cast(0, base.dtype_of(y))), g, 0),
    ),
)
define("maximum", 2, np.maximum, kinds="bifc", derivative=_extreme_derivative)
define("minimum", 2, np.minimum, kinds="bifc", derivative=_extreme_derivative)
define("fmax", 2, np.fmax, kinds="bifc", derivative=_extreme_derivative)
define("fmin", 2, np.fmin, kinds="bifc", derivative=_extreme_derivative)
define("clip", 3, _evaluate_clip, kinds="bif", derivative=_clip_derivative)


def add(x: object, y: object) -> Array:
    """x + y, broadcast; logical or for bool."""
    return elementwise("add", x, y)


def subtract(x: object, y: object) -> Array:
    """x - y, broadcast."""
    return elementwise("subtract", x, y)


def multiply(x: object, y: object) -> Array:
    """x * y, broadcast; logical and for bool."""
    return elementwise("multiply", x, y)


def divide(x: object, y: object) -> Array:
    """x / y, broadcast, in floating point."""
    operands = base.as_operands(x, y)
    dtype = base.dtype_of(operands[0])
    target = dtype if dtypes.is_inexact(dtype) else dtypes.FLOAT64
    return elementwise("divide", *operands, dtype=target)


true_divide = divide


def negative(x: object) -> Array:
    """-x; not for bool."""
    return elementwise("negative", x)


def positive(x: object) -> Array:
    """x itself; not for bool, as in NumPy."""
    array = base.as_array(x)
    if dtypes.is_bool(base.dtype_of(array)):
        raise DTypeError("positive is not defined for dtype bool")
    return array


def square(x: object) -> Array:
    """x * x; bool becomes int8."""
    return elementwise("square", x)


def reciprocal(x: object) -> Array:
    """1 / x; integers stay integers, truncated, as in NumPy (0 has the least integer, as NumPy on x86)."""
    return elementwise("reciprocal", x)


def sqrt(x: object) -> Array:
    """The square root; NaN for negative real x. Its derivative at 0 is infinite."""
    return elementwise_inexact("sqrt", x)


def cbrt(x: object) -> Array:
    """The real cube root."""
    return elementwise_inexact("cbrt", x)


def hypot(x: object, y: object) -> Array:
    """sqrt(x^2 + y^2) without overflow; its gradient is 0 at the origin."""
    return elementwise_inexact("hypot", x, y)


def floor_divide(x: object, y: object) -> Array:
    """The quotient rounded down; for integers 0 where y is 0, as in NumPy."""
    return elementwise("floor_divide", x, y)


def remainder(x: object, y: object) -> Array:
    """x - floor_divide(x, y) * y, with the sign of y; for integers 0 where y is 0."""
    return elementwise("remainder", x, y)


mod = remainder


def fmod(x: object, y: object) -> Array:
    """x - trunc(x / y) * y, with the sign of x; for integers 0 where y is 0."""
    return elementwise("fmod", x, y)


def divmod(x: object, y: object) -> tuple[Array, Array]:
    """floor_divide(x, y) and remainder(x, y)."""
    return floor_divide(x, y), remainder(x, y)


def absolute(x: object) -> Array:
    """|x|, real for complex x; its derivative is sign(x), 0 at 0."""
    array = base.as_array(x)
    return array if dtypes.is_bool(base.dtype_of(array)) else elementwise("absolute", array)


def fabs(x: object) -> Array:
    """|x| in floating point; not for complex x."""
    (array,) = inexact_operands(x)
    if dtypes.is_complex(base.dtype_of(array)):
        raise DTypeError(f"fabs is not defined for dtype {base.dtype_of(array).name}")
    return elementwise("absolute", array)


def sign(x: object) -> Array:
    """-1, 0 or 1; x / |x| for complex x; NaN for NaN."""
    return elementwise("sign", x)


def signbit(x: object) -> Array:
    """Whether the sign bit is set: true for -0.0."""
    return elementwise_inexact("signbit", x)


def copysign(x: object, y: object) -> Array:
    """|x| with the sign of y."""
    return elementwise_inexact("copysign", x, y)


def nextafter(x: object, y: object) -> Array:
    """The number of x's dtype next to x towards y."""
    return elementwise_inexact("nextafter", x, y)


def ldexp(x: object, exponent: object) -> Array:
    """x * 2^exponent, rounded once; the exponent must be an integer.

    Raises:
        DTypeError: the exponent is not an integer.
    """
    power = base.as_array(exponent)
    if dtypes.is_inexact(base.dtype_of(power)):
        raise DTypeError(f"ldexp: exponent must be an integer, got dtype {base.dtype_of(power).name}")
    (array,) = inexact_operands(x)
    return elementwise("ldexp", array, base.cast(power, base.dtype_of(array)))


def heaviside(x: object, at_zero: object) -> Array:
    """0 for negative x, 1 for positive x, `at_zero` where x is 0, NaN for NaN."""
    return elementwise_inexact("heaviside", x, at_zero)


def maximum(x: object, y: object) -> Array:
    """The larger of the two; NaN where either is. Complex numbers compare by real, then imaginary part."""
    return elementwise("maximum", x, y)


def minimum(x: object, y: object) -> Array:
    """The smaller of the two; NaN where either is. Complex numbers compare by real, then imaginary part."""
    return elementwise("minimum", x, y)


def fmax(x: object, y: object) -> Array:
    """The larger of the two, a NaN counting as missing."""
    return elementwise("fmax", x, y)


def fmin(x: object, y: object) -> Array:
    """The smaller of the two, a NaN counting as missing."""
    return elementwise("fmin", x, y)


def clip(x: object, min: object = None, max: object = None) -> Array:
    """x limited to [min, max]; a limit may be None. `max` wins where min > max, as in NumPy."""
    if min is None and max is None:
        return base.as_array(x)
    if max is None:
        return maximum(x, min)
    return minimum(x, max) if min is None else elementwise("clip", x, min, max)


class Where(ElementOperation):
    """Elements of the second operand where the first is true, of the third elsewhere; they broadcast."""

    name = "where"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        condition, chosen, other = operands
        if condition.dtype != BOOL:
            raise DTypeError(f"where: the condition must be bool, got {condition.dtype.name}")
        if chosen.dtype != other.dtype:
            raise DTypeError(
                f"where: the branches must have one dtype, got {chosen.dtype.name} and {other.dtype.name}"
            )
        return (TensorType(chosen.dtype, dims.broadcast([o.shape for o in operands], "where")),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.where(*operands),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        condition, chosen, other = operands
        zero = base.cast(0, base.dtype_of(cotangents[0]))
        return [
            None,
            unbroadcast(where(condition, cotangents[0], zero), base.shape_of(chosen)),
            unbroadcast(where(condition, zero, cotangents[0]), base.shape_of(other)),
        ]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return builder.select(*(broadcast_element(builder, operand, index) for operand in operands))


def where(condition: object, x: object = None, y: object = None) -> Any:
    """x where condition holds, else y, broadcast together; with neither, `nonzero(condition)`.

    Gradients do not leak from the branch not taken: its cotangent is exactly zero there, even where its
    own derivative is infinite.
    """
    if x is None and y is None:
        from croton.ops.gathering import nonzero

        return nonzero(condition)
    chosen, other = base.as_operands(x, y)
    return apply_one(Where(), base.cast(base.as_array(condition), BOOL), chosen, other)

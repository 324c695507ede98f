"""Exponentials, logarithms and powers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.values import Constant, NDArray, constant
from croton.ops import base
from croton.ops.arithmetic import add, divide, multiply, negative, reciprocal, sqrt, square, subtract, where
from croton.ops.base import Array
from croton.ops.elementwise import conjugate, define, elementwise, elementwise_inexact, inexact_operands

__all__ = [
    "exp",
    "exp2",
    "expm1",
    "float_power",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "logaddexp",
    "logaddexp2",
    "logistic_density",
    "pow",
    "power",
    "sigmoid",
    "softplus",
    "tanh",
]

_LOG_2 = math.log(2)


def _evaluate_sigmoid(x: NDArray) -> Any:
    half = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + half), half / (1 + half)).astype(x.dtype)


def _evaluate_logistic_density(x: NDArray) -> Any:
    half = np.exp(-np.abs(x))
    return (half / np.square(1 + half)).astype(x.dtype)


def _evaluate_softplus(x: NDArray) -> Any:
    return np.logaddexp(x, x.dtype.type(0))


def _evaluate_log_sigmoid(x: NDArray) -> Any:
    return -np.logaddexp(-x, x.dtype.type(0))


def _evaluate_power(x: NDArray, y: NDArray) -> Any:
    """NumPy's power; for negative exponents of integers the quotient rounded to 0, which NumPy refuses."""
    if y.dtype.kind != "i" or not (y < 0).any():
        return np.power(x, y)
    x, y = np.broadcast_arrays(x, y)
    inverse = np.where(x == 1, 1, np.where(x == -1, np.where(y % 2 == 0, 1, -1), 0))
    return np.where(y < 0, inverse, np.power(x, np.where(y < 0, 0, y))).astype(x.dtype)


def _evaluate_log1p(x: NDArray) -> Any:
    """Of complex numbers by log1p(2a + a^2 + b^2) / 2 near 0, where NumPy's own loses the real part."""
    if x.dtype.kind != "c":
        return np.log1p(x)
    z = x.astype(np.complex128)
    a, b = z.real, z.imag
    result = np.log1p(z)
    near = (np.abs(a) < 0.5) & (np.abs(b) < 0.5)
    result.real[near] = 0.5 * np.log1p(a * (2 + a) + b * b)[near]
    return result


def _tanh_slope(x: Array, y: Array) -> Array:
    """1 - tanh(x)^2 without cancellation: 4 sigmoid(2x) sigmoid(-2x)."""
    if dtypes.is_complex(base.dtype_of(x)):
        return subtract(1, square(y))
    double = multiply(x, 2)
    return multiply(multiply(sigmoid(double), sigmoid(negative(double))), 4)


def _share(first: Array, second: Array, factor: float) -> tuple[Array, Array]:
    """e^first / (e^first + e^second) and its complement; a half each where both are one infinity."""
    gap = where(elementwise("equal", first, second), 0, subtract(first, second))
    gap = gap if factor == 1 else multiply(gap, factor)
    return sigmoid(gap), sigmoid(negative(gap))


def _logaddexp_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    first, second = _share(x[0], x[1], 1)
    return multiply(g, first), multiply(g, second)


def _logaddexp2_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    first, second = _share(x[0], x[1], _LOG_2)
    return multiply(g, first), multiply(g, second)


def _power_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
    """y x^(y-1), 0 where y is 0; x^y log x, 0 where x is 0 and y is not negative."""
    number, exponent = x
    if isinstance(exponent, Constant):
        slope = multiply(exponent, _power(number, constant(exponent.data - 1)))
        still = exponent.data == 0
        return multiply(g, conjugate(where(constant(still), 0, slope) if still.any() else slope)), None
    zero = base.cast(0, base.dtype_of(number))
    still = elementwise("equal", exponent, zero)
    slope = multiply(exponent, _power(number, where(still, 0, subtract(exponent, 1))))
    by_number = multiply(g, conjugate(where(still, 0, slope)))
    at_zero = elementwise("equal", number, zero)
    by_exponent = multiply(y, log(where(at_zero, 1, number)))
    if not dtypes.is_complex(base.dtype_of(number)):
        by_exponent = where(
            elementwise("logical_and", at_zero, elementwise("less", exponent, zero)), -math.inf, by_exponent
        )
    return by_number, multiply(g, conjugate(by_exponent))


define("exp", 1, np.exp, kinds="fc", cost=1.0, derivative=lambda x, y, g: (multiply(g, conjugate(y)),))
define(
    "exp2", 1, np.exp2, kinds="f", cost=1.0, derivative=lambda x, y, g: (multiply(g, multiply(y, _LOG_2)),)
)
define(
    "expm1",
    1,
    np.expm1,
    kinds="fc",
    cost=1.5,
    derivative=lambda x, y, g: (multiply(g, conjugate(exp(x[0]))),),
)
define("log", 1, np.log, kinds="fc", cost=1.0, derivative=lambda x, y, g: (divide(g, conjugate(x[0])),))
define(
    "log2",
    1,
    np.log2,
    kinds="fc",
    cost=1.5,
    derivative=lambda x, y, g: (divide(multiply(g, 1 / _LOG_2), conjugate(x[0])),),
)
define(
    "log10",
    1,
    np.log10,
    kinds="fc",
    cost=1.5,
    derivative=lambda x, y, g: (divide(multiply(g, 1 / math.log(10)), conjugate(x[0])),),
)
define(
    "log1p",
    1,
    _evaluate_log1p,
    kinds="fc",
    cost=1.5,
    derivative=lambda x, y, g: (divide(g, conjugate(add(x[0], 1))),),
)
define(
    "tanh",
    1,
    np.tanh,
    kinds="fc",
    cost=1.5,
    derivative=lambda x, y, g: (multiply(g, conjugate(_tanh_slope(x[0], y))),),
)
define(
    "sigmoid",
    1,
    _evaluate_sigmoid,
    kinds="f",
    cost=1.5,
    derivative=lambda x, y, g: (multiply(g, multiply(y, sigmoid(negative(x[0])))),),
)
define(
    "logistic_density",
    1,
    _evaluate_logistic_density,
    kinds="f",
    cost=1.5,
    derivative=lambda x, y, g: (multiply(g, multiply(y, tanh(multiply(x[0], -0.5)))),),
)
define(
    "softplus",
    1,
    _evaluate_softplus,
    kinds="f",
    cost=2.0,
    derivative=lambda x, y, g: (multiply(g, sigmoid(x[0])),),
)
define(
    "log_sigmoid",
    1,
    _evaluate_log_sigmoid,
    kinds="f",
    cost=2.0,
    derivative=lambda x, y, g: (multiply(g, sigmoid(negative(x[0]))),),
)
define("logaddexp", 2, np.logaddexp, kinds="f", cost=2.0, derivative=_logaddexp_derivative)
define("logaddexp2", 2, np.logaddexp2, kinds="f", cost=2.0, derivative=_logaddexp2_derivative)
define("power", 2, _evaluate_power, kinds="ifc", bool_as_int8=True, cost=4.0, derivative=_power_derivative)


def exp(x: object) -> Array:
    """e^x."""
    return elementwise_inexact("exp", x)


def exp2(x: object) -> Array:
    """2^x."""
    (array,) = inexact_operands(x)
    if dtypes.is_complex(base.dtype_of(array)):
        return exp(multiply(array, _LOG_2))
    return elementwise("exp2", array)


def expm1(x: object) -> Array:
    """exp(x) - 1, accurate near 0."""
    return elementwise_inexact("expm1", x)


def log(x: object) -> Array:
    """The natural logarithm; NaN for negative real x."""
    return elementwise_inexact("log", x)


def log2(x: object) -> Array:
    """The logarithm to base 2."""
    return elementwise_inexact("log2", x)


def log10(x: object) -> Array:
    """The logarithm to base 10."""
    return elementwise_inexact("log10", x)


def log1p(x: object) -> Array:
    """log(1 + x), accurate near 0."""
    return elementwise_inexact("log1p", x)


def logaddexp(x: object, y: object) -> Array:
    """log(exp(x) + exp(y)) without overflow."""
    return elementwise_inexact("logaddexp", x, y)


def logaddexp2(x: object, y: object) -> Array:
    """log2(2^x + 2^y) without overflow."""
    return elementwise_inexact("logaddexp2", x, y)


def tanh(x: object) -> Array:
    """The hyperbolic tangent; its derivative keeps its relative accuracy in the tails."""
    return elementwise_inexact("tanh", x)


def sigmoid(x: object) -> Array:
    """1 / (1 + exp(-x))."""
    return elementwise_inexact("sigmoid", x)


def logistic_density(x: object) -> Array:
    """sigmoid(x) * sigmoid(-x): the derivative of sigmoid, without cancellation."""
    return elementwise_inexact("logistic_density", x)


def softplus(x: object) -> Array:
    """log(1 + exp(x)), without overflow."""
    return elementwise_inexact("softplus", x)


def log_sigmoid(x: object) -> Array:
    """log(sigmoid(x)), without underflow."""
    return elementwise_inexact("log_sigmoid", x)


def power(x: object, y: object) -> Array:
    """x ** y, broadcast; integer operands stay integers.

    A negative exponent of an integer in an array gives the quotient rounded to 0, since compiled code
    cannot stop at an element.

    Raises:
        ValueError: integers to a constant negative power, as in NumPy.
    """
    number, exponent = base.as_operands(x, y)
    dtype = base.dtype_of(number)
    if not dtypes.is_inexact(dtype):
        if isinstance(exponent, Constant) and (exponent.data < 0).any():
            raise ValueError(
                "power: integers to negative integer powers are not allowed; convert to floats first"
            )
        return elementwise("power", number, exponent)
    return _power(number, exponent)


def _power(number: Array, exponent: Array) -> Array:
    """x^y of one inexact dtype; NumPy's short cuts for the constant exponents -1, 0.5, 1 and 2."""
    if isinstance(exponent, Constant) and exponent.type.rank == 0:
        shortcut = {-1: reciprocal, 0.5: sqrt, 1: lambda v: v, 2: square}.get(exponent.data.item())
        if shortcut is not None:
            return shortcut(number)
    return elementwise("power", number, exponent)


pow = power


def float_power(x: object, y: object) -> Array:
    """x ** y in float64, or complex128 where an operand is complex."""
    (number, _) = inexact_operands(x, y)
    dtype = dtypes.COMPLEX128 if dtypes.is_complex(base.dtype_of(number)) else dtypes.FLOAT64
    return _power(*base.as_operands(x, y, dtype=dtype))

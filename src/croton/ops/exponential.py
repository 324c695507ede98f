"""Exponentials, logarithms, powers, and the sigmoids made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import add, divide, multiply, negative, square, subtract, where
from croton.ops.base import Array
from croton.ops.comparison import equal
from croton.ops.elementwise import conjugate, define, elementwise, elementwise_inexact


def _evaluate_sigmoid(x: NDArray) -> Any:
    half = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + half), half / (1 + half)).astype(x.dtype)


def _evaluate_softplus(x: NDArray) -> Any:
    return np.logaddexp(x, x.dtype.type(0))


define("exp", 1, np.exp, kinds="fc", cost=1.0, derivative=lambda x, y, g: (multiply(g, conjugate(y)),))
define("expm1", 1, np.expm1, kinds="fc", cost=1.5, derivative=lambda x, y, g: (multiply(g, conjugate(exp(x[0]))),))
define("log", 1, np.log, kinds="fc", cost=1.0, derivative=lambda x, y, g: (divide(g, conjugate(x[0])),))
define("log1p", 1, np.log1p, kinds="fc", cost=1.5, derivative=lambda x, y, g: (divide(g, conjugate(add(x[0], 1))),))
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
define("softplus", 1, _evaluate_softplus, kinds="f", cost=2.0, derivative=lambda x, y, g: (multiply(g, sigmoid(x[0])),))


def _tanh_slope(x: Array, y: Array) -> Array:
    """1 - tanh(x)^2 without cancellation: 4 sigmoid(2x) sigmoid(-2x)."""
    if dtypes.is_complex(base.dtype_of(x)):
        return subtract(1, square(y))
    double = multiply(x, 2)
    return multiply(multiply(sigmoid(double), sigmoid(negative(double))), 4)


def _power_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """y x^(y-1), 0 where y is 0; x^y log x, 0 where x is 0."""
    base_, exponent = x
    zero = base.cast(0, base.dtype_of(base_))
    one = base.cast(1, base.dtype_of(base_))
    slope = multiply(exponent, power(base_, where(equal(exponent, 0), one, subtract(exponent, 1))))
    safe_log = log(where(equal(base_, 0), one, base_))
    by_exponent = where(equal(base_, 0), zero, multiply(y, safe_log))
    return multiply(g, conjugate(slope)), multiply(g, conjugate(by_exponent))


define("power", 2, np.power, kinds="ifc", cost=4.0, derivative=_power_derivative)


def exp(x: object) -> Array:
    return elementwise_inexact("exp", x)


def expm1(x: object) -> Array:
    """exp(x) - 1, accurate near 0."""
    return elementwise_inexact("expm1", x)


def log(x: object) -> Array:
    return elementwise_inexact("log", x)


def log1p(x: object) -> Array:
    """log(1 + x), accurate near 0."""
    return elementwise_inexact("log1p", x)


def tanh(x: object) -> Array:
    return elementwise_inexact("tanh", x)


def sigmoid(x: object) -> Array:
    """1 / (1 + exp(-x))."""
    return elementwise_inexact("sigmoid", x)


def softplus(x: object) -> Array:
    """log(1 + exp(x)), without overflow."""
    return elementwise_inexact("softplus", x)


def power(x: object, y: object) -> Array:
    """x ** y, broadcast; integer operands stay integers."""
    return elementwise("power", x, y)

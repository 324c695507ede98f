"""Functions that keep their relative accuracy where the formula they stand for cancels.

log1mexp(x) for log(1 - exp(x)), exprel(x) for (exp(x) - 1) / x, and so on. Stabilising rewrites produce
them, and their derivatives of every order keep the accuracy: those of a quotient f(x) / x are integrals

    exprel           integral over t in [0, 1] of t^n exp(x t)
    log1prel         integral of t^n / (1 + x t)^(n + 1)
    sinc, sinhc      integral of the n-th derivative of cos(x t), cosh(x t)

which the `_moment` functions of two operands, order n and x, compute without cancellation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import add, divide, multiply, negative, sqrt, subtract
from croton.ops.base import Array
from croton.ops.elementwise import Derivative, define, elementwise, elementwise_inexact
from croton.ops.exponential import exp, tanh
from croton.ops.moments import (
    evaluate_cosine_moment,
    evaluate_exponential_moment,
    evaluate_hyperbolic_moment,
    evaluate_logarithm_moment,
)
from croton.ops.trigonometric import sin, sinh

__all__ = [
    "coshm1",
    "cosm1",
    "exprel",
    "log1mexp",
    "log1prel",
    "log_cosh",
    "sinc_unnormalized",
    "sinhc",
    "sqrt1pm1",
]


def _evaluate_log1mexp(x: NDArray) -> Any:
    near = x > -0.6931471805599453
    return np.where(near, np.log(-np.expm1(np.where(near, x, -1))), np.log1p(-np.exp(np.where(near, -1, x))))


def _evaluate_exprel(x: NDArray) -> Any:
    from scipy import special

    return special.exprel(x)


def _evaluate_log1prel(x: NDArray) -> Any:
    quotient = np.log1p(x) / np.where(x == 0, 1, x)
    return np.where(x == 0, 1, np.where(x == np.inf, 0, quotient))


def _evaluate_sinc(x: NDArray) -> Any:
    return np.where(x == 0, 1, np.where(np.isinf(x), 0, np.sin(x) / np.where(x == 0, 1, x)))


def _evaluate_sinhc(x: NDArray) -> Any:
    """Beyond 700 in two factors, since sinh overflows before its quotient by x does."""
    size = np.abs(x)
    half = np.exp(0.5 * size)
    far = np.where(np.isinf(x), np.inf, 0.5 * half / np.where(x == 0, 1, size) * half)
    return np.where(x == 0, 1, np.where(size > 80, far, np.sinh(x) / np.where(x == 0, 1, x)))


def _evaluate_cosm1(x: NDArray) -> Any:
    return -2 * np.square(np.sin(x / 2))


def _evaluate_coshm1(x: NDArray) -> Any:
    return 2 * np.square(np.sinh(x / 2))


def _evaluate_log_cosh(x: NDArray) -> Any:
    size = np.abs(x)
    near = np.log1p(2 * np.square(np.sinh(np.minimum(size, 1) / 2)))
    return np.where(size < 1, near, size + (np.log1p(np.exp(-2 * size)) - 0.6931471805599453))


def _evaluate_sqrt1pm1(x: NDArray) -> Any:
    root = np.sqrt(x + 1)
    return np.where(x > 1, root - 1, x / (root + 1))


def _by_order(name: str, factor: Callable[[Array], Array] | None = None) -> Derivative:
    """The rule of a family of moments: the next order, times a factor of the order."""

    def derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
        following = add(x[0], 1)
        slope = multiply(g, elementwise(name, following, x[1]))
        return None, slope if factor is None else multiply(slope, factor(following))

    return derivative


def _first(name: str, sign: int = 1) -> Derivative:
    """The rule of a quotient: its moment of order 1."""

    def derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
        slope = multiply(g, elementwise(name, base.cast(1, base.dtype_of(x[0])), x[0]))
        return (slope if sign > 0 else negative(slope),)

    return derivative


define(
    "log1mexp",
    1,
    _evaluate_log1mexp,
    kinds="f",
    cost=3.0,
    derivative=lambda x, y, g: (negative(multiply(g, exp(subtract(x[0], y)))),),
)
define("exprel", 1, _evaluate_exprel, kinds="f", cost=2.0, derivative=_first("exponential_moment"))
define(
    "exponential_moment",
    2,
    evaluate_exponential_moment,
    kinds="f",
    cost=40.0,
    derivative=_by_order("exponential_moment"),
)
define("log1prel", 1, _evaluate_log1prel, kinds="f", cost=2.0, derivative=_first("logarithm_moment", -1))
define(
    "logarithm_moment",
    2,
    evaluate_logarithm_moment,
    kinds="f",
    cost=60.0,
    derivative=_by_order("logarithm_moment", negative),
)
define("sinc_unnormalized", 1, _evaluate_sinc, kinds="f", cost=2.5, derivative=_first("cosine_moment"))
define(
    "cosine_moment", 2, evaluate_cosine_moment, kinds="f", cost=60.0, derivative=_by_order("cosine_moment")
)
define("sinhc", 1, _evaluate_sinhc, kinds="f", cost=2.5, derivative=_first("hyperbolic_moment"))
define(
    "hyperbolic_moment",
    2,
    evaluate_hyperbolic_moment,
    kinds="f",
    cost=60.0,
    derivative=_by_order("hyperbolic_moment"),
)
define(
    "cosm1",
    1,
    _evaluate_cosm1,
    kinds="f",
    cost=2.5,
    derivative=lambda x, y, g: (negative(multiply(g, sin(x[0]))),),
)
define(
    "coshm1", 1, _evaluate_coshm1, kinds="f", cost=2.5, derivative=lambda x, y, g: (multiply(g, sinh(x[0])),)
)
define(
    "log_cosh",
    1,
    _evaluate_log_cosh,
    kinds="f",
    cost=4.0,
    derivative=lambda x, y, g: (multiply(g, tanh(x[0])),),
)
define(
    "sqrt1pm1",
    1,
    _evaluate_sqrt1pm1,
    kinds="f",
    cost=1.0,
    derivative=lambda x, y, g: (divide(multiply(g, 0.5), sqrt(add(x[0], 1))),),
)


def log1mexp(x: object) -> Array:
    """log(1 - exp(x)) for x < 0; -inf at 0, NaN beyond (Maechler 2012)."""
    return elementwise_inexact("log1mexp", x)


def exprel(x: object) -> Array:
    """(exp(x) - 1) / x, 1 at 0."""
    return elementwise_inexact("exprel", x)


def log1prel(x: object) -> Array:
    """log(1 + x) / x, 1 at 0."""
    return elementwise_inexact("log1prel", x)


def sinc_unnormalized(x: object) -> Array:
    """sin(x) / x, 1 at 0."""
    return elementwise_inexact("sinc_unnormalized", x)


def sinhc(x: object) -> Array:
    """sinh(x) / x, 1 at 0."""
    return elementwise_inexact("sinhc", x)


def cosm1(x: object) -> Array:
    """cos(x) - 1, accurate near 0."""
    return elementwise_inexact("cosm1", x)


def coshm1(x: object) -> Array:
    """cosh(x) - 1, accurate near 0."""
    return elementwise_inexact("coshm1", x)


def log_cosh(x: object) -> Array:
    """log(cosh(x)), without overflow and accurate near 0."""
    return elementwise_inexact("log_cosh", x)


def sqrt1pm1(x: object) -> Array:
    """sqrt(1 + x) - 1, accurate near 0."""
    return elementwise_inexact("sqrt1pm1", x)

"""Special functions: error functions, the normal distribution, gamma functions, x log y."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import add, divide, multiply, negative, square, where
from croton.ops.base import Array
from croton.ops.elementwise import define, elementwise, elementwise_inexact, inexact_operands
from croton.ops.exponential import exp, log, log1p

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "gamma",
    "gammaln",
    "lgamma",
    "log_erfc",
    "log_ndtr",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "trigamma",
    "xlog1py",
    "xlogy",
]

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)


def _scipy(name: str) -> Callable[..., Any]:
    """A function of scipy.special, imported when first evaluated."""

    def evaluate(*operands: NDArray) -> Any:
        from scipy import special

        return getattr(special, name)(*operands)

    return evaluate


def _evaluate_polygamma(order: NDArray, x: NDArray) -> Any:
    from scipy import special

    return special.polygamma(order.astype(np.int64), x)


def _evaluate_gammaln(x: NDArray) -> Any:
    """SciPy's, but -log |x| next to 0, where SciPy overflows, and C's infinity at minus infinity."""
    from scipy import special

    tiny = (np.abs(x) < 1e-300) & (x != 0)
    near = -np.log(np.abs(np.where(tiny, x, 1)))
    return np.where(tiny, near, np.where(x == -np.inf, np.inf, special.gammaln(x)))


def _evaluate_trigamma(x: NDArray) -> Any:
    return np.where(x == -np.inf, np.nan, _evaluate_polygamma(np.ones_like(x), x))


def _evaluate_log_erfc(x: NDArray) -> Any:
    from scipy import special

    near = np.log1p(-special.erf(np.clip(x, -0.5, 0.5)))
    return np.where(np.abs(x) < 0.5, near, special.log_ndtr(-math.sqrt(2) * x) + math.log(2))


def _evaluate_erfc_hazard(x: NDArray) -> Any:
    from scipy import special

    return _TWO_OVER_ROOT_PI / special.erfcx(x.astype(np.float64))


def evaluate_erfcx_moment(order: NDArray, x: NDArray) -> Any:
    """(2 / sqrt pi) times the integral over t > 0 of t^n exp(-t^2 - 2 x t), for one whole order n.

    For x < 1 by the recurrence W_{n+1} = (n W_{n-1} - 2 x W_n) / 2 upwards, beyond by the continued
    fraction of the ratios W_n / W_{n-1} = n / (2 x + 2 W_{n+1} / W_n).
    """
    from scipy import special

    n = int(order.flat[0]) if order.size else 0
    z = x.astype(np.float64)
    previous, current = special.erfcx(z), 1 / math.sqrt(math.pi) - z * special.erfcx(z)
    if n == 0:
        return previous
    for k in range(1, n):
        previous, current = current, (k * previous - 2 * z * current) / 2
    far = np.where(z < 1, 1.0, z)
    product, ratio = special.erfcx(far), np.zeros_like(far)
    for k in range(n + 200, 0, -1):
        ratio = k / (2 * far + 2 * ratio)
        if k <= n:
            product = product * ratio
    return np.where(z < 1, current, product)


def _evaluate_erfcx_moment_ratio(order: NDArray, x: NDArray) -> Any:
    from scipy import special

    n = int(order.flat[0]) if order.size else 0
    z = x.astype(np.float64)
    start = 1 / (math.sqrt(math.pi) * special.erfcx(z)) - z
    previous, current = np.ones_like(z), start
    for k in range(1, n):
        previous, current = current, (k * previous - 2 * z * current) / 2
    far = evaluate_erfcx_moment(order, np.where(z < 1, 1.0, z)) / special.erfcx(np.where(z < 1, 1.0, z))
    ratio = np.where(z < 1, current if n else previous, far)
    return np.where(z == np.inf, 0.0 if n else 1.0, ratio)


def _polygamma_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
    return None, multiply(g, elementwise("polygamma", add(x[0], 1), x[1]))


def _gauss(x: Array) -> Array:
    """exp(-x^2)."""
    return exp(negative(square(x)))


def _moment_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
    return None, multiply(multiply(g, elementwise("erfcx_moment", add(x[0], 1), x[1])), -2)


def _moment_ratio_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array | None]:
    """Of W_n / W_0: twice W_n W_1 / W_0^2 - W_{n+1} / W_0, a covariance: no cancellation."""
    order, number = x
    first = elementwise("erfcx_moment_ratio", base.cast(1, base.dtype_of(number)), number)
    after = elementwise("erfcx_moment_ratio", add(order, 1), number)
    return None, multiply(multiply(g, add(multiply(y, first), negative(after))), 2)


def _of_order(name: str, order: int, x: Array) -> Array:
    return elementwise(name, base.cast(order, base.dtype_of(x)), x)


def _xlogy_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """log y, and x / y which is 0 where x is."""
    return multiply(g, log(x[1])), _safe_quotient(g, x[0], x[1])


def _xlog1py_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    return multiply(g, log1p(x[1])), _safe_quotient(g, x[0], add(x[1], 1))


def _safe_quotient(g: Array, numerator: Array, denominator: Array) -> Array:
    absent = elementwise("equal", numerator, base.cast(0, base.dtype_of(numerator)))
    return where(absent, 0, multiply(g, divide(numerator, where(absent, 1, denominator))))


define(
    "erf",
    1,
    _scipy("erf"),
    kinds="f",
    cost=1.5,
    derivative=lambda x, y, g: (multiply(g, multiply(_gauss(x[0]), _TWO_OVER_ROOT_PI)),),
)
define(
    "erfc",
    1,
    _scipy("erfc"),
    kinds="f",
    cost=3.0,
    derivative=lambda x, y, g: (multiply(g, multiply(_gauss(x[0]), -_TWO_OVER_ROOT_PI)),),
)
define(
    "erfcx",
    1,
    _scipy("erfcx"),
    kinds="f",
    cost=4.0,
    derivative=lambda x, y, g: (multiply(multiply(g, _of_order("erfcx_moment", 1, x[0])), -2),),
)
define(
    "erfinv",
    1,
    _scipy("erfinv"),
    kinds="f",
    cost=10.0,
    derivative=lambda x, y, g: (multiply(g, multiply(exp(square(y)), 1 / _TWO_OVER_ROOT_PI)),),
)
define(
    "erfcinv",
    1,
    _scipy("erfcinv"),
    kinds="f",
    cost=10.0,
    derivative=lambda x, y, g: (multiply(g, multiply(exp(square(y)), -1 / _TWO_OVER_ROOT_PI)),),
)
define(
    "log_erfc",
    1,
    _evaluate_log_erfc,
    kinds="f",
    cost=6.0,
    derivative=lambda x, y, g: (negative(multiply(g, elementwise("erfc_hazard", x[0]))),),
)
define(
    "erfc_hazard",
    1,
    _evaluate_erfc_hazard,
    kinds="f",
    cost=5.0,
    derivative=lambda x, y, g: (
        multiply(multiply(g, multiply(y, _of_order("erfcx_moment_ratio", 1, x[0]))), 2),
    ),
)
define("erfcx_moment", 2, evaluate_erfcx_moment, kinds="f", cost=50.0, derivative=_moment_derivative)
define(
    "erfcx_moment_ratio",
    2,
    _evaluate_erfcx_moment_ratio,
    kinds="f",
    cost=50.0,
    derivative=_moment_ratio_derivative,
)
define(
    "ndtr",
    1,
    _scipy("ndtr"),
    kinds="f",
    cost=3.0,
    derivative=lambda x, y, g: (
        multiply(g, multiply(exp(multiply(square(x[0]), -0.5)), 1 / math.sqrt(2 * math.pi))),
    ),
)
define(
    "log_ndtr",
    1,
    _scipy("log_ndtr"),
    kinds="f",
    cost=6.0,
    derivative=lambda x, y, g: (
        multiply(g, multiply(elementwise("erfc_hazard", multiply(x[0], -_ROOT_HALF)), _ROOT_HALF)),
    ),
)
define(
    "gammaln",
    1,
    _evaluate_gammaln,
    kinds="f",
    cost=8.0,
    derivative=lambda x, y, g: (multiply(g, digamma(x[0])),),
)
define(
    "gamma",
    1,
    _scipy("gamma"),
    kinds="f",
    cost=10.0,
    derivative=lambda x, y, g: (multiply(g, multiply(y, digamma(x[0]))),),
)
define(
    "digamma",
    1,
    _scipy("digamma"),
    kinds="f",
    cost=10.0,
    derivative=lambda x, y, g: (multiply(g, elementwise("trigamma", x[0])),),
)
define(
    "trigamma",
    1,
    _evaluate_trigamma,
    kinds="f",
    cost=10.0,
    derivative=lambda x, y, g: (multiply(g, _of_order("polygamma", 2, x[0])),),
)
define("polygamma", 2, _evaluate_polygamma, kinds="f", cost=50.0, derivative=_polygamma_derivative)
define("xlogy", 2, _scipy("xlogy"), kinds="f", cost=1.5, derivative=_xlogy_derivative)
define("xlog1py", 2, _scipy("xlog1py"), kinds="f", cost=2.0, derivative=_xlog1py_derivative)


def erf(x: object) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    return elementwise_inexact("erf", x)


def erfc(x: object) -> Array:
    """1 - erf(x), accurate in the tail."""
    return elementwise_inexact("erfc", x)


def erfcx(x: object) -> Array:
    """exp(x^2) erfc(x), accurate in the tail, as are all its derivatives."""
    return elementwise_inexact("erfcx", x)


def erfinv(x: object) -> Array:
    """The inverse of erf on [-1, 1]."""
    return elementwise_inexact("erfinv", x)


def erfcinv(x: object) -> Array:
    """The inverse of erfc on [0, 2]."""
    return elementwise_inexact("erfcinv", x)


def log_erfc(x: object) -> Array:
    """log(erfc(x)), accurate for every x."""
    return elementwise_inexact("log_erfc", x)


def ndtr(x: object) -> Array:
    """The distribution function of the standard normal distribution."""
    return elementwise_inexact("ndtr", x)


def ndtri(p: object) -> Array:
    """The inverse of ndtr: quantiles of the standard normal distribution."""
    (array,) = inexact_operands(p)
    return multiply(elementwise("erfcinv", multiply(array, 2)), -math.sqrt(2))


def log_ndtr(x: object) -> Array:
    """log(ndtr(x)), accurate for every x, as are all its derivatives."""
    return elementwise_inexact("log_ndtr", x)


def gammaln(x: object) -> Array:
    """log |gamma(x)|."""
    return elementwise_inexact("gammaln", x)


lgamma = gammaln


def gamma(x: object) -> Array:
    """The gamma function: gamma(n) = (n - 1)! for whole n; NaN at the negative whole numbers."""
    return elementwise_inexact("gamma", x)


def digamma(x: object) -> Array:
    """The derivative of log gamma(x)."""
    return elementwise_inexact("digamma", x)


psi = digamma


def trigamma(x: object) -> Array:
    """The second derivative of log gamma(x)."""
    return elementwise_inexact("trigamma", x)


def polygamma(n: int, x: object) -> Array:
    """The n-th derivative of digamma.

    Raises:
        TypeError, ValueError: n is not an int, or is negative.
        DTypeError: x is complex.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"polygamma: n must be an int, got {n!r}")
    if n < 0:
        raise ValueError(f"polygamma: n must not be negative, got {n}")
    (array,) = inexact_operands(x)
    if dtypes.is_complex(base.dtype_of(array)):
        raise DTypeError(f"polygamma is not defined for dtype {base.dtype_of(array).name}")
    if n < 2:
        return elementwise("trigamma" if n else "digamma", array)
    return _of_order("polygamma", int(n), array)


def xlogy(x: object, y: object) -> Array:
    """x log(y), 0 where x is 0."""
    return elementwise_inexact("xlogy", x, y)


def xlog1py(x: object, y: object) -> Array:
    """x log(1 + y), 0 where x is 0."""
    return elementwise_inexact("xlog1py", x, y)

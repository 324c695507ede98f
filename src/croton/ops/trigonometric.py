"""Trigonometric and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.ops import base
from croton.ops.arithmetic import add, divide, multiply, negative, sqrt, square, subtract, where
from croton.ops.base import Array
from croton.ops.elementwise import (
    conjugate,
    define,
    elementwise,
    elementwise_inexact,
    in_single,
    inexact_operands,
)

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "rad2deg",
    "radians",
    "sin",
    "sinc",
    "sinh",
    "tan",
]


def _is_complex(x: Array) -> bool:
    return dtypes.is_complex(base.dtype_of(x))


def _hypot_one(x: Array) -> Array:
    """sqrt(1 + x^2), which does not overflow for real x."""
    if _is_complex(x):
        return sqrt(add(square(x), 1))
    return elementwise("hypot", x, base.cast(1, base.dtype_of(x)))


def _arcsin_slope(x: Array, g: Array) -> Array:
    """g / sqrt(1 - x^2), the root as a product of two, which is accurate near both ends."""
    return divide(g, conjugate(multiply(sqrt(subtract(1, x)), sqrt(add(x, 1)))))


def _arctan_slope(x: Array, g: Array) -> Array:
    if _is_complex(x):
        return divide(g, conjugate(add(square(x), 1)))
    size = _hypot_one(x)
    return divide(divide(g, size), size)


def _arccosh_slope(x: Array, g: Array) -> Array:
    return divide(g, conjugate(multiply(sqrt(subtract(x, 1)), sqrt(add(x, 1)))))


def _arctanh_slope(x: Array, g: Array) -> Array:
    return divide(g, conjugate(multiply(subtract(1, x), add(x, 1))))


def _arctan2_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """With r = hypot: abscissa / r^2 and -ordinate / r^2 in steps that do not overflow, 0 at the origin."""
    ordinate, abscissa = x
    size = elementwise("hypot", ordinate, abscissa)
    rate = divide(g, where(elementwise("equal", size, base.cast(0, base.dtype_of(size))), 1, size))
    return (
        multiply(rate, elementwise("over_hypot", abscissa, ordinate)),
        negative(multiply(rate, elementwise("over_hypot", ordinate, abscissa))),
    )


define(
    "sin", 1, np.sin, kinds="fc", cost=2.0, derivative=lambda x, y, g: (multiply(g, conjugate(cos(x[0]))),)
)
define(
    "cos",
    1,
    np.cos,
    kinds="fc",
    cost=2.0,
    derivative=lambda x, y, g: (negative(multiply(g, conjugate(sin(x[0])))),),
)
define(
    "tan",
    1,
    np.tan,
    kinds="fc",
    cost=3.0,
    derivative=lambda x, y, g: (multiply(g, conjugate(add(square(y), 1))),),
)
define("arcsin", 1, np.arcsin, kinds="fc", cost=2.0, derivative=lambda x, y, g: (_arcsin_slope(x[0], g),))
define(
    "arccos",
    1,
    np.arccos,
    kinds="fc",
    cost=2.0,
    derivative=lambda x, y, g: (negative(_arcsin_slope(x[0], g)),),
)
define("arctan", 1, np.arctan, kinds="fc", cost=2.0, derivative=lambda x, y, g: (_arctan_slope(x[0], g),))
define("arctan2", 2, np.arctan2, kinds="f", cost=3.0, derivative=_arctan2_derivative)
define(
    "sinh", 1, np.sinh, kinds="fc", cost=2.0, derivative=lambda x, y, g: (multiply(g, conjugate(cosh(x[0]))),)
)
define(
    "cosh", 1, np.cosh, kinds="fc", cost=2.0, derivative=lambda x, y, g: (multiply(g, conjugate(sinh(x[0]))),)
)
define(
    "arcsinh",
    1,
    np.arcsinh,
    kinds="fc",
    cost=3.0,
    derivative=lambda x, y, g: (divide(g, conjugate(_hypot_one(x[0]))),),
)
define("arccosh", 1, np.arccosh, kinds="fc", cost=3.0, derivative=lambda x, y, g: (_arccosh_slope(x[0], g),))
define("arctanh", 1, np.arctanh, kinds="fc", cost=3.0, derivative=lambda x, y, g: (_arctanh_slope(x[0], g),))


def sin(x: object) -> Array:
    """The sine; exact reduction for every finite argument."""
    return elementwise_inexact("sin", x)


def cos(x: object) -> Array:
    """The cosine; exact reduction for every finite argument."""
    return elementwise_inexact("cos", x)


def tan(x: object) -> Array:
    """The tangent."""
    return elementwise_inexact("tan", x)


def arcsin(x: object) -> Array:
    """The inverse sine, in [-pi/2, pi/2]; NaN outside [-1, 1] for real x."""
    return elementwise_inexact("arcsin", x)


def arccos(x: object) -> Array:
    """The inverse cosine, in [0, pi]; NaN outside [-1, 1] for real x."""
    return elementwise_inexact("arccos", x)


def arctan(x: object) -> Array:
    """The inverse tangent, in [-pi/2, pi/2]."""
    return elementwise_inexact("arctan", x)


def arctan2(y: object, x: object) -> Array:
    """The angle of the point (x, y), in [-pi, pi]; its gradient is 0 at the origin."""
    return elementwise_inexact("arctan2", y, x)


def sinh(x: object) -> Array:
    """The hyperbolic sine."""
    return elementwise_inexact("sinh", x)


def cosh(x: object) -> Array:
    """The hyperbolic cosine."""
    return elementwise_inexact("cosh", x)


def arcsinh(x: object) -> Array:
    """The inverse hyperbolic sine."""
    return elementwise_inexact("arcsinh", x)


def arccosh(x: object) -> Array:
    """The inverse hyperbolic cosine; NaN below 1 for real x."""
    return elementwise_inexact("arccosh", x)


def arctanh(x: object) -> Array:
    """The inverse hyperbolic tangent; NaN outside [-1, 1] for real x."""
    return elementwise_inexact("arctanh", x)


asin, acos, atan, atan2 = arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh


def deg2rad(x: object) -> Array:
    """Degrees as radians."""
    return _scaled(x, math.pi / 180, "deg2rad")


def rad2deg(x: object) -> Array:
    """Radians as degrees."""
    return _scaled(x, 180 / math.pi, "rad2deg")


def _scaled(x: object, factor: float, name: str) -> Array:
    (array,) = inexact_operands(x)
    if _is_complex(array):
        raise DTypeError(f"{name} is not defined for dtype {base.dtype_of(array).name}")
    return in_single(lambda v: multiply(v, factor), array)


radians, degrees = deg2rad, rad2deg


def sinc(x: object) -> Array:
    """sin(pi x) / (pi x), 1 at 0, with accurate derivatives of every order there."""
    array = base.as_array(x)
    number = array if dtypes.is_inexact(base.dtype_of(array)) else base.cast(array, dtypes.FLOAT64)
    if _is_complex(number):
        angle = multiply(
            where(elementwise("equal", number, base.cast(0, base.dtype_of(number))), 1e-20, number), math.pi
        )
        return divide(sin(angle), angle)
    from croton.ops.relative import sinc_unnormalized

    return in_single(lambda v: sinc_unnormalized(multiply(v, math.pi)), number)

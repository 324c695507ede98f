"""Trigonometric and hyperbolic functions of elements, in floating point, and parts of complex numbers."""

from __future__ import annotations

from typing import Any

from croton.ops import complex_numbers
from croton.ops import trigonometric as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import elementwise, floating, floating_operands

__all__ = [
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "conj",
    "conjugate",
    "cos",
    "cosh",
    "deg2rad",
    "imag",
    "rad2deg",
    "real",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]


def sin(x: Any) -> Any:
    """The sine."""
    return elementwise("sin", floating(x))


def cos(x: Any) -> Any:
    """The cosine."""
    return elementwise("cos", floating(x))


def tan(x: Any) -> Any:
    """The tangent."""
    return elementwise("tan", floating(x))


def arcsin(x: Any) -> Any:
    """The angle in [-pi/2, pi/2] whose sine is x."""
    return elementwise("arcsin", floating(x))


def arccos(x: Any) -> Any:
    """The angle in [0, pi] whose cosine is x."""
    return elementwise("arccos", floating(x))


def arctan(x: Any) -> Any:
    """The angle in [-pi/2, pi/2] whose tangent is x."""
    return elementwise("arctan", floating(x))


def arctan2(x1: Any, x2: Any) -> Any:
    """The angle of the point (x2, x1), in [-pi, pi]."""
    return elementwise("arctan2", *floating_operands(x1, x2))


def sinh(x: Any) -> Any:
    """The hyperbolic sine."""
    return elementwise("sinh", floating(x))


def cosh(x: Any) -> Any:
    """The hyperbolic cosine."""
    return elementwise("cosh", floating(x))


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return elementwise("tanh", floating(x))


def arcsinh(x: Any) -> Any:
    """The number whose hyperbolic sine is x."""
    return elementwise("arcsinh", floating(x))


def arccosh(x: Any) -> Any:
    """The number, not negative, whose hyperbolic cosine is x."""
    return elementwise("arccosh", floating(x))


def arctanh(x: Any) -> Any:
    """The number whose hyperbolic tangent is x."""
    return elementwise("arctanh", floating(x))


def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), 1 at 0."""
    return ops.sinc(floating(x))


def deg2rad(x: Any) -> Any:
    """Degrees in radians."""
    return ops.deg2rad(floating(x))


def rad2deg(x: Any) -> Any:
    """Radians in degrees."""
    return ops.rad2deg(floating(x))


def angle(x: Any) -> Any:
    """The angle of complex numbers in radians; 0 or pi for real ones."""
    return complex_numbers.angle(floating(x))


def real(x: Any) -> Any:
    """The real part."""
    return complex_numbers.real(convert_to_tensor(x))


def imag(x: Any) -> Any:
    """The imaginary part; zeros for real numbers."""
    return complex_numbers.imag(convert_to_tensor(x))


def conjugate(x: Any) -> Any:
    """The complex conjugate."""
    return complex_numbers.conj(convert_to_tensor(x))


def conj(x: Any) -> Any:
    """The complex conjugate."""
    return conjugate(x)

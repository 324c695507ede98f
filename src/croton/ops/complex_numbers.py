"""Complex numbers: their parts, conjugates and angles.

Cotangents of complex operands are conjugates of derivatives: for a real loss L, the cotangent of z is
dL/dRe(z) + i dL/dIm(z).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import absolute, divide, multiply, negative, sign
from croton.ops.base import Array
from croton.ops.elementwise import conjugate, define, elementwise, inexact_operands

__all__ = ["angle", "complex_from_polar", "conj", "imag", "iscomplex", "isreal", "real"]


def _evaluate_complex(real_part: NDArray, imaginary_part: NDArray) -> Any:
    dtype = dtypes.complex_dtype(real_part.dtype)
    result = np.empty(np.broadcast_shapes(real_part.shape, imaginary_part.shape), dtype)
    result.real = real_part
    result.imag = imaginary_part
    return result


def _angle_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """The angle grows along i x/|x|, by 1/|x|."""
    rate = divide(g, absolute(x[0]))
    direction = sign(x[0])
    return (complex_(negative(multiply(rate, imag(direction))), multiply(rate, real(direction))),)


define("conj", 1, np.conj, kinds="c", derivative=lambda x, y, g: (conjugate(g),))
define("real", 1, np.real, kinds="c", result="real", derivative=lambda x, y, g: (complex_(g, 0),))
define("imag", 1, np.imag, kinds="c", result="real", derivative=lambda x, y, g: (complex_(0, g),))
define(
    "complex",
    2,
    _evaluate_complex,
    kinds="f",
    result="complex",
    derivative=lambda x, y, g: (real(g), imag(g)),
)
define("angle", 1, np.angle, kinds="c", result="real", cost=5.0, derivative=_angle_derivative)


def complex_(real_part: object, imaginary_part: object) -> Array:
    """real_part + i imaginary_part, without arithmetic: complex64 from float32 and below, else complex128.

    Raises:
        DTypeError: a part is complex.
    """
    parts = inexact_operands(real_part, imaginary_part)
    dtype = base.dtype_of(parts[0])
    if dtypes.is_complex(dtype):
        raise DTypeError(f"complex: the parts must be real, got dtype {dtype.name}")
    wide = dtypes.compute_dtype(dtype)
    return elementwise("complex", *(base.cast(part, wide) for part in parts))


def complex_from_polar(abs: object, angle: object) -> Array:
    """The complex number of an absolute value and an angle."""
    from croton.ops.trigonometric import cos, sin

    return complex_(multiply(abs, cos(angle)), multiply(abs, sin(angle)))


def conj(x: object) -> Array:
    """The complex conjugate; real arrays pass through, bool as int8."""
    array = base.as_array(x)
    return base.cast(array, np.int8) if dtypes.is_bool(base.dtype_of(array)) else conjugate(array)


def real(x: object) -> Array:
    """The real part; real arrays pass through."""
    array = base.as_array(x)
    return elementwise("real", array) if dtypes.is_complex(base.dtype_of(array)) else array


def imag(x: object) -> Array:
    """The imaginary part; zeros for real arrays."""
    from croton.ops.shape import zeros_like

    array = base.as_array(x)
    return elementwise("imag", array) if dtypes.is_complex(base.dtype_of(array)) else zeros_like(array)


def angle(z: object, deg: bool = False) -> Array:
    """The angle from the positive real axis in (-pi, pi], in degrees if `deg`."""
    from croton.ops.trigonometric import arctan2, rad2deg

    array = base.as_array(z)
    dtype = base.dtype_of(array)
    radians = elementwise("angle", array) if dtypes.is_complex(dtype) else arctan2(0, array)
    return rad2deg(radians) if deg else radians


def isreal(x: object) -> Array:
    """Whether the imaginary part is 0."""
    from croton.ops.comparison import equal

    return equal(imag(x), 0)


def iscomplex(x: object) -> Array:
    """Whether the imaginary part is not 0."""
    from croton.ops.comparison import not_equal

    return not_equal(imag(x), 0)

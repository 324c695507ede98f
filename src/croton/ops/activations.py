"""Activation functions of neural networks, element by element."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import (
    absolute,
    add,
    clip,
    divide,
    hypot,
    multiply,
    negative,
    square,
    subtract,
    where,
)
from croton.ops.base import Array
from croton.ops.comparison import greater, greater_equal, less
from croton.ops.elementwise import define, elementwise, elementwise_inexact, in_single, inexact_operands
from croton.ops.exponential import expm1, sigmoid, tanh

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "mish",
    "relu",
    "relu6",
    "selu",
    "silu",
    "softsign",
    "squareplus",
    "swish",
    "threshold",
    "ultra_fast_sigmoid",
]

_SELU_SCALE = 1.0507009873554805  # Klambauer et al. 2017
_SELU_ALPHA = 1.6732632423543772
_ROOT_HALF = math.sqrt(0.5)


def _relu_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    return (where(elementwise("greater", x[0], base.cast(0, base.dtype_of(x[0]))), g, 0),)


def _evaluate_relu(x: NDArray) -> NDArray:
    return np.asarray(np.maximum(x, x.dtype.type(0)))


define("relu", 1, _evaluate_relu, kinds="if", derivative=_relu_derivative)


def relu(x: object, alpha: object = 0) -> Array:
    """max(x, 0), or alpha x where x is negative; its derivative at 0 is alpha.

    alpha: a number, or an array that broadcasts against x.
    """
    if isinstance(alpha, (int, float)) and alpha == 0:
        return elementwise("relu", x)
    array, slope = inexact_operands(x, alpha)
    return where(greater(array, 0), array, multiply(array, slope))


def relu6(x: object) -> Array:
    """relu limited to 6; its derivative is 0 at 0 and at 6."""
    array = base.as_array(x)
    return where(greater(array, 6), base.cast(6, base.dtype_of(array)), relu(array))


def leaky_relu(x: object, negative_slope: float = 0.01) -> Array:
    """x where positive, else negative_slope * x."""
    (array,) = inexact_operands(x)
    return where(greater(array, 0), array, multiply(array, negative_slope))


def silu(x: object) -> Array:
    """x sigmoid(x), also called swish."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: multiply(v, sigmoid(v)), array)


swish = silu


def gelu(x: object, approximate: bool = False) -> Array:
    """x times the normal distribution function of x; with `approximate`, its tanh approximation.

    Hendrycks and Gimpel 2016: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) for the latter, computed as
    x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)), which is the same without cancellation.
    """
    (array,) = inexact_operands(x)
    return in_single(_gelu_by_tanh if approximate else _gelu, array)


def _gelu(x: Array) -> Array:
    return multiply(x, elementwise("ndtr", x))


def _gelu_by_tanh(x: Array) -> Array:
    near = clip(x, -30.0, 30.0)  # where the sigmoid is not 0 or 1 in any dtype: the cube cannot overflow
    cubic = multiply(near, add(multiply(square(near), 0.044715), 1))
    return multiply(x, sigmoid(multiply(cubic, 2 * math.sqrt(2 / math.pi))))


def elu(x: object, alpha: float = 1.0) -> Array:
    """x where positive, else alpha (exp(x) - 1)."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: _elu(v, alpha), array)


def celu(x: object, alpha: float = 1.0) -> Array:
    """x where positive, else alpha (exp(x / alpha) - 1) (Barron 2017), whose slope has no jump at 0."""
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0")
    (array,) = inexact_operands(x)
    return in_single(lambda v: _elu_of_quotient(v, alpha), array)


def _elu_of_quotient(x: Array, alpha: float) -> Array:
    positive = greater(x, 0)
    return where(positive, x, multiply(expm1(divide(where(positive, 0, x), alpha)), alpha))


def _elu(x: Array, alpha: float) -> Array:
    """The exponential sees only what is not positive, so that it never overflows."""
    positive = greater(x, 0)
    return where(positive, x, multiply(expm1(where(positive, 0, x)), alpha))


def selu(x: object) -> Array:
    """scale * elu(x, alpha) with the constants of self-normalising networks."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: multiply(_elu(v, _SELU_ALPHA), _SELU_SCALE), array)


def softsign(x: object) -> Array:
    """x / (1 + |x|)."""
    (array,) = inexact_operands(x)
    return divide(array, add(absolute(array), 1))


def hard_sigmoid(x: object) -> Array:
    """clip(x / 6 + 1 / 2, 0, 1)."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: clip(add(multiply(v, 1 / 6), 0.5), 0.0, 1.0), array)


def hard_silu(x: object) -> Array:
    """x hard_sigmoid(x)."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: multiply(v, hard_sigmoid(v)), array)


def mish(x: object) -> Array:
    """x tanh(softplus(x)) (Misra 2019)."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: multiply(v, tanh(elementwise_inexact("softplus", v))), array)


hard_swish = hard_silu


def hard_tanh(x: object) -> Array:
    """x limited to [-1, 1]."""
    return clip(base.as_array(x), -1, 1)


def threshold(x: object, threshold: object, default_value: object) -> Array:
    """x where it is greater than a threshold, else a value."""
    array = base.as_array(x)
    return where(greater(array, threshold), array, base.cast(default_value, base.dtype_of(array)))


def squareplus(x: object, b: float = 4) -> Array:
    """(x + sqrt(x^2 + b)) / 2 (Barron 2021), without cancellation or overflow; b > 0 is how smooth it is.

    Raises:
        ValueError: b is negative.
    """
    if b < 0:
        raise ValueError(f"squareplus: b must not be negative, got {b}")
    (array,) = inexact_operands(x)
    return in_single(lambda v: _squareplus(v, b), array)


def _squareplus(x: Array, b: float) -> Array:
    """For negative x, b / (2 (root - x)) is the same."""
    below = less(x, 0)
    sum_ = add(hypot(x, base.cast(math.sqrt(b), base.dtype_of(x))), absolute(x))
    half = multiply(sum_, 0.5)
    if b == 0:
        return where(below, base.cast(0, base.dtype_of(x)), half)
    return where(below, divide(b / 2, sum_), half)


def glu(x: object, axis: int = -1) -> Array:
    """The first half of x along an axis times the sigmoid of the second half (Dauphin et al. 2016).

    Raises:
        ShapeError: the axis has an odd size.
    """
    from croton.graph.errors import ShapeError
    from croton.ops.slicing import slice_axis

    (array,) = inexact_operands(x)
    position = base.normalize_axis(axis, base.rank_of(array), "glu")
    size = base.shape_of(array)[position]
    if isinstance(size, int) and size % 2:
        raise ShapeError(f"glu: axis {axis} must have an even size, got {size}")
    first = slice_axis(array, position, 0, size // 2)
    second = slice_axis(array, position, size // 2, size)
    return in_single(lambda v, w: multiply(v, sigmoid(w)), first, second)


def ultra_fast_sigmoid(x: object) -> Array:
    """Theano's approximation of sigmoid by a rational function and two straight lines.

    With z = |x| / 2: (1 + t) / 2, t = 1.5 z / (1 + z) below z = 1.7, then a line up to z = 3, then constant;
    the other half by symmetry.
    """
    (array,) = inexact_operands(x)
    return in_single(_ultra_fast_sigmoid, array)


def _ultra_fast_sigmoid(x: Array) -> Array:
    z = multiply(absolute(x), 0.5)
    curve = divide(multiply(z, 1.5), add(z, 1))
    line = add(multiply(subtract(z, 1.7), 0.0458812946797165), 0.935409070603099)
    t = where(less(z, 1.7), curve, where(less(z, 3), line, base.cast(0.99505475368673, base.dtype_of(x))))
    return multiply(add(where(greater_equal(x, 0), t, negative(t)), 1), 0.5)

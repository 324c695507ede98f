"""Activation functions of neural networks, element by element."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import absolute, add, clip, divide, multiply, where
from croton.ops.base import Array
from croton.ops.comparison import greater
from croton.ops.elementwise import define, elementwise, elementwise_inexact, in_single, inexact_operands
from croton.ops.exponential import expm1, sigmoid, tanh

__all__ = [
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "leaky_relu",
    "mish",
    "relu",
    "relu6",
    "selu",
    "silu",
    "softsign",
    "swish",
]

_SELU_SCALE = 1.0507009873554805  # Klambauer et al. 2017
_SELU_ALPHA = 1.6732632423543772
_ROOT_HALF = math.sqrt(0.5)


def _relu_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    return (where(elementwise("greater", x[0], base.cast(0, base.dtype_of(x[0]))), g, 0),)


def _evaluate_relu(x: NDArray) -> NDArray:
    return np.asarray(np.maximum(x, x.dtype.type(0)))


define("relu", 1, _evaluate_relu, kinds="if", derivative=_relu_derivative)


def relu(x: object) -> Array:
    """max(x, 0); its derivative at 0 is 0."""
    return elementwise("relu", x)


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
    inner = multiply(multiply(x, add(multiply(multiply(x, x), 0.044715), 1)), 2 * math.sqrt(2 / math.pi))
    return multiply(x, sigmoid(inner))


def elu(x: object, alpha: float = 1.0) -> Array:
    """x where positive, else alpha (exp(x) - 1)."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: _elu(v, alpha), array)


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

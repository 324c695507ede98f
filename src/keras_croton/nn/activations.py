"""Activation functions, element by element, and the softmax family.

All take tensors of any shape; integers give floats where the function is not whole-numbered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import croton.tensor as T
from croton.ops import activations as elementwise
from croton.ops import exponential, sparse_activations
from keras_croton.conversion import convert_to_tensor
from keras_croton.nn.arguments import floating, number


def relu(x: Any) -> Any:
    """max(x, 0); bools become int32."""
    return elementwise.relu(number(x))


def relu6(x: Any) -> Any:
    """relu limited to 6; bools become int32."""
    return elementwise.relu6(number(x))


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return exponential.sigmoid(floating(x))


def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2 limited to [0, 1]."""
    return sparse_activations.sparse_sigmoid(floating(x))


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return exponential.tanh(floating(x))


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    return sparse_activations.tanh_shrink(floating(x))


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return exponential.softplus(floating(x))


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return elementwise.softsign(floating(x))


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by a threshold, 0 where it would cross."""
    return sparse_activations.soft_shrink(floating(x), threshold)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)^2 / 4 from there to 1, then x."""
    return sparse_activations.sparse_plus(floating(x))


def silu(x: Any) -> Any:
    """x sigmoid(x)."""
    return elementwise.silu(floating(x))


def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2."""
    return elementwise.squareplus(floating(x), b)


def log_sigmoid(x: Any) -> Any:
    """-log(1 + exp(-x))."""
    return exponential.log_sigmoid(floating(x))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where it is positive, else negative_slope * x."""
    return elementwise.leaky_relu(floating(x), negative_slope)


def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 1 / 2 limited to [0, 1]."""
    return elementwise.hard_sigmoid(floating(x))


def hard_silu(x: Any) -> Any:
    """x hard_sigmoid(x)."""
    return elementwise.hard_silu(floating(x))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha (exp(x) - 1)."""
    return elementwise.elu(floating(x), alpha)


def selu(x: Any) -> Any:
    """elu with the constants of self-normalising networks."""
    return elementwise.selu(floating(x))


def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the normal distribution function of x, or an approximation of it by tanh."""
    return elementwise.gelu(floating(x), approximate)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha (exp(x / alpha) - 1)."""
    return elementwise.celu(floating(x), alpha)


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of x along an axis times the sigmoid of the second.

    Raises:
        ValueError: the axis has an odd size.
    """
    return elementwise.glu(floating(x), axis)


def hard_tanh(x: Any) -> Any:
    """x limited to [-1, 1]; bools become int32."""
    return elementwise.hard_tanh(number(x))


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| is greater than a threshold, else 0."""
    return sparse_activations.hard_shrink(floating(x), threshold)


def threshold(x: Any, threshold: Any, default_value: Any) -> Any:
    """x where it is greater than a threshold, else `default_value`."""
    tensor = floating(x) if isinstance(default_value, float) else convert_to_tensor(x)
    return T.where(T.greater(tensor, threshold), tensor, default_value)


def softmax(x: Any, axis: int | Sequence[int] | None = -1) -> Any:
    """exp(x) / sum(exp(x)) over an axis or axes, without overflow."""
    return T.softmax(floating(x), axis)


def log_softmax(x: Any, axis: int | Sequence[int] | None = -1) -> Any:
    """The logarithm of softmax, accurate where that underflows."""
    return T.log_softmax(floating(x), axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """Probabilities along an axis as near as possible to x: a softmax with zeros."""
    return sparse_activations.sparsemax(floating(x), axis)

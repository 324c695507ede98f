"""Theano's place of sigmoids."""

from __future__ import annotations

from croton.ops.activations import ultra_fast_sigmoid
from croton.ops.arithmetic import add, clip, multiply
from croton.ops.base import Array
from croton.ops.elementwise import in_single, inexact_operands
from croton.ops.exponential import sigmoid, softplus

__all__ = ["hard_sigmoid", "sigmoid", "softplus", "ultra_fast_sigmoid"]


def hard_sigmoid(x: object) -> Array:
    """clip(x / 5 + 1 / 2, 0, 1), Theano's; `croton.tensor.hard_sigmoid`, of slope 1/6, is Keras's."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: clip(add(multiply(v, 0.2), 0.5), 0.0, 1.0), array)

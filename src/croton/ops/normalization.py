"""Normalising to mean 0 and variance 1, over features or over a batch."""

from __future__ import annotations

from croton.graph import dtypes
from croton.ops import base, reduction
from croton.ops.arithmetic import add, divide, multiply, sqrt, square, subtract
from croton.ops.base import Array


def moments(x: object, axis: object = None, keepdims: bool = False) -> tuple[Array, Array]:
    """Mean and variance over axes, in two passes; half precisions are calculated in float32."""
    array = base.as_array(x)
    dtype = dtypes.inexact(base.dtype_of(array))
    wide = base.cast(array, dtypes.compute_dtype(dtype))
    center = reduction.mean(wide, axis, keepdims=True)
    spread = reduction.mean(square(subtract(wide, center)), axis, keepdims=keepdims)
    mean = center if keepdims else reduction.mean(wide, axis)
    return base.cast(mean, dtype), base.cast(spread, dtype)


def standardize(x: object, axis: object = -1, epsilon: float = 1e-5) -> Array:
    """(x - mean) / sqrt(variance + epsilon) over axes."""
    array = base.as_array(x)
    dtype = dtypes.inexact(base.dtype_of(array))
    wide = base.cast(array, dtypes.compute_dtype(dtype))
    centered = subtract(wide, reduction.mean(wide, axis, keepdims=True))
    variance = reduction.mean(square(centered), axis, keepdims=True)
    return base.cast(divide(centered, sqrt(add(variance, epsilon))), dtype)


def layer_norm(
    x: object, gamma: object = None, beta: object = None, axis: object = -1, epsilon: float = 1e-5
) -> Array:
    """`standardize` over axes, times gamma, plus beta, which broadcast."""
    result = standardize(x, axis, epsilon)
    if gamma is not None:
        result = multiply(result, gamma)
    return result if beta is None else add(result, beta)


def batch_normalization(
    x: object, gamma: object, beta: object, mean: object, std: object, mode: str = ""
) -> Array:
    """gamma (x - mean) / std + beta, as in Theano; everything broadcasts. `mode` is accepted and ignored."""
    return add(multiply(divide(subtract(x, mean), std), gamma), beta)

"""Moments, and normalising by given ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import croton.tensor as T
from croton.ops import base, normalization
from keras_croton.conversion import cast, convert_to_tensor
from keras_croton.nn.arguments import floating


def moments(
    x: Any, axes: int | Sequence[int] | None, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Mean and variance over axes, calculated in float32 at least.

    Raises:
        NotImplementedError: moments over several machines are asked for.
    """
    if synchronized:
        raise NotImplementedError("Argument synchronized=True is not supported with croton.")
    x = floating(x)
    name = base.dtype_of(x).name
    if name != "float16":
        return normalization.moments(x, axes, keepdims)
    bounds = np.finfo(np.float16)
    mean, variance = normalization.moments(cast(x, "float32"), axes, keepdims)
    low, high = float(bounds.min), float(bounds.max)
    return cast(T.clip(mean, low, high), name), cast(T.clip(variance, low, high), name)


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset.

    mean, variance, scale, offset: one number for every place along an axis of x.
    """
    x = convert_to_tensor(x)
    rank = base.rank_of(x)
    position = base.normalize_axis(axis, rank, "batch_normalization")

    def column(vector: Any) -> Any:
        vector = convert_to_tensor(vector)
        return T.reshape(vector, tuple(vector.shape[0] if other == position else 1 for other in range(rank)))

    factor = T.reciprocal(T.sqrt(column(variance) + epsilon))
    if scale is not None:
        factor = factor * column(scale)
    shift = T.negative(column(mean) * factor)
    if offset is not None:
        shift = shift + column(offset)
    return x * factor + shift

"""Images convolved with small kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import croton.tensor as T
from croton.graph import dtypes
from croton.ops import base
from croton.ops.gathering import iota_beside
from keras_croton.conversion import cast, convert_to_tensor
from keras_croton.image.arguments import image_layout
from keras_croton.nn.arguments import floating
from keras_croton.nn.convolution import depthwise_conv

_SMOOTH, _STEP = (1.0, 2.0, 1.0), (-1.0, 0.0, 1.0)  # Sobel's kernel is their product


def gaussian_blur(
    images: Any,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Any:
    """Images with every pixel the mean of those around it, with weights of a normal distribution; 0 outside.

    images: (batch, height, width, channels), channels before height for "channels_first"; or one image.
    kernel_size, sigma: pixels of the kernel and its standard deviation, across and down.

    Raises:
        ValueError: another number of axes.
    """
    images = convert_to_tensor(images)
    last = image_layout(images, data_format)
    dtype = base.dtype_of(images)
    spread = cast(convert_to_tensor(sigma), "float32")
    across, down = (_gaussian(kernel_size[axis], spread[axis]) for axis in range(2))
    return base.cast(_separable(floating(images), down, across, last), dtype)


def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """How images change down and across, along a new last axis of size 2; 0 outside.

    images: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Raises:
        ValueError: another number of axes.
    """
    images = convert_to_tensor(images)
    last = image_layout(images, data_format)
    smooth, step = (base.as_array(np.array(taps, np.float32)) for taps in (_SMOOTH, _STEP))
    wide = floating(images)
    edges = [_separable(wide, step, smooth, last), _separable(wide, smooth, step, last)]
    return base.cast(T.stack(edges, -1), base.dtype_of(images))


def _gaussian(size: int, sigma: Any) -> Any:
    """The weights of a kernel, which add up to 1."""
    place = cast(iota_beside(size, sigma), "float32") - (size - 1) / 2
    weights = T.exp(T.square(place / sigma) * -0.5)
    return weights / T.sum(weights)


def _separable(images: Any, down: Any, across: Any, last: bool) -> Any:
    """Every channel convolved with the product of two vectors: first by one, then by the other."""
    whole = images if base.rank_of(images) == 4 else T.expand_dims(images, 0)
    channels = whole.shape[3 if last else 1]
    layout = "channels_last" if last else "channels_first"
    dtype = dtypes.compute_dtype(base.dtype_of(whole))
    result = base.cast(whole, dtype)
    for taps, shape in ((down, (-1, 1, 1, 1)), (across, (1, -1, 1, 1))):
        column = T.reshape(base.cast(taps, dtype), shape)
        kernel = T.broadcast_to(column, (column.shape[0], column.shape[1], channels, 1))
        result = depthwise_conv(result, kernel, 1, "same", layout)
    result = base.cast(result, base.dtype_of(images))
    return result if base.rank_of(images) == 4 else T.squeeze(result, 0)

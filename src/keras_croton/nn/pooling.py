"""Pooling over windows of images, signals and volumes, in the layout they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.src import backend

from croton.ops import pooling
from keras_croton.conversion import convert_to_tensor
from keras_croton.nn.arguments import floating


def max_pool(
    inputs: Any,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The largest element of every window.

    inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first"; 1 to 3 spatial
        axes. pool_size, strides: one int, or one per spatial axis; strides are the pool size if None.

    Raises:
        ValueError: padding is neither "valid" nor "same", or a window is larger than the input.
    """
    layout = backend.standardize_data_format(data_format)
    return pooling.max_pool(convert_to_tensor(inputs), pool_size, strides, padding, layout)


def average_pool(
    inputs: Any,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The mean of every window, of the elements inside the input; arguments as for `max_pool`."""
    layout = backend.standardize_data_format(data_format)
    return pooling.average_pool(floating(inputs), pool_size, strides, padding, layout)

"""Convolutions of images, signals and volumes, in the layout they have.

inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first", with 1 to 3 spatial
axes. strides, dilation_rate: one int, or one per spatial axis. padding: "valid" or "same".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.src import backend
from keras.src.backend.common.backend_utils import (
    check_conv_input_channels,
    check_conv_transpose_input_channels,
)

from croton.ops import convolution
from keras_croton.conversion import convert_to_tensor
from keras_croton.nn.arguments import in_common_dtype

PerAxis = int | Sequence[int]


def conv(
    inputs: Any,
    kernel: Any,
    strides: PerAxis = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: PerAxis = 1,
) -> Any:
    """A convolution whose kernel is not flipped.

    kernel: (*spatial, channels, filters); of fewer channels than the inputs, for groups of channels.

    Raises:
        ValueError: channels do not fit, or the kernel is larger than the padded inputs.
    """
    layout = backend.standardize_data_format(data_format)
    kernel = convert_to_tensor(kernel)
    inputs = convert_to_tensor(inputs, kernel.dtype)
    channels, expected = inputs.shape[-1 if layout == "channels_last" else 1], kernel.shape[-2]
    known = isinstance(channels, int) and isinstance(expected, int)
    if known and (expected == 0 or channels % expected):
        raise ValueError(
            "The number of input channels must be evenly divisible by kernel's in_channels. "
            f"Received input channels {channels} and kernel in_channels {expected}."
        )
    return convolution.conv(inputs, kernel, strides, padding, layout, dilation_rate)


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: PerAxis = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: PerAxis = 1,
) -> Any:
    """A convolution of every channel with kernels of its own.

    kernel: (*spatial, channels, multiplier); the result has channels * multiplier channels.

    Raises:
        ValueError: the channels differ, or the kernel is larger than the padded inputs.
    """
    layout = backend.standardize_data_format(data_format)
    inputs, kernel = in_common_dtype(inputs, kernel)
    check_conv_input_channels(inputs, kernel, layout)
    return convolution.depthwise_conv(inputs, kernel, strides, padding, layout, dilation_rate)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: PerAxis = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: PerAxis = 1,
) -> Any:
    """A depthwise convolution, then one with a kernel of size 1 that mixes channels.

    pointwise_kernel: (1, ..., 1, channels * multiplier, filters).

    Raises:
        ValueError: channels do not fit, or a kernel is larger than the padded inputs.
    """
    mixed = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(mixed, pointwise_kernel, 1, "valid", data_format)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: PerAxis = 1,
    padding: str = "valid",
    output_padding: PerAxis | None = None,
    data_format: str | None = None,
    dilation_rate: PerAxis = 1,
) -> Any:
    """A convolution transposed: every input element adds the kernel, times itself, to the output.

    kernel: (*spatial, filters, channels). output_padding: how much longer the output is than its shortest.

    Raises:
        ValueError: the channels differ.
    """
    layout = backend.standardize_data_format(data_format)
    inputs, kernel = in_common_dtype(inputs, kernel)
    check_conv_transpose_input_channels(inputs, kernel, layout)
    return convolution.conv_transpose(inputs, kernel, strides, padding, output_padding, layout, dilation_rate)

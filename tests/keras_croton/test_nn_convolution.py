"""Convolutions in both layouts, with a batch of unknown size."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from keras_croton import nn

from ..ops.agreement import NDArray, sample

KERNELS = {nn.conv: (3, 2, 4, 5), nn.depthwise_conv: (3, 2, 4, 2), nn.conv_transpose: (3, 2, 5, 4)}


def both(function: Callable[..., Any], kernel: NDArray, layout: str, padding: str) -> Any:
    """A convolution of some images, as they are and compiled for any number of images."""

    def convolved(x: Any) -> Any:
        return function(x, kernel, strides=2, padding=padding, data_format=layout)

    x = sample((3, 7, 6, 4), "float32")
    given = x if layout == "channels_last" else np.moveaxis(x, -1, 1).copy()
    batch = T.tensor("float32", shape=(None, *given.shape[1:]))
    compiled = ct.function([batch], convolved(batch))(given)
    np.testing.assert_allclose(compiled, convolved(given), rtol=1e-5, atol=1e-5)
    return compiled if layout == "channels_last" else np.moveaxis(compiled, 1, -1)


@pytest.mark.parametrize("function", KERNELS)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_layouts_agree(function: Callable[..., Any], padding: str) -> None:
    kernel = sample(KERNELS[function], "float32", seed=1)
    first, last = (both(function, kernel, layout, padding) for layout in ("channels_first", "channels_last"))
    np.testing.assert_allclose(first, last, rtol=1e-5, atol=1e-5)


def test_a_separable_convolution_is_two() -> None:
    x, depthwise, pointwise = sample((2, 7, 6, 4)), sample((3, 3, 4, 2)), sample((1, 1, 8, 5))
    result = nn.separable_conv(x, depthwise, pointwise, strides=2, padding="same", dilation_rate=1)
    mixed = nn.depthwise_conv(x, depthwise, strides=2, padding="same").numpy()
    np.testing.assert_allclose(result, mixed @ pointwise[0, 0], rtol=1e-6)


def test_groups_follow_from_the_channels() -> None:
    x, kernel = sample((2, 5, 6)), sample((3, 2, 6))
    result = nn.conv(x, kernel)
    for group in range(3):
        part = nn.conv(x[..., 2 * group : 2 * group + 2], kernel[..., 2 * group : 2 * group + 2])
        np.testing.assert_allclose(result[..., 2 * group : 2 * group + 2], part)


def test_inputs_take_the_dtype_of_the_kernel() -> None:
    assert nn.conv(np.zeros((1, 5, 2)), np.zeros((3, 2, 4), "float16")).dtype == "float16"


def test_channels_that_do_not_fit() -> None:
    x = np.zeros((2, 7, 4))
    with pytest.raises(
        ValueError, match=r"evenly divisible by kernel's in_channels. Received input channels 4"
    ):
        nn.conv(x, np.zeros((3, 3, 5)))
    with pytest.raises(ValueError, match="Received: input channels=4, kernel input channels=3"):
        nn.depthwise_conv(x, np.zeros((3, 3, 1)))
    with pytest.raises(ValueError, match="Received: input channels=4, kernel input channels=3"):
        nn.conv_transpose(x, np.zeros((3, 5, 3)))
    with pytest.raises(ValueError, match="padded input less the kernel along spatial axis 0"):
        nn.conv(x, np.zeros((9, 4, 5)))

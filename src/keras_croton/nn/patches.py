"""Images as patches, and depth as space: elements in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.src import backend

import croton.tensor as T
from croton.ops.gathering import gather, iota_beside
from croton.ops.scattering import scatter_zero
from keras_croton.conversion import convert_to_tensor

Pair = int | Sequence[int]


def unfold(input: Any, kernel_size: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1) -> Any:
    """The patches of images (batch, channels, height, width): (batch, channels * patch size, patches).

    kernel_size, dilation, padding, stride: one int, or one for height and one for width.
    """
    images = convert_to_tensor(input)
    (rows, columns), (top, left) = _pair(kernel_size), _pair(padding)
    dilations, strides = _pair(dilation), _pair(stride)
    if top or left:
        images = T.pad(images, ((0, 0), (0, 0), (top, top), (left, left)))
    batch, channels, height, width = images.shape
    down = _places(images, height, rows, dilations[0], strides[0])
    across = _places(images, width, columns, dilations[1], strides[1])
    patches = gather(gather(images, (3,), 3, [across]), (2,), 2, [down])
    ordered = T.transpose(patches, (0, 1, 2, 4, 3, 5))  # batch, channels, in patch (2), number of patch (2)
    count = down.shape[1] * across.shape[1]
    return T.reshape(ordered, (batch, channels * rows * columns, count))


def fold(
    x: Any,
    output_size: Pair,
    kernel_size: Pair,
    dilation: Pair = 1,
    padding: Pair = 0,
    stride: Pair = 1,
) -> Any:
    """Images (batch, channels, *output_size) that patches are added up in: `unfold` transposed.

    Raises:
        ValueError: the patches are not of this size, or not as many as such images have.
    """
    patches = convert_to_tensor(x)
    (height, width), (rows, columns) = _pair(output_size), _pair(kernel_size)
    (top, left), dilations, strides = _pair(padding), _pair(dilation), _pair(stride)
    batch, depth, _ = patches.shape
    if isinstance(depth, int) and depth % (rows * columns):
        raise ValueError(
            f"The second dimension of the input ({depth}) must be divisible by kernel_size product "
            f"({rows * columns})."
        )
    channels, tall, wide = depth // (rows * columns), height + 2 * top, width + 2 * left
    down = _places(patches, tall, rows, dilations[0], strides[0])
    across = _places(patches, wide, columns, dilations[1], strides[1])
    apart = T.reshape(patches, (batch, channels, rows, columns, down.shape[1], across.shape[1]))
    ordered = T.transpose(apart, (0, 1, 2, 4, 3, 5))
    lines = scatter_zero("add", (batch, channels, tall, columns, across.shape[1]), (2,), 2, ordered, [down])
    images = scatter_zero("add", (batch, channels, tall, wide), (3,), 3, lines, [across])
    return images[:, :, top : top + height, left : left + width]


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Channels spread over blocks of pixels: height and width grow by the block size.

    x: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".
    """
    x = convert_to_tensor(x)
    b = block_size
    if backend.standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
        depth = c // (b * b)
        apart = T.reshape(x, (n, h, w, b, b, depth))
        return T.reshape(T.transpose(apart, (0, 1, 3, 2, 4, 5)), (n, h * b, w * b, depth))
    n, c, h, w = x.shape
    depth = c // (b * b)
    apart = T.reshape(x, (n, depth, b, b, h, w))
    return T.reshape(T.transpose(apart, (0, 1, 4, 2, 5, 3)), (n, depth, h * b, w * b))


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Blocks of pixels as channels: the inverse of `depth_to_space`."""
    x = convert_to_tensor(x)
    b = block_size
    if backend.standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
        apart = T.reshape(x, (n, h // b, b, w // b, b, c))
        return T.reshape(T.transpose(apart, (0, 1, 3, 2, 4, 5)), (n, h // b, w // b, c * b * b))
    n, c, h, w = x.shape
    apart = T.reshape(x, (n, c, h // b, b, w // b, b))
    return T.reshape(T.transpose(apart, (0, 1, 3, 5, 2, 4)), (n, c * b * b, h // b, w // b))


def _pair(given: Pair) -> tuple[int, int]:
    rows, columns = (given, given) if isinstance(given, int) else given
    return rows, columns


def _places(beside: Any, size: Any, taps: int, dilation: int, stride: int) -> Any:
    """Where the elements of patches lie along an axis: (taps, patches)."""
    count = (size - dilation * (taps - 1) - 1) // stride + 1
    within = T.expand_dims(iota_beside(taps, beside), 1) * dilation
    return within + iota_beside(count, beside) * stride

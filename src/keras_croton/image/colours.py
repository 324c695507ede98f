"""Colour images as gray ones, and between red, green, blue and hue, saturation, value.

images: (batch, height, width, channels), or channels before height for "channels_first"; or one image.
"""

from __future__ import annotations

from typing import Any

import croton.tensor as T
from croton.graph import dtypes
from croton.ops import base
from croton.ops.slicing import slice_axis
from keras_croton.conversion import cast, convert_to_tensor
from keras_croton.image.arguments import image_layout
from keras_croton.nn.arguments import floating

_LUMA = (0.2989, 0.5870, 0.1140)  # ITU-R BT.601
_EPSILON = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}


def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """Images of one channel: the brightness of red, green and blue, in the dtype of the images.

    Raises:
        ValueError: another number of axes, or of channels than 3 (or 1: already gray).
    """
    images = convert_to_tensor(images)
    axis = -1 if image_layout(images, data_format) else -3
    channels = images.shape[axis]
    if isinstance(channels, int) and channels not in (1, 3):
        raise ValueError(
            "Invalid channel size: expected 3 (RGB) or 1 (Grayscale). "
            f"Received input with shape: images.shape={tuple(images.shape)}"
        )
    if channels == 1:
        return images
    dtype = base.dtype_of(images).name
    wide = floating(images)
    position = base.rank_of(images) + axis
    parts = [
        slice_axis(wide, position, channel, channel + 1) * weight for channel, weight in enumerate(_LUMA)
    ]
    return cast(parts[0] + parts[1] + parts[2], dtype)


def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Hue, saturation and value, each from 0 to 1, of red, green and blue.

    Raises:
        ValueError: another number of axes or of channels than 3, or not floats.
    """
    images, axis = _float_images(images, data_format)
    dtype = base.dtype_of(images)
    # What is nearly zero is noise, whose hue nobody should see.
    images = T.where(T.less(T.abs(images), _EPSILON[dtype.name]), base.cast(0, dtype), images)
    red, green, blue = _channels(images, axis)
    value = T.maximum(T.maximum(red, green), blue)
    spread = value - T.minimum(T.minimum(red, green), blue)
    coloured, bright = T.greater(spread, 0), T.greater(value, 0)
    saturation = T.where(bright, spread / T.where(bright, value, 1), 0)
    sixth = 1 / (6 * T.where(coloured, spread, 1))
    hue = T.where(T.equal(value, green), sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6)
    hue = T.where(T.equal(value, red), sixth * (green - blue), hue)
    hue = T.where(coloured, hue, 0) + T.where(T.less(hue, 0), 1, 0)
    return T.concatenate([base.cast(plane, dtype) for plane in (hue, saturation, value)], axis)


def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Red, green and blue of hue, saturation and value: `rgb_to_hsv` reversed.

    Raises:
        ValueError: another number of axes or of channels than 3, or not floats.
    """
    images, axis = _float_images(images, data_format)
    hue, saturation, value = _channels(images, axis)
    turn = T.mod(hue, 1.0) * 6.0
    shares = (
        T.clip(T.abs(turn - 3.0) - 1.0, 0.0, 1.0),
        T.clip(2.0 - T.abs(turn - 2.0), 0.0, 1.0),
        T.clip(2.0 - T.abs(turn - 4.0), 0.0, 1.0),
    )
    return T.concatenate([value * (1.0 - saturation + saturation * share) for share in shares], axis)


def _float_images(images: Any, data_format: str | None) -> tuple[Any, int]:
    """The images, and the axis of their channels."""
    images = convert_to_tensor(images)
    axis = -1 if image_layout(images, data_format) else -3
    dtype = base.dtype_of(images)
    if not dtypes.is_float(dtype):
        raise ValueError(f"Invalid images dtype: expected float dtype. Received: images.dtype={dtype.name}")
    if isinstance(images.shape[axis], int) and images.shape[axis] != 3:
        raise ValueError(
            f"Invalid channel size: expected 3. Received input with shape: images.shape={tuple(images.shape)}"
        )
    return images, base.rank_of(images) + axis


def _channels(images: Any, axis: int) -> list[Any]:
    return [slice_axis(images, axis, channel, channel + 1) for channel in range(3)]

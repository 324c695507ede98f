"""Images of another size.

Every pixel of the result is a mean of pixels around the place it comes from, with weights of an interpolation
kernel; pixels lie at the middle of squares, so that corners of images fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import croton.tensor as T
from croton.graph import dims, dtypes
from croton.graph.values import EagerValue
from croton.ops import base
from croton.ops.gathering import gather, iota_beside
from croton.ops.slicing import slice_axis
from keras_croton.conversion import convert_to_tensor
from keras_croton.image.arguments import image_layout, one_of, spatial_axes
from keras_croton.nn.arguments import floating

RESIZE_INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")

_UNROLLED = 4  # up to so many pixels are added up in one expression, more in a loop


def _triangle(module: Any, x: Any) -> Any:
    return module.maximum(1 - x, 0)


def _cubic(module: Any, x: Any) -> Any:
    """Keys 1981, with a = -1/2."""
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return module.where(x >= 2, 0 * x, module.where(x >= 1, far, near))


def _lanczos(radius: int) -> Callable[[Any, Any], Any]:
    def kernel(module: Any, x: Any) -> Any:
        angle = math.pi * module.where(x > 1e-3, x, 0 * x + 1)
        value = radius * module.sin(angle) * module.sin(angle / radius) / (angle * angle)
        return module.where(x > radius, 0 * x, module.where(x > 1e-3, value, 0 * x + 1))

    return kernel


_LINEAR, _CUBIC, _LANCZOS3, _LANCZOS5 = (1, _triangle), (2, _cubic), (3, _lanczos(3)), (5, _lanczos(5))
# Radius and kernel, a function of distances of at least 0 written with NumPy's or Croton's functions.
_KERNELS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "linear": _LINEAR,
    "bilinear": _LINEAR,
    "trilinear": _LINEAR,
    "cubic": _CUBIC,
    "bicubic": _CUBIC,
    "tricubic": _CUBIC,
    "lanczos3": _LANCZOS3,
    "lanczos5": _LANCZOS5,
}
SCALE_AND_TRANSLATE_METHODS = frozenset(_KERNELS)


def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Images of a height and width; integers give floats, except by "nearest".

    images: (batch, height, width, channels), channels before height for "channels_first"; or one image.
    interpolation: one of RESIZE_INTERPOLATIONS. antialias: whether smaller images are means of all pixels,
    and not only of those near the places. crop_to_aspect_ratio, pad_to_aspect_ratio: what would change the
    ratio of height to width is cut off, or filled with `fill_value`, evenly on both sides.

    Raises:
        ValueError: no such interpolation or fill mode, both ratios, no pair as size, other axes.
    """
    one_of(interpolation, RESIZE_INTERPOLATIONS, "interpolation")
    if fill_mode != "constant":
        raise ValueError(
            "Invalid value for argument `fill_mode`. Only `'constant'` is supported. "
            f"Received: fill_mode={fill_mode}"
        )
    if pad_to_aspect_ratio and crop_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
    if len(size) != 2:
        raise ValueError(
            f"Argument `size` must be a tuple of two elements (height, width). Received: size={size}"
        )
    images = convert_to_tensor(images)
    axes = spatial_axes(images, image_layout(images, data_format))
    if crop_to_aspect_ratio:
        images = _cropped(images, axes, size)
    elif pad_to_aspect_ratio:
        images = _padded(images, axes, size, fill_value)
    if interpolation == "nearest":
        for axis, count in zip(axes, size, strict=True):
            images = _nearest(images, axis, count)
        return images
    images = floating(images)
    dtype = base.dtype_of(images)
    result = base.cast(images, dtypes.compute_dtype(dtype))
    for axis, count in zip(axes, size, strict=True):
        result = _filtered(result, axis, count, interpolation, antialias)
    return base.cast(result, dtype)


def scale_and_translate(
    images: Any,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Any:
    """Images scaled and moved along some axes: what is at place x comes to lie at x scale + translation.

    output_shape: the shape of the result. scale, translation: (axes,), one number per axis of `spatial_dims`.
    Places outside of the images are 0.

    Raises:
        ValueError: no such method.
    """
    one_of(method, SCALE_AND_TRANSLATE_METHODS, "method")
    images = floating(images)
    dtype = base.dtype_of(images)
    calculated = dtypes.compute_dtype(dtype)
    result = base.cast(images, calculated)
    scale, translation = (base.cast(convert_to_tensor(given), calculated) for given in (scale, translation))
    for number, given in enumerate(spatial_dims):
        axis = base.normalize_axis(given, base.rank_of(images), "scale_and_translate")
        sizes = images.shape[axis], output_shape[axis]
        weights = _weights_of_all(*sizes, scale[number], translation[number], method, antialias)
        result = T.moveaxis(T.matmul(T.moveaxis(result, axis, -1), weights), -1, axis)
    return base.cast(result, dtype)


def _weights_of_all(size: Any, count: Any, scale: Any, translation: Any, method: str, antialias: bool) -> Any:
    """How much of every pixel along an axis is in every pixel of the result: (size, count)."""
    _, kernel = _KERNELS[method]
    dtype = base.dtype_of(scale)
    inverse = T.reciprocal(scale)
    stretch = T.maximum(inverse, 1.0) if antialias else 1.0
    target = base.cast(iota_beside(count, scale), dtype)
    place = (target + 0.5) * inverse - translation * inverse - 0.5
    source = T.expand_dims(base.cast(iota_beside(size, scale), dtype), 1)
    weights = kernel(T, T.abs(place - source) / stretch)
    total = T.sum(weights, 0, keepdims=True)
    some = T.greater(T.abs(total), 1000 * float(np.finfo(np.float32).eps))
    shares = T.where(some, weights / T.where(some, total, 1.0), 0.0)
    inside = T.logical_and(T.greater_equal(place, -0.5), T.less_equal(place, size - 0.5))
    return T.where(inside, shares, 0.0)


def _cropped(images: Any, axes: tuple[int, int], size: Sequence[int]) -> Any:
    """The middle of the images with the ratio of height to width that is wanted."""
    height, width = (images.shape[axis] for axis in axes)
    rows = dims.maximum(dims.minimum(height, width * size[0] // size[1]), 1)
    columns = dims.maximum(dims.minimum(width, height * size[1] // size[0]), 1)
    for axis, whole, kept in ((axes[0], height, rows), (axes[1], width, columns)):
        start = (whole - kept) // 2
        images = slice_axis(images, axis, start, start + kept)
    return images


def _padded(images: Any, axes: tuple[int, int], size: Sequence[int], fill_value: float) -> Any:
    height, width = (images.shape[axis] for axis in axes)
    above = (dims.maximum(height, width * size[0] // size[1]) - height) // 2
    beside = (dims.maximum(width, height * size[1] // size[0]) - width) // 2
    margins: list[tuple[Any, Any]] = [(0, 0)] * base.rank_of(images)
    margins[axes[0]], margins[axes[1]] = (above, above), (beside, beside)
    return T.pad(images, margins, constant_values=fill_value)


def _nearest(images: Any, axis: int, count: Any) -> Any:
    size = images.shape[axis]
    if size == count:
        return images
    index = (iota_beside(count, images) * 2 + 1) * size // (count * 2)
    return gather(images, (axis,), axis, [index])


def _filtered(images: Any, axis: int, count: Any, interpolation: str, antialias: bool) -> Any:
    """Every pixel along an axis as a mean of those within the radius of the kernel."""
    size = images.shape[axis]
    if size == count:
        return images
    index, weights = _taps(images, size, count, interpolation, antialias)
    taps = index.shape[0]
    dtype, rank = base.dtype_of(images), base.rank_of(images)
    column = tuple(count if other == axis else 1 for other in range(rank))
    if isinstance(taps, int) and taps <= _UNROLLED:
        parts = [
            gather(images, (axis,), axis, [index[tap]]) * base.cast(T.reshape(weights[tap], column), dtype)
            for tap in range(taps)
        ]
        return sum(parts[1:], parts[0])
    near = gather(images, (axis,), axis, [index])
    share = T.reshape(base.cast(weights, dtype), (*column[:axis], taps, *column[axis:]))
    return T.sum(near * share, axis)


def _taps(images: Any, size: Any, count: Any, interpolation: str, antialias: bool) -> tuple[Any, Any]:
    """The pixels that each of `count` is a mean of, and their weights: (taps, count)."""
    radius, kernel = _KERNELS[interpolation]
    if isinstance(size, int) and isinstance(count, int):
        stretch = max(size / count, 1) if antialias else 1
        number = math.ceil(2 * radius * size / count) if antialias and size > count else 2 * radius
        places = np.arange(number), np.arange(count)
        index, weights = _taps_with(np, places, size, count, stretch, radius, kernel)
        if isinstance(images, EagerValue):
            return convert_to_tensor(index), convert_to_tensor(weights)
        return base.as_array(index), base.as_array(weights)
    ratio = T.true_div(base.as_array(size), base.as_array(count))  # in float64, as NumPy's
    widest: Any = 2 * radius
    if antialias:
        widest = dims.maximum(2 * radius, dims.floordiv(2 * radius * size + count - 1, count))
    stretch = T.maximum(ratio, 1.0) if antialias else 1.0
    places = tuple(base.cast(iota_beside(number, images), dtypes.FLOAT64) for number in (widest, count))
    return _taps_with(T, places, size, count, stretch, radius, kernel)


def _taps_with(
    module: Any, places: tuple[Any, Any], size: Any, count: Any, stretch: Any, radius: int, kernel: Any
) -> tuple[Any, Any]:
    """`_taps` by NumPy or, where sizes are not known yet, by operations."""
    tap, target = places
    place = (target + 0.5) * size / count - 0.5
    source = module.floor(place - radius * stretch) + 1 + tap[:, None]
    weights = kernel(module, module.abs(place - source) / stretch)
    weights = module.where(module.logical_and(source >= 0, source <= size - 1), weights, 0.0)
    shares = weights / weights.sum(0)
    return module.clip(source, 0, size - 1).astype("int64"), shares

"""Images read at places between their pixels: moved, turned, bent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from keras.src.random.seed_generator import draw_seed

import croton.tensor as T
from croton.graph import dtypes
from croton.ops import base
from croton.ops.aliases import round_half_away_from_zero
from croton.ops.gathering import gather, iota_beside
from croton.ops.linear_algebra.solving import solve
from keras_croton import random
from keras_croton.conversion import cast, convert_to_numpy, convert_to_tensor
from keras_croton.image.arguments import image_layout, one_of
from keras_croton.image.filters import gaussian_blur
from keras_croton.nn.arguments import floating

AFFINE_TRANSFORM_INTERPOLATIONS = {"nearest": 0, "bilinear": 1}  # as orders
AFFINE_TRANSFORM_FILL_MODES = frozenset({"constant", "nearest", "wrap", "mirror", "reflect"})
MAP_COORDINATES_FILL_MODES = AFFINE_TRANSFORM_FILL_MODES

_FAR = 2.0**30  # coordinates beyond are outside of any array, and NaN is


def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0.0
) -> Any:
    """The inputs at places (axes, ...), one coordinate per axis of the inputs, in their dtype.

    order: 0 for the nearest element, 1 for linear interpolation. fill_mode: what lies outside: "constant"
    (`fill_value`), "nearest" (the outermost element), "wrap" (from the other end), "mirror" and "reflect"
    (mirrored without and with the outermost element).

    Raises:
        ValueError: another number of coordinates, no places, no such order or fill mode.
    """
    inputs, coordinates = convert_to_tensor(inputs), convert_to_tensor(coordinates)
    rank = base.rank_of(inputs)
    given = coordinates.shape[0] if base.rank_of(coordinates) else 0
    if isinstance(given, int) and given != rank:
        raise ValueError(
            "First dim of `coordinates` must be the same as the rank of `inputs`. "
            f"Received inputs with shape: {tuple(inputs.shape)} and coordinates of shape "
            f"{tuple(coordinates.shape)}"
        )
    if base.rank_of(coordinates) < 2:
        raise ValueError(
            "Invalid coordinates rank: expected at least rank 2. "
            f"Received input with shape: {tuple(coordinates.shape)}"
        )
    one_of(fill_mode, MAP_COORDINATES_FILL_MODES, "fill_mode")
    one_of(order, (0, 1), "order")
    return _interpolated(
        inputs, {}, {axis: coordinates[axis] for axis in range(rank)}, order, fill_mode, fill_value
    )


def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images read elsewhere: pixel (x, y) at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k).

    images: (batch, height, width, channels), channels before height for "channels_first"; or one image.
    transform: (a0, a1, a2, b0, b1, b2, c0, c1), or one such row per image; k = c0 x + c1 y + 1.

    Raises:
        ValueError: another number of axes, no such interpolation or fill mode.
    """
    one_of(interpolation, AFFINE_TRANSFORM_INTERPOLATIONS, "interpolation")
    one_of(fill_mode, AFFINE_TRANSFORM_FILL_MODES, "fill_mode")
    images, transform = convert_to_tensor(images), convert_to_tensor(transform)
    last = image_layout(images, data_format)
    if base.rank_of(transform) not in (1, 2):
        raise ValueError(
            "Invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of transforms). "
            f"Received input with shape: transform.shape={tuple(transform.shape)}"
        )
    return _projected(
        images, transform, last, AFFINE_TRANSFORM_INTERPOLATIONS[interpolation], fill_mode, fill_value
    )


def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images seen from elsewhere, so that four places come to lie at four others.

    images: as for `affine_transform`. start_points, end_points: (4, 2), or (batch, 4, 2): x and y of the
    places in the given images, and in the result.

    Raises:
        ValueError: other shapes, no such interpolation.
    """
    one_of(interpolation, AFFINE_TRANSFORM_INTERPOLATIONS, "interpolation")
    images = convert_to_tensor(images)
    last = image_layout(images, data_format)
    start_points, end_points = convert_to_tensor(start_points), convert_to_tensor(end_points)
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if base.rank_of(points) not in (2, 3) or tuple(points.shape[-2:]) != (4, 2):
            raise ValueError(
                f"Invalid {name} shape: expected (4,2) for a single image or (N,4,2) for a batch. "
                f"Received shape: {tuple(points.shape)}"
            )
    if base.rank_of(start_points) != base.rank_of(end_points):
        raise ValueError(
            "start_points and end_points must have the same shape. Received "
            f"start_points.shape={tuple(start_points.shape)}, end_points.shape={tuple(end_points.shape)}"
        )
    transform = compute_homography_matrix(cast(start_points, "float32"), cast(end_points, "float32"))
    return _projected(
        images, transform, last, AFFINE_TRANSFORM_INTERPOLATIONS[interpolation], "constant", fill_value
    )


def compute_homography_matrix(start_points: Any, end_points: Any) -> Any:
    """The transforms (..., 8) of `affine_transform` that read places `start_points` at `end_points`.

    start_points, end_points: (..., 4, 2), x and y.

    Raises:
        LinAlgError: three of the places lie on a line.
    """
    start, end = floating(start_points), floating(end_points)
    x, y, u, v = end[..., 0], end[..., 1], start[..., 0], start[..., 1]
    zero, one = T.zeros_like(x), T.ones_like(x)
    across = T.stack([x, y, one, zero, zero, zero, T.negative(u * x), T.negative(u * y)], -1)
    down = T.stack([zero, zero, zero, x, y, one, T.negative(v * x), T.negative(v * y)], -1)
    matrix, right = T.concatenate([across, down], -2), T.concatenate([u, v], -1)
    return solve(matrix, right, b_ndim=1)


def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Images whose pixels are moved by smooth random fields (Simard et al. 2003).

    images: as for `affine_transform`. alpha: how far. sigma: how smooth; a number known now.

    Raises:
        ValueError: another number of axes, no such interpolation or fill mode.
    """
    one_of(interpolation, AFFINE_TRANSFORM_INTERPOLATIONS, "interpolation")
    one_of(fill_mode, AFFINE_TRANSFORM_FILL_MODES, "fill_mode")
    images = convert_to_tensor(images)
    last = image_layout(images, data_format)
    whole = images if base.rank_of(images) == 4 else T.expand_dims(images, 0)
    batch, (height, width) = whole.shape[0], whole.shape[1:3] if last else whole.shape[2:]
    smooth = float(convert_to_numpy(convert_to_tensor(sigma)))
    taps = int(6 * smooth) | 1
    noise = random.normal((batch, height, width, 2), 0.0, smooth, "float32", draw_seed(seed))
    moves = gaussian_blur(noise, (taps, taps), (smooth, smooth), "channels_last") * cast(alpha, "float32")
    x = cast(iota_beside(width, whole), "float32") + moves[..., 0]
    y = cast(T.expand_dims(iota_beside(height, whole), 1), "float32") + moves[..., 1]
    order = AFFINE_TRANSFORM_INTERPOLATIONS[interpolation]
    result = _images_at(whole, y, x, last, order, fill_mode, fill_value)
    return result if base.rank_of(images) == 4 else T.squeeze(result, 0)


def _projected(images: Any, transform: Any, last: bool, order: int, fill_mode: str, fill_value: Any) -> Any:
    """Images read through transforms (8,) or (batch, 8)."""
    whole = images if base.rank_of(images) == 4 else T.expand_dims(images, 0)
    height, width = whole.shape[1:3] if last else whole.shape[2:]
    row = cast(transform, "float32")
    a0, a1, a2, b0, b1, b2, c0, c1 = (T.expand_dims(row[..., number], (-2, -1)) for number in range(8))
    x = cast(iota_beside(width, whole), "float32")
    y = cast(T.expand_dims(iota_beside(height, whole), 1), "float32")
    k = c0 * x + c1 * y + 1
    across, down = (a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k
    result = _images_at(whole, down, across, last, order, fill_mode, fill_value)
    return result if base.rank_of(images) == 4 else T.squeeze(result, 0)


def _images_at(images: Any, y: Any, x: Any, last: bool, order: int, fill_mode: str, fill_value: Any) -> Any:
    """Images at places (batch, rows, columns), or (rows, columns) in all images; the same in all channels."""
    batch = T.reshape(iota_beside(images.shape[0], images), (images.shape[0], 1, 1))
    rows, columns = (1, 2) if last else (2, 3)
    result = _interpolated(images, {0: batch}, {rows: y, columns: x}, order, fill_mode, fill_value)
    return result if last else T.moveaxis(result, -1, 1)


def _interpolated(
    array: Any, known: dict[int, Any], places: dict[int, Any], order: int, fill_mode: str, fill_value: Any
) -> Any:
    """An array at indices along some axes and at coordinates along others, which all broadcast together.

    Axes without indices or coordinates come last.
    """
    dtype = base.dtype_of(array)
    whole = base.rank_of(array) - len(known) - len(places)
    neighbours = [_neighbours(place, array.shape[axis], order, fill_mode) for axis, place in places.items()]
    is_float = dtypes.is_float(dtype)
    calculated = dtypes.compute_dtype(dtype) if is_float else dtypes.FLOAT32

    def beside(factor: Any) -> Any:
        return T.reshape(factor, (*factor.shape, *(1,) * whole))

    result: Any = None
    for corner in itertools.product(*neighbours):
        index = {**known, **{axis: entry[0] for axis, entry in zip(places, corner, strict=True)}}
        axes = sorted(index)
        value = gather(array, axes, 0, [index[axis] for axis in axes])
        if fill_mode == "constant":
            inside = corner[0][1]
            for entry in corner[1:]:
                inside = T.logical_and(inside, entry[1])
            value = T.where(beside(inside), value, base.cast(fill_value, dtype))
        if order == 0:
            return value
        weight = base.cast(corner[0][2], calculated)
        for entry in corner[1:]:
            weight = weight * base.cast(entry[2], calculated)
        part = base.cast(value, calculated) * beside(weight)
        result = part if result is None else result + part
    return base.cast(result if is_float else round_half_away_from_zero(result), dtype)


def _neighbours(place: Any, size: Any, order: int, fill_mode: str) -> Sequence[tuple[Any, Any, Any]]:
    """Index, whether it lies inside, and weight of the elements that a coordinate lies between."""
    place = floating(place)
    place = base.cast(place, dtypes.compute_dtype(base.dtype_of(place)))
    place = T.where(T.less(T.abs(place), _FAR), place, -_FAR)
    if order == 0:
        nearest = base.cast(round_half_away_from_zero(place), dtypes.INT64)
        return [(_moved_inside(nearest, size, fill_mode), _is_inside(nearest, size), None)]
    floor = T.floor(place)
    low = base.cast(floor, dtypes.INT64)
    share = place - floor
    return [
        (_moved_inside(index, size, fill_mode), _is_inside(index, size), weight)
        for index, weight in ((low, 1 - share), (low + 1, share))
    ]


def _is_inside(index: Any, size: Any) -> Any:
    return T.logical_and(T.greater_equal(index, 0), T.less(index, size))


def _moved_inside(index: Any, size: Any, fill_mode: str) -> Any:
    """The element that stands for one outside; for "constant" any."""
    if fill_mode == "wrap":
        return T.mod(index, size)
    if fill_mode == "mirror":
        return _mirrored(index, size)
    if fill_mode == "reflect":
        return _mirrored(index * 2 + 1, size * 2 + 1) // 2
    return T.clip(index, 0, size - 1)


def _mirrored(index: Any, size: Any) -> Any:
    """Back and forth from 0 to size - 1."""
    last = size - 1
    period = T.maximum(last * 2, 1)
    return T.abs(T.mod(index + last, period) - last)

"""Larger images from smaller ones: repeated or linearly interpolated."""

from __future__ import annotations

from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import FLOAT64, INT64
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.arithmetic import add, clip, divide, floor_divide, multiply, subtract
from croton.ops.base import Array
from croton.ops.elementwise import inexact_operands
from croton.ops.gathering import gather, iota_beside
from croton.ops.shape import expand_dims, reshape

Ratio = tuple[int, int]  # numerator and denominator


def bilinear_kernel_1D(ratio: int, normalize: bool = True) -> Array:
    """1, 2, ..., ratio, ..., 2, 1, divided by the ratio if `normalize`: what interpolates linearly."""
    _check_ratio("bilinear_kernel_1D", ratio)
    rising = np.arange(1, ratio + 1, dtype=np.float64)
    kernel = np.concatenate([rising, rising[-2::-1]])
    return base.as_array(kernel / ratio if normalize else kernel)


def bilinear_kernel_2D(ratio: int, normalize: bool = True) -> Array:
    """The product of two `bilinear_kernel_1D`, a matrix."""
    kernel = bilinear_kernel_1D(ratio, normalize)
    return multiply(expand_dims(kernel, 1), expand_dims(kernel, 0))


def _check_ratio(name: str, ratio: object) -> int:
    if isinstance(ratio, bool) or not isinstance(ratio, (int, np.integer)) or ratio < 1:
        raise ValueError(f"{name}: expected a positive int as ratio, got {ratio!r}")
    return int(ratio)


def _images(name: str, input: object) -> Array:
    (images,) = inexact_operands(input)
    if base.rank_of(images) != 4:
        raise ShapeError(f"{name}: expected 4 axes, got {base.rank_of(images)}")
    return images


def bilinear_upsampling(
    input: object,
    ratio: int | None = None,
    frac_ratio: Any = None,
    batch_size: object = None,
    num_input_channels: object = None,
    use_1D_kernel: bool = True,
) -> Array:
    """Images (batch, channels, rows, columns) interpolated to `ratio` times as many rows and columns.

    Entry i lies at (i - (ratio - 1) // 2) / ratio of the old ones, which go on at the edges, as in Theano.
    frac_ratio: (numerator, denominator), or such a pair for rows and for columns, in place of `ratio`: every
        denominator-th entry of an upsampling by the numerator. Other options are accepted for Theano's sake.

    Raises:
        ValueError: not exactly one ratio, or no positive ints. ShapeError: not 4 axes.
    """
    if (ratio is None) == (frac_ratio is None):
        raise ValueError("bilinear_upsampling: give either ratio or frac_ratio")
    if frac_ratio is not None:
        return frac_bilinear_upsampling(input, frac_ratio)
    whole = (_check_ratio("bilinear_upsampling", ratio), 1)
    return _interpolated(_images("bilinear_upsampling", input), whole, whole)


def frac_bilinear_upsampling(input: object, frac_ratio: Any) -> Array:
    """Images interpolated to numerator / denominator times as many rows and columns.

    frac_ratio: (numerator, denominator), or such a pair for rows and for columns.

    Raises:
        ValueError: no pairs of positive ints. ShapeError: not 4 axes.
    """
    if not isinstance(frac_ratio, (tuple, list)) or len(frac_ratio) != 2:
        raise ValueError(f"frac_bilinear_upsampling: expected a pair as frac_ratio, got {frac_ratio!r}")
    pairs = frac_ratio if isinstance(frac_ratio[0], (tuple, list)) else (frac_ratio, frac_ratio)
    rows, columns = (
        (_check_ratio("frac_bilinear_upsampling", top), _check_ratio("frac_bilinear_upsampling", bottom))
        for top, bottom in pairs
    )
    return _interpolated(_images("frac_bilinear_upsampling", input), rows, columns)


def _interpolated(images: Array, rows: Ratio, columns: Ratio) -> Array:
    dtype = base.dtype_of(images)
    result = base.cast(images, dtypes.compute_dtype(dtype))
    for axis, ratio in ((2, rows), (3, columns)):
        result = _interpolated_axis(result, axis, ratio)
    return base.cast(result, dtype)


def _interpolated_axis(images: Array, axis: int, ratio: Ratio) -> Array:
    """Entry i at (i denominator - (numerator - 1) // 2) / numerator, between its two neighbours."""
    top, bottom = ratio
    if top == bottom:
        return images
    size: Dim = base.shape_of(images)[axis]
    count = (size * top + bottom - 1) // bottom
    last = subtract(base.as_array(size), 1)
    place = subtract(multiply(iota_beside(count, images), bottom), (top - 1) // 2)
    before = floor_divide(place, top)
    share = divide(base.cast(subtract(place, multiply(before, top)), FLOAT64), top)
    neighbours = [
        gather(images, (axis,), axis, [base.cast(clip(index, 0, last), INT64)])
        for index in (before, add(before, 1))
    ]
    column = (count, 1) if axis == 2 else (count,)
    weight = reshape(base.cast(share, base.dtype_of(images)), column)
    low, high = neighbours
    return add(multiply(low, subtract(1, weight)), multiply(high, weight))


def nearest_upsampling(input: object, ratio: int) -> Array:
    """Images (batch, channels, rows, columns) with every row and column repeated `ratio` times.

    Raises:
        ValueError: not a positive int. ShapeError: not 4 axes.
    """
    from croton.ops.rearranging import repeat

    times = _check_ratio("nearest_upsampling", ratio)
    images = base.as_array(input)
    if base.rank_of(images) != 4:
        raise ShapeError(f"nearest_upsampling: expected 4 axes, got {base.rank_of(images)}")
    return repeat(repeat(images, times, 2), times, 3)

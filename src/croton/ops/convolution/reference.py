"""The three sides of a convolution in NumPy: products of matrices whose rows are what each output meets.

Rows are what an output meets at one tap or, where that would be a few channels only, at all taps; these are
copied for some entries of the batch at a time, so that they need little memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np

from croton.graph.values import NDArray
from croton.ops.convolution.geometry import Geometry

_FEW_CHANNELS = 16
_MOST_COPIED = 1 << 22  # elements


def _channels_last(array: NDArray, geometry: Geometry) -> NDArray:
    return array if geometry.channels_last else np.moveaxis(array, 1, -1)


def _kernel_last(kernel: NDArray, geometry: Geometry) -> NDArray:
    """A view of the kernel as (*spatial, channels per group, filters), in the order of the taps."""
    last = kernel if geometry.channels_last else np.moveaxis(kernel, (1, 0), (-2, -1))
    return np.flip(last, tuple(range(geometry.rank))) if geometry.flip else last


class _Walk:
    """How outputs meet the padded input."""

    def __init__(self, geometry: Geometry, batch: int, size: tuple[int, ...], taps: tuple[int, ...]) -> None:
        self.geometry, self.batch, self.taps = geometry, batch, taps
        axes = range(geometry.rank)
        self.low = tuple(cast(int, geometry.low(axis, size[axis], taps[axis])) for axis in axes)
        outputs = geometry.output_sizes(size, taps, "convolution")
        self.outputs = tuple(cast(int, output) for output in outputs)
        reach = [
            (self.outputs[axis] - 1) * geometry.strides[axis] + (taps[axis] - 1) * geometry.dilation[axis] + 1
            for axis in axes
        ]
        self.padded = tuple(max(reach[axis], self.low[axis] + size[axis]) for axis in axes)
        self.inside = tuple(slice(self.low[axis], self.low[axis] + size[axis]) for axis in axes)

    def pad(self, x: NDArray) -> NDArray:
        padded = np.zeros((x.shape[0], *self.padded, x.shape[-1]), x.dtype)
        padded[:, *self.inside] = x
        return padded

    def parts(self, channels: int) -> Iterator[tuple[slice, slice, tuple[int, ...] | None]]:
        """(entries of the batch, columns of the kernel as a matrix, the tap that these are, or None: all)."""
        inner = channels // self.geometry.groups
        if inner >= _FEW_CHANNELS:
            for number, tap in enumerate(np.ndindex(*self.taps)):
                yield slice(None), slice(number * inner, (number + 1) * inner), tap
            return
        count = max(1, _MOST_COPIED // max(1, math.prod(self.outputs) * math.prod(self.taps) * channels))
        for first in range(0, self.batch, count):
            yield slice(first, first + count), slice(None), None

    def met(self, padded: NDArray, tap: tuple[int, ...]) -> NDArray:
        """A view: what every output meets at a tap."""
        geometry = self.geometry
        window = tuple(
            slice(first := t * dilation, first + (count - 1) * stride + 1, stride)
            for t, dilation, stride, count in zip(
                tap, geometry.dilation, geometry.strides, self.outputs, strict=True
            )
        )
        return padded[:, *window]

    def rows(self, padded: NDArray, tap: tuple[int, ...] | None) -> NDArray:
        """What every output meets at a tap, or at all: (groups, outputs, taps and channels)."""
        geometry, groups, rank = self.geometry, self.geometry.groups, self.geometry.rank
        if tap is not None:
            return _by_groups(self.met(padded, tap), groups)
        batch, *along, channel = padded.strides
        steps = tuple(size * stride for size, stride in zip(along, geometry.strides, strict=True))
        apart = tuple(size * dilation for size, dilation in zip(along, geometry.dilation, strict=True))
        inner = padded.shape[-1] // groups
        windows = np.lib.stride_tricks.as_strided(
            padded,
            (len(padded), *self.outputs, *self.taps, groups, inner),
            (batch, *steps, *apart, inner * channel, channel),
            writeable=False,
        )
        order = (2 * rank + 1, *range(2 * rank + 1), 2 * rank + 2)
        shape = (groups, len(padded) * math.prod(self.outputs), math.prod(self.taps) * inner)
        return windows.transpose(order).reshape(shape)


def _by_groups(array: NDArray, groups: int) -> NDArray:
    """(groups, all other axes, the part of the last axis that belongs to a group)."""
    width = array.shape[-1] // groups
    return np.moveaxis(array.reshape(math.prod(array.shape[:-1]), groups, width), 1, 0)


def _together(array: NDArray, shape: tuple[int, ...]) -> NDArray:
    """`_by_groups` undone."""
    return np.moveaxis(array, 0, 1).reshape(shape)


def output(geometry: Geometry, x: NDArray, w: NDArray) -> NDArray:
    """The convolution of x with w."""
    data, kernel = _channels_last(x, geometry), _kernel_last(w, geometry)
    walk = _Walk(geometry, len(data), data.shape[1:-1], kernel.shape[: geometry.rank])
    weights = _by_groups(kernel, geometry.groups)
    padded = walk.pad(data)
    result = np.zeros((len(data), *walk.outputs, kernel.shape[-1]), x.dtype)
    for entries, columns, tap in walk.parts(data.shape[-1]):
        part = result[entries]
        part += _together(walk.rows(padded[entries], tap) @ weights[:, columns], part.shape)
    return result if geometry.channels_last else np.moveaxis(result, -1, 1)


def input_side(geometry: Geometry, y: NDArray, w: NDArray, size: tuple[int, ...]) -> NDArray:
    """What `output` transposed by its input does to y; `size`: spatial sizes of the result."""
    data, kernel = _channels_last(y, geometry), _kernel_last(w, geometry)
    walk = _Walk(geometry, len(data), size, kernel.shape[: geometry.rank])
    padded = np.zeros((len(data), *walk.padded, kernel.shape[-2] * geometry.groups), y.dtype)
    given = _by_groups(data, geometry.groups)
    for tap in np.ndindex(*walk.taps):
        part = walk.met(padded, tap)
        part += _together(given @ _by_groups(kernel[tap], geometry.groups).swapaxes(1, 2), part.shape)
    result = padded[:, *walk.inside]
    return result if geometry.channels_last else np.moveaxis(result, -1, 1)


def kernel_side(geometry: Geometry, x: NDArray, y: NDArray, taps: tuple[int, ...]) -> NDArray:
    """What `output` transposed by its kernel does to x and y; `taps`: spatial sizes of the result."""
    data, outputs = _channels_last(x, geometry), _channels_last(y, geometry)
    walk = _Walk(geometry, len(data), data.shape[1:-1], taps)
    padded = walk.pad(data)
    inner, filters = data.shape[-1] // geometry.groups, outputs.shape[-1]
    total = np.zeros((geometry.groups, math.prod(taps) * inner, filters // geometry.groups), x.dtype)
    for entries, columns, tap in walk.parts(data.shape[-1]):
        rows = walk.rows(padded[entries], tap)
        total[:, columns] += rows.swapaxes(1, 2) @ _by_groups(outputs[entries], geometry.groups)
    last = _together(total, (*taps, inner, filters))
    if geometry.flip:
        last = np.flip(last, tuple(range(geometry.rank)))
    return last if geometry.channels_last else np.moveaxis(last, (-1, -2), (0, 1))

"""The three sides of a convolution in NumPy, tap by tap: one product of matrices for each tap and group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np

from croton.graph.values import NDArray
from croton.ops.convolution.geometry import Geometry


def _channels_last(array: NDArray, geometry: Geometry) -> NDArray:
    return array if geometry.channels_last else np.moveaxis(array, 1, -1)


def _kernel_last(kernel: NDArray, geometry: Geometry) -> NDArray:
    """A view of the kernel as (*spatial, channels per group, filters), in the order of the taps."""
    last = kernel if geometry.channels_last else np.moveaxis(kernel, (1, 0), (-2, -1))
    return np.flip(last, tuple(range(geometry.rank))) if geometry.flip else last


class _Walk:
    """Views of the padded input at every tap."""

    def __init__(self, geometry: Geometry, size: tuple[int, ...], taps: tuple[int, ...]) -> None:
        self.geometry, self.taps = geometry, taps
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

    def views(self, padded: NDArray) -> Iterator[tuple[tuple[int, ...], NDArray]]:
        """(tap, what every output meets there)."""
        for tap in np.ndindex(*self.taps):
            window = tuple(
                slice(first := t * dilation, first + (count - 1) * stride + 1, stride)
                for t, dilation, stride, count in zip(
                    tap, self.geometry.dilation, self.geometry.strides, self.outputs, strict=True
                )
            )
            yield tap, padded[:, *window]


def _group(array: NDArray, group: int, groups: int) -> NDArray:
    """The last axis' part that belongs to a group."""
    width = array.shape[-1] // groups
    return array[..., group * width : (group + 1) * width]


def output(geometry: Geometry, x: NDArray, w: NDArray) -> NDArray:
    """The convolution of x with w."""
    data, kernel = _channels_last(x, geometry), _kernel_last(w, geometry)
    walk = _Walk(geometry, data.shape[1:-1], kernel.shape[: geometry.rank])
    result = np.zeros((data.shape[0], *walk.outputs, kernel.shape[-1]), x.dtype)
    for tap, met in walk.views(walk.pad(data)):
        for group in range(geometry.groups):
            part = _group(result, group, geometry.groups)
            part += _group(met, group, geometry.groups) @ _group(kernel[tap], group, geometry.groups)
    return result if geometry.channels_last else np.moveaxis(result, -1, 1)


def input_side(geometry: Geometry, y: NDArray, w: NDArray, size: tuple[int, ...]) -> NDArray:
    """What `output` transposed by its input does to y; `size`: spatial sizes of the result."""
    data, kernel = _channels_last(y, geometry), _kernel_last(w, geometry)
    walk = _Walk(geometry, size, kernel.shape[: geometry.rank])
    channels = kernel.shape[-2] * geometry.groups
    padded = np.zeros((data.shape[0], *walk.padded, channels), y.dtype)
    for tap, met in walk.views(padded):
        for group in range(geometry.groups):
            part = _group(met, group, geometry.groups)
            part += _group(data, group, geometry.groups) @ _group(kernel[tap], group, geometry.groups).T
    result = padded[:, *walk.inside]
    return result if geometry.channels_last else np.moveaxis(result, -1, 1)


def kernel_side(geometry: Geometry, x: NDArray, y: NDArray, taps: tuple[int, ...]) -> NDArray:
    """What `output` transposed by its kernel does to x and y; `taps`: spatial sizes of the result."""
    data, result = _channels_last(x, geometry), _channels_last(y, geometry)
    walk = _Walk(geometry, data.shape[1:-1], taps)
    inner = data.shape[-1] // geometry.groups
    last = np.zeros((*taps, inner, result.shape[-1]), x.dtype)
    for tap, met in walk.views(walk.pad(data)):
        for group in range(geometry.groups):
            left = _group(met, group, geometry.groups).reshape(math.prod(result.shape[:-1]), inner)
            right = _group(result, group, geometry.groups).reshape(
                len(left), result.shape[-1] // geometry.groups
            )
            _group(last[tap], group, geometry.groups)[...] = left.T @ right
    if geometry.flip:
        last = np.flip(last, tuple(range(geometry.rank)))
    return last if geometry.channels_last else np.moveaxis(last, (-1, -2), (0, 1))

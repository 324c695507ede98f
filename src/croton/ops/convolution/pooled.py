"""Convolutions of which only the largest of every window of outputs is kept, and their derivatives.

What a convolution and a pooling become late (`rewrite/pooled_convolutions.py`): the outputs themselves, and
their cotangents, of which a window has one that is not zero, never lie in memory as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from croton.codegen.convolution import convolution_kernel
from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.dtypes import as_dtype
from croton.graph.values import NDArray, TensorType
from croton.ops.convolution import reference
from croton.ops.convolution.c_text import windowed_text
from croton.ops.convolution.geometry import Geometry
from croton.ops.convolution.primitive import Convolution
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.pooling.geometry import Windows
from croton.ops.pooling.primitive import Pool

MOST_IN_WINDOW = 255  # places are bytes


def can_pool(geometry: Geometry, windows: Windows) -> bool:
    """Whether windows lie side by side from the first output on, and are neither single elements nor huge."""
    if windows.sizes != windows.strides or not 1 < math.prod(windows.sizes) <= MOST_IN_WINDOW:
        return False
    # What windows of two lack to cover "same" many is at most one element, which goes after.
    return len(windows.sizes) == geometry.rank and all(
        padding in ((0, 0), "border") or (padding == "same" and size <= 2)
        for padding, size in zip(windows.padding, windows.sizes, strict=True)
    )


def can_scatter(geometry: Geometry) -> bool:
    """Whether the derivative by the input can be computed from largest elements alone."""
    return geometry.groups == 1 and geometry.dilation[-1] == 1


class _Windowed(KernelOperation):
    """What the operations share. places: which element of its window is largest, counted in C order."""

    geometry: Geometry
    windows: Windows
    side = ""

    def outputs(self, x: Sequence[Dim], w: Sequence[Dim]) -> TensorType:
        """The convolution's outputs before pooling."""
        (found,) = Convolution(self.geometry).infer(
            TensorType(np.dtype("float32"), tuple(x)), TensorType(np.dtype("float32"), tuple(w))
        )
        return found

    def pooled(self, outputs: Sequence[Dim]) -> Shape:
        """The shape of windows, of outputs of this shape."""
        counts = self.windows.counts(self.geometry.spatial(outputs), self.name)
        return self.geometry.data_shape(outputs[0], counts, self.geometry.channels(outputs))

    def unpooled(self, outputs: Shape, values: NDArray, places: NDArray) -> NDArray:
        """Zeros, but for the values at their places."""
        whole = np.zeros(cast("tuple[int, ...]", outputs), values.dtype)
        last: Any = self._spatial_inside(whole)
        few: Any = self._spatial_inside(values)
        where: Any = self._spatial_inside(places)
        sizes = last.shape[1:-1]
        for number in np.ndindex(*few.shape[1:-1]):
            bounds = [self.windows.bounds(axis, sizes[axis], number[axis]) for axis in range(len(sizes))]
            found = np.unravel_index(where[:, *number], [stop - start for start, stop in bounds])
            at = tuple(start + part for (start, _), part in zip(bounds, found, strict=True))
            rows, columns = np.indices(where[:, *number].shape)
            last[rows, *at, columns] = few[:, *number]
        return whole

    def _spatial_inside(self, array: NDArray) -> NDArray:
        """A view with channels last."""
        return array if self.geometry.channels_last else np.moveaxis(array, 1, -1)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        dtype = outputs[0].dtype.name
        places = self.side != "y" or len(outputs) > 1
        name, source = windowed_text(self.geometry, self.windows.sizes, self.side, dtype, places)
        return CFunction(name, source, kernels=(convolution_kernel(dtype),), cost=10.0)


class PooledConvolution(_Windowed):
    """The largest of every window of a convolution's outputs and, with `places`, where it lies."""

    places: bool
    name = "pooled convolution"
    side = "y"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        x, w = operands
        shape = self.pooled(self.outputs(x.shape, w.shape).shape)
        values = TensorType(x.dtype, shape)
        return (values, TensorType(as_dtype("uint8"), shape)) if self.places else (values,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        outputs = self._spatial_inside(reference.output(self.geometry, *operands))
        (values,) = Pool(self.windows, "max").evaluate(outputs)
        found = [self._first_places(outputs)] if self.places else []
        return tuple(
            np.ascontiguousarray(part if self.geometry.channels_last else np.moveaxis(part, -1, 1))
            for part in (values, *found)
        )

    def _first_places(self, outputs: NDArray) -> NDArray:
        sizes = outputs.shape[1:-1]
        counts = cast("tuple[int, ...]", self.windows.counts(sizes, self.name))
        places = np.empty((outputs.shape[0], *counts, outputs.shape[-1]), np.uint8)
        for number in np.ndindex(*counts):
            bounds = (self.windows.bounds(axis, sizes[axis], number[axis]) for axis in range(len(sizes)))
            window = outputs[:, *(slice(*bound) for bound in bounds)]
            flat = window.reshape(len(window), math.prod(window.shape[1:-1]), window.shape[-1])
            places[:, *number] = flat.argmax(1)
        return places


class PooledConvolutionInput(_Windowed):
    """x, from cotangents of largest elements, their places, and w. size: spatial sizes of x."""

    size: Shape
    name = "transposed pooled convolution"
    side = "x"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        y, _, w = operands
        inner, _ = self.geometry.kernel_channels(w.shape)
        return (TensorType(y.dtype, self.geometry.data_shape(y.shape[0], self.size, inner)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        y, places, w = operands
        (x,) = self.infer(*(TensorType(array.dtype, array.shape) for array in operands))
        whole = self.unpooled(self.outputs(x.shape, w.shape).shape, y, places)
        return (reference.input_side(self.geometry, whole, w, cast("tuple[int, ...]", self.size)),)


class PooledConvolutionKernel(_Windowed):
    """w, from x, cotangents of largest elements, and their places. taps: spatial sizes of w."""

    taps: Shape
    name = "kernel gradient of a pooled convolution"
    side = "w"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        x, y, _ = operands
        geometry = self.geometry
        inner = dims.floordiv(geometry.channels(x.shape), geometry.groups)
        return (TensorType(x.dtype, geometry.kernel_shape(self.taps, inner, geometry.channels(y.shape))),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x, y, places = operands
        (w,) = self.infer(*(TensorType(array.dtype, array.shape) for array in operands))
        whole = self.unpooled(self.outputs(x.shape, w.shape).shape, y, places)
        return (reference.kernel_side(self.geometry, x, whole, cast("tuple[int, ...]", self.taps)),)

"""The convolution, and what it does transposed by its input and by its kernel: three sides of one form.

The sum over outputs of x * w * y, where y meets x through w, has a derivative by each of the three; every one
is again such a sum, so that derivatives of every order are made of these three operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from croton.codegen.convolution import convolution_kernel
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Shape
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.convolution import reference
from croton.ops.convolution.c_text import source_text
from croton.ops.convolution.geometry import Geometry
from croton.ops.elementwise import conjugate
from croton.ops.kernel import CFunction, KernelOperation


class _Side(KernelOperation):
    """What the three sides share."""

    geometry: Geometry
    side = ""  # which of x, w and y is the result

    def _check(self, *operands: TensorType) -> None:
        first, second = operands
        rank = self.geometry.rank + 2
        if first.dtype != second.dtype:
            raise DTypeError(f"{self.name}: dtypes {first.dtype.name} and {second.dtype.name} differ")
        if first.dtype in (dtypes.FLOAT16, dtypes.BFLOAT16):
            raise DTypeError(
                f"{self.name}: half precisions are calculated in float32, got {first.dtype.name}"
            )
        if first.rank != rank or second.rank != rank:
            raise ShapeError(
                f"{self.name}: expected two arrays of {rank} axes, got shapes "
                f"{dims.format_shape(first.shape)} and {dims.format_shape(second.shape)}"
            )

    def _check_channels(self, x: Dim, inner: Dim, filters: Dim) -> None:
        groups = self.geometry.groups
        shown = f"{self.name}: channels of the input and of the kernel" + (
            f", times {groups} groups" * (groups > 1)
        )
        dims.require_equal(x, dims.multiply(inner, groups), shown)
        dims.require_equal(
            dims.modulo(filters, groups), 0, f"{self.name}: {filters} filters in {groups} groups, remainder"
        )

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        dtype = outputs[0].dtype.name
        kernel = convolution_kernel(dtype)
        name, source = source_text(self.geometry, self.side, dtype)
        return CFunction(name, source, kernels=(kernel,), cost=10.0)


class Convolution(_Side):
    """y[n, o, f] = sum over taps t and channels c of x[n, o * stride + t * dilation - low, c] * w[t, c, f].

    Operands x and w in the layout of the geometry; the channels of x fall into groups, and the filters.
    """

    name = "convolution"
    side = "y"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(*operands)
        x, w = operands
        geometry = self.geometry
        inner, filters = geometry.kernel_channels(w.shape)
        self._check_channels(geometry.channels(x.shape), inner, filters)
        outputs = geometry.output_sizes(geometry.spatial(x.shape), geometry.taps(w.shape), self.name)
        return (TensorType(x.dtype, geometry.data_shape(x.shape[0], outputs, filters)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (reference.output(self.geometry, *operands),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        x, w = operands
        sizes = self.geometry.spatial(base.shape_of(x)), self.geometry.taps(base.shape_of(w))
        return [
            apply_one(ConvolutionInput(self.geometry, sizes[0]), cotangents[0], conjugate(w)),
            apply_one(ConvolutionKernel(self.geometry, sizes[1]), conjugate(x), cotangents[0]),
        ]


class ConvolutionInput(_Side):
    """x, from y and w: the convolution transposed by its input.

    size: spatial sizes of x.
    """

    size: Shape
    name = "transposed convolution"
    side = "x"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(*operands)
        y, w = operands
        geometry = self.geometry
        inner, filters = geometry.kernel_channels(w.shape)
        channels = dims.multiply(inner, geometry.groups)
        self._check_channels(channels, inner, filters)
        dims.require_equal(
            geometry.channels(y.shape),
            filters,
            f"{self.name}: channels of the input and filters of the kernel",
        )
        outputs = geometry.output_sizes(self.size, geometry.taps(w.shape), self.name)
        for axis, (found, expected) in enumerate(zip(geometry.spatial(y.shape), outputs, strict=True)):
            dims.require_equal(
                found,
                expected,
                f"{self.name}: the input, and what its result would give, on spatial axis {axis}",
            )
        return (TensorType(y.dtype, geometry.data_shape(y.shape[0], self.size, channels)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        y, w = operands
        return (reference.input_side(self.geometry, y, w, cast("tuple[int, ...]", self.size)),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        y, w = operands
        taps = self.geometry.taps(base.shape_of(w))
        return [
            apply_one(Convolution(self.geometry), cotangents[0], conjugate(w)),
            apply_one(ConvolutionKernel(self.geometry, taps), cotangents[0], conjugate(y)),
        ]


class ConvolutionKernel(_Side):
    """w, from x and y: the convolution transposed by its kernel.

    taps: spatial sizes of w.
    """

    taps: Shape
    name = "kernel gradient of a convolution"
    side = "w"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(*operands)
        x, y = operands
        geometry = self.geometry
        dims.require_equal(x.shape[0], y.shape[0], f"{self.name}: batch sizes")
        channels, filters = geometry.channels(x.shape), geometry.channels(y.shape)
        inner = dims.floordiv(channels, geometry.groups)
        self._check_channels(channels, inner, filters)
        outputs = geometry.output_sizes(geometry.spatial(x.shape), self.taps, self.name)
        for axis, (found, expected) in enumerate(zip(geometry.spatial(y.shape), outputs, strict=True)):
            dims.require_equal(found, expected, f"{self.name}: outputs along spatial axis {axis}")
        return (TensorType(x.dtype, geometry.kernel_shape(self.taps, inner, filters)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (
            reference.kernel_side(
                self.geometry, operands[0], operands[1], cast("tuple[int, ...]", self.taps)
            ),
        )

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        x, y = operands
        size = self.geometry.spatial(base.shape_of(x))
        return [
            apply_one(ConvolutionInput(self.geometry, size), conjugate(y), cotangents[0]),
            apply_one(Convolution(self.geometry), conjugate(x), cotangents[0]),
        ]

"""How a convolution walks over its input: strides, dilation, padding, groups, layout; and its sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.frozen import Frozen

Padding: TypeAlias = str | tuple[int, int]


class Geometry(Frozen):
    """One entry per spatial axis in strides, dilation and padding.

    padding: (before, after), or what follows from sizes: "half" (half a kernel on both sides), "full" (a
        kernel less one element), "same" (as many outputs as inputs, divided by the stride and rounded up; an
        odd element goes after), "causal" (a kernel less one element, all before).
    flip: the kernel runs backwards, as in the mathematical convolution.
    channels_last: x is (batch, *spatial, channels) and w (*spatial, channels per group, filters); otherwise
        x is (batch, channels, *spatial) and w (filters, channels per group, *spatial).
    """

    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[Padding, ...]
    groups: int = 1
    flip: bool = False
    channels_last: bool = True

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.strides)

    def spatial(self, shape: Sequence[Dim]) -> Shape:
        """The spatial sizes of an input or output."""
        return tuple(shape[1:-1] if self.channels_last else shape[2:])

    def channels(self, shape: Sequence[Dim]) -> Dim:
        """The channels of an input or output."""
        return shape[-1 if self.channels_last else 1]

    def data_shape(self, batch: Dim, spatial: Sequence[Dim], channels: Dim) -> Shape:
        """The shape of an input or output."""
        return (batch, *spatial, channels) if self.channels_last else (batch, channels, *spatial)

    def taps(self, shape: Sequence[Dim]) -> Shape:
        """The spatial sizes of a kernel."""
        return tuple(shape[:-2] if self.channels_last else shape[2:])

    def kernel_channels(self, shape: Sequence[Dim]) -> tuple[Dim, Dim]:
        """Input channels per group, and filters, of a kernel."""
        return (shape[-2], shape[-1]) if self.channels_last else (shape[1], shape[0])

    def kernel_shape(self, taps: Sequence[Dim], inner: Dim, filters: Dim) -> Shape:
        """The shape of a kernel."""
        return (*taps, inner, filters) if self.channels_last else (filters, inner, *taps)

    def extent(self, axis: int, taps: Dim) -> Dim:
        """Elements from the first to the last tap."""
        return dims.add(dims.multiply(dims.subtract(taps, 1), self.dilation[axis]), 1)

    def low(self, axis: int, size: Dim, taps: Dim) -> Dim:
        """Padding before an axis of an input of this size."""
        padding, extent = self.padding[axis], self.extent(axis, taps)
        if not isinstance(padding, str):
            return padding[0]
        if padding == "half":
            return dims.floordiv(extent, 2)
        if padding == "same":
            stride = self.strides[axis]
            reached = dims.add(dims.multiply(dims.subtract(rounded_up(size, stride), 1), stride), extent)
            return dims.floordiv(dims.maximum(dims.subtract(reached, size), 0), 2)
        return dims.subtract(extent, 1)

    def output_size(self, axis: int, size: Dim, taps: Dim, operation: str) -> Dim:
        """Outputs along an axis.

        Raises:
            ShapeError: the padded input is shorter than the kernel, or the kernel is empty.
        """
        padding, stride, extent = self.padding[axis], self.strides[axis], self.extent(axis, taps)
        dims.require_at_least(taps, 1, f"{operation}: size of the kernel along spatial axis {axis}")
        if padding in ("same", "causal"):
            dims.require_at_least(size, 1, f"{operation}: size of the input along spatial axis {axis}")
            return rounded_up(size, stride)
        if isinstance(padding, str):
            both = dims.multiply(2, self.low(axis, size, taps))
        else:
            both = padding[0] + padding[1]
        padded = dims.add(size, both)
        rest = dims.subtract(padded, extent)
        dims.require_at_least(rest, 0, f"{operation}: padded input less the kernel along spatial axis {axis}")
        return dims.add(dims.floordiv(rest, stride), 1)

    def output_sizes(self, sizes: Sequence[Dim], taps: Sequence[Dim], operation: str) -> Shape:
        """Outputs along all spatial axes."""
        pairs = enumerate(zip(sizes, taps, strict=True))
        return tuple(self.output_size(axis, size, tap, operation) for axis, (size, tap) in pairs)


def rounded_up(size: Dim, stride: int) -> Dim:
    """size / stride, rounded up."""
    return dims.floordiv(dims.add(size, stride - 1), stride)

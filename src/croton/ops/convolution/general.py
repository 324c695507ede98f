"""Convolutions as Keras names them, and the form that all of them come down to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import widened
from croton.ops.convolution.geometry import Geometry, Padding
from croton.ops.convolution.primitive import Convolution, ConvolutionInput, ConvolutionKernel
from croton.ops.shape import reshape, transpose

CHANNELS_LAST, CHANNELS_FIRST = "channels_last", "channels_first"


def per_axis(given: object, rank: int, operation: str, argument: str) -> tuple[int, ...]:
    """One positive int per spatial axis, from one int or a sequence.

    Raises:
        TypeError: not ints. ValueError: another number of them, or one below 1.
    """
    import numpy as np

    listed: tuple[Any, ...] = tuple(given) if isinstance(given, (tuple, list)) else (given,) * rank
    if any(isinstance(entry, bool) or not isinstance(entry, (int, np.integer)) for entry in listed):
        raise TypeError(f"{operation}: {argument} must be an int or a sequence of {rank}, got {given!r}")
    if len(listed) != rank or any(entry < 1 for entry in listed):
        raise ValueError(f"{operation}: {argument} must be 1 or more for each of {rank} axes, got {given!r}")
    return tuple(int(entry) for entry in listed)


def layout(data_format: str | None, operation: str) -> bool:
    """Whether channels come last.

    Raises:
        ValueError: no such format.
    """
    if data_format not in (None, CHANNELS_LAST, CHANNELS_FIRST):
        raise ValueError(
            f"{operation}: data_format must be {CHANNELS_LAST!r} or {CHANNELS_FIRST!r}, got {data_format!r}"
        )
    return data_format != CHANNELS_FIRST


def spatial_rank(array: Array, operation: str, argument: str = "inputs") -> int:
    """The number of spatial axes of an array with a batch and a channel axis.

    Raises:
        ShapeError: it is not 1, 2 or 3.
    """
    rank = base.rank_of(array) - 2
    if not 1 <= rank <= 3:
        raise ShapeError(
            f"{operation}: {argument} must have batch, channels and 1 to 3 spatial axes, got {rank + 2} axes"
        )
    return rank


def keras_padding(padding: str, rank: int, operation: str, causal: bool = False) -> tuple[Padding, ...]:
    """The padding of every axis.

    Raises:
        ValueError: no such padding.
    """
    known = ("valid", "same", "causal") if causal else ("valid", "same")
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in known or (name == "causal" and rank != 1):
        raise ValueError(f"{operation}: padding must be one of {known} (causal: 1 axis), got {padding!r}")
    return ((0, 0) if name == "valid" else name,) * rank


def convolution(geometry: Geometry, x: object, w: object) -> Array:
    """The convolution of x with w; half precisions are summed in float32.

    x and w: as `Geometry.channels_last` says.

    Raises:
        ShapeError: channels do not fit, or the padded input is shorter than the kernel.
    """
    data, kernel = base.as_operands(x, w)
    result = apply_one(Convolution(geometry), widened(data), widened(kernel))
    return base.cast(result, base.dtype_of(data))


def convolution_input(geometry: Geometry, y: object, w: object, size: Sequence[Dim]) -> Array:
    """The convolution transposed by its input: an array with these spatial sizes."""
    data, kernel = base.as_operands(y, w)
    result = apply_one(ConvolutionInput(geometry, tuple(size)), widened(data), widened(kernel))
    return base.cast(result, base.dtype_of(data))


def convolution_kernel_gradient(geometry: Geometry, x: object, y: object, taps: Sequence[Dim]) -> Array:
    """The convolution transposed by its kernel: an array with these spatial sizes."""
    data, outputs = base.as_operands(x, y)
    result = apply_one(ConvolutionKernel(geometry, tuple(taps)), widened(data), widened(outputs))
    return base.cast(result, base.dtype_of(data))


def in_layout(kernel: Array, channels_last: bool) -> Array:
    """A kernel (*spatial, channels, filters) in the layout of the data."""
    if channels_last:
        return kernel
    rank = base.rank_of(kernel)
    return transpose(kernel, (rank - 1, rank - 2, *range(rank - 2)))


def _known(size: Dim, operation: str, what: str) -> int:
    if not isinstance(size, int):
        raise ShapeError(f"{operation}: {what} must be known when the program is written, got {size}")
    return size


def _check_kernel(inputs: Array, kernel: Array, operation: str) -> int:
    rank = spatial_rank(inputs, operation)
    if base.rank_of(kernel) != rank + 2:
        raise ShapeError(
            f"{operation}: kernel must have {rank + 2} axes as inputs have, got {base.rank_of(kernel)}"
        )
    return rank


def conv(
    inputs: object,
    kernel: object,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """Keras's convolution over 1, 2 or 3 spatial axes; the kernel is not flipped.

    inputs: (batch, *spatial, channels), or (batch, channels, *spatial) if data_format is "channels_first".
    kernel: (*spatial, channels per group, filters); the number of groups follows from the channels.
    padding: "valid", "same", or for one axis "causal".

    Raises:
        ShapeError: channels do not fit. ValueError: no such padding or format.
    """
    data, weights = base.as_operands(inputs, kernel)
    rank, last = _check_kernel(data, weights, "conv"), layout(data_format, "conv")
    channels, inner = base.shape_of(data)[-1 if last else 1], base.shape_of(weights)[-2]
    groups = 1
    if isinstance(channels, int) and isinstance(inner, int):
        if inner == 0 or channels % inner:
            raise ShapeError(
                f"conv: channels of inputs, {channels}, must be a multiple of the kernel's, {inner}"
            )
        groups = max(1, channels // inner)
    geometry = Geometry(
        per_axis(strides, rank, "conv", "strides"),
        per_axis(dilation_rate, rank, "conv", "dilation_rate"),
        keras_padding(padding, rank, "conv", causal=True),
        groups=groups,
        channels_last=last,
    )
    return convolution(geometry, data, in_layout(weights, last))


def depthwise_conv(
    inputs: object,
    kernel: object,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """A convolution of every channel with kernels of its own.

    inputs: as for `conv`. kernel: (*spatial, channels, multiplier). The result has channels * multiplier
    channels, those of one input channel side by side.

    Raises:
        ShapeError: the channels of inputs and kernel differ, or are not known.
    """
    data, weights = base.as_operands(inputs, kernel)
    rank, last = _check_kernel(data, weights, "depthwise_conv"), layout(data_format, "depthwise_conv")
    *taps, channels, multiplier = base.shape_of(weights)
    groups = _known(channels, "depthwise_conv", "the number of channels")
    spread = reshape(weights, (*taps, 1, dims.multiply(groups, multiplier)))
    geometry = Geometry(
        per_axis(strides, rank, "depthwise_conv", "strides"),
        per_axis(dilation_rate, rank, "depthwise_conv", "dilation_rate"),
        keras_padding(padding, rank, "depthwise_conv"),
        groups=groups,
        channels_last=last,
    )
    return convolution(geometry, data, in_layout(spread, last))


def separable_conv(
    inputs: object,
    depthwise_kernel: object,
    pointwise_kernel: object,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """A depthwise convolution, then one with a kernel of size 1 that mixes channels.

    depthwise_kernel: as for `depthwise_conv`. pointwise_kernel: (1, ..., 1, channels * multiplier, filters).
    """
    mixed = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(mixed, pointwise_kernel, 1, "valid", data_format)


def conv_transpose(
    inputs: object,
    kernel: object,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """Keras's transposed convolution: every input element adds the kernel, times itself, to the output.

    inputs: as for `conv`. kernel: (*spatial, filters, channels). output_padding: how much longer the output
    is than its shortest; None: "same" gives inputs * stride, "valid" leaves no input element's stride out.

    Raises:
        ShapeError: channels do not fit. ValueError: output_padding is negative.
    """
    data, weights = base.as_operands(inputs, kernel)
    rank, last = _check_kernel(data, weights, "conv_transpose"), layout(data_format, "conv_transpose")
    stride = per_axis(strides, rank, "conv_transpose", "strides")
    dilation = per_axis(dilation_rate, rank, "conv_transpose", "dilation_rate")
    keras_padding(padding, rank, "conv_transpose")
    extra = output_padding if isinstance(output_padding, (tuple, list)) else (output_padding,) * rank
    if len(extra) != rank or any(entry is not None and entry < 0 for entry in extra):
        raise ValueError(f"conv_transpose: output_padding must be 0 or more per axis, got {output_padding!r}")
    sizes = base.shape_of(data)[1:-1] if last else base.shape_of(data)[2:]
    outputs: list[Dim] = []
    paddings: list[tuple[int, int]] = []
    for axis in range(rank):
        taps = _known(base.shape_of(weights)[axis], "conv_transpose", "the size of the kernel")
        extent = (taps - 1) * dilation[axis] + 1
        left, right = _transposed_padding(extent, stride[axis], padding.lower() == "same", extra[axis])
        between = dims.multiply(dims.subtract(sizes[axis], 1), stride[axis])
        outputs.append(dims.add(between, 2 + left + right - extent))
        paddings.append((extent - 1 - left, extent - 1 - right))
    geometry = Geometry(stride, dilation, tuple(paddings), channels_last=last)
    return convolution_input(geometry, data, in_layout(weights, last), cast(Shape, tuple(outputs)))


def _transposed_padding(extent: int, stride: int, same: bool, extra: int | None) -> tuple[int, int]:
    """Zeros around the spread input, by Keras's rule (its backend_utils)."""
    if not same:
        return extent - 1, extent - 1 + (max(extent, stride) - extent if extra is None else extra)
    both = extent + extent % 2 - 2 + (stride - extent % 2 if extra is None else extra)
    left = min(both // 2 + both % 2, extent - 1)
    return left, both - left

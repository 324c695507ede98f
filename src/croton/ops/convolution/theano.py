"""Convolutions as Theano names them: channels first, and filters flipped unless told not to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.base import Array
from croton.ops.convolution.general import (
    convolution,
    convolution_input,
    convolution_kernel_gradient,
    per_axis,
)
from croton.ops.convolution.geometry import Geometry, Padding
from croton.ops.shape import reshape


def border_padding(border_mode: object, rank: int, operation: str) -> tuple[Padding, ...]:
    """The padding of every axis: "valid", "half", "full", an int, or an int or a pair per axis.

    Raises:
        ValueError: none of these.
    """
    if border_mode == "valid":
        return ((0, 0),) * rank
    if border_mode in ("half", "full"):
        return (str(border_mode),) * rank
    listed = tuple(border_mode) if isinstance(border_mode, (tuple, list)) else (border_mode,) * rank
    pairs = [tuple(entry) if isinstance(entry, (tuple, list)) else (entry, entry) for entry in listed]
    if len(pairs) != rank or any(
        len(pair) != 2
        or any(isinstance(width, bool) or not isinstance(width, int) or width < 0 for width in pair)
        for pair in pairs
    ):
        raise ValueError(
            f"{operation}: border_mode must be 'valid', 'half', 'full', an int, or {rank} ints or pairs of "
            f"ints, none negative; got {border_mode!r}"
        )
    return tuple((int(pair[0]), int(pair[1])) for pair in pairs)


def theano_geometry(
    rank: int,
    operation: str,
    border_mode: object,
    subsample: object,
    filter_flip: bool,
    filter_dilation: object,
    num_groups: int,
) -> Geometry:
    """The geometry that Theano's arguments mean."""
    (groups,) = per_axis(num_groups, 1, operation, "num_groups")
    return Geometry(
        per_axis(subsample, rank, operation, "subsample"),
        per_axis(filter_dilation, rank, operation, "filter_dilation"),
        border_padding(border_mode, rank, operation),
        groups=groups,
        flip=bool(filter_flip),
        channels_last=False,
    )


def _shaped(array: object, shape: Sequence[Any] | None, rank: int, operation: str, argument: str) -> Array:
    """The array with what is known of its shape.

    Raises:
        ShapeError: another number of axes.
    """
    value = base.as_array(array)
    if base.rank_of(value) != rank:
        raise ShapeError(f"{operation}: {argument} must have {rank} axes, got {base.rank_of(value)}")
    if shape is None:
        return value
    if len(shape) != rank:
        raise ShapeError(f"{operation}: the shape given for {argument} must have {rank} entries, got {shape}")
    own = base.shape_of(value)
    known = tuple(
        size if entry is None else base.as_dims(entry)[0] for entry, size in zip(shape, own, strict=True)
    )
    if any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(known, own, strict=True)):
        raise ShapeError(
            f"{operation}: {argument} has shape {dims.format_shape(own)}, which is not the one given, "
            f"{dims.format_shape(known)}"
        )
    from croton.ops.shape import broadcast_to

    return value if known == own else broadcast_to(value, known)


def _theano_conv(
    rank: int,
    operation: str,
    input: object,
    filters: object,
    input_shape: Sequence[Any] | None,
    filter_shape: Sequence[Any] | None,
    *options: Any,
) -> Array:
    data = _shaped(input, input_shape, rank + 2, operation, "input")
    kernel = _shaped(filters, filter_shape, rank + 2, operation, "filters")
    return convolution(theano_geometry(rank, operation, *options), data, kernel)


def _shared_filters(unshared: bool, operation: str) -> None:
    if unshared:
        raise ValueError(f"{operation}: unshared filters are not supported, unshared must be False")


def conv2d(
    input: object,
    filters: object,
    input_shape: Sequence[Any] | None = None,
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
    image_shape: Sequence[Any] | None = None,
) -> Array:
    """The convolution of images with filters.

    input: (batch, channels, rows, columns). filters: (filters, channels / num_groups, rows, columns).
    input_shape, filter_shape: what is known of these shapes, None where nothing is.
    image_shape: the older name of input_shape.
    border_mode: "valid", "half", "full", an int, or an int or a pair per axis: zeros around the input.
    filter_flip: whether the filters run backwards, as in the mathematical convolution.

    Returns:
        (batch, filters, output rows, output columns).

    Raises:
        TypeError: input_shape and image_shape.
        ShapeError: channels do not fit, or the padded input is smaller than a filter.
        ValueError: no such border mode; unshared.
    """
    _shared_filters(unshared, "conv2d")
    if image_shape is not None:
        if input_shape is not None:
            raise TypeError("conv2d: input_shape and image_shape are the same argument; give one of them")
        input_shape = image_shape
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _theano_conv(2, "conv2d", input, filters, input_shape, filter_shape, *options)


def conv3d(
    input: object,
    filters: object,
    input_shape: Sequence[Any] | None = None,
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> Array:
    """As `conv2d`, over three spatial axes."""
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _theano_conv(3, "conv3d", input, filters, input_shape, filter_shape, *options)


def conv1d(
    input: object,
    filters: object,
    input_shape: Sequence[Any] | None = None,
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
) -> Array:
    """As `conv2d`, over one spatial axis."""
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _theano_conv(1, "conv1d", input, filters, input_shape, filter_shape, *options)


def causal_conv1d(
    input: object,
    filters: object,
    filter_shape: Sequence[Any] | None = None,
    input_shape: Sequence[Any] | None = None,
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
    unshared: bool = False,
) -> Array:
    """A convolution along the last axis in which no output meets later elements: zeros go before.

    input: (batch, channels, length). filters: (filters, channels / num_groups, length).
    """
    _shared_filters(unshared, "causal_conv1d")
    data = _shaped(input, input_shape, 3, "causal_conv1d", "input")
    kernel = _shaped(filters, filter_shape, 3, "causal_conv1d", "filters")
    geometry = theano_geometry(
        1, "causal_conv1d", "valid", subsample, filter_flip, filter_dilation, num_groups
    ).changed(padding=("causal",))
    return convolution(geometry, data, kernel)


def _input_side(
    rank: int,
    operation: str,
    output_grad: object,
    filters: object,
    input_shape: Sequence[Any],
    filter_shape: Sequence[Any] | None,
    *options: Any,
) -> Array:
    gradient = _shaped(output_grad, None, rank + 2, operation, "output_grad")
    kernel = _shaped(filters, filter_shape, rank + 2, operation, "filters")
    sizes = _spatial(input_shape, rank, operation, "input_shape")
    return convolution_input(theano_geometry(rank, operation, *options), gradient, kernel, sizes)


def _kernel_side(
    rank: int,
    operation: str,
    input: object,
    output_grad: object,
    filter_shape: Sequence[Any],
    input_shape: Sequence[Any] | None,
    *options: Any,
) -> Array:
    data = _shaped(input, input_shape, rank + 2, operation, "input")
    gradient = _shaped(output_grad, None, rank + 2, operation, "output_grad")
    taps = _spatial(filter_shape, rank, operation, "filter_shape")
    return convolution_kernel_gradient(theano_geometry(rank, operation, *options), data, gradient, taps)


def _spatial(shape: Sequence[Any], rank: int, operation: str, argument: str) -> Shape:
    """The last entries of a shape, which must be given."""
    if len(shape) != rank + 2 or any(entry is None for entry in shape[2:]):
        raise ShapeError(
            f"{operation}: {argument} must have {rank + 2} entries, the last {rank} known: {shape}"
        )
    return base.as_dims(tuple(shape[2:]))


def conv2d_grad_wrt_inputs(
    output_grad: object,
    filters: object,
    input_shape: Sequence[Any],
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Array:
    """The gradient of `conv2d` by its input, given that of its output.

    input_shape: (batch, channels, rows, columns), of which the last two must be known.

    Raises:
        ShapeError: an input of that shape would have another output.
    """
    _shared_filters(unshared, "conv2d_grad_wrt_inputs")
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _input_side(2, "conv2d_grad_wrt_inputs", output_grad, filters, input_shape, filter_shape, *options)


def conv3d_grad_wrt_inputs(
    output_grad: object,
    filters: object,
    input_shape: Sequence[Any],
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> Array:
    """As `conv2d_grad_wrt_inputs`, over three spatial axes."""
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _input_side(3, "conv3d_grad_wrt_inputs", output_grad, filters, input_shape, filter_shape, *options)


def conv2d_grad_wrt_weights(
    input: object,
    output_grad: object,
    filter_shape: Sequence[Any],
    input_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Array:
    """The gradient of `conv2d` by its filters, given that of its output.

    filter_shape: (filters, channels, rows, columns), of which the last two must be known.

    Raises:
        ShapeError: filters of that shape would have another output.
    """
    _shared_filters(unshared, "conv2d_grad_wrt_weights")
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _kernel_side(2, "conv2d_grad_wrt_weights", input, output_grad, filter_shape, input_shape, *options)


def conv3d_grad_wrt_weights(
    input: object,
    output_grad: object,
    filter_shape: Sequence[Any],
    input_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> Array:
    """As `conv2d_grad_wrt_weights`, over three spatial axes."""
    options = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _kernel_side(3, "conv3d_grad_wrt_weights", input, output_grad, filter_shape, input_shape, *options)


def conv2d_transpose(
    input: object,
    filters: object,
    output_shape: Sequence[Any],
    filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    input_dilation: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> Array:
    """A transposed convolution: upsamples by `input_dilation`, then convolves.

    input: (batch, channels, rows, columns). filters: (channels, output channels, rows, columns).
    output_shape: (batch, output channels, rows, columns), of which the last two must be known.
    """
    return conv2d_grad_wrt_inputs(
        input,
        filters,
        output_shape,
        filter_shape,
        border_mode,
        input_dilation,
        filter_flip,
        filter_dilation,
        num_groups,
        unshared,
    )


def separable_conv2d(
    input: object,
    depthwise_filters: object,
    pointwise_filters: object,
    num_channels: int,
    input_shape: Sequence[Any] | None = None,
    depthwise_filter_shape: Sequence[Any] | None = None,
    pointwise_filter_shape: Sequence[Any] | None = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
) -> Array:
    """Every channel with filters of its own, then a mixing of channels.

    depthwise_filters: (channels * multiplier, 1, rows, columns). pointwise_filters: (filters, channels *
    multiplier, 1, 1).
    """
    own = conv2d(
        input,
        depthwise_filters,
        input_shape,
        depthwise_filter_shape,
        border_mode,
        subsample,
        filter_flip,
        filter_dilation,
        num_channels,
    )
    return conv2d(own, pointwise_filters, None, pointwise_filter_shape, filter_flip=filter_flip)


def get_conv_output_shape(
    image_shape: Sequence[Any],
    kernel_shape: Sequence[Any],
    border_mode: Any,
    subsample: Sequence[int],
    filter_dilation: Sequence[int] | None = None,
) -> tuple[Dim | None, ...]:
    """The shape of a convolution's output; entries that depend on a None are None.

    image_shape: (batch, channels, *spatial). kernel_shape: (filters, channels, *spatial).
    """
    rank = len(image_shape) - 2
    if len(kernel_shape) != rank + 2 or not 1 <= rank <= 3:
        raise ShapeError(
            f"get_conv_output_shape: shapes of 3 to 5 entries expected, as many in both: "
            f"{tuple(image_shape)} and {tuple(kernel_shape)}"
        )
    options = (border_mode, subsample, True, filter_dilation or (1,) * rank, 1)
    geometry = theano_geometry(rank, "get_conv_output_shape", *options)
    spatial = [
        None
        if size is None or taps is None
        else geometry.output_size(axis, size, taps, "get_conv_output_shape")
        for axis, (size, taps) in enumerate(zip(image_shape[2:], kernel_shape[2:], strict=True))
    ]
    return (image_shape[0], kernel_shape[0], *spatial)


def image_conv2d(
    input: object,
    filters: object,
    image_shape: Sequence[Any] | None = None,
    filter_shape: Sequence[Any] | None = None,
    border_mode: str = "valid",
    subsample: Any = (1, 1),
) -> Array:
    """Theano's old `nnet.conv.conv2d`: filters are flipped, border_mode is "valid" or "full"."""
    if border_mode not in ("valid", "full"):
        raise ValueError(f"conv2d: border_mode must be 'valid' or 'full', got {border_mode!r}")
    return conv2d(input, filters, image_shape, filter_shape, border_mode, subsample)


def signal_conv2d(
    input: object,
    filters: object,
    image_shape: Sequence[Any] | None = None,
    filter_shape: Sequence[Any] | None = None,
    border_mode: str = "valid",
    subsample: Any = (1, 1),
) -> Array:
    """Theano's `signal.conv.conv2d`: images without channels.

    input: (rows, columns) or (images, rows, columns). filters: (rows, columns) or (filters, rows, columns).

    Returns:
        ([images,] [filters,] output rows, output columns): an axis for each that the operands have.
    """
    images, kernels = base.as_array(input), base.as_array(filters)
    ranks = base.rank_of(images), base.rank_of(kernels)
    if not all(rank in (2, 3) for rank in ranks):
        raise ShapeError(f"conv2d: images and filters must have 2 or 3 axes, got {ranks[0]} and {ranks[1]}")
    images = _shaped(images, image_shape, ranks[0], "conv2d", "input")
    kernels = _shaped(kernels, filter_shape, ranks[1], "conv2d", "filters")

    def with_channel(array: Array) -> Array:
        *before, rows, columns = base.shape_of(array)
        return reshape(array, (*(before or [1]), 1, rows, columns))

    result = image_conv2d(with_channel(images), with_channel(kernels), None, None, border_mode, subsample)
    batch, found, rows, columns = base.shape_of(result)
    kept = [size for size, rank in ((batch, ranks[0]), (found, ranks[1])) if rank == 3]
    return reshape(result, (*kept, rows, columns))

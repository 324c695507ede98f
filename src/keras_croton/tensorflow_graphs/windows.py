"""Convolutions and pooling: padding is done before, so that every kind of it is the same to TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras.src.utils.module_utils import tensorflow as tf

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Equation
from croton.ops.convolution.geometry import Geometry
from croton.ops.convolution.primitive import Convolution, ConvolutionInput
from croton.ops.pooling.primitive import Pool
from keras_croton.tensorflow_graphs.translation import Tensor, Translation, rule


@rule(Convolution)
def convolution(
    translation: Translation, op: Convolution, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Sums of products over windows."""
    geometry = op.geometry
    x, w = (_channels_last(tensor, geometry) for tensor in operands)
    x_type, w_type = (value.type for value in equation.inputs)
    taps = geometry.taps(w_type.shape)
    sizes = geometry.spatial(x_type.shape)
    outputs = geometry.spatial(equation.outputs[0].type.shape)
    padding = []
    for axis, (size, tap, count) in enumerate(zip(sizes, taps, outputs, strict=True)):
        low = geometry.low(axis, size, tap)
        padding.append((low, _missing(geometry.strides[axis], count, geometry.extent(axis, tap), size, low)))
    x = _padded(translation, x, padding, 0)
    w = _kernel(w, geometry, reverse=geometry.flip)
    y = _grouped(x, w, geometry.groups, geometry.strides, geometry.dilation)
    return _channels_first(y, geometry)


@rule(ConvolutionInput)
def transposed_convolution(
    translation: Translation, op: ConvolutionInput, operands: list[Tensor], equation: Equation
) -> Tensor:
    """The convolution transposed by its input: of the other operand with zeros between its elements."""
    geometry = op.geometry
    y, w = (_channels_last(tensor, geometry) for tensor in operands)
    y_type, w_type = (value.type for value in equation.inputs)
    counts, taps = geometry.spatial(y_type.shape), geometry.taps(w_type.shape)
    padding = []
    for axis, (size, count, tap) in enumerate(zip(op.size, counts, taps, strict=True)):
        stride, extent = geometry.strides[axis], geometry.extent(axis, tap)
        y = _spread(y, axis + 1, stride)
        low = geometry.low(axis, size, tap)
        reached = dims.add(dims.multiply(dims.subtract(count, 1), stride), 1)
        before = dims.subtract(dims.subtract(extent, 1), low)
        padding.append((before, dims.subtract(dims.add(size, low), reached)))
    y = _padded(translation, y, padding, 0)
    w = _kernel(w, geometry, reverse=not geometry.flip)
    parts = [tf.linalg.matrix_transpose(part) for part in tf.split(w, geometry.groups, -1)]
    swapped = tf.concat(parts, -1)
    ones = (1,) * geometry.rank
    return _channels_first(_grouped(y, swapped, geometry.groups, ones, geometry.dilation), geometry)


def _missing(stride: int, count: Dim, extent: Dim, size: Dim, low: Dim) -> Dim:
    """The padding after an axis without which the last windows would not be there."""
    reached = dims.add(dims.multiply(dims.subtract(count, 1), stride), extent)
    return dims.maximum(dims.subtract(dims.subtract(reached, size), low), 0)


def _padded(translation: Translation, x: Tensor, padding: Sequence[tuple[Dim, Dim]], fill: Any) -> Tensor:
    """A tensor (batch, *spatial, channels) with more around its spatial axes; less where it is negative."""
    if all(end == 0 for ends in padding for end in ends):
        return x
    both = [(translation.size(low), translation.size(high)) for low, high in padding]
    more = [[tf.maximum(tf.cast(end, "int64"), 0) for end in ends] for ends in both]
    x = tf.pad(x, tf.stack([[0, 0], *more, [0, 0]]), constant_values=tf.cast(fill, x.dtype))
    if all(isinstance(end, int) and end >= 0 for ends in both for end in ends):
        return x
    cut = [slice(None)]
    for axis, (low, high) in enumerate(both, 1):
        begin = tf.maximum(-tf.cast(low, "int64"), 0)
        end = tf.shape(x, out_type="int64")[axis] - tf.maximum(-tf.cast(high, "int64"), 0)
        cut.append(slice(begin, end))
    return x[tuple(cut)]


def _spread(y: Tensor, axis: int, stride: int) -> Tensor:
    """Zeros between the elements along an axis."""
    if stride == 1:
        return y
    shape = tf.shape(y)
    rank = y.shape.rank
    padding = [[0, 0]] * (rank + 1)
    padding[axis + 1] = [0, stride - 1]
    wide = tf.pad(tf.expand_dims(y, axis + 1), padding)
    merged = tf.concat([shape[:axis], [shape[axis] * stride], shape[axis + 1 :]], 0)
    wide = tf.reshape(wide, merged)
    return wide[(slice(None),) * axis + (slice(0, merged[axis] - (stride - 1)),)]


def _channels_last(x: Tensor, geometry: Geometry) -> Tensor:
    """Data, or a kernel, with its spatial axes in the middle or first."""
    if geometry.channels_last:
        return x
    rank = geometry.rank
    return tf.transpose(x, (0, *range(2, rank + 2), 1))


def _channels_first(x: Tensor, geometry: Geometry) -> Tensor:
    if geometry.channels_last:
        return x
    rank = geometry.rank
    return tf.transpose(x, (0, rank + 1, *range(1, rank + 1)))


def _kernel(w: Tensor, geometry: Geometry, reverse: bool) -> Tensor:
    """A kernel (*taps, channels, filters), the taps from the last on if `reverse`."""
    rank = geometry.rank
    if not geometry.channels_last:  # now (filters, *taps, channels)
        w = tf.transpose(w, (*range(1, rank + 1), rank + 1, 0))
    return tf.reverse(w, list(range(rank))) if reverse else w


def _grouped(x: Tensor, w: Tensor, groups: int, strides: Sequence[int], dilation: Sequence[int]) -> Tensor:
    """A convolution without padding, group by group."""
    parts = zip(tf.split(x, groups, -1), tf.split(w, groups, -1), strict=True) if groups > 1 else [(x, w)]
    made = [
        tf.nn.convolution(part, kernel, strides=list(strides), padding="VALID", dilations=list(dilation))
        for part, kernel in parts
    ]
    return tf.concat(made, -1) if groups > 1 else made[0]


@rule(Pool)
def pool(translation: Translation, op: Pool, operands: list[Tensor], equation: Equation) -> Tensor:
    """The largest element of windows, their sum or mean."""
    (x,) = operands
    windows = op.windows
    shape, counts = equation.inputs[0].type.shape[1:-1], equation.outputs[0].type.shape[1:-1]
    padding = []
    for axis, (size, count) in enumerate(zip(shape, counts, strict=True)):
        low = windows.low(axis, size)
        padding.append((low, _missing(windows.strides[axis], count, windows.sizes[axis], size, low)))
    kind = "MAX" if op.kind == "max" else "AVG"

    def pooled(tensor: Tensor, fill: Any) -> Tensor:
        wide = _padded(translation, tensor, padding, fill)
        return tf.nn.pool(wide, list(windows.sizes), kind, strides=list(windows.strides), padding="VALID")

    if op.kind == "max":
        return pooled(x, x.dtype.min)
    mean = pooled(x, 0)
    if op.kind == "sum":
        return mean * math.prod(windows.sizes)
    return mean if op.kind == "padded_mean" else mean / pooled(tf.ones_like(x), 0)

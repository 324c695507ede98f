"""Views, gathering and scattering, reductions, products, orders, running totals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras.src.utils.module_utils import tensorflow as tf

from croton.graph.values import Equation
from croton.ops.bits import Bitcast
from croton.ops.branch_sizes import OfShape
from croton.ops.checks import Assertion, PrintOperation
from croton.ops.contraction import Contract
from croton.ops.counting import BinCount
from croton.ops.cumulative import Accumulate, Shift
from croton.ops.dimension import NumberAsSize, SizeAsNumber
from croton.ops.einsum import TakeDiagonal
from croton.ops.gathering import CheckedIndex, Gather, Nonzero
from croton.ops.gradient_control import (
    ClipGradient,
    ScaleGradient,
    StopGradient,
    Unchanged,
    UndefinedGradient,
    ZeroGradient,
)
from croton.ops.neighbourhoods import OfSize
from croton.ops.rearranging import RepeatPositions
from croton.ops.reduction import Reduce
from croton.ops.scattering import Scatter
from croton.ops.searching import SearchSorted
from croton.ops.shape import BroadcastTo, CheckedShape, Concatenate, Iota, Reshape, Transpose
from croton.ops.slicing import Place, Slice, _start_range
from croton.ops.softmax import LogSoftmax, Softmax
from croton.ops.sorting import Order, Sort, TopPositions
from keras_croton.tensorflow_graphs.translation import Tensor, Translation, rule

# Sizes and starts.


@rule(
    *(OfShape, OfSize, CheckedShape, Assertion, PrintOperation),
    *(ClipGradient, ScaleGradient, StopGradient, Unchanged, UndefinedGradient, ZeroGradient),
)
def first_operand(translation: Translation, op: Any, operands: list[Tensor], equation: Equation) -> Tensor:
    """What only checks or matters to gradients is its operand."""
    return tf.identity(operands[0])


@rule(SizeAsNumber)
def size_as_number(
    translation: Translation, op: SizeAsNumber, operands: list[Tensor], equation: Equation
) -> Tensor:
    """A size as a number."""
    return tf.cast(translation.size(op.size), "int64")


@rule(NumberAsSize)
def number_as_size(
    translation: Translation, op: NumberAsSize, operands: list[Tensor], equation: Equation
) -> Tensor:
    """A number that becomes a size."""
    number = tf.cast(operands[0], "int64")
    for symbol in equation.bound_symbols():
        translation.sizes[symbol] = number
    return number


@rule(Iota)
def iota(translation: Translation, op: Iota, operands: list[Tensor], equation: Equation) -> Tensor:
    """0, 1, 2, ..."""
    return tf.range(tf.cast(translation.size(op.size), "int64"))


@rule(Reshape)
def reshape(translation: Translation, op: Reshape, operands: list[Tensor], equation: Equation) -> Tensor:
    """Another shape."""
    return tf.reshape(operands[0], translation.shape(op.shape))


@rule(Transpose)
def transpose(translation: Translation, op: Transpose, operands: list[Tensor], equation: Equation) -> Tensor:
    """Axes in another order."""
    return tf.transpose(operands[0], op.permutation)


@rule(BroadcastTo)
def broadcast_to(
    translation: Translation, op: BroadcastTo, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Stretched to a shape."""
    return tf.broadcast_to(operands[0], translation.shape(op.shape))


@rule(Concatenate)
def concatenate(
    translation: Translation, op: Concatenate, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Joined along an axis."""
    return tf.concat(operands, op.axis)


@rule(Slice)
def slice_of(translation: Translation, op: Slice, operands: list[Tensor], equation: Equation) -> Tensor:
    """Every step-th element from a start on, along each axis."""
    x, *given = operands
    regions = []
    for axis, (start, size, step) in enumerate(_places(translation, op, op.sizes, given, equation)):
        if size is None:
            regions.append(slice(None))
        elif step > 0:
            regions.append(slice(start, start + size * step, step))
        else:
            x = tf.gather(x, start + tf.range(tf.cast(size, "int64")) * step, axis=axis)
            regions.append(slice(None))
    return x[tuple(regions)]


@rule(Place)
def place(translation: Translation, op: Place, operands: list[Tensor], equation: Equation) -> Tensor:
    """A part set, or added to."""
    whole, part, *given = operands
    places = _places(translation, op, equation.inputs[1].type.shape, given, equation, all_axes=True)
    rows = [start + tf.range(tf.cast(size, "int64")) * step for start, size, step in places]
    indices = tf.stack(tf.meshgrid(*rows, indexing="ij"), -1) if rows else tf.zeros((0,), "int64")
    update = tf.tensor_scatter_nd_update if op.kind == "set" else tf.tensor_scatter_nd_add
    return update(whole, indices, part)


def _places(
    translation: Translation,
    op: Any,
    sizes: Sequence[Any],
    given: list[Tensor],
    equation: Equation,
    all_axes: bool = False,
) -> list[tuple[Any, Any, int]]:
    """(start, size, step) along each axis, the size None where it is all of the axis."""
    starts = iter(given)
    places: list[tuple[Any, Any, int]] = []
    limits = equation.inputs[0].type.shape
    for start, size, step, limit in zip(op.starts, sizes, op.steps, limits, strict=True):
        if start is None:
            low, high = (tf.cast(translation.size(end), "int64") for end in _start_range(size, step, limit))
            begin = tf.maximum(low, tf.minimum(next(starts), high))
        else:
            begin = translation.size(start)
        whole = size == limit and step == 1 and isinstance(begin, int) and begin == 0 and not all_axes
        places.append((begin, None if whole else translation.size(size), step))
    return places


@rule(Shift)
def shift(translation: Translation, op: Shift, operands: list[Tensor], equation: Equation) -> Tensor:
    """Moved by one along an axis; zero comes in."""
    (x,) = operands
    axis = op.axis
    zeros = tf.zeros_like(tf.gather(x, tf.range(tf.minimum(tf.shape(x)[axis], 1)), axis=axis))
    size = tf.shape(x)[axis]
    rest = tf.range(1, size) if op.reverse else tf.range(size - 1)
    kept = tf.gather(x, rest, axis=axis)
    return tf.concat([kept, zeros] if op.reverse else [zeros, kept], axis)


@rule(TakeDiagonal)
def take_diagonal(
    translation: Translation, op: TakeDiagonal, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Elements with two equal indices."""
    (x,) = operands
    rank = len(equation.inputs[0].type.shape)
    rest = [axis for axis in range(rank) if axis not in (op.first, op.second)]
    diagonal = tf.linalg.diag_part(tf.transpose(x, [*rest, op.first, op.second]))
    order = list(range(rank - 2))
    order.insert(op.first, rank - 2)
    return tf.transpose(diagonal, order)


@rule(Bitcast)
def bitcast(translation: Translation, op: Bitcast, operands: list[Tensor], equation: Equation) -> Tensor:
    """The bits as numbers of another dtype."""
    (x,) = operands
    old, new = equation.inputs[0].type.dtype.itemsize, op.dtype.itemsize
    if old == new:
        return tf.bitcast(x, tf.as_dtype(op.dtype))
    shape = translation.shape(equation.outputs[0].type.shape)
    if old < new:
        x = tf.reshape(x, tf.concat([shape, [new // old]], 0))
    return tf.reshape(tf.bitcast(x, tf.as_dtype(op.dtype)), shape)


# Gathering and scattering.


@rule(CheckedIndex)
def checked_index(
    translation: Translation, op: CheckedIndex, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Indices counted from the front. TensorFlow itself refuses those outside."""
    index, size = tf.cast(operands[0], "int64"), operands[1]
    if op.mode == "clip":
        return tf.clip_by_value(index, 0, tf.maximum(size - 1, 0))
    if op.mode == "wrap":
        return tf.math.floormod(index, size)
    return index if op.mode == "label" else tf.where(index < 0, index + size, index)


@rule(Gather)
def gather(translation: Translation, op: Gather, operands: list[Tensor], equation: Equation) -> Tensor:
    """Elements at computed places."""
    x, *indices = operands
    rank = len(equation.inputs[0].type.shape)
    rest = [axis for axis in range(rank) if axis not in op.axes]
    if len(indices) == 1 and op.axes[0] == op.position:
        return tf.gather(x, indices[0], axis=op.axes[0])
    gathered = tf.gather_nd(tf.transpose(x, [*op.axes, *rest]), tf.stack(indices, -1))
    own = len(equation.inputs[1].type.shape)
    kept = list(range(own, own + len(rest)))
    return tf.transpose(gathered, [*kept[: op.position], *range(own), *kept[op.position :]])


@rule(Nonzero)
def nonzero(translation: Translation, op: Nonzero, operands: list[Tensor], equation: Equation) -> Tensor:
    """Where a vector is true."""
    return tf.reshape(tf.where(operands[0]), (-1,))


@rule(RepeatPositions)
def repeat_positions(
    translation: Translation, op: RepeatPositions, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Each position as often as its count says."""
    counts = operands[0]
    return tf.repeat(tf.range(tf.size(counts, out_type="int64")), counts)


@rule(Scatter)
def scatter(translation: Translation, op: Scatter, operands: list[Tensor], equation: Equation) -> Tensor:
    """Rows combined into an array (batch, height, length)."""
    values, rows = operands[-2:]
    if op.height is None:
        whole = operands[0]
    else:
        shape = equation.outputs[0].type.shape
        whole = tf.zeros(translation.shape(shape), values.dtype)
    updates = {
        "set": tf.tensor_scatter_nd_update,
        "add": tf.tensor_scatter_nd_add,
        "max": tf.tensor_scatter_nd_max,
        "min": tf.tensor_scatter_nd_min,
    }
    moved = tf.transpose(whole, (1, 0, 2))
    made = updates[op.kind](moved, rows[:, None], tf.transpose(values, (1, 0, 2)))
    return tf.transpose(made, (1, 0, 2))


@rule(SearchSorted)
def search_sorted(
    translation: Translation, op: SearchSorted, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Where values belong in a sorted vector."""
    vector, values = operands
    flat = tf.reshape(values, (-1,))
    return tf.reshape(tf.searchsorted(vector, flat, side=op.side, out_type="int64"), tf.shape(values))


@rule(BinCount)
def bincount(translation: Translation, op: BinCount, operands: list[Tensor], equation: Equation) -> Tensor:
    """How often each number occurs, or the weights that go with it added up."""
    numbers, *weights = operands
    (size,) = equation.outputs[0].type.shape
    given = weights[0] if weights else tf.ones_like(numbers, tf.as_dtype(equation.outputs[0].type.dtype))
    return tf.math.unsorted_segment_sum(given, numbers, translation.size(size))


# Reductions and products.


@rule(Reduce)
def reduce(translation: Translation, op: Reduce, operands: list[Tensor], equation: Equation) -> Tensor:
    """Sums, products, extremes over axes."""
    (x,) = operands
    of_bools = {"max": "any", "min": "all"} if x.dtype == tf.bool else {}
    return getattr(tf, f"reduce_{of_bools.get(op.kind, op.kind)}")(x, op.axes)


@rule(Contract)
def contract(translation: Translation, op: Contract, operands: list[Tensor], equation: Equation) -> Tensor:
    """Matrix products."""
    dtype = operands[0].dtype
    if dtype.is_integer or dtype == tf.bool:  # TensorFlow multiplies matrices of few of these
        operands = [tf.cast(operand, "int64" if dtype.size > 2 else "int32") for operand in operands]
    product = tf.linalg.matmul(*operands, transpose_a=op.transpose_left, transpose_b=op.transpose_right)
    return product if product.dtype == dtype else tf.cast(product, dtype)


@rule(Softmax)
def softmax(translation: Translation, op: Softmax, operands: list[Tensor], equation: Equation) -> Tensor:
    """Exponentials that add up to 1."""
    return _over_axes(tf.nn.softmax, op.axes, operands[0], equation)


@rule(LogSoftmax)
def log_softmax(
    translation: Translation, op: LogSoftmax, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Their logarithms."""
    return _over_axes(tf.nn.log_softmax, op.axes, operands[0], equation)


def _over_axes(function: Any, axes: tuple[int, ...], x: Tensor, equation: Equation) -> Tensor:
    if len(axes) == 1:
        return function(x, axis=axes[0])
    rank = len(equation.inputs[0].type.shape)
    order = [*(axis for axis in range(rank) if axis not in axes), *axes]
    moved = tf.transpose(x, order)
    shape = tf.shape(moved)
    flat = tf.reshape(moved, tf.concat([shape[: rank - len(axes)], [-1]], 0))
    back = sorted(range(rank), key=lambda axis: order[axis])
    return tf.transpose(tf.reshape(function(flat, axis=-1), shape), back)


@rule(Accumulate)
def accumulate(
    translation: Translation, op: Accumulate, operands: list[Tensor], equation: Equation
) -> Tensor:
    """Running sums, products and extremes."""
    (x,) = operands
    if op.kind in ("sum", "prod"):
        function = tf.cumsum if op.kind == "sum" else tf.math.cumprod
        return function(x, axis=op.axis, reverse=op.reverse, exclusive=op.exclusive)
    rank = len(equation.inputs[0].type.shape)
    order = [op.axis, *(axis for axis in range(rank) if axis != op.axis)]
    back = sorted(range(rank), key=lambda axis: order[axis])
    function = tf.maximum if op.kind == "max" else tf.minimum
    return tf.transpose(tf.scan(function, tf.transpose(x, order), reverse=op.reverse), back)


# Orders.


def _key(x: Tensor) -> Tensor:
    """Integers in the order of the elements: NaN comes after all numbers, and -0 is 0."""
    if x.dtype == tf.bool:
        return tf.cast(x, "int32")
    if not x.dtype.is_floating:
        return x
    if x.dtype.size < 4:
        x = tf.cast(x, "float32")
    x = tf.where(tf.equal(x, 0), tf.zeros_like(x), x)
    x = tf.where(tf.math.is_nan(x), tf.cast(math.nan, x.dtype), x)
    return _ordered_bits(tf.bitcast(x, f"int{8 * x.dtype.size}"))


def _ordered_bits(bits: Tensor) -> Tensor:
    """The bits of a float as an integer in the order of floats, and the other way round."""
    return tf.where(bits < 0, tf.bitwise.bitwise_xor(bits, bits.dtype.max), bits)


@rule(Sort)
def sort(translation: Translation, op: Sort, operands: list[Tensor], equation: Equation) -> Tensor:
    """Sorted along an axis."""
    (x,) = operands
    key = tf.sort(_key(x), axis=op.axis)
    if not x.dtype.is_floating:
        return tf.cast(key, x.dtype)
    return tf.cast(tf.bitcast(_ordered_bits(key), f"float{8 * key.dtype.size}"), x.dtype)


@rule(Order)
def order(translation: Translation, op: Order, operands: list[Tensor], equation: Equation) -> Tensor:
    """The positions that sort."""
    direction = "DESCENDING" if op.descending else "ASCENDING"
    return tf.cast(tf.argsort(_key(operands[0]), axis=op.axis, direction=direction, stable=True), "int64")


@rule(TopPositions)
def top_positions(
    translation: Translation, op: TopPositions, operands: list[Tensor], equation: Equation
) -> Tensor:
    """The positions of the largest elements along an axis, or of the smallest."""
    rank = len(equation.inputs[0].type.shape)
    order = [*(axis for axis in range(rank) if axis != op.axis), op.axis]
    back = sorted(range(rank), key=lambda axis: order[axis])
    key = _key(operands[0])
    moved = tf.transpose(tf.bitwise.invert(key) if op.smallest else key, order)
    return tf.transpose(tf.math.top_k(moved, translation.size(op.count), index_type="int64").indices, back)

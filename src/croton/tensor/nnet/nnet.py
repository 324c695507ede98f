"""Theano's softmaxes and cross-entropies, which take the output first, then the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph import dtypes
from croton.graph.errors import DTypeError, ShapeError
from croton.ops import base, losses
from croton.ops.activations import elu, relu, selu, softsign
from croton.ops.arithmetic import add, floor_divide, multiply, remainder
from croton.ops.base import Array
from croton.ops.exponential import sigmoid, softplus
from croton.ops.rearranging import shape_padleft
from croton.ops.softmax import log_softmax
from croton.ops.softmax import softmax as softmax_along

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "confusion_matrix",
    "crossentropy_categorical_1hot",
    "crossentropy_softmax_1hot",
    "crossentropy_softmax_1hot_with_bias",
    "crossentropy_softmax_argmax_1hot_with_bias",
    "crossentropy_softmax_max_and_argmax_1hot",
    "crossentropy_softmax_max_and_argmax_1hot_with_bias",
    "elu",
    "h_softmax",
    "logsoftmax",
    "prepend_0_to_each_row",
    "prepend_1_to_each_row",
    "prepend_scalar_to_each_row",
    "relu",
    "selu",
    "sigmoid",
    "sigmoid_binary_crossentropy",
    "softmax",
    "softmax_graph",
    "softmax_with_bias",
    "softplus",
    "softsign",
]


def _rows(x: object) -> Array:
    """A vector as a matrix of one row, as Theano takes it."""
    array = base.as_array(x)
    return shape_padleft(array) if base.rank_of(array) == 1 else array


def softmax(c: object, axis: int | Sequence[int] | None = None) -> Array:
    """softmax of every row; a vector counts as a row, so that the result is a matrix, as in Theano.

    axis: an axis or axes to normalise over instead; then the result has the shape of `c`, vectors included.
    """
    return softmax_along(_rows(c)) if axis is None else softmax_along(c, axis)


def logsoftmax(c: object) -> Array:
    """The logarithm of softmax, accurate where that underflows; a vector counts as a row."""
    return log_softmax(_rows(c))


softmax_graph = softmax


def softmax_with_bias(x: object, b: object) -> Array:
    """softmax(x + b) of every row."""
    return softmax(add(x, b))


def categorical_crossentropy(coding_dist: object, true_dist: object) -> Array:
    """Per row -sum(true log coding), for true distributions, or -log coding[label] for integer labels.

    coding_dist: probabilities along the last axis. true_dist: of that shape, or labels of one axis less.
    """
    true = base.as_array(true_dist)
    if base.rank_of(true) == base.rank_of(base.as_array(coding_dist)) - 1 and dtypes.is_integer(
        base.dtype_of(true)
    ):
        return losses.sparse_categorical_crossentropy(true, coding_dist)
    return losses.categorical_crossentropy(true, coding_dist)


def crossentropy_categorical_1hot(coding_dist: object, true_one_of_n: object) -> Array:
    """-log coding[label], per row."""
    return losses.sparse_categorical_crossentropy(true_one_of_n, coding_dist)


def binary_crossentropy(output: object, target: object) -> Array:
    """-(t log p + (1 - t) log(1 - p)), elementwise."""
    return losses.binary_crossentropy(target, output)


def sigmoid_binary_crossentropy(output: object, target: object) -> Array:
    """The same for p = sigmoid(output), without overflow."""
    return losses.binary_crossentropy(target, output, from_logits=True)


def crossentropy_softmax_1hot(x: object, y_idx: object) -> list[Array]:
    """Per row -log softmax(x)[label], and the softmax."""
    logits = base.as_array(x)
    return [losses.sparse_categorical_crossentropy(y_idx, logits, from_logits=True), softmax(logits)]


def crossentropy_softmax_1hot_with_bias(x: object, b: object, y_idx: object) -> list[Array]:
    """Per row -log softmax(x + b)[label], and the softmax."""
    return crossentropy_softmax_1hot(add(x, b), y_idx)


def crossentropy_softmax_argmax_1hot_with_bias(x: object, b: object, y_idx: object) -> list[Array]:
    """Per row -log softmax(x + b)[label], the softmax, and the most probable class."""
    from croton.ops.argmax import argmax

    logits = add(x, b)
    return [*crossentropy_softmax_1hot(logits, y_idx), argmax(logits, -1)]


def crossentropy_softmax_max_and_argmax_1hot(x: object, y_idx: object) -> list[Array]:
    """Per row -log softmax(x)[label], the softmax, its largest entry and where that is."""
    from croton.ops.argmax import argmax
    from croton.ops.reduction import max as max_over

    logits = base.as_array(x)
    losses_of_rows, probabilities = crossentropy_softmax_1hot(logits, y_idx)
    return [losses_of_rows, probabilities, max_over(probabilities, -1), argmax(logits, -1)]


def crossentropy_softmax_max_and_argmax_1hot_with_bias(x: object, b: object, y_idx: object) -> list[Array]:
    """The same of x + b."""
    return crossentropy_softmax_max_and_argmax_1hot(add(x, b), y_idx)


def prepend_scalar_to_each_row(val: object, mat: object) -> Array:
    """A matrix with one more column in front, whose entries are a number.

    Raises:
        ShapeError: not a matrix, or not a number.
    """
    from croton.ops.shape import broadcast_to, concatenate

    matrix, number = base.as_array(mat), base.as_array(val)
    if base.rank_of(matrix) != 2 or base.rank_of(number) != 0:
        raise ShapeError(
            "prepend_scalar_to_each_row: expected a number and a matrix, got "
            f"{base.rank_of(number)} and {base.rank_of(matrix)} axes"
        )
    column = broadcast_to(base.cast(number, base.dtype_of(matrix)), (base.shape_of(matrix)[0], 1))
    return concatenate([column, matrix], 1)


def prepend_0_to_each_row(mat: object) -> Array:
    """A matrix with a column of zeros in front."""
    return prepend_scalar_to_each_row(0, mat)


def prepend_1_to_each_row(mat: object) -> Array:
    """A matrix with a column of ones in front."""
    return prepend_scalar_to_each_row(1, mat)


def h_softmax(
    x: object,
    batch_size: Any,
    n_outputs: Any,
    n_classes: Any,
    n_outputs_per_class: Any,
    W1: object,
    b1: object,
    W2: object,
    b2: object,
    target: object = None,
) -> Array:
    """A softmax in two levels (Goodman 2001): of classes, and of outputs within each class.

    x: (batch, features). W1: (features, classes), b1: (classes,). W2: (classes, features, outputs per class),
    b2: (classes, outputs per class). target: labels (batch,) or None. `batch_size` is not needed.

    Returns the probabilities (batch, n_outputs), or those of the targets alone, (batch,).
    """
    from croton.ops.contraction import dot
    from croton.ops.einsum import einsum
    from croton.ops.gathering import take
    from croton.ops.shape import reshape
    from croton.ops.slicing import slice_axis

    inputs = base.as_array(x)
    classes = softmax(add(dot(inputs, W1), b1))
    if target is None:
        within = softmax(add(einsum("bf,cfo->bco", inputs, W2), b2))
        whole = multiply(reshape(classes, (*base.shape_of(classes), 1)), within)
        rows, first, second = base.shape_of(whole)
        (wanted,) = base.as_dims(n_outputs)
        return slice_axis(reshape(whole, (rows, first * second)), 1, 0, wanted)
    labels = reshape(base.as_array(target), (-1,))
    own_class = floor_divide(labels, n_outputs_per_class)
    scores = add(einsum("bf,bfo->bo", inputs, take(W2, own_class, 0)), take(b2, own_class, 0))
    chosen = losses.pick(softmax(scores), remainder(labels, n_outputs_per_class), 1, "h_softmax")
    return multiply(losses.pick(classes, own_class, 1, "h_softmax"), chosen)


def confusion_matrix(actual: object, pred: object) -> list[Array]:
    """How often each class was predicted as each: rows are actual, columns predicted classes.

    actual, pred: labels, integer vectors of one length; it takes memory for all numbers between the smallest
    and the largest. Returns the counts, int64, and the classes that occur, sorted.

    Raises:
        ShapeError: not vectors. DTypeError: not integers.
    """
    from croton.ops.arithmetic import subtract
    from croton.ops.cumulative import cumsum
    from croton.ops.gathering import flatnonzero, take
    from croton.ops.indexing import index_update
    from croton.ops.reduction import max as max_over
    from croton.ops.reduction import min as min_over
    from croton.ops.shape import concatenate, full

    labels = [base.cast(_labels(given), dtypes.INT64) for given in (actual, pred)]
    every = concatenate(labels, 0)
    lowest = min_over(every)
    (span,) = base.as_dims(add(subtract(max_over(every), lowest), 1))
    occurs = index_update(full((span,), 0, dtypes.INT64), subtract(every, lowest), 1)
    found = flatnonzero(occurs)
    rank = subtract(cumsum(occurs, 0), 1)
    rows, columns = (take(rank, subtract(given, lowest)) for given in labels)
    (count,) = base.shape_of(found)
    counts = index_update(full((count, count), 0, dtypes.INT64), (rows, columns), 1, "add")
    return [counts, add(found, lowest)]


def _labels(given: object) -> Array:
    array = base.as_array(given)
    if base.rank_of(array) != 1:
        raise ShapeError(f"confusion_matrix: expected vectors, got {base.rank_of(array)} axes")
    if not dtypes.is_integer(base.dtype_of(array)):
        raise DTypeError(f"confusion_matrix: expected integers, got {base.dtype_of(array).name}")
    return array

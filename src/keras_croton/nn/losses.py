"""Cross-entropies and other measures of how far an output is from what it should be.

Probabilities that a softmax or sigmoid has just made are measured by what it was made of, which is one pass
over it and loses nothing; other probabilities are kept at a distance of epsilon from 0 and 1.
"""

from __future__ import annotations

from typing import Any

from keras.src import backend

import croton.tensor as T
from croton.graph import dtypes
from croton.graph.values import Value
from croton.ops import base, losses
from croton.ops.elementwise import Cast, Elementwise
from croton.ops.softmax import Softmax
from keras_croton.conversion import cast, convert_to_tensor
from keras_croton.nn.arguments import floating, in_common_dtype


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target log p) along an axis, for p = output, or softmax(output) if `from_logits`.

    target, output: of one shape.

    Raises:
        ValueError: the shapes differ, or there are no axes.
    """
    target, output = in_common_dtype(target, output)
    _check_same_shape(target, output)
    rank = base.rank_of(output)
    if rank < 1:
        raise ValueError(
            "Arguments `target` and `output` must be at least rank 1. "
            f"Received: target.shape={target.shape}, output.shape={output.shape}"
        )
    position = base.normalize_axis(axis, rank, "categorical_crossentropy")
    if not from_logits:
        logits = _made_by(Softmax((position,)), output)
        if logits is None:
            shares = output / T.sum(output, position, keepdims=True)
            return T.negative(T.sum(target * T.log(_away_from_bounds(shares)), position))
        output = logits
    return losses.categorical_crossentropy(target, output, True, position)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log p[target] along an axis, for p = output, or softmax(output) if `from_logits`.

    target: labels, of the shape of output without the axis, or with size 1 there.

    Raises:
        ValueError: the shapes do not fit. IndexError: a label is not that of a class.
    """
    labels, output = convert_to_tensor(target), floating(output)
    rank = base.rank_of(output)
    if rank < 1:
        raise ValueError(f"Argument `output` must be at least rank 1. Received: output.shape={output.shape}")
    position = base.normalize_axis(axis, rank, "sparse_categorical_crossentropy")
    if base.rank_of(labels) == rank and labels.shape[position] == 1:
        labels = T.squeeze(labels, position)
    expected = tuple(size for other, size in enumerate(output.shape) if other != position)
    if not _may_be_equal(labels.shape, expected):
        raise ValueError(
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            f"target.shape={labels.shape}, output.shape={output.shape}"
        )
    if not dtypes.is_integer(base.dtype_of(labels)):
        labels = cast(labels, "int32")
    if not from_logits:
        logits = _made_by(Softmax((position,)), output)
        if logits is None:
            picked = losses.pick(output, labels, position, "sparse_categorical_crossentropy")
            shares = picked / T.sum(output, position)
            return T.negative(T.log(_away_from_bounds(shares)))
        output = logits
    return losses.sparse_categorical_crossentropy(labels, output, True, position)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-(t log p + (1 - t) log(1 - p)) for every element, p = output, or sigmoid(output) if `from_logits`.

    Raises:
        ValueError: the shapes differ.
    """
    target, output = in_common_dtype(target, output)
    _check_same_shape(target, output)
    if not from_logits:
        logits = _made_by(Elementwise("sigmoid"), output)
        if logits is None:
            p = _away_from_bounds(output)
            return T.negative(target * T.log(p) + (1 - target) * T.log(1 - p))
        output = logits
    return losses.binary_crossentropy(target, output, True)


def psnr(x1: Any, x2: Any, max_val: float) -> Any:
    """The peak signal-to-noise ratio in decibels: 10 log10(max_val^2 / mean squared difference).

    Raises:
        ValueError: the shapes differ.
    """
    first, second = in_common_dtype(x1, x2)
    if not _may_be_equal(first.shape, second.shape):
        raise ValueError(f"Input shapes {first.shape} and {second.shape} must match for PSNR calculation. ")
    peak = cast(convert_to_tensor(max_val), second.dtype)
    return 20 * T.log10(peak) - 10 * T.log10(T.mean(T.square(first - second)))


def _check_same_shape(target: Any, output: Any) -> None:
    if not _may_be_equal(target.shape, output.shape):
        raise ValueError(
            "Arguments `target` and `output` must have the same shape. "
            f"Received: target.shape={target.shape}, output.shape={output.shape}"
        )


def _may_be_equal(first: Any, second: Any) -> bool:
    """Whether shapes are equal as far as they are known now; the rest is checked when the sizes are known."""
    return len(first) == len(second) and all(
        a == b or not (isinstance(a, int) and isinstance(b, int)) for a, b in zip(first, second, strict=True)
    )


def _away_from_bounds(probabilities: Any) -> Any:
    epsilon = backend.epsilon()
    return T.clip(probabilities, epsilon, 1.0 - epsilon)


def _made_by(op: Any, probabilities: Any) -> Any:
    """What `op` made the probabilities of, in their dtype; None if they were made otherwise.

    Between them the probabilities may have been converted to a wider dtype, as in mixed precision.
    """
    dtype = base.dtype_of(probabilities)
    while isinstance(probabilities, Value) and probabilities.owner is not None:
        owner = probabilities.owner
        if owner.op == op:
            return cast(owner.inputs[0], dtype.name)
        if not isinstance(owner.op, Cast):
            return None
        probabilities = owner.inputs[0]
    return None

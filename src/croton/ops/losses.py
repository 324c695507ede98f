"""Cross-entropies, elementwise or per row; how they are averaged is left to the caller."""

from __future__ import annotations

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.operation import Operation
from croton.graph.values import Value
from croton.ops import base
from croton.ops.arithmetic import add, multiply, negative, subtract, where
from croton.ops.base import Array
from croton.ops.comparison import equal, greater, logical_and
from croton.ops.elementwise import Elementwise
from croton.ops.exponential import log, log1p, softplus
from croton.ops.gathering import checked_label, iota_beside
from croton.ops.reduction import restore_axes
from croton.ops.reduction import sum as sum_over
from croton.ops.shape import broadcast_to, reshape
from croton.ops.softmax import Softmax, log_softmax


def _together(target: object, output: object) -> tuple[Array, Array]:
    """Target and output in the output's floating dtype."""
    array = base.as_array(output)
    dtype = dtypes.inexact(base.dtype_of(array))
    return base.cast(base.as_array(target), dtype), base.cast(array, dtype)


def _weighted_log(weight: Array, logarithm: Array) -> Array:
    """weight * logarithm, and 0 where the weight is, whatever the logarithm: 0 log 0 = 0."""
    zero = base.cast(0, base.dtype_of(weight))
    # Only an infinite logarithm needs the mask: elsewhere the product and its derivatives are right.
    masked = logical_and(equal(weight, zero), equal(logarithm, base.cast(-np.inf, base.dtype_of(weight))))
    return multiply(weight, where(masked, zero, logarithm))


def _weighted_log_of(weight: Array, probability: Array, logarithm: object = log) -> Array:
    """weight * log(probability), with value and derivatives 0 where both are 0."""
    masked = logical_and(equal(weight, 0), equal(probability, 0 if logarithm is log else 1))
    safe = where(masked, base.cast(0.5, base.dtype_of(probability)), probability)
    value = log(safe) if logarithm is log else log1p(negative(safe))
    return where(masked, base.cast(0, base.dtype_of(weight)), multiply(weight, value))


def _owner(probabilities: Array) -> Operation | None:
    """What made probabilities: logarithms of softmax and sigmoid themselves are rewritten stably."""
    owner = probabilities.owner if isinstance(probabilities, Value) else None
    return None if owner is None else owner.op


def categorical_crossentropy(
    target: object, output: object, from_logits: bool = False, axis: int = -1
) -> Array:
    """-sum(target log p) along an axis, for p = output, or softmax(output) if `from_logits`.

    target: probabilities of the output's shape. A probability of 0 where the target is 0 adds nothing.

    Raises:
        ShapeError: the target has another number of axes.
    """
    weights, scores = _together(target, output)
    if base.rank_of(weights) != base.rank_of(scores):
        raise ShapeError(
            f"categorical_crossentropy: expected a target with {base.rank_of(scores)} axes, or integer "
            f"labels with one less, got {base.rank_of(weights)} axes"
        )
    position = base.normalize_axis(axis, base.rank_of(scores), "categorical_crossentropy")
    if from_logits:
        terms = _weighted_log(weights, log_softmax(scores, position))
    elif isinstance(_owner(scores), Softmax):
        terms = _weighted_log(weights, log(scores))
    else:
        terms = _weighted_log_of(weights, scores)
    return negative(sum_over(terms, position))


def sparse_categorical_crossentropy(
    target: object, output: object, from_logits: bool = False, axis: int = -1
) -> Array:
    """-log p[target] along an axis, for p = output, or softmax(output) if `from_logits`.

    target: integer labels, of the output's shape without the axis.

    Raises:
        DTypeError: labels that are not integers. ShapeError: another number of axes.
        IndexError: a label is out of range (when the function runs, where it is computed).
    """
    labels = base.as_array(target)
    if not dtypes.is_integer(base.dtype_of(labels)):
        raise DTypeError(
            f"sparse_categorical_crossentropy: labels must be integers, got {base.dtype_of(labels).name}"
        )
    scores = base.as_array(output)
    scores = base.cast(scores, dtypes.inexact(base.dtype_of(scores)))
    rank = base.rank_of(scores)
    position = base.normalize_axis(axis, rank, "sparse_categorical_crossentropy")
    if base.rank_of(labels) != rank - 1:
        raise ShapeError(
            "sparse_categorical_crossentropy: expected labels with "
            f"{rank - 1} axes, got {base.rank_of(labels)}"
        )
    name = "sparse_categorical_crossentropy"
    if from_logits:
        return negative(pick(log_softmax(scores, position), labels, position, name))
    if isinstance(_owner(scores), Softmax):
        return negative(pick(log(scores), labels, position, name))
    return negative(log(pick(scores, labels, position, name)))


def pick(scores: Array, labels: Array, axis: int, of: str) -> Array:
    """scores[..., labels, ...] along an axis, one element each; `of` is the operation named in errors.

    Written as a sum over comparisons, so that it joins the loop that reads the scores anyway.

    Raises:
        IndexError: a label is out of range.
    """
    shape, dtype = base.shape_of(scores), base.dtype_of(scores)
    inside = checked_label(labels, shape[axis], of)
    column = tuple(size if a == axis else 1 for a, size in enumerate(shape))
    positions = broadcast_to(reshape(iota_beside(shape[axis], scores), column), shape)
    wanted = equal(positions, broadcast_to(restore_axes(inside, (axis,)), shape))
    return sum_over(where(wanted, scores, base.cast(0, dtype)), axis)


def binary_crossentropy(target: object, output: object, from_logits: bool = False) -> Array:
    """-(t log p + (1 - t) log(1 - p)) elementwise, for p = output, or sigmoid(output) if `from_logits`.

    A probability of 0 or 1 that the target agrees with adds nothing.
    """
    t, scores = _together(target, output)
    rest = subtract(1, t)
    if from_logits:
        # t softplus(-x) + (1 - t) softplus(x), with one softplus of what cannot overflow.
        positive = greater(scores, 0)
        line = multiply(where(positive, rest, negative(t)), scores)
        return add(line, softplus(where(positive, negative(scores), scores)))
    if _owner(scores) == Elementwise("sigmoid"):
        parts = _weighted_log(t, log(scores)), _weighted_log(rest, log1p(negative(scores)))
    else:
        parts = _weighted_log_of(t, scores), _weighted_log_of(rest, scores, log1p)
    return negative(add(*parts))


def psnr(x1: object, x2: object, max_val: float) -> Array:
    """The peak signal-to-noise ratio in decibels: 10 log10(max_val^2 / mean squared difference).

    Raises:
        ShapeError: the arrays have different shapes.
    """
    from croton.graph.dims import require_equal
    from croton.ops.arithmetic import square
    from croton.ops.exponential import log10
    from croton.ops.reduction import mean

    first, second = base.as_operands(x1, x2)
    if base.rank_of(first) != base.rank_of(second):
        raise ShapeError(f"psnr: arrays have {base.rank_of(first)} and {base.rank_of(second)} axes")
    for axis, sizes in enumerate(zip(base.shape_of(first), base.shape_of(second), strict=True)):
        require_equal(*sizes, f"psnr: axis {axis}")
    error = mean(square(subtract(first, second)))
    return subtract(20 * np.log10(max_val).item(), multiply(log10(error), 10))

"""Connectionist temporal classification (Graves et al. 2006): losses of label sequences without alignment.

All paths through the labels with blanks between them are summed by recursions forward and backward in time,
in logarithms. The gradient is how often each class is visited at each step; the derivative of that along a
direction is a covariance under the same distribution of paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph import dims, dtypes
from croton.graph.dtypes import INT64
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import ElementText

_FAILURES = (
    "an input length of {0} is not from 0 to {1} steps",
    "a label length of {0} is not from 0 to {1}",
    "label {0} is out of range for {1} classes",
)


class _Alignment(KernelOperation):
    """Something about all paths that write labels.

    Operands: log-probabilities (batch, steps, classes), labels (batch, most labels), steps and labels that
    count in each entry of the batch, all int64. blank: the class that writes nothing, where it is not itself
    among the labels: there it has to come as the others have.
    """

    blank: int
    what = "loss"  # what the C function calculates

    def _check(self, operands: Sequence[TensorType]) -> None:
        scores, labels, *lengths = operands[:4]
        if scores.dtype not in (dtypes.FLOAT32, dtypes.FLOAT64):
            raise DTypeError(f"ctc is not defined for dtype {scores.dtype.name}")
        if scores.rank != 3 or labels.rank != 2 or any(length.rank != 1 for length in lengths):
            raise ShapeError(
                "ctc: expected activations of 3 axes, labels of 2 and lengths of 1, got "
                f"{scores.rank}, {labels.rank} and {', '.join(str(length.rank) for length in lengths)}"
            )
        for given in (labels, *lengths):
            if given.dtype != INT64:
                raise DTypeError(f"ctc: labels and lengths must be int64, got {given.dtype.name}")
            dims.require_equal(given.shape[0], scores.shape[0], "ctc: entries of the batch")
        classes = scores.shape[2]
        if isinstance(classes, int) and not 0 <= self.blank < classes:
            raise ShapeError(f"ctc: the blank is class {self.blank} of {classes}")

    def failure(self, facts: Sequence[int]) -> Exception:
        """The error for what the C function reports."""
        message = "ctc: " + _FAILURES[facts[0]].format(facts[1], facts[2])
        return IndexError(message) if facts[0] == 2 else ValueError(message)

    def _evaluate(self, operands: Sequence[NDArray]) -> NDArray:
        from croton.ops import ctc_reference

        scores, labels, steps, counts = operands[:4]
        fault = ctc_reference.fault(scores, labels, steps, counts)
        if fault is not None:
            raise self.failure(fault)
        direction = operands[4] if len(operands) > 4 else None
        loss, slope, curvature = ctc_reference.alignment(scores, labels, steps, counts, self.blank, direction)
        found = {"loss": loss, "slope": slope, "curvature": curvature}[self.what]
        return found.astype(operands[0].dtype)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (self._evaluate(operands),)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        name = f"ct_ctc_{self.what}_{self.blank}_{element.dtype.name}"
        from croton.ops.ctc_text import source

        text = source(name, element.number, self.what, self.blank)
        return CFunction(name, text, ("ct_exp_f64", "ct_log_f64", "ct_log1p_f64"), cost=60.0, fallible=True)


class CTCLoss(_Alignment):
    """Minus the logarithm of the probability of the labels: (batch,); infinite where they do not fit."""

    name = "ctc_loss"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(operands)
        return (TensorType(operands[0].dtype, operands[0].shape[:1]),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        from croton.ops.arithmetic import multiply
        from croton.ops.shape import expand_dims

        slope = apply_one(CTCSlope(self.blank), *operands)
        return [multiply(expand_dims(cotangents[0], (1, 2)), slope), None, None, None]


class CTCSlope(_Alignment):
    """The derivative of the loss by the log-probabilities: minus the visits of each class at each step.

    Zero where the labels do not fit.
    """

    name = "ctc_slope"
    what = "slope"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(operands)
        return (operands[0],)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The matrix of second derivatives is symmetric: its product with a direction."""
        return [apply_one(CTCCurvature(self.blank), *operands, cotangents[0]), None, None, None]


class CTCCurvature(_Alignment):
    """The second derivative of the loss times a direction, the fifth operand; it has no derivative itself."""

    name = "ctc_curvature"
    what = "curvature"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(operands)
        return (operands[0],)


def _lengths(given: object) -> Array:
    return base.cast(base.as_array(given), INT64)


def ctc_of_log_probabilities(
    scores: Array, labels: object, steps: object, label_counts: object, blank: int
) -> Array:
    """The loss of each entry of a batch, from log-probabilities (batch, steps, classes)."""
    return apply_one(CTCLoss(int(blank)), scores, _lengths(labels), _lengths(steps), _lengths(label_counts))


def log_probabilities(activations: object) -> Array:
    """The logarithm of softmax of activations (batch, steps, classes), in float32 at least.

    Raises:
        ShapeError: another number of axes.
    """
    from croton.ops.softmax import log_softmax

    array = base.as_array(activations)
    dtype = dtypes.compute_dtype(dtypes.inexact(base.dtype_of(array)))
    if base.rank_of(array) != 3:
        raise ShapeError(f"ctc: expected activations with 3 axes, got {base.rank_of(array)}")
    return log_softmax(base.cast(array, dtype), -1)


def ctc(activations: object, labels: object, input_lengths: object) -> Array:
    """Theano's loss: minus the log-probability of the labels, (batch,).

    activations: (steps, batch, classes), before the softmax; class 0 is the blank. labels: (batch, most
    labels), padded with negative numbers. input_lengths: (batch,), steps that count.

    Raises:
        ShapeError: wrong numbers of axes. ValueError, IndexError: lengths or labels out of range.
    """
    from croton.ops.comparison import greater_equal
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import transpose

    given = base.as_array(labels)
    if base.rank_of(given) != 2:
        raise ShapeError(f"ctc: expected labels with 2 axes, got {base.rank_of(given)}")
    counts = sum_over(base.cast(greater_equal(given, 0), INT64), 1)
    scores = log_probabilities(activations)
    return ctc_of_log_probabilities(transpose(scores, (1, 0, 2)), given, input_lengths, counts, 0)


def ctc_loss(
    target: object, output: object, target_length: object, output_length: object, mask_index: int = 0
) -> Array:
    """Keras's loss: minus the log-probability of the targets, (batch,).

    target: labels (batch, most labels). output: (batch, steps, classes), before the softmax. target_length,
    output_length: how many count, (batch,). mask_index: the blank class.

    Raises:
        ShapeError: wrong numbers of axes. ValueError, IndexError: lengths or labels out of range.
    """
    scores = log_probabilities(output)
    return ctc_of_log_probabilities(scores, target, output_length, target_length, mask_index)


def ctc_decode(
    inputs: object, sequence_lengths: object, merge_repeated: bool = True, mask_index: int = 0
) -> tuple[Array, Array]:
    """The labels of the best class at every step: repetitions merged, blanks dropped.

    inputs: (batch, steps, classes). sequence_lengths: steps that count, (batch,). Returns labels
    (batch, steps), -1 after the last, and minus the sum of the best scores, (batch,).
    """
    from croton.ops.argmax import argmax
    from croton.ops.arithmetic import add, negative, subtract, where
    from croton.ops.comparison import equal, less, logical_and, not_equal
    from croton.ops.cumulative import Shift, cumsum
    from croton.ops.gathering import iota_beside
    from croton.ops.reduction import max as max_over
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import expand_dims

    scores = base.as_array(inputs)
    if base.rank_of(scores) != 3:
        raise ShapeError(f"ctc_decode: expected inputs with 3 axes, got {base.rank_of(scores)}")
    best = argmax(scores, -1)
    steps = base.shape_of(scores)[1]
    number = iota_beside(steps, scores)
    counted = less(expand_dims(number, 0), expand_dims(_lengths(sequence_lengths), 1))
    kept = logical_and(counted, not_equal(best, mask_index))
    if merge_repeated:
        before = subtract(apply_one(Shift(1), add(best, 1)), 1)  # -1 before the first
        kept = logical_and(kept, not_equal(best, before))
    place = subtract(cumsum(base.cast(kept, INT64), 1), 1)
    here = logical_and(
        equal(expand_dims(place, 1), expand_dims(number, (0, 2))), expand_dims(kept, 1)
    )  # (batch, place, step)
    labels = subtract(sum_over(where(here, expand_dims(add(best, 1), 1), 0), 2), 1)
    total = sum_over(where(counted, max_over(scores, -1), base.cast(0, base.dtype_of(scores))), 1)
    return labels, negative(total)

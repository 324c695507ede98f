"""Softmax, its logarithm, and the logarithm of a sum of exponentials.

Each is one operation until code is made of it, because its own derivative neither overflows nor cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import CompositeOperation, widened, widened_data
from croton.ops.reduction import reduce, restore_axes
from croton.ops.reduction import sum as sum_over
from croton.ops.shape import broadcast_to


def _spread(reduced: Array, axes: tuple[int, ...], like: Array) -> Array:
    return broadcast_to(restore_axes(reduced, axes), base.shape_of(like))


def _check(name: str, operand: TensorType) -> None:
    if not dtypes.is_float(operand.dtype):
        raise DTypeError(f"{name} is not defined for dtype {operand.dtype.name}")


class Softmax(CompositeOperation):
    """exp(x) / sum(exp(x)) over axes."""

    axes: tuple[int, ...]
    name = "softmax"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        _check(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x = widened_data(operands[0])
        exponentials = np.exp(x - np.max(x, axis=self.axes, keepdims=True, initial=-np.inf))
        result = exponentials / np.sum(exponentials, axis=self.axes, keepdims=True)
        return (result.astype(operands[0].dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """s (g - sum(g s))."""
        from croton.ops.arithmetic import multiply, subtract

        s, g = outputs[0], cotangents[0]
        inner = sum_over(multiply(g, s), self.axes)
        return [multiply(s, subtract(g, _spread(inner, self.axes, g)))]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import divide, subtract
        from croton.ops.exponential import exp

        x = widened(operands[0])
        exponentials = exp(subtract(x, _spread(reduce("max", x, self.axes, False, empty=True), self.axes, x)))
        result = divide(exponentials, _spread(sum_over(exponentials, self.axes), self.axes, x))
        return [base.cast(result, base.dtype_of(operands[0]))]


class LogSoftmax(CompositeOperation):
    """x - log(sum(exp(x))) over axes."""

    axes: tuple[int, ...]
    name = "log_softmax"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        _check(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x = widened_data(operands[0])
        shifted = x - np.max(x, axis=self.axes, keepdims=True, initial=-np.inf)
        result = shifted - np.log(np.sum(np.exp(shifted), axis=self.axes, keepdims=True))
        return (result.astype(operands[0].dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """g - softmax(x) sum(g)."""
        from croton.ops.arithmetic import multiply, subtract

        g = cotangents[0]
        total = _spread(sum_over(g, self.axes), self.axes, g)
        return [subtract(g, multiply(apply_one(Softmax(self.axes), operands[0]), total))]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import subtract
        from croton.ops.exponential import exp, log

        x = widened(operands[0])
        shifted = subtract(x, _spread(reduce("max", x, self.axes, False, empty=True), self.axes, x))
        result = subtract(shifted, _spread(log(sum_over(exp(shifted), self.axes)), self.axes, x))
        return [base.cast(result, base.dtype_of(operands[0]))]


class LogSumExp(CompositeOperation):
    """log(sum(exp(x))) over axes, which vanish. -inf where all entries are; infinity where one is."""

    axes: tuple[int, ...]
    name = "logsumexp"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        _check(self.name, operand)
        kept = tuple(size for axis, size in enumerate(operand.shape) if axis not in self.axes)
        return (TensorType(operand.dtype, kept),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x = widened_data(operands[0])
        largest = np.max(x, axis=self.axes, keepdims=True, initial=-np.inf)
        with np.errstate(all="ignore"):
            shift = np.where(np.isfinite(largest), largest, x.dtype.type(0))
            total = np.sum(np.exp(x - shift), axis=self.axes)
            result = np.log(total) + np.squeeze(shift, self.axes)
        return (np.asarray(result).astype(operands[0].dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """g softmax(x), with 0 where all entries are -inf.

        Not g exp(x - y): its weights add up to 1 only to the accuracy of y, which second derivatives feel.
        """
        from croton.ops.arithmetic import multiply, where
        from croton.ops.comparison import equal

        x, y = operands[0], outputs[0]
        empty = _spread(equal(y, base.cast(-np.inf, base.dtype_of(y))), self.axes, x)
        zero = base.cast(0, base.dtype_of(x))
        weights = where(empty, zero, apply_one(Softmax(self.axes), where(empty, zero, x)))
        return [multiply(_spread(cotangents[0], self.axes, x), weights)]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import add, subtract, where
        from croton.ops.comparison import isfinite
        from croton.ops.exponential import exp, log

        x = widened(operands[0])
        largest = reduce("max", x, self.axes, False, empty=True)
        shift = where(isfinite(largest), largest, base.cast(0, base.dtype_of(x)))
        total = sum_over(exp(subtract(x, _spread(shift, self.axes, x))), self.axes)
        return [base.cast(add(log(total), shift), base.dtype_of(operands[0]))]


def _floating(x: object) -> Array:
    array = base.as_array(x)
    return base.cast(array, dtypes.inexact(base.dtype_of(array)))


def softmax(x: object, axis: int | Sequence[int] | None = -1) -> Array:
    """exp(x) / sum(exp(x)) over an axis or axes (all when None), without overflow."""
    array = _floating(x)
    axes = base.normalize_axes(axis, base.rank_of(array), "softmax")
    return apply_one(Softmax(axes), array)


def log_softmax(x: object, axis: int | Sequence[int] | None = -1) -> Array:
    """The logarithm of softmax, accurate where softmax underflows."""
    array = _floating(x)
    axes = base.normalize_axes(axis, base.rank_of(array), "log_softmax")
    return apply_one(LogSoftmax(axes), array)


def logsumexp(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """log(sum(exp(x))) over axes (all when None), without overflow, with gradient softmax. Nothing: -inf."""
    array = _floating(x)
    axes = base.normalize_axes(axis, base.rank_of(array), "logsumexp")
    if not axes:
        return array
    result = apply_one(LogSumExp(axes), array)
    return restore_axes(result, axes) if keepdims else result

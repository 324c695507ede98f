"""Activation functions that are exactly zero over a range, and sparsemax, a softmax of that kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.arithmetic import absolute, add, clip, divide, multiply, square, subtract, where
from croton.ops.base import Array, apply_one
from croton.ops.comparison import greater, greater_equal, less, less_equal
from croton.ops.elementwise import in_single, inexact_operands
from croton.ops.exponential import tanh
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import ElementText
from croton.ops.reduction import sum as sum_over

__all__ = [
    "hard_shrink",
    "soft_shrink",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "tanh_shrink",
]


def hard_shrink(x: object, threshold: float = 0.5) -> Array:
    """x where |x| is greater than a threshold, else 0."""
    array = base.as_array(x)
    return where(greater(absolute(array), threshold), array, base.cast(0, base.dtype_of(array)))


def soft_shrink(x: object, threshold: float = 0.5) -> Array:
    """x moved towards 0 by a threshold, 0 where it would cross."""
    (array,) = inexact_operands(x)
    zero = base.cast(0, base.dtype_of(array))
    below = where(less(array, -threshold), add(array, threshold), zero)
    return where(greater(array, threshold), subtract(array, threshold), below)


def tanh_shrink(x: object) -> Array:
    """x - tanh(x)."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: subtract(v, tanh(v)), array)


def sparse_plus(x: object) -> Array:
    """0 up to -1, (x + 1)^2 / 4 from there to 1, then x."""
    (array,) = inexact_operands(x)
    zero = base.cast(0, base.dtype_of(array))
    middle = multiply(square(add(array, 1)), 0.25)
    return where(less_equal(array, -1), zero, where(greater_equal(array, 1), array, middle))


def sparse_sigmoid(x: object) -> Array:
    """(x + 1) / 2 limited to [0, 1]: the derivative of `sparse_plus`."""
    (array,) = inexact_operands(x)
    return in_single(lambda v: clip(multiply(add(v, 1), 0.5), 0.0, 1.0), array)


class Sparsemax(KernelOperation):
    """The nearest probabilities to the rows of an array, along its last axis.

    Martins and Astudillo, "From softmax to sparsemax", 2016: max(x - t, 0) with t such that they add up to 1.
    """

    name = "sparsemax"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        if operands[0].dtype not in (dtypes.FLOAT32, dtypes.FLOAT64):
            raise DTypeError(f"sparsemax is not defined for dtype {operands[0].dtype.name}")
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x = operands[0]
        if not x.size:
            return (x,)
        shifted = x - np.max(x, axis=-1, keepdims=True)
        ordered = np.flip(np.sort(shifted, axis=-1), -1)
        running = np.cumsum(ordered, axis=-1) - 1
        count = np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
        kept = np.maximum(np.sum(ordered * count > running, axis=-1, keepdims=True), 1)
        level = np.take_along_axis(running, kept - 1, -1) / kept.astype(x.dtype)
        return (np.maximum(shifted - level, 0).astype(x.dtype),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """g less its mean over the entries that are not zero, and 0 elsewhere."""
        y, g = outputs[0], cotangents[0]
        dtype = base.dtype_of(y)
        zero = base.cast(0, dtype)
        inside = greater(y, zero)
        count = sum_over(base.cast(inside, dtype), -1, keepdims=True)
        total = sum_over(where(inside, g, zero), -1, keepdims=True)
        return [where(inside, subtract(g, divide(total, count)), zero)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        rank = operands[0].rank
        name = f"ct_sparsemax_{element.dtype.name}_{rank}"
        source = _SPARSEMAX % {
            "name": name,
            "number": element.number,
            "rows": " * ".join(f"sizes[{axis}]" for axis in range(rank - 1)) or "1",
            "size": f"sizes[{rank - 1}]",
        }
        return CFunction(name, source, element.functions, cost=5.0)


# The level rises with every pass over the entries above it until none of them falls below (Michelot 1986).
_SPARSEMAX = """\
static int %(name)s(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    (void)context;
    const %(number)s *x = pointers[0];
    %(number)s *y = pointers[1];
    const ct_int rows = %(rows)s, n = %(size)s;
    for (ct_int row = 0; row < rows; ++row, x += n, y += n) {
        %(number)s largest = n ? x[0] : 0;
        for (ct_int i = 0; i < n; ++i)
            if (x[i] > largest || x[i] != x[i]) largest = x[i];
        %(number)s level = -1;
        for (ct_int before = n + 1;;) {
            %(number)s total = -1;
            ct_int count = 0;
            for (ct_int i = 0; i < n; ++i) {
                const %(number)s item = x[i] - largest;
                if (item > level) {
                    total += item;
                    ++count;
                }
            }
            if (count == 0 || count >= before) break;
            before = count;
            level = total / (%(number)s)count;
        }
        for (ct_int i = 0; i < n; ++i) {
            const %(number)s item = x[i] - largest - level;
            y[i] = item > 0 ? item : item != item ? item : 0;
        }
    }
    return CT_OK;
}
"""


def sparsemax(x: object, axis: int = -1) -> Array:
    """Probabilities along an axis as near as possible to x: a softmax with zeros."""
    from croton.ops.rearranging import moveaxis

    (array,) = inexact_operands(x)
    position = base.normalize_axis(axis, base.rank_of(array), "sparsemax")
    last = moveaxis(array, position, -1)
    return moveaxis(in_single(lambda v: apply_one(Sparsemax(), v), last), -1, position)

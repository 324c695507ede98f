"""Rows of arrays, as loops read them: a regular part of the first axis, and zeros around one."""

from __future__ import annotations

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.values import Constant, EagerValue, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.slicing import Place, Slice, is_nonnegative, zeros_of


class CheckedRows(Slice):
    """A slice of the first axis, which must have at least `needed` rows; else `what` is too short."""

    needed: Dim
    what: str
    name = "slice"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        limit, count = operands[0].shape[0], self.sizes[0]
        if not is_nonnegative(count):
            dims.require_at_least(count, 0, f"{self.what}: number of steps")
        if not is_nonnegative(dims.subtract(limit, self.needed)):
            dims.require_at_least(limit, self.needed, f"{self.what}: number of rows")
        return (TensorType(operands[0].dtype, self.sizes),)


def _around(shape: Shape, start: Dim, step: int) -> tuple[tuple[Dim, ...], tuple[int, ...]]:
    rest = len(shape) - 1
    return (start, *[0] * rest), (step, *[1] * rest)


def rows(array: Array, start: Dim, count: Dim, step: int = 1) -> Array:
    """array[start], array[start + step], ...: `count` rows, which the caller knows to exist."""
    shape = base.shape_of(array)
    if start == 0 and step == 1 and count == shape[0]:
        return array
    starts, steps = _around(shape, start, step)
    return apply_one(Slice(starts, (count, *shape[1:]), steps), array)


def checked_rows(array: Array, start: Dim, count: Dim, needed: Dim, what: str) -> Array:
    """array[start : start + count] of an array of at least `needed` rows.

    Raises:
        ShapeError: the array has fewer rows, or the count is negative (when called, where that is only known
            then); the message starts with `what`.
    """
    shape = base.shape_of(array)
    if start == 0 and count == needed == shape[0]:
        return array
    starts, steps = _around(shape, start, 1)
    return apply_one(CheckedRows(starts, (count, *shape[1:]), steps, needed, what), array)


def among_zeros(part: Array, start: Dim, length: Dim, step: int = 1) -> Array:
    """Zeros of `length` rows with those of `part` at start, start + step, ...: the pull-back of `rows`."""
    shape = base.shape_of(part)
    if start == 0 and step == 1 and length == shape[0]:
        return part
    starts, steps = _around(shape, start, step)
    return apply_one(Place(starts, steps, "set"), zeros_of(part, (length, *shape[1:])), part)


def is_zero(array: Array) -> bool:
    """Whether an array is known to hold nothing but zeros."""
    if isinstance(array, (EagerValue, Constant)):
        data = array.data
        return data.size > 0 and not any(data.strides) and not np.any(data[(0,) * data.ndim])
    owner = array.owner
    if owner is None:
        return False
    if owner.op.name in ("broadcast_to", "reshape", "slice"):
        return is_zero(owner.inputs[0])
    return False

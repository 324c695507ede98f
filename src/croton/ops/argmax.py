"""Where the largest and smallest elements are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.dtypes import INT64
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import CompositeOperation
from croton.ops.reduction import reduce, require_some, restore_axes
from croton.ops.shape import broadcast_to, iota, reshape


class ArgumentOfExtreme(CompositeOperation):
    """Where the first largest ("max") or smallest ("min") element along an axis is; the first NaN if any."""

    kind: str
    axis: int

    @property
    def name(self) -> str:
        return f"arg{self.kind}"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if dtypes.is_complex(operand.dtype) or operand.dtype in dtypes.STORED:
            raise dtypes.undefined(self.name, operand.dtype)
        require_some(operand.shape, (self.axis,), self.kind)
        kept = tuple(size for axis, size in enumerate(operand.shape) if axis != self.axis)
        return (TensorType(INT64, kept),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        operand = operands[0]
        wide = operand.astype(np.float32) if operand.dtype == dtypes.BFLOAT16 else operand
        function = np.argmax if self.kind == "max" else np.argmin
        return (np.asarray(function(wide, axis=self.axis), np.int64),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [None]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        """The least position among those that attain the extreme: two reductions that share one pass."""
        from croton.ops.arithmetic import where
        from croton.ops.comparison import equal, isnan, logical_and, logical_or

        operand = operands[0]
        shape = base.shape_of(operand)
        axes = (self.axis,)
        extreme = broadcast_to(restore_axes(reduce(self.kind, operand, axes, False), axes), shape)
        attained = equal(operand, extreme)
        if dtypes.is_float(base.dtype_of(operand)):
            attained = logical_or(attained, logical_and(isnan(operand), isnan(extreme)))
        column = tuple(size if axis == self.axis else 1 for axis, size in enumerate(shape))
        position = broadcast_to(reshape(iota(shape[self.axis]), column), shape)
        last = base.cast(np.iinfo(np.int64).max, INT64)
        return [reduce("min", where(attained, position, last), axes, False)]


def _argument(kind: str, x: object, axis: int | None, keepdims: bool) -> Array:
    array = base.as_array(x)
    rank = base.rank_of(array)
    if axis is None:
        flat = reshape(array, (-1,)) if rank != 1 else array
        result = apply_one(ArgumentOfExtreme(kind, 0), flat)
        return reshape(result, (1,) * rank) if keepdims else result
    position = base.normalize_axis(axis, rank, f"arg{kind}")
    result = apply_one(ArgumentOfExtreme(kind, position), array)
    return restore_axes(result, (position,)) if keepdims else result


def argmax(x: object, axis: int | None = None, keepdims: bool = False) -> Array:
    """The int64 index of the first largest element along an axis (of the flattened array when None).

    NaN counts as largest.

    Raises:
        ShapeError: the axis has size 0 (at call time where it is symbolic).
    """
    return _argument("max", x, axis, keepdims)


def argmin(x: object, axis: int | None = None, keepdims: bool = False) -> Array:
    """The int64 index of the first smallest element along an axis; NaN counts as smallest. See `argmax`."""
    return _argument("min", x, axis, keepdims)


def max_and_argmax(x: object, axis: int | None = None, keepdims: bool = False) -> tuple[Array, Array]:
    """The largest element along an axis and the index of the first one, as in Theano."""
    return reduce("max", x, axis, keepdims), argmax(x, axis, keepdims)

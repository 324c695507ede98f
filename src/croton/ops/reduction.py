"""Reductions: sum, prod, max, min, any and all over axes."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dtypes import BOOL, DType
from croton.graph.errors import DTypeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.elementwise import conjugate, elementwise
from croton.ops.shape import broadcast_to, reshape, transpose


class Reduce(Operation):
    """One of sum, prod, max, min, any, all over some axes, which vanish.

    empty: whether a max or min of nothing is allowed: it is then the least or greatest number of the dtype.
    """

    kind: str
    axes: tuple[int, ...]
    empty: bool = False

    @property
    def name(self) -> str:
        return f"reduce_{self.kind}"

    def __str__(self) -> str:
        return f"{self.name}(axes={self.axes})"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if self.kind in ("any", "all") and operand.dtype != BOOL:
            raise DTypeError(f"{self.name}: expected bool, got {operand.dtype.name}")
        if self.kind in ("max", "min"):
            if dtypes.is_complex(operand.dtype) or operand.dtype in dtypes.STORED:
                raise dtypes.undefined(self.name, operand.dtype)
            if not self.empty:
                require_some(operand.shape, self.axes, self.kind)
        kept = tuple(size for axis, size in enumerate(operand.shape) if axis not in self.axes)
        return (TensorType(operand.dtype, kept),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        operand = operands[0]
        wide = operand.astype(dtypes.compute_dtype(operand.dtype), copy=False)
        function: Callable[..., Any] = getattr(np, self.kind)
        extra: dict[str, object] = {"dtype": wide.dtype} if self.kind in ("sum", "prod") else {}
        if self.kind in ("max", "min") and self.empty:
            extra["initial"] = extreme_of(wide.dtype, least=self.kind == "max")
        result = np.asarray(function(wide, axis=self.axes, **extra))
        return (result.astype(operand.dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        operand = operands[0]
        shape = base.shape_of(operand)
        spread = broadcast_to(restore_axes(cotangents[0], self.axes), shape)
        if self.kind == "sum":
            return [spread]
        if self.kind in ("max", "min"):
            return [self._extreme_vjp(operand, outputs[0], spread)]
        if self.kind == "prod":
            from croton.ops.arithmetic import multiply

            return [multiply(spread, conjugate(product_of_others(operand, self.axes)))]
        return [None]

    def _extreme_vjp(self, operand: Array, extreme: Array, spread: Array) -> Array:
        """The cotangent shared evenly among the elements that attain the extreme."""
        from croton.ops.arithmetic import divide, where

        shape = base.shape_of(operand)
        attained = elementwise("equal", operand, broadcast_to(restore_axes(extreme, self.axes), shape))
        dtype = base.dtype_of(spread)
        count = sum(base.cast(attained, dtype), axis=self.axes)
        share = divide(spread, broadcast_to(restore_axes(count, self.axes), shape))
        return where(attained, share, base.cast(0, dtype))


def require_some(shape: dims.Shape, axes: Sequence[int], kind: str) -> None:
    """Refuses the extreme of nothing, now or when the function is called.

    Raises:
        ShapeError: a reduced axis has size 0, and the result is not itself empty.
    """
    if builtins.any(shape[axis] == 0 for axis in range(len(shape)) if axis not in axes):
        return
    missing = "minimum" if kind.endswith("min") else "maximum" if kind.endswith("max") else "elements"
    for axis in axes:
        dims.require_at_least(shape[axis], 1, f"{kind}: axis {axis} has no {missing}")


def extreme_of(dtype: DType, least: bool) -> Any:
    """The least or the greatest number of a dtype, infinities included."""
    if dtypes.is_bool(dtype):
        return not least
    if dtypes.is_integer(dtype):
        limits = np.iinfo(dtype)
        return limits.min if least else limits.max
    return -np.inf if least else np.inf


def product_of_others(operand: Array, axes: tuple[int, ...]) -> Array:
    """For each element the product of all others along the axes, without dividing: right with zeros."""
    from croton.ops.arithmetic import multiply
    from croton.ops.cumulative import accumulate

    rank = base.rank_of(operand)
    kept = [axis for axis in range(rank) if axis not in axes]
    order = (*kept, *axes)
    moved = transpose(operand, order)
    shape = base.shape_of(moved)
    flat = reshape(moved, (*shape[: len(kept)], dims.product(shape[len(kept) :])))
    before = accumulate("prod", flat, len(kept), exclusive=True)
    after = accumulate("prod", flat, len(kept), reverse=True, exclusive=True)
    others = reshape(multiply(before, after), shape)
    return transpose(others, tuple(int(axis) for axis in np.argsort(order)))


def restore_axes(reduced: Array, axes: tuple[int, ...]) -> Array:
    """The result of a reduction with size 1 where the reduced axes were."""
    rank = base.rank_of(reduced) + len(axes)
    rest = iter(base.shape_of(reduced))
    return reshape(reduced, tuple(1 if axis in axes else next(rest) for axis in range(rank)))


def reduce(kind: str, x: object, axis: object, keepdims: bool, empty: bool = False) -> Array:
    """One reduction over axes (all when None), which stay with size 1 if `keepdims`."""
    array = base.as_array(x)
    axes = base.normalize_axes(axis, base.rank_of(array), kind)
    result = apply_one(Reduce(kind, axes, empty), array) if axes else array
    return restore_axes(result, axes) if keepdims and axes else result


def accumulation_dtype(dtype: DType) -> DType:
    """NumPy sums and multiplies small integers and bools in the platform's integer."""
    if dtypes.is_bool(dtype) or dtype in dtypes.SIGNED:
        return dtypes.INT64
    return dtypes.UINT64 if dtype in dtypes.UNSIGNED else dtype


def _in_dtype(x: object, dtype: object) -> Array:
    array = base.as_array(x)
    return base.cast(array, dtype if dtype is not None else accumulation_dtype(base.dtype_of(array)))


def sum(
    x: object, axis: object = None, dtype: object = None, keepdims: bool = False, acc_dtype: object = None
) -> Array:
    """The sum over axes (all when None); integers sum in 64 bits and wrap, as in NumPy. Of nothing: 0.

    acc_dtype: dtype to add up in, that of the result if None.
    """
    return _accumulated("sum", x, axis, dtype, keepdims, acc_dtype)


def prod(
    x: object,
    axis: object = None,
    dtype: object = None,
    keepdims: bool = False,
    acc_dtype: object = None,
    no_zeros_in_input: bool = False,
) -> Array:
    """The product over axes (all when None); gradients are right when elements are 0. Of nothing: 1.

    acc_dtype: dtype to multiply in, that of the result if None. no_zeros_in_input: accepted for Theano's
    sake.
    """
    return _accumulated("prod", x, axis, dtype, keepdims, acc_dtype)


def _accumulated(
    kind: str, x: object, axis: object, dtype: object, keepdims: bool, acc_dtype: object
) -> Array:
    if acc_dtype is None:
        return reduce(kind, _in_dtype(x, dtype), axis, keepdims)
    array = base.as_array(x)
    wanted = dtype if dtype is not None else accumulation_dtype(base.dtype_of(array))
    return base.cast(reduce(kind, _in_dtype(array, acc_dtype), axis, keepdims), wanted)


def max(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The largest element over axes; NaN if any is. Its gradient is shared evenly between ties.

    Raises:
        ShapeError: an axis has size 0 (at call time where the size is symbolic).
    """
    return reduce("max", x, axis, keepdims)


def min(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The smallest element over axes; NaN if any is. Its gradient is shared evenly between ties.

    Raises:
        ShapeError: an axis has size 0 (at call time where the size is symbolic).
    """
    return reduce("min", x, axis, keepdims)


amax = max
amin = min


def ptp(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The largest less the smallest element over axes."""
    from croton.ops.arithmetic import subtract

    return subtract(max(x, axis, keepdims), min(x, axis, keepdims))


def any(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """Whether some element is nonzero (NaN is). Of nothing: False."""
    return reduce("any", base.cast(base.as_array(x), BOOL), axis, keepdims)


def all(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """Whether every element is nonzero (NaN is). Of nothing: True."""
    return reduce("all", base.cast(base.as_array(x), BOOL), axis, keepdims)


def count_nonzero(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """How many elements are nonzero, int64."""
    return sum(base.cast(base.as_array(x), BOOL), axis, keepdims=keepdims)


def mean(
    x: object, axis: object = None, dtype: object = None, keepdims: bool = False, acc_dtype: object = None
) -> Array:
    """The mean over axes, of integers in float64, of half precisions summed in float32. Of nothing: NaN.

    acc_dtype: dtype to add up in.
    """
    from croton.ops.arithmetic import divide

    array = base.as_array(x)
    own = base.dtype_of(array)
    target = (
        dtypes.as_dtype(dtype) if dtype is not None else own if dtypes.is_inexact(own) else dtypes.FLOAT64
    )
    wide = dtypes.compute_dtype(target) if acc_dtype is None else dtypes.as_dtype(acc_dtype)
    axes = base.normalize_axes(axis, base.rank_of(array), "mean")
    total = sum(array, axis=axes, dtype=wide, keepdims=keepdims)
    return base.cast(divide(total, base.cast(count(base.shape_of(array), axes), wide)), target)


def count(shape: dims.Shape, axes: Sequence[int]) -> Array:
    """The number of elements that a reduction over these axes takes in, an int64 scalar."""
    from croton.ops.dimension import size_as_number

    return size_as_number(dims.product(shape[axis] for axis in axes))

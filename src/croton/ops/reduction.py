"""Reductions: sum, prod, max, min, any and all over axes."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dtypes import BOOL, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.elementwise import elementwise
from croton.ops.shape import broadcast_to, reshape


@dataclass(frozen=True)
class Reduce(Operation):
    """One of sum, prod, max, min, any, all over some axes, which vanish."""

    kind: str
    axes: tuple[int, ...]

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"reduce_{self.kind}"

    def __str__(self) -> str:
        return f"{self.name}(axes={self.axes})"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if self.kind in ("any", "all") and operand.dtype != BOOL:
            raise DTypeError(f"{self.name}: expected bool, got {operand.dtype.name}")
        if self.kind in ("max", "min"):
            if dtypes.is_complex(operand.dtype):
                raise DTypeError(f"{self.name} is not defined for dtype {operand.dtype.name}")
            if builtins.any(operand.shape[axis] == 0 for axis in self.axes):
                raise ShapeError(f"{self.name}: an axis of size 0 has no {self.kind}imum")
        kept = tuple(size for axis, size in enumerate(operand.shape) if axis not in self.axes)
        return (TensorType(operand.dtype, kept),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        operand = operands[0]
        wide = operand.astype(np.float32) if operand.dtype in (dtypes.FLOAT16, dtypes.BFLOAT16) else operand
        function: Callable[..., Any] = getattr(np, self.kind)
        extra = {"dtype": wide.dtype} if self.kind in ("sum", "prod") else {}
        return (np.asarray(function(wide, axis=self.axes, **extra)).astype(operand.dtype),)

    def vjp(self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]) -> Sequence[Any]:
        operand = operands[0]
        shape = base.shape_of(operand)
        spread = broadcast_to(restore_axes(cotangents[0], self.axes), shape)
        if self.kind == "sum":
            return [spread]
        if self.kind in ("max", "min"):
            return [self._extreme_vjp(operand, outputs[0], spread)]
        if self.kind == "prod":
            return [_product_vjp(operand, self.axes, spread)]
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


def _product_vjp(operand: Array, axes: tuple[int, ...], spread: Array) -> Array:
    """The cotangent times the product of all other elements, right when some are zero.

    The others' product is the quotient of the whole product of nonzero elements where at most one is
    zero; with one zero only that element's derivative is nonzero; with two, none is.
    """
    from croton.ops.arithmetic import divide, multiply, where
    from croton.ops.comparison import equal, logical_and

    dtype = base.dtype_of(operand)
    shape = base.shape_of(operand)
    zero, one = base.cast(0, dtype), base.cast(1, dtype)
    is_zero = equal(operand, zero)
    safe = where(is_zero, one, operand)
    zeros = sum(base.cast(is_zero, dtypes.INT64), axis=axes)
    nonzero_product = broadcast_to(restore_axes(prod(safe, axis=axes), axes), shape)
    zeros_full = broadcast_to(restore_axes(zeros, axes), shape)
    without = divide(nonzero_product, safe)
    others = where(
        equal(zeros_full, 0), without, where(logical_and(equal(zeros_full, 1), is_zero), nonzero_product, zero)
    )
    from croton.ops.elementwise import conjugate

    return multiply(spread, conjugate(others))


def restore_axes(reduced: Array, axes: tuple[int, ...]) -> Array:
    """The result of a reduction with size 1 where the reduced axes were."""
    rank = base.rank_of(reduced) + len(axes)
    rest = iter(base.shape_of(reduced))
    return reshape(reduced, tuple(1 if axis in axes else next(rest) for axis in range(rank)))


def reduce(kind: str, x: object, axis: object, keepdims: bool) -> Array:
    array = base.as_array(x)
    axes = base.normalize_axes(axis, base.rank_of(array), kind)
    result = apply_one(Reduce(kind, axes), array) if axes else array
    return restore_axes(result, axes) if keepdims and axes else result


def _accumulation_dtype(dtype: DType) -> DType:
    """NumPy sums and multiplies small integers and bools in the platform's integer."""
    if dtypes.is_bool(dtype) or dtype in dtypes.SIGNED:
        return dtypes.INT64
    return dtypes.UINT64 if dtype in dtypes.UNSIGNED else dtype


def sum(x: object, axis: object = None, dtype: object = None, keepdims: bool = False) -> Array:
    """The sum over axes (all when None); integers sum in 64 bits, as in NumPy."""
    array = base.as_array(x)
    return reduce("sum", base.cast(array, dtype or _accumulation_dtype(base.dtype_of(array))), axis, keepdims)


def prod(x: object, axis: object = None, dtype: object = None, keepdims: bool = False) -> Array:
    """The product over axes (all when None); its gradient is right when elements are zero."""
    array = base.as_array(x)
    return reduce("prod", base.cast(array, dtype or _accumulation_dtype(base.dtype_of(array))), axis, keepdims)


def max(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The largest element over axes; NaN if any is. Its gradient is shared evenly between ties."""
    return reduce("max", x, axis, keepdims)


def min(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """The smallest element over axes; NaN if any is. Its gradient is shared evenly between ties."""
    return reduce("min", x, axis, keepdims)


def any(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """Whether some element is nonzero."""
    return reduce("any", base.cast(base.as_array(x), BOOL), axis, keepdims)


def all(x: object, axis: object = None, keepdims: bool = False) -> Array:
    """Whether every element is nonzero."""
    return reduce("all", base.cast(base.as_array(x), BOOL), axis, keepdims)


def mean(x: object, axis: object = None, dtype: object = None, keepdims: bool = False) -> Array:
    """The mean over axes, of integers in float64."""
    from croton.ops.arithmetic import divide

    array = base.as_array(x)
    own = base.dtype_of(array)
    target = dtypes.as_dtype(dtype) if dtype is not None else own if dtypes.is_inexact(own) else dtypes.FLOAT64
    axes = base.normalize_axes(axis, base.rank_of(array), "mean")
    count = dims.product(base.shape_of(array)[a] for a in axes)
    return divide(sum(array, axis=axes, dtype=target, keepdims=keepdims), base.cast(_as_number(count), target))


def _as_number(count: dims.Dim) -> object:
    from croton.ops.dimension import size_as_number

    return size_as_number(count)

"""Products summed over axes."""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.graph.dtypes import as_dtype
from croton.ops import base
from croton.ops import contraction as ops
from croton.ops.einsum import einsum as summed
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import common_dtype, floating, floating_operands, operands

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "slogdet",
    "tensordot",
    "trapezoid",
    "vdot",
]

_INT8 = as_dtype("int8")


def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product, of stacks of matrices too; of int8 in int32."""
    return ops.matmul(*_wide_operands(x1, x2))


def _wide_operands(*values: Any) -> list[Any]:
    """Tensors in their common dtype, int32 if all are int8."""
    tensors = [convert_to_tensor(x) for x in values]
    all_int8 = all(base.dtype_of(x) == _INT8 for x in tensors)
    dtype = dtypes.INT32 if all_int8 else common_dtype(*tensors)
    return [base.cast(x, dtype) for x in tensors]


def dot(x1: Any, x2: Any) -> Any:
    """The sum of products over the last axis of x1 and the last but one of x2."""
    return ops.dot(*operands(x1, x2))


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The sum of products over the last axes of x1 and the first of x2, or over given pairs of axes."""
    first, second = operands(x1, x2)
    return ops.tensordot(first, second, axes)


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Einstein's summation; of int8 in int32."""
    return summed(subscripts, *_wide_operands(*operands), **kwargs)


def inner(x1: Any, x2: Any) -> Any:
    """The sum of products over the last axis of both."""
    return ops.inner(*operands(x1, x2))


def outer(x1: Any, x2: Any) -> Any:
    """The products of each element of x1 with each of x2, both flattened."""
    return ops.outer(*operands(x1, x2))


def vdot(x1: Any, x2: Any) -> Any:
    """The sum of products of conjugated x1 and x2, both flattened."""
    return ops.vdot(*operands(x1, x2))


def kron(x1: Any, x2: Any) -> Any:
    """The Kronecker product."""
    return ops.kron(*operands(x1, x2))


def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The cross product of vectors of 3 components along an axis (two of 2 give the third component).

    Raises:
        ValueError: the axes have other sizes.
    """
    from croton.ops.padding import cross as crossed

    first, second = operands(x1, x2)
    return crossed(first, second, axisa, axisb, axisc, axis)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral along an axis by the trapezoidal rule, of points x, or of points at a distance of dx."""
    from croton.ops import arithmetic
    from croton.ops.padding import diff
    from croton.ops.rearranging import moveaxis
    from croton.ops.reduction import sum as sum_over
    from croton.ops.slicing import slice_axis

    values, distance = floating_operands(convert_to_tensor(y), dx if x is None else convert_to_tensor(x))
    if x is not None:
        rank = base.rank_of(distance)
        distance = diff(distance) if rank == 1 else diff(moveaxis(distance, axis, -1))
    values = moveaxis(values, axis, -1)
    last = base.rank_of(values) - 1
    between = arithmetic.add(slice_axis(values, last, 1, None), slice_axis(values, last, None, -1))
    return sum_over(arithmetic.multiply(arithmetic.multiply(between, distance), 0.5), -1)


def slogdet(x: Any) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    from croton.ops.linear_algebra.determinant import slogdet as sign_and_logarithm

    return sign_and_logarithm(floating(x))

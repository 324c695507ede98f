"""Products summed over axes."""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.graph.dtypes import as_dtype
from croton.ops import base
from croton.ops import contraction as ops
from croton.ops.einsum import einsum as summed
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import common_dtype, operands

__all__ = [
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "vdot",
]

_INT8 = as_dtype("int8")


def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product, of stacks of matrices too; of int8 in int32."""
    return ops.matmul(*_wide_operands(x1, x2))


def _wide_operands(*values: Any) -> list[Any]:
    """Tensors in their common dtype, int32 if all are int8."""
    tensors = [convert_to_tensor(x) for x in values]
    dtype = common_dtype(*tensors)
    return [base.cast(x, dtypes.INT32 if dtype == _INT8 else dtype) for x in tensors]


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

"""Operations made of others that have a derivative and a NumPy evaluation of their own.

`expand` states what they are made of; a late pass of the compiler replaces them by it. A guard that the
parts record for a symbolic size is kept on the parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dtypes
from croton.graph.operation import Operation
from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.base import Array


class CompositeOperation(Operation):
    """An operation that is written out as others before code is made of it."""

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        """The outputs in terms of other operations."""
        raise NotImplementedError(f"{type(self).__name__}.expand")


def widened(operand: Array) -> Array:
    """Half precisions in float32, in which compiled code and NumPy's reference both calculate."""
    return base.cast(operand, dtypes.compute_dtype(base.dtype_of(operand)))


def widened_data(operand: NDArray) -> NDArray:
    """The same for an array."""
    result: NDArray = operand.astype(dtypes.compute_dtype(operand.dtype), copy=False)
    return result

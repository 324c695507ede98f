"""Exchanges of rows as LAPACK records them, and the permutations that they make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation


class PivotsToPermutation(KernelOperation):
    """From exchanges of rows, in turn, to the order of rows that they lead to: row i is row order[i] of A.

    Pivots (..., k) in int32; the order of `size` rows in int64.
    """

    size: Dim
    name = "pivots_to_permutation"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (pivots,) = operands
        if pivots.dtype != dtypes.INT32 or pivots.rank < 1:
            raise DTypeError(f"{self.name}: expected pivots in int32, got {pivots}")
        return (TensorType(dtypes.INT64, (*pivots.shape[:-1], self.size)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        (pivots,) = operands
        rows = dims.evaluate(self.size, {})
        order = np.broadcast_to(np.arange(rows), (*pivots.shape[:-1], rows)).copy()
        for batch in np.ndindex(pivots.shape[:-1]):
            for i, pivot in enumerate(pivots[batch]):
                if not 0 <= pivot < rows:
                    raise IndexError(f"{self.name}: pivot {pivot} is not one of {rows} rows")
                order[batch][[i, pivot]] = order[batch][[pivot, i]]
        return (order,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        rank = operands[0].rank
        batch = " * ".join(f"sizes[{axis}]" for axis in range(rank - 1)) or "1"
        name = f"ct_pivots_to_permutation_{rank}"
        source = _PERMUTATION.format(
            name=name, batch=batch, count=f"sizes[{rank - 1}]", rows=f"sizes[{2 * rank - 1}]"
        )
        return CFunction(name, source, cost=1.0, fallible=True)


_PERMUTATION = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const ct_int batch = {batch}, count = {count}, rows = {rows};
    for (ct_int b = 0; b < batch; ++b) {{
        const int *pivots = (const int *)pointers[0] + b * count;
        ct_int *order = (ct_int *)pointers[1] + b * rows;
        for (ct_int i = 0; i < rows; ++i) order[i] = i;
        for (ct_int i = 0; i < count; ++i) {{
            const ct_int pivot = pivots[i];
            if (pivot < 0 || pivot >= rows) {{
                context->error[1] = 0;
                context->error[2] = pivot;
                context->error[3] = rows;
                return CT_OUT_OF_RANGE;
            }}
            const ct_int kept = order[i];
            order[i] = order[pivot];
            order[pivot] = kept;
        }}
    }}
    return CT_OK;
}}
"""


def pivots_to_permutation(pivots: Array, size: dims.Dim) -> Array:
    """The order of `size` rows that exchanges (..., k) lead to: P A has row order[i] of A as its row i."""
    return apply_one(PivotsToPermutation(size), base.cast(pivots, dtypes.INT32))


def permuted(matrix: Array, pivots: Array, inverse: bool = False) -> Array:
    """The rows in the order that pivots lead to, or back in their own order."""
    from croton.ops.gathering import take_along_axis
    from croton.ops.shape import broadcast_to, expand_dims

    shape = base.shape_of(matrix)
    order = pivots_to_permutation(pivots, shape[-2])
    if inverse:
        order = inverse_permutation(order)
    return take_along_axis(matrix, broadcast_to(expand_dims(order, -1), shape), -2)


def inverse_permutation(order: Array) -> Array:
    """The permutations (along the last axis) that undo these."""
    from croton.ops.arithmetic import multiply
    from croton.ops.comparison import equal
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import expand_dims, iota, reshape

    (size,) = base.shape_of(order)[-1:]
    hit = equal(expand_dims(order, -2), reshape(iota(size), (size, 1)))
    weighted = multiply(base.cast(hit, dtypes.INT64), iota(size))
    return sum_over(weighted, -1)


def permutation_matrix(order: Array, dtype: object) -> Array:
    """The matrix whose row i has a 1 in column order[i]; real for complex dtypes."""
    from croton.ops.comparison import equal
    from croton.ops.shape import expand_dims, iota

    (size,) = base.shape_of(order)[-1:]
    return base.cast(equal(expand_dims(order, -1), iota(size)), dtypes.real_dtype(dtypes.as_dtype(dtype)))

"""Determinants: expansion by minors for small matrices, LU factors for larger ones.

The derivative of a determinant is its cofactor matrix, which is defined for singular matrices too. For
n <= 4 everything is written out as products and sums of entries, so that derivatives of every order are
polynomials, right for singular and for tiny matrices too. For larger n the cofactors come from the
singular value decomposition, which loses nothing when the matrix is singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply, apply_one
from croton.ops.composite import CompositeOperation
from croton.ops.elementwise import conjugate
from croton.ops.linear_algebra.lu import sign_and_diagonal
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrix,
    product,
    require_square,
    transposed,
    zero_of,
)
from croton.ops.linear_algebra.singular_values import SingularValues
from croton.ops.linear_algebra.solving import Inverse
from croton.ops.shape import broadcast_to, expand_dims, reshape

WRITTEN_OUT = 4  # largest size whose determinant is a polynomial written out


class Determinant(CompositeOperation):
    """What LU factors tell of square matrices, stacked along leading axes.

    kind "det": the determinant. "slogdet": its sign (0 if singular, of size 1 if complex) and log|det|.
    """

    kind: str

    @property
    def name(self) -> str:
        return self.kind

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        require_square(self.name, operand)
        batch = operand.shape[:-2]
        determinant = TensorType(operand.dtype, batch)
        if self.kind == "det":
            return (determinant,)
        return determinant, TensorType(dtypes.real_dtype(operand.dtype), batch)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if self.kind == "det":
            return (np.asarray(np.linalg.det(operands[0])),)
        sign, logarithm = np.linalg.slogdet(operands[0])
        return np.asarray(sign), np.asarray(logarithm)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """det: g times the cofactors. slogdet: g inv(A)^H, NaN where A is singular."""
        from croton.ops.arithmetic import multiply

        matrix = operands[0]
        if self.kind == "det":
            weight, slope = cotangents[0], conjugate(apply_one(Cofactors(), matrix))
        else:
            weight = self._weight_of_logarithm(outputs[0], cotangents)
            slope = adjoint(apply_one(Inverse("nan"), matrix))
        return [multiply(expand_dims(weight, (-2, -1)), slope)]

    def _weight_of_logarithm(self, sign: Array, cotangents: Sequence[Array]) -> Array:
        """The cotangent of log det: its real part moves the logarithm, its imaginary part turns the sign."""
        from croton.ops.arithmetic import add, multiply, subtract

        dtype = base.dtype_of(sign)
        weight = base.cast(cotangents[1], dtype)
        if not dtypes.is_complex(dtype):
            return weight
        turned = multiply(conjugate(sign), cotangents[0])
        imaginary = multiply(subtract(turned, conjugate(turned)), 0.5)
        return add(weight, imaginary)

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import absolute, divide, multiply, where
        from croton.ops.comparison import equal
        from croton.ops.exponential import log
        from croton.ops.reduction import prod
        from croton.ops.reduction import sum as sum_over

        sign, diagonal = sign_and_diagonal(operands[0])
        if self.kind == "det":
            return [multiply(sign, prod(diagonal, -1))]
        size = absolute(diagonal)
        at_zero = equal(diagonal, zero_of(diagonal))
        one = base.cast(1, base.dtype_of(size))
        length = base.cast(where(at_zero, one, size), base.dtype_of(diagonal))
        return [multiply(sign, prod(divide(diagonal, length), -1)), sum_over(log(size), -1)]


class Cofactors(CompositeOperation):
    """The derivative of the determinant by each entry, for square matrices of any size, singular or not."""

    name = "cofactors"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        """det(U) det(V^H) conj(U) diag(product of the other singular values) conj(V^H)."""
        matrix = operands[0]
        if matrix.size == 0:
            return (np.zeros_like(matrix),)
        finite = np.isfinite(matrix).all((-2, -1), keepdims=True)
        left, values, right = np.linalg.svd(np.where(finite, matrix, 0))
        count = values.shape[-1]
        others = np.stack([np.prod(np.delete(values, i, axis=-1), axis=-1) for i in range(count)], axis=-1)
        turn = np.linalg.det(left) * np.linalg.det(right)
        # cof(A) = det(A) A^-T, with A = U S V^H: A^-T = conj(U) S^-1 conj(V^H).
        cofactors = turn[..., None, None] * np.matmul(left.conj() * others[..., None, :], right.conj())
        return (np.where(finite, cofactors, np.nan).astype(matrix.dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """Of cof(A) = det(A) inv(A)^T: (sum(G cof) I - cof G^T) inv(A)^T, for regular matrices."""
        from croton.ops.arithmetic import multiply, subtract
        from croton.ops.reduction import sum as sum_over

        inverse = conjugate(transposed(apply_one(Inverse("nan"), operands[0])))
        cofactors, cotangent = conjugate(outputs[0]), cotangents[0]
        total = sum_over(multiply(cotangent, cofactors), (-2, -1), keepdims=True)
        scaled = multiply(broadcast_to(total, base.shape_of(inverse)), inverse)
        return [subtract(scaled, product(cofactors, transposed(cotangent), inverse))]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import multiply, where
        from croton.ops.comparison import isfinite
        from croton.ops.cumulative import accumulate
        from croton.ops.reduction import all as all_over

        (matrix,) = operands
        finite = all_over(isfinite(matrix), (-2, -1), keepdims=True)
        left, values, right = apply(SingularValues(True, False), where(finite, matrix, zero_of(matrix)))
        axis = base.rank_of(values) - 1
        before, after = (accumulate("prod", values, axis, back, True) for back in (False, True))
        others = base.cast(expand_dims(multiply(before, after), -2), base.dtype_of(matrix))
        operation: Operation = Determinant("det")
        turn = expand_dims(multiply(apply_one(operation, left), apply_one(operation, right)), (-2, -1))
        cofactors = multiply(turn, product(multiply(conjugate(left), others), conjugate(right)))
        return [where(finite, cofactors, base.cast(np.nan, base.dtype_of(matrix)))]


def _is_small(matrix: Array) -> bool:
    size = base.shape_of(matrix)[-1]
    return isinstance(size, int) and 1 <= size <= WRITTEN_OUT and base.shape_of(matrix)[-2] == size


def _entries(matrix: Array) -> list[list[Array]]:
    """Every entry of the last two axes as an array of the leading axes."""
    from croton.ops.slicing import slice_axis

    rank, size = base.rank_of(matrix), base.shape_of(matrix)[-1]
    batch = base.shape_of(matrix)[:-2]
    rows = [slice_axis(matrix, rank - 2, i, i + 1) for i in range(int(size))]
    return [[reshape(slice_axis(row, rank - 1, j, j + 1), batch) for j in range(int(size))] for row in rows]


def _polynomial(entries: list[list[Array]]) -> Array:
    """The determinant by expansion along the first row."""
    from croton.ops.arithmetic import add, multiply, subtract

    size = len(entries)
    if size == 1:
        return entries[0][0]
    if size == 2:
        return subtract(multiply(entries[0][0], entries[1][1]), multiply(entries[0][1], entries[1][0]))
    total: Array = None
    for column, entry in enumerate(entries[0]):
        minor = _polynomial([[other for j, other in enumerate(row) if j != column] for row in entries[1:]])
        term = multiply(entry, minor)
        total = term if total is None else subtract(total, term) if column % 2 else add(total, term)
    return total


def det(x: object) -> Array:
    """Determinants of square matrices, stacked along leading axes. Of a 0 by 0 matrix: 1.

    Raises:
        ShapeError: the last two axes differ, or there are fewer.
    """
    matrix = as_matrix(x)
    if base.rank_of(matrix) >= 2 and _is_small(matrix):
        return _polynomial(_entries(matrix))
    return apply_one(Determinant("det"), matrix)


def slogdet(x: object) -> tuple[Array, Array]:
    """The sign of the determinant and the logarithm of its absolute value, which cannot overflow.

    The derivative of the logarithm is inv(A)^H.

    Raises:
        ShapeError: the last two axes differ, or there are fewer.
    """
    sign, logarithm = apply(Determinant("slogdet"), as_matrix(x))
    return sign, logarithm


__all__ = ["det", "slogdet"]

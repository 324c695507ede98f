"""Pseudo-inverses and least squares, by singular values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply, apply_one
from croton.ops.composite import CompositeOperation
from croton.ops.linear_algebra.eigen import eigh
from croton.ops.linear_algebra.matrices import adjoint, as_matrices, as_matrix, product, require_matrix
from croton.ops.linear_algebra.singular_values import SingularValues, relative_cutoff
from croton.ops.shape import expand_dims


def _inverted(values: Array, cutoff: Array) -> Array:
    """1 / s, and 0 where s is at most the cutoff times the largest."""
    from croton.ops.arithmetic import absolute, divide, multiply, where
    from croton.ops.comparison import greater
    from croton.ops.reduction import reduce

    size = absolute(values)
    largest = reduce("max", size, (base.rank_of(values) - 1,), True, empty=True)
    kept = greater(size, multiply(largest, cutoff))
    one, zero = (base.cast(number, base.dtype_of(values)) for number in (1, 0))
    return where(kept, divide(one, where(kept, values, one)), zero)


def _parts(matrix: Array, cutoff: Array) -> tuple[Array, Array, Array]:
    """U, 1 / s and V^H."""
    left, values, right = apply(SingularValues(True, False), matrix)
    inverted = base.cast(_inverted(values, cutoff), base.dtype_of(matrix))
    return left, inverted, right


class PseudoInverse(CompositeOperation):
    """V diag(1/s) U^H for A = U diag(s) V^H, without the s up to a cutoff times the largest.

    Operands: A, and the cutoffs (real, of the leading axes of A with one of size 1 appended).
    """

    name = "pinv"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_matrix(self.name, operands[0])
        *batch, rows, columns = operands[0].shape
        return (TensorType(operands[0].dtype, (*batch, columns, rows)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        matrix, cutoff = operands
        if not matrix.size:
            return (np.zeros((*matrix.shape[:-2], *matrix.shape[:-3:-1]), matrix.dtype),)
        left, values, right = SingularValues(True, False).evaluate(matrix)
        kept = values > cutoff * values.max(-1, keepdims=True)
        inverted = np.where(kept, 1 / np.where(kept, values, 1), 0).astype(values.dtype)
        turned = np.conj(right.swapaxes(-1, -2)) * inverted[..., None, :]
        return (np.matmul(turned, np.conj(left.swapaxes(-1, -2))),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """Of dP = -P dA P + P P^H dA^H (I - A P) + (I - P A) dA^H P^H P (Golub and Pereyra 1973)."""
        from croton.ops.arithmetic import add, subtract

        matrix, inverse, back = operands[0], adjoint(outputs[0]), adjoint(cotangents[0])
        first = product(inverse, cotangents[0], inverse)
        half = product(back, outputs[0], inverse)
        second = subtract(half, product(matrix, outputs[0], half))
        half = product(inverse, outputs[0], back)
        third = subtract(half, product(half, outputs[0], matrix))
        return [subtract(add(second, third), first), None]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import multiply

        left, inverted, right = _parts(*operands)
        return [product(multiply(adjoint(right), expand_dims(inverted, -2)), adjoint(left))]


class LeastSquares(CompositeOperation):
    """X = pinv(A) B, or pinv(A^H) B if `adjoint`; operands A, B and cutoffs as `PseudoInverse` has them."""

    adjoint: bool = False
    name = "lstsq"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        matrix, right, _ = operands
        for operand in (matrix, right):
            require_matrix(self.name, operand)
        if matrix.dtype != right.dtype or matrix.rank != right.rank:
            raise DTypeError(f"{self.name}: operands {matrix} and {right} differ in dtype or rank")
        *batch, rows, columns = matrix.shape
        if self.adjoint:
            rows, columns = columns, rows
        shown = f"{dims.format_shape(matrix.shape)} and {dims.format_shape(right.shape)}"
        dims.require_equal(rows, right.shape[-2], f"{self.name}: rows of {shown}")
        return (TensorType(matrix.dtype, (*batch, columns, right.shape[-1])),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        matrix, right, cutoff = operands
        (inverse,) = PseudoInverse().evaluate(matrix, cutoff)
        return (np.matmul(np.conj(inverse.swapaxes(-1, -2)) if self.adjoint else inverse, right),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The derivative of the pseudo-inverse P with products in an order that makes thin matrices.

        y = P^H G for the right side; for the matrix -y X^H + (B - A X) (P y)^H + P^H X (G - A^H y)^H.
        """
        from croton.ops.arithmetic import add, subtract

        matrix, right, cutoff = operands
        solution, cotangent = outputs[0], cotangents[0]
        forward, back = (adjoint(matrix), matrix) if self.adjoint else (matrix, adjoint(matrix))
        turned = LeastSquares(not self.adjoint)
        of_right = apply_one(turned, matrix, cotangent, cutoff)
        twice = apply_one(LeastSquares(self.adjoint), matrix, of_right, cutoff)
        lifted = apply_one(turned, matrix, solution, cutoff)
        residual = subtract(right, product(forward, solution))
        outside = subtract(cotangent, product(back, of_right))
        total = add(product(residual, adjoint(twice)), product(lifted, adjoint(outside)))
        total = subtract(total, product(of_right, adjoint(solution)))
        return [adjoint(total) if self.adjoint else total, of_right, None]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import multiply

        matrix, right, cutoff = operands
        left, inverted, turned = _parts(matrix, cutoff)
        scale = expand_dims(inverted, -1)
        if self.adjoint:
            return [product(left, multiply(scale, product(turned, right)))]
        return [product(adjoint(turned), multiply(scale, product(adjoint(left), right)))]


def pinv(a: object, rcond: object = None, hermitian: bool = False, *, rtol: object = None) -> Array:
    """The Moore-Penrose inverse (..., n, m) of matrices (..., m, n).

    rcond: singular values up to rcond times the largest count as 0; 1e-15 by default, as NumPy's. rtol: the
    same. hermitian: use eigenvalues instead, of which the lower triangle tells.

    Raises:
        ShapeError: not a matrix or a stack of them. ValueError: rcond and rtol are both given.
    """
    from croton.ops.arithmetic import multiply

    if rcond is not None and rtol is not None:
        raise ValueError("pinv: rcond and rtol cannot both be given")
    matrix = as_matrix(a)
    cutoff = relative_cutoff(matrix, rtol if rtol is not None else 1e-15 if rcond is None else rcond)
    if not hermitian:
        return apply_one(PseudoInverse(), matrix, cutoff)
    values, vectors = eigh(matrix)
    inverted = base.cast(_inverted(values, cutoff), base.dtype_of(matrix))
    return product(multiply(vectors, expand_dims(inverted, -2)), adjoint(vectors))


def lstsq(a: object, b: object, rcond: object = None) -> tuple[Array, Array, Array, Array]:
    """The x of least norm that makes |b - a x| least; residuals; the rank of a; its singular values.

    a: (..., m, n). b: (m,) or (..., m, k); residuals are sums of squares (k,), also where NumPy gives none
    for want of rank or rows. rcond: singular values up to rcond times the largest count as 0; by default
    max(m, n) times the spacing of the dtype. Negative: that too.

    Raises:
        ShapeError: sizes do not fit.
    """
    from croton.ops.arithmetic import absolute, multiply, square, subtract
    from croton.ops.comparison import greater
    from croton.ops.linear_algebra.singular_values import singular_values
    from croton.ops.reduction import reduce
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import reshape

    matrix, right = as_matrices(a, b)
    is_vector = base.rank_of(right) == 1
    if is_vector:
        right = expand_dims(right, -1)
    if base.rank_of(matrix) != base.rank_of(right) or base.rank_of(matrix) < 2:
        raise ShapeError(
            f"lstsq: expected a matrix and right sides, got arrays of {base.rank_of(matrix)} and "
            f"{base.rank_of(base.as_array(b))} axes"
        )
    if isinstance(rcond, (int, float)) and rcond < 0:
        rcond = None
    cutoff = relative_cutoff(matrix, rcond)
    solution = apply_one(LeastSquares(), matrix, right, cutoff)
    residuals = sum_over(square(absolute(subtract(right, product(matrix, solution)))), -2)
    values = singular_values(matrix)
    largest = reduce("max", values, (base.rank_of(values) - 1,), True, empty=True)
    rank = sum_over(base.cast(greater(values, multiply(largest, cutoff)), dtypes.INT32), -1, dtype="int32")
    if is_vector:
        solution = reshape(solution, base.shape_of(solution)[:-1])
    return solution, residuals, rank, values


__all__ = ["lstsq", "pinv"]

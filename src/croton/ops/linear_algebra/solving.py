"""Systems of linear equations and inverses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.errors import ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import CompositeOperation
from croton.ops.linear_algebra.cholesky import Cholesky
from croton.ops.linear_algebra.lapack import SINGULAR, failed
from croton.ops.linear_algebra.lu import LUSolve, factored
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrix,
    completed,
    for_each,
    hermitian_part,
    identity_like,
    product,
    require_square,
    require_system,
    right_sides,
    without_column,
)
from croton.ops.linear_algebra.triangular import solve_triangular, triangular

_ASSUMED = {
    "gen": "gen",
    "general": "gen",
    "sym": "sym",
    "symmetric": "sym",
    "her": "her",
    "hermitian": "her",
    "pos": "pos",
    "positive definite": "pos",
    "lower": "lower",
    "lower triangular": "lower",
    "upper": "upper",
    "upper triangular": "upper",
}


class Solve(CompositeOperation):
    """X with A X = B, or with A^H X = B if `adjoint`.

    positive: A is Hermitian and positive definite; its lower triangle is read. Factors of A are made once
    for all systems with A in a compiled function, those of derivatives among them.
    """

    positive: bool = False
    adjoint: bool = False
    name = "solve"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_system(self.name, *operands)
        return (operands[1],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        matrix, right = operands
        if self.positive:
            (factor,) = Cholesky(True, "raise", self.name).evaluate(matrix)
            half = np.linalg.solve(factor, right)
            return (np.linalg.solve(np.conj(factor.swapaxes(-1, -2)), half),)
        try:
            return (np.linalg.solve(np.conj(matrix.swapaxes(-1, -2)) if self.adjoint else matrix, right),)
        except np.linalg.LinAlgError:
            raise failed(self.name, SINGULAR) from None

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """H = A^-H G for the right side, -H X^H for the matrix (Giles 2008, section 2.2.3)."""
        from croton.ops.arithmetic import negative

        turned = Solve(self.positive, not self.adjoint and not self.positive)
        of_right = apply_one(turned, operands[0], cotangents[0])
        pair = (outputs[0], of_right) if self.adjoint else (of_right, outputs[0])
        of_matrix = negative(product(pair[0], adjoint(pair[1])))
        return [hermitian_part(of_matrix) if self.positive else of_matrix, of_right]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        matrix, right = operands
        if self.positive:
            factor = apply_one(Cholesky(True, "raise", self.name), matrix)
            return [triangular(factor, triangular(factor, right, True), True, "C")]
        return [apply_one(LUSolve(self.name, self.adjoint), *factored(matrix, by_columns=True), right)]


def solve(
    a: object,
    b: object,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str = "gen",
    transposed: bool = False,
    b_ndim: int | None = None,
) -> Array:
    """x with a x = b, for square matrices a (..., n, n) and b (n,) or (..., n, k); leading axes broadcast.

    assume_a: "gen"; "sym" or "her", "pos" (positive definite), of which one triangle is read: the lower one
        if `lower`; "lower" or "upper", which is `solve_triangular`. The gradient by a symmetric matrix is
        symmetric, as if both triangles were read.
    transposed: solve with the transpose of a. b_ndim: 1 if right sides are vectors (..., n), 2 for matrices;
        without it only an array of one axis is a vector. The other arguments are accepted for SciPy's sake.

    Raises:
        ShapeError: sizes do not fit. ValueError: another assume_a. LinAlgError: a matrix is singular, or
        not positive definite.
    """
    from croton.ops.linear_algebra.matrices import transposed as turned

    kind = _ASSUMED.get(assume_a)
    if kind is None:
        raise ValueError(f"solve: assume_a must be one of {', '.join(map(repr, _ASSUMED))}, got {assume_a!r}")
    if kind in ("lower", "upper"):
        trans = "T" if transposed else "N"
        return solve_triangular(a, b, trans=trans, lower=kind == "lower", b_ndim=b_ndim)
    matrix, right, is_vector = right_sides("solve", a, b, b_ndim)
    if kind == "pos" and not lower:
        matrix = adjoint(matrix)
    elif kind in ("sym", "her"):
        matrix = symmetric_read(matrix, bool(lower), kind == "her")
    if transposed:
        matrix = turned(matrix)
    return without_column(apply_one(Solve(kind == "pos"), matrix, right), is_vector)


def symmetric_read(matrix: Array, lower: bool, hermitian: bool) -> Array:
    """The matrix that one triangle stands for; its derivative is symmetric, as if both were read."""
    return apply_one(SymmetricRead(lower, hermitian), matrix)


class SymmetricRead(CompositeOperation):
    """The symmetric or Hermitian matrix of which one triangle is read."""

    lower: bool
    hermitian: bool
    name = "symmetric_read"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        (matrix,) = operands
        inside = np.tril(matrix) if self.lower else np.triu(matrix)
        beyond = (np.tril(matrix, -1) if self.lower else np.triu(matrix, 1)).swapaxes(-1, -2)
        return (inside + (np.conj(beyond) if self.hermitian else beyond),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        from croton.ops.arithmetic import add, multiply
        from croton.ops.linear_algebra.matrices import transposed

        if self.hermitian:
            return [hermitian_part(cotangents[0])]
        return [multiply(add(cotangents[0], transposed(cotangents[0])), 0.5)]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        return [completed(operands[0], self.lower, self.hermitian)]


class Inverse(CompositeOperation):
    """Inverses of square matrices. on_error: "raise" where one is singular, or "nan" for NaN."""

    on_error: str = "raise"
    name = "inv"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        try:
            return (np.linalg.inv(operands[0]),)
        except np.linalg.LinAlgError:
            if self.on_error == "raise":
                raise failed(self.name, SINGULAR) from None
            return for_each(self._inverse_or_nan, operands[0])

    def _inverse_or_nan(self, matrix: NDArray) -> tuple[NDArray]:
        try:
            return (np.linalg.inv(matrix),)
        except np.linalg.LinAlgError:
            return (np.full_like(matrix, np.nan),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """-A^-H G A^-H (Giles 2008, section 2.2.3)."""
        from croton.ops.arithmetic import negative

        turned = adjoint(outputs[0])
        return [negative(product(turned, cotangents[0], turned))]

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        factors = factored(operands[0], by_columns=True)
        return [apply_one(LUSolve(self.name, False, self.on_error), *factors, identity_like(operands[0]))]


def inv(a: object, on_error: str = "raise") -> Array:
    """Inverses of square matrices, stacked along leading axes. on_error: "raise", or "nan" where singular.

    Raises:
        ShapeError: not square. LinAlgError: a matrix is singular.
    """
    if on_error not in ("raise", "nan"):
        raise ValueError(f'inv: on_error must be "raise" or "nan", got {on_error!r}')
    return apply_one(Inverse(on_error), as_matrix(a))


def cho_solve(
    c_and_lower: tuple[object, bool],
    b: object,
    overwrite_b: bool = False,
    check_finite: bool = True,
    b_ndim: int | None = None,
) -> Array:
    """x with a x = b, given (c, lower): a Cholesky factor of a and whether it is the lower one."""
    factor, lower = c_and_lower
    matrix, right, is_vector = right_sides("cho_solve", factor, b, b_ndim)
    kinds = ("N", "C") if lower else ("C", "N")
    half = triangular(matrix, right, bool(lower), kinds[0], checked=True)
    return without_column(triangular(matrix, half, bool(lower), kinds[1], checked=True), is_vector)


def tensorinv(a: object, ind: int = 2) -> Array:
    """NumPy's tensorinv: the inverse of the matrix whose rows are the first `ind` axes.

    Raises:
        ValueError: ind is not positive. ShapeError: the two groups of axes have other sizes.
    """
    from croton.ops.shape import reshape

    array = as_matrix(a)
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, got {ind}")
    shape = base.shape_of(array)
    rows, columns = dims.product(shape[:ind]), dims.product(shape[ind:])
    return reshape(inv(reshape(array, (rows, columns))), (*shape[ind:], *shape[:ind]))


def tensorsolve(a: object, b: object, axes: Sequence[int] | None = None) -> Array:
    """NumPy's tensorsolve: x with tensordot(a, x, x.ndim) = b.

    axes: axes of a that are moved to its end first.

    Raises:
        ShapeError: a has fewer axes than b, or the sizes do not fit.
    """
    from croton.ops.rearranging import moveaxis
    from croton.ops.shape import reshape

    array, right = (as_matrix(operand) for operand in (a, b))
    if axes is not None:
        array = moveaxis(array, tuple(axes), tuple(range(-len(axes), 0)))
    rank = base.rank_of(right)
    if base.rank_of(array) < rank:
        raise ShapeError(f"tensorsolve: a has {base.rank_of(array)} axes, fewer than the {rank} of b")
    unknown = base.shape_of(array)[rank:]
    matrix = reshape(array, (dims.product(base.shape_of(right)), dims.product(unknown)))
    return reshape(solve(matrix, reshape(right, (-1,))), unknown)


__all__ = ["cho_solve", "inv", "solve", "tensorinv", "tensorsolve"]

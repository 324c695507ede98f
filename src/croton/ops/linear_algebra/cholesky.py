"""Cholesky factors of positive definite matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph.values import NDArray, TensorType
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import (
    NOT_POSITIVE_DEFINITE,
    MatrixKernel,
    Routines,
    Stack,
    batch_rank,
    failed,
)
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrix,
    for_each,
    hermitian_part,
    lower_half,
    product,
    require_square,
)
from croton.ops.linear_algebra.triangular import triangular


class Cholesky(MatrixKernel):
    """L with A = L L^H, reading the lower triangle of A; or R with A = R^H R, reading the upper one.

    on_error: "raise" where a matrix is not positive definite, or "nan" for a factor of NaN. called_by: the
    operation that messages name.
    """

    lower: bool = True
    on_error: str = "raise"
    called_by: str = "cholesky"
    name = "cholesky"

    def called(self) -> str:
        return self.called_by

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        read = operands[0] if self.lower else operands[0].swapaxes(-1, -2).conj()
        try:
            factor = np.linalg.cholesky(read)
        except np.linalg.LinAlgError:
            factor = np.full_like(read, np.nan)
        if np.isnan(factor).any():  # a matrix has entries of NaN, or failed
            if self.on_error == "raise":
                raise failed(self.called_by, NOT_POSITIVE_DEFINITE)
            (factor,) = for_each(self._factor_or_nan, read)
        return (factor if self.lower else np.ascontiguousarray(factor.swapaxes(-1, -2).conj()),)

    def _factor_or_nan(self, matrix: NDArray) -> tuple[NDArray]:
        try:
            factor = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            factor = np.full_like(matrix, np.nan)
        return (np.full_like(matrix, np.nan) if np.isnan(factor).any() else factor,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The Hermitian part of L^-H phi(L^H G) L^-1, phi: the lower triangle with half the diagonal.

        After Murray, "Differentiation of the Cholesky decomposition" (2016).
        """
        factor, cotangent = outputs[0], cotangents[0]
        if not self.lower:
            factor, cotangent = adjoint(factor), adjoint(cotangent)
        inner = lower_half(product(adjoint(factor), cotangent))
        left = triangular(factor, inner, True, "C")
        return [hermitian_part(adjoint(triangular(factor, adjoint(left), True, "C")))]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """By columns, the lower triangle of A is the upper one of conj(A) = U^H U, and L is U^T."""
        routines = Routines(operands[0].dtype)
        rank, number = operands[0].rank, routines.number
        call = routines.call("potrf", f'"{"U" if self.lower else "L"}"', "&n", "l", "&n", "&info")
        if self.on_error == "raise":
            wrong = f"CT_FAIL({NOT_POSITIVE_DEFINITE});"
        else:
            nan = '__builtin_nan("")'
            wrong = f"{{\n    for (ct_int i = 0; i < size_n * size_n; ++i) l[i] = {nan};\n    continue;\n}}"
        other = "j = i + 1; j < size_n" if self.lower else "j = 0; j < i"
        stack = Stack(
            f"ct_cholesky_{'lower' if self.lower else 'upper'}_{self.on_error}_{routines.dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"n": f"sizes[{rank - 1}]"},
            [("a", number, "size_n * size_n"), ("l", number, "size_n * size_n")],
            "if (n == 0) continue;\nint info = 0;\n"
            f"__builtin_memcpy(l, a, (unsigned long)(size_n * size_n) * sizeof({number}));\n{call}\n"
            f"if (info != 0 || !(l[size_n * size_n - 1] == l[size_n * size_n - 1])) {wrong}\n"
            "for (ct_int i = 0; i < size_n; ++i)\n"
            f"    for (ct_int {other}; ++j) l[i * size_n + j] = 0;",
            "0.4 * size_n * size_n * size_n",
        )
        return stack.function(routines, cost=10.0)


def cholesky(a: object, lower: bool = True, on_error: str = "raise", check_finite: bool = True) -> Array:
    """The Cholesky factor of positive definite matrices, stacked along leading axes.

    lower: L with a = L L^H, of which only the lower triangle of a is read; otherwise R with a = R^H R, of
        which only the upper one is. The gradient is Hermitian, as if both triangles were read.
    on_error: "raise", or "nan" for NaN in place of the factor. check_finite: accepted for SciPy's sake.

    Raises:
        ShapeError: not square. ValueError: another on_error. LinAlgError: not positive definite.
    """
    if on_error not in ("raise", "nan"):
        raise ValueError(f'cholesky: on_error must be "raise" or "nan", got {on_error!r}')
    return apply_one(Cholesky(bool(lower), on_error), as_matrix(a))


__all__ = ["cholesky"]

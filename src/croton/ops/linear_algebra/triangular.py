"""Systems of equations with triangular matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph.values import NDArray, TensorType
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import SINGULAR, MatrixKernel, Routines, Stack, batch_rank, failed
from croton.ops.linear_algebra.matrices import (
    adjoint,
    for_each,
    product,
    require_system,
    right_sides,
    transposed,
    without_column,
)

TRANSPOSES: dict[Any, str] = {0: "N", "N": "N", 1: "T", "T": "T", 2: "C", "C": "C"}


class TriangularSolve(MatrixKernel):
    """X with op(A) X = B for the lower or upper triangle of A; the other is not read.

    trans: "N" for A itself, "T" for its transpose, "C" for its adjoint. unit_diagonal: the diagonal is not
    read, it is 1. checked: a zero on the diagonal is an error instead of a division by zero.
    """

    lower: bool
    trans: str = "N"
    unit_diagonal: bool = False
    checked: bool = False
    name = "solve_triangular"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_system(self.name, *operands)
        return (operands[1],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return for_each(self._evaluate_one, *operands)

    def _evaluate_one(self, matrix: NDArray, right: NDArray) -> tuple[NDArray]:
        from scipy.linalg import get_blas_funcs

        if not right.size:
            return (right.copy(),)
        if self.checked and not self.unit_diagonal and not np.diagonal(matrix).all():
            raise failed(self.name, SINGULAR)
        (trsm,) = get_blas_funcs(("trsm",), (matrix,))
        options = {"lower": self.lower, "trans_a": "NTC".index(self.trans), "diag": self.unit_diagonal}
        return (np.ascontiguousarray(trsm(1.0, matrix, right, **options)),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """H = op(A)^-H G for the right side; minus the triangle of H X^H, turned as op says, for A."""
        from croton.ops.arithmetic import negative
        from croton.ops.creation import tril, triu
        from croton.ops.elementwise import conjugate

        matrix = operands[0]
        if self.trans == "T":  # the adjoint of a transpose is the conjugate
            turned = TriangularSolve(self.lower, "N", self.unit_diagonal, self.checked)
            of_right = apply_one(turned, conjugate(matrix), cotangents[0])
        else:
            back = TriangularSolve(
                self.lower, "C" if self.trans == "N" else "N", self.unit_diagonal, self.checked
            )
            of_right = apply_one(back, matrix, cotangents[0])
        full = negative(product(of_right, adjoint(outputs[0])))
        if self.trans != "N":
            full = transposed(full) if self.trans == "T" else adjoint(full)
        offset = 1 if self.unit_diagonal else 0
        return [tril(full, -offset) if self.lower else triu(full, offset), of_right]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """By columns, A and B are transposes: X^T op(A)^T = B^T is solved from the right, in place."""
        routines = Routines(operands[0].dtype)
        uplo, diagonal = "U" if self.lower else "L", "U" if self.unit_diagonal else "N"
        arguments = f'"R", "{uplo}", "{self.trans}", "{diagonal}", &k, &n, &one, a, &n, x, &k'
        call = routines.call("trsm", *arguments.split(", "))
        check = ""
        if self.checked and not self.unit_diagonal:
            check = f"for (int i = 0; i < n; ++i)\n    if (a[i * size_n + i] == 0) CT_FAIL({SINGULAR});"
        rank = operands[0].rank
        number = routines.number
        flags = f"{'lower' if self.lower else 'upper'}_{self.trans}{diagonal}{'_checked' if check else ''}"
        stack = Stack(
            f"ct_solve_triangular_{flags}_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"n": f"sizes[{rank - 1}]", "k": f"sizes[{2 * rank - 1}]"},
            [
                ("a", number, "size_n * size_n"),
                ("right", number, "size_n * size_k"),
                ("x", number, "size_n * size_k"),
            ],
            f"if (n == 0 || k == 0) continue;\n{check}\n"
            f"__builtin_memcpy(x, right, (unsigned long)(size_n * size_k) * sizeof({number}));\n{call}",
            "(double)size_n * size_n * size_k",
            before=f"{number} one = 1;\n(void)one;",
        )
        return stack.function(routines, cost=20.0)


def triangular(
    a: Array, b: Array, lower: bool, trans: str = "N", unit_diagonal: bool = False, checked: bool = False
) -> Array:
    """`solve_triangular` for stacks of matrices of equal leading axes and one dtype."""
    return apply_one(TriangularSolve(lower, trans, unit_diagonal, checked), a, b)


def solve_triangular(
    a: object,
    b: object,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    check_finite: bool = True,
    b_ndim: int | None = None,
) -> Array:
    """x with op(a) x = b for a triangular matrix a (..., n, n) and b (n,) or (..., n, k).

    trans: 0 or "N" for a itself, 1 or "T" for its transpose, 2 or "C" for its adjoint. lower: which triangle
    is read. unit_diagonal: take the diagonal as 1. check_finite: accepted for SciPy's sake; infinities and
    NaN go through as in arithmetic. b_ndim: see `solve`.

    Raises:
        ShapeError: sizes do not fit. ValueError: another `trans`. LinAlgError: a zero on the diagonal.
    """
    if trans not in TRANSPOSES:
        raise ValueError(f'solve_triangular: trans must be 0, 1, 2, "N", "T" or "C", got {trans!r}')
    matrix, right, is_vector = right_sides("solve_triangular", a, b, b_ndim)
    result = triangular(matrix, right, bool(lower), TRANSPOSES[trans], bool(unit_diagonal), True)
    return without_column(result, is_vector)


def solve_lower_triangular(a: object, b: object) -> Array:
    """x with a x = b for the lower triangle of a: see `solve_triangular`."""
    return solve_triangular(a, b, lower=True)


def solve_upper_triangular(a: object, b: object) -> Array:
    """x with a x = b for the upper triangle of a: see `solve_triangular`."""
    return solve_triangular(a, b, lower=False)


__all__ = ["solve_lower_triangular", "solve_triangular", "solve_upper_triangular"]

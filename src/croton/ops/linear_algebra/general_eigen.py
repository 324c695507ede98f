"""Eigenvalues and eigenvectors of general square matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply, apply_one
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import (
    NOT_CONVERGED,
    NOT_FINITE,
    MatrixKernel,
    Routines,
    Stack,
    batch_rank,
    failed,
)
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrix,
    diagonal_of,
    for_each,
    on_diagonal,
    product,
    require_square,
)
from croton.ops.linear_algebra.singular_values import reciprocal
from croton.ops.shape import expand_dims


class Eigen(MatrixKernel):
    """w and V with A V = V diag(w), columns of length 1, complex also for real A; or w alone."""

    vectors: bool = True
    name = "eig"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        require_square(self.name, operand)
        dtype = dtypes.complex_dtype(operand.dtype)
        values = TensorType(dtype, operand.shape[:-1])
        return (values, TensorType(dtype, operand.shape)) if self.vectors else (values,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if not np.isfinite(operands[0]).all():
            raise failed(self.name, NOT_FINITE)
        return for_each(self._evaluate_one, operands[0])

    def _evaluate_one(self, matrix: NDArray) -> tuple[NDArray, ...]:
        """By LAPACK's routine for the dtype: NumPy calculates in double, with other signs and orders."""
        from scipy.linalg import get_lapack_funcs

        dtype = dtypes.complex_dtype(dtypes.as_dtype(matrix.dtype))
        if not matrix.size:
            return (np.zeros(0, dtype), np.zeros((0, 0), dtype))[: 1 + self.vectors]
        (geev,) = get_lapack_funcs(("geev",), (matrix,))
        *parts, _, vectors, info = geev(matrix, compute_vl=0, compute_vr=int(self.vectors))
        if info:
            raise failed(self.name, NOT_CONVERGED)
        values = parts[0] if len(parts) == 1 else parts[0] + dtype.type(1j) * parts[1]
        if not self.vectors:
            return (values.astype(dtype),)
        return values.astype(dtype), vectors if len(parts) == 1 else _paired(parts[1], vectors).astype(dtype)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """V^-H (diag(gw) + (V^H gV - V^H V diag(Re(V^H gV))) / conj(E)) V^H, E[i, j] = w[j] - w[i].

        After Boeddeker et al., "On the computation of complex-valued gradients with application to
        statistically optimum beamforming" (2017). 0 in place of a division where eigenvalues coincide.
        """
        from croton.ops.arithmetic import add, multiply, subtract
        from croton.ops.complex_numbers import real
        from croton.ops.elementwise import conjugate
        from croton.ops.linear_algebra.solving import Solve

        matrix = operands[0]
        if self.vectors:
            values, vectors = outputs
            of_values, of_vectors = cotangents
            turned = product(adjoint(vectors), of_vectors)
            lengths = base.cast(real(diagonal_of(turned)), base.dtype_of(vectors))
            fixed = multiply(product(adjoint(vectors), vectors), expand_dims(lengths, -2))
            gaps = conjugate(subtract(expand_dims(values, -2), expand_dims(values, -1)))
            inner = add(multiply(subtract(turned, fixed), reciprocal(gaps)), on_diagonal(of_values))
        else:
            _, vectors = apply(Eigen(True), matrix)
            inner = on_diagonal(cotangents[0])
        result = apply_one(Solve(False, True), vectors, product(inner, adjoint(vectors)))
        return [result if dtypes.is_complex(base.dtype_of(matrix)) else real(result)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        routines = Routines(operands[0].dtype)
        rank, number, real = operands[0].rank, routines.number, routines.real
        complex_ = f"{real} _Complex"
        is_complex = routines.is_complex
        job = "V" if self.vectors else "N"
        values = ["w"] if is_complex else ["wr", "wi"]
        vectors = "vectors" if self.vectors else "a"
        extra = ["reals"] if is_complex else []
        ask = routines.call(
            "geev", '"N"', f'"{job}"', "&n", "&best", "&n", *["&best" for _ in values], "&best", "&n",
            "&best", "&n", "&best", "&asked", *["&best" for _ in extra], "&info",
        )  # fmt: skip
        call = routines.call(
            "geev", '"N"', f'"{job}"', "&n", "a", "&n", *values, "a", "&n", vectors, "&n", "work",
            "&length", *extra, "&info",
        )  # fmt: skip
        before = (
            f"{number} best = 0;\nint asked = -1, info = 0;\nif (n > 0) {ask}\n"
            f"int length = (int){'__real__ ' if is_complex else ''}best + 1;\n(void)length;"
        )
        workspace = {"a": (number, "size_n * size_n"), "work": (number, "length")}
        workspace |= (
            {"reals": (real, "2 * size_n")}
            if is_complex
            else {"wr": (real, "size_n"), "wi": (real, "size_n")}
        )
        arrays = [("source", number, "size_n * size_n"), ("w", complex_, "size_n")]
        after = "" if is_complex else _VALUES
        if self.vectors:
            workspace["vectors"] = (number, "size_n * size_n")
            arrays.append(("v", complex_, "size_n * size_n"))
            after += f"\n{routines.transposed}(n, n, vectors, v);" if is_complex else _VECTORS
        stack = Stack(
            f"ct_eig_{job}_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"n": f"sizes[{rank - 1}]"},
            arrays,
            "if (n == 0) continue;\n"
            f"if (!{routines.all_finite}(size_n * size_n, source)) CT_FAIL({NOT_FINITE});\n"
            f"{routines.transposed}(n, n, source, a);\n{call}\n"
            f"if (info != 0) CT_FAIL({NOT_CONVERGED});\n{after}",
            "25.0 * size_n * size_n * size_n",
            before=before,
            workspace=workspace,
        )
        return stack.function(routines, cost=200.0)


# Real matrices have conjugate pairs of eigenvalues; LAPACK gives real and imaginary parts of the vectors.
_VALUES = """\
for (ct_int j = 0; j < size_n; ++j) {
    __real__ w[j] = wr[j];
    __imag__ w[j] = wi[j];
}
"""
_VECTORS = """\
for (ct_int j = 0; j < size_n; ++j) {
    const int first = wi[j] > 0, second = wi[j] < 0;
    const ct_int real = second ? j - 1 : j, imaginary = real + 1;
    for (ct_int i = 0; i < size_n; ++i) {
        const ct_int at = i * size_n + j;
        __real__ v[at] = vectors[real * size_n + i];
        __imag__ v[at] = first    ? vectors[imaginary * size_n + i]
                         : second ? -vectors[imaginary * size_n + i]
                                  : 0;
    }
}
"""


def _paired(imaginary: NDArray, vectors: NDArray) -> NDArray:
    """Complex eigenvectors of a real matrix from real and imaginary parts in neighbouring columns."""
    result = vectors.astype(np.complex128)
    for j in np.flatnonzero(imaginary > 0):
        result[:, j] = vectors[:, j] + 1j * vectors[:, j + 1]
        result[:, j + 1] = result[:, j].conj()
    return result


def eig(a: object) -> tuple[Array, Array]:
    """Eigenvalues w (..., n) and right eigenvectors V (..., n, n), its columns, of square matrices.

    Both are complex, also for real matrices all of whose eigenvalues are real. Gradients by vectors exist
    where eigenvalues differ; functions of vectors must not depend on their phases.

    Raises:
        ShapeError: not square. LinAlgError: infinite or NaN entries, or no convergence.
    """
    values, vectors = apply(Eigen(True), as_matrix(a))
    return values, vectors


def eigvals(a: object) -> Array:
    """Eigenvalues (..., n) of square matrices, complex: see `eig`."""
    return apply_one(Eigen(False), as_matrix(a))


__all__ = ["eig", "eigvals"]

"""Eigenvalues and eigenvectors of Hermitian matrices, and of Hermitian pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply, apply_one
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.cholesky import cholesky
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
    as_matrices,
    for_each,
    hermitian_part,
    on_diagonal,
    product,
    require_square,
    with_stack,
)
from croton.ops.linear_algebra.singular_values import reciprocal
from croton.ops.linear_algebra.triangular import triangular
from croton.ops.shape import expand_dims


class HermitianEigen(MatrixKernel):
    """Real w, rising, and V with orthonormal columns, A V = V diag(w); or w alone.

    One triangle of A is read.
    """

    lower: bool = True
    vectors: bool = True
    name = "eigh"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        require_square(self.name, operand)
        values = TensorType(dtypes.real_dtype(operand.dtype), operand.shape[:-1])
        return (values, operand) if self.vectors else (values,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        """Single precision by LAPACK's routine for it: NumPy calculates in double, with other signs."""
        matrix = operands[0]
        if not np.isfinite(np.tril(matrix) if self.lower else np.triu(matrix)).all():
            raise failed(self.name, NOT_FINITE)
        single = matrix.dtype in (dtypes.FLOAT32, dtypes.COMPLEX64) and matrix.size
        return for_each(self._in_single, matrix) if single else self._in_double(matrix)

    def _in_double(self, matrix: NDArray) -> tuple[NDArray, ...]:
        uplo: Any = "L" if self.lower else "U"
        try:
            if self.vectors:
                values, vectors = np.linalg.eigh(matrix, uplo)
                return values, vectors
            return (np.linalg.eigvalsh(matrix, uplo),)
        except np.linalg.LinAlgError:
            raise failed(self.name, NOT_CONVERGED) from None

    def _in_single(self, matrix: NDArray) -> tuple[NDArray, ...]:
        from scipy.linalg import get_lapack_funcs

        (driver,) = get_lapack_funcs(("heevd" if matrix.dtype == dtypes.COMPLEX64 else "syevd",), (matrix,))
        values, vectors, info = driver(matrix, compute_v=int(self.vectors), lower=int(self.lower))
        if info:
            raise failed(self.name, NOT_CONVERGED)
        return (values, vectors) if self.vectors else (values,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """V (diag(gw) + F * (V^H gV)) V^H with F[i, j] = 1 / (w[j] - w[i]) (Giles 2008, section 3.1).

        F is 0 where eigenvalues coincide: their vectors are taken not to move against each other.
        """
        from croton.ops.arithmetic import add, multiply, subtract

        if not self.vectors:
            _, vectors = apply(HermitianEigen(self.lower, True), operands[0])
            weights = base.cast(expand_dims(cotangents[0], -2), base.dtype_of(vectors))
            return [product(multiply(vectors, weights), adjoint(vectors))]
        values, vectors = outputs
        of_values, of_vectors = cotangents
        dtype = base.dtype_of(vectors)
        gaps = base.cast(subtract(expand_dims(values, -2), expand_dims(values, -1)), dtype)
        inner = multiply(reciprocal(gaps), product(adjoint(vectors), of_vectors))
        inner = add(inner, on_diagonal(base.cast(of_values, dtype)))
        return [hermitian_part(product(vectors, inner, adjoint(vectors)))]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        routines = Routines(operands[0].dtype)
        rank, number, real = operands[0].rank, routines.number, routines.real
        routine = routines.for_dtype("syevd", "heevd")
        start = [f'"{"V" if self.vectors else "N"}"', f'"{"L" if self.lower else "U"}"', "&n"]
        is_complex = routines.is_complex
        ask = routines.call(
            routine, *start, "&best", "&n", "&reals_best", "&best", "&asked",
            *(["&reals_best", "&asked"] if is_complex else []), "&integers_best", "&asked", "&info",
        )  # fmt: skip
        call = routines.call(
            routine, *start, "a", "&n", "w", "work", "&length",
            *(["reals", "&reals_length"] if is_complex else []), "integers", "&integers_length", "&info",
        )  # fmt: skip
        before = (
            f"{number} best = 0;\n{real} reals_best = 0;\nint asked = -1, info = 0, integers_best = 0;\n"
            f"if (n > 0) {ask}\n"
            f"int length = (int){'__real__ ' if is_complex else ''}best + 1;\n"
            "int reals_length = (int)reals_best + 1, integers_length = integers_best + 1;\n"
            "(void)length, (void)reals_length, (void)integers_length;"
        )
        workspace = {"a": (number, "size_n * size_n"), "work": (number, "length")}
        workspace |= {"reals": (real, "reals_length")} if is_complex else {}
        workspace["integers"] = ("int", "integers_length")
        arrays = [("source", number, "size_n * size_n"), ("w", real, "size_n")]
        arrays += [("v", number, "size_n * size_n")] if self.vectors else []
        triangle = "j <= i" if self.lower else "j < size_n"
        first = "0" if self.lower else "i"
        stack = Stack(
            f"ct_eigh_{'vectors_' if self.vectors else ''}{'lower' if self.lower else 'upper'}"
            f"_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"n": f"sizes[{rank - 1}]"},
            arrays,
            "if (n == 0) continue;\nint finite = 1;\n"
            "for (ct_int i = 0; i < size_n; ++i)\n"
            f"    for (ct_int j = {first}; {triangle}; ++j)\n"
            f"        finite &= {routines.all_finite}(1, source + i * size_n + j);\n"
            f"if (!finite) CT_FAIL({NOT_FINITE});\n"
            f"{routines.transposed}(n, n, source, a);\n{call}\nif (info != 0) CT_FAIL({NOT_CONVERGED});"
            + (f"\n{routines.transposed}(n, n, a, v);" if self.vectors else ""),
            "10.0 * size_n * size_n * size_n",
            before=before,
            workspace=workspace,
        )
        return stack.function(routines, cost=100.0)


def _reads_lower(name: str, uplo: object) -> bool:
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueError(f'{name}: UPLO must be "L" or "U", got {uplo!r}')
    return uplo.upper() == "L"


def eigh(a: object, b: object = None, UPLO: str = "L") -> tuple[Array, Array]:
    """Eigenvalues w (..., n), rising, and eigenvectors V (..., n, n), its columns, of Hermitian matrices.

    b: positive definite matrices, for a V = b V diag(w) with V^H b V = I. UPLO: which triangle of a (and b)
    is read, "L" or "U"; the gradient is Hermitian, as if both were. Gradients by vectors exist where
    eigenvalues differ; those that coincide contribute nothing against each other. Functions of complex
    vectors must not depend on their phases.

    Raises:
        ShapeError: not square. ValueError: another UPLO. LinAlgError: infinite or NaN entries, or b is not
        positive definite.
    """
    lower = _reads_lower("eigh", UPLO)
    if isinstance(b, str):  # NumPy's eigh(a, UPLO)
        return eigh(a, None, b)
    if b is None:
        (matrix,) = as_matrices(a)
        values, vectors = apply(HermitianEigen(lower, True), matrix)
        return values, vectors
    reduced, factor = _reduced(a, b, lower)
    values, vectors = apply(HermitianEigen(True, True), reduced)
    return values, triangular(factor, vectors, True, "C")


def eigvalsh(a: object, b: object = None, lower: bool = True, UPLO: str | None = None) -> Array:
    """Eigenvalues (..., n), rising, of Hermitian matrices a, or of pairs a, b: see `eigh`.

    lower: which triangle is read; UPLO says the same as NumPy does.
    """
    if isinstance(b, str):  # NumPy's eigvalsh(a, UPLO)
        b, UPLO = None, b
    below = bool(lower) if UPLO is None else _reads_lower("eigvalsh", UPLO)
    if b is None:
        (matrix,) = as_matrices(a)
        return apply_one(HermitianEigen(below, False), matrix)
    return apply_one(HermitianEigen(True, False), _reduced(a, b, below)[0])


def _reduced(a: object, b: object, lower: bool) -> tuple[Array, Array]:
    """L^-1 a L^-H, which has the eigenvalues of the pair, for b = L L^H; and L."""
    from croton.graph import dims
    from croton.ops.linear_algebra.solving import symmetric_read

    matrix, other = as_matrices(a, b)
    batch = dims.broadcast([base.shape_of(matrix)[:-2], base.shape_of(other)[:-2]], "eigh")
    matrix, other = with_stack(matrix, batch), with_stack(other, batch)
    factor = cholesky(other if lower else adjoint(other))
    half = triangular(factor, symmetric_read(matrix, lower, True), True)
    return hermitian_part(triangular(factor, adjoint(half), True)), factor


__all__ = ["eigh", "eigvalsh"]

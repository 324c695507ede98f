"""LU factorisations with pivots, and systems of equations solved with their help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.errors import ShapeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import SINGULAR, MatrixKernel, Routines, Stack, batch_rank, failed
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrix,
    diagonal_of,
    for_each,
    is_diagonal,
    product,
    require_matrix,
    require_system,
    right_sides,
    without_column,
)
from croton.ops.linear_algebra.pivots import (
    inverse_permutation,
    permutation_matrix,
    permuted,
    pivots_to_permutation,
)
from croton.ops.linear_algebra.triangular import triangular
from croton.ops.slicing import slice_axis, smaller


class LUFactors(MatrixKernel):
    """The factors of P A = L U in one matrix, and which row each row was exchanged with in turn (int32).

    L, whose diagonal is 1, lies below the diagonal and U on and above it. by_columns: A is transposed before
    and the factors after, so that columns are exchanged; LAPACK then needs no copies.
    """

    by_columns: bool = False
    name = "lu_factor"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_matrix(self.name, operands[0])
        *batch, rows, columns = operands[0].shape
        return operands[0], TensorType(dtypes.INT32, (*batch, smaller(rows, columns)))

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return for_each(self._evaluate_one, operands[0])

    def _evaluate_one(self, matrix: NDArray) -> tuple[NDArray, NDArray]:
        from scipy.linalg import get_lapack_funcs

        if not matrix.size:
            return matrix.copy(), np.zeros(min(matrix.shape), np.int32)
        (getrf,) = get_lapack_funcs(("getrf",), (matrix,))
        factors, pivots, _ = getrf(matrix.T if self.by_columns else matrix)
        return np.ascontiguousarray(factors.T if self.by_columns else factors), pivots.astype(np.int32)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """For square blocks: P^T L^-H (tril(L^H gL, -1) + triu(gU U^H)) U^-H.

        Of a matrix with more rows, L2 = A2 U^-1; with more columns, U2 = L^-1 A2. After de Hoog, Anderssen
        and Lukas, "Differentiation of matrix functionals using triangular factorization" (2011).
        """
        from croton.ops.arithmetic import add, subtract
        from croton.ops.creation import tril, triu
        from croton.ops.shape import concatenate

        factors, pivots, given = outputs[0], outputs[1], cotangents[0]
        square, beside, below = _blocks(factors)
        given_square, given_beside, given_below = _blocks(given)
        of_beside = triangular(square, given_beside, True, "C", True)
        of_below = adjoint(triangular(square, adjoint(given_below), False, "N"))
        lower = subtract(tril(given_square, -1), tril(product(of_beside, adjoint(beside)), -1))
        upper = subtract(triu(given_square), triu(product(adjoint(below), of_below)))
        inner = add(
            tril(product(adjoint(_unit_lower(square)), lower), -1),
            triu(product(upper, adjoint(triu(square)))),
        )
        left = triangular(square, inner, True, "C", True)
        of_square = adjoint(triangular(square, adjoint(left), False, "N"))
        rows, columns = base.shape_of(factors)[-2:]
        size = base.shape_of(square)[-1]
        upper_rows = of_square if columns == size else concatenate([of_square, of_beside], -1)
        if rows == size:
            return [permuted(upper_rows, pivots, inverse=True)]
        if columns != size:
            of_below = _widened(of_below, columns)
        return [permuted(concatenate([upper_rows, of_below], -2), pivots, inverse=True)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        routines = Routines(operands[0].dtype)
        rank, number = operands[0].rank, routines.number
        if self.by_columns:
            call = routines.call("getrf", "&columns", "&rows", "lu", "&columns", "pivots", "&info")
            each = f"__builtin_memcpy(lu, a, (unsigned long)(size_rows * size_columns) * sizeof({number}));\n"
            each += call
            workspace = {}
        else:
            call = routines.call("getrf", "&rows", "&columns", "work", "&rows", "pivots", "&info")
            each = f"{routines.transposed}(rows, columns, a, work);\n{call}\n"
            each += f"{routines.transposed}(columns, rows, work, lu);"
            workspace = {"work": (number, "size_rows * size_columns")}
        count = "(size_rows < size_columns ? size_rows : size_columns)"
        stack = Stack(
            f"ct_lu_factor_{'by_columns_' if self.by_columns else ''}{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"rows": f"sizes[{rank - 2}]", "columns": f"sizes[{rank - 1}]"},
            [
                ("a", number, "size_rows * size_columns"),
                ("lu", number, "size_rows * size_columns"),
                ("pivots", "int", count),
            ],
            f"if (rows == 0 || columns == 0) continue;\nint info = 0;\n{each}\n"
            f"for (int i = 0; i < {count}; ++i) --pivots[i];",
            f"(double)size_rows * size_columns * (double){count}",
            workspace=workspace,
        )
        return stack.function(routines, cost=20.0)


def _blocks(matrix: Array) -> tuple[Array, Array, Array]:
    """The leading square block of min(m, n) rows, what is beside it, and what is below it."""
    rank, (rows, columns) = base.rank_of(matrix), base.shape_of(matrix)[-2:]
    size = smaller(rows, columns)
    top = slice_axis(matrix, rank - 2, 0, size)
    left = slice_axis(matrix, rank - 1, 0, size)
    square = slice_axis(top, rank - 1, 0, size)
    return square, slice_axis(top, rank - 1, size, None), slice_axis(left, rank - 2, size, None)


def _widened(matrix: Array, columns: dims.Dim) -> Array:
    """The matrix with columns of zeros appended."""
    from croton.ops.shape import concatenate
    from croton.ops.slicing import zeros_of

    *batch, rows, size = base.shape_of(matrix)
    return concatenate([matrix, zeros_of(matrix, (*batch, rows, dims.subtract(columns, size)))], -1)


def _unit_lower(factors: Array) -> Array:
    """L of factors in one matrix."""
    from croton.ops.arithmetic import where
    from croton.ops.creation import tril

    rows, columns = base.shape_of(factors)[-2:]
    one = base.cast(1, base.dtype_of(factors))
    return where(is_diagonal(rows, columns), one, tril(factors))


class LUSolve(MatrixKernel):
    """X with A X = B, or A^H X = B if `adjoint`, given the factors of A `by_columns`; for the compiler.

    called_by: the operation that messages name. on_error: "raise" where A is singular, or "nan" for NaN.
    """

    called_by: str
    adjoint: bool = False
    on_error: str = "raise"

    @property
    def name(self) -> str:
        return self.called_by

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_system(self.called_by, operands[0], operands[2])
        return (operands[2],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return for_each(self._evaluate_one, operands[0], operands[1][..., None], operands[2])

    def _evaluate_one(self, factors: NDArray, pivots: NDArray, right: NDArray) -> tuple[NDArray]:
        from scipy.linalg import get_lapack_funcs

        if not right.size:
            return (right.copy(),)
        if not np.diagonal(factors).all():
            if self.on_error == "nan":
                return (np.full_like(right, np.nan),)
            raise failed(self.called_by, SINGULAR)
        (getrs,) = get_lapack_funcs(("getrs",), (factors,))
        if self.adjoint:  # conj(A) is the transpose of the adjoint
            return (getrs(factors.T, pivots[:, 0], right.conj(), trans=0)[0].conj(),)
        return (getrs(factors.T, pivots[:, 0], right, trans=1)[0],)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """Of A^T = P L U by columns: X^T = B^T U^-1 L^-1 P^T, and for the adjoint B^T P L^-H U^-H."""
        routines = Routines(operands[0].dtype)
        rank, number = operands[0].rank, routines.number
        kind = ("adjoint_" if self.adjoint else "") + ("nan_" if self.on_error == "nan" else "")
        stack = Stack(
            f"ct_lu_solve_{kind}{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"n": f"sizes[{rank - 1}]", "k": f"sizes[{3 * rank - 2}]"},
            [
                ("lu", number, "size_n * size_n"),
                ("pivots", "int", "size_n"),
                ("right", number, "size_n * size_k"),
                ("x", number, "size_n * size_k"),
            ],
            self._each(routines),
            "(double)size_n * size_n * size_k",
            before=f"{number} one = 1;\n(void)one;",
        )
        return stack.function(routines, cost=20.0)

    def _each(self, routines: Routines) -> str:
        def solve(uplo: str, diagonal: str) -> str:
            trans = "C" if self.adjoint else "N"
            arguments = f'"R", "{uplo}", "{trans}", "{diagonal}", &k, &n, &one, lu, &n, x, &k'
            return routines.call("trsm", *arguments.split(", "))

        lower, upper = solve("L", "U"), solve("U", "N")
        if self.adjoint:
            steps = _EXCHANGE.format("int i = 0; i < n; ++i", number=routines.number) + f"{lower}\n{upper}"
        else:
            steps = f"{upper}\n{lower}\n" + _EXCHANGE.format(
                "int i = n - 1; i >= 0; --i", number=routines.number
            )
        if self.on_error == "nan":
            nan = '__builtin_nan("")'
            wrong = f"{{\n    for (ct_int i = 0; i < size_n * size_k; ++i) x[i] = {nan};\n    continue;\n}}"
        else:
            wrong = f"CT_FAIL({SINGULAR});"
        return (
            "if (n == 0 || k == 0) continue;\nint singular = 0;\n"
            "for (int i = 0; i < n; ++i) singular |= lu[i * size_n + i] == 0;\n"
            f"if (singular) {wrong}\n"
            f"__builtin_memcpy(x, right, (unsigned long)(size_n * size_k) * sizeof({routines.number}));\n"
            f"{steps}"
        )


_EXCHANGE = """\
for ({}) {{
    if (pivots[i] == i) continue;
    {number} *const p = x + i * size_k, *const q = x + pivots[i] * size_k;
    for (ct_int j = 0; j < size_k; ++j) {{
        const {number} kept = p[j];
        p[j] = q[j];
        q[j] = kept;
    }}
}}
"""


def factored(matrix: Array, by_columns: bool = False) -> tuple[Array, Array]:
    """Factors in one matrix, and pivots."""
    operation: Operation = LUFactors(by_columns)
    factors, pivots = apply(operation, matrix)
    return factors, pivots


def lu_factor(a: object, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Array, Array]:
    """The factors of P a = L U in one matrix (..., m, n), and pivots (..., min(m, n)), as SciPy gives them.

    Row i was exchanged with row pivots[i], in turn. The other arguments are accepted for SciPy's sake.
    """
    return factored(as_matrix(a))


def lu(
    a: object,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> tuple[Array, ...]:
    """P, L, U with a = P L U: (..., m, m), (..., m, k), (..., k, n) for k = min(m, n).

    permute_l: P L and U instead. p_indices: P as the row numbers with a = L[P] U.
    """
    from croton.ops.creation import tril, triu
    from croton.ops.gathering import take_along_axis
    from croton.ops.shape import broadcast_to, expand_dims

    matrix = as_matrix(a)
    if base.rank_of(matrix) < 2:
        raise ShapeError(f"lu: expected a matrix or a stack of them, got {base.rank_of(matrix)} axes")
    factors, pivots = factored(matrix)
    rank, (rows, _) = base.rank_of(matrix), base.shape_of(matrix)[-2:]
    size = base.shape_of(pivots)[-1]
    lower = _unit_lower(slice_axis(tril(factors), rank - 1, 0, size))
    upper = triu(slice_axis(factors, rank - 2, 0, size))
    order = pivots_to_permutation(pivots, rows)
    back = inverse_permutation(order)
    if permute_l:
        index = broadcast_to(expand_dims(back, -1), base.shape_of(lower))
        return take_along_axis(lower, index, -2), upper
    if p_indices:
        return back, lower, upper
    return permutation_matrix(back, base.dtype_of(upper)), lower, upper


def lu_solve(
    lu_and_piv: tuple[object, object],
    b: object,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
    b_ndim: int | None = None,
) -> Array:
    """x with op(a) x = b, given what `lu_factor` made of a.

    trans: 0 for a itself, 1 for its transpose, 2 for its adjoint. b: (n,) or (..., n, k).

    Raises:
        ShapeError: sizes do not fit. LinAlgError: a is singular. ValueError: another `trans`.
    """
    if trans not in (0, 1, 2):
        raise ValueError(f"lu_solve: trans must be 0, 1 or 2, got {trans!r}")
    factors, right, is_vector = right_sides("lu_solve", lu_and_piv[0], b, b_ndim)
    pivots = base.as_array(lu_and_piv[1])
    if trans == 0:
        first = triangular(factors, permuted(right, pivots), True, "N", True)
        return without_column(triangular(factors, first, False, "N", checked=True), is_vector)
    kind = "T" if trans == 1 else "C"
    first = triangular(factors, right, False, kind, checked=True)
    result = triangular(factors, first, True, kind, True)
    return without_column(permuted(result, pivots, inverse=True), is_vector)


def sign_and_diagonal(matrix: Array) -> tuple[Array, Array]:
    """The sign of the permutation (in the dtype of the matrix) and the diagonal of U, for determinants."""
    from croton.ops.arithmetic import where
    from croton.ops.comparison import equal
    from croton.ops.reduction import prod
    from croton.ops.shape import iota

    factors, pivots = factored(matrix, by_columns=True)
    (size,) = base.shape_of(pivots)[-1:]
    dtype = base.dtype_of(matrix)
    kept = equal(base.cast(pivots, dtypes.INT64), iota(size))
    return prod(where(kept, base.cast(1, dtype), base.cast(-1, dtype)), -1), diagonal_of(factors)


__all__ = ["lu", "lu_factor", "lu_solve"]

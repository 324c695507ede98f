"""Singular value decompositions, and what is read off singular values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.errors import NotDifferentiableError
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
    require_matrix,
    zero_of,
)
from croton.ops.shape import expand_dims
from croton.ops.slicing import smaller


class SingularValues(MatrixKernel):
    """U, s, V^H with A = U diag(s) V^H, s falling; or s alone.

    full_matrices: U and V are square; otherwise they have min(m, n) columns.
    """

    vectors: bool = True
    full_matrices: bool = False
    name = "svd"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_matrix(self.name, operands[0])
        dtype = operands[0].dtype
        *batch, rows, columns = operands[0].shape
        size = smaller(rows, columns)
        values = TensorType(dtypes.real_dtype(dtype), (*batch, size))
        if not self.vectors:
            return (values,)
        left, right = (rows, columns) if self.full_matrices else (size, size)
        return TensorType(dtype, (*batch, rows, left)), values, TensorType(dtype, (*batch, right, columns))

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        """Single precision by LAPACK's routine for it: NumPy calculates in double, with other signs."""
        matrix = operands[0]
        if not np.isfinite(matrix).all():
            raise failed(self.name, NOT_FINITE)
        single = matrix.dtype in (dtypes.FLOAT32, dtypes.COMPLEX64) and matrix.size
        return for_each(self._in_single, matrix) if single else self._in_double(matrix)

    def _in_double(self, matrix: NDArray) -> tuple[NDArray, ...]:
        try:
            decompose: Any = np.linalg.svd
            result: Any = decompose(matrix, self.full_matrices, self.vectors)
        except np.linalg.LinAlgError:
            raise failed(self.name, NOT_CONVERGED) from None
        return tuple(result) if self.vectors else (result,)

    def _in_single(self, matrix: NDArray) -> tuple[NDArray, ...]:
        from scipy.linalg import get_lapack_funcs

        (gesdd,) = get_lapack_funcs(("gesdd",), (matrix,))
        left, values, right, info = gesdd(
            matrix, compute_uv=int(self.vectors), full_matrices=int(self.full_matrices)
        )
        if info:
            raise failed(self.name, NOT_CONVERGED)
        return (left, values, right) if self.vectors else (values,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """After Townsend, "Differentiating the singular value decomposition" (2016).

        For complex phases after Wan and Zhang, "Automatic differentiation for complex valued SVD" (2019).
        Where singular values coincide or are 0, their vectors are taken not to move against each other.
        """
        from croton.ops.arithmetic import multiply

        matrix = operands[0]
        if not self.vectors:
            left, _, right = apply(SingularValues(True, False), matrix)
            weights = base.cast(expand_dims(cotangents[0], -2), base.dtype_of(matrix))
            return [product(multiply(left, weights), right)]
        rows, columns = base.shape_of(matrix)[-2:]
        if self.full_matrices and rows != columns:
            sizes = dims.format_shape((rows, columns))
            raise NotDifferentiableError(
                f"svd: full_matrices=True has no gradient for matrices {sizes} that may not be square, since "
                "the additional vectors are arbitrary; use full_matrices=False"
            )
        return [_slope(matrix, outputs, cotangents)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        routines = Routines(operands[0].dtype)
        rank, number, real = operands[0].rank, routines.number, routines.real
        job = ("A" if self.full_matrices else "S") if self.vectors else "N"
        left, right = ("size_m", "size_n") if self.full_matrices else ("size_k", "size_k")
        sizes = {"m": f"sizes[{rank - 2}]", "n": f"sizes[{rank - 1}]", "k": _SMALLER, "left": left}
        sizes["right"] = right
        workspace = {"a": (number, "size_m * size_n"), "integers": ("int", "8 * size_k")}
        arrays = [("source", number, "size_m * size_n")]
        after = ""
        if self.vectors:
            workspace |= {"u": (number, "size_m * size_left"), "v": (number, "size_right * size_n")}
            arrays += [("left_vectors", number, "size_m * size_left"), ("s", real, "size_k")]
            arrays += [("right_vectors", number, "size_right * size_n")]
            after = (
                f"{routines.transposed}(left, m, u, left_vectors);\n"
                f"{routines.transposed}(n, right, v, right_vectors);"
            )
            places = ["u", "&m", "v", "&right"]
            empty = _EMPTY
        else:
            arrays += [("s", real, "size_k")]
            places, empty = ["a", "&m", "a", "&n"], ""
        workspace["work"] = (number, "length")
        reals = []
        if routines.is_complex:
            workspace["reals"] = (real, "size_k * (size_m + size_n + 5 * size_k + 7 + 2 * (size_m + size_n))")
            reals = ["reals"]
        common = [f'"{job}"', "&m", "&n", "a", "&m", "s"]
        ask = routines.call(
            "gesdd",
            *common[:3], "&best", "&m", "&nothing", "&best", "&m", "&best", "&least",
            "&best", "&asked", *["&nothing" for _ in reals], "&asked", "&info",
        )  # fmt: skip
        call = routines.call("gesdd", *common, *places, "work", "&length", *reals, "integers", "&info")
        before = (
            f"{number} best = 0;\n{real} nothing = 0;\nint asked = -1, info = 0;\n"
            "int least = right > n ? right : n;\n"
            f"if (k > 0) {ask}\n(void)nothing, (void)least;\n"
            f"int length = (int){'__real__ ' if routines.is_complex else ''}best + 1;\n(void)length;"
        )
        stack = Stack(
            f"ct_svd_{job}_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            sizes,
            arrays,
            f"if (k == 0) {{\n{empty}    continue;\n}}\n"
            f"if (!{routines.all_finite}(size_m * size_n, source)) CT_FAIL({NOT_FINITE});\n"
            f"{routines.transposed}(m, n, source, a);\n{call}\n"
            f"if (info != 0) CT_FAIL({NOT_CONVERGED});\n{after}",
            "10.0 * size_m * size_n * size_k",
            before=before,
            workspace=workspace,
        )
        return stack.function(routines, cost=100.0)


_SMALLER = "(size_m < size_n ? size_m : size_n)"
_EMPTY = """\
    for (ct_int i = 0; i < size_m * size_left; ++i) left_vectors[i] = i / size_left == i % size_left;
    for (ct_int i = 0; i < size_right * size_n; ++i) right_vectors[i] = i / size_n == i % size_n;
"""


def _slope(matrix: Array, outputs: Sequence[Array], cotangents: Sequence[Array]) -> Array:
    """U (J + K + diag(gs) + phases) V^H, and what lies outside the spaces of U and V."""
    from croton.ops.arithmetic import add, multiply, subtract

    left, values, right = outputs
    of_left, of_values, of_right = cotangents
    dtype = base.dtype_of(left)
    by_row, by_column = (base.cast(expand_dims(values, axis), dtype) for axis in (-1, -2))
    inverse_gaps = reciprocal(multiply(subtract(by_column, by_row), add(by_column, by_row)))
    turned_left = product(adjoint(left), of_left)
    turned_right = product(right, adjoint(of_right))
    skew_left = multiply(subtract(turned_left, adjoint(turned_left)), inverse_gaps)
    skew_right = multiply(subtract(turned_right, adjoint(turned_right)), inverse_gaps)
    inner = add(multiply(skew_left, by_column), multiply(by_row, skew_right))
    inner = add(inner, on_diagonal(base.cast(of_values, dtype)))
    inverse_values = base.cast(reciprocal(values), dtype)
    if dtypes.is_complex(dtype):
        from croton.ops.complex_numbers import imag

        phase = subtract(imag(diagonal_of(turned_left)), imag(diagonal_of(turned_right)))
        inner = add(inner, on_diagonal(multiply(multiply(phase, 0.5j), inverse_values)))
    result = product(left, inner, right)
    rows, columns = base.shape_of(matrix)[-2:]
    size = base.shape_of(values)[-1]
    if rows != size:
        outside = subtract(of_left, product(left, turned_left))
        result = add(result, product(multiply(outside, expand_dims(inverse_values, -2)), right))
    if columns != size:
        outside = subtract(of_right, product(adjoint(turned_right), right))
        result = add(result, product(left, multiply(expand_dims(inverse_values, -1), outside)))
    return result


def reciprocal(x: Array) -> Array:
    """1 / x, and 0 where x is 0."""
    from croton.ops.arithmetic import divide, where
    from croton.ops.comparison import equal

    one = base.cast(1, base.dtype_of(x))
    at_zero = equal(x, zero_of(x))
    return where(at_zero, zero_of(x), divide(one, where(at_zero, one, x)))


def svd(a: object, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U (..., m, k), s (..., k), V^H (..., k, n) with a = U diag(s) V^H, k = min(m, n); or s alone.

    full_matrices: square U and V, whose gradient exists for square a alone. Gradients by vectors exist where
    singular values differ; those that coincide contribute nothing against each other. Functions of complex
    vectors must not depend on their phases. hermitian: accepted for NumPy's sake.

    Raises:
        ShapeError: not a matrix or a stack of them. LinAlgError: infinite or NaN entries.
    """
    matrix = as_matrix(a)
    if not compute_uv:
        return singular_values(matrix)
    left, values, right = apply(SingularValues(True, bool(full_matrices)), matrix)
    return left, values, right


def singular_values(matrix: Array) -> Array:
    """Singular values, falling."""
    return apply_one(SingularValues(False, False), matrix)


def svdvals(a: object) -> Array:
    """Singular values (..., min(m, n)), falling: see `svd`."""
    return singular_values(as_matrix(a))


def matrix_rank(a: object, tol: object = None, hermitian: bool = False, *, rtol: object = None) -> Array:
    """The number of singular values above tol, int64; of fewer than two axes: whether anything is not 0.

    tol: for each matrix; by default rtol times the largest singular value. rtol: by default max(m, n) times
    the spacing of the dtype. hermitian: use eigenvalues, of which the lower triangle tells.

    Raises:
        ValueError: tol and rtol are both given.
    """
    from croton.ops.arithmetic import absolute, multiply
    from croton.ops.comparison import greater, not_equal
    from croton.ops.linear_algebra.eigen import eigvalsh
    from croton.ops.reduction import any as any_over
    from croton.ops.reduction import reduce
    from croton.ops.reduction import sum as sum_over

    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank: tol and rtol cannot both be given")
    if base.rank_of(base.as_array(a)) < 2:
        return base.cast(any_over(not_equal(base.as_array(a), 0)), dtypes.INT64)
    matrix = as_matrix(a)
    values = absolute(eigvalsh(matrix)) if hermitian else singular_values(matrix)
    axis = base.rank_of(values) - 1
    if tol is None:
        limit = multiply(reduce("max", values, (axis,), True, empty=True), relative_cutoff(matrix, rtol))
    else:
        limit = expand_dims(base.cast(tol, base.dtype_of(values)), -1)
    return sum_over(base.cast(greater(values, limit), dtypes.INT64), -1)


def relative_cutoff(matrix: Array, rtol: object = None) -> Array:
    """rtol with an axis appended, or max(m, n) times the spacing of the dtype."""
    real = dtypes.real_dtype(base.dtype_of(matrix))
    if rtol is not None:
        cutoff = base.cast(rtol, real)
        return expand_dims(cutoff, -1) if base.rank_of(cutoff) else cutoff
    from croton.ops.arithmetic import multiply
    from croton.ops.dimension import size_as_number

    rows, columns = base.shape_of(matrix)[-2:]
    largest = dims.maximum(rows, columns)
    return multiply(base.cast(size_as_number(largest), real), float(np.finfo(real).eps))


def cond(x: object, p: Any = None) -> Array:
    """The condition number: the norm of x times that of its inverse, inf where x is singular.

    p: an order of `norm`; None and 2 stand for the ratio of the extreme singular values, -2 for its inverse.

    Raises:
        ShapeError: not a matrix or a stack of them, or not square where p needs an inverse.
    """
    from croton.ops.arithmetic import divide, multiply, where
    from croton.ops.comparison import isnan, logical_and, logical_not
    from croton.ops.linear_algebra.solving import inv
    from croton.ops.norms import norm
    from croton.ops.reduction import any as any_over
    from croton.ops.shape import squeeze
    from croton.ops.slicing import slice_axis

    matrix = as_matrix(x)
    if p is None or p in (2, -2):
        values = singular_values(matrix)
        axis = base.rank_of(values) - 1
        first, last = (slice_axis(values, axis, at, stop) for at, stop in ((0, 1), (-1, None)))
        return squeeze(divide(last, first) if p == -2 else divide(first, last), axis)
    result = multiply(norm(matrix, p, (-2, -1)), norm(inv(matrix, on_error="nan"), p, (-2, -1)))
    known = logical_not(any_over(isnan(matrix), (-2, -1)))
    return where(logical_and(isnan(result), known), base.cast(np.inf, base.dtype_of(result)), result)


__all__ = ["cond", "matrix_rank", "svd", "svdvals"]

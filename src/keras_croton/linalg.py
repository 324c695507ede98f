"""Keras's linalg functions, of matrices stacked along leading axes."""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.ops import arithmetic, base, norms
from croton.ops.contraction import matmul
from croton.ops.linear_algebra import cholesky as cholesky_factor
from croton.ops.linear_algebra import (
    determinant,
    eigen,
    general_eigen,
    least_squares,
    lu,
    orthogonal,
    singular_values,
    solving,
    triangular,
)
from croton.ops.linear_algebra.matrices import adjoint, identity_like
from keras_croton.conversion import convert_to_tensor, shape
from keras_croton.gradients import jvp
from keras_croton.numpy.promotion import floating, floating_operands

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]


def cholesky(a: Any, upper: bool = False) -> Any:
    """The lower triangular L with a = L L^H, or the upper triangular R with a = R^H R.

    Raises:
        LinAlgError: a is not positive definite.
    """
    return cholesky_factor.cholesky(floating(a), not upper)


def cholesky_inverse(a: Any, upper: bool = False) -> Any:
    """The inverse of the matrix whose Cholesky factor is `a`.

    Raises:
        LinAlgError: a zero on the diagonal.
    """
    factor = floating(a)
    inverse = triangular.solve_triangular(factor, identity_like(factor), lower=not upper)
    return matmul(inverse, adjoint(inverse)) if upper else matmul(adjoint(inverse), inverse)


def det(a: Any) -> Any:
    """The determinant."""
    return determinant.det(floating(a))


def eig(x: Any) -> tuple[Any, Any]:
    """Eigenvalues (..., n) and eigenvectors, the columns of (..., n, n); both complex."""
    return general_eigen.eig(floating(x))


def eigh(x: Any) -> tuple[Any, Any]:
    """Eigenvalues (..., n), rising, and eigenvectors of Hermitian matrices, whose lower half is read."""
    return eigen.eigh(floating(x))


def inv(a: Any) -> Any:
    """The inverse.

    Raises:
        LinAlgError: a matrix is singular.
    """
    return solving.inv(floating(a))


def lu_factor(x: Any) -> tuple[Any, Any]:
    """Both factors in one matrix, and the int32 numbers of the rows exchanged with each row, in turn."""
    both, pivots = lu.lu_factor(floating(x))
    return both, base.cast(pivots, dtypes.INT32)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's norm of vectors or matrices along one axis or two.

    Raises:
        ValueError: no such order for vectors, or for matrices.
    """
    return norms.norm(floating(x), ord, axis, keepdims)


def qr(x: Any, mode: str = "reduced") -> tuple[Any, Any]:
    """A matrix with orthonormal columns and an upper triangular one whose product is x.

    Raises:
        ValueError: the mode is neither "reduced" nor "complete".
    """
    if mode not in {"reduced", "complete"}:
        raise ValueError(
            "`mode` argument value not supported. Expected one of {'reduced', 'complete'}. "
            f"Received: mode={mode}"
        )
    orthonormal, upper = orthogonal.qr(floating(x), mode)
    return orthonormal, upper


def solve(a: Any, b: Any) -> Any:
    """x with a x = b; the right sides are vectors (..., n), or (..., n, k) with as many axes as a.

    Raises:
        LinAlgError: a matrix is singular.
    """
    matrix, right, axes = _system(a, b)
    return solving.solve(matrix, right, b_ndim=axes)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """As `solve`, for triangular matrices, of which the lower or the upper half is read.

    Raises:
        LinAlgError: a zero on the diagonal.
    """
    matrix, right, axes = _system(a, b)
    return triangular.solve_triangular(matrix, right, lower=lower, b_ndim=axes)


def _system(a: Any, b: Any) -> tuple[Any, Any, int]:
    """Matrices, right sides, and how many axes one of these has."""
    matrix, right = floating_operands(convert_to_tensor(a), convert_to_tensor(b))
    return matrix, right, 1 if base.rank_of(right) == base.rank_of(matrix) - 1 else 2


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, s, V^H with x = U diag(s) V^H and falling s; s alone without `compute_uv`."""
    return singular_values.svd(floating(x), full_matrices, compute_uv)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """The x of least norm for which a x comes nearest to b."""
    matrix, right = floating_operands(convert_to_tensor(a), convert_to_tensor(b))
    return least_squares.lstsq(matrix, right, rcond)[0]


def matrix_rank(x: Any, tol: Any = None) -> Any:
    """The int32 number of singular values above `tol`.

    Raises:
        ValueError: x has fewer than two axes.
    """
    return base.cast(singular_values.matrix_rank(_matrices(x), tol), dtypes.INT32)


def pinv(x: Any, rcond: Any = None) -> Any:
    """The Moore-Penrose inverse; singular values up to `rcond` times the largest count as zero.

    Raises:
        ValueError: x has fewer than two axes.
    """
    matrix = _matrices(x)
    if rcond is None:
        rcond = arithmetic.multiply(singular_values.relative_cutoff(matrix), 10)
    return least_squares.pinv(matrix, rcond)


def _matrices(x: Any) -> Any:
    matrix = floating(x)
    if base.rank_of(matrix) < 2:
        raise ValueError(f"Expected input to have rank >= 2. Received input with shape {shape(matrix)}.")
    return matrix

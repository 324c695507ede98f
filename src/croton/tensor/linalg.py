"""Linear algebra under NumPy's and SciPy's names."""

from croton.ops.contraction import inner, kron, matmul, outer, tensordot, vdot
from croton.ops.linear_algebra.cholesky import cholesky
from croton.ops.linear_algebra.determinant import det, slogdet
from croton.ops.linear_algebra.eigen import eigh, eigvalsh
from croton.ops.linear_algebra.exponential import expm
from croton.ops.linear_algebra.general_eigen import eig, eigvals
from croton.ops.linear_algebra.least_squares import lstsq, pinv
from croton.ops.linear_algebra.lu import lu, lu_factor, lu_solve
from croton.ops.linear_algebra.orthogonal import qr
from croton.ops.linear_algebra.products import (
    block_diag,
    diagonal,
    matrix_dot,
    matrix_power,
    matrix_transpose,
    multi_dot,
    trace,
)
from croton.ops.linear_algebra.riccati import solve_discrete_are
from croton.ops.linear_algebra.singular_values import cond, matrix_rank, svd, svdvals
from croton.ops.linear_algebra.solving import cho_solve, inv, solve, tensorinv, tensorsolve
from croton.ops.linear_algebra.sylvester import (
    solve_continuous_lyapunov,
    solve_discrete_lyapunov,
    solve_sylvester,
)
from croton.ops.linear_algebra.triangular import solve_triangular
from croton.ops.norms import euclidean_norm, matrix_norm, norm, vector_norm
from croton.ops.padding import cross

__all__ = [
    "block_diag",
    "cho_solve",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "euclidean_norm",
    "expm",
    "inner",
    "inv",
    "kron",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_solve",
    "matmul",
    "matrix_dot",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_continuous_lyapunov",
    "solve_discrete_are",
    "solve_discrete_lyapunov",
    "solve_sylvester",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vdot",
    "vector_norm",
]

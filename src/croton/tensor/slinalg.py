"""Linear algebra as Theano names what it took from SciPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from croton.ops.base import Array
from croton.ops.contraction import kron
from croton.ops.linear_algebra.cholesky import cholesky
from croton.ops.linear_algebra.eigen import eigvalsh
from croton.ops.linear_algebra.exponential import expm
from croton.ops.linear_algebra.lu import lu, lu_factor, lu_solve
from croton.ops.linear_algebra.orthogonal import qr
from croton.ops.linear_algebra.pivots import pivots_to_permutation
from croton.ops.linear_algebra.products import block_diag
from croton.ops.linear_algebra.riccati import solve_discrete_are
from croton.ops.linear_algebra.solving import cho_solve, solve
from croton.ops.linear_algebra.sylvester import (
    solve_continuous_lyapunov,
    solve_discrete_lyapunov,
    solve_sylvester,
)
from croton.ops.linear_algebra.triangular import (
    solve_lower_triangular,
    solve_triangular,
    solve_upper_triangular,
)

__all__ = [
    "MATRIX_STRUCTURES",
    "Cholesky",
    "CholeskySolve",
    "Eigvalsh",
    "Expm",
    "Solve",
    "SolveTriangular",
    "block_diag",
    "cho_solve",
    "cholesky",
    "eigvalsh",
    "expm",
    "kron",
    "lu",
    "lu_factor",
    "lu_solve",
    "pivots_to_permutation",
    "qr",
    "solve",
    "solve_continuous_lyapunov",
    "solve_discrete_are",
    "solve_discrete_lyapunov",
    "solve_lower_triangular",
    "solve_sylvester",
    "solve_symmetric",
    "solve_triangular",
    "solve_upper_triangular",
]

_ASSUMED = {
    "general": "gen",
    "symmetric": "sym",
    "lower_triangular": "lower",
    "upper_triangular": "upper",
    "hermitian": "her",
    "banded": "gen",
    "diagonal": "gen",
    "toeplitz": "gen",
}
MATRIX_STRUCTURES = tuple(_ASSUMED)
_Function = Callable[..., Array]

solve_symmetric: _Function = partial(solve, assume_a="sym", lower=True)


def Cholesky(lower: bool = True, on_error: str = "raise") -> _Function:
    """The function `cholesky` with these settings."""
    return partial(cholesky, lower=lower, on_error=on_error)


def CholeskySolve(lower: bool = True) -> _Function:
    """The function of a Cholesky factor c and b that gives x with a x = b: see `cho_solve`."""
    return lambda c, b: cho_solve((c, lower), b)


def Solve(
    A_structure: str = "general", lower: bool = False, overwrite_A: bool = False, overwrite_b: bool = False
) -> _Function:
    """The function `solve` for matrices of one of MATRIX_STRUCTURES.

    Raises:
        ValueError: another structure.
    """
    if A_structure not in _ASSUMED:
        raise ValueError(f"Solve: A_structure must be one of {MATRIX_STRUCTURES}, got {A_structure!r}")
    return partial(solve, assume_a=_ASSUMED[A_structure], lower=lower)


def SolveTriangular(trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False) -> _Function:
    """The function `solve_triangular` with these settings."""
    return partial(solve_triangular, trans=trans, lower=lower, unit_diagonal=unit_diagonal)


def Eigvalsh(lower: bool = True) -> _Function:
    """The function `eigvalsh` reading one triangle."""
    return partial(eigvalsh, lower=lower)


def Expm() -> _Function:
    """The function `expm`."""
    return expm

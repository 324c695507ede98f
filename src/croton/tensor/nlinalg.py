"""Linear algebra as Theano names what it took from NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from croton.ops.base import Array
from croton.ops.contraction import kron
from croton.ops.creation import diag, trace
from croton.ops.linear_algebra.determinant import det, slogdet
from croton.ops.linear_algebra.eigen import eigh
from croton.ops.linear_algebra.general_eigen import eig
from croton.ops.linear_algebra.least_squares import lstsq, pinv
from croton.ops.linear_algebra.orthogonal import qr
from croton.ops.linear_algebra.products import matrix_dot, matrix_power
from croton.ops.linear_algebra.singular_values import svd
from croton.ops.linear_algebra.solving import inv, tensorinv, tensorsolve
from croton.ops.norms import norm

__all__ = [
    "SVD",
    "AllocDiag",
    "Det",
    "Eig",
    "Eigh",
    "ExtractDiag",
    "MatrixInverse",
    "MatrixPinv",
    "QRFull",
    "QRIncomplete",
    "TensorInv",
    "alloc_diag",
    "det",
    "diag",
    "eig",
    "eigh",
    "extract_diag",
    "inv",
    "kron",
    "lstsq",
    "matrix_dot",
    "matrix_inverse",
    "matrix_power",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "svd",
    "tensorinv",
    "tensorsolve",
    "trace",
]

matrix_inverse = inv
_Function = Callable[..., Any]


def alloc_diag(v: object) -> Array:
    """The matrix with the vector v as its diagonal.

    Raises:
        ShapeError: v is no vector.
    """
    return _diag_of(v, 1, "alloc_diag")


def extract_diag(x: object) -> Array:
    """The diagonal of the matrix x.

    Raises:
        ShapeError: x is no matrix.
    """
    return _diag_of(x, 2, "extract_diag")


def _diag_of(x: object, rank: int, name: str) -> Array:
    from croton.graph.errors import ShapeError
    from croton.ops import base

    array = base.as_array(x)
    if base.rank_of(array) != rank:
        raise ShapeError(f"{name}: expected an array of {rank} axes, got {base.rank_of(array)}")
    return diag(array)


def MatrixInverse() -> _Function:
    """The function `inv`."""
    return inv


def MatrixPinv(hermitian: bool = False) -> _Function:
    """The function `pinv`."""
    return partial(pinv, hermitian=hermitian)


def Det() -> _Function:
    """The function `det`."""
    return det


def AllocDiag() -> _Function:
    """The function `alloc_diag`."""
    return alloc_diag


def ExtractDiag(view: bool = False) -> _Function:
    """The function `extract_diag`."""
    return extract_diag


def Eig() -> _Function:
    """The function `eig`."""
    return eig


def Eigh(UPLO: str = "L") -> _Function:
    """The function `eigh` reading one triangle."""
    return partial(eigh, UPLO=UPLO)


def QRFull(mode: str = "reduced") -> _Function:
    """The function `qr` with Q and R."""
    return partial(qr, mode=mode)


def QRIncomplete(mode: str = "r") -> _Function:
    """The function `qr` with R alone."""
    return partial(qr, mode=mode)


def SVD(full_matrices: bool = True, compute_uv: bool = True) -> _Function:
    """The function `svd` with these settings."""
    return partial(svd, full_matrices=full_matrices, compute_uv=compute_uv)


def TensorInv(ind: int = 2) -> _Function:
    """The function `tensorinv`."""
    return partial(tensorinv, ind=ind)

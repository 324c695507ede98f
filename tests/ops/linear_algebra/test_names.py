"""The names of Theano's modules slinalg and nlinalg, and of NumPy's and SciPy's linear algebra."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg

import croton as ct
import croton.tensor as T

from .stacks import dense, positive, regular


@pytest.mark.parametrize("module", [T.linalg, T.slinalg, T.nlinalg])
def test_every_listed_name_exists(module: object) -> None:
    for name in module.__all__:  # type: ignore[attr-defined]
        assert getattr(module, name) is not None


def test_names_of_slinalg() -> None:
    a, p, b = regular("float64", 3), positive("float64", 3), dense("float64", 3)
    x, y, v = T.matrix("x"), T.matrix("y"), T.vector("v")
    S = T.slinalg
    outputs = {
        "lower": (S.solve_lower_triangular(x, v), scipy.linalg.solve_triangular(a, b, lower=True)),
        "upper": (S.solve_upper_triangular(x, v), scipy.linalg.solve_triangular(a, b)),
        "Solve": (S.Solve()(x, v), np.linalg.solve(a, b)),
        "Solve lower": (S.Solve("lower_triangular")(x, v), scipy.linalg.solve_triangular(a, b, lower=True)),
        "symmetric": (S.solve_symmetric(y, v), np.linalg.solve(p, b)),
        "SolveTriangular": (S.SolveTriangular(1)(x, v), scipy.linalg.solve_triangular(a, b, 1)),
        "Cholesky": (S.Cholesky(lower=False)(y), scipy.linalg.cholesky(p)),
        "CholeskySolve": (S.CholeskySolve()(S.cholesky(y), v), np.linalg.solve(p, b)),
        "Eigvalsh": (S.Eigvalsh()(y, None), np.linalg.eigvalsh(p)),
        "Expm": (S.Expm()(x), scipy.linalg.expm(a)),
        "kron": (S.kron(x, y), np.kron(a, p)),
    }
    results = ct.function([x, y, v], [output for output, _ in outputs.values()])(a, p, b)
    for (name, (_, expected)), result in zip(outputs.items(), results, strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-11, err_msg=name)
    with pytest.raises(ValueError, match="A_structure must be one of"):
        S.Solve("round")


def test_names_of_nlinalg() -> None:
    a, p = regular("float64", 3), positive("float64", 3)
    x, y = T.matrix("x"), T.matrix("y")
    N = T.nlinalg
    outputs = {
        "matrix_inverse": (N.matrix_inverse(x), np.linalg.inv(a)),
        "MatrixInverse": (N.MatrixInverse()(x), np.linalg.inv(a)),
        "MatrixPinv": (N.MatrixPinv()(x), np.linalg.inv(a)),
        "Det": (N.Det()(x), np.linalg.det(a)),
        "trace": (N.trace(x), np.trace(a)),
        "alloc_diag": (N.AllocDiag()(x[0]), np.diag(a[0])),
        "extract_diag": (N.ExtractDiag()(x), np.diag(a)),
        "eig": (T.sum(N.Eig()(x)[0]), np.trace(a)),
        "Eigh": (N.Eigh("U")(y)[0], np.linalg.eigvalsh(p)),
        "QRFull": (T.dot(*N.QRFull()(x)), a),
        "QRIncomplete": (N.QRIncomplete()(x), np.linalg.qr(a, "r")),
        "SVD": (N.SVD(compute_uv=False)(x), np.linalg.svd(a, compute_uv=False)),
        "TensorInv": (N.TensorInv(1)(x), np.linalg.inv(a)),
    }
    results = ct.function([x, y], [output for output, _ in outputs.values()])(a, p)
    for (name, (_, expected)), result in zip(outputs.items(), results, strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-11, err_msg=name)
    with pytest.raises(ValueError, match="alloc_diag: expected an array of 1 axes, got 2"):
        N.alloc_diag(x)


def test_linear_algebra_is_imported_when_asked_for() -> None:
    code = (
        "import sys, croton, croton.tensor as T\n"
        "assert not any(name.startswith('croton.ops.linear_algebra.') for name in sys.modules)\n"
        "assert 'linalg' in dir(T)\n"
        "T.linalg.solve, T.slinalg.cholesky, T.nlinalg.pinv, T.det\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        getattr(T, "no_such_name")  # noqa: B009 - a type checker knows no such name either

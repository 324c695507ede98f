"""Eigenvalues and eigenvectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import croton as ct
import croton.tensor as T

from .stacks import DTYPES, adjoint, all_computed, close, dense, positive, regular

L = T.linalg


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 5])
def test_hermitian_matrices(dtype: str, size: int) -> None:
    a = regular(dtype, size, 3)
    a = a + adjoint(a)

    def build(a: Any) -> list[Any]:
        return [
            *L.eigh(T.tril(a)),
            *L.eigh(T.triu(a), UPLO="U"),
            L.eigvalsh(T.tril(a)),
            L.eigvalsh(a, UPLO="U"),
        ]

    w, v, w2, v2, w3, w4 = all_computed(build, a)
    expected = np.linalg.eigvalsh(a)
    for values in (w, w2, w3, w4):
        close(values, expected)
    for vectors in (v, v2):
        close(a @ vectors, vectors * w[..., None, :], factor=5)
        close(adjoint(vectors) @ vectors, np.broadcast_to(np.eye(size), a.shape), factor=5)


def test_signs_are_those_of_numpy() -> None:
    a = positive("float64", 5, 3)
    for result, expected in zip(all_computed(lambda a: list(L.eigh(a)), a), np.linalg.eigh(a), strict=True):
        close(result, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lower", [True, False])
def test_pairs_of_matrices(dtype: str, lower: bool) -> None:
    a, b = regular(dtype, 4), positive(dtype, 4, seed=3)
    a = a + adjoint(a)

    def build(a: Any, b: Any) -> list[Any]:
        return [*L.eigh(a, b, "L" if lower else "U"), L.eigvalsh(a, b, lower)]

    w, v, values = all_computed(build, a, b)
    close(w, scipy.linalg.eigvalsh(a, b), factor=5)
    close(values, w, factor=5)
    close(a @ v, b @ v * w, factor=10)
    close(adjoint(v) @ b @ v, np.eye(4), factor=10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 6])
def test_general_matrices(dtype: str, size: int) -> None:
    a = dense(dtype, 3, size, size, seed=4)
    w, v, values = all_computed(lambda a: [*L.eig(a), L.eigvals(a)], a)
    assert w.dtype.kind == "c"
    close(a @ v, v * w[..., None, :], factor=10)
    for found, expected in zip(values, np.linalg.eigvals(a), strict=True):
        close(np.sort_complex(found), np.sort_complex(expected.astype(found.dtype)), factor=10)
    close(np.linalg.norm(v, axis=-2), np.ones((3, size)))


def test_coinciding_eigenvalues_have_finite_gradients() -> None:
    a = T.matrix("a")
    values, vectors = L.eigh(a)
    restored = T.dot(vectors * values**2, vectors.T)
    gradient = ct.function([a], ct.grad(T.sum(values) + T.sum(restored), a))
    assert np.isfinite(gradient(np.eye(3))).all()


def test_eigenvalues_of_a_rotation() -> None:
    rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    (values,) = all_computed(lambda a: [L.eigvals(a)], rotation)
    np.testing.assert_allclose(np.sort_complex(values), [-1j, 1j], atol=1e-15)


def test_entries_that_are_not_finite() -> None:
    a = T.matrix("a")
    for build in (L.eig, L.eigvals, L.eigh, L.eigvalsh):
        with pytest.raises(np.linalg.LinAlgError, match="entries that are infinite or NaN"):
            ct.function([a], build(a))(np.full((2, 2), np.nan))
        with pytest.raises(np.linalg.LinAlgError, match="entries that are infinite or NaN"):
            build(np.full((2, 2), np.inf))


def test_a_triangle_that_is_not_read_may_hold_anything() -> None:
    a = np.array([[1.0, np.nan], [2.0, 3.0]])
    (values,) = all_computed(lambda a: [L.eigh(a)[0]], a)
    close(values, np.linalg.eigvalsh(np.array([[1.0, 2.0], [2.0, 3.0]])))


def test_bad_input() -> None:
    for call in (L.eig, L.eigh, L.eigvals, L.eigvalsh):
        with pytest.raises(ValueError, match="square"):
            call(np.ones((2, 3)))
    with pytest.raises(ValueError, match="UPLO"):
        L.eigh(np.eye(2), UPLO="M")
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        L.eigh(np.eye(2), -np.eye(2))

"""The exponential of matrices."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.linalg

import croton as ct
import croton.tensor as T

from .stacks import DTYPES, all_computed, close, dense

L = T.linalg


@pytest.mark.parametrize("dtype", DTYPES)
def test_norms_of_every_degree_of_approximation(dtype: str) -> None:
    scales = np.array([0, 1e-3, 0.03, 0.2, 0.5, 1, 5, 30])[:, None, None]
    a = (scales * dense(dtype, 8, 4, 4) / 2).astype(dtype)
    (result,) = all_computed(lambda a: [L.expm(a)], a)
    for found, matrix in zip(result, a, strict=True):
        close(found, scipy.linalg.expm(matrix), factor=50)


def test_against_forty_digits() -> None:
    a = np.array([[1.0, 30.0, -2.0], [0.0, -3.0, 100.0], [0.01, 0.0, 2.0]])
    with mpmath.workdps(40):
        exact = mpmath.expm(mpmath.matrix(a.tolist()), method="taylor")
        expected = np.array([[float(exact[i, j]) for j in range(3)] for i in range(3)])
    (result,) = all_computed(lambda a: [L.expm(a)], a)
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


def test_special_matrices() -> None:
    nilpotent = np.array([[0.0, 1.0], [0.0, 0.0]])
    stack = np.stack([nilpotent, np.diag([1.0, 2.0]), np.full((2, 2), np.nan), np.full((2, 2), np.inf)])
    (result,) = all_computed(lambda a: [L.expm(a)], stack)
    close(result[0], np.eye(2) + nilpotent)
    close(result[1], np.diag(np.exp([1.0, 2.0])))
    assert np.isnan(result[2:]).all()
    assert all_computed(lambda a: [L.expm(a)], np.zeros((0, 0)))[0].shape == (0, 0)


def test_the_gradient_is_the_frechet_derivative() -> None:
    a, direction, weights = (dense("float64", 5, 5, seed=seed) for seed in range(3))
    x = T.matrix("x")
    slope = ct.function([x], ct.grad(T.sum(L.expm(x) * weights), x))(a)
    along = scipy.linalg.expm_frechet(a, direction, compute_expm=False)
    np.testing.assert_allclose(np.sum(slope * direction), np.sum(along * weights), rtol=1e-11)


def test_a_huge_cotangent_costs_no_accuracy() -> None:
    a, weights = dense("float64", 4, 4), dense("float64", 4, 4, seed=1)
    x, scale = T.matrix("x"), T.scalar("scale")
    slope = ct.function([x, scale], ct.grad(T.sum(L.expm(x) * weights * scale), x))
    np.testing.assert_allclose(slope(a, 1e12) / 1e12, slope(a, 1.0), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(slope(a, 0.0), np.zeros((4, 4)))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="expm: rows and columns of a square matrix"):
        L.expm(np.ones((2, 3)))

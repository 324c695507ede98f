"""Cholesky factors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

import croton as ct
import croton.tensor as T

from .stacks import DTYPES, adjoint, all_computed, close, dense, positive

L = T.linalg


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 5])
def test_factors_of_stacks(dtype: str, size: int) -> None:
    a = positive(dtype, size, 3)
    lower, upper, read = all_computed(
        lambda a: [L.cholesky(a), L.cholesky(a, lower=False), L.cholesky(T.tril(a))], a
    )
    close(lower, np.linalg.cholesky(a))
    close(upper, adjoint(np.linalg.cholesky(a)))
    close(read, lower)


@pytest.mark.parametrize("lower", [True, False])
def test_factors_solve_systems(lower: bool) -> None:
    a, b = positive("complex128", 4, 2), dense("complex128", 2, 4, 3)
    (result,) = all_computed(lambda a, b: [L.cho_solve((L.cholesky(a, lower=lower), lower), b)], a, b)
    close(result, np.linalg.solve(a, b))


def test_a_matrix_that_is_not_positive_definite() -> None:
    stack = np.stack([np.eye(2), -np.eye(2), np.full((2, 2), np.nan)])
    a = T.tensor3("a")
    with pytest.raises(
        np.linalg.LinAlgError, match=r"cholesky: the matrix is not positive definite \(number 1"
    ):
        ct.function([a], L.cholesky(a))(stack)
    with pytest.raises(np.linalg.LinAlgError, match="solve: the matrix is not positive definite"):
        ct.function([a], L.solve(a, np.ones((2, 1)), assume_a="pos"))(stack)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        L.cholesky(-np.eye(2))
    (factors,) = all_computed(lambda a: [L.cholesky(a, on_error="nan")], stack)
    np.testing.assert_array_equal(factors[0], np.eye(2))
    assert np.isnan(factors[1:]).all()


def test_the_gradient_is_symmetric() -> None:
    """As if both triangles were read: of the trace of L, for a diagonal matrix and beside it."""
    a = T.matrix("a")
    gradient = ct.function([a], ct.grad(T.sum(L.cholesky(a)), a))(positive("float64", 4))
    np.testing.assert_allclose(gradient, gradient.T)


def test_log_density_of_a_normal_distribution() -> None:
    """The usual program: value and gradient against the textbook's formula."""
    covariance, x = positive("float64", 3), dense("float64", 3)
    a, v = T.matrix("a"), T.vector("v")
    factor = L.cholesky(a)
    white = L.solve_triangular(factor, v, lower=True)
    value = -0.5 * T.dot(white, white) - T.sum(T.log(T.diagonal(factor))) - 1.5 * np.log(2 * np.pi)
    found, slope = ct.function([a, v], [value, ct.grad(value, a)])(covariance, x)

    assert found == pytest.approx(scipy.stats.multivariate_normal(cov=covariance).logpdf(x))
    pulled = scipy.linalg.solve(covariance, x)
    np.testing.assert_allclose(slope, 0.5 * (np.outer(pulled, pulled) - np.linalg.inv(covariance)), rtol=1e-9)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="square"):
        L.cholesky(np.ones((2, 3)))
    with pytest.raises(ValueError, match="expected a matrix"):
        L.cholesky(np.ones(3))
    with pytest.raises(ValueError, match="on_error"):
        L.cholesky(np.eye(2), on_error="zero")

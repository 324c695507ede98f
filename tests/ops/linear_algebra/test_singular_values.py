"""Singular value decompositions, ranks, condition numbers, pseudo-inverses and least squares."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.linalg

import croton as ct
import croton.tensor as T

from .stacks import DTYPES, adjoint, all_computed, close, dense, positive, regular

L = T.linalg


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (5, 3), (3, 5), (0, 0), (3, 0), (0, 2), (1, 1)])
def test_decompositions(dtype: str, rows: int, columns: int) -> None:
    a = dense(dtype, 2, rows, columns)
    u, s, v, full_u, _, full_v, values = all_computed(
        lambda a: [*L.svd(a, full_matrices=False), *L.svd(a), L.svdvals(a)], a
    )
    close(s, np.linalg.svd(a, compute_uv=False))
    close(values, s)
    close((u * s[..., None, :]) @ v, a)
    close(adjoint(full_u) @ full_u, np.broadcast_to(np.eye(rows), (2, rows, rows)))
    close(full_v @ adjoint(full_v), np.broadcast_to(np.eye(columns), (2, columns, columns)))


def test_signs_are_those_of_numpy() -> None:
    a = dense("float64", 3, 6, 4)
    results = all_computed(lambda a: list(L.svd(a)), a)
    for result, expected in zip(results, np.linalg.svd(a), strict=True):
        close(result, expected)


def test_small_singular_values_of_an_ill_conditioned_matrix() -> None:
    hilbert = scipy.linalg.hilbert(6)
    with mpmath.workdps(40):
        exact = [float(x) for x in mpmath.svd_r(mpmath.matrix(hilbert.tolist()), compute_uv=False)]
    (values,) = all_computed(lambda a: [L.svdvals(a)], hilbert)
    np.testing.assert_allclose(values, exact, rtol=0, atol=1e-15)


def test_coinciding_singular_values_have_finite_gradients() -> None:
    a = T.matrix("a")
    left, values, right = L.svd(a, full_matrices=False)
    gradient = ct.function([a], ct.grad(T.sum(values) + T.sum(T.dot(left, right)), a))
    assert np.isfinite(gradient(np.eye(3))).all()
    assert np.isfinite(gradient(np.zeros((3, 3)))).all()


def test_the_gradient_of_the_nuclear_norm() -> None:
    x = dense("float64", 4, 3)
    a = T.matrix("a")
    u, _, v = np.linalg.svd(x, full_matrices=False)
    close(ct.function([a], ct.grad(L.norm(a, "nuc"), a))(x), u @ v)


def test_ranks_and_condition_numbers() -> None:
    a = regular("float64", 4, 2)
    low = a.copy()
    low[1, 0] = low[1, 1]
    hermitian = low @ adjoint(low)

    def build(a: Any, low: Any, hermitian: Any) -> list[Any]:
        orders = [None, 2, -2, 1, -1, np.inf, "fro"]
        ranks = [L.matrix_rank(low), L.matrix_rank(hermitian, hermitian=True), L.matrix_rank(a, tol=3.0)]
        return [*ranks, L.matrix_rank(a, rtol=0.5), L.matrix_rank(a[0, 0]), *(L.cond(a, p) for p in orders)]

    results = all_computed(build, a, low, hermitian)
    np.testing.assert_array_equal(results[0], [4, 3])
    np.testing.assert_array_equal(results[1], [4, 3])
    np.testing.assert_array_equal(results[2], np.linalg.matrix_rank(a, tol=3.0))
    largest = np.linalg.norm(a, 2, (-2, -1))
    np.testing.assert_array_equal(results[3], np.linalg.matrix_rank(a, tol=0.5 * largest))
    assert results[4] == 1
    for result, order in zip(results[5:], [None, 2, -2, 1, -1, np.inf, "fro"], strict=True):
        close(result, np.linalg.cond(a, order))
    assert np.isinf(ct.function([], L.cond(T.constant(np.zeros((2, 2))) * 1.0, 1))())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (5, 3), (3, 5)])
def test_pseudo_inverses(dtype: str, rows: int, columns: int) -> None:
    a = dense(dtype, 2, rows, columns)
    p = positive(dtype, 4)
    plain, cut, hermitian = all_computed(
        lambda a, p: [L.pinv(a), L.pinv(a, rcond=0.5), L.pinv(p, hermitian=True)], a, p
    )
    close(plain, np.linalg.pinv(a), factor=10)
    close(cut, np.linalg.pinv(a, 0.5), factor=10)
    close(hermitian, np.linalg.inv(p))


@pytest.mark.parametrize("dtype", DTYPES)
def test_least_squares(dtype: str) -> None:
    tall, wide = dense(dtype, 5, 3), dense(dtype, 3, 5)
    many, one = dense(dtype, 5, 2), dense(dtype, 3)

    def build(tall: Any, wide: Any, many: Any, one: Any) -> list[Any]:
        return [*L.lstsq(tall, many), *L.lstsq(wide, one)]

    results = all_computed(build, tall, wide, many, one)
    for result, expected in zip(results[:4], np.linalg.lstsq(tall, many), strict=True):
        close(result, np.asarray(expected), factor=10)
    expected = np.linalg.lstsq(wide, one)
    close(results[4], expected[0], factor=10)
    close(results[5], np.zeros(1), factor=10)
    assert results[6] == 3
    close(results[7], expected[3])


def test_least_squares_without_full_rank_has_the_least_norm() -> None:
    a, b = dense("float64", 5, 4), dense("float64", 5)
    a[:, 3] = a[:, 0] - a[:, 1]
    results = all_computed(lambda a, b: list(L.lstsq(a, b)), a, b)
    close(results[0], np.linalg.lstsq(a, b)[0])
    assert results[2] == 3


def test_entries_that_are_not_finite() -> None:
    a = T.matrix("a")
    for build in (L.svd, L.svdvals, lambda a: L.norm(a, 2)):
        with pytest.raises(
            np.linalg.LinAlgError, match="svd: the matrix has entries that are infinite or NaN"
        ):
            ct.function([a], build(a))(np.full((2, 2), np.nan))
        with pytest.raises(np.linalg.LinAlgError, match="infinite or NaN"):
            build(np.full((2, 2), np.inf))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="expected a matrix"):
        L.svd(np.ones(2))
    with pytest.raises(ValueError, match="rows of"):
        L.lstsq(np.ones((3, 2)), np.ones(4))
    with pytest.raises(ValueError, match="expected a matrix and right sides"):
        L.lstsq(np.ones(3), np.ones(3))
    for call in (lambda a: L.pinv(a, 0.1, rtol=0.1), lambda a: L.matrix_rank(a, 0.1, rtol=0.1)):
        with pytest.raises(ValueError, match="cannot both be given"):
            call(np.eye(2))
    a = T.tensor("float64", shape=(4, 2))
    with pytest.raises(TypeError, match="full_matrices=True has no gradient"):
        ct.grad(T.sum(L.svd(a)[0]), a)

"""Systems of equations, inverses and factors with pivots."""

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
@pytest.mark.parametrize("static", [False, True])
def test_systems_and_inverses_of_stacks(dtype: str, static: bool) -> None:
    a, p, b = regular(dtype, 5, 2, 3), positive(dtype, 5, 2, 3), dense(dtype, 2, 3, 5, 2)

    def build(a: Any, p: Any, b: Any) -> list[Any]:
        return [
            L.solve(a, b),
            L.solve(a, b, transposed=True),
            L.solve(p, b, assume_a="pos"),
            L.solve(T.triu(p), b, assume_a="her"),
            L.solve(T.tril(p), b, assume_a="her", lower=True),
            L.solve(T.triu(a), b, assume_a="sym"),
            L.solve(T.tril(p), b, assume_a="positive definite", lower=True),
            L.inv(a),
        ]

    results = all_computed(build, a, p, b, static=static)
    symmetric = np.triu(a) + np.swapaxes(np.triu(a, 1), -1, -2)
    matrices = [a, np.swapaxes(a, -1, -2), p, p, p, symmetric, p]
    for position, matrix in enumerate(matrices):
        close(results[position], np.linalg.solve(matrix, b), f"system {position}")
    close(results[7], np.linalg.inv(a))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("trans", [0, 1, 2])
def test_triangular_systems(dtype: str, trans: int) -> None:
    a, b = regular(dtype, 4, 3), dense(dtype, 3, 4, 2)
    settings = [(lower, unit) for lower in (True, False) for unit in (True, False)]
    results = all_computed(
        lambda a, b: [L.solve_triangular(a, b, trans, lower, unit) for lower, unit in settings], a, b
    )
    for (lower, unit), result in zip(settings, results, strict=True):
        for x, matrix, right in zip(result, a, b, strict=True):
            close(x, scipy.linalg.solve_triangular(matrix, right, trans, lower, unit), f"{lower} {unit}")


def test_vectors_and_broadcasting() -> None:
    a, b, stack = regular("float64", 3), dense("float64", 3), dense("float64", 4, 3, 2)

    def build(a: Any, b: Any, stack: Any) -> list[Any]:
        vectors = [
            L.solve(a, b),
            L.solve_triangular(a, b),
            L.cho_solve((a, True), b),
            L.lu_solve(L.lu_factor(a), b),
        ]
        return [*vectors, L.solve(a, stack), L.solve(a, stack[:, :, 0], b_ndim=1)]

    results = all_computed(build, a, b, stack)
    close(results[0], np.linalg.solve(a, b))
    close(results[1], scipy.linalg.solve_triangular(a, b))
    close(results[2], scipy.linalg.cho_solve((a, True), b))
    close(results[3], np.linalg.solve(a, b))
    close(results[4], np.linalg.solve(a, stack))
    close(results[5], np.linalg.solve(a, stack[:, :, 0].T).T)


def test_integers_and_halves_are_promoted() -> None:
    whole = np.array([[2, 1], [1, 3]])
    close(all_computed(lambda a: [L.solve(a, a[0])], whole)[0], np.linalg.solve(whole, whole[0]))
    half = whole.astype(np.float16)
    (result,) = all_computed(lambda a: [L.inv(a)], half)
    assert result.dtype == np.float32
    mixed = all_computed(lambda a, b: [L.solve(a, b)], whole.astype(np.float32), whole.astype(np.complex64))
    assert mixed[0].dtype == np.complex64


def test_an_ill_conditioned_system_has_a_small_residual() -> None:
    """Hilbert's matrix: as exact as LAPACK's own driver, measured against fifty digits."""
    size = 8
    hilbert, ones = scipy.linalg.hilbert(size), np.ones(size)
    with mpmath.workdps(50):
        exact = mpmath.lu_solve(mpmath.matrix(hilbert.tolist()), mpmath.matrix(ones.tolist()))
        expected = np.array([float(x) for x in exact])
    a, b = T.matrix("a"), T.vector("b")
    solution = ct.function([a, b], L.solve(a, b))(hilbert, ones)
    assert np.max(np.abs(solution - expected) / np.abs(expected)) < np.linalg.cond(hilbert) * 1e-15
    assert np.max(np.abs(hilbert @ solution - ones)) < 1e-8


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (5, 3), (3, 5)])
def test_lu(dtype: str, rows: int, columns: int) -> None:
    a = dense(dtype, 2, rows, columns)

    def build(a: Any) -> list[Any]:
        return [*L.lu(a), *L.lu(a, permute_l=True), *L.lu(a, p_indices=True), *L.lu_factor(a)]

    p, lower, u, pl, u2, order, l2, u3, factors, pivots = all_computed(build, a)
    close(p @ lower @ u, a)
    close(pl @ u2, a)
    for number in range(2):
        close(l2[number][order[number]] @ u3[number], a[number])
        expected = scipy.linalg.lu_factor(a[number])
        close(factors[number], expected[0])
        np.testing.assert_array_equal(pivots[number], expected[1])
    assert pivots.dtype == np.int32


@pytest.mark.parametrize("dtype", ["float64", "complex64"])
def test_factors_serve_a_matrix_its_transpose_and_its_adjoint(dtype: str) -> None:
    a, b = dense(dtype, 3, 4, 4), dense(dtype, 3, 4, 2)
    results = all_computed(lambda a, b: [L.lu_solve(L.lu_factor(a), b, trans) for trans in (0, 1, 2)], a, b)
    for matrix, result in zip([a, np.swapaxes(a, -1, -2), adjoint(a)], results, strict=True):
        close(matrix @ result, b, factor=10)


def test_empty_matrices_and_stacks() -> None:
    for a, b in [((0, 0), (0, 2)), ((0, 3, 3), (0, 3, 1)), ((2, 3, 3), (2, 3, 0))]:
        matrix = np.broadcast_to(np.eye(a[-1]), a).copy()
        results = all_computed(
            lambda a, b: [
                L.solve(a, b),
                L.inv(a),
                L.solve_triangular(a, b),
                *L.lu(a),
                L.solve(a, b, assume_a="pos"),
            ],
            matrix,
            np.zeros(b),
        )
        assert results[0].shape == b
        assert results[1].shape == a


def test_arguments_that_are_not_contiguous() -> None:
    wide = dense("float64", 8, 8)
    a, b = T.matrix("a"), T.matrix("b")
    solve = ct.function([a, b], L.solve(a, b))
    matrix, right = wide[::2, 1::2], wide.T[::2, ::3]
    close(solve(matrix, right), np.linalg.solve(matrix, right))


def test_tensor_systems() -> None:
    a, b = dense("float64", 2, 3, 6), dense("float64", 2, 3)
    turned = np.moveaxis(a, 2, 0)
    results = all_computed(
        lambda a, b: [L.tensorsolve(a, b), L.tensorinv(a), L.tensorsolve(T.moveaxis(a, 2, 0), b, axes=(0,))],
        a,
        b,
    )
    close(results[0], np.linalg.tensorsolve(a, b))
    close(results[1], np.linalg.tensorinv(a))
    close(results[2], np.linalg.tensorsolve(turned, b, axes=(0,)))


class TestSingularMatrices:
    def test_are_errors_that_name_the_operation_and_its_place(self) -> None:
        a = T.tensor3("a")
        functions = {
            "solve": ct.function([a], L.solve(a, np.ones((2, 1)))),
            "inv": ct.function([a], L.inv(a)),
            "solve_triangular": ct.function([a], L.solve_triangular(a, np.ones((2, 1)))),
        }
        stack = np.stack([np.eye(2), np.zeros((2, 2)), np.zeros((2, 2))])
        for name, function in functions.items():
            with pytest.raises(
                np.linalg.LinAlgError, match=rf"{name}: the matrix is singular \(number 1 "
            ) as caught:
                function(stack)
            assert "test_solving.py" in str(caught.value)

    def test_are_errors_in_eager_code(self) -> None:
        for call in (L.inv, lambda a: L.solve(a, np.ones(2)), lambda a: L.solve_triangular(a, np.ones(2))):
            with pytest.raises(np.linalg.LinAlgError, match="singular"):
                call(np.zeros((2, 2)))

    def test_give_nan_where_asked_for(self) -> None:
        stack = np.stack([np.eye(2), np.zeros((2, 2))])
        (result,) = all_computed(lambda a: [L.inv(a, on_error="nan")], stack)
        np.testing.assert_array_equal(result[0], np.eye(2))
        assert np.isnan(result[1]).all()

    def test_a_function_works_again_after_an_error(self) -> None:
        a = T.matrix("a")
        function = ct.function([a], L.inv(a))
        with pytest.raises(np.linalg.LinAlgError):
            function(np.zeros((2, 2)))
        np.testing.assert_array_equal(function(2 * np.eye(2)), np.eye(2) / 2)


class TestBadInput:
    def test_shapes(self) -> None:
        with pytest.raises(ValueError, match="solve: rows and columns of a square matrix: 2 and 3 differ"):
            L.solve(np.ones((2, 3)), np.ones(2))
        with pytest.raises(ValueError, match="other sizes: 2 and 3 differ"):
            L.solve(np.eye(2), np.ones(3))
        with pytest.raises(ValueError, match="1 and 1 axes"):
            L.solve(np.ones(2), np.ones(2))
        with pytest.raises(ValueError, match="do not broadcast"):
            L.solve(np.ones((2, 3, 3)), np.ones((4, 3, 1)))
        a, b = T.matrix("a"), T.vector("b")
        with pytest.raises(ValueError, match="other sizes: 2 and 3 differ"):
            ct.function([a, b], L.solve(a, b))(np.eye(2), np.ones(3))
        with pytest.raises(ValueError, match="fewer than the 2"):
            L.tensorsolve(np.ones(2), np.ones((1, 2)))

    def test_settings(self) -> None:
        with pytest.raises(ValueError, match="assume_a must be one of"):
            L.solve(np.eye(2), np.ones(2), assume_a="round")
        with pytest.raises(ValueError, match="trans must be"):
            L.solve_triangular(np.eye(2), np.ones(2), trans=3)
        with pytest.raises(ValueError, match="trans must be"):
            L.lu_solve(L.lu_factor(np.eye(2)), np.ones(2), trans=3)
        with pytest.raises(ValueError, match="b_ndim must be"):
            L.solve(np.eye(2), np.ones(2), b_ndim=3)
        with pytest.raises(ValueError, match="on_error must be"):
            L.inv(np.eye(2), on_error="zero")
        with pytest.raises(ValueError, match="ind must be positive"):
            L.tensorinv(np.eye(2), 0)

    def test_pivots_outside_the_rows(self) -> None:
        pivots = T.ivector("pivots")
        order = ct.function([pivots], T.slinalg.pivots_to_permutation(pivots, 3))
        np.testing.assert_array_equal(order(np.array([1, 2, 2], np.int32)), [1, 2, 0])
        with pytest.raises(IndexError, match="5"):
            order(np.array([1, 5, 2], np.int32))

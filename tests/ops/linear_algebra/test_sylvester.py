"""Sylvester's and Lyapunov's equations."""

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
def test_solutions_satisfy_the_equations(dtype: str) -> None:
    a, b = regular(dtype, 4, 2), regular(dtype, 3, 2, seed=2)
    q, s = dense(dtype, 2, 4, 3), dense(dtype, 2, 4, 4)

    def build(a: Any, b: Any, q: Any, s: Any) -> list[Any]:
        discrete = [L.solve_discrete_lyapunov(a, s, method) for method in ("direct", "bilinear", None)]
        return [L.solve_sylvester(a, b, q), L.solve_continuous_lyapunov(a, s), *discrete]

    x, y, *discrete = all_computed(build, a, b, q, s)
    close(a @ x + x @ b, q, factor=20)
    close(a @ y + y @ adjoint(a), s, factor=20)
    for z in discrete:
        close(a @ z @ adjoint(a) - z, -s, factor=20)


def test_single_matrices_agree_with_scipy() -> None:
    a, s = regular("float64", 3), dense("float64", 3, 3)
    results = all_computed(
        lambda a, s: [L.solve_discrete_lyapunov(a, s), L.solve_discrete_lyapunov(a, s, "direct")], a, s
    )
    for result in results:
        close(result, scipy.linalg.solve_discrete_lyapunov(a, s))


def test_complex_pairs_of_eigenvalues() -> None:
    """Schur forms of these real matrices have blocks of two rows."""
    a, b, q = dense("float64", 5, 5), dense("float64", 4, 4, seed=1), dense("float64", 5, 4, seed=2)
    (x,) = all_computed(lambda a, b, q: [L.solve_sylvester(a, b, q)], a, b, q)
    close(x, scipy.linalg.solve_sylvester(a, b, q), factor=10)


def test_empty_matrices() -> None:
    shapes = [(0, 0), (3, 3), (0, 3)]
    arrays = [np.zeros(shape) for shape in shapes]
    assert all_computed(lambda a, b, q: [L.solve_sylvester(a, b, q)], *arrays)[0].shape == (0, 3)


def test_an_equation_without_a_unique_solution() -> None:
    a = T.matrix("a")
    with pytest.raises(np.linalg.LinAlgError, match="solve_sylvester: the equation has no unique solution"):
        ct.function([a], L.solve_sylvester(a, -a, a))(np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="no unique solution"):
        L.solve_sylvester(np.eye(2), -np.eye(2), np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="infinite or NaN"):
        ct.function([a], L.solve_sylvester(a, a, a))(np.full((2, 2), np.nan))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="sizes of"):
        L.solve_sylvester(np.eye(2), np.eye(3), np.ones((2, 2)))
    with pytest.raises(ValueError, match="square"):
        L.solve_continuous_lyapunov(np.ones((2, 3)), np.eye(2))
    with pytest.raises(ValueError, match='method must be "direct" or "bilinear"'):
        L.solve_discrete_lyapunov(np.eye(2), np.eye(2), "quick")


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_discrete_riccati_equations(dtype: str) -> None:
    a, b = dense(dtype, 2, 3, 3), dense(dtype, 2, 3, 2)
    q, r = positive(dtype, 3), positive(dtype, 2)
    (x,) = all_computed(lambda a, b, q, r: [L.solve_discrete_are(a, b, q, r)], a, b, q, r)
    for number in range(2):
        close(x[number], scipy.linalg.solve_discrete_are(a[number], b[number], q, r))
    with pytest.raises(ValueError, match="sizes of"):
        L.solve_discrete_are(a, b, r, r)
    with pytest.raises(np.linalg.LinAlgError, match="solve_discrete_are"):
        L.solve_discrete_are(np.eye(2), np.zeros((2, 1)), np.eye(2), np.eye(1))

"""Determinants and their derivatives, of ordinary, singular, tiny and large matrices."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from ..agreement import check_gradients, computed, sample, tolerance


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("static", [False, True])
def test_values(size: int, dtype: str, static: bool) -> None:
    x = sample((3, size, size), dtype)
    limit = 100 * tolerance(dtype)
    np.testing.assert_allclose(computed(T.linalg.det, x, static=static), np.linalg.det(x), rtol=limit)
    for part in (0, 1):
        result = computed(lambda v, part=part: T.linalg.slogdet(v)[part], x, static=static)
        np.testing.assert_allclose(result, np.linalg.slogdet(x)[part], rtol=limit, atol=limit)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("static", [False, True])
def test_gradients(size: int, static: bool) -> None:
    x = sample((size, size), seed=2)
    check_gradients(T.linalg.det, x, static=static)
    check_gradients(lambda v: T.linalg.slogdet(v)[1], x, static=static, rtol=1e-5)


@pytest.mark.parametrize("static", [False, True])
def test_singular_matrices_have_cofactors(static: bool) -> None:
    x = sample((4, 3)) @ sample((3, 4), seed=1)
    check_gradients(T.linalg.det, x, second=False, static=static, rtol=1e-5)
    a = T.matrix("a")
    zero = ct.function([a], ct.grad(T.linalg.det(a), a))(np.zeros((3, 3)))
    np.testing.assert_array_equal(zero, np.zeros((3, 3)))


def test_logarithms_where_the_determinant_underflows() -> None:
    x = np.array([[1e-200, 1e-201], [0.0, 1e-200]])
    np.testing.assert_allclose(computed(lambda v: T.linalg.slogdet(v)[1], x), 2 * np.log(1e-200))
    a = T.matrix("a")
    f = ct.function([a], ct.grad(T.linalg.slogdet(a)[1], a))
    np.testing.assert_allclose(f(x), [[1e200, 0.0], [-1e199, 1e200]])


def test_only_square_matrices() -> None:
    with pytest.raises(ValueError, match="square"):
        T.linalg.det(T.tensor("float64", shape=(2, 3)))
    with pytest.raises(ValueError, match="matrix"):
        T.linalg.det(T.vector())
    a = T.matrix("a")
    with pytest.raises(ValueError, match="2 and 3 differ"):
        ct.function([a], T.linalg.det(a))(np.ones((2, 3)))

"""Norms of vectors and matrices under NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 0.5, -1, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "complex128", "int32"])
def test_of_vectors(order: Any, dtype: str) -> None:
    x = sample((3, 4), dtype)
    np.testing.assert_allclose(computed(lambda v: T.linalg.norm(v, order, 1), x), np.linalg.norm(x, order, 1))


@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_of_matrices(order: Any, keepdims: bool) -> None:
    x = sample((2, 3, 4))
    result = computed(lambda v: T.linalg.norm(v, order, (0, 2), keepdims), x)
    np.testing.assert_allclose(result, np.linalg.norm(x, order, (0, 2), keepdims))


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_squares_neither_overflow_nor_underflow(scale: float) -> None:
    np.testing.assert_allclose(computed(T.linalg.norm, scale * np.array([3.0, -4.0])), 5 * scale)


@pytest.mark.parametrize("count", [2, 1000])
@pytest.mark.parametrize("scale", [1e-44, 1e-38, 1e-25, 1e-19, 1e-12, 1.0, 1e15, 1e19, 1e35])
def test_squares_of_single_precision_neither_overflow_nor_underflow(scale: float, count: int) -> None:
    x = np.random.default_rng(0).uniform(1, 3, count).astype("f4") * np.float32(scale)
    expected = np.linalg.norm(x.astype("f8"))
    np.testing.assert_allclose(computed(T.linalg.norm, x), expected, rtol=3e-6, atol=2e-45)


def test_special_values() -> None:
    assert computed(T.linalg.norm, np.zeros(0)) == 0
    assert computed(T.linalg.norm, np.array([np.inf, 1.0])) == np.inf
    assert np.isnan(computed(T.linalg.norm, np.array([np.nan, np.inf])))


def test_the_derivative_at_the_origin_is_0() -> None:
    x = T.vector("x")
    gradient = ct.grad(T.linalg.norm(x), x)
    second = ct.grad(T.sum(gradient), x)
    for result in ct.function([x], [gradient, second])(np.zeros(3)):
        np.testing.assert_array_equal(result, np.zeros(3))


@pytest.mark.parametrize("order", [None, 1, 3, np.inf])
def test_gradients(order: Any) -> None:
    check_gradients(lambda v: T.linalg.norm(v, order, 1), sample((2, 3)))


def test_orders_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="order 'fro'"):
        T.linalg.norm(T.vector(), "fro", 0)
    with pytest.raises(ValueError, match="order 7"):
        T.linalg.norm(T.matrix(), 7)
    with pytest.raises(ValueError, match="order 'odd'"):
        T.linalg.norm(T.matrix(), "odd")
    with pytest.raises(ValueError, match="3 axes"):
        T.linalg.norm(T.tensor3(), 1)


def test_norms_of_the_array_standard() -> None:
    x = sample((2, 3, 4))
    result = computed(lambda v: T.linalg.vector_norm(v, (0, 2), ord=3), x)
    moved = np.moveaxis(x, 1, 0).reshape(3, 8)
    np.testing.assert_allclose(result, np.linalg.norm(moved, 3, 1))
    kept = computed(lambda v: T.linalg.vector_norm(v, 1, keepdims=True, ord=1), x)
    np.testing.assert_allclose(kept, np.linalg.norm(x, 1, 1, keepdims=True))
    np.testing.assert_allclose(computed(T.linalg.vector_norm, x), np.linalg.norm(x.ravel()))
    np.testing.assert_allclose(computed(T.linalg.vector_norm, np.asarray(-2.0)), 2.0)
    np.testing.assert_allclose(computed(T.linalg.matrix_norm, x), np.linalg.norm(x, "fro", (1, 2)))

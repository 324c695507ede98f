"""Activation functions with exact zeros, and sparsemax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import croton as ct
import croton.tensor as T

from .agreement import NDArray, check_gradients, computed, sample

X = np.concatenate([sample((40,)), [-1.0, 0.0, 1.0, 0.5, -0.5]])
FORMULAS: dict[str, tuple[Callable[[Any], Any], Callable[[NDArray], NDArray]]] = {
    "hard_shrink": (T.nnet.hard_shrink, lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    "soft_shrink": (T.nnet.soft_shrink, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    "tanh_shrink": (T.nnet.tanh_shrink, lambda x: x - np.tanh(x)),
    "sparse_plus": (
        T.nnet.sparse_plus,
        lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    ),
    "sparse_sigmoid": (T.nnet.sparse_sigmoid, lambda x: np.clip((x + 1) / 2, 0, 1)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name: str) -> None:
    function, reference = FORMULAS[name]
    np.testing.assert_allclose(computed(function, X), reference(X), atol=1e-15)


class TestSparsemax:
    def test_it_is_the_nearest_point_with_shares_that_add_up_to_one(self) -> None:
        x = sample((3, 4))
        result = computed(T.nnet.sparsemax, x)
        for row, found in zip(x, result, strict=True):
            nearest = scipy.optimize.minimize(
                lambda p, row=row: np.sum((p - row) ** 2),
                np.full(4, 0.25),
                bounds=[(0, 1)] * 4,
                constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
                tol=1e-12,
            ).x
            np.testing.assert_allclose(found, nearest, atol=1e-5)

    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_any_axis(self, axis: int) -> None:
        x = sample((4, 5, 6)) * 2
        result = computed(lambda v: T.nnet.sparsemax(v, axis), x)
        np.testing.assert_allclose(result.sum(axis=axis), 1)
        assert (result == 0).any() and (result >= 0).all()

    def test_extremes(self) -> None:
        rows = np.array([[1e300, 0.0, -1e300], [5.0, 5.0, 5.0], [-1e5, -1e5, -1e5 - 0.5]])
        expected = [[1, 0, 0], [1 / 3] * 3, [0.5, 0.5, 0]]
        np.testing.assert_allclose(computed(T.nnet.sparsemax, rows), expected, atol=1e-10)
        assert computed(T.nnet.sparsemax, np.zeros((0, 3))).shape == (0, 3)
        for dtype in ("float16", "float32"):
            assert computed(T.nnet.sparsemax, sample((2, 3), dtype)).dtype == dtype

    def test_gradient(self) -> None:
        check_gradients(T.nnet.sparsemax, sample((3, 5)))

    def test_dtypes_without_order_are_refused(self) -> None:
        with pytest.raises(TypeError, match="sparsemax is not defined for dtype complex128"):
            T.nnet.sparsemax(T.tensor("complex128", shape=(3,)))
        assert ct.function([], T.nnet.sparsemax(T.constant([1, 2]))).__call__().tolist() == [0, 1]

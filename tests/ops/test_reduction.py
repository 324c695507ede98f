"""Reductions over axes, as NumPy does them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample, tolerance

AXES = [None, 0, -1, (0, 2), (-1, 0), (0, 1, 2), ()]
DTYPES = [
    "bool",
    "int8",
    "uint8",
    "int32",
    "int64",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "any", "all", "mean"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_value_and_dtype_are_numpys(name: str, dtype: str) -> None:
    if name in ("max", "min") and dtype.startswith("complex"):
        with pytest.raises(TypeError, match=name):
            getattr(T, name)(T.tensor(dtype, shape=(3,)))
        return
    x = sample((2, 3, 4), dtype)
    result = computed(lambda v: getattr(T, name)(v, axis=1), x)
    expected = getattr(np, name)(x, axis=1)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=10 * tolerance(expected.dtype), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["sum", "max", "mean", "prod"])
def test_half_precisions_accumulate_in_float32(name: str, dtype: str) -> None:
    x = sample((300, 3), dtype)
    expected = getattr(np, name)(x.astype(np.float32), axis=0).astype(x.dtype)
    result = computed(lambda v: getattr(T, name)(v, axis=0), x)
    assert result.dtype == x.dtype
    np.testing.assert_allclose(result.astype(np.float64), expected.astype(np.float64), rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
def test_axes_and_keepdims(axis: Any, keepdims: bool) -> None:
    x = sample((2, 3, 4))
    result = computed(lambda v: T.sum(v, axis, keepdims=keepdims), x)
    expected = np.sum(x, axis, keepdims=keepdims)
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


@settings(deadline=None, max_examples=15)
@given(
    shape=st.lists(st.integers(0, 5), min_size=1, max_size=3).map(tuple),
    data=st.data(),
)
def test_any_shape_and_axes(shape: tuple[int, ...], data: Any) -> None:
    axes = data.draw(st.sets(st.integers(0, len(shape) - 1)).map(tuple))
    x = sample(shape)
    for name in ("sum", "prod"):
        np.testing.assert_allclose(
            computed(lambda v, name=name: getattr(T, name)(v, axes), x),
            getattr(np, name)(x, axis=axes),
            rtol=1e-12,
        )


def test_integers_wrap() -> None:
    x = np.full(3, 2**62, np.int64)
    with np.errstate(all="ignore"):
        assert computed(T.sum, x) == np.sum(x)
        assert computed(T.prod, x) == np.prod(x)
    narrow = np.full(5, 100, np.int8)
    assert computed(lambda v: T.sum(v, dtype="int8"), narrow) == np.sum(narrow, dtype=np.int8)


def test_nan_spreads() -> None:
    x = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])
    for name in ("sum", "prod", "max", "min", "mean"):
        np.testing.assert_array_equal(
            computed(lambda v, name=name: getattr(T, name)(v, 1), x), getattr(np, name)(x, 1)
        )


class TestNothing:
    def test_has_a_sum_and_a_product(self) -> None:
        x = np.zeros((0, 3))
        np.testing.assert_array_equal(computed(lambda v: T.sum(v, 0), x), np.zeros(3))
        np.testing.assert_array_equal(computed(lambda v: T.prod(v, 0), x), np.ones(3))
        assert np.isnan(computed(T.mean, x))

    @pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
    def test_has_no_extreme(self, name: str) -> None:
        with pytest.raises(ValueError, match=r"no (max|min)imum"):
            getattr(T, name)(T.tensor("float64", shape=(3, 0)), axis=1)

    @pytest.mark.parametrize("mode", ["compile", "interpret"])
    def test_has_no_extreme_when_that_shows_at_the_call(self, mode: str) -> None:
        x = T.matrix("x")
        f = ct.function([x], T.max(x, axis=1), mode=mode)
        np.testing.assert_array_equal(f(np.ones((2, 3))), np.ones(2))
        with pytest.raises(ValueError, match="at least 1, got 0"):
            f(np.zeros((2, 0)))


def test_bad_axes_are_refused() -> None:
    x = T.matrix("x")
    with pytest.raises(ValueError, match="sum: axis 2"):
        T.sum(x, axis=2)
    with pytest.raises(ValueError, match="repeat"):
        T.sum(x, axis=(0, -2))
    with pytest.raises(TypeError, match="must be an int"):
        T.sum(x, axis=1.5)


class TestGradients:
    @pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean"])
    @pytest.mark.parametrize("axis", [None, 0, (0, 1)])
    def test_match_differences(self, name: str, axis: Any) -> None:
        check_gradients(lambda v: getattr(T, name)(v, axis), sample((2, 3)))

    def test_of_products_with_zeros(self) -> None:
        check_gradients(lambda v: T.prod(v, 1), np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 3.0]]))

    def test_of_extremes_are_shared_by_ties(self) -> None:
        x = T.vector("x")
        f = ct.function([x], ct.grad(T.max(x), x))
        np.testing.assert_array_equal(f(np.array([1.0, 3.0, 3.0])), [0.0, 0.5, 0.5])


class TestPositions:
    @pytest.mark.parametrize("name", ["argmax", "argmin"])
    @pytest.mark.parametrize("axis", [None, 0, -1])
    @pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool", "uint64"])
    def test_are_numpys(self, name: str, axis: int | None, dtype: str) -> None:
        x = sample((5, 7), dtype)
        result = computed(lambda v: getattr(T, name)(v, axis), x)
        assert result.dtype == np.int64
        np.testing.assert_array_equal(result, getattr(np, name)(x, axis))

    def test_the_first_of_ties_and_of_nan_wins(self) -> None:
        assert computed(T.argmax, np.array([1.0, 3.0, 3.0])) == 1
        assert computed(T.argmax, np.array([1.0, np.nan, 3.0, np.nan])) == 1
        assert computed(T.argmin, np.array([-np.inf, np.nan, 3.0])) == 1

    def test_max_and_argmax(self) -> None:
        x = T.matrix("x")
        f = ct.function([x], list(T.max_and_argmax(x, 1)))
        data = sample((3, 4))
        largest, where = f(data)
        np.testing.assert_array_equal(largest, data.max(1))
        np.testing.assert_array_equal(where, data.argmax(1))


def test_count_nonzero_and_ptp() -> None:
    x = np.array([[0.0, np.nan, 2.0], [0.0, 0.0, -1.0]])
    np.testing.assert_array_equal(computed(lambda v: T.count_nonzero(v, 1), x), [2, 1])
    y = sample((4, 5))
    np.testing.assert_allclose(computed(lambda v: T.ptp(v, 0), y), np.ptp(y, 0))

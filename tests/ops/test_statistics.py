"""Variances, standard deviations, averages, and reductions without NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample, tolerance


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "complex128"])
@pytest.mark.parametrize("axis", [None, 1, (0, -1)])
@pytest.mark.parametrize("ddof", [0, 1])
def test_spread_is_numpys(name: str, dtype: str, axis: Any, ddof: int) -> None:
    x = sample((3, 4, 2), dtype)
    expected = getattr(np, name)(x, axis=axis, ddof=ddof)
    result = computed(lambda v: getattr(T, name)(v, axis, ddof=ddof), x)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=tolerance(dtype))


def test_a_large_offset_does_no_harm() -> None:
    x = 1e9 + np.arange(5.0)
    assert computed(T.var, x) == 2.0
    np.testing.assert_allclose(computed(T.std, np.array([1e200, -1e200])), 1e200)


def test_too_few_elements() -> None:
    assert np.isnan(computed(lambda v: T.var(v, ddof=1), np.array([3.0])))


@pytest.mark.parametrize("name", ["var", "std"])
def test_gradients(name: str) -> None:
    check_gradients(lambda v: getattr(T, name)(v, 1), sample((2, 4)))


def test_the_gradient_of_std_is_0_without_spread() -> None:
    x = T.vector("x")
    f = ct.function([x], ct.grad(T.std(x), x))
    np.testing.assert_array_equal(f(np.full(3, 7.0)), np.zeros(3))


def test_average() -> None:
    x, w = sample((3, 4)), np.abs(sample((3, 4), seed=1))
    np.testing.assert_allclose(computed(lambda a, b: T.average(a, 1, b), x, w), np.average(x, 1, w))
    np.testing.assert_allclose(computed(lambda a, b: T.average(a, 1, b), x, w[0]), np.average(x, 1, w[0]))
    np.testing.assert_allclose(computed(lambda a: T.average(a, 0), x), np.average(x, 0))


@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmean", "nanmax", "nanmin"])
def test_without_nan(name: str) -> None:
    x = sample((3, 4))
    x[0, 1] = x[2, 3] = np.nan
    np.testing.assert_allclose(computed(lambda v: getattr(T, name)(v, 1), x), getattr(np, name)(x, 1))


def test_the_extreme_of_only_nan_is_nan() -> None:
    assert np.isnan(computed(T.nanmax, np.array([np.nan, np.nan])))

"""Softmax, log-softmax and logsumexp: right for huge, infinite and missing numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample, tolerance

FUNCTIONS = ["softmax", "log_softmax", "logsumexp"]
INFINITY = np.inf


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_are_scipys(name: str, axis: Any, dtype: str) -> None:
    x = sample((3, 4, 5), dtype) * 10
    result = computed(lambda v: getattr(T, name)(v, axis), x)
    assert result.dtype == x.dtype
    limit = 10 * tolerance(dtype)
    np.testing.assert_allclose(result, getattr(scipy.special, name)(x, axis=axis), rtol=limit, atol=limit)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precisions(dtype: str) -> None:
    x = sample((4, 6), dtype)
    result = computed(lambda v: T.softmax(v, -1), x)
    assert result.dtype == x.dtype
    np.testing.assert_allclose(result.astype(float).sum(1), np.ones(4), rtol=2e-2)


def test_neither_overflows_nor_underflows() -> None:
    x = np.array([1000.0, 1001.0, -1000.0])
    np.testing.assert_allclose(computed(T.softmax, x), scipy.special.softmax(x))
    np.testing.assert_allclose(computed(T.log_softmax, x), scipy.special.log_softmax(x))
    np.testing.assert_allclose(computed(T.logsumexp, x), scipy.special.logsumexp(x))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([-INFINITY, -INFINITY], -INFINITY),
        ([-INFINITY, 2.0], 2.0),
        ([INFINITY, 2.0], INFINITY),
        ([np.nan, 2.0], np.nan),
        ([], -INFINITY),
    ],
)
def test_logsumexp_of_infinities(entries: list[float], expected: float) -> None:
    np.testing.assert_array_equal(computed(T.logsumexp, np.array(entries)), expected)


def test_the_gradient_of_logsumexp_is_0_at_minus_infinity() -> None:
    x = T.vector("x")
    f = ct.function([x], ct.grad(T.logsumexp(x), x))
    np.testing.assert_array_equal(f(np.array([-INFINITY, 2.0])), [0.0, 1.0])
    np.testing.assert_array_equal(f(np.array([-INFINITY, -INFINITY])), [0.0, 0.0])


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("axis", [0, -1])
def test_gradients(name: str, axis: int) -> None:
    check_gradients(lambda v: getattr(T, name)(v, axis), sample((3, 4)))


def test_softmax_needs_no_library_step() -> None:
    x = T.matrix("x")
    source = ct.function([x], T.softmax(x)).c_source()
    assert "->callback(" not in source

"""Running sums, products and extremes."""

from __future__ import annotations

import numpy as np
import pytest

import croton.tensor as T

from .agreement import check_gradients, computed, sample, tolerance


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "float32", "float64", "complex128"])
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_value_and_dtype_are_numpys(name: str, dtype: str, axis: int | None) -> None:
    x = sample((4, 5), dtype)
    expected = getattr(np, name)(x, axis=axis)
    result = computed(lambda v: getattr(T, name)(v, axis), x)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=10 * tolerance(dtype))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 3, 130), (1, 1)])
@pytest.mark.parametrize("reverse", [False, True])
def test_every_layout(shape: tuple[int, ...], reverse: bool) -> None:
    x = sample(shape)
    for axis in range(len(shape)):
        result = computed(lambda v, axis=axis: T.cumsum(v, axis, reverse=reverse), x)
        turned = np.flip(x, axis) if reverse else x
        expected = np.cumsum(turned, axis)
        np.testing.assert_array_equal(result, np.flip(expected, axis) if reverse else expected)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes(name: str) -> None:
    x = np.array([[3.0, 1.0, 4.0, 1.0, 5.0], [2.0, np.nan, 9.0, 1.0, 0.0]])
    accumulate = np.maximum.accumulate if name == "cummax" else np.minimum.accumulate
    np.testing.assert_array_equal(computed(lambda v: getattr(T, name)(v, 1), x), accumulate(x, 1))


class TestGradients:
    @pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin"])
    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize("reverse", [False, True])
    def test_match_differences(self, name: str, axis: int, reverse: bool) -> None:
        check_gradients(lambda v: getattr(T, name)(v, axis, reverse=reverse), sample((3, 4)))

    def test_of_products_through_zeros(self) -> None:
        check_gradients(lambda v: T.cumprod(v, 0), np.array([2.0, 0.0, 3.0, 0.0, 1.5]))

    def test_of_a_recurrence(self) -> None:
        inputs = sample((4, 2), seed=3)
        check_gradients(lambda v: T.linear_recurrence(v, inputs, 0), sample((4, 2)))
        check_gradients(lambda v: T.linear_recurrence(v, v, 1, reverse=True), sample((2, 4)))


def test_recurrence_is_the_loop() -> None:
    a, b = sample((5,)), sample((5,), seed=1)
    expected, last = [], 0.0
    for factor, item in zip(a, b, strict=True):
        last = factor * last + item
        expected.append(last)
    np.testing.assert_allclose(computed(T.linear_recurrence, a, b), expected)

"""Larger images from smaller ones."""

from __future__ import annotations

import numpy as np
import pytest

import croton.tensor as T

from .agreement import NDArray, check_gradients, computed, sample

IMAGES = sample((2, 3, 4, 5))


def interpolated(row: NDArray, top: int, bottom: int = 1) -> NDArray:
    """Theano's way: the row, its ends doubled, spread out and convolved with a triangle, then cut."""
    padded = np.concatenate([row[:1], row, row[-1:]])
    spread = np.zeros(top * (len(padded) - 1) + 1)
    spread[::top] = padded
    triangle = np.concatenate([np.arange(1, top + 1), np.arange(top - 1, 0, -1)]) / top
    first = 2 * top - (top - 1) // 2 - 1
    whole = np.convolve(spread, triangle)[first : first + top * len(row)]
    return whole[::bottom]


@pytest.mark.parametrize(("top", "bottom"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (3, 2), (5, 3)])
def test_bilinear(top: int, bottom: int) -> None:
    expected = np.apply_along_axis(interpolated, 2, IMAGES, top, bottom)
    expected = np.apply_along_axis(interpolated, 3, expected, top, bottom)
    if bottom == 1:
        result = computed(lambda x: T.nnet.bilinear_upsampling(x, top), IMAGES)
    else:
        result = computed(lambda x: T.nnet.bilinear_upsampling(x, frac_ratio=(top, bottom)), IMAGES)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_rows_and_columns_may_differ() -> None:
    expected = np.apply_along_axis(interpolated, 2, IMAGES, 3, 2)
    expected = np.apply_along_axis(interpolated, 3, expected, 2, 1)
    result = computed(lambda x: T.nnet.frac_bilinear_upsampling(x, ((3, 2), (2, 1))), IMAGES, static=True)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_nearest() -> None:
    result = computed(lambda x: T.nnet.nearest_upsampling(x, 3), IMAGES)
    np.testing.assert_array_equal(result, np.kron(IMAGES, np.ones((1, 1, 3, 3))))


def test_kernels() -> None:
    np.testing.assert_allclose(T.nnet.bilinear_kernel_1D(3).data, np.array([1, 2, 3, 2, 1]) / 3)
    np.testing.assert_allclose(
        T.nnet.bilinear_kernel_2D(2, normalize=False).data, np.outer([1, 2, 1], [1, 2, 1])
    )


def test_dtypes() -> None:
    assert computed(lambda x: T.nnet.bilinear_upsampling(x, 2), IMAGES.astype("float32")).dtype == np.float32
    half = computed(lambda x: T.nnet.bilinear_upsampling(x, 2), IMAGES.astype("float16"))
    assert half.dtype == np.float16


def test_gradients() -> None:
    at = sample((1, 1, 2, 3))
    check_gradients(lambda x: T.nnet.bilinear_upsampling(x, 3) ** 2, at)
    check_gradients(lambda x: T.nnet.bilinear_upsampling(x, frac_ratio=(3, 2)) ** 2, at)
    check_gradients(lambda x: T.nnet.nearest_upsampling(x, 2) ** 2, at)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="give either ratio or frac_ratio"):
        T.nnet.bilinear_upsampling(IMAGES)
    with pytest.raises(ValueError, match="expected a positive int as ratio, got 0"):
        T.nnet.bilinear_upsampling(IMAGES, 0)
    with pytest.raises(ValueError, match="expected a pair as frac_ratio"):
        T.nnet.frac_bilinear_upsampling(IMAGES, 3)
    with pytest.raises(ValueError, match="nearest_upsampling: expected 4 axes, got 2"):
        T.nnet.nearest_upsampling(IMAGES[0, 0], 2)

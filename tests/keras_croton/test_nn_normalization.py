"""Moments and batch normalisation."""

import numpy as np
import pytest

from keras_croton import nn

from ..ops.agreement import check_gradients, computed, sample


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axes", [(0, 1), [-1], 1])
def test_moments(axes: object, keepdims: bool) -> None:
    x = sample((3, 4, 5)) + 2
    over = tuple(axes) if isinstance(axes, list) else axes
    for number, expected in enumerate((x.mean(over, keepdims=keepdims), x.var(over, keepdims=keepdims))):
        result = computed(lambda v, number=number: nn.moments(v, axes, keepdims)[number], x)
        np.testing.assert_allclose(result, expected)


def test_moments_of_halves_neither_overflow_nor_round_early() -> None:
    x = np.full((1000, 2), 61440, "float16")
    x[::2] = 40960
    mean, variance = nn.moments(x, 0)
    assert (mean.dtype, variance.dtype) == ("float16", "float16")
    np.testing.assert_array_equal(mean, [51200, 51200])
    np.testing.assert_array_equal(variance, [65504, 65504])  # not infinite


def test_moments_of_several_machines_are_not_there() -> None:
    with pytest.raises(NotImplementedError, match="synchronized"):
        nn.moments(np.zeros((2, 2)), 0, synchronized=True)


@pytest.mark.parametrize("axis", [1, -1])
def test_batch_normalization(axis: int) -> None:
    x = sample((3, 4, 5))
    count = x.shape[axis]
    mean, variance, offset, scale = (np.abs(sample((count,), seed=seed)) for seed in range(1, 5))
    columns = [v[:, None] if axis == 1 else v for v in (mean, variance, offset, scale)]
    expected = (x - columns[0]) / np.sqrt(columns[1] + 0.01) * columns[3] + columns[2]

    def formula(*arrays: object) -> object:
        return nn.batch_normalization(*arrays[:3], axis, arrays[3], arrays[4], 0.01)

    np.testing.assert_allclose(computed(formula, x, mean, variance, offset, scale), expected)
    plain = nn.batch_normalization(x, mean, variance, axis, epsilon=0.01)
    np.testing.assert_allclose(plain, (x - columns[0]) / np.sqrt(columns[1] + 0.01))


def test_gradient_through_the_moments_of_the_batch() -> None:
    check_gradients(lambda v: nn.batch_normalization(v, *nn.moments(v, 0), -1), sample((4, 3)), rtol=1e-5)

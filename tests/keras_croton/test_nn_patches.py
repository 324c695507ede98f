"""Patches of images, and depth as space."""

import numpy as np
import pytest

from keras_croton import nn

from ..ops.agreement import NDArray, check_gradients, computed, sample

IMAGES = sample((2, 3, 7, 8))
WAYS = [
    {"kernel_size": 3},
    {"kernel_size": (2, 3), "stride": (2, 3), "padding": (1, 0)},
    {"kernel_size": 2, "dilation": (2, 1), "padding": 1, "stride": 2},
]


def pair(given: object) -> tuple[int, int]:
    return given if isinstance(given, tuple) else (given, given)  # type: ignore[return-value]


def patches_of(
    x: NDArray, kernel_size: object, dilation: object = 1, padding: object = 0, stride: object = 1
) -> NDArray:
    """By the definition: one patch after the other."""
    (top, left), (rows, columns), apart, step = pair(padding), pair(kernel_size), pair(dilation), pair(stride)
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    reach = apart[0] * (rows - 1) + 1, apart[1] * (columns - 1) + 1
    found = [
        padded[:, :, i : i + reach[0] : apart[0], j : j + reach[1] : apart[1]].reshape(len(x), -1)
        for i in range(0, padded.shape[2] - reach[0] + 1, step[0])
        for j in range(0, padded.shape[3] - reach[1] + 1, step[1])
    ]
    return np.stack(found, -1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("static", [True, False])
def test_unfold(way: dict[str, object], static: bool) -> None:
    result = computed(lambda x: nn.unfold(x, **way), IMAGES, static=static)
    np.testing.assert_array_equal(result, patches_of(IMAGES, **way))


@pytest.mark.parametrize("way", WAYS)
def test_fold_is_unfold_transposed(way: dict[str, object]) -> None:
    patches = sample(patches_of(IMAGES, **way).shape, seed=1)
    folded = computed(lambda p: nn.fold(p, (7, 8), **way), patches)
    np.testing.assert_allclose(np.sum(folded * IMAGES), np.sum(patches * patches_of(IMAGES, **way)))


def test_gradients() -> None:
    check_gradients(lambda x: nn.unfold(x, **WAYS[2]), IMAGES[:1, :1])
    check_gradients(lambda p: nn.fold(p, 4, 3), sample((1, 9, 4)))


@pytest.mark.parametrize("static", [True, False])
def test_depth_to_space_and_back(static: bool) -> None:
    x = np.arange(2 * 4 * 6 * 12).reshape(2, 4, 6, 12)
    wide = computed(lambda v: nn.depth_to_space(v, 2), x, static=static)
    assert wide.shape == (2, 8, 12, 3)
    np.testing.assert_array_equal(wide[0, 0, :2].ravel(), np.arange(6))  # blocks row by row, then channels
    np.testing.assert_array_equal(computed(lambda v: nn.space_to_depth(v, 2), wide, static=static), x)
    first = np.moveaxis(x, -1, 1).copy()
    spread = computed(lambda v: nn.depth_to_space(v, 2, "channels_first"), first, static=static)
    assert spread.shape == (2, 3, 8, 12)
    back = computed(lambda v: nn.space_to_depth(v, 2, "channels_first"), spread, static=static)
    np.testing.assert_array_equal(back, first)


def test_patches_of_another_size() -> None:
    with pytest.raises(ValueError, match="The second dimension of the input \\(10\\) must be divisible"):
        nn.fold(np.zeros((1, 10, 4)), 4, 3)
    with pytest.raises(ValueError, match="reshape"):
        nn.fold(np.zeros((1, 9, 5)), 4, 3)

"""Neighbourhoods of images as rows of a matrix, and images from them."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import NDArray, check_gradients, computed, sample

IMAGES = sample((2, 3, 7, 9))


def listed(images: NDArray, shape: tuple[int, int], step: tuple[int, int], mode: str) -> NDArray:
    """Theano's definition, neighbourhood by neighbourhood."""
    rows, columns = shape
    if mode in ("half", "full"):
        r, c = (rows // 2, columns // 2) if mode == "half" else (rows - 1, columns - 1)
        images = np.pad(images, [(0, 0), (0, 0), (r, r), (c, c)])
    height, width = images.shape[2:]
    found = []
    for channel in images.reshape(-1, height, width):
        if mode == "wrap_centered":
            for i in range(0, height, step[0]):
                for j in range(0, width, step[1]):
                    down = np.arange(i - rows // 2, i + rows // 2 + 1) % height
                    right = np.arange(j - columns // 2, j + columns // 2 + 1) % width
                    found.append(channel[np.ix_(down, right)].ravel())
            continue
        for i in range(0, height - rows + 1, step[0]):
            for j in range(0, width - columns + 1, step[1]):
                found.append(channel[i : i + rows, j : j + columns].ravel())
    return np.array(found)


@pytest.mark.parametrize(
    ("mode", "shape", "step"),
    [
        ("valid", (3, 3), (2, 3)),
        ("valid", (7, 3), None),
        ("valid", (2, 4), (1, 5)),
        ("ignore_borders", (2, 2), None),
        ("ignore_borders", (3, 4), (2, 2)),
        ("wrap_centered", (3, 5), (2, 2)),
        ("wrap_centered", (1, 3), None),
        ("half", (3, 3), (1, 2)),
        ("half", (2, 3), (1, 1)),
        ("full", (2, 3), (1, 2)),
        ("full", (3, 2), (4, 3)),
    ],
)
def test_values(mode: str, shape: tuple[int, int], step: tuple[int, int] | None) -> None:
    expected = listed(IMAGES, shape, step or shape, mode)
    result = computed(lambda x: T.nnet.images2neibs(x, shape, step, mode), IMAGES)
    np.testing.assert_array_equal(result, expected)


def test_integers_and_known_sizes() -> None:
    images = np.arange(16).reshape(1, 1, 4, 4)
    result = computed(lambda x: T.nnet.neighbours.images2neibs(x, (2, 2)), images, static=True)
    np.testing.assert_array_equal(result, [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]])


@pytest.mark.parametrize("mode", ["valid", "ignore_borders"])
def test_images_come_back(mode: str) -> None:
    images = IMAGES if mode == "ignore_borders" else IMAGES[:, :, :6, :8]

    def there_and_back(x: object) -> object:
        table = T.nnet.images2neibs(x, (2, 4), mode=mode)
        return T.nnet.neibs2images(table, (2, 4), images.shape, mode)

    expected = images.copy()
    if mode == "ignore_borders":
        expected[:, :, 6:] = 0
        expected[:, :, :, 8:] = 0
    np.testing.assert_array_equal(computed(there_and_back, images), expected)


@pytest.mark.parametrize("mode", ["valid", "ignore_borders", "wrap_centered", "half", "full"])
def test_gradients(mode: str) -> None:
    check_gradients(lambda x: T.nnet.images2neibs(x, (3, 3), (2, 2), mode) ** 2, sample((1, 2, 5, 5)))


def test_neighbourhoods_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(
        ValueError, match="images2neibs: rows left over by neighbourhoods of 3 with step 3 in 7"
    ):
        T.nnet.images2neibs(T.constant(IMAGES), (3, 3))
    x = T.tensor4("x")
    f = ct.function([x], T.nnet.images2neibs(x, (3, 3)))
    assert f(IMAGES[:, :, :6]).shape == (2 * 3 * 2 * 3, 9)
    with pytest.raises(ValueError, match="images2neibs: rows left over"):
        f(IMAGES)
    with pytest.raises(ValueError, match="wrap_centered needs odd neighbourhoods, got 2"):
        T.nnet.images2neibs(x, (2, 3), mode="wrap_centered")
    with pytest.raises(ValueError, match="mode must be one of"):
        T.nnet.images2neibs(x, (2, 3), mode="same")
    with pytest.raises(ValueError, match="expected 4 axes, got 2"):
        T.nnet.images2neibs(T.matrix(), (2, 3))
    with pytest.raises(ValueError, match="neib_step must be positive, got 0"):
        T.nnet.images2neibs(x, (2, 3), (0, 1))
    with pytest.raises(ValueError, match="reshape"):
        T.nnet.neibs2images(np.zeros((5, 4)), (2, 2), (1, 1, 4, 4))

"""How often numbers occur: bincount and histogram."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

from .agreement import computed, sample


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("size", [0, 7, 5000])
def test_numbers_are_counted(dtype: str, size: int) -> None:
    x = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 90, size).astype(dtype)
    expected = np.bincount(x.astype(np.int64), minlength=3)
    np.testing.assert_array_equal(computed(lambda v: T.bincount(v, minlength=3), x), expected, strict=True)
    weights = sample((size,))
    np.testing.assert_array_equal(computed(T.bincount, x, weights), np.bincount(x.astype(np.int64), weights))


def test_counting_refuses_what_it_cannot_count() -> None:
    x = T.lvector("x")
    function = ct.function([x], T.bincount(x))
    with pytest.raises(IndexError, match=r"index -3 is out of range[^\n]*\n  in bincount"):
        function([1, -3])
    with pytest.raises(IndexError, match="-3 is not one of the 2 numbers"):
        T.bincount([1, -3])
    with pytest.raises(DTypeError, match="vector of integers"):
        T.bincount([0.5])
    with pytest.raises(DTypeError, match="vector of integers"):
        T.bincount([[1]])
    with pytest.raises(ShapeError, match="numbers and weights"):
        T.bincount([1, 2], [0.5])
    with pytest.raises(ValueError, match="minlength must not be negative"):
        T.bincount([1], minlength=-1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bins": 7, "range": (-1, 2)},
        {"density": True},
        {"bins": np.array([-1.0, 0.0, 0.5, 3.0])},
        {"bins": [-1, 0, 2], "density": True},
        {"bins": 5, "weights": np.arange(200)},
        {"bins": 5, "weights": np.arange(200) / 7, "density": True},
    ],
)
def test_histograms_are_numpys(options: dict) -> None:
    x = sample((200,))
    for position, expected in enumerate(np.histogram(x, **options)):
        found = computed(lambda v, p=position: T.histogram(v, **options)[p], x)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize(
    "x", [np.zeros(0), np.full(3, 2.0), np.arange(50) % 7, np.array([[1.0, 2.0], [4.0, 3.5]])]
)
def test_edges_of_unusual_arrays(x: np.ndarray) -> None:
    for position, expected in enumerate(np.histogram(x)):
        found = computed(lambda v, p=position: T.histogram(v)[p], x)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(computed(T.histogram_bin_edges, x), np.histogram_bin_edges(x))


def test_bad_histograms() -> None:
    x = T.vector("x")
    with pytest.raises(ValueError, match="bins must be positive"):
        T.histogram(x, 0)
    with pytest.raises(ValueError, match="edges must increase"):
        T.histogram(x, [1.0, 0.0])
    with pytest.raises(ValueError, match="range must be finite and increase"):
        T.histogram(x, 3, range=(1, 0))
    with pytest.raises(TypeError, match="'auto' are not offered"):
        T.histogram(x, "auto")
    with pytest.raises(ShapeError, match="number of bins"):
        T.histogram(x, [1.0])
    with pytest.raises(ShapeError, match="edges must be a vector"):
        T.histogram(x, [[1.0]])

"""Pooling, to windows of a size and to a number of windows, against windows cut out one by one."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keras_croton import nn

from ..ops.agreement import NDArray, check_gradients, computed, sample

ADAPTIVE = {"max": nn.adaptive_max_pool, "mean": nn.adaptive_average_pool}


def adaptively(x: NDArray, counts: tuple[int, ...], kind: str) -> NDArray:
    """By the definition, of channels last."""
    sizes = x.shape[1:-1]
    result = np.zeros((x.shape[0], *counts, x.shape[-1]), x.dtype)
    for number in itertools.product(*map(range, counts)):
        window = tuple(
            slice(i * size // count, -(-(i + 1) * size // count))
            for i, size, count in zip(number, sizes, counts, strict=True)
        )
        result[:, *number] = getattr(x[:, *window], kind)(tuple(range(1, 1 + len(counts))))
    return result


@pytest.mark.parametrize("kind", ADAPTIVE)
@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("counts", [(3,), (4, 4), (2, 9), (11, 3), (2, 3, 4)])
def test_adaptive_windows(kind: str, static: bool, counts: tuple[int, ...]) -> None:
    sizes = (7, 6, 5)[: len(counts)]
    x = sample((2, *sizes, 3))
    expected = adaptively(x, counts, kind)
    for layout in ("channels_last", "channels_first"):
        last = layout == "channels_last"
        given = x if last else np.moveaxis(x, -1, 1).copy()
        result = computed(lambda v, layout=layout: ADAPTIVE[kind](v, counts, layout), given, static=static)
        np.testing.assert_allclose(result if last else np.moveaxis(result, 1, -1), expected)


@pytest.mark.parametrize("function", ADAPTIVE.values())
def test_adaptive_gradients(function: Callable[..., Any]) -> None:
    for count in (2, 3, 5):
        check_gradients(lambda v, count=count: function(v, count, "channels_last"), sample((2, 4, 2)), False)


@pytest.mark.parametrize("pool", [nn.max_pool, nn.average_pool])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_layouts_agree(pool: Callable[..., Any], padding: str) -> None:
    x = sample((2, 7, 6, 3), "float32")
    last = computed(lambda v: pool(v, 3, 2, padding, "channels_last"), x)
    first = computed(lambda v: pool(v, 3, 2, padding, "channels_first"), np.moveaxis(x, -1, 1).copy())
    np.testing.assert_array_equal(last, np.moveaxis(first, 1, -1))


def test_means_of_integers_are_floats() -> None:
    result = nn.average_pool(np.arange(8, dtype="int32").reshape(1, 8, 1), 2)
    assert result.dtype == "float32"
    np.testing.assert_array_equal(result[0, :, 0], [0.5, 2.5, 4.5, 6.5])


def test_bad_arguments() -> None:
    x = np.zeros((2, 7, 6, 3))
    with pytest.raises(ValueError, match="padding must be 'valid' or 'same', got 'full'"):
        nn.max_pool(x, 2, padding="full")
    with pytest.raises(ValueError, match="padded size of pooled axis 0"):
        nn.max_pool(x, 9)
    with pytest.raises(ValueError, match="only 1D/2D/3D inputs, got shape"):
        nn.adaptive_max_pool(np.zeros((2, 3)), 2)
    with pytest.raises(ValueError, match="output_size must have 2 entries, received: \\(1, 2, 3\\)"):
        nn.adaptive_average_pool(x, (1, 2, 3))

"""Convolutions under Keras's names and rules."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

from ..agreement import computed, sample


def windows_of(x, taps, strides=1, dilation=1):
    """(batch, *outputs, *taps, channels) of an array with channels last."""
    rank = x.ndim - 2
    reach = tuple((k - 1) * dilation + 1 for k in taps)
    view = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(1, rank + 1)))
    view = view[:, *(slice(None, None, strides),) * rank]
    view = view[..., *(slice(None, None, dilation),) * rank]
    return np.moveaxis(view, rank + 1, -1)


def correlated(x, w, strides=1, dilation=1):
    rank = x.ndim - 2
    windows = windows_of(x, w.shape[:rank], strides, dilation)
    return np.tensordot(windows, w, (range(rank + 1, 2 * rank + 2), range(rank + 1)))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_valid_convolution(rank: int, strides: int, dilation: int) -> None:
    x, w = sample((2, *(7, 6, 5)[:rank], 3)), sample((*(2, 3, 2)[:rank], 3, 4), seed=1)
    found = computed(lambda x, w: T.nnet.convolution(x, w, strides, "valid", None, dilation), x, w)
    np.testing.assert_allclose(found, correlated(x, w, strides, dilation), atol=1e-12)


@pytest.mark.parametrize(
    ("size", "strides", "before", "after"), [(7, 1, 1, 1), (7, 2, 1, 1), (6, 2, 0, 1), (6, 3, 0, 0)]
)
def test_same_padding_is_tensorflows(size: int, strides: int, before: int, after: int) -> None:
    x, w = sample((2, size, 3)), sample((3, 3, 4), seed=1)
    found = computed(lambda x, w: T.nnet.convolution(x, w, strides, "same"), x, w)
    np.testing.assert_allclose(
        found, correlated(np.pad(x, ((0, 0), (before, after), (0, 0))), w, strides), atol=1e-12
    )


def test_causal_padding_goes_before() -> None:
    x, w = sample((2, 7, 3)), sample((3, 3, 4), seed=1)
    found = computed(lambda x, w: T.nnet.convolution(x, w, 1, "causal", None, 2), x, w)
    np.testing.assert_allclose(found, correlated(np.pad(x, ((0, 0), (4, 0), (0, 0))), w, 1, 2), atol=1e-12)


def test_channels_first_is_the_same_turned() -> None:
    x, w = sample((2, 5, 6, 4)), sample((3, 3, 2, 6), seed=1)
    last = computed(lambda x, w: T.nnet.convolution(x, w, 1, "same"), x, w, static=True)
    first = computed(
        lambda x, w: T.nnet.convolution(x, w, 1, "same", "channels_first"),
        np.moveaxis(x, -1, 1),
        w,
        static=True,
    )
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3, 17])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution(channels: int, multiplier: int) -> None:
    x, w = sample((2, 5, 6, channels)), sample((2, 3, channels, multiplier), seed=1)
    found = computed(T.nnet.depthwise_convolution, x, w, static=True)
    each = [correlated(x[..., c : c + 1], w[:, :, c : c + 1]) for c in range(channels)]
    np.testing.assert_allclose(found, np.concatenate(each, -1), atol=1e-12)


def test_separable_convolution() -> None:
    x, w, mix = sample((2, 5, 6, 3)), sample((2, 2, 3, 2), seed=1), sample((1, 1, 6, 4), seed=2)
    found = computed(T.nnet.separable_convolution, x, w, mix, static=True)
    middle = np.concatenate([correlated(x[..., c : c + 1], w[:, :, c : c + 1]) for c in range(3)], -1)
    np.testing.assert_allclose(found, middle @ mix[0, 0], atol=1e-12)


class TestTransposed:
    @pytest.mark.parametrize(
        ("size", "taps", "strides", "padding", "extra", "outputs", "start"),
        [
            (4, 3, 2, "valid", None, 9, 0),
            (4, 2, 3, "valid", None, 12, 0),
            (4, 3, 2, "valid", 1, 10, 0),
            (4, 3, 2, "same", None, 8, 0),
            (4, 4, 2, "same", None, 8, 1),
            (5, 3, 1, "same", None, 5, 1),
            (4, 3, 2, "same", 0, 7, 1),
        ],
    )
    def test_the_input_spread_out_and_cut_by_kerass_rule(
        self, size, taps, strides, padding, extra, outputs, start
    ) -> None:
        x, w = sample((2, size, 3)), sample((taps, 4, 3), seed=1)
        found = computed(
            lambda x, w: T.nnet.convolution_transpose(x, w, strides, padding, extra), x, w, static=True
        )
        whole = np.zeros((2, start + outputs + taps, 4))
        for place in range(size):
            whole[:, place * strides : place * strides + taps] += np.tensordot(x[:, place], w, (1, 2))
        np.testing.assert_allclose(found, whole[:, start : start + outputs], atol=1e-12)

    def test_channels_first_and_symbolic_sizes(self) -> None:
        x, w = sample((2, 3, 4, 3)), sample((3, 3, 5, 3), seed=1)
        last = T.nnet.convolution_transpose(x, w, 2, "same").data
        v = T.dtensor4("v")
        f = ct.function([v], T.nnet.convolution_transpose(v, w, 2, "same", None, "channels_first"))
        np.testing.assert_allclose(np.moveaxis(f(np.moveaxis(x, -1, 1)), 1, -1), last, atol=1e-12)


class TestErrors:
    X, W = np.zeros((2, 7, 6, 3)), np.zeros((3, 2, 3, 4))

    def test_padding_and_format(self) -> None:
        with pytest.raises(ValueError, match="conv: padding must be one of"):
            T.nnet.convolution(self.X, self.W, 1, "full")
        with pytest.raises(ValueError, match="causal: 1 axis"):
            T.nnet.convolution(self.X, self.W, 1, "causal")
        with pytest.raises(ValueError, match="data_format must be"):
            T.nnet.convolution(self.X, self.W, data_format="NHWC")
        with pytest.raises(ValueError, match="output_padding must be 0 or more"):
            T.nnet.convolution_transpose(self.X, np.zeros((3, 2, 4, 3)), output_padding=-1)

    def test_shapes(self) -> None:
        with pytest.raises(ShapeError, match="a multiple of the kernel's, 2"):
            T.nnet.convolution(self.X, np.zeros((3, 2, 2, 4)))
        with pytest.raises(ShapeError, match="1 to 3 spatial axes, got 2 axes"):
            T.nnet.convolution(np.zeros((2, 3)), self.W)
        with pytest.raises(ShapeError, match="kernel must have 4 axes"):
            T.nnet.convolution(self.X, np.zeros((3, 3, 4)))
        with pytest.raises(ShapeError, match="channels"):
            T.nnet.depthwise_convolution(self.X, np.zeros((3, 2, 4, 1)))
        with pytest.raises(ShapeError, match="number of channels must be known"):
            T.nnet.depthwise_convolution(self.X, T.dtensor4("w"))

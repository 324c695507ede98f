"""Convolutions under Theano's names, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve, correlate

import croton.tensor as T
from croton.graph.errors import ShapeError

from ..agreement import computed, sample


def expected(x, w, mode="valid", flip=True):
    """Sums over channels of SciPy's convolutions: (batch, channels, ...) with (filters, channels, ...)."""
    each = convolve if flip else correlate
    return np.array(
        [[sum(each(image[c], filter[c], mode) for c in range(len(filter))) for filter in w] for image in x]
    )


class TestConv2d:
    X, W = sample((2, 3, 7, 6)), sample((4, 3, 3, 2), seed=1)

    @pytest.mark.parametrize("mode", ["valid", "full"])
    @pytest.mark.parametrize("flip", [True, False])
    def test_is_scipys_convolution(self, mode: str, flip: bool) -> None:
        found = computed(lambda x, w: T.nnet.conv2d(x, w, border_mode=mode, filter_flip=flip), self.X, self.W)
        np.testing.assert_allclose(found, expected(self.X, self.W, mode, flip), atol=1e-12)

    @pytest.mark.parametrize(
        ("mode", "pads"),
        [
            ("half", ((1, 1), (1, 1))),
            (2, ((2, 2), (2, 2))),
            ((1, 0), ((1, 1), (0, 0))),
            (((0, 2), (1, 0)), ((0, 2), (1, 0))),
        ],
    )
    def test_border_modes_are_zeros_around(self, mode, pads) -> None:
        found = computed(lambda x, w: T.nnet.conv2d(x, w, border_mode=mode), self.X, self.W)
        np.testing.assert_allclose(
            found, expected(np.pad(self.X, ((0, 0), (0, 0), *pads)), self.W), atol=1e-12
        )

    def test_subsample_takes_every_other_output(self) -> None:
        found = computed(lambda x, w: T.nnet.conv2d(x, w, subsample=(2, 3)), self.X, self.W)
        np.testing.assert_allclose(found, expected(self.X, self.W)[:, :, ::2, ::3], atol=1e-12)

    def test_dilation_puts_zeros_between(self) -> None:
        spread = np.zeros((4, 3, 5, 4))
        spread[:, :, ::2, ::3] = self.W
        found = computed(lambda x, w: T.nnet.conv2d(x, w, filter_dilation=(2, 3)), self.X, self.W)
        np.testing.assert_allclose(found, expected(self.X, spread), atol=1e-12)

    def test_groups_do_not_see_each_other(self) -> None:
        x, w = sample((2, 6, 5, 5)), sample((4, 3, 2, 2), seed=1)
        found = computed(lambda x, w: T.nnet.conv2d(x, w, num_groups=2), x, w)
        halves = [expected(x[:, :3], w[:2]), expected(x[:, 3:], w[2:])]
        np.testing.assert_allclose(found, np.concatenate(halves, 1), atol=1e-12)

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int32", "complex64"])
    def test_dtypes(self, dtype: str) -> None:
        x, w = sample((2, 2, 5, 4), dtype), sample((3, 2, 2, 2), dtype, seed=1)
        found = computed(lambda x, w: T.nnet.conv2d(x, w), x, w)
        assert found.dtype == x.dtype
        wide = "complex128" if dtype == "complex64" else "float64"
        loose = {"float16": 1e-2, "bfloat16": 1e-1}.get(dtype, 1e-5)
        np.testing.assert_allclose(
            found.astype(wide), expected(x.astype(wide), w.astype(wide)), rtol=loose, atol=10 * loose
        )

    def test_an_empty_batch(self) -> None:
        found = computed(lambda x, w: T.nnet.conv2d(x, w), self.X[:0], self.W)
        assert found.shape == (0, 4, 5, 5)

    def test_arrays_that_are_not_contiguous(self) -> None:
        x, w = sample((6, 7, 3, 2)).T, sample((4, 3, 3, 4), seed=1)[..., ::2]
        found = computed(lambda x, w: T.nnet.conv2d(x, w), x, w)
        np.testing.assert_allclose(found, expected(x, w), atol=1e-12)

    def test_shapes_that_are_given_are_known(self) -> None:
        x, w = T.dtensor4("x"), T.dtensor4("w")
        y = T.nnet.conv2d(x, w, input_shape=(None, 3, 28, 28), filter_shape=(8, 3, 5, 5), subsample=(2, 2))
        assert y.type.shape[1:] == (8, 12, 12)


class TestErrors:
    X, W = np.zeros((2, 3, 7, 6)), np.zeros((4, 3, 3, 2))

    def test_border_modes(self) -> None:
        for mode in ("same", -1, (1, 2, 3), (1, (2, -1)), 1.5):
            with pytest.raises(ValueError, match="conv2d: border_mode must be"):
                T.nnet.conv2d(self.X, self.W, border_mode=mode)

    def test_strides_and_groups(self) -> None:
        with pytest.raises(ValueError, match="conv2d: subsample must be 1 or more"):
            T.nnet.conv2d(self.X, self.W, subsample=(0, 1))
        with pytest.raises(TypeError, match="conv2d: filter_dilation must be an int"):
            T.nnet.conv2d(self.X, self.W, filter_dilation=1.5)
        with pytest.raises(ValueError, match="num_groups"):
            T.nnet.conv2d(self.X, self.W, num_groups=0)

    def test_ranks_and_shapes(self) -> None:
        with pytest.raises(ShapeError, match="conv2d: input must have 4 axes, got 3"):
            T.nnet.conv2d(self.X[0], self.W)
        with pytest.raises(ShapeError, match="not the one given"):
            T.nnet.conv2d(self.X, self.W, filter_shape=(4, 3, 3, 3))
        with pytest.raises(ShapeError, match="must have 4 entries"):
            T.nnet.conv2d(self.X, self.W, input_shape=(3, 3))
        with pytest.raises(ShapeError, match="the last 2 known"):
            T.nnet.conv2d_grad_wrt_inputs(self.X, self.W, (None, None, None, 4))

    def test_unshared_filters(self) -> None:
        with pytest.raises(ValueError, match="unshared must be False"):
            T.nnet.conv2d(self.X, self.W, unshared=True)


def test_conv1d_and_conv3d() -> None:
    x1, w1, x3, w3 = sample((2, 3, 8)), sample((4, 3, 3)), sample((1, 2, 4, 5, 4)), sample((2, 2, 2, 3, 2))
    found = computed(lambda x, w: T.nnet.conv1d(x, w), x1, w1)
    np.testing.assert_allclose(found, expected(x1, w1), atol=1e-12)
    found = computed(lambda x, w: T.nnet.conv3d(x, w, border_mode="full"), x3, w3)
    np.testing.assert_allclose(found, expected(x3, w3, "full"), atol=1e-12)


def test_causal_conv1d_never_looks_ahead() -> None:
    x, w = sample((2, 3, 8)), sample((4, 3, 3), seed=1)
    found = computed(lambda x, w: T.nnet.causal_conv1d(x, w), x, w)
    np.testing.assert_allclose(found, expected(x, w, "full")[..., :8], atol=1e-12)
    assert T.nnet.causal_conv1d(x, w, subsample=3).data.shape == (2, 4, 3)


def test_gradients_by_name_are_the_transposes() -> None:
    x, w, y = sample((2, 3, 7, 6)), sample((4, 3, 3, 2), seed=1), sample((2, 4, 4, 5), seed=2)
    options = {"subsample": (2, 1), "border_mode": ((1, 1), (0, 0))}
    inner = np.sum(computed(lambda x, w: T.nnet.conv2d(x, w, **options), x, w) * y)
    by_input = computed(lambda y, w: T.nnet.conv2d_grad_wrt_inputs(y, w, x.shape, **options), y, w)
    by_weights = computed(lambda x, y: T.nnet.conv2d_grad_wrt_weights(x, y, w.shape, **options), x, y)
    np.testing.assert_allclose([np.sum(by_input * x), np.sum(by_weights * w)], [inner, inner])
    transposed = T.nnet.conv2d_transpose(
        y, w, x.shape, border_mode=options["border_mode"], input_dilation=options["subsample"]
    )
    np.testing.assert_allclose(transposed.data, by_input)


def test_gradients_by_name_in_three_dimensions() -> None:
    x, w, y = sample((2, 2, 4, 3, 5)), sample((3, 2, 2, 2, 3), seed=1), sample((2, 3, 3, 2, 3), seed=2)
    inner = np.sum(T.nnet.conv3d(x, w).data * y)
    by_input = T.nnet.conv3d_grad_wrt_inputs(y, w, x.shape).data
    by_weights = T.nnet.conv3d_grad_wrt_weights(x, y, w.shape).data
    np.testing.assert_allclose([np.sum(by_input * x), np.sum(by_weights * w)], [inner, inner])


def test_separable_conv2d() -> None:
    x, own, mix = sample((2, 3, 5, 6)), sample((6, 1, 2, 2), seed=1), sample((4, 6, 1, 1), seed=2)
    found = computed(lambda x, a, b: T.nnet.separable_conv2d(x, a, b, 3), x, own, mix)
    middle = np.concatenate([expected(x[:, c : c + 1], own[2 * c : 2 * c + 2]) for c in range(3)], 1)
    np.testing.assert_allclose(found, expected(middle, mix), atol=1e-12)


def test_output_shapes() -> None:
    shape = T.nnet.get_conv_output_shape
    assert shape((5, 3, 28, 28), (8, 3, 5, 5), "valid", (2, 2)) == (5, 8, 12, 12)
    assert shape((None, 3, 28, None), (8, 3, 3, 3), "half", (1, 1), (2, 2)) == (None, 8, 28, None)
    assert shape((5, 3, 28), (8, 3, 5), "full", (1,)) == (5, 8, 32)
    with pytest.raises(ShapeError, match="as many in both"):
        shape((5, 3, 28), (8, 3, 5, 5), "valid", (1,))


class TestSignal:
    IMAGE, FILTER = sample((6, 5)), sample((2, 3), seed=1)

    @pytest.mark.parametrize("mode", ["valid", "full"])
    def test_an_axis_for_each_that_operands_have(self, mode: str) -> None:
        one = convolve(self.IMAGE, self.FILTER, mode)
        conv2d = T.signal.conv.conv2d
        for images, filters, shape in (
            (self.IMAGE, self.FILTER, ()),
            (np.stack([self.IMAGE] * 3), self.FILTER, (3,)),
            (self.IMAGE, np.stack([self.FILTER] * 2), (2,)),
            (np.stack([self.IMAGE] * 3), np.stack([self.FILTER] * 2), (3, 2)),
        ):
            found = computed(lambda x, w: conv2d(x, w, border_mode=mode), images, filters)
            np.testing.assert_allclose(found, np.broadcast_to(one, (*shape, *one.shape)), atol=1e-12)

    def test_errors(self) -> None:
        with pytest.raises(ShapeError, match="2 or 3 axes, got 4 and 2"):
            T.signal.conv.conv2d(np.zeros((1, 1, 3, 3)), self.FILTER)
        with pytest.raises(ValueError, match="'valid' or 'full'"):
            T.signal.conv.conv2d(self.IMAGE, self.FILTER, border_mode="half")


def test_places_that_theano_had() -> None:
    x, w = sample((1, 2, 4, 4)), sample((2, 2, 2, 2), seed=1)
    for place in (T.nnet.abstract_conv.conv2d, T.nnet.conv.conv2d):
        np.testing.assert_array_equal(place(x, w).data, T.nnet.conv2d(x, w).data)
    np.testing.assert_array_equal(
        T.nnet.conv2d(x, w, image_shape=(1, 2, 4, 4)).data, T.nnet.conv2d(x, w).data
    )
    with pytest.raises(TypeError, match="conv2d: input_shape and image_shape are the same argument"):
        T.nnet.conv2d(x, w, (1, 2, 4, 4), image_shape=(1, 2, 4, 4))

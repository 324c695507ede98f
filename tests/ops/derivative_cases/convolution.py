"""Convolutions: layouts, padding, strides, dilation, groups, and every side of them."""

from __future__ import annotations

import numpy as np

import croton.tensor as T

from .case import Case

RANDOM = np.random.default_rng(1)


def array(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


def complex_array(*shape: int) -> np.ndarray:
    return array(*shape) + 1j * array(*shape)


CASES = [
    Case("conv2d", T.nnet.conv2d, (array(2, 2, 5, 4), array(3, 2, 2, 3))),
    Case(
        "conv2d with strides and dilation",
        lambda x, w: T.nnet.conv2d(x, w, border_mode="half", subsample=(2, 1), filter_dilation=(1, 2)),
        (array(2, 2, 5, 6), array(2, 2, 3, 2)),
    ),
    Case(
        "conv2d in groups",
        lambda x, w: T.nnet.conv2d(x, w, border_mode=((1, 0), (0, 2)), filter_flip=False, num_groups=2),
        (array(2, 4, 4, 3), array(6, 2, 2, 2)),
    ),
    Case(
        "conv1d, full", lambda x, w: T.nnet.conv1d(x, w, border_mode="full"), (array(2, 3, 5), array(2, 3, 3))
    ),
    Case(
        "causal_conv1d",
        lambda x, w: T.nnet.causal_conv1d(x, w, filter_dilation=2),
        (array(2, 2, 6), array(3, 2, 2)),
    ),
    Case(
        "conv3d",
        lambda x, w: T.nnet.conv3d(x, w, subsample=(1, 2, 1)),
        (array(1, 2, 3, 4, 3), array(2, 2, 2, 2, 2)),
    ),
    Case(
        "convolution, same, channels last",
        lambda x, w: T.nnet.convolution(x, w, 2, "same"),
        (array(2, 5, 4, 3), array(3, 3, 3, 2)),
    ),
    Case(
        "depthwise_convolution",
        lambda x, w: T.nnet.depthwise_convolution(x, w, 1, "same"),
        (array(2, 4, 3, 3), array(3, 2, 3, 2)),
    ),
    Case(
        "separable_convolution",
        T.nnet.separable_convolution,
        (array(1, 4, 4, 2), array(2, 2, 2, 2), array(1, 1, 4, 3)),
    ),
    Case(
        "convolution_transpose",
        lambda x, w: T.nnet.convolution_transpose(x, w, 2, "same"),
        (array(2, 3, 2, 2), array(3, 3, 3, 2)),
    ),
    Case(
        "conv2d_grad_wrt_weights",
        lambda x, y: T.nnet.conv2d_grad_wrt_weights(x, y, (2, 3, 2, 3), subsample=(2, 1)),
        (array(2, 3, 4, 5), array(2, 2, 2, 3)),
    ),
    Case("conv2d, complex", T.nnet.conv2d, (complex_array(1, 2, 3, 3), complex_array(2, 2, 2, 2))),
]

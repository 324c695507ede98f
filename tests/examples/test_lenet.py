"""A LeNet learns from some of the MNIST digits, and its features are what SciPy's convolutions give."""

from __future__ import annotations

import lenet
import numpy as np
import scipy.signal

import croton as ct
import croton.tensor as T


def test_it_learns() -> None:
    report = lenet.train(epochs=4, batch=20, kernels=(6, 12), hidden=64, rate=0.01, limit=1000)
    assert report.losses[-1] < report.losses[0] / 3
    assert report.accuracy > 0.85


def test_a_layer_is_convolution_maximum_and_rectifier() -> None:
    image = np.random.default_rng(0).normal(size=(28, 28)).astype("float32")
    network = lenet.LeNet(kernels=(3, 4), hidden=5)
    x = T.ftensor4("x")
    found = ct.function([x], network.convolved(x, network.first))(image[np.newaxis, np.newaxis])
    for kernel, maps in zip(network.first[0].get_value()[:, 0], found[0], strict=True):
        convolved = scipy.signal.convolve2d(image, kernel, "valid")
        expected = np.maximum(convolved.reshape(12, 2, 12, 2).max(axis=(1, 3)), 0)
        np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)

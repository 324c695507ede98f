"""Autoencoders learn to repair and to contract, and what is paid for is the size of the true Jacobian."""

from __future__ import annotations

import denoising_autoencoder
import numpy as np

import croton as ct
import croton.tensor as T


def test_it_learns_to_repair() -> None:
    plain = denoising_autoencoder.train(epochs=40)
    denoising = denoising_autoencoder.train(epochs=40, erased=0.4)
    assert denoising.before == plain.before
    assert denoising.losses[-1] < denoising.losses[0] * 0.85
    assert denoising.after > denoising.before + 0.02
    assert denoising.after > plain.after + 0.02


def test_it_learns_to_contract() -> None:
    plain = denoising_autoencoder.train(epochs=20)
    contractive = denoising_autoencoder.train(epochs=20, contraction=0.1)
    assert contractive.losses[-1] < contractive.losses[0] * 0.9
    assert contractive.jacobian_size < plain.jacobian_size / 2


def test_the_size_is_that_of_the_jacobian() -> None:
    model = denoising_autoencoder.Autoencoder(6, 4)
    image, x = np.random.default_rng(0).random((1, 6)).astype("float32"), T.fmatrix("x")
    jacobian = ct.jacobian(model.features(x)[0], x)
    size, expected = ct.function([x], [model.jacobian_size(x), (jacobian**2).sum()])(image)
    np.testing.assert_allclose(size, [expected], rtol=1e-5)


def test_other_pixels_are_erased_in_every_call() -> None:
    model, x = denoising_autoencoder.Autoencoder(6, 4), T.fmatrix("x")
    damage = ct.function([x], model.damaged(x, 0.25))
    ones = np.ones((400, 500), "float32")
    first, second = damage(ones), damage(ones)
    assert abs(first.mean() - 0.75) < 0.005
    assert abs((first * second).mean() - 0.75**2) < 0.005

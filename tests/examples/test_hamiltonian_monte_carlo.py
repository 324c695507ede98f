"""The samples have the moments of the posterior; moves keep the energy and can be undone."""

from __future__ import annotations

import hamiltonian_monte_carlo
import numpy as np

import croton as ct
import croton.tensor as T


def test_the_moments_are_those_of_the_posterior() -> None:
    report = hamiltonian_monte_carlo.sample(chains=16, moves=1000)
    assert 0.6 < report.accepted < 0.95
    assert report.mean_error < 0.1
    assert report.covariance_error < 0.12


def test_leapfrog_steps_can_be_undone() -> None:
    x, y = hamiltonian_monte_carlo.load()
    sampler = hamiltonian_monte_carlo.Sampler(x, y, chains=2, leapfrog_steps=5)
    w, p = T.matrix("w"), T.matrix("p")
    half = sampler.step_size / 2
    moved, momenta = sampler.leapfrog(w, p + half * sampler.force(w))
    momenta = momenta - half * sampler.force(moved)
    step = ct.function([w, p], [moved, momenta])
    start, speed = np.random.default_rng(0).normal(size=(2, 2, 10))
    there, after = step(start, speed)
    assert np.abs(there - start).max() > 1e-3
    back, before = step(there, -after)
    np.testing.assert_allclose(back, start, atol=1e-12)
    np.testing.assert_allclose(-before, speed, atol=1e-10)

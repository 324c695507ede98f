"""The samples have the moments of the posterior, and calls go on where the last one ended."""

from __future__ import annotations

import gibbs_sampler
import numpy as np


def test_the_moments_are_those_of_the_posterior() -> None:
    report = gibbs_sampler.sample(sweeps=200_000)
    assert report.mean_error < 0.05
    assert report.covariance_error < 0.05
    assert report.noise_error < 0.05


def test_a_seed_gives_the_same_samples_and_a_second_call_goes_on() -> None:
    x, y = gibbs_sampler.load()
    run, other = gibbs_sampler.sampler(x, y), gibbs_sampler.sampler(x, y)
    weights, variances = run(5)
    again, same = other(5)
    np.testing.assert_array_equal(again, weights)
    np.testing.assert_array_equal(same, variances)
    more, _ = run(5)
    assert (more != weights).all()

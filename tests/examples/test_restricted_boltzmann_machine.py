"""The machine learns digits and names; its free energy and its chains are those of its energy."""

from __future__ import annotations

from itertools import product

import numpy as np
import restricted_boltzmann_machine

import croton as ct
import croton.tensor as T


def test_it_learns(capsys) -> None:  # type: ignore[no-untyped-def]
    report = restricted_boltzmann_machine.train(epochs=30, hidden=100, steps=3)
    assert np.mean(report.pseudo_likelihoods[-3:]) > report.pseudo_likelihoods[0] + 5
    assert report.accuracy > 0.75
    restricted_boltzmann_machine.show(report.dreams[:2])
    assert capsys.readouterr().out.count("\n") == 9


def small() -> tuple[restricted_boltzmann_machine.Machine, np.ndarray, np.ndarray]:
    """A machine of 4 visible and 3 hidden units, its visible states and their probabilities."""
    machine = restricted_boltzmann_machine.Machine(4, 3)
    generator = np.random.default_rng(1)
    w, c, b = (generator.normal(size=size).astype("float32") for size in ((4, 3), 3, 4))
    for parameter, value in zip(machine.parameters, (w, c, b), strict=True):
        parameter.set_value(value)
    states = np.array(list(product([0, 1], repeat=4)), "float32")
    hidden = np.array(list(product([0, 1], repeat=3)), "float32")
    joint = np.exp(states @ w @ hidden.T + (states @ b)[:, np.newaxis] + hidden @ c)
    return machine, states, joint.sum(axis=1) / joint.sum()


def test_free_energy_and_pseudo_likelihood_are_those_of_the_probabilities() -> None:
    machine, states, probability = small()
    v, unit = T.fmatrix("v"), T.lscalar("unit")
    outputs = [machine.free_energy(v), machine.pseudo_likelihood(v, unit)]
    energy, likelihood = ct.function([v, unit], outputs)(states, 2)
    np.testing.assert_allclose(np.exp(-energy) / np.exp(-energy).sum(), probability, rtol=1e-5)
    flipped = probability.reshape(2, 2, 2, 2)[:, :, ::-1].ravel()
    np.testing.assert_allclose(
        likelihood, 4 * np.log(probability / (probability + flipped)).mean(), rtol=1e-5
    )


def test_chains_reach_the_distribution_of_the_machine() -> None:
    machine, states, probability = small()
    start = T.fmatrix("start")
    chains, updates = ct.scan(machine.gibbs_step, outputs_info=[start], n_steps=50)
    run = ct.function([start], chains[-1], updates=updates)
    ends = run(np.zeros((20_000, 4), "float32"))
    frequencies = (ends[:, np.newaxis] == states).all(axis=2).mean(axis=0)
    np.testing.assert_allclose(frequencies, probability, atol=0.012)

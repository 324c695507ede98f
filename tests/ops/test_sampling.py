"""Samplers in C against the same methods in NumPy, element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.ops import sampling, sampling_reference

from .agreement import NDArray

R = T.random
KEY = R.key(99 + (3 << 64)).data
SPREAD = np.concatenate([np.geomspace(1e-3, 1e6, 40), [0.0, 1.0, 9.999, 10.0]])
TRIALS = np.tile(np.array([0, 1, 5, 40, 1000, 10**9]), 4)
CHANCES = np.repeat(np.array([0.0, 0.001, 0.3, 0.9]), 6)
GOOD, BAD, TAKEN = np.array([0, 5, 30, 400, 7]), np.array([4, 0, 9, 3000, 2]), np.array([2, 3, 20, 1000, 9])
DRAWS: dict[str, tuple[Callable[..., Any], tuple[NDArray, ...]]] = {
    "gamma": (lambda k, a: R.gamma((50, len(SPREAD)), a, key=k), (SPREAD,)),
    "vonmises": (lambda k, a: R.vonmises((50, len(SPREAD)), 0.5, a * 1e3, key=k), (SPREAD,)),
    "poisson": (lambda k, a: R.poisson((50, len(SPREAD)), a, key=k), (SPREAD,)),
    "binomial": (lambda k, n, p: R.binomial((50, 24), n, p, key=k), (TRIALS, CHANCES)),
    "hypergeometric": (lambda k, g, b, t: R.hypergeometric((50, 5), g, b, t, key=k), (GOOD, BAD, TAKEN)),
    "multinomial": (
        lambda k, n, p: R.multinomial(None, n, p, key=k),
        (np.array([[0, 3, 70], [10**6, 1, 2]]), np.random.default_rng(0).random((2, 3, 5))),
    ),
    "without replacement": (
        lambda k, p: R.choice_without_replacement(p, 4, key=k),
        (np.random.default_rng(1).random((30, 6)),),
    ),
    "permutations": (lambda k: R.permutations((3, 2), 20, key=k), ()),
}


@pytest.mark.parametrize("name", DRAWS)
def test_compiled_and_interpreted_agree(name: str) -> None:
    draw, parameters = DRAWS[name]
    key = T.tensor("uint64", shape=(2,), name="key")
    variables = [T.tensor(p.dtype.name, shape=(None,) * p.ndim) for p in parameters]
    if name in ("multinomial", "without replacement", "permutations"):
        output = draw(key, *variables)
    else:  # the length is that of the parameters: known here
        variables = [T.tensor(p.dtype.name, shape=p.shape) for p in parameters]
        output = draw(key, *variables)
    compiled = ct.function([key, *variables], output)(KEY, *parameters)
    interpreted = ct.function([key, *variables], output, mode="interpret")(KEY, *parameters)
    eager = draw(KEY, *parameters).data
    np.testing.assert_array_equal(interpreted, eager)
    if compiled.dtype.kind == "i":
        np.testing.assert_array_equal(compiled, interpreted)
    else:
        np.testing.assert_allclose(compiled, interpreted, rtol=1e-9)


@pytest.mark.parametrize("kind", sampling.SAMPLERS)
def test_the_reference_in_numpy_agrees(kind: str) -> None:
    parameters = {
        "log_gamma": (SPREAD,),
        "vonmises": (SPREAD * 1e3,),
        "poisson": (SPREAD,),
        "binomial": (TRIALS.astype(float), CHANCES),
        "hypergeometric": (GOOD.astype(float), BAD.astype(float), TAKEN.astype(float)),
    }[kind]
    flat = [np.tile(p, 50) for p in parameters]
    count = len(flat[0])
    found = sampling.drawn(kind, KEY, count, flat)
    source = sampling_reference.Source(KEY, count)
    with np.errstate(all="ignore"):
        expected = sampling_reference.SAMPLERS[kind](source, np.arange(count), *flat)
    near = 1e-9 if found.dtype == np.float64 else 0
    np.testing.assert_allclose(found, expected, rtol=near, atol=near)
    for position, whole in enumerate(flat):  # one number for all elements
        alike = [*flat[:position], np.full(count, whole[1]), *flat[position + 1 :]]
        single = [*flat[:position], np.asarray(whole[1]), *flat[position + 1 :]]
        np.testing.assert_array_equal(
            sampling.drawn(kind, KEY, count, single), sampling.drawn(kind, KEY, count, alike)
        )


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    of_many = R.poisson((100,), np.linspace(0, 50, 100), key=KEY).data
    of_few = R.poisson((60,), np.linspace(0, 50, 100)[:60], key=KEY).data
    np.testing.assert_array_equal(of_many[:60], of_few)
    changed = np.linspace(0, 50, 100)
    changed[:99] = 3.0
    assert R.poisson((100,), changed, key=KEY).data[99] == of_many[99]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda k, x: R.poisson((3,), x, key=k),
            "random.poisson: expected a number from 0 to 9.2e18 as mean",
        ),
        (lambda k, x: R.gamma((3,), x, key=k), "random.gamma: expected a finite number that is not negative"),
        (lambda k, x: R.binomial((3,), 5, x, key=k), "random.binomial: expected a probability as p"),
        (lambda k, x: R.binomial((3,), x, 0.5, key=k), "random.binomial: expected a whole number"),
        (lambda k, x: R.multinomial(None, 3, x, key=k), "random.multinomial: expected finite pvals"),
        (lambda k, x: R.choice_without_replacement(x, 1, key=k), "random.choice: expected finite"),
    ],
)
def test_parameters_out_of_range_are_named(draw: Callable[..., Any], message: str) -> None:
    key, x = T.tensor("uint64", shape=(2,)), T.tensor("float64", shape=(3,))
    bad = np.array([0.5, -1.5, 1.0])
    for mode in ("compile", "interpret"):
        with pytest.raises(ValueError, match=message) as caught:
            ct.function([key, x], draw(key, x), mode=mode)(KEY, bad)
        assert "-1.5" in str(caught.value) or "0.5" in str(caught.value)
    with pytest.raises(ValueError, match=message):
        draw(KEY, np.array([np.nan, 1.0, 1.0]))


def test_more_parameters_out_of_range() -> None:
    with pytest.raises(ValueError, match="expected nsample at most ngood"):
        R.hypergeometric((2,), 3, 4, 8, key=KEY)
    with pytest.raises(ValueError, match="expected pvals with a positive sum"):
        R.multinomial(None, 3, np.zeros(3), key=KEY)
    for mode in ("compile", "interpret"):
        p = T.vector("p")
        f = ct.function([p], R.choice_without_replacement(p, 3, key=7), mode=mode)
        with pytest.raises(ValueError, match="at least as many outcomes of positive probability"):
            f(np.array([0.5, 0.5, 0.0]))


def test_nothing_is_drawn_for_empty_shapes() -> None:
    assert R.poisson((0, 3), 2.0, key=KEY).data.shape == (0, 3)
    assert R.multinomial(None, 2, np.zeros((0, 3)), key=KEY).data.shape == (0, 3)
    assert R.permutations((2,), 0, key=KEY).data.shape == (2, 0)
    n = T.lscalar("n")
    assert ct.function([n], R.gamma((n,), 2.0, key=7))(0).shape == (0,)
    assert ct.function([n], R.gamma((n,), 2.0, key=7))(5).shape == (5,)

"""Random numbers are functions of their seed: the same bits eagerly and compiled, others for other seeds."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import scipy.stats
from keras.src import backend

import croton as ct

random = backend.random
SHAPE = (7, 33)
DRAWS: dict[str, Callable[[Any], Any]] = {
    "uniform": lambda seed: random.uniform(SHAPE, -1, 3, seed=seed),
    "uniform16": lambda seed: random.uniform(SHAPE, dtype="float16", seed=seed),
    "normal": lambda seed: random.normal(SHAPE, 2.0, 0.5, seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal(SHAPE, seed=seed),
    "randint": lambda seed: random.randint(SHAPE, -3, 10**6, seed=seed),
    "categorical": lambda seed: random.categorical(np.zeros((7, 1000), "float32"), 33, seed=seed),
    "dropout": lambda seed: random.dropout(np.arange(1, 232, dtype="float32").reshape(SHAPE), 0.4, seed=seed),
    "shuffle": lambda seed: random.shuffle(np.arange(100), seed=seed),
    "gamma": lambda seed: random.gamma(SHAPE, 2.5, seed=seed),
    "binomial": lambda seed: random.binomial(SHAPE, 50.0, 0.3, seed=seed),
    "beta": lambda seed: random.beta(SHAPE, 2.0, 3.0, seed=seed),
}
ROUNDED = {"truncated_normal", "gamma", "beta"}  # through functions that NumPy rounds in its own way


@pytest.mark.parametrize("name", DRAWS)
def test_compiled_is_eager(name: str) -> None:
    """The seed is an argument of the compiled function, as the state of a generator is."""
    seed = np.array([1337, 5], np.uint32)
    eager = np.asarray(DRAWS[name](backend.convert_to_tensor(seed)))
    compiled = np.asarray(ct.jit(DRAWS[name])(seed))
    if name in ROUNDED:
        np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_array_equal(compiled, eager)


@pytest.mark.parametrize("name", DRAWS)
def test_equal_seeds_give_equal_numbers(name: str) -> None:
    first, again, other = (np.asarray(DRAWS[name](seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_gives_other_numbers_every_time_and_starts_anew(name: str) -> None:
    first, second = keras.random.SeedGenerator(9), keras.random.SeedGenerator(9)
    one, two = np.asarray(DRAWS[name](first)), np.asarray(DRAWS[name](first))
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, DRAWS[name](second))
    np.testing.assert_array_equal(two, DRAWS[name](second))


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("uniform", scipy.stats.uniform(-1, 4)),
        ("normal", scipy.stats.norm(2, 0.5)),
        ("truncated_normal", scipy.stats.truncnorm(-2, 2)),
        ("gamma", scipy.stats.gamma(2.5)),
        ("beta", scipy.stats.beta(2, 3)),
    ],
)
def test_distributions(name: str, distribution: Any) -> None:
    drawn = np.concatenate([np.asarray(DRAWS[name](seed)).reshape(-1) for seed in range(20)])
    assert scipy.stats.kstest(drawn, distribution.cdf).pvalue > 1e-3


def test_keras_and_croton_draw_apart() -> None:
    """A seed of Keras is not the key that Croton makes of the same number."""
    import croton.tensor as T

    own = np.asarray(T.random.uniform((50,), dtype="float32", key=T.random.key(5)))
    assert not np.array_equal(own, random.uniform((50,), seed=5))


class TestDropout:
    x = np.ones((400, 50), "float32")

    def test_entries_are_zero_or_scaled(self) -> None:
        dropped = np.asarray(random.dropout(self.x, 0.25, seed=1))
        assert set(np.unique(dropped)) == {np.float32(0), np.float32(1 / 0.75)}
        assert abs((dropped == 0).mean() - 0.25) < 0.01

    def test_rates_of_nothing_and_everything(self) -> None:
        np.testing.assert_array_equal(random.dropout(self.x, 0.0, seed=1), self.x)
        np.testing.assert_array_equal(random.dropout(self.x, 1.0, seed=1), 0 * self.x)

    def test_decisions_along_some_axes(self) -> None:
        dropped = np.asarray(random.dropout(self.x, 0.5, noise_shape=(None, 1), seed=2))
        assert np.all(dropped == dropped[:, :1]) and 100 < (dropped[:, 0] == 0).sum() < 300

    def test_decisions_that_do_not_broadcast(self) -> None:
        for noise_shape in ((2, 400, 50), (None, 1, None), (3, 1)):
            with pytest.raises(ValueError, match=r"noise_shape|do not broadcast"):
                random.dropout(self.x, 0.5, noise_shape=noise_shape, seed=2)

    @pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
    def test_integers_become_floats(self, rate: float) -> None:
        assert random.dropout(np.ones(5, "int32"), rate, seed=1).dtype == "float32"

    def test_the_gradient_takes_the_same_decisions(self) -> None:
        import croton.tensor as T

        seed = np.array([4, 0], np.uint32)
        x = T.fmatrix("x")
        dropped = random.dropout(x, 0.5, seed=backend.convert_to_tensor(seed))
        value, gradient = ct.function([x], [dropped, T.grad(T.sum(dropped), x)])(self.x)
        np.testing.assert_array_equal(value, gradient)

    def test_a_batch_of_any_size(self) -> None:
        drop = ct.jit(lambda x, seed: random.dropout(x, 0.5, seed=seed))
        seed = np.array([4, 0], np.uint32)
        for rows in (1, 3, 400):
            expected = random.dropout(self.x[:rows], 0.5, seed=backend.convert_to_tensor(seed))
            np.testing.assert_array_equal(drop(self.x[:rows], seed), expected)
        assert drop.traces == 1


def test_categorical_follows_the_logits() -> None:
    chances = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]], "float32")
    with np.errstate(divide="ignore"):
        drawn = np.asarray(random.categorical(np.log(chances), 5000, seed=0))
    assert drawn.shape == (2, 5000) and drawn.dtype == np.int32
    found = np.stack([np.bincount(row, minlength=3) / 5000 for row in drawn])
    np.testing.assert_allclose(found, chances, atol=0.03)


def test_shuffle_moves_whole_rows() -> None:
    x = np.arange(60).reshape(20, 3)
    shuffled = np.asarray(random.shuffle(x, seed=3))
    assert not np.array_equal(shuffled, x)
    np.testing.assert_array_equal(shuffled[np.argsort(shuffled[:, 0])], x)
    along = np.asarray(random.shuffle(x.T, axis=1, seed=3))
    np.testing.assert_array_equal(along, shuffled.T)


def test_randint_covers_its_range() -> None:
    drawn = np.asarray(random.randint((10_000,), -2, 3, seed=0))
    values, counts = np.unique(drawn, return_counts=True)
    assert list(values) == [-2, -1, 0, 1, 2] and counts.min() > 1800


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtypes(dtype: str) -> None:
    for draw in (random.uniform, random.normal, random.truncated_normal):
        drawn = draw((5,), dtype=dtype, seed=1)
        assert keras.backend.standardize_dtype(drawn.dtype) == dtype


def test_bad_seeds_and_ranges() -> None:
    with pytest.raises(ValueError, match="seed"):
        random.normal((2,), seed="now")
    with pytest.raises(ValueError, match=r"seed: expected a tensor of shape \(2,\)"):
        random.normal((2,), seed=backend.convert_to_tensor(np.zeros(3, "uint32")))
    with pytest.raises(ValueError, match="low < high"):
        random.randint((2,), 3, 3, seed=0)
    with pytest.raises(ValueError, match="rate"):
        random.dropout(np.ones(3, "float32"), 1.5, seed=0)

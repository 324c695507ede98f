"""Random arrays: a function of the key, the same eagerly and compiled, distributed as they should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats

import croton as ct
import croton.tensor as T
from croton.graph import philox

R = T.random
DRAWS: dict[str, Callable[[Any], Any]] = {
    "words": lambda k: R.bits((7, 5), key=k),
    "pairs": lambda k: R.bits((7, 5), "uint64", key=k),
    "uniform32": lambda k: R.uniform((101,), dtype="float32", key=k),
    "uniform64": lambda k: R.uniform((33, 3), -2, 5, key=k),
    "uniform16": lambda k: R.uniform((100,), dtype="float16", key=k),
    "normal32": lambda k: R.normal((103,), dtype="float32", key=k),
    "normal64": lambda k: R.normal((10, 11), 3.0, 2.0, key=k),
    "truncated32": lambda k: R.truncated_normal((103,), 1.0, 3.0, dtype="float32", key=k),
    "truncated64": lambda k: R.truncated_normal((10, 11), key=k),
    "bernoulli": lambda k: R.bernoulli((100,), 0.3, key=k),
    "integers": lambda k: R.integers(-5, 9, (100,), key=k),
    "permutation": lambda k: R.permutation(50, key=k),
    "split": lambda k: R.split(k, 3),
    "fold_in": lambda k: R.fold_in(k, 2),
    "dropout": lambda k: R.dropout(np.ones((20, 20)), 0.4, key=k),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_bits_eagerly_compiled_and_interpreted(name: str) -> None:
    key = R.key(123)
    k = T.tensor("uint64", shape=(2,), name="k")
    compiled = ct.function([k], DRAWS[name](k))(key.data)
    np.testing.assert_array_equal(compiled, ct.function([k], DRAWS[name](k), mode="interpret")(key.data))
    np.testing.assert_array_equal(compiled, DRAWS[name](key).data)
    np.testing.assert_array_equal(compiled, DRAWS[name](key).data)


@pytest.mark.parametrize("name", ["exponential", "gumbel"])
def test_the_same_numbers_up_to_rounding(name: str) -> None:
    key = R.key(5)
    k = T.tensor("uint64", shape=(2,), name="k")
    draw = getattr(R, name)
    np.testing.assert_allclose(
        ct.function([k], draw((200,), key=k))(key.data), draw((200,), key=key).data, rtol=1e-12
    )


def test_words_are_philoxs() -> None:
    key = R.key(7 + (9 << 64))
    np.testing.assert_array_equal(R.bits((50,), key=key).data, philox.words(7, 9, 0, 50))
    np.testing.assert_array_equal(R.bits((50,), "uint64", key=key).data, philox.word_pairs(7, 9, 0, 50))


def test_truncated_normals_are_the_inverse_of_their_distribution() -> None:
    words = np.linspace(0, 2**32 - 1, 10_001).astype(np.uint32)
    expected = scipy.stats.truncnorm(-2, 2).ppf(philox.uniform_f32(words).astype(float))
    np.testing.assert_allclose(philox.truncated_f32(words), expected, atol=4e-7)
    pairs = words.astype(np.uint64) << np.uint64(32)
    np.testing.assert_allclose(
        philox.truncated_f64(pairs), scipy.stats.truncnorm(-2, 2).ppf(philox.uniform_f64(pairs)), atol=4e-13
    )
    for width, made in ((32, philox.truncated_f32), (64, philox.truncated_f64)):
        drawn = R.truncated_normal((999,), dtype=f"float{width}", key=R.key(7)).data
        source = philox.words(7, 0, 0, 999) if width == 32 else philox.word_pairs(7, 0, 0, 999)
        np.testing.assert_allclose(drawn, made(source), rtol=2e-6 if width == 32 else 1e-13)


class TestDistributions:
    size = 20000

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_uniform(self, dtype: str) -> None:
        drawn = R.uniform((self.size,), -1, 3, dtype=dtype, key=R.key(1)).data
        assert drawn.dtype == dtype
        assert drawn.min() >= -1 and drawn.max() < 3
        assert scipy.stats.kstest(drawn, scipy.stats.uniform(-1, 4).cdf).pvalue > 1e-3

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_normal(self, dtype: str) -> None:
        drawn = R.normal((self.size,), 1, 2, dtype=dtype, key=R.key(2)).data
        assert drawn.dtype == dtype
        assert scipy.stats.kstest(drawn, scipy.stats.norm(1, 2).cdf).pvalue > 1e-3

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("bounds", [(-2, 2), (-1, 3)])
    def test_truncated_normal(self, dtype: str, bounds: tuple[float, float]) -> None:
        drawn = R.truncated_normal((self.size,), 0, 1, *bounds, dtype=dtype, key=R.key(3)).data
        assert drawn.min() >= bounds[0] and drawn.max() <= bounds[1]
        assert scipy.stats.kstest(drawn, scipy.stats.truncnorm(*bounds).cdf).pvalue > 1e-3

    def test_exponential_and_gumbel(self) -> None:
        assert (
            scipy.stats.kstest(R.exponential((self.size,), 3.0, key=R.key(4)).data / 3, "expon").pvalue > 1e-3
        )
        assert scipy.stats.kstest(R.gumbel((self.size,), key=R.key(4)).data, "gumbel_r").pvalue > 1e-3

    def test_integers(self) -> None:
        drawn = R.integers(2, 8, (self.size,), key=R.key(5)).data
        assert scipy.stats.chisquare(np.bincount(drawn, minlength=8)[2:]).pvalue > 1e-3
        assert set(drawn) == set(range(2, 8))

    def test_bernoulli_and_categorical(self) -> None:
        assert abs(R.bernoulli((self.size,), 0.3, key=R.key(6)).data.mean() - 0.3) < 0.02
        p = np.array([0.1, 0.2, 0.7])
        drawn = R.categorical(np.log(p), (self.size,), key=R.key(7)).data
        assert scipy.stats.chisquare(np.bincount(drawn), p * self.size).pvalue > 1e-3

    def test_permutation(self) -> None:
        drawn = R.permutation(1000, key=R.key(8)).data
        np.testing.assert_array_equal(np.sort(drawn), np.arange(1000))
        firsts = [int(R.permutation(4, key=R.key(seed)).data[0]) for seed in range(800)]
        assert scipy.stats.chisquare(np.bincount(firsts)).pvalue > 1e-3


class TestKeys:
    def test_split_and_fold_in_agree(self) -> None:
        keys = R.split(R.key(1), 4).data
        assert len({tuple(key) for key in keys}) == 4
        np.testing.assert_array_equal(keys[3], R.fold_in(R.key(1), 3).data)

    def test_a_key_must_be_a_pair(self) -> None:
        with pytest.raises(TypeError, match="uint64"):
            R.normal((2,), key=np.zeros(2))
        with pytest.raises(ValueError, match="shape"):
            R.normal((2,), key=np.zeros((2, 2), np.uint64))


class TestTheGlobalGenerator:
    def test_seeding_repeats(self) -> None:
        R.seed(3)
        first, second = R.normal((5,)).data, R.normal((5,)).data
        R.seed(3)
        np.testing.assert_array_equal(first, R.normal((5,)).data)
        assert not np.array_equal(first, second)

    def test_a_symbolic_shape_needs_a_key(self) -> None:
        with pytest.raises(ValueError, match="key"):
            R.normal(T.matrix("x").shape)


def test_a_symbolic_shape_with_a_key() -> None:
    x, k = T.matrix("x"), T.tensor("uint64", shape=(2,), name="k")
    f = ct.function([x, k], x + R.normal(x.shape, key=k))
    np.testing.assert_array_equal(f(np.zeros((3, 4)), R.key(1).data), R.normal((3, 4), key=R.key(1)).data)


def test_bounds_may_be_arrays() -> None:
    low = np.array([0.0, 5.0, -2.0])
    drawn = R.uniform((500, 3), low, low + 1, key=R.key(1)).data
    assert np.all(drawn >= low) and np.all(drawn < low + 1)
    assert np.all(np.ptp(drawn, axis=0) > 0.9)


def test_integers_of_an_empty_range_are_its_lower_bound() -> None:
    low, high = np.array([0, 3, 5, -(2**63)]), np.array([2, 3, 1, 2**63 - 1])
    drawn = R.integers(low, high, (200, 4), key=R.key(1)).data
    assert set(drawn[:, 0]) == {0, 1}
    assert set(drawn[:, 1]) == {3} and set(drawn[:, 2]) == {5}
    assert drawn[:, 3].min() < -(2**62) and drawn[:, 3].max() > 2**62
    compiled = ct.jit(lambda low, high: R.integers(low, high, (200, 4), key=R.key(1)))(low, high)
    np.testing.assert_array_equal(compiled, drawn)


@pytest.mark.parametrize("noise_shape", [(2, 4, 6), (1, 4, 6), (3, 1), (8, 6)])
def test_decisions_of_dropout_broadcast_to_the_array(noise_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="dropout: decisions"):
        R.dropout(np.ones((4, 6)), 0.5, noise_shape=noise_shape)
    assert R.dropout(np.ones((4, 6)), 0.5, noise_shape=(6,)).shape == (4, 6)


def test_parameters_broadcast_to_the_shape() -> None:
    for mean in (np.zeros((2, 3)), np.zeros((1, 3)), np.zeros(2)):
        with pytest.raises(ValueError, match="normal: parameters"):
            R.normal((3,), mean)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="low < high"):
        R.integers(3, 3)
    with pytest.raises(TypeError, match="floating"):
        R.normal((2,), dtype="int32")
    with pytest.raises(ValueError, match="rate"):
        R.dropout(np.ones(2), 1.5)
    with pytest.raises(ValueError, match="negative"):
        R.uniform((-1,))

"""Distributions of counts and indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import croton as ct
import croton.tensor as T

R = T.random
COUNT = 10000
CASES: dict[str, tuple[str, tuple[float, ...], Any]] = {
    "poisson": ("poisson", (3.0,), st.poisson(3)),
    "poisson at the change of methods": ("poisson", (10.0,), st.poisson(10)),
    "poisson of many": ("poisson", (300.0,), st.poisson(300)),
    "geometric": ("geometric", (0.3,), st.geom(0.3)),
    "binomial of one": ("binomial", (1, 0.3), st.binom(1, 0.3)),
    "binomial of few": ("binomial", (20, 0.2), st.binom(20, 0.2)),
    "binomial of many": ("binomial", (200, 0.7), st.binom(200, 0.7)),
    "negative_binomial": ("negative_binomial", (3.0, 0.4), st.nbinom(3, 0.4)),
    "hypergeometric": ("hypergeometric", (15, 20, 12), st.hypergeom(35, 15, 12)),
    "hypergeometric of many": ("hypergeometric", (500, 20, 100), st.hypergeom(520, 500, 100)),
}


def fits(drawn: np.ndarray, chances: np.ndarray) -> bool:
    """A chi-square test of counts of 0, 1, ...; rare outcomes count as one."""
    expected = np.append(chances, max(1 - chances.sum(), 0)) * drawn.size
    observed = np.append(np.bincount(np.minimum(drawn.ravel(), len(chances)), minlength=len(expected)), 0)
    observed = observed[: len(expected)]
    rare = expected < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    some = expected > 0
    assert observed[~some].sum() == 0
    return bool(st.chisquare(observed[some], expected[some]).pvalue > 1e-3)


@pytest.mark.parametrize("name", CASES)
def test_distribution(name: str) -> None:
    function, parameters, distribution = CASES[name]
    drawn = getattr(R, function)((COUNT,), *parameters, key=R.key(13)).data
    assert drawn.dtype == np.int64
    assert fits(drawn, distribution.pmf(np.arange(drawn.max() + 20)))


def test_huge_counts() -> None:
    drawn = R.poisson((4000,), 1e15, key=R.key(5)).data
    assert st.kstest((drawn - 1e15) / np.sqrt(1e15), st.norm.cdf).pvalue > 1e-3
    drawn = R.binomial((4000,), 10**9, 0.25, key=R.key(5)).data
    assert st.kstest((drawn - 2.5e8) / np.sqrt(10**9 * 3 / 16), st.norm.cdf).pvalue > 1e-3
    assert (R.binomial((5,), 7, 1.0, key=R.key(5)).data == 7).all()
    assert (R.geometric((5,), 1.0, key=R.key(5)).data == 1).all()


@pytest.mark.parametrize("trials", [1, 30])
def test_multinomial(trials: int) -> None:
    chances = np.array([0.2, 0.0, 0.5, 0.3])
    drawn = R.multinomial((COUNT,), trials, chances, key=R.key(6)).data
    assert drawn.shape == (COUNT, 4)
    assert (drawn.sum(-1) == trials).all() and (drawn[:, 1] == 0).all()
    for outcome in (0, 2, 3):
        assert fits(drawn[:, outcome], st.binom(trials, chances[outcome]).pmf(np.arange(trials + 1)))
    rows = np.array([[1.0, 3.0], [2.0, 0.0]])  # weights need not add up to 1
    each = R.multinomial(None, trials, rows, key=R.key(6)).data
    assert each.shape == (2, 2) and each[1].tolist() == [trials, 0]


def test_choice() -> None:
    p = np.array([0.1, 0.6, 0.3])
    drawn = R.choice(3, (COUNT,), p=p, key=R.key(7)).data
    assert fits(drawn, p)
    letters = np.array([[1.0, 1.5], [2.0, 2.5], [3.0, 3.5]])
    np.testing.assert_array_equal(R.choice(letters, (COUNT,), p=p, key=R.key(7)).data, letters[drawn])
    assert fits(R.choice(5, (COUNT,), key=R.key(7)).data, np.full(5, 0.2))
    once = R.choice(10, (10,), replace=False, key=R.key(7)).data
    assert sorted(once) == list(range(10))
    weighted = R.choice(3, (2,), replace=False, p=p, key=R.key(7)).data
    assert len(set(weighted.tolist())) == 2
    with pytest.raises(ValueError, match="4 of 3 cannot be drawn without replacement"):
        R.choice(3, (4,), replace=False)


def test_drawing_without_replacement_is_drawing_one_after_the_other() -> None:
    p = np.array([0.5, 0.2, 0.3])
    drawn = R.choice_without_replacement(np.tile(p, (COUNT, 1)), 2, key=R.key(9)).data
    pairs = drawn[:, 0] * 3 + drawn[:, 1]
    chances = [0 if i == j else p[i] * p[j] / (1 - p[i]) for i in range(3) for j in range(3)]
    assert fits(pairs, np.array(chances))


def test_orders() -> None:
    orders = R.permutations((2000,), 3, key=R.key(3)).data
    codes = {tuple(order) for order in orders.tolist()}
    assert len(codes) == 6
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert st.chisquare(counts).pvalue > 1e-3
    x = np.arange(12).reshape(3, 4)
    together = R.shuffled(x, 0, False, key=R.key(2)).data
    assert {tuple(row) for row in together.tolist()} == {tuple(row) for row in x.tolist()}
    apart = R.shuffled(x, 1, True, key=R.key(2)).data
    assert np.sort(apart, 1).tolist() == x.tolist() and apart.tolist() != x.tolist()
    columns = R.shuffled(x, 0, True, key=R.key(2)).data
    assert np.sort(columns, 0).tolist() == x.tolist()


def test_symbolic_sizes_and_dtypes() -> None:
    n, p = T.lscalar("n"), T.vector("p")
    draws = [
        R.poisson((n,), 3.0, "float32", key=1),
        R.binomial(None, 1, p, "int8", key=1),
        R.multinomial((n,), 1, p, key=1),
    ]
    counts, coins, rows = ct.function([n, p], draws)(4, np.array([0.25, 0.75]))
    assert counts.shape == (4,) and counts.dtype == np.float32
    assert coins.shape == (2,) and coins.dtype == np.int8
    assert rows.shape == (4, 2) and (rows.sum(1) == 1).all()
    with pytest.raises(TypeError, match=r"random.poisson: expected a real dtype"):
        R.poisson((2,), 1.0, "complex64")
    with pytest.raises(ValueError, match="expected pvals with an axis of outcomes"):
        R.multinomial((2,), 1, 0.5)

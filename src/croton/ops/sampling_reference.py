"""What `codegen/include/samplers.h` computes, in NumPy: many elements at once, each with words of its own.

Sources of the methods are named there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.special

from croton.graph import philox
from croton.graph.values import NDArray


class Source:
    """Random words of elements 0 to count: element i takes them from blocks i, i + 2^40, ... of a stream."""

    def __init__(self, key: NDArray, count: int) -> None:
        self.key, self.stream = (int(word) for word in key)
        self.blocks = np.arange(count, dtype=np.uint64)

    def next(self, elements: NDArray) -> tuple[NDArray, NDArray]:
        """The next two words of each of these elements, uint64."""
        blocks = self.blocks[elements]
        self.blocks[elements] += np.uint64(1 << 40)
        counter = np.empty((len(blocks), 4), np.uint32)
        counter[:, 0] = blocks & np.uint64(0xFFFFFFFF)
        counter[:, 1] = blocks >> np.uint64(32)
        counter[:, 2] = self.stream & 0xFFFFFFFF
        counter[:, 3] = self.stream >> 32
        words = philox.philox((self.key & 0xFFFFFFFF, self.key >> 32), counter).astype(np.uint64)
        high = np.uint64(32)
        return words[:, 1] << high | words[:, 0], words[:, 3] << high | words[:, 2]

    def units(self, elements: NDArray) -> tuple[NDArray, NDArray]:
        """Two uniform numbers on (0, 1) for each."""
        first, second = self.next(elements)
        return open_unit(first), open_unit(second)


def open_unit(words: NDArray) -> NDArray:
    """Uniform on (0, 1): the middle of one of 2^52 intervals."""
    result: NDArray = philox.uniform_f64(words & ~np.uint64(0xFFF)) + 2.0**-53
    return result


def _until_accepted(count: int, attempt: Callable[[NDArray], tuple[NDArray, NDArray]]) -> NDArray:
    """Repeats attempts (positions -> accepted, numbers) for the positions that were not accepted yet."""
    result = np.empty(count)
    waiting = np.arange(count)
    while waiting.size:
        accepted, numbers = attempt(waiting)
        result[waiting[accepted]] = numbers[accepted]
        waiting = waiting[~accepted]
    return result


def log_gamma(source: Source, elements: NDArray, a: NDArray) -> NDArray:
    boost = np.zeros(len(elements))
    small = (a < 1) & (a > 0)
    boost[small] = np.log(source.units(elements[small])[0]) / a[small]
    d = a + small - 1 / 3
    positive = np.flatnonzero(a > 0)
    result = np.full(len(elements), -np.inf)

    def attempt(waiting: NDArray) -> tuple[NDArray, NDArray]:
        of, here = d[positive[waiting]], elements[positive[waiting]]
        x = philox.normal_f64(*source.next(here))
        t = x / np.sqrt(9 * of)
        inside = t > -1
        u = np.full(len(here), 0.5)
        u[inside] = source.units(here[inside])[0]
        v, square = (1 + t) * (1 + t) * (1 + t), x * x
        exact = 0.5 * square + of - of * v + 3 * of * np.log1p(np.where(inside, t, 0))
        fits = (of > 2.0**33) | (u < 1 - 0.0331 * square * square) | (np.log(u) < exact)
        return inside & fits, np.log(np.where(inside, of * v, 1))

    result[positive] = _until_accepted(len(positive), attempt) + boost[positive]
    return result


def vonmises(source: Source, elements: NDArray, kappa: NDArray) -> NDArray:
    result = np.empty(len(elements))
    narrow = kappa > 1e8
    result[narrow] = philox.normal_f64(*source.next(elements[narrow])) / np.sqrt(kappa[narrow])
    wide = np.flatnonzero(~narrow)
    k = kappa[wide]
    r = 1 + np.sqrt(1 + 4 * k * k)
    rho = (r - np.sqrt(2 * r)) / (2 * k)
    s = np.where(k >= 1e-5, (1 + rho * rho) / (2 * rho), 1 / k + k)

    def attempt(waiting: NDArray) -> tuple[NDArray, NDArray]:
        first, second = source.next(elements[wide[waiting]])
        u, v = open_unit(first), open_unit(second)
        z = np.cos(np.pi * u)
        sign = np.where(first & np.uint64(1), -1.0, 1.0)
        at = s[waiting]
        w = (1 + at * z) / (at + z)
        y = k[waiting] * (at - w)
        flat = k[waiting] < 1e-8
        accepted = flat | (y * (2 - y) - v >= 0) | (np.log(y / v) + 1 - y >= 0)
        return accepted, np.where(flat, sign * np.pi * v, sign * np.arccos(w))

    result[wide] = _until_accepted(len(wide), attempt)
    return result


def _search(
    unit: NDArray, chance: NDArray, step: Callable[[NDArray, NDArray], NDArray], most: NDArray
) -> NDArray:
    """The first number whose running sum of probabilities reaches `unit`; step(k, which): their ratios."""
    rest, chance, k = unit.copy(), chance.copy(), np.zeros(len(unit))
    which = np.flatnonzero((rest > chance) & (k < most))
    while which.size:
        rest[which] -= chance[which]
        chance[which] *= step(k[which], which)
        k[which] += 1
        which = which[(rest[which] > chance[which]) & (k[which] < most[which])]
    return k


def poisson(source: Source, elements: NDArray, mean: NDArray) -> NDArray:
    result = np.empty(len(elements))
    small = np.flatnonzero(mean < 10)
    low = mean[small]
    unit = source.units(elements[small])[0]
    result[small] = _search(
        unit, np.exp(-low), lambda k, which: low[which] / (k + 1), np.full(len(low), 200.0)
    )
    large = np.flatnonzero(mean >= 10)
    high = mean[large]
    b = 0.931 + 2.53 * np.sqrt(high)
    a = -0.059 + 0.02483 * b
    inverse, quick = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)

    def attempt(waiting: NDArray) -> tuple[NDArray, NDArray]:
        first, v = source.units(elements[large[waiting]])
        u, of, spread, slope = first - 0.5, high[waiting], b[waiting], a[waiting]
        edge = 0.5 - np.abs(u)
        k = np.floor((2 * slope / edge + spread) * u + of + 0.43)
        at_once = (edge >= 0.07) & (v <= quick[waiting])
        possible = (k >= 0) & ~((edge < 0.013) & (v > edge))
        below = np.log(v * inverse[waiting] / (slope / (edge * edge) + spread)) <= (
            -of + k * np.log(of) - scipy.special.gammaln(np.maximum(k, 0) + 1)
        )
        return at_once | (possible & below), k

    result[large] = _until_accepted(len(large), attempt)
    return result


def binomial(source: Source, elements: NDArray, n: NDArray, p: NDArray) -> NDArray:
    q = np.where(p > 0.5, 1 - p, p)
    odds = q / (1 - q)
    result = np.empty(len(elements))
    small = np.flatnonzero(n * q < 10)
    trials, ratio = n[small], odds[small]
    result[small] = _search(
        source.units(elements[small])[0],
        np.exp(trials * np.log1p(-q[small])),
        lambda k, which: (trials[which] - k) / (k + 1) * ratio[which],
        np.minimum(trials, 400),
    )
    large = np.flatnonzero(n * q >= 10)
    result[large] = _many_trials(source, elements[large], n[large], q[large])
    return np.where(p > 0.5, n - result, result)


def _many_trials(source: Source, elements: NDArray, n: NDArray, q: NDArray) -> NDArray:
    gammaln = scipy.special.gammaln
    root = np.sqrt(n * q * (1 - q))
    b = 1.15 + 2.53 * root
    a = -0.0873 + 0.0248 * b + 0.01 * q
    alpha, quick = (2.83 + 5.1 / b) * root, 0.92 - 4.2 / b
    mode, log_odds = np.floor((n + 1) * q), np.log(q / (1 - q))
    height = gammaln(mode + 1) + gammaln(n - mode + 1)

    def attempt(waiting: NDArray) -> tuple[NDArray, NDArray]:
        first, v = source.units(elements[waiting])
        u, spread, slope, trials = first - 0.5, b[waiting], a[waiting], n[waiting]
        edge = 0.5 - np.abs(u)
        k = np.floor((2 * slope / edge + spread) * u + trials * q[waiting] + 0.5)
        possible = (k >= 0) & (k <= trials)
        inside = np.where(possible, k, 0)
        below = np.log(v * alpha[waiting] / (slope / (edge * edge) + spread)) <= (
            height[waiting]
            - gammaln(inside + 1)
            - gammaln(trials - inside + 1)
            + (inside - mode[waiting]) * log_odds[waiting]
        )
        return possible & (((edge >= 0.07) & (v <= quick[waiting])) | below), k

    return _until_accepted(len(elements), attempt)


def hypergeometric(source: Source, elements: NDArray, good: NDArray, bad: NDArray, taken: NDArray) -> NDArray:
    units = source.units(elements)[0]
    found = [
        _from_the_mode(float(u), float(g), float(b), float(t))
        for u, g, b, t in zip(units, good, bad, taken, strict=True)
    ]
    return np.asarray(found, np.float64)


def _log_choices(n: float, k: float) -> float:
    gammaln = scipy.special.gammaln
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _from_the_mode(rest: float, good: float, bad: float, taken: float) -> float:
    mode = float(np.floor((taken + 1) * (good + 1) / (good + bad + 2)))
    above = below = float(
        np.exp(_log_choices(good, mode) + _log_choices(bad, taken - mode) - _log_choices(good + bad, taken))
    )
    high = low = mode
    rest -= above
    if rest <= 0:
        return mode
    while above > 0 or below > 0:
        above *= (good - high) * (taken - high) / ((high + 1) * (bad - taken + high + 1))
        high += 1
        rest -= above
        if above > 0 and rest <= 0:
            return high
        below *= low * (bad - taken + low) / ((good - low + 1) * (taken - low + 1))
        low -= 1
        rest -= below
        if below > 0 and rest <= 0:
            return low
    return mode


def multinomial(source: Source, trials: NDArray, weights: NDArray) -> NDArray:
    """Counts of outcomes, one row each: int64 of the shape of the weights (rows, outcomes)."""
    left, rest = trials.astype(np.float64), np.zeros(len(weights))
    for column in weights.T:  # in the order in which C adds
        rest = rest + column
    last = weights.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=1)
    counts = np.zeros(weights.shape, np.int64)
    for k, weight in enumerate(weights.T):
        drawn = np.zeros(len(weights))
        everything = (last == k) | ((weight > 0) & (weight >= rest))
        some = np.flatnonzero(~everything & (weight > 0))
        drawn[everything] = left[everything]
        drawn[some] = binomial(source, some, left[some], weight[some] / rest[some])
        counts[:, k] = drawn
        left, rest = left - drawn, rest - weight
    return counts


def urn(source: Source, weights: NDArray, count: int) -> NDArray:
    """Indices of `count` different outcomes per row of weights, in the order drawn: int64 (rows, count)."""
    left = weights.astype(np.float64)
    drawn = np.zeros((len(left), count), np.int64)
    rows = np.arange(len(left))
    for j in range(count):
        running = np.cumsum(left, axis=1)
        rest = source.units(rows)[0] * running[:, -1]
        passed = (running > rest[:, None]) & (left > 0)
        last = left.shape[1] - 1 - np.argmax(left[:, ::-1] > 0, axis=1)
        chosen = np.where(passed.any(axis=1), np.argmax(passed, axis=1), last)
        drawn[:, j] = chosen
        left[rows, chosen] = 0
    return drawn


SAMPLERS: dict[str, Callable[..., NDArray]] = {
    "log_gamma": log_gamma,
    "vonmises": vonmises,
    "poisson": poisson,
    "binomial": binomial,
    "hypergeometric": hypergeometric,
}

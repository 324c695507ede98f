"""Small programs in Croton and in NumPy, measured in turn in one process.

`croton bench` runs them. They are the workloads of benchmarks/micro.py, gradients written by hand for NumPy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]
_SECONDS_PER_TURN = 0.05
_INTEREST, _VOLATILITY = 0.02, 0.3


@dataclass(frozen=True)
class Measurement:
    """Medians in microseconds, and the seconds to the first result in Croton, compiling included."""

    name: str
    croton: float
    numpy: float
    first_result: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compare(rounds: int = 5) -> list[Measurement]:
    """Measure every program, Croton and NumPy taking turns.

    Raises:
        AssertionError: the two disagree about a result.
    """
    return [_measure(name, make, rounds) for name, make in _PROGRAMS.items()]


def _measure(name: str, make: Callable[[np.random.Generator], tuple[Call, Call]], rounds: int) -> Measurement:
    started = time.perf_counter()
    compiled, written = make(np.random.default_rng(0))
    result = compiled()
    first_result = time.perf_counter() - started
    _check_equal(name, result, written())
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, collected in zip((compiled, written), times, strict=True):
            collected.extend(_turn(call))
    return Measurement(name, float(np.median(times[0])) * 1e6, float(np.median(times[1])) * 1e6, first_result)


def _turn(call: Call) -> list[float]:
    """Seconds of each of many calls."""
    call()
    times: list[float] = []
    end = time.perf_counter() + _SECONDS_PER_TURN
    while (started := time.perf_counter()) < end or len(times) < 3:
        call()
        times.append(time.perf_counter() - started)
    return times


def _check_equal(name: str, results: Any, expected: Any) -> None:
    pairs = zip(results, expected, strict=True) if isinstance(expected, tuple) else [(results, expected)]
    for result, right in pairs:
        tolerance = 1e-4 if np.asarray(right).dtype == np.float32 else 1e-9
        np.testing.assert_allclose(result, right, rtol=tolerance, atol=tolerance, err_msg=name)


def _sigmoid(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))


def _dense_data(rng: np.random.Generator) -> list[Array]:
    return [rng.normal(size=shape).astype(np.float32) for shape in ((1000, 10), (10, 5), (5,))]


def _dense(rng: np.random.Generator) -> tuple[Call, Call]:
    inputs, weights, bias = _dense_data(rng)
    x, w, b = T.fmatrix("x"), T.fmatrix("w"), T.fvector("b")
    layer = ct.function([x, w, b], T.sigmoid(T.dot(x, w) + b))
    return lambda: layer(inputs, weights, bias), lambda: _sigmoid(inputs @ weights + bias)


def _dense_gradients(rng: np.random.Generator) -> tuple[Call, Call]:
    inputs, weights, bias = _dense_data(rng)
    x, w, b = T.fmatrix("x"), T.fmatrix("w"), T.fvector("b")
    loss = (T.sigmoid(T.dot(x, w) + b) ** 2).mean()
    gradients = ct.function([x, w, b], ct.grad(loss, [w, b]))

    def by_hand() -> tuple[Array, Array]:
        outputs = _sigmoid(inputs @ weights + bias)
        cotangent = (2 / outputs.size) * outputs * outputs * (1 - outputs)
        return inputs.T @ cotangent, cotangent.sum(axis=0)

    return lambda: gradients(inputs, weights, bias), by_hand


def _network(rng: np.random.Generator) -> tuple[Call, Call]:
    shapes = ((32, 64), (64,), (64, 64), (64,), (64, 1), (1,))
    v = [(0.1 * rng.normal(size=shape)).astype(np.float32) for shape in shapes]
    row = rng.normal(size=(1, 32)).astype(np.float32)
    x, s = T.fmatrix("x"), [ct.shared(value) for value in v]
    first = T.maximum(T.dot(x, s[0]) + s[1], 0)
    predict = ct.function([x], T.dot(T.maximum(T.dot(first, s[2]) + s[3], 0), s[4]) + s[5])
    return lambda: predict(
        row
    ), lambda: np.maximum(np.maximum(row @ v[0] + v[1], 0) @ v[2] + v[3], 0) @ v[4] + v[5]


def _black_scholes(rng: np.random.Generator) -> tuple[Call, Call]:
    from scipy.special import erfc

    spots, strikes, terms = (rng.uniform(low, high, 200_000) for low, high in ((10, 50), (10, 50), (1, 2)))

    def price(spot: Any, strike: Any, years: Any, maths: Any, complement: Any) -> Any:
        spread = _VOLATILITY * maths.sqrt(years)
        first = (maths.log(spot / strike) + (_INTEREST + _VOLATILITY**2 / 2) * years) / spread
        discounted = strike * maths.exp(-_INTEREST * years)
        return 0.5 * (
            spot * complement(-first / np.sqrt(2)) - discounted * complement(-(first - spread) / np.sqrt(2))
        )

    spot, strike, years = T.dvector("spot"), T.dvector("strike"), T.dvector("years")
    compiled = ct.function([spot, strike, years], price(spot, strike, years, T, T.erfc))
    return lambda: compiled(spots, strikes, terms), lambda: price(spots, strikes, terms, np, erfc)


def _logistic_regression(rng: np.random.Generator) -> tuple[Call, Call]:
    rows, labels = rng.normal(size=(400, 784)), rng.integers(0, 2, 400).astype(float)
    start = 0.01 * rng.normal(size=784)
    w, b = ct.shared(start.copy()), ct.shared(np.float64(0))
    p = T.sigmoid(T.dot(rows, w) + b)
    loss = (-labels * T.log(p) - (1 - labels) * T.log(1 - p)).mean() + 0.01 * (w**2).sum()
    dw, db = ct.grad(loss, [w, b])
    train = ct.function([], loss, updates=[(w, w - 0.1 * dw), (b, b - 0.1 * db)])
    weights, bias = start.copy(), np.zeros(())

    def by_hand() -> Array:
        p = _sigmoid(rows @ weights + bias)
        value = (-labels * np.log(p) - (1 - labels) * np.log(1 - p)).mean() + 0.01 * (weights**2).sum()
        error = (p - labels) / len(labels)
        weights[:] -= 0.1 * (error @ rows + 0.02 * weights)
        bias[...] -= 0.1 * error.sum()
        return np.asarray(value)

    return train, by_hand


def _scalar_call(rng: np.random.Generator) -> tuple[Call, Call]:
    a, b = T.dscalar("a"), T.dscalar("b")
    total, one = ct.function([a, b], a + b), np.asarray(rng.normal())
    return lambda: total(one, one), lambda: one + one


_PROGRAMS: dict[str, Callable[[np.random.Generator], tuple[Call, Call]]] = {
    "dense layer, 1000x10x5 float32": _dense,
    "gradients of its mean square": _dense_gradients,
    "network 32-64-64-1, one row, float32": _network,
    "Black-Scholes, 200,000 float64": _black_scholes,
    "logistic regression step, 400x784 float64": _logistic_regression,
    "sum of two scalars": _scalar_call,
}

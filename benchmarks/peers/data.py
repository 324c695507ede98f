"""Inputs of the six workloads, the same for every library, and how long one of them is called in a round."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

# Workloads whose results say that all libraries computed the same; a step only changes its state.
COMPARED = ("dense", "gradient", "mlp", "black_scholes", "call")
WORKLOADS = ("dense", "gradient", "mlp", "black_scholes", "logistic", "call")
INTEREST, VOLATILITY = 0.02, 0.3
RATE, PENALTY = 0.1, 0.01
ROOT_TWO = math.sqrt(2)

_rng = np.random.default_rng(0)


def _single(*shape: int) -> Any:
    return _rng.normal(size=shape).astype(np.float32)


X, W, B = _single(1000, 10), _single(10, 5), _single(5)
ROW = _single(1, 32)
WEIGHTS = [np.float32(0.1) * _single(*s) for s in ((32, 64), (64,), (64, 64), (64,), (64, 1), (1,))]
SPOT, STRIKE, YEARS = (_rng.uniform(low, high, 1_000_000) for low, high in ((10, 50), (10, 50), (1, 2)))
ROWS, LABELS, START = (
    _rng.normal(size=(400, 784)),
    _rng.integers(0, 2, 400).astype(float),
    0.01 * _rng.normal(size=784),
)

# Calls in a round; fewer where a second is over before.
_CALLS = {"dense": 200, "gradient": 200, "mlp": 1000, "black_scholes": 15, "logistic": 200, "call": 2000}


def black_scholes(spot: Any, strike: Any, years: Any, log: Any, sqrt: Any, exp: Any, erfc: Any) -> Any:
    """The price of a call option, in the functions of any library."""
    spread = VOLATILITY * sqrt(years)
    first = (log(spot / strike) + (INTEREST + VOLATILITY**2 / 2) * years) / spread
    second = first - spread
    return spot * (0.5 * erfc(-first / ROOT_TWO)) - strike * exp(-INTEREST * years) * (
        0.5 * erfc(-second / ROOT_TWO)
    )


def median_microseconds(workload: str, call: Callable[[], Any]) -> float:
    """The median over one round of calls, after a few that do not count."""
    for _ in range(3):
        call()
    times: list[float] = []
    end = time.perf_counter() + 1
    while len(times) < _CALLS[workload] and (len(times) < 5 or time.perf_counter() < end):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e6

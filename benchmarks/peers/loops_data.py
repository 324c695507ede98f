"""Inputs of the workloads of benchmarks/loops.py, the same for every library."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

STEPS, BATCH, WIDTH = 1000, 32, 64
SCALAR_STEPS, INNER_STEPS = 10_000, 10
START, SPEED, FORCE, INTERVAL = 0.3, 3.5, 0.01, 0.01

# Workloads whose results say that all libraries computed the same.
COMPARED = ("lstm_all", "lstm_last", "one", "two", "nested")

_rng = np.random.default_rng(1)


def _single(*shape: int) -> Any:
    return _rng.normal(size=shape).astype(np.float32)


SEQUENCE = _single(STEPS, BATCH, WIDTH)
INPUT_WEIGHTS, STATE_WEIGHTS = _single(WIDTH, 4 * WIDTH) / 8, _single(WIDTH, 4 * WIDTH) / 8
BIAS = _single(4 * WIDTH) / 8


def median_microseconds(workload: str, call: Callable[[], Any]) -> float:
    """The median over one round of calls, at least three of them, after one that does not count."""
    call()
    times: list[float] = []
    end = time.perf_counter() + 1
    while len(times) < 200 and (len(times) < 3 or time.perf_counter() < end):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e6

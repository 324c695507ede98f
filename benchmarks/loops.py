"""Loops: a recurrent network beside JAX's and PyTensor's scan, and scalar loops beside C written by hand.

    python -m benchmarks.loops [--python OTHER_PYTHON] [--rounds 5] [--only NAME ...] [--json]

The network is an LSTM cell of width 64 on batches of 32 over 1,000 steps in float32: the mean square of all
its states, or of the last, and the gradients of all weights. The scalar loops take 10,000 steps in float64.
Each library runs in a process of its own; the processes take turns, round by round. Shown are medians over
the rounds of the median call of a round, in microseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from benchmarks.micro import Worker, machine
from rich.console import Console
from rich.table import Table

TITLES = {
    "lstm_all": "LSTM, all states",
    "lstm_last": "LSTM, last state",
    "one": "one scalar",
    "two": "two scalars",
    "nested": "nested",
}
# Croton's time over that of the best other: what the project wants to reach.
TARGETS = {"lstm_all": 0.6, "lstm_last": 0.6, "one": 3.0, "two": 3.0, "nested": 3.0}
# Five products of 32 x 64 by 64 x 256 in each step: two forward, three backward.
OPERATIONS = 5 * 2 * 1000 * 32 * 64 * 256
LIBRARIES = {
    "Croton": ("croton", ""),
    "C by hand": ("hand", ""),
    "JAX": ("jax", ""),
    "PyTensor C": ("pytensor", "c"),
    "PyTensor Numba": ("pytensor", "numba"),
}

Rounds = dict[str, list[dict[str, float]]]


def find(pythons: Sequence[str]) -> dict[str, str]:
    """Library -> interpreter to run it with."""
    found = {"Croton": sys.executable, "C by hand": sys.executable}
    for python in [sys.executable, *pythons]:
        code = (
            "import importlib.util as u; print(*(n for n in ('jax', 'pytensor', 'numba') if u.find_spec(n)))"
        )
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        modules = set(done.stdout.split())
        if "jax" in modules:
            found.setdefault("JAX", python)
        if "pytensor" in modules:
            found.setdefault("PyTensor C", python)
            if "numba" in modules:
                found.setdefault("PyTensor Numba", python)
    return found


def measure(places: dict[str, str], rounds: int, console: Console) -> Rounds:
    """Starts a process for each library, and lets them measure in turn."""
    workers: dict[str, Worker] = {}
    results: Rounds = {}
    try:
        for name, python in places.items():
            console.print(f"starting {name}", style="dim")
            try:
                workers[name] = Worker(python, *LIBRARIES[name], "loops")
            except RuntimeError as error:
                console.print(f"{name} is left out: {error}", style="red", markup=False)
                continue
            results[name] = []
        _check_agreement(workers)
        for number in range(rounds):
            console.print(f"round {number + 1} of {rounds}", style="dim")
            for name, worker in workers.items():
                results[name].append(worker.measure())
    finally:
        for worker in workers.values():
            worker.close()
    return results


def _check_agreement(workers: dict[str, Worker]) -> None:
    """All libraries must compute the same, or the comparison means nothing."""
    expected = workers["Croton"].ready["totals"]
    for name, worker in workers.items():
        for workload, total in worker.ready["totals"].items():
            if not np.isclose(total, expected[workload], rtol=1e-3):
                raise RuntimeError(f"{name}, {workload}: {total}, where Croton has {expected[workload]}")


def median(rounds: list[dict[str, float]], workload: str) -> float | None:
    """Over the rounds; None if the library lacks the workload."""
    return statistics.median(r[workload] for r in rounds) if workload in rounds[0] else None


def summary(results: Rounds, rates: dict[str, float]) -> dict[str, Any]:
    """Medians in microseconds by library and workload; ratios to the best other; the least time possible."""
    medians = {name: {w: median(rounds, w) for w in TITLES} for name, rounds in results.items()}
    ratios = {}
    for workload in TITLES:
        others = [m[workload] for name, m in medians.items() if name != "Croton"]
        best = min((time for time in others if time is not None), default=None)
        own = medians["Croton"][workload]
        ratios[workload] = None if best is None or own is None else own / best
    return {
        "microseconds": medians,
        "ratios": ratios,
        "targets": TARGETS,
        "lstm_products_microseconds": OPERATIONS / rates["float32"] * 1e6,
    }


def show(found: dict[str, Any], console: Console) -> None:
    """Prints the table for people."""
    table = Table(title="Medians in microseconds")
    table.add_column("library")
    for title in TITLES.values():
        table.add_column(title, justify="right")
    for name, times in found["microseconds"].items():
        table.add_row(name, *("" if t is None else f"{t:,.1f}" for t in times.values()))
    table.add_section()
    shown = found["ratios"].values()
    table.add_row("Croton / best other", *("" if r is None else f"{r:.2f}" for r in shown))
    table.add_row("target", *(f"{target:.1f}" for target in TARGETS.values()))
    console.print(table)
    limit = found["lstm_products_microseconds"]
    console.print(f"The products of the LSTM alone take {limit:,.0f} microseconds at the rate of NumPy's.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", default=[], help="an interpreter with other libraries")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", default=[], help="a library's name; Croton always runs")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    wanted = {"Croton", *(arguments.only or LIBRARIES)}
    places = {name: python for name, python in find(arguments.python).items() if name in wanted}
    rates = machine()
    results = measure(places, arguments.rounds, Console(stderr=True, highlight=False))
    found = summary(results, rates)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(found, Console(highlight=False))


if __name__ == "__main__":
    main()

"""Six small workloads in Croton, NumPy, and whichever of JAX, TensorFlow, PyTorch and PyTensor are installed.

    python -m benchmarks.micro [--python OTHER_PYTHON] [--rounds 5] [--json | --markdown]

Each library runs in a process of its own; the processes take turns, round by round, and never run at the
same time. Shown are medians over the rounds of the median call of a round, in microseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
TITLES = {
    "dense": "dense 1000x10x5 f32",
    "gradient": "its gradients",
    "mlp": "MLP 32-64-64-1, batch 1",
    "black_scholes": "Black-Scholes 1M f64",
    "logistic": "logistic step 400x784 f64",
    "call": "scalar call",
}
# Croton's time over that of the best other library: what the project wants to reach.
TARGETS = {"dense": 0.4, "gradient": 0.2, "mlp": 0.4, "black_scholes": 0.4, "logistic": 0.6, "call": 0.4}
# Operations and bytes that cannot be avoided; a transcendental function counts as 20 operations.
WORK = {
    "dense": (2 * 50_000 + 21 * 5_000, 4 * (10_000 + 55 + 5_000)),
    "gradient": (4 * 50_000 + 27 * 5_000, 4 * (10_000 + 2 * 55)),
    "mlp": (2 * (32 * 64 + 64 * 64 + 64), 4 * (32 * 64 + 64 * 64 + 3 * 64 + 34)),
    "black_scholes": (115 * 1_000_000, 8 * 4 * 1_000_000),
    "logistic": (4 * 400 * 784 + 65 * 400 + 5 * 784, 8 * (400 * 784 + 2 * 400 + 3 * 784)),
    "call": (1, 24),
}
SINGLE = ("dense", "gradient", "mlp")
LIBRARIES = {
    "Croton": ("croton", ""),
    "NumPy": ("numpy", ""),
    "PyTensor C": ("pytensor", "c"),
    "PyTensor Numba": ("pytensor", "numba"),
    "JAX jit": ("jax", ""),
    "TensorFlow graph": ("tensorflow", "graph"),
    "TensorFlow eager": ("tensorflow", "eager"),
    "TensorFlow XLA": ("tensorflow", "xla"),
    "PyTorch eager": ("torch", "eager"),
    "PyTorch compile": ("torch", "compile"),
}
NEEDS = {"PyTensor Numba": "numba"}


@dataclass
class Result:
    """One library: seconds until its first results, and the medians of each round by workload."""

    version: str
    ready: float
    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, workload: str) -> float:
        """Over the rounds, in microseconds."""
        return statistics.median(measured[workload] for measured in self.rounds)


class Worker:
    """A process that measures a round whenever it is asked to."""

    def __init__(
        self,
        python: str,
        *arguments: str,
        worker: str = "peers.worker",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """arguments: of the module `worker`. environment: variables to set in its process."""
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [python, "-m", worker, *arguments],
            cwd=HERE,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.ready = self._answer()

    def measure(self) -> dict[str, float]:
        """Medians in microseconds by workload."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().strip().splitlines()
            raise RuntimeError(lines[-1] if lines else "the process ended without a word")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def installed(python: str) -> set[str]:
    """Modules of the libraries that this interpreter finds; none of them is imported."""
    names = sorted({module for module, _ in LIBRARIES.values()} | set(NEEDS.values()))
    code = f"import importlib.util as u; print(*(n for n in {names!r} if u.find_spec(n)))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def find(pythons: Sequence[str]) -> dict[str, str]:
    """Library -> interpreter to run it with; Croton and NumPy run with this one."""
    found: dict[str, str] = {}
    for python in [sys.executable, *pythons]:
        modules = installed(python)
        for name, (module, _) in LIBRARIES.items():
            if module in modules and NEEDS.get(name, module) in modules:
                found.setdefault(name, python)
    return {name: found[name] for name in LIBRARIES if name in found}


def measure(places: dict[str, str], rounds: int, console: Console) -> dict[str, Result]:
    """Starts a process for each library, and lets them measure in turn."""
    workers: dict[str, Worker] = {}
    results: dict[str, Result] = {}
    try:
        for name, python in places.items():
            console.print(f"starting {name}", style="dim")
            try:
                workers[name] = Worker(python, *LIBRARIES[name])
            except RuntimeError as error:
                console.print(f"{name} is left out: {error}", style="red", markup=False)
                continue
            results[name] = Result(workers[name].ready["version"], workers[name].ready["ready"])
        _check_agreement(workers)
        for number in range(rounds):
            console.print(f"round {number + 1} of {rounds}", style="dim")
            for name, worker in workers.items():
                results[name].rounds.append(worker.measure())
    finally:
        for worker in workers.values():
            worker.close()
    return results


def _check_agreement(workers: dict[str, Worker]) -> None:
    """All libraries must compute the same, or the comparison means nothing."""
    expected = workers["NumPy"].ready["totals"]
    for name, worker in workers.items():
        for workload, total in worker.ready["totals"].items():
            if not np.isclose(total, expected[workload], rtol=1e-3):
                raise RuntimeError(
                    f"{name}, {workload}: results sum to {total}, NumPy's to {expected[workload]}"
                )


def best_peer(results: dict[str, Result], workload: str) -> str:
    """The fastest library other than Croton."""
    return min((n for n in results if n != "Croton"), key=lambda n: results[n].median(workload))


def machine() -> dict[str, float]:
    """Operations a second of NumPy's matrix product, by dtype: the best of ten."""
    rates = {}
    for dtype in ("float32", "float64"):
        square = np.ones((1024, 1024), dtype)
        rates[dtype] = 2 * 1024**3 / min(_seconds(lambda s=square: s @ s) for _ in range(10))
    return rates


def bandwidth(size: int) -> float:
    """Bytes a second, read plus written, of copying within so many bytes (in a cache if they fit)."""
    source = np.ones(max(size, 1 << 16) // 2, np.uint8)
    target = np.empty_like(source)
    return 2 * source.nbytes / min(_seconds(lambda: np.copyto(target, source)) for _ in range(20))


def _seconds(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def limit(workload: str, rates: dict[str, float]) -> float:
    """Microseconds that the arithmetic or the bytes need at the machine's rates, whichever is more."""
    operations, size = WORK[workload]
    rate = rates["float32" if workload in SINGLE else "float64"]
    return max(operations / rate, size / bandwidth(size)) * 1e6


def rows(results: dict[str, Result], rates: dict[str, float]) -> list[list[str]]:
    """The table: a row for each library, then ratios, targets and limits."""
    table = [[name, *(_number(result.median(w)) for w in TITLES)] for name, result in results.items()]
    peers = {w: best_peer(results, w) for w in TITLES}
    ratios = [f"{results['Croton'].median(w) / results[peers[w]].median(w):.2f}" for w in TITLES]
    table.append(["Croton / best other", *ratios])
    table.append(["target", *(f"{TARGETS[w]:.2f}" for w in TITLES)])
    table.append(["best other", *peers.values()])
    table.append(["limit, microseconds", *(_number(limit(w, rates)) for w in TITLES)])
    table.append(["operations, thousands", *(f"{WORK[w][0] / 1e3:,.3g}" for w in TITLES)])
    table.append(["bytes, thousands", *(f"{WORK[w][1] / 1e3:,.3g}" for w in TITLES)])
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def show(table: list[list[str]], libraries: int, console: Console) -> None:
    """Prints the table for people."""
    shown = Table(title="Medians in microseconds")
    shown.add_column("library")
    for title in TITLES.values():
        shown.add_column(title, justify="right")
    for number, row in enumerate(table):
        shown.add_row(
            *row,
            end_section=number in (libraries - 1, libraries + 2),
            style="bold" if row[0] == "Croton" else "",
        )
    console.print(shown)


def markdown(table: list[list[str]]) -> str:
    """The table for a page."""
    lines = [["library", *TITLES.values()], ["---", *["---:"] * len(TITLES)], *table]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python", action="append", default=[], help="an interpreter that has other libraries"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only", action="append", default=[], help="a library's name; Croton and NumPy always run"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    progress = Console(stderr=True, highlight=False)
    wanted = {"Croton", "NumPy", *(arguments.only or LIBRARIES)}
    places = {name: python for name, python in find(arguments.python).items() if name in wanted}
    rates = machine()
    results = measure(places, arguments.rounds, progress)
    if arguments.json:
        medians = {name: {w: r.median(w) for w in TITLES} for name, r in results.items()}
        facts = {n: {"version": r.version, "first_results_seconds": r.ready} for n, r in results.items()}
        print(json.dumps({"microseconds": medians, "libraries": facts, "machine": rates}, indent=2))
    elif arguments.markdown:
        print(markdown(rows(results, rates)))
    else:
        show(rows(results, rates), len(results), Console(highlight=False))


if __name__ == "__main__":
    main()

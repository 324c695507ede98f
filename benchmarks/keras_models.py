"""Five Keras models on Croton and on whichever of Keras's other backends are installed.

    python -m benchmarks.keras_models [--python OTHER_PYTHON] [--rounds 5] [--only MODEL] [--picture FILE.svg]

For each model every backend has a process of its own; the processes take turns, round by round. Shown are
medians over the rounds: milliseconds of a training step inside `fit`, microseconds of a prediction of one
row; and what starting took: the import (`keras_imports.py` says how), the first epoch beyond the second
(compilation; Croton begins with an empty cache), and the peak of memory. The limit of a step is what its
operations or its bytes need at the rates of this machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import keras_imports
from benchmarks.keras_backends import BACKENDS, find
from benchmarks.micro import Worker, bandwidth, machine
from rich.console import Console
from rich.table import Table

COMPILED = ("TensorFlow", "JAX")
# Croton's time of a step over that of the best other backend: what the project wants to reach.
TARGETS = {"tiny_mlp": 0.2, "mnist_mlp": 0.7, "mnist_cnn": 0.5, "bilstm": 0.5, "transformer": 0.35}
PREDICTION_TARGET, IMPORT_TARGET, MEMORY_TARGET = 0.3, 0.6, 0.4
# Rows of a batch; multiply-adds of a row's forward pass, and of the part of it whose input needs no gradient;
# parameters.
_LSTM = 2 * 80 * (128 + 64) * 256
_BLOCK = 64 * (4 * 64 * 64 + 2 * 64 * 64 + 2 * 64 * 128)
WORK = {
    "tiny_mlp": (32, 32 * 64 + 64 * 64 + 64, 32 * 64, 6_337),
    "mnist_mlp": (128, 784 * 512 + 512 * 512 + 5_120, 784 * 512, 669_706),
    "mnist_cnn": (128, 26 * 26 * 32 * 9 + 11 * 11 * 64 * 288 + 16_000, 26 * 26 * 32 * 9, 34_826),
    "bilstm": (32, _LSTM + 128, 0, 2_658_945),
    "transformer": (32, 2 * _BLOCK + 128, 0, 579_074),
}


@dataclass
class Result:
    """One model on one backend: what starting took, and the rounds."""

    ready: dict[str, Any]
    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, name: str) -> float:
        return statistics.median(measured[name] for measured in self.rounds)


def measure(model: str, places: dict[str, str], rounds: int, console: Console) -> dict[str, Result]:
    """Trains a model on every backend, in turn."""
    workers: dict[str, Worker] = {}
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory(prefix="croton-benchmark-") as cache:
        try:
            for name, python in places.items():
                console.print(f"{model}: starting {name}", style="dim")
                environment = {"KERAS_BACKEND": BACKENDS[name], "CROTON_CACHE_DIR": cache}
                try:
                    workers[name] = Worker(
                        python, model, worker="peers.keras_worker", environment=environment
                    )
                except RuntimeError as error:
                    console.print(f"{name} is left out: {error}", style="red", markup=False)
                    continue
                results[name] = Result(workers[name].ready)
            for number in range(rounds):
                console.print(f"{model}: round {number + 1} of {rounds}", style="dim")
                for name, worker in workers.items():
                    results[name].rounds.append(worker.measure())
        finally:
            for worker in workers.values():
                worker.close()
    return results


def operations(model: str) -> float:
    """Floating-point operations of a training step: forward, gradients of weights, gradients of inputs."""
    batch, forward, first, _ = WORK[model]
    return 2.0 * batch * (3 * forward - first)


def least_bytes(model: str) -> float:
    """Bytes that Adam must read and write: weights and two moments, float32."""
    return 24.0 * WORK[model][3]


def limit(model: str, rates: dict[str, float]) -> float:
    """Milliseconds that the operations of a step or its bytes need, whichever is more."""
    size = least_bytes(model)
    return max(operations(model) / rates["float32"], size / bandwidth(int(size))) * 1e3


def summary(
    model: str, results: dict[str, Result], imports: dict[str, list[float]], rates: dict[str, float]
) -> dict[str, Any]:
    """All figures of a model, and Croton's ratios to the best of the others."""
    figures = {
        name: {
            "step_milliseconds": result.median("step_milliseconds"),
            "prediction_microseconds": result.median("prediction_microseconds"),
            "first_epoch_extra_seconds": result.ready["first_epoch_extra_seconds"],
            "import_seconds": statistics.median(imports[name]),
            "memory_mebibytes": result.median("memory_mebibytes"),
        }
        for name, result in results.items()
    }
    others = {name: values for name, values in figures.items() if name != "Croton"}
    own, ratios = figures["Croton"], {}
    if others:
        for key in own:
            wanted = {
                "first_epoch_extra_seconds": [others[n] for n in COMPILED if n in others],
                "import_seconds": [others[n] for n in ("JAX",) if n in others],
            }.get(key, list(others.values()))
            if wanted:
                ratios[key] = own[key] / min(values[key] for values in wanted)
    return {
        "backends": figures,
        "ratios": ratios,
        "step_target": TARGETS[model],
        "limit_milliseconds": limit(model, rates),
        "operations": operations(model),
        "bytes": least_bytes(model),
    }


COLUMNS = {
    "step_milliseconds": "step, ms",
    "prediction_microseconds": "prediction, us",
    "first_epoch_extra_seconds": "first epoch, s more",
    "import_seconds": "import, s",
    "memory_mebibytes": "memory, MiB",
}


def show(model: str, found: dict[str, Any], console: Console) -> None:
    """Prints the table of a model."""
    table = Table(title=model)
    table.add_column("backend")
    for title in COLUMNS.values():
        table.add_column(title, justify="right")
    for name, values in found["backends"].items():
        table.add_row(name, *(f"{values[key]:,.3g}" for key in COLUMNS))
    table.add_section()
    if found["ratios"]:
        table.add_row("Croton / best other", *(f"{found['ratios'].get(key, 0):.2f}" for key in COLUMNS))
        targets = (found["step_target"], PREDICTION_TARGET, 1.0, IMPORT_TARGET, MEMORY_TARGET)
        table.add_row("target", *(f"{target:.2f}" for target in targets))
    console.print(table)
    console.print(
        f"limit of a step: {found['limit_milliseconds']:.3g} ms "
        f"({found['operations'] / 1e6:,.0f} million operations, {found['bytes'] / 1e6:,.1f} MB)"
    )


def draw(found: dict[str, dict[str, Any]], path: Path) -> None:
    """A bar for each backend and model: a step's time over Croton's."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [name for name in BACKENDS if any(name in entry["backends"] for entry in found.values())]
    figure, (steps, rows) = pyplot.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
    for axes, key, title in (
        (steps, "step_milliseconds", "a training step"),
        (rows, "prediction_microseconds", "a prediction of one row"),
    ):
        for place, name in enumerate(names):
            shown = {
                model: entry["backends"][name][key] / entry["backends"]["Croton"][key]
                for model, entry in found.items()
                if name in entry["backends"]
            }
            positions = [list(found).index(model) + 0.2 * (place - 1.5) for model in shown]
            bars = axes.bar(positions, list(shown.values()), 0.19, label=name)
            axes.bar_label(bars, fmt="%.1f", fontsize=7)
        axes.set_yscale("log")
        axes.set_xticks(range(len(found)), list(found), fontsize=8)
        axes.set_title(f"{title}: time over Croton's", fontsize=10)
    steps.legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", default=[], help="an interpreter with other backends")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=list(TARGETS), help="a model")
    parser.add_argument("--backend", action="append", choices=list(BACKENDS), help="Croton always runs")
    parser.add_argument("--picture", type=Path, help="where to draw the comparison (.svg or .png)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    wanted = {"Croton", *(arguments.backend or BACKENDS)}
    places = {name: python for name, python in find(arguments.python).items() if name in wanted}
    rates = machine()
    found: dict[str, dict[str, Any]] = {}
    imports = keras_imports.measure(places, arguments.rounds)
    for model in arguments.only or TARGETS:
        results = measure(model, places, arguments.rounds, Console(stderr=True, highlight=False))
        found[model] = summary(model, results, imports, rates)
        if not arguments.json:
            show(model, found[model], Console(highlight=False))
    if arguments.json:
        print(json.dumps(found, indent=2))
    if arguments.picture:
        draw(found, arguments.picture)


if __name__ == "__main__":
    main()

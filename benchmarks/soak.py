"""Five Keras models trained, evaluated, saved and loaded over and over: memory, threads and files must stay.

    python -m benchmarks.soak [--minutes 30]

Each cycle takes every model of `benchmarks.keras_models` through an epoch of `fit`, `evaluate`, `predict`,
`save` and `load_model`, and compares the predictions of the loaded model with those before. Exits with 1 if
the memory of the process after the last cycle is more than a tenth above that after the tenth, or the threads
or open files are more.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "croton")
sys.path.insert(0, str(Path(__file__).resolve().parent))

import keras
import numpy as np
from peers.keras_data import MODELS, Workload
from rich.console import Console

WARM_UP = 10


@dataclass(frozen=True)
class Footprint:
    """What the process holds: resident memory in MiB, threads (of Python and others), open files."""

    memory: float
    threads: int
    files: int

    @classmethod
    def now(cls) -> Footprint:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
            len(os.listdir("/proc/self/task")),
            len(os.listdir("/proc/self/fd")),
        )

    def has_grown_from(self, earlier: Footprint) -> bool:
        return (
            self.memory > 1.1 * earlier.memory or self.threads > earlier.threads or self.files > earlier.files
        )


def cycle(workload: Workload, folder: Path) -> None:
    """Trains, evaluates, saves and loads a model; raises if the loaded one predicts something else."""
    model, rows = workload.model, 4 * workload.batch
    x, y = workload.x[:rows], workload.y[:rows]
    model.fit(x, y, batch_size=workload.batch, verbose=0)
    model.evaluate(x, y, batch_size=workload.batch, verbose=0)
    before = model.predict(x[:8], verbose=0)
    path = folder / "model.keras"
    model.save(path)
    workload.model = loaded = keras.models.load_model(path)
    np.testing.assert_allclose(loaded.predict(x[:8], verbose=0), before, rtol=1e-4, atol=1e-6)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    workloads = {name: make() for name, make in MODELS.items()}
    started = time.monotonic()
    count, settled = 0, None
    with tempfile.TemporaryDirectory(prefix="croton-soak-") as folder:
        while time.monotonic() - started < 60 * arguments.minutes or count <= WARM_UP:
            for workload in workloads.values():
                cycle(workload, Path(folder))
            count += 1
            footprint = Footprint.now()
            if count == WARM_UP:
                settled = footprint
            minutes = (time.monotonic() - started) / 60
            console.print(
                f"{minutes:5.1f} min  cycle {count:4d}  {footprint.memory:7.1f} MiB  "
                f"{footprint.threads} threads  {footprint.files} files"
            )
    assert settled is not None
    if footprint.has_grown_from(settled):
        console.print(f"grown: {settled} after {WARM_UP} cycles, {footprint} after {count}", style="red")
        sys.exit(1)
    console.print(
        f"{count} cycles in {minutes:.0f} minutes; {threading.active_count()} Python threads at the end"
    )


if __name__ == "__main__":
    main()

"""How long until the first result, and how long `import croton` takes.

    python -m benchmarks.cold_start [--python OTHER_PYTHON] [--runs 5]

Every figure comes from fresh processes. "cold": Croton with an empty cache; "again": a later process, which
must compile nothing; "JAX": the first call of the same workload in a process of its own, where OTHER_PYTHON
has JAX. Imports are not part of these times. Croton is a plain copy of the files with their bytecode, as an
ordinary installation has it, since an editable one looks at its sources first. NumPy and Croton take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
WORKLOADS = ("dense", "gradient", "mlp", "black_scholes", "logistic", "call")

# Builds the workloads of one library and times each until its first result; prints JSON.
FIRST = """
import importlib, json, sys, time
if len(sys.argv) > 2:
    sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in type(finder).__module__]
    sys.path.insert(0, sys.argv[2])
import numpy
importlib.import_module(sys.argv[1])
from peers import data
module = importlib.import_module(f"peers.{sys.argv[1]}_programs")
started = time.perf_counter()
programs = module.programs("")
result = {"building": time.perf_counter() - started}
for name, call in programs.items():
    started = time.perf_counter()
    call()
    result[name] = time.perf_counter() - started
result["total"] = sum(result.values())
if sys.argv[1] == "croton":
    from croton.toolchain import compilations
    result["compiled"] = compilations().compiled
print(json.dumps(result))
"""

IMPORT = """
import sys, time
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in type(finder).__module__]
sys.path.insert(0, sys.argv[2])
started = time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - started)
"""


def run(python: str, code: str, *words: str, **environment: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [python, "-c", code, *words],
        cwd=HERE,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def first_results(python: str, library: str, *folder: str, cache: str = "") -> dict[str, float]:
    """Seconds of building and of each first call, by workload, with their total."""
    answer: dict[str, float] = json.loads(run(python, FIRST, library, *folder, CROTON_CACHE_DIR=cache))
    return answer


def cold_and_again(runs: int) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """A first process with an empty cache and a second one with what it left, several times."""
    cold, again = [], []
    with tempfile.TemporaryDirectory(prefix="croton-copy-") as folder:
        copy_of_package(Path(folder))
        for _ in range(runs):
            with tempfile.TemporaryDirectory(prefix="croton-cold-") as cache:
                cold.append(first_results(sys.executable, "croton", folder, cache=cache))
                again.append(first_results(sys.executable, "croton", folder, cache=cache))
    return cold, again


def copy_of_package(folder: Path) -> None:
    """The package as an ordinary installation has it: Python files, compiled ones, the extension."""
    import croton
    from croton.runtime import _core, _kernels

    shutil.copytree(Path(croton.__file__).parent, folder / "croton")
    for extension in (_core, _kernels):
        shutil.copy(extension.__file__, folder / "croton" / "runtime")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder)], check=True)


def import_times(runs: int) -> dict[str, float]:
    """Median seconds of importing NumPy alone, and of Croton with the NumPy that it needs."""
    times: dict[str, list[float]] = {"numpy": [], "croton": []}
    with tempfile.TemporaryDirectory(prefix="croton-import-") as name:
        copy_of_package(Path(name))
        for _ in range(runs):
            for module, collected in times.items():
                collected.append(float(run(sys.executable, IMPORT, module, name)))
    return {module: statistics.median(collected) for module, collected in times.items()}


def median(results: list[dict[str, float]], key: str) -> str:
    """In milliseconds."""
    return f"{statistics.median(result[key] for result in results) * 1e3:,.1f}" if results else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", help="an interpreter that has JAX")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--imports", type=int, default=10, help="processes of each import")
    arguments = parser.parse_args()
    imports = import_times(arguments.imports)
    cold, again = cold_and_again(arguments.runs)
    jax: list[dict[str, Any]] = []
    if arguments.python:
        jax = [first_results(arguments.python, "jax") for _ in range(arguments.runs)]
    table = Table(title="First results, milliseconds (medians)")
    for title in ("", "Croton, cold", "Croton, again", "JAX"):
        table.add_column(title, justify="right" if title else "left")
    for key in ("building", *WORKLOADS, "total"):
        table.add_row(key, median(cold, key), median(again, key), median(jax, key))
    compiled = [sorted({int(result["compiled"]) for result in results}) for results in (cold, again)]
    table.add_row("C files compiled", *(", ".join(map(str, counts)) for counts in compiled), "")
    console = Console(highlight=False)
    console.print(table)
    console.print("Croton compiles while it builds, JAX in the first call: compare the totals.")
    ratio = imports["croton"] / imports["numpy"]
    console.print(
        f"import numpy {imports['numpy'] * 1e3:.0f} ms, "
        f"import croton {imports['croton'] * 1e3:.0f} ms, ratio {ratio:.2f} (at most 2)"
    )
    if any(result["compiled"] for result in again):
        raise SystemExit("a second process compiled something")


if __name__ == "__main__":
    main()

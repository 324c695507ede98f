"""What `import keras` takes on Croton and on whichever of Keras's other backends are installed.

    python -m benchmarks.keras_imports [--python OTHER_PYTHON] [--rounds 5]

Every import is a process of its own; the backends take turns. Croton is installed for it as users have it,
from a wheel and with byte code, since an editable installation looks for changed sources first. Keras also
imports pandas, scikit-learn and matplotlib if it finds them, whatever the backend: a second and more that is
left out for all of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.keras_backends import BACKENDS, find
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = """
import sys
sys.path += sys.argv[1:]
sys.modules.update(matplotlib=None, pandas=None, sklearn=None)
import time
begun = time.perf_counter()
if len(sys.argv) > 2:  # what its start-up file does
    import keras_croton
import keras
print(time.perf_counter() - begun)
"""


def measure(places: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of every import by backend; a first round, which writes byte code, is not counted.

    Raises:
        subprocess.CalledProcessError: Croton cannot be built, or a backend not be imported.
    """
    seconds: dict[str, list[float]] = {name: [] for name in places}
    with tempfile.TemporaryDirectory(prefix="croton-imports-") as folder:
        _install(folder)
        for _ in range(rounds + 1):
            for name, python in places.items():
                seconds[name].append(_import(python, BACKENDS[name], [folder] if name == "Croton" else []))
    return {name: values[1:] for name, values in seconds.items()}


def _install(folder: str) -> None:
    """Builds Croton with the tools of this environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    options = "--quiet --disable-pip-version-check --no-deps --no-build-isolation --target"
    command = [sys.executable, "-m", "pip", "install", *options.split(), folder, str(ROOT)]
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})


def _import(python: str, backend: str, paths: list[str]) -> float:
    """Seconds, with these paths before the environment's packages; `site` would find the editable Croton."""
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]
    packages = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [python, "-S", "-c", _PROGRAM, *paths, packages]
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", default=[], help="an interpreter with other backends")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    table = Table(title="import keras")
    for title in ("backend", "seconds", "Croton / this"):
        table.add_column(title, justify="right")
    medians = {
        name: statistics.median(values)
        for name, values in measure(find(arguments.python), arguments.rounds).items()
    }
    for name, median in medians.items():
        table.add_row(name, f"{median:.2f}", f"{medians['Croton'] / median:.2f}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()

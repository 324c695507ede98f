"""The public models of `keras.applications`: do they build, predict and train, as on JAX, and how soon?

    python -m benchmarks.applications [--python OTHER_PYTHON] [--only NAME] [--size 96] [--batch 2]

Every model is built with random weights, predicts, and takes two steps of training, on Croton with an empty
cache and again in a second process, and on JAX with the same weights and images. Shown are the seconds of the
first training step, compilation included, and the largest differences of predictions, of losses and of what a
step changes in the last layer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.keras_backends import find
from benchmarks.micro import HERE
from rich.console import Console
from rich.table import Table

# One of each family, and the two whose first step is measured; VGG and the large variants need more memory.
MODELS = (
    "MobileNetV2",
    "ResNet50",
    "MobileNet",
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "DenseNet121",
    "NASNetMobile",
    "InceptionV3",
    "InceptionResNetV2",
    "Xception",
    "ResNet50V2",
    "ResNet101",
    "ConvNeXtTiny",
    "VGG16",
    "VGG19",
)
COLUMNS = ("model", "Croton", "again", "JAX", "second step", "JAX's", "prediction", "loss", "last kernel")
# Heights and widths that are needed. Inception's last layers normalise what smaller images leave of two
# samples, one pixel each, whose difference decides the signs of the results and is mostly rounding.
LEAST = {"InceptionV3": 139, "InceptionResNetV2": 139, "Xception": 71, "NASNetMobile": 224}


def run(python: str, backend: str, model: str, arguments: list[str], cache: str) -> dict[str, Any]:
    """What the worker found; {"error": ...} if it failed."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "CROTON_CACHE_DIR": cache}
    done = subprocess.run(
        [python, "-m", "peers.application_worker", model, *arguments],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(model: str, python: str | None, size: int, batch: int) -> dict[str, Any]:
    """Croton twice, and JAX."""
    with tempfile.TemporaryDirectory(prefix="croton-applications-") as folder:
        size = max(size, LEAST.get(model, size))
        arguments = [str(size), str(batch), str(Path(folder) / "weights.npz")]
        results = {"Croton": run(sys.executable, "croton", model, arguments, folder)}
        if "error" not in results["Croton"]:
            results["again"] = run(sys.executable, "croton", model, arguments, folder)
            if python is not None:
                results["JAX"] = run(python, "jax", model, arguments, folder)
    return results


def difference(results: dict[str, Any], key: str) -> float | None:
    """The largest difference between Croton and JAX, relative to the largest number."""
    if "JAX" not in results or "error" in results["JAX"]:
        return None
    own, other = (np.asarray(results[name][key]) for name in ("Croton", "JAX"))
    return float(np.abs(own - other).max() / np.abs(other).max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", default=[], help="an interpreter with JAX")
    parser.add_argument("--only", action="append", help="a model's name")
    parser.add_argument("--size", type=int, default=96, help="height and width of the images")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    table = Table(title=f"First training step in seconds, {arguments.batch} images")
    for title in COLUMNS:
        table.add_column(title, justify="right")
    everything: dict[str, Any] = {}
    for model in arguments.only or MODELS:
        results = compare(model, find(arguments.python).get("JAX"), arguments.size, arguments.batch)
        everything[model] = results
        cells = [_seconds(results.get(name), "first_step_seconds") for name in ("Croton", "again", "JAX")]
        cells += [_seconds(results.get(name), "second_step_seconds") for name in ("Croton", "JAX")]
        for key in ("prediction", "loss", "last_kernel_change"):
            found = difference(results, key)
            cells.append("" if found is None else f"{found:.1e}")
        table.add_row(model, *cells)
        if not arguments.json:
            console.print(model, *cells)
    if arguments.json:
        print(json.dumps(everything))
    else:
        console.print(table)


def _seconds(found: dict[str, Any] | None, key: str) -> str:
    if found is None:
        return ""
    return str(found["error"]) if "error" in found else f"{found[key]:.2f}"


if __name__ == "__main__":
    main()

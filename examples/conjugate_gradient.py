"""Softmax regression fitted by conjugate gradients: SciPy decides where to look, Croton computes.

The idea: optimizers that choose their own steps (SciPy's, or anybody's) want a function from one flat vector
of parameters to the cost and its gradient. Here that is one compiled function: it cuts weights and biases
out of the vector, goes through all the data, and the gradient comes back as one vector, since the symbolic
derivative goes through slicing and reshaping like through everything else. Nothing is copied in Python.

Method: nonlinear conjugate gradients (Polak and Ribiere, "Note sur la convergence de methodes de directions
conjuguees", 1969), as scipy.optimize.minimize has it.
Data: the 1,797 handwritten digits of 8x8 pixels that scikit-learn ships, a quarter of them held out.

Prints the cost as the search goes on, the accuracy on the digits held out, and the time per evaluation.
Measured on two cores: held-out accuracy 0.978; 100 iterations with 287 evaluations take 0.2 seconds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import croton as ct
import croton.tensor as T

Array = np.ndarray[Any, Any]
CLASSES = 10


def load() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """(images in [0, 1] of 64 pixels, labels), to learn from and held out."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x / 16, y, test_size=0.25, random_state=0, stratify=y)
    return (x, y), (test_x, test_y)


class SoftmaxRegression:
    """The model as functions of one vector: `cost_and_gradient(theta)` and `predict(theta, images)`."""

    def __init__(self, images: Array, labels: Array, penalty: float) -> None:
        pixels = images.shape[1]
        self.size = (pixels + 1) * CLASSES
        theta, x, y = T.vector("theta"), T.matrix("x"), T.lvector("y")
        weights = theta[: pixels * CLASSES].reshape((pixels, CLASSES))
        biases = theta[pixels * CLASSES :]
        probability = T.nnet.softmax(T.dot(x, weights) + biases)
        cost = -T.log(probability)[T.arange(y.shape[0]), y].mean() + penalty * (weights**2).sum()
        data = {x: ct.shared(images), y: ct.shared(labels)}
        self.cost_and_gradient = ct.function([theta], [cost, ct.grad(cost, theta)], givens=data)
        self.predict = ct.function([theta, x], T.argmax(probability, axis=1))


@dataclass
class Report:
    """What the search came to."""

    accuracy: float
    seconds: float
    evaluations: int
    costs: list[float] = field(default_factory=list)  # after each iteration


def train(iterations: int = 100, penalty: float = 1e-4) -> Report:
    """Searches from zero for so many iterations, or until the gradient vanishes."""
    (images, labels), (test_images, test_labels) = load()
    model = SoftmaxRegression(images, labels, penalty)
    costs: list[float] = []
    start = time.perf_counter()
    found = minimize(
        model.cost_and_gradient,
        np.zeros(model.size),
        jac=True,  # the function returns both
        method="CG",
        callback=lambda intermediate_result: costs.append(float(intermediate_result.fun)),
        options={"maxiter": iterations},
    )
    seconds = time.perf_counter() - start
    accuracy = np.mean(model.predict(found.x, test_images) == test_labels)
    return Report(float(accuracy), seconds, found.nfev, costs)


def main() -> None:
    report = train()
    for iteration in range(0, len(report.costs), 20):
        print(f"iteration {iteration:3}: cost {report.costs[iteration]:.4f}")
    print(
        f"held-out accuracy {report.accuracy:.4f}; {report.evaluations} evaluations in {report.seconds:.3f} s"
    )


if __name__ == "__main__":
    main()

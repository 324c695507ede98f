"""SciPy's conjugate gradients fit softmax regression through a compiled cost and gradient."""

from __future__ import annotations

import conjugate_gradient
import numpy as np
from scipy.optimize import check_grad


def test_it_learns() -> None:
    report = conjugate_gradient.train(iterations=30)
    assert report.costs == sorted(report.costs, reverse=True)
    assert report.costs[-1] < 0.2
    assert report.accuracy > 0.95
    assert report.evaluations >= len(report.costs)


def test_the_gradient_is_that_of_the_cost() -> None:
    (images, labels), _ = conjugate_gradient.load()
    model = conjugate_gradient.SoftmaxRegression(images[:20, 20:28], labels[:20], penalty=0.01)
    theta = np.random.default_rng(0).normal(size=model.size)
    cost, gradient = model.cost_and_gradient(theta)
    assert gradient.shape == (model.size,)
    error = check_grad(
        lambda t: float(model.cost_and_gradient(t)[0]), lambda t: model.cost_and_gradient(t)[1], theta
    )
    assert error < 1e-5 * max(1, float(cost))

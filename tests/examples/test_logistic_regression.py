"""Logistic regression learns from minibatches of shared data, and its gradient is the textbook's."""

from __future__ import annotations

import logistic_regression
import numpy as np
import scipy.special

import croton as ct
import croton.tensor as T


def test_it_learns() -> None:
    report = logistic_regression.train(epochs=20)
    assert report.losses[-1] < report.losses[0] / 3
    assert report.accuracy > 0.94


def test_the_first_step_is_the_textbooks() -> None:
    generator = np.random.default_rng(0)
    rows, labels = generator.normal(size=(8, 3)), generator.integers(0, 2, 8)
    weights, bias, penalty = generator.normal(size=3), 0.3, 0.1
    x, y = T.matrix("x"), T.lvector("y")
    model = logistic_regression.LogisticRegression(x, 3)
    model.w.set_value(weights)
    model.b.set_value(bias)
    loss, errors = model.loss(y, penalty), model.errors(y)
    found = ct.function([x, y], [*ct.grad(loss, model.parameters), errors])(rows, labels)
    probability = scipy.special.expit(rows @ weights + bias)
    difference = (probability - labels) / 8
    np.testing.assert_allclose(found[0], rows.T @ difference + 2 * penalty * weights)
    np.testing.assert_allclose(found[1], difference.sum())
    assert found[2] == np.mean((probability > 0.5) != labels)


def test_main_prints_the_accuracy(capsys) -> None:  # type: ignore[no-untyped-def]
    logistic_regression.main()
    assert "held-out accuracy 0.9" in capsys.readouterr().out

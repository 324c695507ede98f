"""The classifier of digits learns, its step agrees with NumPy's; the demo shows its C and other programs."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))  # where the programs find each other when run as `python examples`

import digits  # noqa: E402


def test_it_reaches_an_accuracy_of_97_per_cent() -> None:
    report = digits.run(epochs=30)
    assert report.accuracy >= 0.97
    assert report.losses[-1] < 0.01 < report.losses[0]


def test_steps_are_those_of_adam_written_by_hand() -> None:
    data, compiled, by_hand = digits.load(), digits.Classifier(), digits.NumPyClassifier()
    for images, labels in list(digits.minibatches(data, np.random.default_rng(1)))[:10]:
        assert compiled.train_step(images, labels) == pytest.approx(
            by_hand.train_step(images, labels), rel=1e-4
        )
    for parameter, expected in zip(compiled.parameters, by_hand.parameters, strict=True):
        np.testing.assert_allclose(parameter.get_value(), expected, rtol=1e-3, atol=1e-4)


def test_one_function_serves_every_batch_size() -> None:
    data, classifier = digits.load(), digits.Classifier()
    every = classifier.predict(data.test_images)
    for size in (1, 7, 100):
        np.testing.assert_array_equal(classifier.predict(data.test_images[:size]), every[:size])


def test_the_demo_shows_the_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(EXAMPLES), "--epochs", "1", "--build", str(tmp_path)])
    runpy.run_path(str(EXAMPLES), run_name="__main__")
    output = capsys.readouterr().out
    assert "held-out accuracy" in output
    assert output.count("compiled to") == 2
    assert "examples/lenet.py" in output and "examples/digits.py" not in output.partition("More programs")[2]
    assert "croton_run" in (tmp_path / "train_step.c").read_text()

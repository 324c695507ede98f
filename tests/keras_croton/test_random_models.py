"""Random models: compiled and operation by operation, training gives the same numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from .random_models import draw

MODELS = 24
TOGETHER = 3

# Keras computes these in single precision, even of doubles.
SINGLE_PRECISION = tuple(f"{kind}Normalization" for kind in ("Batch", "Layer", "Group", "RMS"))

NDArray = np.ndarray[Any, Any]


@pytest.fixture
def double_precision() -> Iterator[None]:
    before, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)
    keras.config.set_dtype_policy(policy)


def trained(number: int, eagerly: bool) -> dict[str, NDArray]:
    """Losses, predictions and weights of a model after a step on each of its batches."""
    model, batches, _ = draw(number)
    model.run_eagerly = eagerly
    found = {}
    for position, (x, y) in enumerate(batches):
        found[f"loss of batch {position}"] = np.asarray(model.train_on_batch(x, y))
    for position, (x, _) in enumerate(batches):
        found[f"prediction of batch {position}"] = model.predict_on_batch(x)
    for weight in model.weights:
        found[weight.path] = np.asarray(weight)
    return found


def disagreement(number: int) -> str | None:
    """What differs between a model that is compiled and one that is not."""
    history = draw(number).history
    rounding = 1e-4 if any(line.startswith(SINGLE_PRECISION) for line in history) else 1e-9
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*(cannot be traced|was traced for)")
        found = trained(number, eagerly=False)
    for name, expected in trained(number, eagerly=True).items():
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        if not np.allclose(found[name], expected, rtol=0, atol=rounding * scale, equal_nan=True):
            worst = float(np.abs(found[name] - expected).max())
            return f"model {number}: {name} differs by {worst:.1e}:\n" + "\n".join(history)
    return None


@pytest.mark.usefixtures("double_precision")
@pytest.mark.parametrize("first", range(0, MODELS, TOGETHER))
def test_compiled_agrees_with_eager(first: int) -> None:
    failures = [problem for number in range(first, first + TOGETHER) if (problem := disagreement(number))]
    assert not failures, "\n\n".join(failures)

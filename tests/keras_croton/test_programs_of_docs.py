"""The programs in docs/keras.md run, compiled."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

PAGE = Path(__file__).parents[2] / "docs" / "keras.md"


def programs() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_a_training_step_of_ones_own() -> None:
    names: dict[str, Any] = {}
    exec(programs()[0], names)
    discriminator = keras.Sequential([layers.Conv2D(4, 3, strides=2), layers.Flatten(), layers.Dense(1)])
    generator = keras.Sequential(
        [layers.Dense(16), layers.Reshape((4, 4, 1)), layers.Conv2DTranspose(1, 3, strides=2, padding="same")]
    )
    model = names["GAN"](discriminator, generator, 5)
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(np.ones((8, 8, 8, 1), "float32"), batch_size=4, epochs=3, verbose=0).history
    assert all(np.isfinite(loss) for losses in history.values() for loss in losses)
    assert model.train_function.step.traces == 1


def test_a_loop_of_ones_own() -> None:
    keras.utils.set_random_seed(0)
    names: dict[str, Any] = {}
    exec(programs()[1], names)
    assert float(names["accuracy"].result()) > 0.9
    assert names["step"].traces == 1

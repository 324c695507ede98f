"""Small models whose losses over 50 steps are compared between backends.

    KERAS_BACKEND=jax python tests/keras_croton/agreement/programs.py > tests/keras_croton/agreement/jax.json

writes the losses that the tests compare with. Weights and data depend on NumPy's generator alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

Array = np.ndarray[Any, Any]
STEPS = 50


def mlp() -> tuple[Any, Any, Any]:
    model = keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(16, activation="tanh"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, normal(24, 12), classes(24)


def cnn() -> tuple[Any, Any, Any]:
    model = keras.Sequential(
        [
            keras.Input((10, 10, 2)),
            layers.Conv2D(6, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, strides=2),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss)
    return model, normal(16, 10, 10, 2), classes(16)


def bidirectional_lstm() -> tuple[Any, Any, Any]:
    model = keras.Sequential(
        [
            keras.Input((9,), dtype="int32"),
            layers.Embedding(20, 6, mask_zero=True),
            layers.Bidirectional(layers.LSTM(5)),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model, tokens(16, 9), classes(16, 2)[:, None]


def gru() -> tuple[Any, Any, Any]:
    model = keras.Sequential(
        [
            keras.Input((7, 4)),
            layers.GRU(6, return_sequences=True),
            layers.GRU(5, reset_after=False),
            layers.Dense(2),
        ]
    )
    model.compile("rmsprop", "mse")
    return model, normal(16, 7, 4), normal(16, 2)


def transformer() -> tuple[Any, Any, Any]:
    inputs = keras.Input((8,), dtype="int32")
    x = layers.Embedding(20, 12)(inputs)
    attended = layers.MultiHeadAttention(2, 6)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(x + attended)
    hidden = layers.Dense(12)(layers.Dense(24, activation="gelu")(x))
    x = layers.LayerNormalization()(x + hidden)
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, tokens(16, 8), classes(16)


def two_inputs_and_outputs() -> tuple[Any, Any, Any]:
    first, second = keras.Input((5,), name="first"), keras.Input((4,), name="second")
    joined = layers.Concatenate()([layers.Dense(6, activation="relu")(first), second])
    label = layers.Dense(3, activation="softmax", name="label")(joined)
    score = layers.Dense(1, name="score")(layers.Multiply()([joined, joined]))
    model = keras.Model([first, second], [label, score])
    model.compile("adam", ["sparse_categorical_crossentropy", "mae"], loss_weights=[1.0, 0.3])
    return model, [normal(16, 5), normal(16, 4)], [classes(16), normal(16, 1)]


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "sgd_nesterov": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=1.0),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    "adam_amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True, global_clipnorm=0.5),
    "adam_schedule": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(0.02, 40), use_ema=True, ema_overwrite_frequency=7
    ),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.01),
    "adadelta": lambda: keras.optimizers.Adadelta(0.5),
    "adagrad": lambda: keras.optimizers.Adagrad(0.05),
    "adamax": lambda: keras.optimizers.Adamax(0.01),
    "nadam": lambda: keras.optimizers.Nadam(0.01),
    "ftrl": lambda: keras.optimizers.Ftrl(0.05, l2_regularization_strength=0.01),
    "lion": lambda: keras.optimizers.Lion(0.001),
    "lamb": lambda: keras.optimizers.Lamb(0.01),
    "muon": lambda: keras.optimizers.Muon(0.01),
    "adafactor": lambda: keras.optimizers.Adafactor(0.01),
    "loss_scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
    "accumulating": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=4),
}


def with_optimizer(name: str) -> tuple[Any, Any, Any]:
    """A small regression with an optimiser."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(OPTIMIZERS[name](), "mse")
    return model, normal(16, 6), normal(16, 1)


PROGRAMS: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "mlp": mlp,
    "cnn": cnn,
    "bidirectional_lstm": bidirectional_lstm,
    "gru": gru,
    "transformer": transformer,
    "two_inputs_and_outputs": two_inputs_and_outputs,
    **{f"optimizer_{name}": (lambda name=name: with_optimizer(name)) for name in OPTIMIZERS},
}


def normal(*shape: int) -> Array:
    return np.random.default_rng(shape).normal(size=shape).astype("float32")


def classes(rows: int, count: int = 3) -> Array:
    return np.random.default_rng(rows).integers(0, count, rows).astype("int32")


def tokens(rows: int, length: int) -> Array:
    return np.random.default_rng(length).integers(0, 20, (rows, length)).astype("int32")


def losses(name: str) -> list[float]:
    """The loss of each of 50 steps on one batch, from weights that NumPy draws."""
    model, x, y = PROGRAMS[name]()
    rng = np.random.default_rng(7)
    for weight in model.trainable_weights:
        scale = 1 / np.sqrt(max(int(np.prod(weight.shape[:-1])), 1)) if len(weight.shape) > 1 else 0.1
        weight.assign((rng.normal(size=tuple(weight.shape)) * scale).astype("float32"))
    return [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(STEPS)]


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PROGRAMS)
    print(json.dumps({name: losses(name) for name in chosen}, indent=1))

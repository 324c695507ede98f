"""Five Keras models with data to train them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

Array = np.ndarray[Any, Any]


@dataclass
class Workload:
    """A compiled model, data for an epoch, and how many rows make a batch."""

    model: Any
    x: Array
    y: Array
    batch: int


def tiny_mlp() -> Workload:
    model = keras.Sequential(
        [
            keras.Input((32,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    rows = 32 * 500
    return Workload(
        model, rng.normal(size=(rows, 32)).astype("float32"), rng.normal(size=(rows, 1)).astype("float32"), 32
    )


def mnist_mlp() -> Workload:
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return _classifier(model, (784,), 60)


def mnist_cnn() -> Workload:
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
    return _classifier(model, (28, 28, 1), 20)


def _classifier(model: Any, shape: tuple[int, ...], steps: int) -> Workload:
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    rows = 128 * steps
    return Workload(model, rng.random((rows, *shape)).astype("float32"), rng.integers(0, 10, rows), 128)


def bilstm() -> Workload:
    model = keras.Sequential(
        [
            keras.Input((80,), dtype="int32"),
            layers.Embedding(20000, 128),
            layers.Bidirectional(layers.LSTM(64)),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    rows = 32 * 20
    return Workload(
        model, rng.integers(0, 20000, (rows, 80)).astype("int32"), rng.integers(0, 2, (rows, 1)), 32
    )


def transformer() -> Workload:
    tokens = keras.Input((64,), dtype="int32")
    x = layers.Embedding(8000, 64)(tokens)
    for _ in range(2):
        attended = layers.MultiHeadAttention(4, 16)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(x + attended)
        hidden = layers.Dense(128, activation="gelu")(x)
        x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dense(64)(hidden))
    classes = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(tokens, classes)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    rows = 32 * 20
    return Workload(model, rng.integers(0, 8000, (rows, 64)).astype("int32"), rng.integers(0, 2, rows), 32)


MODELS: dict[str, Callable[[], Workload]] = {
    "tiny_mlp": tiny_mlp,
    "mnist_mlp": mnist_mlp,
    "mnist_cnn": mnist_cnn,
    "bilstm": bilstm,
    "transformer": transformer,
}

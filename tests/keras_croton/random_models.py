"""Random Keras models: what each is made of follows from its number.

A model is a chain of layers of any kind, with shortcuts. What it computes on one backend, compiled, can be
compared with what it computes layer by layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

ACTIVATIONS = (
    "linear",
    "relu",
    "tanh",
    "sigmoid",
    "gelu",
    "elu",
    "softplus",
    "swish",
    "leaky_relu",
    "softmax",
)
BATCHES = (1, 2, 3, 5, 8, 17, 31, 64, 65, 130, 200)


class Drawn(NamedTuple):
    """A model ready to be trained, its data, batch by batch, and the layers in order."""

    model: keras.Model
    batches: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]
    history: list[str]


class _Chain:
    """Draws layers one after the other; `history` says which."""

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng(number)
        self.history: list[str] = []
        self.earlier: list[Any] = []

    # Drawing.

    def below(self, limit: int) -> int:
        return int(self.random.integers(limit))

    def between(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def one_of(self, *choices: Any) -> Any:
        return choices[self.below(len(choices))]

    def activation(self) -> str:
        return str(self.one_of(*ACTIVATIONS))

    # Layers.

    def apply(self, layer: Any, *inputs: Any, **options: Any) -> Any:
        config = {
            key: value
            for key, value in layer.get_config().items()
            if isinstance(value, (int, float, str, tuple)) and key not in ("name", "trainable", "seed")
        }
        shapes = [tuple(tensor.shape) for tensor in keras.tree.flatten(inputs)]
        self.history.append(f"{type(layer).__name__} {config} of {shapes}")
        return layer(*inputs, **options)

    def normalization(self, x: Any) -> Any:
        return self.apply(
            self.one_of(
                layers.BatchNormalization(momentum=0.9),
                layers.LayerNormalization(),
                layers.LayerNormalization(scale=False),
                layers.RMSNormalization(),
                layers.UnitNormalization(),
                layers.GroupNormalization(groups=1),
            ),
            x,
        )

    def anywhere(self, x: Any) -> Any:
        """A layer for tensors of any rank, which keeps the shape; or a shortcut from before."""
        kind = self.below(6)
        if kind == 0:
            return self.normalization(x)
        if kind == 1:
            return self.apply(layers.Activation(self.activation()), x)
        if kind == 2:
            return self.apply(layers.Dropout(0.3, seed=7), x)
        same = [one for one in self.earlier if one.shape == x.shape]
        if kind == 3 and same:
            merge = self.one_of(layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Subtract)
            return self.apply(merge(), [x, same[self.below(len(same))]])
        if kind == 4 and same:
            return self.apply(layers.Concatenate(), [x, same[self.below(len(same))]])
        return self.apply(layers.Dense(self.between(1, 40), activation=self.activation()), x)

    def vector(self, x: Any) -> Any:
        kind = self.below(8)
        size = x.shape[1]
        if kind == 0 and size % 2 == 0:
            return self.apply(layers.Reshape((2, size // 2)), x)
        if kind == 1:
            return self.apply(layers.RepeatVector(self.between(1, 5)), x)
        if kind == 2 and size % 4 == 0:
            return self.apply(layers.Reshape((2, 2, size // 4)), x)
        return self.anywhere(x)

    def recurrent(self, x: Any) -> Any:
        cell = self.one_of(layers.LSTM, layers.GRU, layers.SimpleRNN)
        options: dict[str, Any] = {"return_sequences": bool(self.below(2))}
        if self.below(4) == 0:
            options["go_backwards"] = True
        if cell is layers.GRU:
            options["reset_after"] = bool(self.below(2))
        if self.below(4) == 0:
            options |= {"dropout": 0.2, "recurrent_dropout": 0.2, "seed": 3}
        layer = cell(self.one_of(1, 3, 8, 16, 20), **options)
        if self.below(2) and not options.get("go_backwards"):
            mode = self.one_of("concat", "sum", "mul", "ave")
            return self.apply(layers.Bidirectional(layer, merge_mode=mode), x)
        return self.apply(layer, x)

    def sequence(self, x: Any) -> Any:
        kind = self.below(9)
        steps = x.shape[1]
        if kind <= 2:
            return self.recurrent(x)
        if kind == 3:
            padding = self.one_of("same", "causal")
            options = {"strides": 2} if self.below(3) == 0 else {"dilation_rate": self.between(1, 2)}
            filters, taps = self.one_of(3, 8, 16), self.between(1, 4)
            return self.apply(
                layers.Conv1D(filters, taps, padding=padding, activation=self.activation(), **options), x
            )
        if kind == 4:
            pool = self.one_of(layers.MaxPooling1D, layers.AveragePooling1D)
            return self.apply(pool(2, padding="same"), x)
        if kind == 5:
            return self.apply(self.one_of(layers.GlobalMaxPooling1D(), layers.GlobalAveragePooling1D()), x)
        if kind == 6:
            attention = layers.MultiHeadAttention(self.between(1, 3), self.between(1, 9))
            return self.apply(attention, x, x, use_causal_mask=bool(self.below(2)))
        if kind == 7 and steps is not None:
            return self.apply(layers.Flatten(), x)
        return self.anywhere(x)

    def image(self, x: Any) -> Any:
        kind = self.below(9)
        height, width = x.shape[1:3]
        options: dict[str, Any] = {"padding": self.one_of("same", "valid"), "activation": self.activation()}
        taps = (self.between(1, min(3, height)), self.between(1, min(3, width)))
        filters = self.one_of(1, 4, 16, 32)
        if kind <= 1:
            options["strides"] = self.between(1, 2)
            return self.apply(layers.Conv2D(filters, taps, **options), x)
        if kind == 2:
            return self.apply(layers.DepthwiseConv2D(taps, depth_multiplier=self.between(1, 2), **options), x)
        if kind == 3:
            return self.apply(layers.SeparableConv2D(filters, taps, **options), x)
        if kind == 4:
            return self.apply(layers.Conv2DTranspose(filters, taps, strides=2, padding="same"), x)
        if kind == 5:
            pool = self.one_of(layers.MaxPooling2D, layers.AveragePooling2D)
            return self.apply(pool(2, padding="same"), x)
        if kind == 6:
            return self.apply(self.one_of(layers.GlobalMaxPooling2D(), layers.GlobalAveragePooling2D()), x)
        if kind == 7:
            return self.apply(layers.Reshape((height * width, x.shape[3])), x)
        return self.anywhere(x)

    def step(self, x: Any) -> Any:
        """One more layer, by the rank of what there is."""
        self.earlier.append(x)
        draws: dict[int, Callable[[Any], Any]] = {2: self.vector, 3: self.sequence, 4: self.image}
        return draws[len(x.shape)](x)

    def to_vector(self, x: Any) -> Any:
        if len(x.shape) == 4:
            return self.apply(layers.GlobalAveragePooling2D(), x)
        return self.apply(layers.GlobalAveragePooling1D(), x) if len(x.shape) == 3 else x

    # The input, the loss, the optimiser.

    def source(self) -> tuple[Any, Any, tuple[int, ...]]:
        """An input, the tensor to go on with, and the shape of a sample."""
        kind = self.below(4)
        if kind == 0:
            shape: tuple[int, ...] = (self.between(1, 50),)
            x = keras.Input(shape)
            return x, x, shape
        if kind == 1:
            shape = (self.between(2, 12), self.between(1, 20))
            x = keras.Input((None, shape[1]) if self.below(2) else shape)
            masked = self.apply(layers.Masking(), x) if self.below(4) == 0 else x
            return x, masked, shape
        if kind == 2:
            shape = (self.between(2, 12),)
            x = keras.Input(shape, dtype="int32")
            embedding = layers.Embedding(30, self.between(1, 24), mask_zero=self.below(3) == 0)
            return x, self.apply(embedding, x), shape
        shape = (self.between(4, 14), self.between(4, 14), self.one_of(1, 3, 8))
        x = keras.Input(shape)
        return x, x, shape

    def optimizer(self) -> Any:
        kind = self.one_of("sgd", "momentum", "adam", "rmsprop", "nadam", "accumulating")
        self.history.append(kind)
        rate = 0.05
        if kind == "sgd":
            return keras.optimizers.SGD(rate, clipnorm=self.one_of(None, 0.5))
        if kind == "momentum":
            return keras.optimizers.SGD(rate, momentum=0.9, nesterov=bool(self.below(2)))
        if kind == "accumulating":
            return keras.optimizers.SGD(rate, gradient_accumulation_steps=2)
        # A large epsilon: gradients that are zero but for rounding must not decide the sign of a step.
        classes = {
            "adam": keras.optimizers.Adam,
            "rmsprop": keras.optimizers.RMSprop,
            "nadam": keras.optimizers.Nadam,
        }
        return classes[kind](rate, epsilon=0.1)


def draw(number: int) -> Drawn:
    """The model of a number, newly built, with weights and dropout that follow from the number too."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(number)
    chain = _Chain(number)
    source, x, shape = chain.source()
    for _ in range(chain.between(1, 6)):
        x = chain.step(x)
    x = chain.to_vector(x)
    classes = chain.between(2, 5)
    loss = chain.one_of("mse", "sparse_categorical_crossentropy", "binary_crossentropy", "huber")
    ending = {"sparse_categorical_crossentropy": "softmax", "binary_crossentropy": "sigmoid"}.get(
        loss, "linear"
    )
    outputs = classes if ending == "softmax" else 1
    model = keras.Model(source, chain.apply(layers.Dense(outputs, activation=ending), x))
    model.compile(chain.optimizer(), loss, metrics=["mae"] if ending == "linear" else ["accuracy"])
    batches = []
    for rows in chain.random.choice(BATCHES, 4, replace=False):
        given = (int(rows), *shape)
        if len(shape) == 1 and source.dtype == "int32":
            data = chain.random.integers(0, 30, given).astype("int32")
        else:
            data = chain.random.normal(size=given).astype(keras.config.floatx())
            data[chain.random.random(given[:2]) < 0.2] = 0
        labels = chain.random.integers(0, outputs if outputs > 1 else 2, (int(rows), 1))
        batches.append((data, labels if ending != "linear" else labels.astype(keras.config.floatx())))
    return Drawn(model, batches, chain.history)

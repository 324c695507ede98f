"""Keras's random numbers: each draw is a function of its seed alone, the same bits eagerly and compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras.src.backend import config
from keras.src.random.seed_generator import SeedGenerator as SeedGenerator
from keras.src.random.seed_generator import draw_seed
from keras.src.random.seed_generator import make_default_seed as make_default_seed

import croton.tensor as T
from croton.ops import base
from keras_croton.conversion import cast, convert_to_tensor, is_tensor, shape
from keras_croton.nn.arguments import floating

# Sets the keys of Keras's seeds apart from those that Croton's own functions make of the same numbers.
_APART = np.array([0, 0x4B65726173], np.uint64)


def _key(seed: Any) -> Any:
    """The key for an int, a `SeedGenerator`, None (the global one), or two numbers that one gave.

    Raises:
        ValueError: something else.
    """
    numbers = seed if is_tensor(seed) else draw_seed(seed)
    sizes = base.shape_of(numbers)
    if len(sizes) != 1 or (isinstance(sizes[0], int) and sizes[0] != 2):
        raise ValueError(f"seed: expected a tensor of shape (2,). Received shape: {sizes}")
    return T.bitwise_xor(base.cast(numbers, "uint64"), _APART)


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers."""
    return T.random.normal(shape, mean, stddev, dtype or config.floatx(), _key(seed))


def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers uniform on [minval, maxval)."""
    return T.random.uniform(shape, minval, maxval, dtype or config.floatx(), _key(seed))


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normally distributed numbers within two standard deviations of the mean."""
    return T.random.truncated_normal(shape, mean, stddev, dtype=dtype or config.floatx(), key=_key(seed))


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Integers uniform from minval up to, not including, maxval."""
    return T.random.integers(minval, maxval, shape, dtype, _key(seed))


def categorical(logits: Any, num_samples: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """(batch, num_samples) indices, drawn for each row of logits (batch, classes) with its softmax."""
    scores = convert_to_tensor(logits)
    drawn = T.random.categorical(T.expand_dims(scores, 1), (shape(scores)[0], num_samples), key=_key(seed))
    return cast(drawn, dtype)


def dropout(inputs: Any, rate: float, noise_shape: Sequence[Any] | None = None, seed: Any = None) -> Any:
    """The inputs with entries 0 with probability `rate`, and the others divided by 1 - rate.

    noise_shape: of the decisions, which broadcast to the inputs; None in it is the size of the inputs.

    Returns:
        A floating tensor of the shape of the inputs.

    Raises:
        ValueError: rate is not in [0, 1], or noise_shape does not broadcast to the inputs.
    """
    tensor = floating(inputs)
    if rate == 0:
        return tensor
    if noise_shape is not None:
        own = shape(tensor)
        if len(noise_shape) > len(own):
            raise ValueError(
                f"noise_shape: expected at most one size for each of {len(own)} axes of the inputs. "
                f"Received: {tuple(noise_shape)}"
            )
        noise_shape = [own[axis] if size is None else size for axis, size in enumerate(noise_shape)]
    return T.random.dropout(tensor, rate, _key(seed), noise_shape)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The entries of x along an axis in random order, the same one everywhere along the other axes."""
    return T.random.permutation(convert_to_tensor(x), axis, _key(seed))


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of the gamma distribution of shape alpha and scale 1."""
    return T.random.gamma(shape, convert_to_tensor(alpha), dtype=dtype or config.floatx(), key=_key(seed))


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """How many of `counts` trials succeed, each with its probability."""
    return T.random.binomial(
        shape,
        convert_to_tensor(counts),
        convert_to_tensor(probabilities),
        dtype or config.floatx(),
        _key(seed),
    )


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of the beta distribution, in [0, 1]."""
    return T.random.beta(
        shape, convert_to_tensor(alpha), convert_to_tensor(beta), dtype or config.floatx(), _key(seed)
    )

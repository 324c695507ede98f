"""Functions of neural networks, as Theano names them: cross-entropies take the output, then the target."""

from __future__ import annotations

from croton.graph import dtypes
from croton.ops import base, losses
from croton.ops.activations import (
    elu,
    gelu,
    hard_sigmoid,
    leaky_relu,
    mish,
    relu,
    relu6,
    selu,
    silu,
    softsign,
)
from croton.ops.base import Array
from croton.ops.exponential import sigmoid, softplus
from croton.ops.normalization import batch_normalization, layer_norm, moments, standardize
from croton.ops.random import dropout
from croton.ops.softmax import log_softmax, logsumexp, softmax

__all__ = [
    "batch_normalization",
    "binary_crossentropy",
    "categorical_crossentropy",
    "crossentropy_categorical_1hot",
    "dropout",
    "elu",
    "gelu",
    "hard_sigmoid",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "logsoftmax",
    "logsumexp",
    "mish",
    "moments",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "sigmoid_binary_crossentropy",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
    "standardize",
]

logsoftmax = log_softmax


def categorical_crossentropy(coding_dist: object, true_dist: object) -> Array:
    """Per row -sum(true log coding), for true distributions, or -log coding[label] for integer labels.

    coding_dist: probabilities along the last axis. true_dist: of that shape, or labels of one axis less.
    """
    true = base.as_array(true_dist)
    if base.rank_of(true) == base.rank_of(base.as_array(coding_dist)) - 1 and dtypes.is_integer(
        base.dtype_of(true)
    ):
        return losses.sparse_categorical_crossentropy(true, coding_dist)
    return losses.categorical_crossentropy(true, coding_dist)


def crossentropy_categorical_1hot(coding_dist: object, true_one_of_n: object) -> Array:
    """-log coding[label], per row."""
    return losses.sparse_categorical_crossentropy(true_one_of_n, coding_dist)


def sparse_categorical_crossentropy(output: object, target: object, from_logits: bool = False) -> Array:
    """-log p[label] along the last axis, for p = output, or softmax(output) if `from_logits`."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits)


def binary_crossentropy(output: object, target: object) -> Array:
    """-(t log p + (1 - t) log(1 - p)), elementwise."""
    return losses.binary_crossentropy(target, output)


def sigmoid_binary_crossentropy(output: object, target: object) -> Array:
    """The same for p = sigmoid(output), without overflow."""
    return losses.binary_crossentropy(target, output, from_logits=True)

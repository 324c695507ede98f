"""Random numbers: the same bits as Croton's, from the same keys (`croton.graph.philox`)."""

from __future__ import annotations

import math

import numpy as np
from keras.src.utils.module_utils import tensorflow as tf

from croton.graph.values import Equation
from croton.ops.random_bits import Draw
from keras_croton.tensorflow_graphs.translation import Tensor, Translation, rule

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def _number(value: int) -> Tensor:
    return tf.constant(np.uint64(value))


def _low(x: Tensor) -> Tensor:
    return tf.bitwise.bitwise_and(x, _number(0xFFFFFFFF))


def _right(x: Tensor, bits: int) -> Tensor:
    return tf.bitwise.right_shift(x, _number(bits))


def words(key: Tensor, stream: Tensor, count: Tensor) -> Tensor:
    """The first `count` 32-bit words of a stream, as uint64."""
    blocks = tf.cast(tf.range((count + 3) // 4), "uint64")
    zeros = tf.zeros_like(blocks)
    counter = [_low(blocks), _right(blocks, 32), zeros + _low(stream), zeros + _right(stream, 32)]
    keys = [_low(key), _right(key, 32)]
    for _ in range(_ROUNDS):
        first, second = (_number(m) * counter[at] for m, at in zip(_MULTIPLIERS, (0, 2), strict=True))
        xor = tf.bitwise.bitwise_xor
        counter = [
            xor(xor(_right(second, 32), counter[1]), keys[0]),
            _low(second),
            xor(xor(_right(first, 32), counter[3]), keys[1]),
            _low(first),
        ]
        keys = [_low(k + _number(w)) for k, w in zip(keys, _WEYL, strict=True)]
    return tf.reshape(tf.stack(counter, -1), (-1,))[:count]


def pairs(key: Tensor, stream: Tensor, count: Tensor) -> Tensor:
    """The first `count` 64-bit words of a stream."""
    halves = tf.reshape(words(key, stream, 2 * count), (-1, 2))
    return tf.bitwise.bitwise_or(halves[:, 0], tf.bitwise.left_shift(halves[:, 1], _number(32)))


def _uniform32(word: Tensor) -> Tensor:
    return tf.cast(_right(word, 8), "float32") * np.float32(2.0**-24)


def _uniform64(word: Tensor) -> Tensor:
    return tf.cast(_right(word, 11), "float64") * 2.0**-53


def _normal32(first: Tensor, second: Tensor) -> Tensor:
    fine = tf.cast(tf.bitwise.bitwise_and(first, _number(0xFFFF)), "float32") + 0.5
    u = tf.cast(_right(first, 16), "float32") * np.float32(2.0**-16) + fine * np.float32(2.0**-32)
    return tf.sqrt(-2.0 * tf.math.log(u)) * tf.cos(_uniform32(second) * np.float32(2 * math.pi))


def _normal64(first: Tensor, second: Tensor) -> Tensor:
    top, bottom = tf.cast(_right(first, 32), "float64"), tf.cast(_low(first), "float64")
    u = top * 2.0**-32 + (bottom + 0.5) * 2.0**-64
    return tf.sqrt(-2.0 * tf.math.log(u)) * tf.cos(_uniform64(second) * 2 * math.pi)


@rule(Draw)
def draw(translation: Translation, op: Draw, operands: list[Tensor], equation: Equation) -> Tensor:
    """An array of random numbers."""
    key, stream = operands[0][0], operands[0][1]
    shape = tf.cast(translation.shape(op.shape), "int64")
    count = tf.reduce_prod(shape)
    if op.kind == "word":
        made = tf.cast(words(key, stream, count), "uint32")
    elif op.kind == "pair":
        made = pairs(key, stream, count)
    elif op.kind == "uniform32":
        made = _uniform32(words(key, stream, count))
    elif op.kind == "uniform64":
        made = _uniform64(pairs(key, stream, count))
    elif op.kind == "normal32":
        both = tf.reshape(words(key, stream, 2 * count), (-1, 2))
        made = _normal32(both[:, 0], both[:, 1])
    else:
        both = tf.reshape(pairs(key, stream, 2 * count), (-1, 2))
        made = _normal64(both[:, 0], both[:, 1])
    return tf.reshape(made, shape)

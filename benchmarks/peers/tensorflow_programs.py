"""The workloads in TensorFlow: eager, as graphs, and through XLA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from . import data


def programs(style: str) -> dict[str, Any]:
    compiled = (lambda f: f) if style == "eager" else tf.function(jit_compile=style == "xla")
    x, w, b = (tf.constant(value) for value in (data.X, data.W, data.B))
    dense = compiled(lambda x, w, b: tf.sigmoid(tf.matmul(x, w) + b))
    wv, bv = tf.Variable(data.W), tf.Variable(data.B)

    @compiled
    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.sigmoid(tf.matmul(x, wv) + bv)))
        return tape.gradient(loss, [wv, bv])

    v = [tf.constant(value) for value in data.WEIGHTS]

    @compiled
    def mlp(x: Any) -> Any:
        hidden = tf.nn.relu(tf.matmul(x, v[0]) + v[1])
        return tf.matmul(tf.nn.relu(tf.matmul(hidden, v[2]) + v[3]), v[4]) + v[5]

    maths = tf.math.log, tf.sqrt, tf.exp, tf.math.erfc
    price = compiled(lambda s, k, t: data.black_scholes(s, k, t, *maths))
    options = [tf.constant(values) for values in (data.SPOT, data.STRIKE, data.YEARS)]
    add, one = compiled(lambda a, b: a + b), tf.constant(1.0, tf.float64)
    step = _logistic(compiled)
    return {
        "dense": lambda: dense(x, w, b).numpy(),
        "gradient": lambda: [g.numpy() for g in gradient(x)],
        "mlp": lambda: mlp(tf.constant(data.ROW)).numpy(),
        "black_scholes": lambda: price(*options).numpy(),
        "logistic": lambda: step().numpy(),
        "call": lambda: add(one, one),
    }


def _logistic(compiled: Any) -> Any:
    weights, bias = tf.Variable(data.START), tf.Variable(0.0, dtype=tf.float64)
    rows, labels = tf.constant(data.ROWS), tf.constant(data.LABELS)

    @compiled
    def step() -> Any:
        with tf.GradientTape() as tape:
            p = tf.sigmoid(tf.linalg.matvec(rows, weights) + bias)
            loss = tf.reduce_mean(-labels * tf.math.log(p) - (1 - labels) * tf.math.log(1 - p))
            total = loss + data.PENALTY * tf.reduce_sum(weights**2)
        dw, db = tape.gradient(total, [weights, bias])
        weights.assign_sub(data.RATE * dw)
        bias.assign_sub(data.RATE * db)
        return loss

    return step

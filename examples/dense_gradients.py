"""Gradients of the mean square of a dense sigmoid layer by its weights and bias, in three styles."""

from __future__ import annotations

import numpy as np
from dense_layer import data

import croton as ct
import croton.tensor as T

Gradients = tuple[np.ndarray, np.ndarray]


def symbolic(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> Gradients:
    """Theano's way: the gradient is another expression."""
    x, w, b = T.matrix("x"), T.matrix("w"), T.vector("b")
    loss = T.mean(T.square(T.sigmoid(T.dot(x, w) + b)))
    gradients = ct.function([x, w, b], ct.grad(loss, [w, b]))
    dw, db = gradients(inputs, weights, bias)
    return dw, db


def eager(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> Gradients:
    """TensorFlow's way: a tape records what happens and is asked for derivatives."""
    w, b = ct.Variable(weights), ct.Variable(bias)
    with ct.GradientTape() as tape:
        loss = T.mean(T.square(T.sigmoid(T.matmul(inputs, w) + b)))
    dw, db = tape.gradient(loss, [w, b])
    return dw.numpy(), db.numpy()


def traced(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> Gradients:
    """The eager program, compiled as a whole: tape and gradient are gone when it runs."""
    w, b = ct.Variable(weights), ct.Variable(bias)

    @ct.jit
    def gradients(x):  # type: ignore[no-untyped-def]
        with ct.GradientTape() as tape:
            loss = T.mean(T.square(T.sigmoid(T.matmul(x, w) + b)))
        return tape.gradient(loss, [w, b])

    dw, db = gradients(inputs)
    return dw.numpy(), db.numpy()


def main() -> None:
    for style in (symbolic, eager, traced):
        dw, db = style(*data())
        print(f"{style.__name__:>8}: |dW| {np.abs(dw).sum():.6f}, |db| {np.abs(db).sum():.6f}")


if __name__ == "__main__":
    main()

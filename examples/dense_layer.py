"""A dense sigmoid layer: 1000 rows of 10 features through 10x5 weights, in three styles."""

from __future__ import annotations

import numpy as np

import croton as ct
import croton.tensor as T


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, weights and bias, the same for every style."""
    generator = np.random.default_rng(0)
    return generator.normal(size=(1000, 10)), generator.normal(size=(10, 5)), np.zeros(5)


def symbolic(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Theano's way: variables, an expression of them, and a compiled function."""
    x, w, b = T.matrix("x"), T.matrix("w"), T.vector("b")
    layer = ct.function([x, w, b], T.sigmoid(T.dot(x, w) + b))
    return layer(inputs, weights, bias)


def eager(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """TensorFlow's way: every line is computed when it is reached."""
    w, b = ct.Variable(weights), ct.Variable(bias)
    return T.sigmoid(T.matmul(inputs, w) + b).numpy()


def traced(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The eager function, compiled; it takes any number of rows."""

    @ct.jit
    def layer(x, w, b):  # type: ignore[no-untyped-def]
        return T.sigmoid(T.matmul(x, w) + b)

    return layer(inputs, weights, bias).numpy()


def main() -> None:
    for style in (symbolic, eager, traced):
        outputs = style(*data())
        print(f"{style.__name__:>8}: shape {outputs.shape}, mean {outputs.mean():.6f}")


if __name__ == "__main__":
    main()

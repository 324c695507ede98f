"""What several of these tests compare: eager with compiled results, gradients with slopes."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

import croton as ct


def both(function: Callable[..., Any], *arrays: Any, tolerance: float = 1e-5) -> Any:
    """What a function gives eagerly, after checking that it gives the same when compiled."""
    eager = function(*(ops.convert_to_tensor(array) for array in arrays))
    compiled = ct.jit(function)(*arrays)
    keras.tree.assert_same_structure(eager, compiled)
    for left, right in zip(keras.tree.flatten(eager), keras.tree.flatten(compiled), strict=True):
        if left is None:
            assert right is None
            continue
        assert (left.dtype, left.shape) == (right.dtype, right.shape)
        np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)
    return eager


def gradient(function: Callable[[Any], Any], x: Any, tolerance: float = 1e-5) -> Any:
    """The gradient of a scalar function, after checking that it is the same eagerly and compiled."""

    def slope(x: Any) -> Any:
        with ct.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    return both(slope, x, tolerance=tolerance)


def check_gradient(function: Callable[[Any], Any], x: Any, tolerance: float = 1e-6) -> None:
    """Compares the gradient of a function of a float64 array, weighted at random, with differences."""
    x = np.asarray(x, np.float64)
    weights = [
        np.random.default_rng(position).normal(size=leaf.shape)
        for position, leaf in enumerate(keras.tree.flatten(function(ops.convert_to_tensor(x))))
    ]

    def cost(x: Any) -> Any:
        leaves = keras.tree.flatten(function(x))
        return sum(ops.sum(leaf * weight) for leaf, weight in zip(leaves, weights, strict=True))

    found = gradient(cost, x)
    step = 1e-5
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        expected = (float(cost(ops.convert_to_tensor(up))) - float(cost(ops.convert_to_tensor(down)))) / (
            2 * step
        )
        np.testing.assert_allclose(found[place], expected, rtol=tolerance, atol=tolerance)

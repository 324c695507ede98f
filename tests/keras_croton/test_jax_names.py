"""What Keras's tests call by JAX's names gives what JAX's would."""

import numpy as np
from keras import ops

from keras_croton import jax_names as jax


def test_gradients_by_one_argument_or_several() -> None:
    def function(x: object, y: object) -> object:
        return ops.sum(ops.multiply(ops.square(x), y))

    x, y = np.array([1.0, 2.0], np.float32), np.array([3.0, 4.0], np.float32)
    np.testing.assert_array_equal(jax.grad(function)(x, y), 2 * x * y)
    by_both = jax.grad(function, argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(by_both[1], x**2)


def test_gradients_by_structures_in_compiled_functions() -> None:
    def function(variables: list[object], x: object) -> object:
        kernel, bias = variables
        return ops.sum(ops.add(ops.matmul(x, kernel), bias))

    x = np.ones((2, 3), np.float32)
    variables = [np.zeros((3, 4), np.float32), np.zeros(4, np.float32)]
    kernel, bias = jax.jit(jax.grad(function))(variables, x)
    np.testing.assert_array_equal(kernel, np.full((3, 4), 2))
    np.testing.assert_array_equal(bias, np.full(4, 2))

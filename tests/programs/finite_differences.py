"""Slopes of NumPy functions along random directions, to compare gradients with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def assert_gradient(
    function: Callable[..., float],
    values: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
    tolerance: float = 1e-6,
) -> None:
    """Along a random direction in each argument, the gradient is the slope of the function."""
    generator = np.random.RandomState(7)
    for position, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        direction = generator.standard_normal(np.shape(value))

        def along(step: float, position: int = position, direction: np.ndarray = direction) -> float:
            moved = [np.asarray(v, np.float64) for v in values]
            moved[position] = moved[position] + step * direction
            return function(*moved)

        slope = (along(1e-5) - along(-1e-5)) / 2e-5
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=tolerance, atol=tolerance)

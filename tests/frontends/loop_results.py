"""What tests of loops share: compiled and interpreted results agree, slopes by differences."""

from __future__ import annotations

from typing import Any

import numpy as np

import croton as ct

NDArray = np.ndarray[Any, Any]


def results(inputs: list[Any], outputs: list[Any], *arrays: Any, updates: Any = None) -> list[NDArray]:
    """The compiled results, after checking that interpreted ones are the same up to rounding."""
    options = {"updates": updates, "on_unused_input": "ignore"}
    compiled = ct.function(inputs, outputs, **options)(*arrays)
    if updates is None:
        interpreted = ct.function(inputs, outputs, mode="interpret", **options)(*arrays)
        for left, right in zip(compiled, interpreted, strict=True):
            assert left.shape == right.shape
            assert left.dtype == right.dtype
            np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)
    return list(compiled)


def slope(cost: Any, array: NDArray, step: float = 1e-6) -> NDArray:
    """The derivative of a function of one array by central differences."""
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        moved = array.copy()
        moved[place] += step
        above = cost(moved)
        moved[place] -= 2 * step
        found[place] = (above - cost(moved)) / (2 * step)
    return found

"""Stacks of matrices, and what a list of expressions of them gives in every way to run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T
from croton.graph.values import EagerValue

NDArray = np.ndarray[Any, Any]
DTYPES = ["float32", "float64", "complex64", "complex128"]


def limit(dtype: Any) -> float:
    """How far results may be apart, relative to the largest."""
    return 2e-4 if np.dtype(dtype).name in ("float32", "complex64") else 1e-11


def all_computed(build: Callable[..., list[Any]], *arrays: NDArray, static: bool = False) -> list[NDArray]:
    """Compiled results, after checking that interpreted and eager ones are the same up to rounding."""
    inputs = [T.tensor(a.dtype.name, shape=a.shape if static else (None,) * a.ndim) for a in arrays]
    outputs = list(build(*inputs))
    options: dict[str, Any] = {"on_unused_input": "ignore"}
    compiled = [np.asarray(result) for result in ct.function(inputs, outputs, **options)(*arrays)]
    interpreted = ct.function(inputs, outputs, mode="interpret", **options)(*arrays)
    eager = [result.data for result in build(*(EagerValue.factory(array) for array in arrays))]
    for number, result in enumerate(compiled):
        for other in (np.asarray(interpreted[number]), np.asarray(eager[number])):
            assert (result.dtype, result.shape) == (other.dtype, other.shape), f"output {number}"
            close(result, other, f"output {number}")
    return compiled


def close(result: NDArray, expected: NDArray, shown: str = "", factor: float = 1.0) -> None:
    """Equal up to rounding, relative to the largest element."""
    assert result.shape == np.shape(expected), shown
    scale = max(1.0, float(np.max(np.abs(expected), initial=0, where=np.isfinite(expected))))
    tolerance = factor * limit(result.dtype)
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance * scale, err_msg=shown)


def dense(dtype: str, *shape: int, seed: int = 0) -> NDArray:
    random = np.random.default_rng(seed)
    real = random.standard_normal(shape)
    whole = real + 1j * random.standard_normal(shape) if dtype.startswith("complex") else real
    return whole.astype(dtype)


def regular(dtype: str, size: int, *batch: int, seed: int = 1) -> NDArray:
    """Square matrices far from singular, with eigenvalues and singular values that differ."""
    return (0.3 * dense(dtype, *batch, size, size, seed=seed) + np.diag(1.5 + np.arange(size))).astype(dtype)


def adjoint(stack: NDArray) -> NDArray:
    return np.conj(np.swapaxes(stack, -1, -2))


def positive(dtype: str, size: int, *batch: int, seed: int = 1) -> NDArray:
    """Hermitian, positive definite."""
    matrix = regular(dtype, size, *batch, seed=seed)
    return matrix @ adjoint(matrix)

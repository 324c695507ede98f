"""What every operation must satisfy: all ways to run it agree, and derivatives match differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T
from croton.graph.values import EagerValue

Array = Any
NDArray = np.ndarray[Any, Any]
TOLERANCE = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-5, "complex64": 2e-5}


def tolerance(dtype: Any) -> float:
    return TOLERANCE.get(np.dtype(dtype).name, 1e-11)


def variables(arrays: tuple[NDArray, ...], static: bool) -> list[Array]:
    return [T.tensor(a.dtype.name, shape=a.shape if static else (None,) * a.ndim) for a in arrays]


def computed(formula: Callable[..., Array], *arrays: NDArray, static: bool = False) -> NDArray:
    """The compiled result, after checking that interpreted and eager results are the same up to rounding."""
    inputs = variables(arrays, static)
    output = formula(*inputs)
    options = {"on_unused_input": "ignore"}
    compiled = np.asarray(ct.function(inputs, output, **options)(*arrays))
    interpreted = np.asarray(ct.function(inputs, output, mode="interpret", **options)(*arrays))
    eager = formula(*(EagerValue.factory(array) for array in arrays)).data
    limit = tolerance(compiled.dtype)
    for other in (interpreted, eager):
        assert compiled.dtype == other.dtype
        assert compiled.shape == other.shape
        wide = compiled.dtype if compiled.dtype.kind in "biuc" else np.float64
        np.testing.assert_allclose(compiled.astype(wide), other.astype(wide), rtol=limit, atol=limit)
    return compiled


def check_gradients(
    formula: Callable[[Array], Array],
    at: NDArray,
    second: bool = True,
    static: bool = False,
    rtol: float = 1e-6,
) -> None:
    """First and second derivatives of a weighted sum of the formula against central differences."""
    (x,) = variables((at,), static)
    output = formula(x)
    random = np.random.default_rng(5)
    weights = random.standard_normal(formula(EagerValue.factory(at)).data.shape)
    gradient = ct.grad(T.sum(output * weights), x)
    value = ct.function([x], T.sum(output * weights), on_unused_input="ignore")
    slope = ct.function([x], gradient, on_unused_input="ignore")
    np.testing.assert_allclose(slope(at), differences(value, at), rtol=rtol, atol=1e-7)
    if second:
        direction = random.standard_normal(at.shape)
        turned = ct.grad(T.sum(gradient * direction), x, disconnected_inputs="ignore")
        curve = ct.function([x], turned, on_unused_input="ignore")
        np.testing.assert_allclose(
            curve(at), differences(lambda p: np.sum(slope(p) * direction), at), rtol=10 * rtol, atol=1e-6
        )


def differences(function: Callable[[NDArray], Any], at: NDArray, step: float = 1e-5) -> NDArray:
    result = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        high, low = at.copy(), at.copy()
        high[index] += step
        low[index] -= step
        result[index] = (function(high) - function(low)) / (2 * step)
    return result


def sample(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0) -> NDArray:
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.random(shape) < 0.5
    if "int" in dtype:
        return random.integers(0 if dtype[0] == "u" else -100, 100, shape).astype(dtype)
    if dtype.startswith("complex"):
        return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(dtype)
    import ml_dtypes

    return random.standard_normal(shape).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)

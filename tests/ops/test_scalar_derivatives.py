"""Derivatives of every scalar function of the table, first and second, against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.ops.base import apply_one
from croton.ops.elementwise import FUNCTIONS, Elementwise

from .scalar_cases import NOT_DIFFERENTIATED, OF_ORDER, complex_points, interior_points

DIFFERENTIABLE = [name for name, function in FUNCTIONS.items() if function.result != "bool"]
REAL = [name for name in DIFFERENTIABLE if "f" in FUNCTIONS[name].kinds]
COMPLEX = [name for name in DIFFERENTIABLE if "c" in FUNCTIONS[name].kinds]
# Not differentiable anywhere near complex points, or piecewise so that NumPy's order decides.
UNORDERED = {"maximum", "minimum", "fmax", "fmin", "rint"}

WEIGHTS = np.array([0.7, -1.3, 0.4, 1.9, -0.6, 1.1])
TURNED = WEIGHTS[:5] + 1j * np.array([1.2, -0.4, 0.9, 0.3, -1.5])


def scalar_loss(output: Any, weights: np.ndarray[Any, Any]) -> Any:
    """The real part of the weighted sum."""
    weighted = (
        output * weights if "complex" in output.dtype or weights.dtype.kind != "c" else output * weights.real
    )
    return T.sum(T.real(weighted))


def operands_of(name: str, variables: Sequence[Any]) -> list[Any]:
    return [T.cast(2, "float64"), *variables[1:]] if name in OF_ORDER else list(variables)


def differentiated(name: str, count: int) -> list[int]:
    return [position for position in range(count) if position not in NOT_DIFFERENTIATED.get(name, ())]


def numerical(loss: Callable[..., Any], points: Sequence[Any], position: int) -> Any:
    """Central differences of a sum of elementwise losses, of fourth order, element by element."""
    step = 2e-4

    def shifted(by: complex) -> Any:
        moved = list(points)
        moved[position] = moved[position] + by
        return loss(*moved)

    def along(direction: complex) -> Any:
        near = shifted(step * direction) - shifted(-step * direction)
        far = shifted(2 * step * direction) - shifted(-2 * step * direction)
        return (8 * near - far) / (12 * step)

    is_complex = np.iscomplexobj(points[position])
    return along(1) + 1j * along(1j) if is_complex else along(1)


def compare(name: str, points: list[Any], weights: np.ndarray[Any, Any], dtype: str) -> None:
    """Reverse mode, once and twice, against differences of the function and of its derivative."""
    variables = [T.tensor(dtype, shape=(None,)) for _ in points]
    output = apply_one(Elementwise(name), *operands_of(name, variables))
    wrt = [variables[position] for position in differentiated(name, len(points))]
    gradients = ct.grad(scalar_loss(output, weights), wrt, disconnected_inputs="ignore")
    inner = [scalar_loss(gradient, weights) for gradient in gradients]
    second = ct.grad(sum(inner[1:], inner[0]), wrt, disconnected_inputs="ignore")
    elements = T.real(output * weights) if output.dtype == dtype else T.real(output * np.real(weights))
    slopes = sum((T.real(gradient * weights) for gradient in gradients[1:]), T.real(gradients[0] * weights))
    function = ct.function(
        variables, [elements, slopes, *gradients, *second], mode="interpret", on_unused_input="ignore"
    )
    results = function(*points)
    first_computed, second_computed = np.split(np.array(results[2:]), 2)
    for row, position in enumerate(differentiated(name, len(points))):
        expected = numerical(lambda *p: function(*p)[0], points, position)
        np.testing.assert_allclose(
            first_computed[row], expected, rtol=2e-9, atol=2e-9, err_msg=f"operand {position}"
        )
        expected = numerical(lambda *p: function(*p)[1], points, position)
        np.testing.assert_allclose(
            second_computed[row], expected, rtol=2e-8, atol=2e-8, err_msg=f"second, {position}"
        )


@pytest.mark.parametrize("name", REAL)
def test_real(name: str) -> None:
    points = [interior_points(name, position) for position in range(FUNCTIONS[name].arity)]
    compare(name, points, WEIGHTS, "float64")


@pytest.mark.parametrize("name", [name for name in COMPLEX if name not in UNORDERED])
def test_complex(name: str) -> None:
    """The cotangent of z is dL/dRe(z) + i dL/dIm(z), for holomorphic functions and others alike."""
    points = [complex_points(position) for position in range(FUNCTIONS[name].arity)]
    compare(name, points, TURNED, "complex128")

"""One expression whose derivatives are checked to second order, along directions, by central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import croton as ct
import croton.tensor as T

NDArray = np.ndarray[Any, Any]
STEP = 1e-4


class Case(NamedTuple):
    """build: variables of the operands' types -> one array or a list of arrays; inexact ones count.

    operands: float64 or complex128 arrays at which the expression is smooth; integers and bools belong into
    `build` as constants. rtol: relative to the size of the derivative.
    """

    name: str
    build: Callable[..., Any]
    operands: tuple[NDArray, ...]
    rtol: float = 1e-6


def expressions(case: Case) -> tuple[list[Any], Any, Any, list[Any], list[Any]]:
    """Variables; the weighted sum of all outputs; its slope along a direction; first and second gradients."""
    random = np.random.default_rng(7)
    variables = [T.tensor(array.dtype.name, shape=array.shape) for array in case.operands]
    built = case.build(*variables)
    value = T.constant(0.0)
    for output in built if isinstance(built, (list, tuple)) else [built]:
        if np.dtype(output.dtype).kind == "c":
            value = value + weighted(T.real(output), random) + weighted(T.imag(output), random)
        elif np.dtype(output.dtype).kind == "f":
            value = value + weighted(output, random)
    options = {"disconnected_inputs": "ignore"}
    first = ct.grad(value, variables, **options)
    slope = T.constant(0.0)
    for gradient, direction in zip(first, directions(case, 1), strict=True):
        slope = slope + T.sum(T.real(T.conj(gradient) * direction))
    second = ct.grad(slope, variables, **options)
    return variables, value, slope, first, second


def weighted(output: Any, random: np.random.Generator) -> Any:
    """Its sum with fixed weights, other for every element."""
    shape = tuple(int(size) for size in output.type.shape)
    return T.sum(output * random.uniform(0.5, 1.5, shape) * random.choice([-1, 1], shape))


def directions(case: Case, number: int) -> list[NDArray]:
    """A direction in the space of all operands."""
    random = np.random.default_rng(number)
    found = []
    for array in case.operands:
        direction = random.standard_normal(array.shape)
        found.append(
            direction + 1j * random.standard_normal(array.shape) if array.dtype.kind == "c" else direction
        )
    return found


def check_derivatives(case: Case) -> None:
    """First and second derivatives against differences of values and of first derivatives.

    A gradient by a complex operand is df/d(real) + i df/d(imaginary): the slope along a direction is the real
    part of conj(gradient) * direction.
    """
    variables, value, slope, _, second = expressions(case)
    outputs = [value, slope, *second]
    function = ct.function(variables, outputs, on_unused_input="ignore")
    _, slope_here, *second_here = (np.asarray(found) for found in function(*case.operands))
    first_difference = difference(lambda arrays: function(*arrays)[0], case, directions(case, 1))
    compare(f"{case.name}: first derivative", slope_here, first_difference, case.rtol)
    along = directions(case, 2)
    bend = sum(np.sum(np.real(np.conj(g) * d)) for g, d in zip(second_here, along, strict=True))
    second_difference = difference(lambda arrays: function(*arrays)[1], case, along)
    compare(f"{case.name}: second derivative", bend, second_difference, 10 * case.rtol)


def difference(
    function: Callable[[Sequence[NDArray]], Any], case: Case, direction: Sequence[NDArray]
) -> float:
    """The slope of a function along a direction, by two central differences extrapolated (Richardson)."""

    def central(step: float) -> float:
        moved = [
            [np.asarray(a + sign * step * d) for a, d in zip(case.operands, direction, strict=True)]
            for sign in (1, -1)
        ]
        return float((function(moved[0]) - function(moved[1])) / (2 * step))

    return (4 * central(STEP / 2) - central(STEP)) / 3


def compare(shown: str, found: Any, expected: float, rtol: float) -> None:
    """Equal up to `rtol` of the larger one, or of 1."""
    limit = rtol * max(1.0, abs(expected), abs(float(found)))
    assert abs(float(found) - expected) <= limit, (
        f"{shown} is {float(found)!r}, differences give {expected!r}"
    )

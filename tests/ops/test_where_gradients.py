"""A branch not taken has derivative exactly 0, even where its own derivative is infinite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

POINTS = np.array([0.0, 1.0, 4.0, -1.0])
CASES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "log": (lambda x: T.where(x > 0, T.log(x), 0.0), [0, 1, 0.25, 0]),
    "sqrt": (lambda x: T.where(x > 0, T.sqrt(x), 0.0), [0, 0.5, 0.25, 0]),
    "reversed": (lambda x: T.where(x <= 0, 0.0, T.sqrt(x)), [0, 0.5, 0.25, 0]),
    "reciprocal": (lambda x: T.where(x > 0, 1 / x, 0.0), [0, -1, -1 / 16, 0]),
    "power": (lambda x: T.where(x > 0, x**-0.5, 0.0), [0, -0.5, -1 / 16, 0]),
    "chain": (lambda x: T.where(x > 0, T.log(T.sqrt(x)), 0.0), [0, 0.5, 0.125, 0]),
    "used_twice": (
        lambda x: T.where(x > 0, T.sqrt(x) * T.log(T.sqrt(x)), 0.0),
        [0, 0.5, 0.25 + np.log(2) / 4, 0],
    ),
    "nested": (
        lambda x: T.where(x > 0, T.where(x > 1, T.log(x - 1), T.sqrt(x)), 0.0),
        [0, 0.5, 1 / 3, 0],
    ),
    "two_conditions": (lambda x: _two_conditions(T.sqrt(x), x), [0, 1.5, 0.75, 0]),
    "both_branches": (lambda x: T.where(x > 0.5, T.sqrt(x), T.exp(x)), [1, 0.5, 0.25, np.exp(-1)]),
}


def _two_conditions(root: Any, x: Any) -> Any:
    """The same comparison written twice: its cotangents are added up under one mask."""
    return T.where(x > 0, root, 0.0) + T.where(x > 0, 2 * root, 0.0)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", ["compile", "interpret"])
def test_derivative(name: str, mode: str) -> None:
    build, expected = CASES[name]
    x = T.dvector("x")
    computed = ct.function([x], ct.grad(T.sum(build(x)), x), mode=mode)(POINTS)
    np.testing.assert_allclose(computed, expected, rtol=1e-15)


def test_second_derivative() -> None:
    x = T.dvector("x")
    first = ct.grad(T.sum(T.where(x > 0, T.log(x), 0.0)), x)
    second = ct.function([x], ct.grad(T.sum(first), x))(POINTS)
    np.testing.assert_allclose(second, [0, -1, -1 / 16, 0], rtol=1e-15)


def test_no_mask_is_seen_where_neither_branch_is_zero() -> None:
    x = T.dvector("x")
    loss = T.sum(T.where(x > 0, T.exp(x), T.exp(2 * x)))
    computed = ct.function([x], ct.grad(loss, x))(POINTS)
    np.testing.assert_allclose(
        computed, np.where(POINTS > 0, np.exp(POINTS), 2 * np.exp(2 * POINTS)), rtol=1e-15
    )

"""What tests of passes over loops share: loops after all passes, and values without one of the passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import croton as ct
from croton.graph.graph import Graph
from croton.graph.values import Equation
from croton.rewrite.pipeline import optimize


def loops(inputs: Sequence[Any], outputs: Sequence[Any], disabled: Sequence[str] = ()) -> list[Equation]:
    """The equations with bodies that are left of a program, without some passes."""
    graph = optimize(Graph.of(list(inputs), list(outputs)), disabled)
    return [equation for equation in graph.equations if equation.op.graphs()]


def names(equation: Equation, body: int = 0) -> list[str]:
    """The operations in a body of a loop, in order."""
    return [inner.op.name for inner in equation.op.graphs()[body].equations]


def agrees_without(
    monkeypatch: pytest.MonkeyPatch,
    disabled: str,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    *arrays: Any,
) -> list[Any]:
    """The values, which are the same without a pass and when interpreted."""
    found = ct.function(inputs, outputs)(*arrays)
    interpreted = ct.function(inputs, outputs, mode="interpret")(*arrays)
    monkeypatch.setattr(ct.config, "disabled_passes", (disabled,))
    without = ct.function(inputs, outputs)(*arrays)
    for value, other, plain in zip(found, without, interpreted, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(value, plain, rtol=1e-11, atol=1e-12)
    return list(found)

"""Gradients of split arrays are joined from their parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.rewrite.pipeline import optimize

X = np.random.default_rng(0).normal(size=(3, 10))


def operations(inputs: list[Any], outputs: list[Any]) -> list[str]:
    return [equation.op.name for equation in optimize(Graph.of(inputs, outputs)).equations]


@pytest.mark.parametrize(
    "bounds", [[(0, 4), (4, 10)], [(7, 10), (0, 3), (3, 7)], [(1, 4), (6, 9)], [(2, 10), (0, 1)]]
)
def test_parts_side_by_side(bounds: list[tuple[int, int]]) -> None:
    x = T.tensor("float64", shape=(None, 10), name="x")
    cost = sum(T.sum(T.sin(x[:, start:stop]) * (start + 1)) for start, stop in bounds)
    gradient = ct.grad(cost, x)
    found = operations([x], [gradient])
    assert "concatenate" in found
    assert "place" not in found
    expected = np.zeros_like(X)
    for start, stop in bounds:
        expected[:, start:stop] = np.cos(X[:, start:stop]) * (start + 1)
    np.testing.assert_allclose(ct.function([x], gradient)(X), expected, rtol=1e-12)


def test_parts_that_overlap_are_added() -> None:
    x = T.tensor("float64", shape=(None, 10), name="x")
    gradient = ct.grad(T.sum(T.sin(x[:, :6])) + T.sum(T.cos(x[:, 4:])), x)
    assert "concatenate" not in operations([x], [gradient])
    expected = np.zeros_like(X)
    expected[:, :6] += np.cos(X[:, :6])
    expected[:, 4:] -= np.sin(X[:, 4:])
    np.testing.assert_allclose(ct.function([x], gradient)(X), expected, rtol=1e-12)

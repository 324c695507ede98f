"""Nests that one nest reads run with it; concatenations are computed part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.loops.program import Nest, Product

RNG = np.random.default_rng(0)


def nests(function: Any) -> list[Nest]:
    return [step for step in function.lowered().program.steps if isinstance(step, Nest)]


def test_a_nest_takes_in_all_that_it_reads() -> None:
    x, y = T.dmatrix("x"), T.dmatrix("y")
    a, b = T.exp(x), T.exp(y)
    f = ct.function([x, y], [a * b, a / (1 + b), T.sin(a + b)])
    assert len(nests(f)) == 1
    left, right = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
    p, q = np.exp(left), np.exp(right)
    for found, expected in zip(f(left, right), [p * q, p / (1 + q), np.sin(p + q)], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_a_nest_that_something_in_between_reads_stays() -> None:
    x, w = T.dmatrix("x"), T.dmatrix("w")
    a = T.exp(x)
    f = ct.function([x, w], a * T.dot(a, w))
    kinds = [type(step) for step in f.lowered().program.steps]
    assert kinds == [Nest, Product, Nest]
    array, weights = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
    np.testing.assert_allclose(f(array, weights), np.exp(array) * (np.exp(array) @ weights), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parts_are_stored_where_they_belong(axis: int) -> None:
    x, y, w = T.dtensor3("x"), T.dtensor3("y"), T.dmatrix("w")
    joined = T.concatenate([T.sin(x), T.cos(y), x * y], axis=axis)
    f = ct.function([x, y, w], [joined, T.dot(joined, w), joined.sum(axis=1), T.exp(joined)])
    for shape in ((2, 3, 4), (1, 5, 1), (3, 1, 2), (0, 2, 2)):
        a, b = RNG.normal(size=shape), RNG.normal(size=shape)
        expected = np.concatenate([np.sin(a), np.cos(b), a * b], axis=axis)
        weights = RNG.normal(size=(expected.shape[2], 2))
        wanted = [expected, expected @ weights, expected.sum(axis=1), np.exp(expected)]
        for found, value in zip(f(a, b, weights), wanted, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-13)


def test_parts_of_known_sizes_share_one_nest() -> None:
    x, w = T.tensor("float64", shape=(None, 6), name="x"), T.dmatrix("w")
    joined = T.concatenate([T.sin(x), T.cos(x)], axis=1)
    f = ct.function([x, w], T.dot(joined, w))
    assert len(nests(f)) == 1
    assert len(nests(f)[0].members) == 2


def test_state_joined_from_its_parts() -> None:
    w = ct.shared(np.arange(4.0), "w")
    f = ct.function([], None, updates=[(w, T.concatenate([w[2:], w[:2] * 2]))])
    for _ in range(2):
        before = w.get_value()
        f()
        np.testing.assert_array_equal(w.get_value(), np.concatenate([before[2:], before[:2] * 2]))

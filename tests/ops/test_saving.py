"""What backward loops read, and what they compute again."""

from __future__ import annotations

from typing import Any

import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.ops.control import Scan
from croton.ops.saving import choose_saved
from croton.rewrite.pipeline import optimize


def saved(build: Any, size: int = 100) -> list[str]:
    """The operations of what is saved of a step (state, element) -> (new state, needed values)."""
    state, element = (T.tensor("float64", shape=(size,)) for _ in range(2))
    after, needed = build(state, element)
    found = choose_saved(needed, Graph.of([state, element], [after]), 1)
    return sorted("state" if value is state else value.owner.op.name for value in found)


def test_elements_need_no_saving() -> None:
    assert saved(lambda s, e: (s + e, [T.exp(e), e * 2.0, e])) == []


def test_cheap_functions_are_computed_again() -> None:
    assert saved(lambda s, e: (s + e, [s * 2.0 + e, s - e])) == ["state"]


def test_products_are_saved() -> None:
    w = T.tensor("float64", shape=(100, 100))

    def build(s: Any, e: Any) -> Any:
        product = T.dot(s, w)
        return T.tanh(product), [product * 2.0, T.tanh(product)]

    state, element = (T.tensor("float64", shape=(100,)) for _ in range(2))
    after, needed = build(state, element)
    found = choose_saved(needed, Graph.of([state, element, w], [after]), 1)
    assert state not in found
    assert len(found) <= 2


def test_one_argument_instead_of_several_functions_of_it() -> None:
    """The derivative's own functions cost the same in either loop."""

    def build(s: Any, e: Any) -> Any:
        mixed = s * e
        return T.sin(mixed), [T.sin(-mixed), T.cos(mixed), T.exp(mixed)]

    assert saved(build) == ["multiply"]


@pytest.mark.parametrize("size", [1, 100])
def test_costly_functions_of_the_step_are_saved(size: int) -> None:
    def build(s: Any, e: Any) -> Any:
        value = T.gammaln(s * e)
        return value, [value, T.exp(value)]

    assert saved(build, size) == ["gammaln"]


def test_results_of_the_step_serve_as_they_are() -> None:
    state = T.tensor("float64", shape=(100,))
    after = state * 2.0
    assert choose_saved([state, after], Graph.of([state], [after, state]), 1) == [state]


def test_an_lstm_saves_its_gates_and_its_cell() -> None:
    """Four arguments of the gates' functions, the cell and the output; not every function of them."""
    width = 64
    x = T.tensor("float32", shape=(None, 32, width), name="x")
    u = T.tensor("float32", shape=(width, 4 * width), name="u")

    def step(state: Any, element: Any) -> Any:
        h, c = state
        z = T.dot(h, u) + T.concatenate([element] * 4, axis=1)
        i, f, g, o = (z[:, k * width : (k + 1) * width] for k in range(4))
        c = T.sigmoid(f) * c + T.sigmoid(i) * T.tanh(g)
        h = T.sigmoid(o) * T.tanh(c)
        return [h, c], h

    zeros = T.zeros_like(x[0])
    _, states = ct.scan_loop(step, [zeros, zeros], x)
    graph = optimize(Graph.of([x, u], [ct.grad((states**2).sum(), u)]))
    forward = next(equation for equation in graph.equations if isinstance(equation.op, Scan))
    assert len(forward.outputs) - 2 <= 7

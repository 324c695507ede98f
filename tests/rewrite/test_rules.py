"""Every rule of every table: it fires on its own example, and preserves the value there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.graph.values import Value
from croton.ops.base import building_graphs
from croton.ops.linear_algebra.determinant import det
from croton.ops.softmax import log_softmax, logsumexp, softmax
from croton.rewrite.engine import Rewriter, Rule
from croton.rewrite.expand import expand_composites
from croton.rewrite.stabilization import TABLES, rule_set

RULES = [rule for _, table in TABLES for rule in table]
NAMESPACE: dict[str, Any] = {
    **{name: getattr(T, name) for name in dir(T) if not name.startswith("_")},
    "det": det,
    "softmax": softmax,
    "logsumexp": logsumexp,
    "log_softmax": log_softmax,
    "sech": lambda x: 1 / T.cosh(x),
    "const": lambda values: T.as_tensor_variable(np.asarray(values, np.float64)),
}


def graph_of(example: str, dtype: str = "float64") -> Graph:
    """The formula of an example as a graph of two vectors of three elements."""
    x, y = T.tensor(dtype, shape=(3,), name="x"), T.tensor(dtype, shape=(3,), name="y")
    value: Value = eval(example, {**NAMESPACE, "x": x, "y": y})
    return Graph.of([x, y], [value])


def rewritten(graph: Graph, disabled: frozenset[str] = frozenset()) -> tuple[Graph, list[str]]:
    with building_graphs():
        rewriter = Rewriter(graph, rule_set(disabled))
        return rewriter.run(), rewriter.fired


def points(rule: Rule, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.uniform(rule.low, rule.high, 3) for _ in range(2)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
class TestEveryRule:
    def test_fires_on_its_example(self, rule: Rule) -> None:
        _, fired = rewritten(graph_of(rule.example))
        assert rule.name in fired

    def test_preserves_the_value_of_its_example(self, rule: Rule) -> None:
        original = graph_of(rule.example)
        changed, _ = rewritten(original)
        with building_graphs():
            expanded = expand_composites(changed)
        for seed in range(5):
            arrays = points(rule, seed)
            (expected,) = interpret(original, arrays)
            for graph in (changed, expanded):
                (computed,) = interpret(graph, arrays)
                assert computed.shape == expected.shape
                assert computed.dtype == expected.dtype
                np.testing.assert_allclose(computed, expected, rtol=1e-11, atol=1e-13)

    def test_preserves_the_derivative_of_its_example(self, rule: Rule) -> None:
        graph = graph_of(rule.example)
        (changed,) = rewritten(graph)[0].outputs
        arrays = points(rule, 7)
        step = 1e-6
        derivatives = ct.grad(T.sum(changed), list(graph.inputs), disconnected_inputs="ignore")
        computed = interpret(Graph.of(graph.inputs, derivatives), arrays)
        for which, slope in enumerate(computed):
            for element in range(3):
                ahead, behind = ([a.copy() for a in arrays] for _ in range(2))
                ahead[which][element] += step
                behind[which][element] -= step
                difference = interpret(graph, ahead)[0].sum() - interpret(graph, behind)[0].sum()
                np.testing.assert_allclose(slope[element], difference / (2 * step), rtol=2e-6, atol=2e-7)

    def test_keeps_the_dtype(self, rule: Rule) -> None:
        original = graph_of(rule.example, "float32")
        changed, _ = rewritten(original)
        assert [output.type for output in changed.outputs] == [output.type for output in original.outputs]

    def test_can_be_switched_off(self, rule: Rule) -> None:
        _, fired = rewritten(graph_of(rule.example), frozenset((rule.name,)))
        assert rule.name not in fired

    def test_says_why(self, rule: Rule) -> None:
        assert rule.reason
        assert "\n" not in rule.reason


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(rule.name for rule in RULES).items() if count > 1] == []


def test_a_whole_table_can_be_switched_off() -> None:
    _, fired = rewritten(graph_of("log(exp(x))"), frozenset(("logarithms",)))
    assert fired == []

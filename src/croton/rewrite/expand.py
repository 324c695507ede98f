"""Composite operations written out as primitives, so that loops can fuse them.

Softmax, logsumexp and their like are one operation while derivatives are taken, since the rule of the
whole is stable where the rules of its parts are not. What is left to compile is their parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, transform
from croton.graph.values import Equation, Value


def expand_composites(graph: Graph) -> Graph:
    """The graph with every operation that has an `expand` method replaced by what it expands to."""
    while True:
        expanded = transform(graph, _expand)
        if expanded is graph:
            return graph
        graph = expanded


def inline_calls(graph: Graph) -> Graph:
    """The graph with calls of sub-graphs replaced by these, so that all later passes see one graph."""
    while True:
        expanded = transform(graph, _inline)
        if expanded is graph:
            return graph
        graph = expanded


def _inline(equation: Equation) -> Sequence[Value] | None:
    return _expand(equation) if getattr(equation.op, "inlined_first", False) else None


def _expand(equation: Equation) -> Sequence[Value] | None:
    expand = getattr(equation.op, "expand", None)
    if expand is None:
        return None
    outputs: Sequence[Value] = expand(equation.inputs)
    locate(outputs, equation)
    for old, new in zip(equation.outputs, outputs, strict=True):
        if old.type.dtype != new.type.dtype or old.type.rank != new.type.rank:
            raise AssertionError(f"{equation.op} expands to {new.type}, expected {old.type}")
    return outputs


def locate(outputs: Sequence[Value], equation: Equation) -> None:
    """Everything that an equation is replaced by was made where the equation was."""
    pending = list(outputs)
    seen = set(equation.inputs)
    while pending:
        value = pending.pop()
        if value in seen or value.owner is None:
            continue
        seen.update(value.owner.outputs)
        value.owner.location = equation.location
        pending.extend(value.owner.inputs)

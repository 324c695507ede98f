"""Sizes that a graph requires to be equal become one, so that later stages see that loops match."""

from __future__ import annotations

from croton.graph import dims
from croton.graph.dims import Dim, Guard, Symbol
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import Equation

Explanations = dict[tuple[int, int], tuple[Guard, Equation]]


def unify_sizes(graph: Graph) -> tuple[Graph, Explanations]:
    """The graph with one name for sizes that must be equal.

    Also returns, for axes of inputs whose own name vanished, the requirement that made it equal to
    another: (position of the input, axis) -> (guard, equation). The comparison itself remains, on the input.
    """
    mapping: dict[Symbol, Dim] = {}
    reasons: dict[Symbol, tuple[Guard, Equation]] = {}
    for guard, equation in graph.guards():
        if guard.kind != "equal":
            continue
        left, right = dims.substitute(guard.left, mapping), dims.substitute(guard.right, mapping)
        if left == right:
            continue
        chosen = _eliminated(left, right)
        if chosen is None:
            continue
        symbol, by = chosen
        mapping = {known: dims.substitute(dim, {symbol: by}) for known, dim in mapping.items()}
        mapping[symbol] = by
        reasons[symbol] = (guard, equation)
    if not mapping:
        return graph, {}
    explanations: Explanations = {}
    for position, value in enumerate(graph.inputs):
        for axis, size in enumerate(value.type.shape):
            symbol_of_axis = dims.single_symbol(size)
            if symbol_of_axis is not None and symbol_of_axis in reasons:
                explanations[position, axis] = reasons[symbol_of_axis]
    return copy_graph(graph, dim_mapping=mapping), explanations


def _eliminated(left: Dim, right: Dim) -> tuple[Symbol, Dim] | None:
    """A symbol among the two sides, the younger one, and what stands for it: a number or another symbol."""
    first, second = dims.single_symbol(left), dims.single_symbol(right)
    candidates = [(symbol, other) for symbol, other in ((first, right), (second, left)) if symbol is not None]
    candidates = [
        (symbol, other)
        for symbol, other in candidates
        if not symbol.runtime and (isinstance(other, int) or dims.single_symbol(other) is not None)
    ]
    candidates = [(s, o) for s, o in candidates if not dims.runtime_symbols((o,))]
    return max(candidates, key=lambda pair: pair[0].uid, default=None)

"""Sizes that a graph requires to be equal become one, so that later stages see that loops match."""

from __future__ import annotations

from collections.abc import Collection

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
    bound = {dims.single_symbol(size) for value in graph.inputs for size in value.type.shape}
    mapping: dict[Symbol, Dim] = {}
    reasons: dict[Symbol, tuple[Guard, Equation]] = {}
    for guard, equation in graph.guards():
        if guard.kind != "equal":
            continue
        left, right = dims.substitute(guard.left, mapping), dims.substitute(guard.right, mapping)
        if left == right:
            continue
        chosen = _eliminated(left, right, bound) or _solved(left, right, bound)
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


def _eliminated(left: Dim, right: Dim, bound: Collection[Symbol | None]) -> tuple[Symbol, Dim] | None:
    """A symbol among the two sides, and what stands for it: a number or another symbol.

    It is one that no input has, such as the size of a variable of which only the gradient is asked, or else
    the younger one.
    """
    first, second = dims.single_symbol(left), dims.single_symbol(right)
    candidates = [(symbol, other) for symbol, other in ((first, right), (second, left)) if symbol is not None]
    candidates = [
        (symbol, other)
        for symbol, other in candidates
        if not symbol.runtime and (isinstance(other, int) or dims.single_symbol(other) is not None)
    ]
    candidates = [(s, o) for s, o in candidates if not dims.runtime_symbols((o,))]
    return max(candidates, key=lambda pair: (pair[0] not in bound, pair[0].uid), default=None)


def _solved(left: Dim, right: Dim, bound: Collection[Symbol | None]) -> tuple[Symbol, Dim] | None:
    """A symbol that no input has, and what it is if both products are equal."""
    for one, other in ((left, right), (right, left)):
        for symbol in sorted(dims.symbols(one), key=lambda symbol: symbol.uid):
            rest = (
                None if symbol in bound or symbol.runtime else dims.exact_quotient(one, dims.of_atom(symbol))
            )
            if rest is None or symbol in dims.symbols(rest):
                continue
            found = dims.exact_quotient(other, rest)
            if found is not None and symbol not in dims.symbols(found) and not dims.runtime_symbols((found,)):
                return symbol, found
    return None

"""What programs ask of a compiled function besides calling it: its graph as Theano shows it, and copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from croton.frontends.modes import Way
from croton.frontends.replacing import replaced
from croton.frontends.variables import SharedVariable
from croton.graph.graph import Graph
from croton.graph.values import Equation, Value
from croton.runtime import Function

if TYPE_CHECKING:
    from croton.frontends.function import FunctionBuilder
    from croton.frontends.inputs import In


class FunctionGraph:
    """The graph that a function runs, after the compiler's rewriting."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @property
    def inputs(self) -> list[Value]:
        """The arguments, then the shared variables."""
        return list(self.graph.inputs)

    @property
    def outputs(self) -> list[Value]:
        """What is returned, then the new values of shared variables."""
        return list(self.graph.outputs)

    @property
    def apply_nodes(self) -> set[Equation]:
        return set(self.graph.equations)

    @property
    def variables(self) -> set[Value]:
        made = (output for equation in self.graph.equations for output in equation.outputs)
        return {*self.graph.inputs, *made}

    def toposort(self) -> list[Equation]:
        """The equations in the order of computation, each with `.op`, `.inputs` and `.outputs`."""
        return list(self.graph.equations)


class Maker:
    """How a function was made: `inputs`, `mode`, and `fgraph`, the graph it runs."""

    def __init__(self, builder: FunctionBuilder, mode: Way, graph: Graph) -> None:
        self.mode = mode
        self.fgraph = FunctionGraph(graph)
        self.inputs: list[In] = list(builder.described)
        self.outputs: list[Value] = list(builder.graph.outputs[: builder.returned])
        self.name = builder.name


def shared_variables(builder: FunctionBuilder) -> list[SharedVariable]:
    """The shared variables that a function reads or updates."""
    return [value for value in builder.graph.inputs if isinstance(value, SharedVariable)]


def rebuilt(builder: FunctionBuilder, mode: Way) -> Function:
    """A function made anew: what pickles and deep copies of functions hold."""
    return builder.build(mode)


def copied(
    builder: FunctionBuilder,
    mode: Way,
    swap: Mapping[Any, Any] | None,
    delete_updates: bool,
    name: str | None,
) -> Function:
    """The function with other shared variables, without its updates, or with another name.

    Raises:
        TypeError: something other than a shared variable is swapped, or the function does not use it.
        ShapeError, DTypeError: the new variable does not fit.
    """
    from croton.frontends.function import FunctionBuilder

    pairs = _checked_swap(swap or {}, builder)
    roots: Sequence[Value] = builder.graph.outputs
    updated = [pairs.get(shared, shared) for shared in builder.updated]
    if delete_updates:
        roots, updated = roots[: builder.returned], []
    if pairs:
        roots = replaced(roots, list(pairs.items()), "copy: swaps", cast=False)
    inputs = [pairs.get(value, value) for value in builder.graph.inputs]
    made = FunctionBuilder(
        Graph.of(inputs, roots), builder.described, updated, builder.returned, builder.rebuild
    )
    made.downcast = builder.downcast
    made.disabled = builder.disabled
    made.profile = builder.profile
    made.name = name or builder.name
    return made.build(mode)


def _checked_swap(swap: Mapping[Any, Any], builder: FunctionBuilder) -> dict[Value, SharedVariable]:
    used = shared_variables(builder)
    for old, new in swap.items():
        if not isinstance(old, SharedVariable) or not isinstance(new, SharedVariable):
            raise TypeError(f"copy: swap must be pairs of shared variables, got {old!r}: {new!r}")
        if old not in used:
            raise TypeError(f"copy: the function does not use {old!r}")
    return dict(swap)

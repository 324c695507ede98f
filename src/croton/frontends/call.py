"""A whole graph as one operation: what a tape records of a call of a jitted function."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from croton.autodiff import cotangents_of, tangents_of
from croton.frontends.function import function
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Symbol
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph, copy_graph, substitute_type
from croton.graph.operation import Operation, SingularOperation
from croton.graph.values import NDArray, TensorType, Value
from croton.ops import base
from croton.ops.base import Array


class GraphCall(SingularOperation):
    """The outputs of a graph for its inputs, computed by a compiled function.

    The graph reads nothing but its inputs. The derivative is a graph too, compiled when it is first asked
    for, so that all orders exist; it computes again what it needs of the forward values.
    """

    name = "graph_call"
    inlined_first = True
    forward_by_graph: ClassVar[bool] = True

    def __init__(self, graph: Graph, label: str = "function") -> None:
        self.graph = graph
        self.label = label
        self._lock = threading.Lock()
        self._pullback: tuple[GraphCall | None, list[bool]] | None = None

    def __str__(self) -> str:
        return f"call({self.label})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.graph, self.label)

    @property
    def compiled_as(self) -> Graph:
        """What compilers make of the call: all that they need to know of it."""
        return self.graph

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        mapping = self.bind(operands)
        return tuple(substitute_type(output.type, mapping) for output in self.graph.outputs)

    def bind(self, operands: Sequence[TensorType]) -> Mapping[Symbol, Dim]:
        """The size that each symbol of the graph has for operands of these types."""
        if len(operands) != len(self.graph.inputs):
            raise TypeError(f"{self}: expected {len(self.graph.inputs)} operands, got {len(operands)}")
        mapping: dict[Symbol, Dim] = {}
        for position, (operand, wanted) in enumerate(zip(operands, self.graph.inputs, strict=True)):
            if operand.dtype != wanted.type.dtype:
                raise DTypeError(
                    f"{self}: operand {position} is {operand.dtype.name}, expected {wanted.type.dtype.name}"
                )
            if operand.rank != wanted.type.rank:
                raise ShapeError(
                    f"{self}: operand {position} has {operand.rank} axes, expected {wanted.type.rank}"
                )
            for size, symbolic in zip(operand.shape, wanted.type.shape, strict=True):
                symbol = dims.single_symbol(symbolic)
                if symbol is not None:
                    mapping.setdefault(symbol, size)
        for position, (operand, wanted) in enumerate(zip(operands, self.graph.inputs, strict=True)):
            for axis, (size, symbolic) in enumerate(zip(operand.shape, wanted.type.shape, strict=True)):
                dims.require_equal(
                    size, dims.substitute(symbolic, mapping), f"{self}: axis {axis} of operand {position}"
                )
        return mapping

    @cached_property
    def _compiled(self) -> Any:
        inputs, outputs = list(self.graph.inputs), list(self.graph.outputs)
        return function(inputs, outputs, on_unused_input="ignore", name=self.label)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return tuple(self._compiled(*operands))

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        """The graph itself on these operands: compilers see through the call."""
        values = [base.symbolic(operand) for operand in operands]
        mapping = self.bind([value.type for value in values])
        return inlined(self.graph, values, mapping)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        call, flows = self._gradient()
        if call is None:
            return [None] * len(operands)
        seeds = [c for c, output in zip(cotangents, self.graph.outputs, strict=True) if _floating(output)]
        found = iter(base.apply(call, *operands, *seeds))
        return [next(found) if flow else None for flow in flows]

    def jvp(
        self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Sequence[Value | None]
    ) -> tuple[Sequence[Value], Sequence[Any]] | None:
        """The graph of the tangents, in place; None where the reverse rule is to be transposed instead."""
        return self._pushed(operands, outputs, tangents) if self.forward_by_graph else None

    def _pushed(
        self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Sequence[Value | None]
    ) -> tuple[Sequence[Value], list[Any]]:
        graph = self.graph
        directions = [
            None if tangent is None else value.type()
            for value, tangent in zip(graph.inputs, tangents, strict=True)
        ]
        found = tangents_of(graph.outputs, graph.inputs, directions)
        kept = [value for value in found if value is not None]
        inputs = [*graph.inputs, *(value for value in directions if value is not None)]
        given = [*operands, *(value for value in tangents if value is not None)]
        mapping = self.bind([operand.type for operand in operands])
        placed = iter(inlined(Graph.of(inputs, kept), given, mapping))
        return outputs, [None if value is None else next(placed) for value in found]

    def _gradient(self) -> tuple[GraphCall | None, list[bool]]:
        """The call from operands and output cotangents to cotangents, and which operands have one."""
        with self._lock:
            if self._pullback is None:
                graph = self.graph
                targets = [output for output in graph.outputs if _floating(output)]
                with base.building_graphs(), base.recording_paused():
                    seeds = [output.type() for output in targets]
                    found = cotangents_of(targets, seeds, graph.inputs)
                kept = [value for value in found if value is not None]
                flows = [
                    value is not None and _floating(source)
                    for value, source in zip(found, graph.inputs, strict=True)
                ]
                call = (
                    GraphCall(Graph.of((*graph.inputs, *seeds), kept), f"gradient of {self.label}")
                    if kept
                    else None
                )
                self._pullback = call, flows
            return self._pullback

    # The graph's own symbols are bound by its operands: nothing outside names them.
    def substitute(self, mapping: Mapping[Symbol, Dim]) -> Operation:
        return self

    def parameter_dims(self) -> list[Dim]:
        return []


def _floating(value: Value) -> bool:
    return dtypes.is_inexact(value.type.dtype)


def inlined(
    graph: Graph, operands: Sequence[Value], mapping: Mapping[Symbol, Dim] | None = None
) -> list[Value]:
    """The outputs of a graph with operands in place of its inputs."""
    replacements = dict(zip(graph.inputs, operands, strict=True))
    return list(copy_graph(graph, replacements, mapping or {}).outputs)


def closed_over(graph: Graph) -> Graph:
    """The graph with everything it reads from outside (variables) as further inputs."""
    return Graph.of((*graph.inputs, *graph.free_values()), graph.outputs)

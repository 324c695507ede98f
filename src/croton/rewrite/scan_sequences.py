"""Scans read parts of arrays where these lie: a shifted or reversed sequence needs no copy."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.graph import Graph, transform
from croton.graph.values import Equation, Value
from croton.ops.control import Scan
from croton.ops.slicing import Slice


def read_in_place(graph: Graph) -> Graph:
    """The graph with scans over slices of the first axis of an array reading the array itself."""
    if not any(isinstance(equation.op, Scan) for equation in graph.equations):
        return graph
    return transform(graph, _read_in_place)


def _read_in_place(equation: Equation) -> Sequence[Value] | None:
    op = equation.op
    if not isinstance(op, Scan):
        return None
    operands, reads = list(equation.inputs), list(op.places_read())
    guards = list(equation.guards)
    for number in range(op.sequences):
        position = op.states + number
        while (source := _sliced_rows(operands[position])) is not None:
            (start, step), maker = reads[number], operands[position].owner
            assert maker is not None
            operands[position], first, stride = source
            reads[number] = (dims.add(first, dims.multiply(start, stride)), step * stride)
            guards += maker.guards
    if tuple(operands) == equation.inputs:
        return None
    types = [output.type for output in equation.outputs]
    return Equation(op.changed(reads=tuple(reads)), operands, types, guards, equation.location).outputs


def _sliced_rows(value: Value) -> tuple[Value, Dim, int] | None:
    """The array of which the value is some rows, the first of them, and how far apart they are."""
    op = value.owner.op if value.owner is not None else None
    if not isinstance(op, Slice) or value.owner is None or op.starts[0] is None:
        return None
    source = value.owner.inputs[0]
    rest = zip(op.starts[1:], op.steps[1:], op.sizes[1:], source.type.shape[1:], strict=True)
    if any(start != 0 or step != 1 or size != limit for start, step, size, limit in rest):
        return None
    return source, op.starts[0], op.steps[0]

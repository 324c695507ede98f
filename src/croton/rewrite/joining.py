"""Sums of parts placed side by side among zeros become the parts joined: the gradient of a split array."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.graph import Graph, transform
from croton.graph.values import Constant, Equation, Value
from croton.ops.base import apply_one
from croton.ops.shape import Concatenate, broadcast_to
from croton.ops.slicing import Place


def join_places(graph: Graph) -> Graph:
    """The graph with sums of placed parts that do not overlap written as concatenations."""
    if not any(isinstance(equation.op, Place) for equation in graph.equations):
        return graph
    outputs = set(graph.outputs)
    inner = {
        operand
        for equation in graph.equations
        if equation.op.name == "add"
        for operand in equation.inputs
        if len(graph.consumers[operand]) == 1 and operand not in outputs
    }
    originals = iter(graph.equations)

    def join(equation: Equation) -> Sequence[Value] | None:
        whole = next(originals).outputs[0] not in inner
        return _joined(equation) if whole and equation.op.name == "add" else None

    return transform(graph, join)


def _joined(equation: Equation) -> Sequence[Value] | None:
    output = equation.outputs[0]
    parts = []
    for term in _terms(output):
        part = _placed_among_zeros(term)
        if part is None or term.type != output.type:
            return None
        parts.append(part)
    axes = {axis for axis, _, _ in parts}
    if len(parts) < 2 or len(axes) != 1:
        return None
    axis = axes.pop()
    ordered = _in_order(parts, axis, output.type.shape[axis])
    if ordered is None:
        return None
    shape = output.type.shape
    pieces = [
        part
        if isinstance(part, Value)
        else broadcast_to(_zero(output), (*shape[:axis], part, *shape[axis + 1 :]))
        for part in ordered
    ]
    return [apply_one(Concatenate(axis), *pieces)]


def _zero(like: Value) -> Constant:
    import numpy as np

    return Constant.factory_constant(np.zeros((), like.type.dtype))


def _terms(value: Value) -> list[Value]:
    owner = value.owner
    if owner is None or owner.op.name != "add":
        return [value]
    return [term for operand in owner.inputs for term in _terms(operand)]


def _placed_among_zeros(value: Value) -> tuple[int, Dim, Value] | None:
    """(axis, start, part) of a part set into zeros, shorter than them on one axis only."""
    owner = value.owner
    if owner is None or not isinstance(owner.op, Place) or len(owner.inputs) != 2:
        return None
    op, (whole, part) = owner.op, owner.inputs
    if not _is_zeros(whole):
        return None
    short = [axis for axis in range(whole.type.rank) if part.type.shape[axis] != whole.type.shape[axis]]
    if len(short) != 1 or op.steps[short[0]] != 1:
        return None
    start = op.starts[short[0]]
    return None if start is None else (short[0], start, part)


def _is_zeros(value: Value) -> bool:
    if value.owner is not None and value.owner.op.name == "broadcast_to":
        value = value.owner.inputs[0]
    return isinstance(value, Constant) and not value.data.any()


def _in_order(parts: list[tuple[int, Dim, Value]], axis: int, size: Dim) -> list[Value | Dim] | None:
    """The parts from the first on, with the lengths of gaps between them; None if any overlap."""
    if not all(isinstance(dim, int) for _, start, part in parts for dim in (start, part.type.shape[axis])):
        return None
    ordered: list[Value | Dim] = []
    reached: Dim = 0
    for _, start, part in sorted(parts, key=lambda entry: int(entry[1])):
        gap = dims.subtract(start, reached)
        if isinstance(gap, int) and gap < 0:
            return None
        if gap != 0:
            ordered.append(gap)
        ordered.append(part)
        reached = dims.add(start, part.type.shape[axis])
    rest = dims.subtract(size, reached)
    if rest != 0:
        if not isinstance(rest, int):
            return None
        ordered.append(rest)
    return ordered

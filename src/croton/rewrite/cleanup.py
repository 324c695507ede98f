"""Dead code, constant folding and common subexpressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph.graph import Graph, transform
from croton.graph.values import Constant, Equation, Value, constant

LARGEST_FOLDED = 1 << 16  # elements; larger results are computed at run time


def drop_unused(graph: Graph) -> Graph:
    """Only the equations that the outputs need."""
    kept = Graph.of(graph.inputs, graph.outputs, graph.equations)
    return graph if len(kept.equations) == len(graph.equations) else kept


def fold_constants(graph: Graph) -> Graph:
    """Equations of constants are evaluated now, unless their result is large or may fail."""
    return transform(graph, _fold)


def _fold(equation: Equation) -> Sequence[Value] | None:
    if not equation.inputs or not equation.op.pure or equation.op.parameter_dims():
        return None
    known = [operand.data for operand in equation.inputs if isinstance(operand, Constant)]
    if len(known) < len(equation.inputs):
        return None
    sizes = [output.type.size for output in equation.outputs]
    if any(not isinstance(size, int) or size > LARGEST_FOLDED for size in sizes):
        return None
    if equation.op.name == "broadcast_to":  # costs nothing where it is read
        return None
    with np.errstate(all="ignore"):
        results = equation.op.evaluate(*known)
    return [
        constant(np.asarray(result).astype(output.type.dtype, copy=False))
        for result, output in zip(results, equation.outputs, strict=True)
    ]


def merge_common(graph: Graph) -> Graph:
    """Equal operations on equal operands are done once."""
    seen: dict[Any, Equation] = {}
    constants: dict[Any, Constant] = {}

    def key_of(operand: Value) -> Any:
        if isinstance(operand, Constant) and operand.data.size <= 64:
            key = (operand.data.dtype.name, operand.data.shape, operand.data.tobytes())
            return id(constants.setdefault(key, operand))
        return id(operand)

    def merge(equation: Equation) -> Sequence[Value] | None:
        if not equation.op.pure:
            return None
        shapes = tuple(output.type for output in equation.outputs) if not equation.inputs else ()
        key = (type(equation.op), equation.op, tuple(key_of(operand) for operand in equation.inputs), shapes)
        first = seen.setdefault(key, equation)
        pairs = zip(first.outputs, equation.outputs, strict=True)
        if first is equation or any(a.type != b.type for a, b in pairs):
            return None
        return first.outputs

    return transform(graph, merge)

"""Loops that carry derivatives back round what is below the normal range to zero.

A derivative that vanishes step by step ends among subnormal numbers, and stays there: half the least of them
rounds to itself. Arithmetic with them is a hundred times slower on many processors, for numbers that count
for nothing beside the others. Forward loops keep every number.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, transform
from croton.graph.values import Equation, Value
from croton.ops.control import Scan


def flush_subnormals(graph: Graph) -> Graph:
    """The graph with scans that carry derivatives told to round subnormal results to zero."""
    return transform(graph, _flushed)


def _flushed(equation: Equation) -> Sequence[Value] | None:
    op = equation.op
    if not isinstance(op, Scan) or not op.backward or op.flushes:
        return None
    types = [output.type for output in equation.outputs]
    changed = op.changed(flushes=True)
    return Equation(changed, equation.inputs, types, equation.guards, equation.location).outputs

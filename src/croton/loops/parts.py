"""What each step of a program computes: its part of the graph, and how to call it when speaking to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from croton.graph.dims import Symbol
from croton.graph.graph import Graph
from croton.graph.reporting import type_text, with_sizes
from croton.graph.values import Constant, Equation, Location, Value
from croton.loops.members import loads
from croton.loops.products import sizes_of
from croton.loops.program import Nest, Product, Program, Step

_MOST_NAMES = 5
_VIEWS = frozenset({"reshape", "broadcast_to", "transpose", "slice", "size", "cast", "identity", "iota"})


def step_graph(step: Step, program: Program) -> Graph:
    """The equations of one step, from the values whose memory it reads to those it writes to memory.

    Of what is joined of parts, a step writes some parts: these are its outputs.
    """
    if not isinstance(step, Nest):
        equation = step.equation
        operands = dict.fromkeys(value for value in equation.inputs if not isinstance(value, Constant))
        return Graph(tuple(operands), equation.outputs, (equation,))
    made = {member.value for member in step.members}
    read = [load.data for member in step.members for load in loads(member.expression)]
    inputs = dict.fromkeys(value for value in read if value not in made and not isinstance(value, Constant))
    outputs = [member.computed for member in step.members if member.value in step.stored]
    return Graph(tuple(inputs), tuple(outputs), _between(program.graph, inputs, outputs))


def _between(graph: Graph, inputs: Mapping[Value, None], outputs: Sequence[Value]) -> tuple[Equation, ...]:
    """The equations that compute outputs from inputs, in order; those that find runtime sizes are outside."""
    needed = set(outputs)
    found: list[Equation] = []
    for equation in reversed(graph.equations):
        if any(output in needed and output not in inputs for output in equation.outputs):
            found.append(equation)
            needed.update(equation.inputs)
    return tuple(reversed(found))


def step_name(step: Step, program: Program, sizes: Mapping[Symbol, int] | None = None) -> str:
    """The operations of a step and the shape of what it makes, with numbers for the sizes that are given."""
    if isinstance(step, Product):
        batch, rows, columns, inner, *_ = sizes_of(step.equation)
        factors = [*([] if batch == 1 else [batch]), rows, columns, inner]
        shown = "x".join(str(with_sizes(size, sizes)) for size in factors)
        return f"product {shown} {step.equation.outputs[0].type.dtype.name}"
    graph = step_graph(step, program)
    copied = [member.equation for member in step.members] if isinstance(step, Nest) else []
    every = dict.fromkeys(equation.op.name for equation in graph.equations or copied)
    names = [name for name in every if name not in _VIEWS] or list(every)
    listed = ", ".join(names[:_MOST_NAMES]) + (
        f", {len(names) - _MOST_NAMES} more" * (len(names) > _MOST_NAMES)
    )
    made = " ".join(dict.fromkeys(type_text(output.type, sizes) for output in graph.outputs[:2]))
    return f"{listed} {made}".strip()


def step_location(step: Step) -> Location | None:
    """The user's line that asked for the last thing the step makes."""
    equations = [member.equation for member in step.members] if isinstance(step, Nest) else [step.equation]
    return next((e.location for e in reversed(equations) if e.location is not None), None)

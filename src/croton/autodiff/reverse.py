"""Reverse-mode differentiation: each operation's own rule, from the outputs back.

The graph is stabilised first (log of a sum of exponentials becomes logsumexp, and so on), because rules
applied to a stable form give stable derivatives, while no later rewriting repairs a derivative that was
taken through an overflow.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.errors import NotDifferentiableError, NullTypeGradError
from croton.graph.graph import Graph
from croton.graph.values import Equation, Value
from croton.ops.arithmetic import add
from croton.ops.base import building_graphs
from croton.ops.missing_gradients import MissingGradient
from croton.ops.shape import zeros_like


@building_graphs()
def cotangents_of(
    outputs: Sequence[Value],
    seeds: Sequence[Value],
    wrt: Sequence[Value],
    constants: Sequence[Value] = (),
    stable: bool = False,
) -> list[Value | None]:
    """Cotangents of `wrt` given those of `outputs` (`seeds`); None where nothing flows.

    Values in `constants` let nothing through. Where one of `wrt` depends on another, each gets the total
    derivative through both paths. stable: whether the expressions are in stable form already.
    """
    cut = list(dict.fromkeys([*wrt, *constants]))
    totals: dict[Value, Value] = {}
    stops = set(cut)
    for output, seed in zip(outputs, seeds, strict=True):
        if output in stops:
            _accumulate(totals, output, seed)
    inner = [(output, seed) for output, seed in zip(outputs, seeds, strict=True) if output not in stops]
    _propagate(inner, cut, totals, stable)
    blocked = set(constants)
    for value in _deepest_first(wrt):
        if value in totals and value not in blocked and value.owner is not None:
            others = [other for other in cut if other is not value]
            _propagate([(value, totals[value])], others, totals, stable)
    return [totals.get(value) for value in wrt]


def _deepest_first(values: Sequence[Value]) -> list[Value]:
    """Values such that each comes before those it is computed from."""
    graph = Graph.of((), values)
    order = {output: number for number, equation in enumerate(graph.equations) for output in equation.outputs}
    return sorted(dict.fromkeys(values), key=lambda value: -order.get(value, -1))


def _propagate(
    seeded: Sequence[tuple[Value, Value]],
    cut: Sequence[Value],
    totals: dict[Value, Value],
    stable: bool,
) -> None:
    """Adds to `totals` what flows from the seeded values to the values in `cut`, stopping there."""
    if not seeded:
        return
    from croton.rewrite.pipeline import stabilize  # late: a program without derivatives needs no tables

    graph = Graph.of(cut, [value for value, _ in seeded])
    graph = graph if stable else stabilize(graph)
    reached = _dependents(graph)
    cotangents: dict[Value, Value] = {}
    stops = set(graph.inputs)
    for output, (_, seed) in zip(graph.outputs, seeded, strict=True):
        _accumulate(totals if output in stops else cotangents, output, seed)
    for equation in reversed(graph.equations):
        incoming = [cotangents.get(output) for output in equation.outputs]
        if all(cotangent is None for cotangent in incoming) or not any(o in reached for o in equation.inputs):
            continue
        outgoing = pull_back(equation, incoming)
        for operand, cotangent in zip(equation.inputs, outgoing, strict=True):
            if cotangent is not None and operand in reached:
                if isinstance(cotangent, MissingGradient):
                    raise NullTypeGradError(f"{cotangent.message}{_place(equation)}")
                _accumulate(totals if operand in stops else cotangents, operand, cotangent)


def _dependents(graph: Graph) -> set[Value]:
    """Values that depend on an input of the graph, the inputs included."""
    reached = set(graph.inputs)
    for equation in graph.equations:
        if any(operand in reached for operand in equation.inputs):
            reached.update(equation.outputs)
    return reached


def pull_back(equation: Equation, incoming: Sequence[Value | None]) -> Sequence[Value | None]:
    """The cotangents of an equation's operands, zero filled in for outputs without one.

    Raises:
        NotDifferentiableError: the operation has no derivative; the message names the line that made it.
    """
    filled = [
        zeros_like(output) if cotangent is None else cotangent
        for output, cotangent in zip(equation.outputs, incoming, strict=True)
    ]
    try:
        outgoing = equation.op.vjp(equation.inputs, equation.outputs, filled)
    except NotDifferentiableError as error:
        raise type(error)(f"{error}{_place(equation)}") from None
    return outgoing


def _place(equation: Equation) -> str:
    return f"\n  made at {equation.location}" if equation.location else ""


def _accumulate(totals: dict[Value, Value], value: Value, cotangent: Value) -> None:
    present = totals.get(value)
    totals[value] = cotangent if present is None else add(present, cotangent)

"""Forward-mode differentiation: how outputs change along a direction in the space of the inputs.

The rule of an operation is its reverse rule transposed: what `vjp` makes of cotangents is linear in them, so
the derivative of that expression by the cotangents, in the direction of the tangents, is the derivative of
the operation itself. The cotangents are no part of the result, and what only served them is not computed.
Loops and branches have rules of their own (`ops/control_forward.py`), and so may other operations (`jvp`).
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.autodiff.reverse import cotangents_of, pull_back
from croton.graph import dtypes
from croton.graph.errors import NullTypeGradError
from croton.graph.graph import Graph, copy_equation, copy_graph
from croton.graph.values import Equation, Value
from croton.ops import base
from croton.ops.base import building_graphs
from croton.ops.missing_gradients import MissingGradient
from croton.ops.shape import zeros_like

Tangents = Sequence[Value | None]


@building_graphs()
def tangents_of(
    outputs: Sequence[Value],
    wrt: Sequence[Value],
    directions: Tangents,
) -> list[Value | None]:
    """Derivatives of the outputs along `directions`, one for each of `wrt` (None: zero).

    None where nothing flows.

    Raises:
        NotDifferentiableError: an operation has no derivative.
    """
    from croton.rewrite.pipeline import stabilize  # late: a program without derivatives needs no tables

    graph = stabilize(Graph.of(wrt, outputs))
    pairs = zip(graph.inputs, directions, strict=True)
    tangents = {value: direction for value, direction in pairs if direction is not None}
    renewed: dict[Value, Value] = {}
    for equation in graph.equations:
        operands = [renewed.get(operand, operand) for operand in equation.inputs]
        current = equation
        if any(new is not old for new, old in zip(operands, equation.inputs, strict=True)):
            current = copy_equation(equation, operands)
        values: Sequence[Value] = current.outputs
        if any(operand in tangents for operand in equation.inputs):
            given = [tangents.get(operand) for operand in equation.inputs]
            values, made = push_forward(current, given)
            found = zip(equation.outputs, made, strict=True)
            tangents.update((output, tangent) for output, tangent in found if tangent is not None)
        renewed.update(
            (old, new) for old, new in zip(equation.outputs, values, strict=True) if new is not old
        )
    return [tangents.get(output) for output in graph.outputs]


def push_forward(equation: Equation, tangents: Tangents) -> tuple[Sequence[Value], Tangents]:
    """The outputs of an equation, made anew where its rule computes them too, and their tangents."""
    jvp = getattr(equation.op, "jvp", None)
    if jvp is not None:
        made: tuple[Sequence[Value], Tangents] | None = jvp(equation.inputs, equation.outputs, tangents)
        if made is not None:
            return made
    return equation.outputs, _transposed(equation, tangents)


def _transposed(equation: Equation, tangents: Tangents) -> Tangents:
    """The reverse rule, differentiated by the cotangents in the direction of the tangents."""
    flowing = [output for output in equation.outputs if dtypes.is_inexact(output.type.dtype)]
    stand_ins = {output: output.type() for output in flowing}
    pulled = pull_back(equation, [stand_ins.get(output) for output in equation.outputs])
    pairs = []
    for cotangent, tangent in zip(pulled, tangents, strict=True):
        if isinstance(cotangent, MissingGradient) and tangent is not None:
            raise NullTypeGradError(cotangent.message)
        if cotangent is not None and tangent is not None:
            pairs.append((base.symbolic(cotangent), tangent))
    if not pairs or not flowing:
        return [None] * len(equation.outputs)
    variables = list(stand_ins.values())
    sources, seeds = [source for source, _ in pairs], [seed for _, seed in pairs]
    found = cotangents_of(sources, seeds, variables, stable=True)
    by_output = dict(zip(flowing, _without(found, variables), strict=True))
    return [by_output.get(output) for output in equation.outputs]


def _without(found: Tangents, variables: Sequence[Value]) -> list[Value | None]:
    """The expressions with zeros for variables that they only seem to depend on, being linear in them."""
    present = [value for value in found if value is not None]
    graph = Graph.of((), present)
    used = [value for value in graph.free_values() if value in set(variables)]
    if used:
        graph = copy_graph(graph, {value: base.symbolic(zeros_like(value)) for value in used})
    results = iter(graph.outputs)
    return [None if value is None else next(results) for value in found]

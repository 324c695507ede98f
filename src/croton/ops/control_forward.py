"""Forward derivatives of loops and branches: bodies that carry the tangents of their values beside them.

Each function returns the outputs of the loop made anew, computed with their tangents, and these tangents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from croton.graph import dtypes
from croton.graph.graph import Graph
from croton.graph.values import Value
from croton.ops import base
from croton.ops.base import apply
from croton.ops.shape import zeros_like

if TYPE_CHECKING:
    from croton.ops.control import Cond, Scan, While

Tangents = Sequence[Value | None]
Renewed = tuple[Sequence[Value], Tangents]
Push = Callable[[Sequence[Value], Sequence[Value], Tangents], list[Value | None]]

# How sub-graphs are differentiated (outputs, wrt, directions -> tangents): croton.autodiff puts it here.
tangents_in: list[Push] = []


class _Body:
    """A sub-graph with tangents for those of its inputs that have one."""

    def __init__(self, graph: Graph, states: int, tangents: Tangents) -> None:
        self.graph = graph
        self.states = states
        self.active = [tangent is not None for tangent in tangents]
        self._grow()
        self.inputs = [
            value.type() for value, active in zip(graph.inputs, self.active, strict=True) if active
        ]
        self.tangents = self._push(self.inputs)

    def _push(self, stand_ins: Sequence[Value]) -> list[Value | None]:
        given = iter(stand_ins)
        directions = [next(given) if active else None for active in self.active]
        return tangents_in[0](self.graph.outputs, self.graph.inputs, directions)

    def _grow(self) -> None:
        """Adds states that have a tangent after some steps, though they start without one."""
        while True:
            stand_ins = [v.type() for v, active in zip(self.graph.inputs, self.active, strict=True) if active]
            found = self._push(stand_ins)
            late = [n for n in range(self.states) if found[n] is not None and not self.active[n]]
            if not late:
                return
            for position in late:
                self.active[position] = True

    def split(self, values: Sequence[Value]) -> Sequence[Value]:
        """Those of the values, one for each input, whose inputs have tangents."""
        return [value for value, active in zip(values, self.active, strict=True) if active]

    def state_tangents(self) -> list[Value]:
        """The tangents of the active states after a step."""
        return [
            _or_zeros(self.tangents[n], self.graph.outputs[n]) for n in range(self.states) if self.active[n]
        ]


def _or_zeros(tangent: Value | None, value: Value) -> Value:
    return base.symbolic(zeros_like(value)) if tangent is None else tangent


def _filled(operands: Sequence[Value], tangents: Tangents, body: _Body) -> list[Value]:
    """The tangents of the operands whose inputs have one, zeros for states that get one later."""
    pairs = zip(operands, tangents, body.active, strict=True)
    return [_or_zeros(tangent, operand) for operand, tangent, active in pairs if active]


def scan_forward(scan: Scan, operands: Sequence[Value], tangents: Tangents) -> Renewed:
    """One loop over states and their tangents."""
    body = _Body(scan.body, scan.states, tangents)
    inner = scan.body.inputs
    made = _filled(operands, tangents, body)
    first, second = scan.states, scan.states + scan.sequences
    ends = [sum(body.active[:first]), sum(body.active[:second])]

    def arranged(values: Sequence[Value], others: Sequence[Value]) -> list[Value]:
        parts = [slice(0, first), slice(first, second), slice(second, None)]
        other_parts = [slice(0, ends[0]), slice(ends[0], ends[1]), slice(ends[1], None)]
        return [
            value
            for part, other in zip(parts, other_parts, strict=True)
            for value in (*values[part], *others[other])
        ]

    results = [t for t in body.tangents[first:] if t is not None]
    outputs = [*scan.body.outputs[:first], *body.state_tangents(), *scan.body.outputs[first:], *results]
    graph = Graph.of(arranged(inner, body.inputs), outputs)
    places = scan.places_read()
    moving = [place for place, active in zip(places, body.active[first:second], strict=True) if active]
    rows = scan.rows_kept()
    changed = [
        number for number, tangent in zip(rows, body.tangents[first:], strict=True) if tangent is not None
    ]
    doubled = scan.changed(
        body=graph,
        states=first + ends[0],
        sequences=ends[1] - ends[0] + scan.sequences,
        kept=(*rows, *changed) if scan.kept else (),
        reads=(*places, *moving) if scan.reads else (),
    )
    found = apply(doubled, *arranged(operands, made))
    count = len(scan.body.outputs) - first
    states, moved = found[:first], iter(found[first : first + ends[0]])
    stacked, changes = found[first + ends[0] :][:count], iter(found[first + ends[0] + count :])
    return (*states, *stacked), [
        *(next(moved) if active else None for active in body.active[:first]),
        *(None if tangent is None else next(changes) for tangent in body.tangents[first:]),
    ]


def while_forward(loop: While, operands: Sequence[Value], tangents: Tangents) -> Renewed:
    """The same loop over states and their tangents; the number of steps has no derivative."""
    from croton.ops.control import While

    body = _Body(loop.body, loop.states, tangents)
    count = sum(body.active[: loop.states])
    made = _filled(operands, tangents, body)

    def arranged(values: Sequence[Value], others: Sequence[Value]) -> list[Value]:
        states = loop.states
        return [*values[:states], *others[:count], *values[states:], *others[count:]]

    stand_ins = [value.type() for value in body.inputs]
    condition = Graph.of(arranged(loop.condition.inputs, stand_ins), loop.condition.outputs)
    step = Graph.of(
        arranged(loop.body.inputs, body.inputs),
        [*loop.body.outputs[: loop.states], *body.state_tangents()],
    )
    found = apply(While(condition, step, loop.states + count), *arranged(operands, made))
    moved = iter(found[loop.states : loop.states + count])
    return (*found[: loop.states], found[-1]), [
        *(next(moved) if active else None for active in body.active[: loop.states]),
        None,
    ]


def cond_forward(branch: Cond, operands: Sequence[Value], tangents: Tangents) -> Renewed:
    """Both branches with tangents beside their results."""
    from croton.ops.control import Cond

    bodies = [_Body(graph, 0, tangents[1:]) for graph in (branch.chosen, branch.other)]
    count = len(branch.chosen.outputs)
    flowing = [
        position
        for position, output in enumerate(branch.chosen.outputs)
        if dtypes.is_inexact(output.type.dtype) and any(b.tangents[position] is not None for b in bodies)
    ]
    graphs = []
    for body in bodies:
        changes = [_or_zeros(body.tangents[n], body.graph.outputs[n]) for n in flowing]
        graphs.append(Graph.of([*body.graph.inputs, *body.inputs], [*body.graph.outputs, *changes]))
    given = [tangent for tangent in tangents[1:] if tangent is not None]
    found = apply(Cond(*graphs), *operands, *given)
    results = dict(zip(flowing, found[count:], strict=True))
    return found[:count], [results.get(position) for position in range(count)]

"""Scans that run the same steps over the same operands become one.

A gradient brings a scan of its own that saves what it needs; where the values are asked for too, the
steps would otherwise be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, copy_graph, transform
from croton.graph.values import Equation, Value
from croton.ops.control import Scan
from croton.rewrite.cleanup import merge_common
from croton.rewrite.scan_parts import is_plain


def merge_scans(graph: Graph) -> Graph:
    """The graph with scans merged whose states go through the same values."""
    groups = _groups(graph)
    if not groups:
        return graph
    merged = {equation: group for group in groups for equation in group.members}
    originals = iter(graph.equations)

    def merge(equation: Equation) -> Sequence[Value] | None:
        group = merged.get(next(originals))
        if group is None:
            return None
        group.build(equation)
        return group.outputs_of(equation.op)

    return transform(graph, merge)


class _Group:
    """Scans with the same operands and the same states, the first of which runs for all."""

    def __init__(self, first: Equation) -> None:
        op = first.op
        assert isinstance(op, Scan)
        self.op = op
        self.members = [first]
        self.results = list(op.body.outputs[op.states :])
        self.positions = {id(op): list(range(len(self.results)))}
        self.built: Equation | None = None

    def accepts(self, other: Equation) -> bool:
        """Takes in a scan over the same operands, if its states go through the same values."""
        first, op = self.op, other.op
        assert isinstance(op, Scan)
        if other.inputs != self.members[0].inputs or op.changed(body=first.body) != first:
            return False
        renamed = copy_graph(op.body, dict(zip(op.body.inputs, first.body.inputs, strict=True)))
        own = [*first.body.outputs[: first.states], *self.results]
        together = merge_common(Graph.of(first.body.inputs, [*own, *renamed.outputs]))
        outputs = together.outputs
        states, others = outputs[: op.states], outputs[len(own) : len(own) + op.states]
        if states != others:
            return False
        self.results = list(outputs[op.states : len(own)])
        positions = []
        for result in outputs[len(own) + op.states :]:
            if result not in self.results:
                self.results.append(result)
            positions.append(self.results.index(result))
        self.positions[id(op)] = positions
        self.op = first.changed(body=Graph.of(first.body.inputs, [*states, *self.results]))
        self.members.append(other)
        return True

    def build(self, equation: Equation) -> None:
        """Makes the scan that runs for all, on the operands of the first."""
        if self.built is None:
            types = self.op.infer(*(operand.type for operand in equation.inputs))
            guards = dict.fromkeys(guard for member in self.members for guard in member.guards)
            self.built = Equation(self.op, equation.inputs, types, list(guards), equation.location)

    def outputs_of(self, op: object) -> list[Value]:
        """What stands for the outputs of one of the scans."""
        assert self.built is not None
        states, results = self.built.outputs[: self.op.states], self.built.outputs[self.op.states :]
        return [*states, *(results[position] for position in self.positions[id(op)])]


def _groups(graph: Graph) -> list[_Group]:
    groups: list[_Group] = []
    for equation in graph.equations:
        if is_plain(equation) and not any(group.accepts(equation) for group in groups):
            groups.append(_Group(equation))
    return [group for group in groups if len(group.members) > 1]

"""State that a loop leaves behind in its results: one array holds the state before and after every step.

A result that stacks a state needs no copy: the step writes the new state where its row lies, and the next
step reads it there. Stacked before and after each step, a state has one row more than there are steps; both
results are parts of that array.
"""

from __future__ import annotations

from dataclasses import dataclass

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Value
from croton.loops.program import Control


@dataclass
class Track:
    """A state and the results (by position) that stack it before and after each step."""

    state: int
    before: int | None
    after: int | None


def find_tracks(step: Control) -> list[Track]:
    """The states of a scan that results stack, all rows of them."""
    op = step.full_scan
    if op is None:
        return []
    program = step.bodies[0]
    graph = program.graph
    results: dict[Value, int] = {}
    for position, result in enumerate(graph.outputs[op.states :]):
        if not op.kept or op.kept[position] == op.length:
            results.setdefault(program.root(result), position)
    found: list[Track] = []
    for state in range(op.states):
        before = results.get(graph.inputs[state])
        after = results.get(program.root(graph.outputs[state]))
        if after == before:  # a state that stays as it is
            continue
        if state and any(track.after == after for track in found):
            after = None
        if before is not None or after is not None:
            found.append(Track(state, before, after))
    return found


def row_bytes(step: Control, state: int) -> Dim:
    """Bytes of a state."""
    type = step.equation.outputs[state].type
    return dims.multiply(type.size, type.dtype.itemsize)


def track_bytes(step: Control, state: int) -> Dim:
    """Bytes of a state before the first step and after each."""
    return dims.multiply(row_bytes(step, state), dims.add(step.scan.length, 1))


def stacked(step: Control, position: int) -> Value:
    """The output that is a stacked result."""
    return step.equation.outputs[step.scan.states + position]

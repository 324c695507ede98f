"""State updated in place: which new values may be written over the old ones.

An update may overwrite its variable when one nest makes it, or an operation that writes into the memory of
its operand; everything else that reads the variable does so earlier or at the same element in the same loop,
and nothing that can fail comes after: a call that raises leaves all state as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from croton.graph.values import Value
from croton.loops.expressions import Node
from croton.loops.members import Member, index_name, loads
from croton.loops.program import KernelCall, Nest, Program, Step, step_reads


def sink_updates(program: Program) -> None:
    """Moves what no other step reads to the end, after everything that can fail: nests, then overwriting."""
    readers: dict[Value, set[int]] = {}
    for step in program.steps:
        for value in step_reads(step):
            readers.setdefault(program.root(value), set()).add(id(step))
    nests: list[Step] = [
        step
        for step in program.steps
        if isinstance(step, Nest) and all(readers.get(m.memory, set()) <= {id(step)} for m in step.members)
    ]
    overwriting: list[Step] = [
        step
        for step in program.steps
        if overwritten(step) is not None and not readers.get(program.root(_made_by(step)))
    ]
    final = {id(step) for step in (*nests, *overwriting)}
    program.steps[:] = [step for step in program.steps if id(step) not in final] + nests + overwriting


def overwritten(step: Step) -> Value | None:
    """The operand in whose memory the output of a step may lie."""
    if not isinstance(step, KernelCall):
        return None
    place: int | None = getattr(step.equation.op, "overwrites", None)
    return None if place is None else step.equation.inputs[place]


def _made_by(step: Step) -> Value:
    assert isinstance(step, KernelCall)
    return step.equation.outputs[0]


def find_in_place(program: Program, state: Sequence[tuple[int, int]]) -> set[int]:
    """Positions of outputs that may be written over an input; `state` pairs (input, output) positions.

    Call before loops are collapsed.
    """
    roots = [program.root(output) for output in program.graph.outputs]
    count = Counter(roots)
    order = _Order(program)
    found: set[int] = set()
    for input_position, output_position in state:
        old, new = program.graph.inputs[input_position], roots[output_position]
        same_type = old.type == program.graph.outputs[output_position].type
        if same_type and count[new] == 1 and old not in count and _may_overwrite(program, order, old, new):
            found.add(output_position)
    return found


class _Order:
    """Numbers of steps: which one makes a value that may lie over another, which one reads a value last.

    last_to_fail: the last one that can fail, -1 if none can.
    """

    def __init__(self, program: Program) -> None:
        self.makers: dict[Value, int] = {}
        self.last_read: dict[Value, int] = {}
        self.last_to_fail = -1
        for number, step in enumerate(program.steps):
            self.last_read.update((program.root(value), number) for value in step_reads(step))
            if isinstance(step, Nest):
                self.makers.update(dict.fromkeys(step.stored, number))
            elif overwritten(step) is not None:
                self.makers[_made_by(step)] = number
            else:
                self.last_to_fail = number


def _may_overwrite(program: Program, order: _Order, old: Value, new: Value) -> bool:
    maker = order.makers.get(new, -1)
    if maker <= order.last_to_fail or order.last_read.get(old, maker) > maker:
        return False
    nest = program.steps[maker]
    if not isinstance(nest, Nest):
        return [program.root(value) for value in step_reads(nest)].count(old) == 1 and (
            program.root(overwritten(nest) or new) is old
        )
    if old.type != new.type or any(member.value is new and member.reduced for member in nest.members):
        return False
    reached = False
    for stage in nest.stages:
        reading = [
            load for member in stage for load in loads(member.expression) if program.root(load.data) is old
        ]
        makes = any(member.value is new for member in stage)
        if reading and (
            reached or (makes and not all(_is_identity(load, old, stage[0]) for load in reading))
        ):
            return False
        if reading and not makes and any(not _is_row_of(load, nest.depth) for load in reading):
            return False
        reached = reached or makes
    return True


def _is_identity(load: Node, old: Value, member: Member) -> bool:
    rank = old.type.rank
    return (
        load.data is old
        and len(member.domain) == rank
        and all(
            node.kind == "index" and node.data == index_name(axis)
            for axis, node in enumerate(load.operands[:rank])
        )
    )


def _is_row_of(load: Node, depth: int) -> bool:
    """Whether an earlier stage of the same outer iteration reads only that iteration's part."""
    return all(
        position < len(load.operands) and node.kind == "index" and node.data == index_name(position)
        for position, node in enumerate(load.operands[:depth])
    )

"""Where the results of a nest's members lie: in memory, in arrays of one outer iteration, or in registers."""

from __future__ import annotations

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Value
from croton.loops.expressions import Node
from croton.loops.members import Member, accumulates_in_memory, loads
from croton.loops.nest_rules import is_index
from croton.loops.program import Nest, Program

LOCAL_BYTES = (
    32768  # of a nest's arrays that last for one outer iteration: they should stay in the first cache
)


def mark_stored(program: Program) -> None:
    """Notes for each nest which of its values need memory, and which only need it for one outer iteration.

    Memory is for what other steps read, and for what no single iteration makes. What only later stages of the
    same iteration read is local, if it has a known size that is small. The rest stays in registers.
    """
    makers: dict[Value, list[tuple[Nest, Value]]] = {}
    for step in program.steps:
        if isinstance(step, Nest):
            step.stages = stages(step)
            for member in step.members:
                makers.setdefault(member.memory, []).append((step, member.value))
    read: list[tuple[Value, Nest | None]] = [(output, None) for output in program.graph.outputs]
    for step in program.steps:
        if isinstance(step, Nest):
            read += [(load.data, step) for member in step.members for load in loads(member.expression)]
        else:
            read += [(operand, None) for operand in step.equation.inputs]
    for value, reader in read:
        for nest, made in makers.get(program.root(value), ()):
            if nest is not reader:
                nest.stored.add(made)
    for step in program.steps:
        if isinstance(step, Nest):
            _settle(step, program)


def _settle(nest: Nest, program: Program) -> None:
    """Decides about what no other step reads."""
    readings: dict[Value, list[tuple[Node, list[Member]]]] = {}
    for stage in nest.stages:
        for member in stage:
            for load in loads(member.expression):
                readings.setdefault(program.root(load.data), []).append((load, stage))
    room = LOCAL_BYTES
    for member in nest.members:
        value, found = member.value, readings.get(member.memory, [])
        if value in nest.stored:
            continue
        later = any(member not in stage or load.data is not value for load, stage in found)
        if not accumulates_in_memory(member) and not later:
            continue
        size = dims.product(value.type.shape[nest.depth :])
        own = member.window is None and not (member.reduced and member.reduced[0] < nest.depth)
        own = own and all(_is_of_iteration(load, value, nest.depth) for load, _ in found)
        if own and size == 1 and not accumulates_in_memory(member):
            continue
        size = dims.multiply(size, value.type.dtype.itemsize)
        if own and isinstance(size, int) and size <= room:
            room -= size
            nest.local.add(value)
        else:
            nest.stored.add(value)


def _is_of_iteration(load: Node, value: Value, depth: int) -> bool:
    """Whether a load reads what the same outer iteration has made."""
    return load.data is value and all(
        is_index(node, axis) for axis, node in enumerate(load.operands[: min(depth, value.type.rank)])
    )


def stages(nest: Nest) -> list[list[Member]]:
    """The members of each outer iteration, cut where one must be complete before the next can read it."""
    result: list[list[Member]] = []
    for member in nest.members:
        inner = member.domain[nest.depth :]
        if result and _joins_stage(result[-1], member, inner, nest.depth):
            result[-1].append(member)
        else:
            result.append([member])
    return result


def _joins_stage(stage: list[Member], member: Member, inner: tuple[Dim, ...], depth: int) -> bool:
    if stage[0].domain[depth:] != inner:
        return False
    values = {other.value: other for other in stage}
    for load in loads(member.expression):
        other = values.get(load.data)
        if other is None:
            continue
        if other.reduced:
            return False
        index = load.operands[: load.data.type.rank]
        if len(index) != len(other.domain) or any(
            not is_index(node, axis) for axis, node in enumerate(index)
        ):
            return False
    return True

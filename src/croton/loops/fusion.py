"""Fusion: members grouped into loop nests, and everything put in an order of steps.

A member joins an existing nest when they share leading sizes, when it reads something of the nest (or they
read the same memory), and when what it reads of the nest is complete at that point of the loops.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims
from croton.graph.dims import Symbol
from croton.graph.graph import Graph
from croton.graph.values import Equation, Value
from croton.loops.bands import form_bands
from croton.loops.collapse import collapse
from croton.loops.expressions import Builder
from croton.loops.in_place import find_in_place, sink_updates
from croton.loops.members import (
    ExpressionLowering,
    Materializer,
    Member,
    is_element,
    is_joined,
    is_reduction,
    is_reshape,
    loads,
    sizes_named,
)
from croton.loops.merging import merge_nests
from croton.loops.nest_rules import LARGEST_NEST, common_prefix, depth_fits, is_complete, own_depth
from croton.loops.program import (
    BindSize,
    Callback,
    Control,
    KernelCall,
    Nest,
    OpaqueStep,
    Product,
    Program,
    Step,
)
from croton.loops.side_by_side import gather_loops
from croton.loops.storage import mark_stored


def lower(
    graph: Graph,
    fuse: bool = True,
    state: Sequence[tuple[int, int]] = (),
    bands: bool = False,
    beside: bool = False,
) -> Program:
    """The steps that compute a graph. `fuse=False` gives every member a nest of its own.

    state: (input, output) positions of the old and new values of state, to be updated in place if possible.
    bands: whether to look for steps that can be computed entry by entry. beside: whether to look for loops
    that threads can take one each.
    """
    program = _Scheduler(graph, fuse).run(state)
    if beside:
        gather_loops(program)
    if bands:
        form_bands(program)
    return program


class _Scheduler:
    def __init__(self, graph: Graph, fuse: bool) -> None:
        self.graph = graph
        self.fuse = fuse
        self.materializer = Materializer(graph)
        self.lowering = ExpressionLowering(self.materializer, Builder())
        self.steps: list[Step] = []
        self.position: dict[Value, int] = {}  # the step that makes a kept value
        self.readers: dict[Value, set[int]] = {}  # nests that read an array
        self.bound: dict[Symbol, int] = {}  # the step that finds a size

    def run(self, state: Sequence[tuple[int, int]]) -> Program:
        aliases: dict[Value, Value] = {}
        for equation in self.graph.equations:
            output = equation.outputs[0]
            if is_reshape(output) and self.materializer.is_kept(output):
                aliases[output] = equation.inputs[0]
            elif is_element(equation):
                if output in self.materializer.kept:
                    self._place_element(equation)
            elif is_reduction(equation):
                self._place_member(self.lowering.member(equation))
            else:
                self._place_step(self._opaque_step(equation))
        if self.fuse:
            self.steps = merge_nests(self.steps, self.materializer.root)
        program = Program(self.graph, self.steps, aliases)
        if state:
            sink_updates(program)
        mark_stored(program)
        program.in_place = find_in_place(program, state)
        for step in self.steps:
            if isinstance(step, Nest):
                collapse(step, self.lowering.builder)
        return program

    def _opaque_step(self, equation: Equation) -> OpaqueStep:
        if equation.op.name == "contract":
            return Product(equation)
        if equation.op.name == "number_as_size":
            return BindSize(equation)
        if equation.op.graphs():
            return Control(equation, tuple(lower(graph, self.fuse) for graph in equation.op.graphs()))
        if hasattr(equation.op, "c_function"):
            return KernelCall(equation)
        return Callback(equation)

    def _place_step(self, step: OpaqueStep) -> None:
        for output in step.equation.outputs:
            self.position[output] = len(self.steps)
        self.bound.update((symbol, len(self.steps)) for symbol in step.equation.bound_symbols())
        self.steps.append(step)

    def _place_element(self, equation: Equation) -> None:
        if not is_joined(equation):
            self._place_member(self.lowering.member(equation))
            return
        for part in self.lowering.parts(equation):
            self._place_member(part)

    def _place_member(self, member: Member) -> None:
        roots = [self.materializer.root(load.data) for load in loads(member.expression)]
        made = [self.position[root] for root in roots if root in self.position]
        found = [self.bound.get(symbol, 0) for symbol in _symbols(member)] if self.bound else []
        earliest = max([*made, *found], default=0)
        for number in self._related_nests(member, earliest) if self.fuse else ():
            step = self.steps[number]
            if isinstance(step, Nest) and self._join(step, member):
                self._note_position(member, number)
                return
        self._note_position(member, len(self.steps))
        self.steps.append(Nest([member], own_depth(member)))

    def _related_nests(self, member: Member, earliest: int) -> list[int]:
        """The last nest that makes what a member reads, and later readers of the same arrays; last first."""
        readers = {
            number
            for value in _arrays_read(member)
            for number in self.readers.get(value, ())
            if number > earliest
        }
        made = {earliest} if earliest < len(self.steps) else set()
        return sorted(made | readers, reverse=True)

    def _note_position(self, member: Member, number: int) -> None:
        for value in _arrays_read(member):
            self.readers.setdefault(value, set()).add(number)
        if member.window is None:
            self.position[member.value] = number
        else:  # complete after the step that makes its last part
            self.position[member.memory] = max(self.position.get(member.memory, 0), number + 1)

    def _join(self, nest: Nest, member: Member) -> bool:
        if len(nest.members) >= LARGEST_NEST:
            return False
        inside = {other.value: other for other in nest.members}
        reads = [(load, inside.get(self.materializer.root(load.data))) for load in loads(member.expression)]
        if not any(other is not None for _, other in reads) and not self._shares_memory(nest, member):
            return False
        deepest = min(nest.depth, own_depth(member), common_prefix(nest.members[0].domain, member.domain))
        for depth in range(deepest, 0, -1):
            if all(depth_fits(other, depth) for other in (*nest.members, member)) and all(
                other is None or is_complete(load, other, depth) for load, other in reads
            ):
                nest.members.append(member)
                nest.depth = depth
                return True
        return False

    def _shares_memory(self, nest: Nest, member: Member) -> bool:
        """Whether the member reads an array, with the nest's whole outer index, that the nest reads too."""
        if member.domain != nest.members[0].domain:
            return False
        mine = {load.data for load in loads(member.expression) if load.data.type.rank > 0}
        return any(load.data in mine for other in nest.members for load in loads(other.expression))


def _arrays_read(member: Member) -> set[Value]:
    """What a member reads, apart from scalars, which bring no nests together."""
    return {load.data for load in loads(member.expression) if load.data.type.rank > 0}


def _symbols(member: Member) -> set[Symbol]:
    """The sizes found while running that a member's loops, the arrays it reads and its expression have."""
    shapes = [load.data.type.shape for load in loads(member.expression)]
    named = sizes_named(member.expression)
    return dims.runtime_symbols([*member.domain, *named, *(size for shape in shapes for size in shape)])

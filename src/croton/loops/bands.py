"""Bands: steps that each entry of a leading axis, such as a sample of a batch, can go through by itself.

Step by step, every array goes to memory whole and comes back. In a band, some entries at a time run through
all steps: what one step makes is in the cache when the next one reads it, and threads meet only at the end.

Steps can form a band where entry i of everything they make is made of entries i of what the others make. Sums
over all entries are complete after the band.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.dtypes import INT64
from croton.graph.values import Value
from croton.loops.expressions import Node
from croton.loops.in_place import overwritten
from croton.loops.members import Member, index_name, loads
from croton.loops.products import sizes_of
from croton.loops.program import Band, KernelCall, Nest, Product, Program, Step, made_by, step_reads

LARGEST_MATRIX = 262144  # bytes of an operand that all entries share
MOST_MATRICES = 1048576  # bytes of all of them in one band: every thread keeps them in its cache
ROWS_TOGETHER = 64  # of a product: enough for efficient kernels


def form_bands(program: Program) -> None:
    """Orders the steps of a program so that bands stand together, and notes the bands."""
    counts: dict[Dim, int] = {}
    for step in program.steps:
        for size in _leading_sizes(step):
            counts[size] = counts.get(size, 0) + 1
    best: _Former | None = None
    for count, steps in counts.items():
        if steps > 1 and count != 0 and not dims.runtime_symbols((count,)):
            former = _Former(program, count)
            former.run()
            if former.bands and (best is None or former.covered > best.covered):
                best = former
    if best is not None:
        program.steps[:] = best.steps
        program.bands = best.bands


def _leading_sizes(step: Step) -> list[Dim]:
    """Sizes of the first axes of what a nest or a product makes."""
    if not isinstance(step, (Nest, Product)):
        return []
    values = [member.value for member in step.members] if isinstance(step, Nest) else step.equation.outputs
    found = dict.fromkeys(next((size for size in value.type.shape if size != 1), 1) for value in values)
    return [size for size in found if size != 1]


@dataclass
class _Open:
    """The band being formed: its steps, what they make, and steps that come after it."""

    steps: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)
    made: set[Value] = field(default_factory=set)  # entry by entry
    later: set[Value] = field(default_factory=set)  # complete after the band only
    matrix_bytes: int = 0


class _Former:
    """Finds the bands over an axis of `count` entries: as many steps as possible in each."""

    def __init__(self, program: Program, count: Dim) -> None:
        self.program = program
        self.count = count
        self.steps: list[Step] = []
        self.bands: list[Band] = []
        self.covered = 0
        self._overwriting = {program.root(program.graph.outputs[position]) for position in program.in_place}
        self._open = _Open()

    def run(self) -> None:
        for step in self.program.steps:
            reads = {self.program.root(value) for value in step_reads(step)}
            if not self._joins(step, reads) and not self._waits(step, reads):
                self._close()
                if not self._joins(step, reads):
                    self.steps.append(step)
        self._close()

    def _joins(self, step: Step, reads: Collection[Value]) -> bool:
        """Puts a step into the open band, if it fits."""
        band = self._open
        if not isinstance(step, (Nest, Product)) or band.later & set(reads):
            return False
        made = _made(step)
        if made & self._overwriting or dims.runtime_symbols([d for v in made for d in v.type.shape]):
            return False
        if isinstance(step, Product):
            matrix = self._matrix_bytes(step)
            if matrix is None or band.matrix_bytes + matrix > MOST_MATRICES:
                return False
            band.matrix_bytes += matrix
            band.made |= made
        else:
            sums = {member.value for member in step.members if _is_sum(member, step)}
            if not self._nest_fits(step):
                return False
            band.made |= made - sums
            band.later |= sums
        band.steps.append(step)
        return True

    def _waits(self, step: Step, reads: Collection[Value]) -> bool:
        """Puts a step that does not fit before the open band or after it, if other steps allow it."""
        band = self._open
        if not band.steps or not isinstance(step, (Nest, Product, KernelCall)):
            return False
        if isinstance(step, KernelCall) and step.equation.bound_symbols():
            return False
        made = _made(step)
        overwrites = overwritten(step) is not None or made & self._overwriting
        if not overwrites and band.made.isdisjoint(reads) and band.later.isdisjoint(reads):
            self.steps.append(step)
        else:
            band.after.append(step)
            band.later |= made
        return True

    def _close(self) -> None:
        band = self._open
        products = any(isinstance(step, Product) for step in band.steps)
        if products and len(band.steps) > 1:
            first = len(self.steps)
            reach = self._local(band)
            self.bands.append(
                Band(first, first + len(band.steps), self.count, self._together(band.steps), reach)
            )
            self.covered += len(band.steps)
        self.steps += band.steps + band.after
        self._open = _Open()

    def _local(self, band: _Open) -> frozenset[Value]:
        """What lies in memory and only steps of the band read and write, though others can write parts."""
        inside = {id(step) for step in band.steps}
        stored = {value for step in band.steps for value in made_by(step)}
        outside = {self.program.root(output) for output in self.program.graph.outputs}
        for step in self.program.steps:
            if id(step) not in inside:
                outside.update(self.program.root(value) for value in step_reads(step))
                outside.update(made_by(step))
        return frozenset((band.made & stored) - outside)

    def _together(self, steps: Collection[Step]) -> int:
        """How many entries make products large enough."""
        most, rows = 0, ROWS_TOGETHER
        for step in steps:
            if isinstance(step, Product):
                sizes = sizes_of(step.equation)
                own = dims.exact_quotient(sizes.rows, self.count) if sizes.batch == 1 else sizes.rows
                if isinstance(own, int) and isinstance(sizes.columns, int) and isinstance(sizes.inner, int):
                    work = own * sizes.columns * sizes.inner
                    most, rows = max((most, rows), (work, own))
        return -(-ROWS_TOGETHER // max(1, rows))

    # Which steps keep entries apart.

    def _matrix_bytes(self, step: Product) -> int | None:
        """Bytes of the operand that all entries share, 0 without; None for a product that does not fit."""
        equation = step.equation
        sizes = sizes_of(equation)
        if dims.runtime_symbols((*sizes[:4],)):
            return None
        if sizes.batch != 1:
            return None if dims.exact_quotient(sizes.batch, self.count) is None else 0
        right = equation.inputs[1]
        if sizes.left_swapped or dims.exact_quotient(sizes.rows, self.count) is None:
            return None
        size = dims.multiply(right.type.size, right.type.dtype.itemsize)
        if not isinstance(size, int) or size > LARGEST_MATRIX or self.program.root(right) in self._open.made:
            return None
        return size

    def _nest_fits(self, nest: Nest) -> bool:
        domain = nest.members[0].domain
        axis = next((axis for axis in range(nest.depth) if domain[axis] != 1), None)
        if axis is None or dims.exact_quotient(domain[axis], self.count) is None:
            return False
        own = _made(nest)
        return all(self._member_fits(member, nest, axis, own) for member in nest.members)

    def _member_fits(self, member: Member, nest: Nest, axis: int, own: Collection[Value]) -> bool:
        if dims.runtime_symbols(member.domain) or any(size != 1 for size in member.domain[:axis]):
            return False
        if not _is_sum(member, nest):
            if dims.exact_quotient(member.memory.type.size, self.count) is None:
                return False
            if member.window is not None and member.window.axis <= axis:
                return False
        for load in loads(member.expression):
            root = self.program.root(load.data)
            if (root in self._open.made or root in own) and not reads_own_entry(load, member, axis):
                return False
        return True


def _is_sum(member: Member, nest: Nest) -> bool:
    """Whether a member is reduced over the entries."""
    return bool(member.reduced) and member.reduced[0] < nest.depth


def _made(step: Step) -> set[Value]:
    if isinstance(step, Nest):
        return {member.memory for member in step.members}
    return set(step.equation.outputs)


def reads_own_entry(load: Node, member: Member, axis: int) -> bool:
    """Whether a load lies in the part of its value that belongs to the loop over `axis` of the member."""
    own = reads_own_row(load, member, axis)
    return _lies_within(load, member, axis) if own is None else own


def reads_own_row(load: Node, member: Member, axis: int) -> bool | None:
    """The same for an index that begins with the loop's variable, apart from zeros; None for any other."""
    variable, extent = index_name(axis), member.domain[axis]
    shape = load.data.type.shape
    for position, part in enumerate(load.operands[: len(shape)]):
        if part.kind == "index" and part.data == variable:
            later = load.operands[position + 1 : len(shape)]
            return dims.product(shape[: position + 1]) == extent and not any(
                variable in other.variables for other in later
            )
        if part.kind != "constant" or any(part.data):
            break
    return None


def _lies_within(load: Node, member: Member, axis: int) -> bool:
    """The same for an index that is a sum of loop variables times numbers, as reshaping makes it."""
    shape = load.data.type.shape
    block = dims.exact_quotient(dims.product(shape), member.domain[axis])
    stride: Dim = 1
    place: dict[str, int] = {}
    for part, size in zip(reversed(load.operands[: len(shape)]), reversed(shape), strict=True):
        terms = _linear(part)
        if terms is None:
            return False
        if terms:
            if not isinstance(stride, int):
                return False
            for name, factor in terms.items():
                place[name] = place.get(name, 0) + factor * stride
        stride = dims.multiply(stride, size)
    if place.pop(index_name(axis), 0) != block:
        return False
    farthest = place.pop("", 0)
    for name, factor in place.items():
        extent = next((s for a, s in enumerate(member.domain) if index_name(a) == name), None)
        if not isinstance(extent, int) or factor < 0:
            return False
        farthest += factor * (extent - 1)
    return isinstance(block, int) and 0 <= farthest < block and place.get("", 0) >= 0


def _linear(node: Node) -> dict[str, int] | None:
    """Factors of loop variables, and under "" what is added; None for anything else."""
    if node.kind == "constant" and node.dtype == INT64:
        number = int(np.frombuffer(node.data, np.int64)[0])
        return {"": number} if number else {}
    if node.kind == "index":
        return {str(node.data): 1}
    if node.kind != "call" or node.data not in ("index_add", "index_multiply"):
        return None
    left, right = (_linear(operand) for operand in node.operands)
    if left is None or right is None:
        return None
    if node.data == "index_add":
        return {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}
    for factor, terms in ((left, right), (right, left)):
        if not factor.keys() - {""}:
            return {name: value * factor.get("", 0) for name, value in terms.items()}
    return None

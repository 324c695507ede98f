"""The program that a graph becomes: an ordered list of steps over buffers. Data only; codegen prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from croton.graph.dims import Dim
from croton.graph.graph import Graph
from croton.graph.values import Equation, Value
from croton.loops.members import Member, loads
from croton.loops.operations import (
    FullScanOperation,
    FunctionOperation,
    LoopOperation,
    ScanOperation,
    StoppingScanOperation,
)


@dataclass(eq=False)
class Nest:
    """Members computed together under shared outer loops, the first `depth` axes of their domains.

    In each outer iteration the members run in order; neighbours with equal inner domains share inner loops.
    stored: values that need memory. local: values that need memory of their own in each outer iteration only.
    """

    members: list[Member]
    depth: int
    stored: set[Value] = field(default_factory=set)
    local: set[Value] = field(default_factory=set)
    stages: list[list[Member]] = field(default_factory=list)  # what shares inner loops, in order


@dataclass(eq=False)
class Product:
    """A (batched) matrix product, an equation of the operation Contract."""

    equation: Equation


@dataclass(eq=False)
class KernelCall:
    """An operation that brings its own C function."""

    equation: Equation

    @property
    def op(self) -> FunctionOperation:
        return cast(FunctionOperation, self.equation.op)


@dataclass(eq=False)
class Callback:
    """An operation that only Python can perform."""

    equation: Equation


@dataclass(eq=False)
class BindSize:
    """A runtime size takes the number in a scalar."""

    equation: Equation


@dataclass(eq=False)
class Control:
    """A loop or branch over sub-programs."""

    equation: Equation
    bodies: tuple[Program, ...]

    @property
    def loop(self) -> LoopOperation:
        """The operation of a scan or a while loop."""
        return cast(LoopOperation, self.equation.op)

    @property
    def scan(self) -> ScanOperation:
        """The operation of a scan, whether it stops or not."""
        return cast(ScanOperation, self.equation.op)

    @property
    def full_scan(self) -> FullScanOperation | None:
        """The operation of a scan that takes all its steps; None for what is no such loop."""
        return cast(FullScanOperation, self.equation.op) if self.equation.op.name == "scan" else None

    @property
    def stopping_scan(self) -> StoppingScanOperation | None:
        """The operation of a scan that may stop early; None for what is no such loop."""
        stops = self.equation.op.name == "scan_until"
        return cast(StoppingScanOperation, self.equation.op) if stops else None


@dataclass(frozen=True, eq=False)
class Band:
    """Steps `first` to `last`, in which each of the `count` entries of a leading axis goes its own way.

    together: entries that are worth taking through the steps together. local: values that only these steps
    read.
    """

    first: int
    last: int
    count: Dim
    together: int
    local: frozenset[Value]


OpaqueStep = Product | KernelCall | Callback | BindSize | Control  # an equation by itself
Step = Nest | OpaqueStep


@dataclass(eq=False)
class Program:
    """Steps in order.

    aliases: values that share the memory of another (reshapes of it). in_place: positions of outputs that
    are written over the input they replace. bands: runs of steps that can be computed entry by entry. beside:
    loops one after the other that need nothing of each other.
    """

    graph: Graph
    steps: list[Step]
    aliases: Mapping[Value, Value]
    in_place: set[int] = field(default_factory=set)
    bands: list[Band] = field(default_factory=list)
    beside: list[tuple[Control, ...]] = field(default_factory=list)

    def root(self, value: Value) -> Value:
        while value in self.aliases:
            value = self.aliases[value]
        return value


def made_by(step: Step) -> list[Value]:
    """Values that a step writes to memory."""
    if isinstance(step, Nest):
        stored = [member.memory for member in step.members if member.value in step.stored]
        return list(dict.fromkeys(stored))
    return list(step.equation.outputs)


def step_reads(step: Step) -> list[Value]:
    """Values whose memory a step reads."""
    if isinstance(step, Nest):
        return [load.data for member in step.members for load in loads(member.expression)]
    return list(step.equation.inputs)

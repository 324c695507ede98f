"""The program that a graph becomes: an ordered list of steps over buffers. Data only; codegen prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from croton.graph.graph import Graph
from croton.graph.values import Equation, Value
from croton.loops.members import Member


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


Step = Nest | Product | KernelCall | Callback | BindSize | Control


@dataclass(eq=False)
class Program:
    """Steps in order.

    aliases: values that share the memory of another (reshapes of it). in_place: positions of outputs that
    are written over the input they replace.
    """

    graph: Graph
    steps: list[Step]
    aliases: Mapping[Value, Value]
    in_place: set[int] = field(default_factory=set)

    def root(self, value: Value) -> Value:
        while value in self.aliases:
            value = self.aliases[value]
        return value

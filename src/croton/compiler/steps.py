"""A graph compiled so that a call gives what every step made, for those who check steps one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from croton.compiler.compile import Executable, Lowered, Request, compile_graph
from croton.compiler.errors import failure
from croton.graph import dims, dtypes
from croton.graph.dims import Symbol
from croton.graph.graph import Graph, transform
from croton.graph.reporting import bind_sizes
from croton.graph.values import Constant, Equation, NDArray, Value
from croton.loops.members import Member
from croton.loops.parts import step_graph
from croton.loops.program import Nest, Program, Step, made_by
from croton.rewrite.pipeline import PASSES
from croton.runtime import Cell, Function

_ALL_PASSES = tuple(name for name, _ in PASSES)


class SteppedGraph:
    """The rewritten form of a graph, compiled with the results of all steps as outputs."""

    def __init__(self, graph: Graph, name: str, disabled: Sequence[str] = (), silent: bool = False) -> None:
        """silent: leave out what the program prints."""
        self.name = name
        self.lowered: Lowered = Request(without_prints(graph) if silent else graph, tuple(disabled)).lowered
        self.program: Program = self.lowered.program
        rewritten = self.lowered.graph
        made = dict.fromkeys(value for step in self.program.steps for value in made_by(step))
        self._taps = [value for value in made if value not in rewritten.outputs]
        tapped = Graph(rewritten.inputs, (*rewritten.outputs, *self._taps), rewritten.equations)
        self._function = function_of(compile_graph(tapped, (*_ALL_PASSES, *disabled)), tapped, name)

    def run(self, inputs: Sequence[NDArray]) -> StepValues:
        """Computes everything for these inputs."""
        graph = self.lowered.graph
        results = self._function(*inputs)
        values = StepValues(self.program)
        for value, array in zip(graph.inputs, inputs, strict=True):
            values.learn(value, array)
        for value, array in zip((*graph.outputs, *self._taps), results, strict=True):
            values.learn(value, array)
        values.outputs = results[: len(graph.outputs)]
        return values


class StepValues:
    """The arrays and sizes of one call."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.sizes: dict[Symbol, int] = {}
        self.outputs: list[NDArray] = []
        self._arrays: dict[Value, NDArray] = {}

    def learn(self, value: Value, array: NDArray) -> None:
        self._arrays.setdefault(value, array)
        bind_sizes(value.type, array, self.sizes)

    def of(self, value: Value) -> NDArray:
        """The array of a value that lies in memory, or is a reshape of one that does."""
        found = self._arrays.get(value)
        if found is None:
            root = self.program.root(value)
            found = root.data if isinstance(root, Constant) else self._arrays[root]
        return found.reshape([dims.evaluate(size, self.sizes) for size in value.type.shape])

    def part(self, step: Step) -> tuple[Graph, list[NDArray], list[NDArray]]:
        """The equations of a step, the arrays it reads and those it makes."""
        graph = step_graph(step, self.program)
        if isinstance(step, Nest):
            made = [self._made(member) for member in step.members if member.value in step.stored]
        else:
            made = [self.of(output) for output in graph.outputs]
        return graph, [self.of(value) for value in graph.inputs], made

    def _made(self, member: Member) -> NDArray:
        """What a member of a nest made, which may be a part of a larger array."""
        whole, window = self.of(member.memory), member.window
        if window is None:
            return whole
        start, size = (
            dims.evaluate(d, self.sizes) for d in (window.start, window.part.type.shape[window.axis])
        )
        return whole[(slice(None),) * window.axis + (slice(start, start + size),)]


def function_of(
    executable: Executable,
    graph: Graph,
    name: str,
    cells: Mapping[Value, Cell] = MappingProxyType({}),
    updated: Sequence[Cell] = (),
) -> Function:
    """A function of the inputs of a graph that returns a list of its outputs.

    cells: where the values of some inputs lie instead. updated: cells that take the last outputs.
    """
    inputs: list[Any] = [
        ("cell", cells[value]) if value in cells else ("argument", None, value.type.dtype, value.type.rank)
        for value in graph.inputs
    ]
    outputs: list[Any] = []
    returned = len(graph.outputs) - len(updated)
    for position, output in enumerate(graph.outputs):
        unknown = bool(dims.runtime_symbols(output.type.shape))
        if position < returned:
            outputs.append(("unknown" if unknown else "fresh", output.type.dtype, output.type.rank))
        else:
            kind = "replace_unknown" if unknown else "replace"
            kind = "in_place" if position in executable.record.in_place else kind
            outputs.append((kind, updated[position - returned]))
    return Function(
        name=name,
        inputs=[*inputs, *(("constant", array) for array in executable.record.constants)],
        outputs=outputs,
        prepare=executable.prepare,
        run=executable.run,
        owner=executable.library,
        dims=executable.record.sizes,
        callbacks=executable.callbacks,
        dtypes=list(dtypes.KNOWN),
        routines=executable.record.routines,
        coerce=lambda position, value: np.require(value, requirements=["C", "A"]),
        fail=lambda *facts: failure(executable, name, *facts),
    )


def without_prints(graph: Graph) -> Graph:
    """The graph without its printing operations, in the bodies of loops too."""

    def silenced(equation: Equation) -> Sequence[Value] | None:
        if equation.op.name == "print":
            return equation.inputs
        op = equation.op.map_graphs(without_prints)
        if op is equation.op:
            return None
        types = [output.type for output in equation.outputs]
        return Equation(op, equation.inputs, types, equation.guards, equation.location).outputs

    return transform(graph, silenced)

"""From a graph to machine code: rewrite, lower, print, build, load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from croton.codegen.program import ProgramCode, ProgramPrinter
from croton.compiler.sizes import unify_sizes
from croton.graph.graph import Graph, transform
from croton.graph.values import Constant, Equation, NDArray, Value
from croton.loops.fusion import lower
from croton.loops.program import Program
from croton.rewrite.pipeline import optimize
from croton.toolchain import build, load


@dataclass
class Executable:
    """Machine code for a graph.

    arrays: the values it wants handed in, graph inputs first, then constants.
    """

    graph: Graph
    program: Program
    arrays: list[Value]
    code: ProgramCode
    prepare: int
    run: int
    library: object

    def callbacks(self) -> list[Callable[..., object]]:
        """The Python callables of operations that only Python performs, by number."""
        return [_evaluation(equation) for equation in self.code.callbacks]


def _evaluation(equation: Equation) -> Callable[..., object]:
    def evaluate(*arrays: NDArray) -> tuple[NDArray, ...]:
        results = equation.op.evaluate(*arrays)
        return tuple(
            np.ascontiguousarray(result, dtype=output.type.dtype)
            for result, output in zip(results, equation.outputs, strict=True)
        )

    return evaluate


def compile_graph(
    graph: Graph, disabled: Sequence[str] = (), state: Sequence[tuple[int, int]] = ()
) -> Executable:
    """Compiles a graph.

    disabled: names of passes to leave out (see `croton.rewrite.pipeline.PASSES`; "fusion" among them).

    state: (input, output) positions of the old and new values of state.

    Raises:
        NoCompilerError: there is no C compiler.
    """
    graph, explanations = unify_sizes(graph)
    optimized = optimize_deeply(graph, disabled)
    program = lower(optimized, fuse="fusion" not in disabled, state=() if "in-place" in disabled else state)
    arrays = [*optimized.inputs, *large_constants(program.graph)]
    code = ProgramPrinter(program, arrays, explanations).print()
    library = load(build(code.units))
    prepare, run = library.address("croton_prepare"), library.address("croton_run")
    return Executable(optimized, program, arrays, code, prepare, run, library)


def optimize_deeply(graph: Graph, disabled: Sequence[str] = ()) -> Graph:
    """The graph and, inside it, every body of a loop or branch, rewritten."""
    optimized = optimize(graph, disabled)

    def inner(equation: Equation) -> Sequence[Value] | None:
        op = equation.op.map_graphs(lambda body: optimize_deeply(body, disabled))
        if op is equation.op:
            return None
        return Equation(op, equation.inputs, [o.type for o in equation.outputs], equation.guards, equation.location).outputs

    return transform(optimized, inner) if any(equation.op.graphs() for equation in optimized.equations) else optimized


def large_constants(graph: Graph) -> list[Constant]:
    """Constants that are arrays rather than numbers, bodies of loops included: code reads them from memory."""
    found: dict[Constant, None] = {}
    for equation in graph.equations:
        for body in equation.op.graphs():
            found.update(dict.fromkeys(large_constants(body)))
        opaque = not hasattr(equation.op, "element") and not equation.op.name.startswith("reduce_")
        for operand in equation.inputs:
            if isinstance(operand, Constant) and (operand.data.size != 1 or opaque):
                found[operand] = None
    for output in graph.outputs:
        if isinstance(output, Constant) and output.data.size != 1:
            found[output] = None
    return list(found)

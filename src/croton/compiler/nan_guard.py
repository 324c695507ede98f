"""Functions of mode "nan-guard": the first step that makes NaN or infinity of good numbers is named."""

from __future__ import annotations

from collections.abc import Sequence

from croton.compiler.steps import SteppedGraph, StepValues
from croton.graph.errors import NanGuardError
from croton.graph.faults import NanGuardMode
from croton.graph.graph import Graph
from croton.graph.interpreter import Observer, interpret, observed_by
from croton.graph.reporting import place, summary
from croton.graph.values import Constant, Equation, NDArray
from croton.loops.parts import step_name
from croton.loops.program import Step


class NanGuard:
    """Computes a graph and looks at what each step makes."""

    def __init__(self, graph: Graph, name: str, mode: NanGuardMode, disabled: Sequence[str] = ()) -> None:
        self.name = name
        self.mode = mode
        self._stepped = SteppedGraph(graph, name, disabled)

    def __call__(self, inputs: list[NDArray]) -> list[NDArray]:
        """The outputs.

        Raises:
            NanGuardError: a step made an unwanted number of operands that have none.
        """
        values = self._stepped.run(inputs)
        for step in self._stepped.program.steps:
            self._check(step, values)
        return values.outputs

    def _check(self, step: Step, values: StepValues) -> None:
        graph, inputs, found = values.part(step)
        fault = next(filter(None, map(self.mode.fault, found)), None)
        if fault is None or any(self.mode.fault(array) for array in inputs):
            return
        with observed_by(_Finder(self)):
            interpret(graph, inputs, values.sizes)
        owner = graph.outputs[0].owner  # NumPy's numbers are all wanted: the compiled ones are just outside
        title = f"{self.name}: {step_name(step, values.program, values.sizes)} makes {fault}"
        raise self.error(title, owner, inputs, found)

    def error(
        self, title: str, equation: Equation | None, inputs: Sequence[NDArray], found: Sequence[NDArray]
    ) -> NanGuardError:
        lines = [title + place(equation)]
        lines += [f"  operand {number}: {summary(array)}" for number, array in enumerate(inputs)]
        lines += [f"  result: {summary(array)}" for array in found]
        return NanGuardError("\n".join(lines), equation, list(inputs), list(found))


class _Finder(Observer):
    """Raises for the first equation that makes an unwanted number of wanted ones, inside loops too."""

    def __init__(self, guard: NanGuard) -> None:
        self._guard = guard

    def equation(self, equation: Equation, operands: Sequence[NDArray], results: Sequence[NDArray]) -> None:
        fault = next(filter(None, map(self._guard.mode.fault, results)), None)
        if fault is None:
            return
        given = [a for v, a in zip(equation.inputs, operands, strict=True) if not isinstance(v, Constant)]
        if not any(self._guard.mode.fault(array) for array in given):
            title = f"{self._guard.name}: {equation.op.name} makes {fault}"
            raise self._guard.error(title, equation, operands, results)

"""What computes functions that check themselves: modes "debug" and "nan-guard"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from croton.compiler.compile import compile_graph
from croton.compiler.debug import DebugChecker
from croton.compiler.nan_guard import NanGuard
from croton.compiler.steps import function_of
from croton.frontends.config import config
from croton.frontends.variables import SharedVariable
from croton.graph.faults import NanGuardMode
from croton.graph.graph import Graph
from croton.graph.values import NDArray, Value
from croton.runtime import Cell


def checker(
    mode: str | NanGuardMode, graph: Graph, name: str, updated: Sequence[SharedVariable]
) -> Callable[[list[NDArray]], list[NDArray]]:
    """What computes all outputs of a graph from all its inputs, and checks them as the mode says."""
    disabled = config.disabled_passes
    if mode == "debug":
        return DebugChecker(graph, name, disabled, _WholeFunction(graph, name, updated))
    guard = mode if isinstance(mode, NanGuardMode) else NanGuardMode()
    return NanGuard(graph, name, guard, disabled)


class _WholeFunction:
    """The function as it is otherwise compiled, on copies of the shared variables."""

    def __init__(self, graph: Graph, name: str, updated: Sequence[SharedVariable]) -> None:
        returned = len(graph.outputs) - len(updated)
        state = [(graph.inputs.index(shared), returned + n) for n, shared in enumerate(updated)]
        self._cells: dict[Value, Cell] = {
            value: Cell(value.cell.array.copy())
            for value in graph.inputs
            if isinstance(value, SharedVariable)
        }
        self._inputs = graph.inputs
        self._updated = [self._cells[shared] for shared in updated]
        executable = compile_graph(graph, config.disabled_passes, state)
        self._function = function_of(executable, graph, name, self._cells, self._updated)

    def __call__(self, arrays: list[NDArray]) -> list[NDArray]:
        arguments = []
        for value, array in zip(self._inputs, arrays, strict=True):
            if value in self._cells:
                self._cells[value].array = np.array(array, order="C")
            else:
                arguments.append(array)
        return [*self._function(*arguments), *(cell.array for cell in self._updated)]

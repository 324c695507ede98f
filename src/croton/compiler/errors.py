"""From the error codes of generated code to exceptions that name the operation and the user's line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from croton.graph import dims
from croton.graph.dims import Symbol
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.graph.reporting import Verbosity, bind_sizes, details, place, summary, type_text
from croton.graph.values import Constant, Equation, NDArray
from croton.loops.program import made_by

if TYPE_CHECKING:
    from croton.compiler.compile import Executable

FAILED_GUARD, OUT_OF_MEMORY, OUT_OF_RANGE, RUNTIME_ERROR = 1, 2, 5, 6
WHOLE_CALL = -1  # in place of an equation's number: memory for the results, or for all intermediate values


def failure(
    executable: Executable,
    name: str,
    code: int,
    error: Sequence[int],
    sizes: Sequence[int],
    inputs: Sequence[NDArray],
) -> BaseException:
    """The exception for a call with these inputs that ended with `code`."""
    known = dict(zip(executable.lowered.code.symbols, sizes, strict=True))
    for value, array in zip(executable.request.graph.inputs, inputs, strict=False):
        bind_sizes(value.type, array, known)  # sizes that the compiler took to be equal to others
    if code == FAILED_GUARD:
        guard, equation = executable.lowered.code.guards[error[0]]
        after = place(equation, known) + _details(executable, equation, inputs)
        return guard.error(error[1], error[2], f"{name}: ", after)
    if code == OUT_OF_MEMORY and error[0] == WHOLE_CALL:
        return _memory_error(executable, name, error[1], known)
    equations = executable.lowered.code.equations
    equation = equations[error[0]] if 0 <= error[0] < len(equations) else None
    after = place(equation, known) + _details(executable, equation, inputs)
    if code == OUT_OF_MEMORY:
        return MemoryError(f"{name}: out of memory{after}")
    if code in (OUT_OF_RANGE, RUNTIME_ERROR) and equation is not None:
        reason = equation.op.failure(error[1:])
        if reason is not None:
            return type(reason)(f"{name}: {reason}{after}")
    if code == OUT_OF_RANGE:
        axis, index, size = error[1:4]
        return IndexError(f"{name}: index {index} is out of range for axis {axis} of size {size}{after}")
    shown = equation.op.name if equation is not None else "an operation"
    return RuntimeError(f"{name}: {shown} failed{after}")


def _memory_error(executable: Executable, name: str, arena: int, sizes: Mapping[Symbol, int]) -> MemoryError:
    """Says what needs the most memory."""
    program = executable.lowered.program
    needed: list[tuple[int, str]] = []
    for value in [value for step in program.steps for value in made_by(step)]:
        try:
            size = dims.evaluate(value.type.size, sizes) * value.type.dtype.itemsize
        except KeyError:  # only known while running
            continue
        needed.append((size, f"{size:,} bytes for {type_text(value.type, sizes)}{place(value.owner, sizes)}"))
    largest = max(needed, default=(0, ""))[1]
    shown = f"; the largest array takes {largest}" if largest else ""
    return MemoryError(f"{name}: no memory for results and {arena:,} bytes of intermediate values{shown}")


def _details(executable: Executable, equation: Equation | None, inputs: Sequence[NDArray]) -> str:
    """With high verbosity, what the operation was given, computed again by NumPy, and its expression."""
    if not Verbosity.high:
        return ""
    lines = ["", "  inputs of the function:"]
    graph = executable.request.graph
    for value, array in zip(graph.inputs, inputs, strict=False):
        lines.append(f"    {value.name or 'without a name'}: {summary(array)}")
    shown = "\n".join(lines)
    if equation is None:
        return shown
    return shown + details(equation, _operands(executable.lowered.graph, equation, inputs))


def _operands(graph: Graph, equation: Equation, inputs: Sequence[NDArray]) -> list[NDArray] | None:
    """The arrays that an equation of the graph reads; None where they cannot be had, as inside loops."""
    if equation not in graph.equations:
        return None
    wanted = [value for value in equation.inputs if not isinstance(value, Constant)]
    try:
        found = iter(interpret(Graph.of(graph.inputs, wanted), inputs[: len(graph.inputs)]))
    except Exception:  # an error while explaining an error must not hide it
        return None
    return [value.data if isinstance(value, Constant) else next(found) for value in equation.inputs]

"""From the error codes of generated code to exceptions that name the user's line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from croton.graph.values import Equation

if TYPE_CHECKING:
    from croton.compiler.compile import Executable

FAILED_GUARD, OUT_OF_MEMORY, OUT_OF_RANGE, RUNTIME_ERROR = 1, 2, 5, 6


def failure(
    executable: Executable, name: str, code: int, error: Sequence[int], sizes: Sequence[int]
) -> BaseException:
    """The exception for a run that returned `code`."""
    if code == FAILED_GUARD:
        guard, equation = executable.lowered.code.guards[error[0]]
        return guard.error(error[1], error[2], f"{name}: ", _place(equation))
    equations = executable.lowered.code.equations
    equation = equations[error[0]] if 0 <= error[0] < len(equations) else None
    if code == OUT_OF_MEMORY:
        return MemoryError(f"{name}: out of memory{_place(equation)}")
    if code in (OUT_OF_RANGE, RUNTIME_ERROR) and equation is not None:
        reason = equation.op.failure(error[1:])
        if reason is not None:
            return type(reason)(f"{name}: {reason}{_place(equation)}")
    if code == OUT_OF_RANGE:
        axis, index, size = error[1:4]
        return IndexError(
            f"{name}: index {index} is out of range for axis {axis} of size {size}{_place(equation)}"
        )
    shown = equation.op.name if equation is not None else "an operation"
    return RuntimeError(f"{name}: {shown} failed{_place(equation)}")


def _place(equation: Equation | None) -> str:
    if equation is None or equation.location is None:
        return ""
    return f"\n  in {equation.op.name}, made at {equation.location}"

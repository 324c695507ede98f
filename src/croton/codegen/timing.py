"""Timers of a profiled function: statements between steps that note how long the last one took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from croton.loops.program import Program, Step


class TimedStep(NamedTuple):
    """A step by the number under which its time is noted; `depth` loops and branches lie around it."""

    step: Step
    program: Program
    depth: int


class Timers:
    """The steps that are timed, in the order in which they are printed; none unless `enabled`."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.steps: list[TimedStep] = []
        self._depth = -1

    @contextmanager
    def block(self) -> Iterator[None]:
        """Inside, steps belong to one program: the whole function, or the body of a loop or branch."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def start(self, prefix: str) -> list[str]:
        """Declares the time at which the next step of a block begins."""
        return [f"ct_int {prefix}since = context->lap(context, -1, 0);"] if self.enabled else []

    def number(self, step: Step, program: Program) -> int:
        """The number of a step that is printed next; those inside it get higher ones."""
        if self.enabled:
            self.steps.append(TimedStep(step, program, self._depth))
        return len(self.steps) - 1

    def lap(self, prefix: str, number: int) -> list[str]:
        """Notes that a step is done; the next one begins."""
        return [f"{prefix}since = context->lap(context, {number}, {prefix}since);"] if self.enabled else []

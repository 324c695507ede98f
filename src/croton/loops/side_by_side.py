"""Loops that need nothing of each other stand next to each other, so that threads can take one each.

The two directions of a bidirectional layer are such loops, and so are those of its derivative.
"""

from __future__ import annotations

from croton.graph.values import Value
from croton.loops.program import Control, KernelCall, Nest, Product, Program, Step, made_by, step_reads


def gather_loops(program: Program) -> None:
    """Puts each loop behind the one before, if it needs nothing of it, and notes which then stand together.

    What the later one needs moves before both. All else stays in order: updates of state in place come last.
    """
    gatherer = _Gatherer(program)
    for step in program.steps:
        gatherer.take(step)
    gatherer.close()
    program.steps[:] = gatherer.steps
    program.beside = gatherer.groups


class _Gatherer:
    """The group of loops that is open, the steps that came after them, and what may not join them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.steps: list[Step] = []
        self.groups: list[tuple[Control, ...]] = []
        self._open: list[Control] = []
        self._after: list[Step] = []
        self._waiting: set[Step] = set()  # those of the steps after the group that need it
        self._made: set[Value] = set()  # by the group, and by what waits for it

    def take(self, step: Step) -> None:
        """The next step of the program."""
        needs = any(self._program.root(value) in self._made for value in step_reads(step))
        if isinstance(step, Control) and _may_stand_beside(step):
            if needs or not self._open:
                self.close()
            self.steps += [other for other in self._after if other not in self._waiting]
            self._after = [other for other in self._after if other in self._waiting]
            self._open.append(step)
            self._note(step)
        elif not self._open or not _may_wait(step):
            self.close()
            self.steps.append(step)
        else:
            self._after.append(step)
            if needs:
                self._waiting.add(step)
                self._note(step)

    def close(self) -> None:
        """The group is complete."""
        if len(self._open) > 1:
            self.groups.append(tuple(self._open))
        self.steps += [*self._open, *self._after]
        self._open, self._after, self._waiting, self._made = [], [], set(), set()

    def _note(self, step: Step) -> None:
        self._made.update(self._program.root(value) for value in made_by(step))


def _may_stand_beside(step: Control) -> bool:
    """Whether it is a loop over a state with rows, some of which a thread can take through all steps."""
    op = step.full_scan
    return op is not None and op.states > 0 and step.equation.outputs[0].type.rank > 0


def _may_wait(step: Step) -> bool:
    """Whether other steps may overtake it: it calls no Python and finds no sizes."""
    return isinstance(step, (Nest, Product)) or (
        isinstance(step, KernelCall) and not step.equation.bound_symbols()
    )

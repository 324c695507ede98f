"""Where the state of a loop lies, and the statements that move it from one step to the next.

Small states are local variables, which the C compiler keeps in registers. A state that results stack lies
in them (`tracks.py`). Any other has two buffers that take turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from croton.codegen.scalars import storage_type
from croton.codegen.shared_rows import Rows, copied_part, part_of
from croton.codegen.tracks import Track, row_bytes, stacked
from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Value
from croton.loops.program import Control

if TYPE_CHECKING:
    from croton.codegen.blocks import BlockPrinter

SMALL = 8  # elements of a state that is kept in local variables


class LoopState:
    """The state of one loop. `lines_before`, `lines_in_step` and so on are statements for around its body."""

    def __init__(
        self, block: BlockPrinter, step: Control, number: int, tag: str, rows: Rows | None = None
    ) -> None:
        """rows: those for which the statements are run, if not for all."""
        self.block = block
        self.step = step
        self.tag = tag
        self.rows = rows
        self.count = step.loop.states
        self.local = [_is_small(output) for output in step.equation.outputs[: self.count]]
        tracks = {track.state: track for track in block.tracks.get(step, [])}
        self.tracks: dict[int, Track] = {s: t for s, t in tracks.items() if not self.local[s]}
        self.reserved: list[str] = []
        self.spare: dict[int, str] = {}
        for state in range(self.count):
            if not self.local[state] and state not in self.tracks:
                self.spare[state] = self._spare_buffer(state, number)

    @property
    def inputs(self) -> list[str]:
        """Pointers to the state before a step."""
        return [f"{self.tag}state{state}" for state in range(self.count)]

    @property
    def outputs(self) -> list[str]:
        """Pointers to where the state after a step comes to lie."""
        return [f"{self.tag}next{state}" for state in range(self.count)]

    def lies_in_state(self, position: int) -> bool:
        """Whether the row of a result is the state itself, so that nothing needs to be stored for it."""
        return any(position in (track.before, track.after) for track in self.tracks.values())

    def lines_before(self) -> list[str]:
        """Statements before the first step."""
        lines = list(self.reserved)
        for state in range(self.count):
            initial = self.block.pointer(self.step.equation.inputs[state])
            here, there, size = self.inputs[state], self.outputs[state], self._size(state)
            if self.local[state]:
                type = self.step.equation.outputs[state].type
                declared = storage_type(type.dtype)
                lines.append(f"{declared} {here}[{type.size}], {there}[{type.size}];")
                lines.append(f"__builtin_memcpy({here}, {initial}, {size});")
            elif state in self.spare:
                first = self.block.pointer(self.step.equation.outputs[state])
                lines.append(f"char *{here} = (char *){first}, *{there} = (char *){self.spare[state]};")
                lines.append(self._copy(state, "__builtin_memmove", here, initial))
            elif self.tracks[state].before is None:
                lines.append(f"char *{here} = (char *){initial}, *{there} = 0; (void){there};")
            else:
                lines.append(f"char *{here} = {self._first_row(state)}, *{there} = 0; (void){there};")
                lines.append(self._copy(state, "__builtin_memcpy", here, initial))
        return lines

    def lines_in_step(self) -> list[str]:
        """Statements at the start of a step, whose index is `at`."""
        lines = []
        for state, track in self.tracks.items():
            if track.before is None:
                assert track.after is not None
                start = self.block.pointer(stacked(self.step, track.after))
                lines.append(f"{self.outputs[state]} = (char *){start} + {self.tag}at * {self._size(state)};")
            else:
                sign = "-" if self._reverse else "+"
                lines.append(f"{self.outputs[state]} = {self.inputs[state]} {sign} {self._size(state)};")
        return lines

    def lines_after_step(self) -> list[str]:
        """Statements at the end of a step."""
        lines = []
        for state in range(self.count):
            here, there = self.inputs[state], self.outputs[state]
            if self.local[state]:
                lines.append(f"__builtin_memcpy({here}, {there}, {self._size(state)});")
            elif state in self.spare:
                lines.append(f"{{ char *old = {here}; {here} = {there}; {there} = old; }}")
            else:
                lines.append(f"{here} = {there};")
        return lines

    def lines_after(self) -> list[str]:
        """Statements after the last step: the final state where it is wanted."""
        lines = []
        for state in range(self.count):
            final, here = self.block.pointer(self.step.equation.outputs[state]), self.inputs[state]
            copy = self._copy(state, "__builtin_memcpy", final, here)
            lines.append(f"if ({here} != (char *){final}) {copy}" if state in self.spare else copy)
        return lines

    def _copy(self, state: int, function: str, target: str, source: str) -> str:
        part = part_of(self.rows, row_bytes(self.step, state), self.block.unit)
        return copied_part(function, target, source, part)

    @property
    def _reverse(self) -> bool:
        return self.step.scan.reverse

    def _size(self, state: int) -> str:
        return self.block.unit.size(row_bytes(self.step, state))

    def _first_row(self, state: int) -> str:
        """Where the initial state lies in the array of the state before and after each step."""
        before = self.tracks[state].before
        assert before is not None
        start = f"(char *){self.block.pointer(stacked(self.step, before))}"
        if not self._reverse:
            return start
        return f"{start} + ({self.block.unit.size(self.step.scan.length)} - 1) * {self._size(state)}"

    def _spare_buffer(self, state: int, number: int) -> str:
        output = self.step.equation.outputs[state]
        size: Dim = row_bytes(self.step, state)
        if dims.runtime_symbols((output.type.size,)):
            name = f"{self.tag}spare{state}"
            self.reserved += self.block.reserve(name, size, self.step.equation)
            return name
        key = (self.step, state)
        self.block.plan.place(key, size, *self.block.span(number))
        return f"{self.block.prefix}{self.block.plan.placed[key]}"


def _is_small(value: Value) -> bool:
    size = value.type.size
    return isinstance(size, int) and 0 < size <= SMALL

"""What a scan need not do: results nobody reads or that are there already, states nobody asks for."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, transform
from croton.graph.values import Constant, Equation, Value
from croton.ops.shape import broadcast_to
from croton.rewrite.cleanup import merge_common
from croton.rewrite.scan_parts import ScanParts, State, is_plain, needed_by


def trim_loops(graph: Graph) -> Graph:
    """The graph with every scan reduced to what is read of it."""
    if not any(is_plain(equation) for equation in graph.equations):
        return graph
    read = {operand for equation in graph.equations for operand in equation.inputs} | set(graph.outputs)
    positions = iter(graph.equations)

    def trim(equation: Equation) -> Sequence[Value] | None:
        original = next(positions)
        if not is_plain(equation):
            return None
        return _Trimming(equation, [output in read for output in original.outputs]).replaced()

    return transform(graph, trim)


class _Trimming:
    """One scan, with which of its outputs are read."""

    def __init__(self, equation: Equation, read: Sequence[bool]) -> None:
        self.equation = equation
        self.parts = ScanParts.of(equation)
        count = len(self.parts.states)
        self.final_read, self.result_read = read[:count], read[count:]

    def replaced(self) -> Sequence[Value] | None:
        """What stands for each output of the scan; None if there is nothing to trim."""
        self._merge_operands()
        parts = self.parts
        unchanged = self._drop_unchanged_states()
        before = list(parts.results)
        kept_states = self._needed_states()
        outside = {entry.inner: entry.outer for entry in parts.sequences}
        results: dict[Value, None] = {}
        for result, read in zip(parts.results, self.result_read, strict=True):
            if read and result not in outside and self._constant_through(result) is None:
                results[result] = None
        states = list(parts.states)
        parts.states = [state for state in states if state in kept_states]
        parts.results = list(results)
        renewed = parts.built()
        if _same_interface(renewed, self.equation):
            return None
        finals = dict(zip(parts.states, parts.finals(renewed), strict=True))
        stacked = dict(zip(parts.results, parts.stacked(renewed), strict=True))
        made: list[Value] = []
        remaining = iter(states)
        for position, output in enumerate(self.equation.outputs[: len(self.final_read)]):
            kept = unchanged.get(position)
            made.append(finals.get(next(remaining), output) if kept is None else kept)
        for result, output in zip(before, self.equation.outputs[len(self.final_read) :], strict=True):
            made.append(self._stacked(result, output, stacked, outside))
        return made

    def _stacked(
        self, result: Value, output: Value, stacked: dict[Value, Value], outside: dict[Value, Value]
    ) -> Value:
        if result in stacked:
            return stacked[result]
        if result in outside:
            return outside[result]
        constant = self._constant_through(result)
        if constant is None:
            return output  # nobody reads it
        repeated: Value = broadcast_to(constant, output.type.shape)
        return repeated

    def _constant_through(self, result: Value) -> Value | None:
        """The value outside, if the result is the same in all steps."""
        if isinstance(result, Constant):
            return result
        return next((entry.outer for entry in self.parts.captured if entry.inner is result), None)

    def _merge_operands(self) -> None:
        """What is handed in twice is read once."""
        parts = self.parts
        same: dict[Value, Value] = {}
        for group in (parts.sequences, parts.captured):
            first: dict[Value, Value] = {}
            for entry in group:
                if first.setdefault(entry.outer, entry.inner) is not entry.inner:
                    same[entry.inner] = first[entry.outer]
        if same:
            parts.substitute(same)
            merged = merge_common(parts.body())
            for state, after in zip(parts.states, merged.outputs, strict=False):
                state.after = after
            parts.results = list(merged.outputs[len(parts.states) :])

    def _drop_unchanged_states(self) -> dict[int, Value]:
        """States that no step changes become captured values; returns their values by position."""
        parts = self.parts
        unchanged = {
            position: state.initial
            for position, state in enumerate(parts.states)
            if state.after is state.before
        }
        if unchanged:
            replacements = {
                parts.states[position].before: parts.capture(initial)
                for position, initial in unchanged.items()
            }
            parts.states = [state for position, state in enumerate(parts.states) if position not in unchanged]
            parts.substitute(replacements)
        self.final_kept = [read for number, read in enumerate(self.final_read) if number not in unchanged]
        return unchanged

    def _needed_states(self) -> list[State]:
        """States whose final value is read, or from which something that is read is computed."""
        parts = self.parts
        live = [result for result, read in zip(parts.results, self.result_read, strict=True) if read]
        needed = [state for state, read in zip(parts.states, self.final_kept, strict=True) if read]
        while True:
            values = needed_by([*live, *(state.after for state in needed)])
            more = [state for state in parts.states if state.before in values and state not in needed]
            if not more:
                return needed
            needed += more


def _same_interface(renewed: Equation, old: Equation) -> bool:
    return renewed.inputs == old.inputs and len(renewed.outputs) == len(old.outputs)

"""A scan that stops when its body says so: how many results there are is known only while running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.errors import DTypeError
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array
from croton.ops.control import Scan
from croton.ops.dimension import dim_of
from croton.ops.rows import among_zeros, rows


class ScanUntil(Operation):
    """At most `length` steps of a body: (state, elements, captured) -> (state, results, bool scalar).

    The step in which the scalar is true is the last one. Operands: initial state, sequences (elements along
    axis 0), captured values. Outputs: final state; results stacked in the order of the steps along a new
    axis 0, whose size `symbol` the loop finds; the number of steps (int64). With `reverse`, steps run from
    the last element to the first. `truncate`: as in `Scan`. `only_last`: for each result whether only the row
    of the last step is kept; empty if all rows of all are.
    """

    body: Graph
    length: Dim
    states: int
    sequences: int
    symbol: Dim
    reverse: bool = False
    truncate: int = -1
    only_last: tuple[bool, ...] = ()
    name = "scan_until"

    def graphs(self) -> tuple[Graph, ...]:
        return (self.body,)

    def __str__(self) -> str:
        return f"scan_until(length<={self.length}{', reverse' if self.reverse else ''})"

    def parameter_dims(self) -> list[Dim]:
        """Without the number of steps taken: the equation finds it, it does not need it."""
        return [dim for dim in (self.length, *self.body.free_dims()) if not isinstance(dim, int)]

    def size_bounds(self, operands: Sequence[TensorType]) -> dict[dims.Symbol, Dim]:
        """The largest that each size found while running can be."""
        symbol = dims.single_symbol(self.symbol)
        return {} if symbol is None else {symbol: self.length}

    @property
    def _only_last(self) -> tuple[bool, ...]:
        return self.only_last or (False,) * (len(self.body.outputs) - 1 - self.states)

    @property
    def endless(self) -> Scan:
        """The same loop without an end before `length` steps, as to its types."""
        body = Graph.of(self.body.inputs, self.body.outputs[:-1])
        return Scan(body, self.length, self.states, self.sequences, self.reverse, self.truncate)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        stop = self.body.outputs[-1].type
        if stop.dtype != dtypes.BOOL or stop.rank != 0:
            raise DTypeError(f"scan: the condition to stop must be a bool scalar, got {stop}")
        whole = self.endless.infer(*operands)
        results = [
            TensorType(result.dtype, (1 if only_last else self.symbol, *result.shape[1:]))
            for result, only_last in zip(whole[self.states :], self._only_last, strict=True)
        ]
        return (*whole[: self.states], *results, TensorType(dtypes.INT64, ()))

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        states = list(operands[: self.states])
        sequences = operands[self.states : self.states + self.sequences]
        captured = operands[self.states + self.sequences :]
        results: list[list[NDArray]] = [[] for _ in self.body.outputs[self.states : -1]]
        steps, length = 0, int(self.length)
        while steps < length:
            place = length - 1 - steps if self.reverse else steps
            outputs = interpret(self.body, [*states, *(sequence[place] for sequence in sequences), *captured])
            states = outputs[: self.states]
            for collected, result in zip(results, outputs[self.states : -1], strict=True):
                collected.append(result)
            steps += 1
            if bool(outputs[-1]):
                break
        stack = self.endless.changed(reverse=False).stack_results
        stacked = [
            stack(found[-1:] if only_last else found, position)
            for position, (found, only_last) in enumerate(zip(results, self._only_last, strict=True))
        ]
        return (*states, *stacked, np.asarray(steps, np.int64))

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The derivative of a scan of as many steps as were taken."""
        steps = self._steps_taken(outputs)
        start, direction = (dims.subtract(self.length, 1), -1) if self.reverse else (0, 1)
        first, last = self.states, self.states + self.sequences
        reached = [rows(sequence, start, steps, direction) for sequence in operands[first:last]]
        scan = self.endless.changed(length=steps, reverse=False)
        given = [*operands[:first], *reached, *operands[last:]]
        arriving = [
            among_zeros(cotangent, dims.subtract(steps, 1), steps) if only_last else cotangent
            for cotangent, only_last in zip(cotangents[self.states : -1], self._only_last, strict=True)
        ]
        found = list(scan.vjp(given, outputs[:-1], [*cotangents[: self.states], *arriving]))
        for position in range(first, last):
            if found[position] is not None:
                found[position] = among_zeros(found[position], start, self.length, direction)
        return found

    def _steps_taken(self, outputs: Sequence[Array]) -> Dim:
        for output, only_last in zip(outputs[self.states : -1], self._only_last, strict=True):
            if not only_last:
                return base.shape_of(output)[0]
        return dim_of(outputs[-1])

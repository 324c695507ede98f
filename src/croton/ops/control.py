"""Control flow in the graph: branches and loops are equations with sub-graphs.

A sub-graph is closed: whatever it uses from outside is among its operands. Derivatives are sub-graphs
too. A loop's derivative is a loop that runs backwards over what the forward loop saved: the state before
each step and the results of its expensive operations; the rest is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph, copy_graph
from croton.graph.interpreter import interpret
from croton.graph.operation import Operation
from croton.graph.values import Constant, Equation, NDArray, TensorType, Value
from croton.ops import base
from croton.ops.arithmetic import add, where
from croton.ops.base import Array, apply
from croton.ops.comparison import less_equal
from croton.ops.control_forward import Renewed, Tangents, cond_forward, scan_forward, while_forward
from croton.ops.dimension import dim_of, size_as_number
from croton.ops.rows import among_zeros, is_zero, rows
from croton.ops.saving import choose_saved
from croton.ops.shape import broadcast_to, zeros_like
from croton.ops.slicing import at_most, smaller

Differentiate = Callable[[Sequence[Value], Sequence[Value], Sequence[Value]], list[Value | None]]

# How sub-graphs are differentiated (outputs, seeds, wrt -> cotangents of wrt): croton.autodiff puts it here.
derivative_of: list[Differentiate] = []


def _agree(given: TensorType, made: TensorType, what: str) -> None:
    """Checks that a loop's state or a branch's result keeps its type."""
    if given.dtype != made.dtype:
        raise DTypeError(f"{what} is {given.dtype.name} at first and {made.dtype.name} afterwards")
    if given.rank != made.rank:
        raise ShapeError(f"{what} has {given.rank} axes at first and {made.rank} afterwards")
    for axis, (before, after) in enumerate(zip(given.shape, made.shape, strict=True)):
        dims.require_equal(before, after, f"{what} changes size on axis {axis}")


class Scan(Operation):
    """`length` steps of a body: (state, elements, captured) -> (state, results).

    Operands: initial state, sequences (elements along axis 0), captured values. Outputs: final state, then
    results stacked along a new axis 0. With `reverse`, steps run from the last element to the first.
    Derivatives go back through the last `truncate` steps only, unless it is negative. `kept`: for each result
    how many rows are, those of the last steps; empty if all are. `reads`: for each sequence (start, step):
    element i is the one at start + i * step of the operand; empty if all start at 0. `backward`: whether it
    carries derivatives; `flushes`: whether compiled code rounds results below the normal range to zero.
    """

    body: Graph
    length: Dim
    states: int
    sequences: int
    reverse: bool = False
    truncate: int = -1
    kept: tuple[Dim, ...] = ()
    reads: tuple[tuple[Dim, int], ...] = ()
    backward: bool = False
    flushes: bool = False
    name = "scan"

    def graphs(self) -> tuple[Graph, ...]:
        return (self.body,)

    def __str__(self) -> str:
        return f"scan(length={self.length}{', reverse' if self.reverse else ''})"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        for position, (given, inside) in enumerate(zip(operands, self.body.inputs, strict=True)):
            if self.states <= position < self.states + self.sequences:
                if not self.reads:
                    dims.require_equal(
                        given.shape[0], self.length, f"scan: length of sequence {position - self.states}"
                    )
                given = TensorType(given.dtype, given.shape[1:])
            _agree(inside.type, given, f"scan: operand {position}")
        for position in range(self.states):
            _agree(operands[position], self.body.outputs[position].type, f"scan: state {position}")
        results = [output.type for output in self.body.outputs[self.states :]]
        return (
            *operands[: self.states],
            *(
                TensorType(result.dtype, (rows, *result.shape))
                for result, rows in zip(results, self.rows_kept(), strict=True)
            ),
        )

    def places_read(self) -> tuple[tuple[Dim, int], ...]:
        """For each sequence, where its first element lies in the operand, and how far apart elements are."""
        return self.reads or ((0, 1),) * self.sequences

    def rows_kept(self) -> tuple[Dim, ...]:
        """How many rows of each result there are."""
        return self.kept or (self.length,) * (len(self.body.outputs) - self.states)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        length = int(self.length)
        states = list(operands[: self.states])
        sequences = [
            operand[int(start) :: step]
            for operand, (start, step) in zip(operands[self.states :], self.places_read(), strict=False)
        ]
        captured = operands[self.states + self.sequences :]
        results: list[list[NDArray]] = [[] for _ in self.body.outputs[self.states :]]
        for step in reversed(range(length)) if self.reverse else range(length):
            outputs = interpret(self.body, [*states, *(sequence[step] for sequence in sequences), *captured])
            states = outputs[: self.states]
            for collected, result in zip(results, outputs[self.states :], strict=True):
                collected.append(result)
        stacked = [
            self.stack_results(collected[len(collected) - int(rows) :], position)
            for position, (collected, rows) in enumerate(zip(results, self.rows_kept(), strict=True))
        ]
        return (*states, *stacked)

    def stack_results(self, collected: list[NDArray], position: int) -> NDArray:
        """The results of all steps, in the order of the steps, as one array."""
        if collected:
            return np.stack(collected[::-1] if self.reverse else collected)
        type = self.body.outputs[self.states + position].type
        return np.zeros((0, *(size if isinstance(size, int) else 0 for size in type.shape)), type.dtype)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        whole = self.changed(kept=(), reads=())
        given = list(operands)
        for position, (start, step) in enumerate(self.places_read(), self.states):
            given[position] = rows(given[position], start, self.length, step)
        arriving = [
            among_zeros(cotangent, 0 if self.reverse else dims.subtract(self.length, number), self.length)
            for cotangent, number in zip(cotangents[self.states :], self.rows_kept(), strict=True)
        ]
        found = list(_ScanDerivative(whole).pull_back(given, [*cotangents[: self.states], *arriving]))
        for position, (start, step) in enumerate(self.places_read(), self.states):
            if found[position] is not None:
                length = base.shape_of(operands[position])[0]
                found[position] = among_zeros(found[position], start, length, step)
        return found

    def jvp(self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Tangents) -> Renewed | None:
        """None where derivatives stop at some step: that is a matter of the reverse rule."""
        return None if self.truncate >= 0 else scan_forward(self, operands, tangents)


class _ScanDerivative:
    """Builds the saving forward loop and the backward loop of a scan."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        body = scan.body
        self.inputs = body.inputs
        self.states = body.inputs[: scan.states]
        self.elements = body.inputs[scan.states : scan.states + scan.sequences]
        self.captured = body.inputs[scan.states + scan.sequences :]
        self.wrt = [value for value in body.inputs if dtypes.is_inexact(value.type.dtype)]
        inexact = [output for output in body.outputs if dtypes.is_inexact(output.type.dtype)]
        self.seeded = list(dict.fromkeys(inexact))  # a value may be both state and result
        self.seeds = [_placeholder(output.type) for output in self.seeded]
        found = derivative_of[0](self.seeded, self.seeds, self.wrt)
        self.cotangents = {value: cotangent for value, cotangent in zip(self.wrt, found, strict=True)}
        roots = [cotangent for cotangent in found if cotangent is not None]
        self.graph = Graph.of([*body.inputs, *self.seeds], roots, body.equations)
        self.saved = self._choose_saved()

    def _choose_saved(self) -> list[Value]:
        """Values of the forward step that the backward step reads instead of computing them again."""
        late: set[Value] = set(self.seeds)
        for equation in self.graph.equations:
            if any(operand in late for operand in equation.inputs):
                late.update(equation.outputs)
        frontier = [
            operand
            for equation in self.graph.equations
            if equation.outputs[0] in late
            for operand in equation.inputs
            if operand not in late
        ]
        frontier += [output for output in self.graph.outputs if output not in late]
        found = {symbol for equation in self.graph.equations for symbol in equation.bound_symbols()}
        return choose_saved(frontier, self.scan.body, self.scan.states, found)

    def pull_back(self, operands: Sequence[Array], cotangents: Sequence[Array]) -> Sequence[Any]:
        scan = self.scan
        forward = Scan(
            Graph.of(self.inputs, [*scan.body.outputs, *self.saved], scan.body.equations),
            scan.length,
            scan.states,
            scan.sequences,
            scan.reverse,
            scan.truncate,
            backward=scan.backward,
        )
        stacked = apply(forward, *operands)[len(scan.body.outputs) :]
        by_output = dict(zip(range(len(scan.body.outputs)), cotangents, strict=True))
        return self._backward(operands, self.saved, stacked, by_output)

    def _backward(
        self,
        operands: Sequence[Array],
        saved: list[Value],
        stacked: Sequence[Array],
        cotangents: dict[int, Array],
    ) -> list[Any]:
        scan = self.scan
        differentiable = [state for state in self.states if state in self.cotangents]
        accumulated = [value for value in self.captured if self.cotangents.get(value) is not None]
        sums = [_placeholder(value.type) for value in accumulated]
        state_outputs = scan.body.outputs[: scan.states]
        state_seeds = [_placeholder(state.type) for state in differentiable]
        flowing = [
            position
            for position in range(scan.states, len(scan.body.outputs))
            if dtypes.is_inexact(scan.body.outputs[position].type.dtype) and not is_zero(cotangents[position])
        ]
        result_seeds = [_placeholder(scan.body.outputs[position].type) for position in flowing]
        result_cotangents = [cotangents[position] for position in flowing]
        result_outputs = [scan.body.outputs[position] for position in flowing]
        element_cotangents = [value for value in self.elements if self.cotangents.get(value) is not None]

        def cotangent(value: Value) -> Value:
            found = self.cotangents.get(value)
            return base.symbolic(zeros_like(value)) if found is None else found

        outputs = [
            *(cotangent(state) for state in differentiable),
            *(
                base.symbolic(add(total, cotangent(value)))
                for total, value in zip(sums, accumulated, strict=True)
            ),
            *(cotangent(value) for value in element_cotangents),
        ]
        saved_inputs = [_placeholder(value.type) for value in saved]
        replacements: dict[Value, Value] = dict(zip(saved, saved_inputs, strict=True))
        replacements.update(
            self._totals(
                [*(state_outputs[self.states.index(state)] for state in differentiable), *result_outputs],
                [*state_seeds, *result_seeds],
            )
        )
        inputs = [*state_seeds, *sums, *saved_inputs, *result_seeds, *self.elements, *self.captured]
        full = Graph.of([*self.inputs, *self.seeds], outputs, self.graph.equations)
        body_graph = copy_graph(full, replacements, full.fresh_sizes())
        body = Graph.of(inputs, body_graph.outputs, body_graph.equations)
        start, steps = self._covered()
        sequences = [*stacked, *result_cotangents, *operands[scan.states : scan.states + scan.sequences]]
        sequences = [rows(sequence, start, steps) for sequence in sequences]
        initial = [
            *(cotangents[self.states.index(state)] for state in differentiable),
            *(zeros_like(operands[self.inputs.index(value)]) for value in accumulated),
        ]
        backward = Scan(body, steps, len(initial), len(sequences), not scan.reverse, backward=True)
        made = list(apply(backward, *initial, *sequences, *operands[scan.states + scan.sequences :]))
        first = len(differentiable)
        made[:first] = [self._if_all_covered(cotangent) for cotangent in made[:first]]
        first += len(accumulated)
        made[first:] = [among_zeros(cotangent, start, scan.length) for cotangent in made[first:]]
        results: dict[Value, Array] = dict(
            zip([*differentiable, *accumulated, *element_cotangents], made, strict=True)
        )
        return [results.get(value) for value in self.inputs]

    def _covered(self) -> tuple[Dim, Dim]:
        """The first row and the number of rows of the steps that the derivative goes back through."""
        scan = self.scan
        if scan.truncate < 0:
            return 0, scan.length
        steps = smaller(scan.length, scan.truncate)
        return (0 if scan.reverse else dims.subtract(scan.length, steps)), steps

    def _if_all_covered(self, cotangent: Array) -> Array:
        """The cotangent of the initial state: zero where the derivative stops before it gets there."""
        scan = self.scan
        if scan.truncate < 0 or at_most(scan.length, scan.truncate):
            return cotangent
        if isinstance(scan.length, int):
            return zeros_like(cotangent)
        return where(less_equal(size_as_number(scan.length), scan.truncate), cotangent, 0)

    def _totals(self, outputs: Sequence[Value], arriving: Sequence[Value]) -> dict[Value, Value]:
        """What each seed stands for: the sum of what arrives at its output, as state and as result."""
        totals: dict[Value, Value] = {}
        for output, cotangent in zip(outputs, arriving, strict=True):
            totals[output] = _plus(totals.get(output), cotangent)
        return {
            seed: totals.get(output, base.symbolic(zeros_like(seed)))
            for output, seed in zip(self.seeded, self.seeds, strict=True)
        }


def _plus(first: Value | None, second: Value) -> Value:
    return second if first is None else base.symbolic(add(first, second))


def _placeholder(type: TensorType) -> Value:
    return Value.factory(type)


class While(Operation):
    """Repeats a body while a condition holds.

    Operands: initial state, captured values. Outputs: final state, then the number of steps (int64).
    """

    condition: Graph
    body: Graph
    states: int
    name = "while_loop"

    def graphs(self) -> tuple[Graph, ...]:
        return (self.condition, self.body)

    def __str__(self) -> str:
        return "while_loop"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        for position, (given, inside) in enumerate(zip(operands, self.body.inputs, strict=True)):
            _agree(inside.type, given, f"while_loop: operand {position}")
        for position in range(self.states):
            _agree(operands[position], self.body.outputs[position].type, f"while_loop: state {position}")
        predicate = self.condition.outputs[0].type
        if predicate.dtype != dtypes.BOOL or predicate.rank != 0:
            raise DTypeError(f"while_loop: the condition must be a bool scalar, got {predicate}")
        return (*operands[: self.states], TensorType(dtypes.INT64, ()))

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        states, captured = list(operands[: self.states]), operands[self.states :]
        count = 0
        while bool(interpret(self.condition, [*states, *captured])[0]):
            states = interpret(self.body, [*states, *captured])
            count += 1
        return (*states, np.asarray(count, np.int64))

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The derivative of as many steps of a scan as the loop took."""
        length = dim_of(outputs[self.states])
        scan = Scan(self.body, length, self.states, 0)
        return scan.vjp(operands, outputs[: self.states], cotangents[: self.states])

    def jvp(self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Tangents) -> Renewed:
        return while_forward(self, operands, tangents)


class Cond(Operation):
    """One of two sub-graphs of the same operands, by a bool scalar; the other one costs nothing.

    Operands: the predicate, then the operands of both branches.
    """

    chosen: Graph
    other: Graph
    name = "cond"

    def graphs(self) -> tuple[Graph, ...]:
        return (self.chosen, self.other)

    def __str__(self) -> str:
        return "cond"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        if operands[0].dtype != dtypes.BOOL or operands[0].rank != 0:
            raise DTypeError(f"cond: the predicate must be a bool scalar, got {operands[0]}")
        if len(self.chosen.outputs) != len(self.other.outputs):
            raise ShapeError(
                f"cond: one branch has {len(self.chosen.outputs)} results, "
                f"the other {len(self.other.outputs)}"
            )
        for position, (first, second) in enumerate(zip(self.chosen.outputs, self.other.outputs, strict=True)):
            _agree(first.type, second.type, f"cond: result {position}")
        return tuple(output.type for output in self.chosen.outputs)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return tuple(interpret(self.chosen if bool(operands[0]) else self.other, operands[1:]))

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """A branch on the same predicate over the derivatives of the branches."""
        flowing = [
            position for position, output in enumerate(outputs) if dtypes.is_inexact(base.dtype_of(output))
        ]
        wrt = [position for position, o in enumerate(operands[1:]) if dtypes.is_inexact(base.dtype_of(o))]
        if not flowing or not wrt:
            return [None] * len(operands)
        branches = [self._branch_derivative(graph, flowing, wrt) for graph in (self.chosen, self.other)]
        made = apply(
            Cond(*branches), operands[0], *operands[1:], *(cotangents[position] for position in flowing)
        )
        results: list[Any] = [None] * len(operands)
        for position, cotangent in zip(wrt, made, strict=True):
            results[position + 1] = cotangent
        return results

    def jvp(self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Tangents) -> Renewed:
        return cond_forward(self, operands, tangents)

    def _branch_derivative(self, graph: Graph, flowing: list[int], wrt: list[int]) -> Graph:
        seeds = [_placeholder(graph.outputs[position].type) for position in flowing]
        variables = [graph.inputs[position] for position in wrt]
        found = derivative_of[0]([graph.outputs[position] for position in flowing], seeds, variables)
        outputs = [
            base.symbolic(zeros_like(variable)) if cotangent is None else cotangent
            for variable, cotangent in zip(variables, found, strict=True)
        ]
        return Graph.of([*graph.inputs, *seeds], outputs, graph.equations)


def close_over(placeholders: Sequence[Value], outputs: Sequence[Value]) -> tuple[Graph, list[Value]]:
    """A closed sub-graph computing `outputs` from `placeholders`, and the outside values it captures.

    What does not depend on the placeholders stays outside and is computed once. The captured values are
    further inputs of the sub-graph, after the placeholders.
    """
    whole = Graph.of(placeholders, outputs)
    inside: set[Value] = set(placeholders)
    kept: list[Equation] = []
    for equation in whole.equations:
        if any(operand in inside for operand in equation.inputs) or _is_free_of_inputs(equation):
            inside.update(equation.outputs)
            kept.append(equation)
    captured: dict[Value, None] = {}
    for equation in kept:
        captured.update(dict.fromkeys(operand for operand in equation.inputs if operand not in inside))
    captured.update(dict.fromkeys(output for output in outputs if output not in inside))
    lifted = [value for value in captured if not (isinstance(value, Constant) and value.data.size == 1)]
    lifted += size_carriers(kept, [*placeholders, *lifted])
    stand_ins = [_placeholder(value.type) for value in lifted]
    replacements = dict(zip(lifted, stand_ins, strict=True))
    closed = Graph.of([*placeholders, *lifted], outputs)
    renewed = copy_graph(closed, replacements, closed.fresh_sizes())
    return Graph.of([*placeholders, *stand_ins], renewed.outputs, renewed.equations), lifted


def size_carriers(equations: Sequence[Equation], inputs: Sequence[Value]) -> list[Value]:
    """Empty arrays that tell a sub-graph of the sizes found while running that neither its inputs name nor
    its equations find.
    """
    named: set[dims.Symbol] = set()
    known = {symbol for value in inputs for symbol in dims.runtime_symbols(value.type.shape)}
    for equation in equations:
        known.update(equation.bound_symbols())
        named |= dims.runtime_symbols(equation.op.parameter_dims())
        named |= dims.runtime_symbols([size for output in equation.outputs for size in output.type.shape])
    missing = sorted(named - known, key=lambda symbol: symbol.uid)
    return [base.symbolic(broadcast_to(False, (dims.of_atom(symbol), 0))) for symbol in missing]


def _is_free_of_inputs(equation: Any) -> bool:
    """Whether an equation only spreads a constant, which is cheaper done again than stored."""
    return equation.op.name in ("broadcast_to", "iota", "size") and all(
        isinstance(operand, Constant) for operand in equation.inputs
    )

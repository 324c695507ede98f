"""A scan taken apart, so that passes can add, drop and move its states, sequences and results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from croton.graph import dims
from croton.graph.dims import Dim, Guard
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import Equation, TensorType, Value
from croton.ops.control import Scan


@dataclass(eq=False)
class State:
    """What a step hands to the next: its value outside at first, inside before and after a step."""

    initial: Value
    before: Value
    after: Value


@dataclass(eq=False)
class Given:
    """A value from outside and what stands for it, or for an element of it, inside."""

    outer: Value
    inner: Value


@dataclass(eq=False)
class ScanParts:
    """The pieces of a scan, free to be changed. `results` are values inside, stacked by the scan."""

    equation: Equation
    states: list[State]
    sequences: list[Given]
    captured: list[Given]
    results: list[Value]
    guards: list[Guard] = field(default_factory=list)

    @staticmethod
    def of(equation: Equation) -> ScanParts:
        """The pieces of an equation whose operation is a scan."""
        op = equation.op
        assert isinstance(op, Scan)
        inner, outer = op.body.inputs, equation.inputs
        states = [
            State(initial, before, after)
            for initial, before, after in zip(
                outer[: op.states], inner[: op.states], op.body.outputs[: op.states], strict=True
            )
        ]
        given = [Given(value, inside) for value, inside in zip(outer, inner, strict=True)]
        last = op.states + op.sequences
        return ScanParts(
            equation,
            states,
            given[op.states : last],
            given[last:],
            list(op.body.outputs[op.states :]),
            list(equation.guards),
        )

    @property
    def op(self) -> Scan:
        op = self.equation.op
        assert isinstance(op, Scan)
        return op

    @property
    def length(self) -> Dim:
        return self.op.length

    @property
    def inner_inputs(self) -> list[Value]:
        """Values of the body that come from outside a step."""
        given = [*self.sequences, *self.captured]
        return [*(state.before for state in self.states), *(entry.inner for entry in given)]

    @property
    def inner_outputs(self) -> list[Value]:
        """Values of the body that leave a step."""
        return [*(state.after for state in self.states), *self.results]

    def body(self) -> Graph:
        """The body as it now is."""
        return Graph.of(self.inner_inputs, self.inner_outputs)

    def copy(self) -> ScanParts:
        """Pieces that can be changed without changing these."""
        return replace(
            self,
            states=[replace(state) for state in self.states],
            sequences=list(self.sequences),
            captured=list(self.captured),
            results=list(self.results),
            guards=list(self.guards),
        )

    def substitute(self, replacements: Mapping[Value, Value]) -> None:
        """Replaces values of the body wherever they are read."""
        renewed = copy_graph(Graph.of([], self.inner_outputs), replacements).outputs
        for state, after in zip(self.states, renewed, strict=False):
            state.after = after
        self.results = list(renewed[len(self.states) :])

    def capture(self, outer: Value) -> Value:
        """What stands inside for a value from outside."""
        for entry in self.captured:
            if entry.outer is outer:
                return entry.inner
        inner = Value.factory(outer.type)
        self.captured.append(Given(outer, inner))
        return inner

    def read_elements(self, outer: Value) -> Value:
        """What stands inside for the elements of a further sequence."""
        for entry in self.sequences:
            if entry.outer is outer:
                return entry.inner
        inner = Value.factory(TensorType(outer.type.dtype, outer.type.shape[1:]))
        self.sequences.append(Given(outer, inner))
        return inner

    def stack(self, inner: Value) -> int:
        """The position of the result that stacks a value of the body; a new one if it is not yet stacked."""
        if inner not in self.results:
            self.results.append(inner)
        return self.results.index(inner)

    def built(self) -> Equation:
        """The scan with these pieces; what its body does not read, sizes included, is not handed in."""
        body = self.body()
        read = {operand for equation in body.equations for operand in equation.inputs} | set(body.outputs)
        read |= {inner for inner in body.inputs if dims.runtime_symbols(inner.type.shape)}
        self.sequences = [entry for entry in self.sequences if entry.inner in read]
        self.captured = [entry for entry in self.captured if entry.inner in read]
        op = self.op.changed(body=self.body(), states=len(self.states), sequences=len(self.sequences))
        given = [*self.sequences, *self.captured]
        operands = [*(state.initial for state in self.states), *(entry.outer for entry in given)]
        with dims.recorded_guards() as guards:
            types = op.infer(*(operand.type for operand in operands))
        everything = dict.fromkeys([*self.guards, *guards])
        return Equation(op, operands, types, list(everything), self.equation.location)

    def finals(self, built: Equation) -> list[Value]:
        """The final states among the outputs of the built scan."""
        return list(built.outputs[: len(self.states)])

    def stacked(self, built: Equation) -> list[Value]:
        """The stacked results among the outputs of the built scan."""
        return list(built.outputs[len(self.states) :])


def is_plain(equation: Equation) -> bool:
    """Whether an equation is a scan that passes may take apart: all rows read and kept, no size found."""
    op = equation.op
    if not isinstance(op, Scan) or op.kept or op.reads:
        return False
    return not any(inner.bound_symbols() for inner in op.body.equations)


def dependents(equations: Iterable[Equation], roots: Iterable[Value]) -> set[Value]:
    """Values that depend on the roots, the roots included."""
    found = set(roots)
    for equation in equations:
        if any(operand in found for operand in equation.inputs):
            found.update(equation.outputs)
    return found


def needed_by(outputs: Sequence[Value], stops: Iterable[Value] = ()) -> set[Value]:
    """Values that the outputs are computed from, they themselves included, not looking behind `stops`."""
    found: set[Value] = set()
    blocked = set(stops)
    stack = list(outputs)
    while stack:
        value = stack.pop()
        if value in found:
            continue
        found.add(value)
        if value.owner is not None and value not in blocked:
            stack.extend(value.owner.inputs)
    return found

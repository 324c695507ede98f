"""Graphs: flat, immutable lists of equations from inputs to outputs, and ways to walk and change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from croton.graph import dims
from croton.graph.dims import Dim, Symbol
from croton.graph.values import Constant, Equation, TensorType, Value


@dataclass(frozen=True, eq=False)
class Graph:
    """outputs = f(inputs), by `equations` in an order in which each comes after those it reads."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    equations: tuple[Equation, ...]

    @staticmethod
    def of(inputs: Sequence[Value], outputs: Sequence[Value], among: Iterable[Equation] = ()) -> Graph:
        """The graph that computes `outputs` from `inputs`: what nothing asks for is not in it.

        among: equations that find runtime sizes in this graph, before those that first did.
        """
        return Graph(tuple(inputs), tuple(outputs), sorted_equations(outputs, inputs, among))

    def __reduce__(self) -> tuple[Any, ...]:
        from croton.graph.pickling import reduce_graph

        return reduce_graph(self)

    def __copy__(self) -> Graph:
        return self

    @cached_property
    def consumers(self) -> Mapping[Value, list[Equation]]:
        """The equations that read each value, once per operand position."""
        found: dict[Value, list[Equation]] = {}
        for equation in self.equations:
            for operand in equation.inputs:
                found.setdefault(operand, []).append(equation)
        return found

    def free_values(self) -> list[Value]:
        """Values read that nothing defines: neither inputs nor constants."""
        known = set(self.inputs)
        for equation in self.equations:
            known.update(equation.outputs)
        operands = [operand for equation in self.equations for operand in equation.inputs]
        found = dict.fromkeys([*operands, *self.outputs])
        return [value for value in found if value not in known and not isinstance(value, Constant)]

    def guards(self) -> list[tuple[dims.Guard, Equation]]:
        """What must hold between sizes, in this graph and in the sub-graphs of its equations."""
        found = [(guard, equation) for equation in self.equations for guard in equation.guards]
        for equation in self.equations:
            for graph in equation.op.graphs():
                found += graph.guards()
        return found

    def free_dims(self) -> list[Dim]:
        """Dimensions of a sub-graph, which its surroundings bind."""
        found: dict[Dim, None] = {}
        values = [*self.inputs, *(value for equation in self.equations for value in equation.outputs)]
        for value in values:
            found.update(dict.fromkeys(dim for dim in value.type.shape if not isinstance(dim, int)))
        for equation in self.equations:
            found.update(dict.fromkeys(equation.op.parameter_dims()))
        own = {symbol for equation in self.equations for symbol in equation.bound_symbols()}
        return list(found) if not own else _without(found, own)

    def fresh_sizes(self) -> dict[Symbol, Dim]:
        """A new symbol for each size that the equations find: for a copy that stands for itself."""
        bound = [symbol for equation in self.equations for symbol in equation.bound_symbols()]
        return {symbol: dims.symbol(symbol.name, runtime=True) for symbol in bound}

    def substitute_dims(self, mapping: Mapping[Symbol, Dim]) -> Graph:
        """The graph with symbols replaced in every type, guard and parameter; itself when none occurs."""
        touched = {symbol for dim in self.free_dims() for symbol in dims.symbols(dim)}
        relevant = {symbol: dim for symbol, dim in mapping.items() if symbol in touched}
        return copy_graph(self, dim_mapping=relevant) if relevant else self


def _without(sizes: Iterable[Dim], own: set[Symbol]) -> list[Dim]:
    """The sizes, but where they name one of these symbols only the other symbols that they name."""
    found: dict[Dim, None] = {}
    for size in sizes:
        named = dims.symbols(size)
        if named & own:
            found.update(dict.fromkeys(dims.of_atom(symbol) for symbol in named - own))
        else:
            found[size] = None
    return list(found)


def sorted_equations(
    outputs: Iterable[Value], inputs: Iterable[Value] = (), among: Iterable[Equation] = ()
) -> tuple[Equation, ...]:
    """Equations that `outputs` need, without those behind `inputs`, in order of dependence.

    An equation also comes after those that find the runtime sizes it names; sizes of inputs are known.
    """
    outputs = list(outputs)
    done: set[Value] = set(inputs)
    binders = _Binders(outputs, done, among)
    placed: set[Equation] = set()
    order: list[Equation] = []
    starts = [output.owner for output in outputs if output not in done]
    starts += binders.of([output.type.shape for output in outputs])
    for start in starts:
        stack: list[tuple[Equation, int, list[Equation]]] = []
        if start is not None and start not in placed:
            stack.append((start, 0, _needed(start, done, binders)))
        while stack:
            equation, position, needed = stack.pop()
            if equation in placed:
                continue
            for following in range(position, len(needed)):
                if needed[following] not in placed:
                    stack.append((equation, following + 1, needed))
                    stack.append((needed[following], 0, _needed(needed[following], done, binders)))
                    break
            else:
                placed.add(equation)
                order.append(equation)
    return tuple(order)


def _needed(equation: Equation, done: set[Value], binders: _Binders) -> list[Equation]:
    found = [
        operand.owner for operand in equation.inputs if operand.owner is not None and operand not in done
    ]
    shapes = [output.type.shape for output in equation.outputs]
    parameters = tuple(equation.op.parameter_dims())
    return found + [binder for binder in binders.of([*shapes, parameters]) if binder is not equation]


class _Binders:
    """The equations that find runtime sizes in one graph.

    A graph and its rewritten copies name the same symbols, each with an equation of its own to find them:
    those among the equations that the outputs need go first, then those given, then the original ones. Sizes
    that inputs have need no equation.
    """

    def __init__(self, outputs: Sequence[Value], done: set[Value], among: Iterable[Equation]) -> None:
        self._outputs = outputs
        self._done = done
        self._inputs = tuple(done)
        self._known: set[Symbol] = set()
        self._among = among
        self._found: dict[Symbol, Equation] | None = None

    def of(self, shapes: Iterable[dims.Shape]) -> list[Equation]:
        """The equations that find the runtime sizes in these shapes."""
        symbolic = [size for shape in shapes for size in shape if not isinstance(size, int)]
        if not symbolic:
            return []
        symbols = sorted(dims.runtime_symbols(symbolic), key=lambda symbol: symbol.uid)
        if symbols and self._found is None:
            self._known = {s for value in self._inputs for s in dims.runtime_symbols(value.type.shape)}
            self._found = self._search()
        symbols = [symbol for symbol in symbols if symbol not in self._known]
        binders = [(self._found or {}).get(symbol, symbol.binder) for symbol in symbols]
        return [binder for binder in binders if binder is not None]

    def _search(self) -> dict[Symbol, Equation]:
        found: dict[Symbol, Equation] = {}
        seen: set[Equation] = set()
        stack = [output.owner for output in self._outputs if output not in self._done]
        while stack:
            equation = stack.pop()
            if equation is None or equation in seen:
                continue
            seen.add(equation)
            for symbol in equation.bound_symbols():
                found.setdefault(symbol, equation)
            stack += [operand.owner for operand in equation.inputs if operand not in self._done]
        for equation in self._among:
            for symbol in equation.bound_symbols():
                found.setdefault(symbol, equation)
        return found


def substitute_type(type: TensorType, mapping: Mapping[Symbol, Dim]) -> TensorType:
    shape = tuple(dims.substitute(dim, mapping) for dim in type.shape)
    return type if shape == type.shape else TensorType(type.dtype, shape)


def copy_equation(
    equation: Equation, inputs: Sequence[Value], dim_mapping: Mapping[Symbol, Dim] | None = None
) -> Equation:
    """The same operation on other inputs of the same types."""
    mapping = dim_mapping or {}
    copied = Equation(
        equation.op.substitute(mapping) if mapping else equation.op,
        inputs,
        [substitute_type(output.type, mapping) for output in equation.outputs],
        [guard.substitute(mapping) for guard in equation.guards],
        equation.location,
    )
    for old, new in zip(equation.outputs, copied.outputs, strict=True):
        new.name = old.name
    return copied


def copy_graph(
    graph: Graph,
    replacements: Mapping[Value, Value] | None = None,
    dim_mapping: Mapping[Symbol, Dim] | None = None,
) -> Graph:
    """A graph with values replaced and symbols substituted; equations nothing touches are shared.

    Inputs that are replaced drop out of the inputs; inputs whose shape is substituted are renewed.
    """
    mapping: dict[Value, Value] = dict(replacements or {})
    symbols = dim_mapping or {}
    inputs = []
    for value in graph.inputs:
        if value in mapping:
            continue
        type = substitute_type(value.type, symbols)
        if type != value.type:
            mapping[value] = Value.factory(type, name=value.name)
        inputs.append(mapping.get(value, value))
    equations = []
    for equation in graph.equations:
        operands = [mapping.get(operand, operand) for operand in equation.inputs]
        renewed = equation
        if symbols or any(new is not old for new, old in zip(operands, equation.inputs, strict=True)):
            renewed = copy_equation(equation, operands, symbols)
            for old, new in zip(equation.outputs, renewed.outputs, strict=True):
                mapping.setdefault(old, new)
        equations.append(renewed)
    return Graph(tuple(inputs), tuple(mapping.get(o, o) for o in graph.outputs), tuple(equations))


def transform(graph: Graph, rule: Callable[[Equation], Sequence[Value] | None]) -> Graph:
    """The graph after `rule` saw every equation in order: None keeps it, values replace its outputs."""
    mapping: dict[Value, Value] = {}
    among: list[Equation] = []
    for equation in graph.equations:
        operands = [mapping.get(operand, operand) for operand in equation.inputs]
        renewed = equation
        if any(new is not old for new, old in zip(operands, equation.inputs, strict=True)):
            renewed = copy_equation(equation, operands)
        replaced = rule(renewed)
        results = renewed.outputs if replaced is None else replaced
        among += [result.owner for result in results if result.owner is not None]
        for old, new in zip(equation.outputs, results, strict=True):
            if new is not old:
                mapping[old] = new
    if not mapping:
        return graph
    return Graph.of(graph.inputs, tuple(mapping.get(output, output) for output in graph.outputs), among)

"""Tracing: a Python function run once on stand-ins, which leaves the graph of what it computes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import numpy as np

from croton.frontends import tree
from croton.frontends.eager import Variable
from croton.frontends.variables import SharedVariable, TensorVariable
from croton.graph import dims
from croton.graph.dtypes import DType, scalar_dtype
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import EagerValue, TensorType, Value
from croton.ops import base


class Trace:
    """What a running trace knows: the values variables have by now, and the constants it met."""

    def __init__(self) -> None:
        self.variables: dict[Value, Variable] = {}
        self._current: dict[int, Value] = {}
        self._constants: dict[int, tuple[EagerValue, Value]] = {}

    def read(self, variable: Variable) -> Value:
        """The variable's value at this point of the trace."""
        self.variables.setdefault(variable.shared, variable)
        return self._current.get(id(variable), variable.shared)

    def assign(self, variable: Variable, value: Value) -> None:
        """From here on, the variable has this value."""
        self.variables.setdefault(variable.shared, variable)
        self._current[id(variable)] = value

    @contextmanager
    def body(self, start: Mapping[Variable, Value]) -> Iterator[dict[Variable, Value]]:
        """Inside, the body of a loop or branch runs: variables have the values of `start`, and what it
        assigns is noted in the dict that this gives; afterwards all have the values they had before.
        """
        outer = dict(self._current)
        for variable, value in start.items():
            self.assign(variable, value)
        begin = dict(self._current)
        assigned: dict[Variable, Value] = {}
        try:
            yield assigned
            for variable in self.variables.values():
                left = self._current.get(id(variable))
                if left is not None and left is not begin.get(id(variable)):
                    assigned[variable] = left
        finally:
            self._current = outer

    def updates(self) -> list[tuple[Variable, Value]]:
        """Variables that were assigned, with their last value."""
        found = [(v, self._current[id(v)]) for v in self.variables.values() if id(v) in self._current]
        return [(variable, value) for variable, value in found if value is not variable.shared]

    def next_key(self) -> Value:
        """A key for random numbers, which the traced function moves on in every call."""
        from croton.ops.arithmetic import add

        state = _random_state()
        key = self.read(state)
        self.assign(state, add(key, np.array([0, 1], np.uint64)))
        return key

    def constant_of(self, array: EagerValue) -> Value:
        """The constant for an eager tensor of the surroundings, the same whenever it is met."""
        known = self._constants.get(id(array))
        if known is None:
            live = getattr(array, "live", None)
            known = self._constants[id(array)] = (
                array,
                live if live is not None else base.frozen(array.data),
            )
        return known[1]


@cache
def _random_state() -> Variable:
    """The state of the global generator in traced functions, which seeding it sets."""
    from croton.ops.random import generator

    state = Variable(generator.first_key(), trainable=False)
    generator.followers.append(lambda: state.assign(generator.first_key()))
    return state


@contextmanager
def tracing() -> Iterator[Trace]:
    """Inside, what this thread does with arrays and variables becomes a graph."""
    building = base.building
    outer = building.symbolic, building.elementwise_equality, building.trace
    trace = Trace()
    with base.recording_paused():
        building.symbolic, building.elementwise_equality, building.trace = True, True, trace
        try:
            yield trace
        finally:
            building.symbolic, building.elementwise_equality, building.trace = outer


class WeakNumber(TensorVariable):
    """Stands for a Python number: it does not widen dtypes of arrays, and what is made of it is weak too."""

    weak: ClassVar[bool | int | float | complex] = 0.0

    def __neg__(self) -> Any:
        return as_weak(super().__neg__(), self.weak)


def _weak_operator(function: Callable[[Any, Any], Any], swapped: bool) -> Callable[[Any, Any], Any]:
    plain = getattr(TensorVariable, f"__{'r' if swapped else ''}{function.__name__}__")

    def combine(self: WeakNumber, other: Any) -> Any:
        number = base.weak_number(other)
        result = plain(self, other)
        if number is None or not isinstance(result, Value):
            return result
        return as_weak(result, function(type(self.weak)(1), type(number)(1)))

    return combine


for _function in (
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
):
    for _swapped in (False, True):
        setattr(
            WeakNumber,
            f"__{'r' if _swapped else ''}{_function.__name__}__",
            _weak_operator(_function, _swapped),
        )


class WeakBool(WeakNumber):
    weak = False


class WeakInt(WeakNumber):
    weak = 0


class WeakFloat(WeakNumber):
    weak = 0.0


class WeakComplex(WeakNumber):
    weak = 0j


_WEAK: dict[type, type[WeakNumber]] = {bool: WeakBool, int: WeakInt, float: WeakFloat, complex: WeakComplex}


def as_weak(value: Value, sample: Any) -> Value:
    """The value as a stand-in for a Python number of the kind of `sample`."""
    if type(value) is TensorVariable and type(sample) in _WEAK:
        value.__class__ = _WEAK[type(sample)]
    return value


@dataclass(frozen=True)
class ArrayPattern:
    """What is fixed of an array argument: None in `shape` is any size."""

    dtype: DType
    shape: tuple[int | None, ...]

    def stand_in(self, name: str) -> Value:
        sizes = (
            dims.symbol(f"{name}.shape[{axis}]") if size is None else size
            for axis, size in enumerate(self.shape)
        )
        return TensorVariable(TensorType(self.dtype, tuple(sizes)))

    def matches(self, shape: tuple[int, ...]) -> bool:
        return all(size is None or size == actual for size, actual in zip(self.shape, shape, strict=True))

    def merged(self, shape: tuple[int, ...]) -> ArrayPattern:
        """A pattern that takes this shape as well."""
        sizes = (size if size == actual else None for size, actual in zip(self.shape, shape, strict=True))
        return ArrayPattern(self.dtype, tuple(sizes))


@dataclass(frozen=True)
class NumberPattern:
    """An argument that is a Python number of a kind."""

    kind: type

    def stand_in(self, name: str) -> Value:
        return _WEAK[self.kind](TensorType(scalar_dtype(self.kind(0)), ()))

    def matches(self, shape: tuple[int, ...]) -> bool:
        return True

    def merged(self, shape: tuple[int, ...]) -> NumberPattern:
        return self


Pattern = ArrayPattern | NumberPattern


@dataclass
class Traced:
    """What a trace left.

    graph: inputs are the arguments; outputs the returned arrays, then new values of updated variables.
    structure and leaves: what the function returned; leaves that are not arrays are kept as they are,
    `ARRAY` holds the place of the others.
    """

    graph: Graph
    patterns: tuple[Pattern, ...]
    structure: tree.Structure
    leaves: list[Any]
    returned: int
    updated: list[Variable]
    variables: dict[Value, Variable] = field(default_factory=dict)


ARRAY = object()


def trace(call: Callable[[Sequence[Any]], Any], patterns: Sequence[Pattern], names: Sequence[str]) -> Traced:
    """Runs `call` once on stand-ins for its arguments.

    Raises:
        TypeError: the function needs a number where there is none yet, or returns something unknown.
    """
    stand_ins = [pattern.stand_in(name) for pattern, name in zip(patterns, names, strict=True)]
    with tracing() as running:
        result = call(stand_ins)
        leaves, structure = tree.flatten(result)
        outputs: list[Value] = []
        kept: list[Any] = []
        for leaf in leaves:
            if isinstance(leaf, (Value, EagerValue, Variable, np.ndarray, np.generic)):
                outputs.append(base.symbolic(base.as_array(leaf)))
                kept.append(ARRAY)
            else:
                kept.append(leaf)
        updates = running.updates()
    graph = Graph.of(stand_ins, [*outputs, *(value for _, value in updates)])
    _check_closed(graph)
    graph, fixed = _fix_sizes(graph, patterns)
    updated = [variable for variable, _ in updates]
    return Traced(graph, fixed, structure, kept, len(outputs), updated, running.variables)


def _check_closed(graph: Graph) -> None:
    for value in graph.free_values():
        if not isinstance(value, SharedVariable):
            raise TypeError(
                f"jit: the function uses {value!r}, a symbolic value made outside of it (perhaps kept from "
                "an earlier trace); pass it as an argument"
            )


def _fix_sizes(graph: Graph, patterns: Sequence[Pattern]) -> tuple[Graph, tuple[Pattern, ...]]:
    """Sizes that the graph demands to be certain numbers are those numbers: code for them is better."""
    own = {dims.single_symbol(size) for value in graph.inputs for size in value.type.shape} - {None}
    mapping: dict[dims.Symbol, dims.Dim] = {}
    for guard, _ in graph.guards():
        for side, other in ((guard.left, guard.right), (guard.right, guard.left)):
            symbol = dims.single_symbol(side)
            if guard.kind == "equal" and symbol in own and symbol is not None and isinstance(other, int):
                mapping.setdefault(symbol, other)
    if not mapping:
        return graph, tuple(patterns)
    graph = copy_graph(graph, dim_mapping=mapping)
    fixed: list[Pattern] = []
    for pattern, value in zip(patterns, graph.inputs, strict=True):
        if isinstance(pattern, ArrayPattern):
            shape = tuple(size if isinstance(size, int) else None for size in value.type.shape)
            pattern = ArrayPattern(pattern.dtype, shape)
        fixed.append(pattern)
    return graph, tuple(fixed)

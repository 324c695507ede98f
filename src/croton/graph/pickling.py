"""Pickles and deep copies of values, equations and graphs, without recursion over their depth.

A value that an equation makes is written as the list of all equations it depends on, each of them a flat
record that names its operands by numbers. Records are made once, so a pickle of many values holds each record
once. What they stand for is kept, while a pickle is loaded, in the `Pool` that comes with it.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from croton.graph.dims import Guard
from croton.graph.graph import Graph, sorted_equations
from croton.graph.operation import Operation
from croton.graph.values import Equation, Location, TensorType, Value

Reference: TypeAlias = "Value | tuple[int, int]"  # a value nothing computes, or (equation, output)


class Record(NamedTuple):
    """An equation with numbers in place of the equations it depends on."""

    number: int
    op: Operation
    inputs: tuple[Any, ...]
    types: tuple[TensorType, ...]
    names: tuple[str | None, ...]
    guards: tuple[Guard, ...]
    location: Location | None


class Pool:
    """The equations that one pickle, or one deep copy, has brought to life so far, by their number."""

    def __init__(self) -> None:
        self.equations: dict[int, Equation] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Pool, ()

    def restore(self, records: Sequence[Record]) -> None:
        """Makes the equations that are not there yet."""
        for record in records:
            if record.number in self.equations:
                continue
            inputs = [self.value(reference) for reference in record.inputs]
            equation = Equation(record.op, inputs, record.types, record.guards, record.location)
            for output, name in zip(equation.outputs, record.names, strict=True):
                output.name = name
            self.equations[record.number] = equation

    def value(self, reference: Reference) -> Value:
        if isinstance(reference, Value):
            return reference
        number, index = reference
        return self.equations[number].outputs[index]


_POOL = Pool()
_numbers = itertools.count()
_records: weakref.WeakKeyDictionary[Equation, Record] = weakref.WeakKeyDictionary()


def _record(equation: Equation) -> Record:
    """The record of an equation whose ancestors have theirs."""
    known = _records.get(equation)
    names = tuple(output.name for output in equation.outputs)
    if known is None or known.names != names:
        number = next(_numbers) if known is None else known.number
        types = tuple(output.type for output in equation.outputs)
        known = Record(
            number,
            equation.op,
            tuple(_reference(operand) for operand in equation.inputs),
            types,
            names,
            equation.guards,
            equation.location,
        )
        _records[equation] = known
    return known


def _reference(value: Value) -> Reference:
    return value if value.owner is None else (_records[value.owner].number, value.index)


def _listing(values: Sequence[Value]) -> tuple[Record, ...]:
    return tuple([_record(equation) for equation in sorted_equations(values)])


def reduce_value(value: Value) -> tuple[Any, ...]:
    """What `__reduce__` of a value that an equation makes returns."""
    listing = _listing([value])
    return _restored_value, (_POOL, listing, _reference(value)), notes(value)


def notes(value: Value) -> dict[str, Any] | None:
    """What front ends have noted on a value, without functions that can be made again."""
    found = getattr(value, "__dict__", {}).items()
    kept = {name: entry for name, entry in found if name not in ("_evaluated", "_size")}
    return kept or None


def reduce_equation(equation: Equation) -> tuple[Any, ...]:
    listing = _listing(equation.outputs)
    return _restored_equation, (_POOL, listing, _records[equation].number)


def reduce_graph(graph: Graph) -> tuple[Any, ...]:
    made = [output for equation in graph.equations for output in equation.outputs]
    listing = _listing([*graph.inputs, *made, *graph.outputs])
    inputs = tuple(_reference(value) for value in graph.inputs)
    outputs = tuple(_reference(value) for value in graph.outputs)
    numbers = tuple(_records[equation].number for equation in graph.equations)
    return _restored_graph, (_POOL, listing, inputs, outputs, numbers)


def _restored_value(pool: Pool, listing: Sequence[Record], reference: Reference) -> Value:
    pool.restore(listing)
    return pool.value(reference)


def _restored_equation(pool: Pool, listing: Sequence[Record], number: int) -> Equation:
    pool.restore(listing)
    return pool.equations[number]


def _restored_graph(
    pool: Pool,
    listing: Sequence[Record],
    inputs: Sequence[Reference],
    outputs: Sequence[Reference],
    numbers: Sequence[int],
) -> Graph:
    pool.restore(listing)
    return Graph(
        tuple(pool.value(reference) for reference in inputs),
        tuple(pool.value(reference) for reference in outputs),
        tuple(pool.equations[number] for number in numbers),
    )

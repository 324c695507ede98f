"""Derivatives of what was recorded: the record mirrored as a graph, differentiated, and computed again.

The mirror is made of fresh values, so that exactly what was recorded is differentiated. Its derivative
is stabilised and then applied operation by operation to the recorded arrays, through the same door as
the user's own operations: an outer tape sees them, which is how higher orders come about. Forward values
that the derivative needs are the recorded ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from croton.autodiff import cotangents_of
from croton.graph import dtypes
from croton.graph.graph import sorted_equations
from croton.graph.operation import Operation
from croton.graph.values import Constant, Equation, TensorType, Value
from croton.ops import base
from croton.ops.base import Array
from croton.ops.shape import ones_like
from croton.rewrite.pipeline import stabilize


class Record(NamedTuple):
    """One operation that a tape saw."""

    op: Operation
    operands: tuple[Array, ...]
    outputs: tuple[Array, ...]


class Derivation:
    """Cotangents of sources given those of targets, ready to be computed any number of times."""

    def __init__(self, records: Sequence[Record], targets: Sequence[Array], sources: Sequence[Array]) -> None:
        """targets and sources: recorded arrays; a source may be an intermediate one."""
        self._mirrored: dict[int, Value] = {}
        self._actual: dict[Value, Array] = {}
        self._sources = {id(source) for source in sources}
        with base.building_graphs():
            for record in _needed(records, targets):
                self._mirror(record)
            self.targets = [self._leaf(target) for target in targets]
            self.seeds = [type_of(target)() for target in targets]
            wrt = [self._leaf(source) for source in sources]
            with base.recording_paused():
                self.results = cotangents_of(self.targets, self.seeds, wrt, (), stabilize)

    def _leaf(self, array: Array) -> Value:
        known = self._mirrored.get(id(array))
        if known is None:
            known = self._mirrored[id(array)] = type_of(array)()
            self._actual[known] = array
        return known

    def _mirror(self, record: Record) -> None:
        operands = [self._operand(operand) for operand in record.operands]
        equation = Equation(record.op, operands, [type_of(output) for output in record.outputs])
        for output, value in zip(record.outputs, equation.outputs, strict=True):
            self._mirrored[id(output)] = value
            self._actual[value] = output

    def _operand(self, array: Array) -> Value:
        known = self._mirrored.get(id(array))
        if known is not None:
            return known
        if id(array) not in self._sources and _is_number(array):
            value = self._mirrored[id(array)] = (
                base.symbolic(array) if isinstance(array, Value) else base.frozen(array.data)
            )
            return value
        return self._leaf(array)

    def compute(self, seeds: Sequence[Array | None]) -> list[Array | None]:
        """The cotangents of the sources; None among `seeds` means ones."""
        values: dict[Value, Array] = dict(self._actual)
        for value, target, seed in zip(self.seeds, self.targets, seeds, strict=True):
            values[value] = ones_like(self._actual[target]) if seed is None else seed
        results = [value for value in self.results if value is not None]
        equations = sorted_equations(results, values)
        last = {operand: number for number, equation in enumerate(equations) for operand in equation.inputs}
        kept = {*results, *values}
        for number, equation in enumerate(equations):
            operands = [_array(operand, values) for operand in equation.inputs]
            outputs = perform(equation.op, operands)
            values.update(zip(equation.outputs, outputs, strict=True))
            for operand in equation.inputs:  # memory of cotangents goes as soon as nothing reads them
                if last[operand] == number and operand not in kept:
                    values.pop(operand, None)
        return [None if value is None else _array(value, values) for value in self.results]


def perform(op: Operation, operands: Sequence[Array]) -> Sequence[Array]:
    """The outputs of an operation on arrays; one that is a Python function of arrays is called as such."""
    call = getattr(op, "call", None)
    if call is not None and not base.building.symbolic:
        called: Sequence[Array] = call(operands)
        return called
    return base.apply(op, *operands)


def _is_number(array: Array) -> bool:
    """Whether the array is a constant such as the 1 in log(1 + exp(x)), which stable forms are told by."""
    if isinstance(array, Value):
        return isinstance(array, Constant)
    if any(recorder.tracks(array) for recorder in base.recorders.active):
        return False
    return array.data.size == 1 or not any(array.data.strides)


def _array(value: Value, values: Mapping[Value, Array]) -> Array:
    known = values.get(value)
    if known is not None:
        return known
    if isinstance(value, Constant):
        return value if base.building.symbolic else base.eager(value)
    raise AssertionError(f"{value!r} is not known")


def _needed(records: Sequence[Record], targets: Sequence[Array]) -> list[Record]:
    """The records that the targets depend on, in order."""
    wanted = {id(target) for target in targets}
    needed = []
    for record in reversed(records):
        if any(id(output) in wanted for output in record.outputs):
            needed.append(record)
            wanted.update(id(operand) for operand in record.operands)
    return needed[::-1]


def type_of(array: Array) -> TensorType:
    return TensorType(base.dtype_of(array), base.shape_of(array))


def is_differentiable(array: Array) -> bool:
    """Whether derivatives can flow to or from the array: it is of a floating or complex dtype."""
    return dtypes.is_inexact(base.dtype_of(array))

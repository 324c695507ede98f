"""Derivatives of what was recorded: the record mirrored as a graph, differentiated, and computed again.

The mirror is made of fresh values, so that exactly what was recorded is differentiated. Its derivative
is stabilised and then applied operation by operation to the recorded arrays, through the same door as
the user's own operations: an outer tape sees them, which is how higher orders come about. Forward values
that the derivative needs are the recorded ones. The derivative of what has the same operations, shapes and
constants is found once and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from croton.autodiff import cotangents_of
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Symbol
from croton.graph.graph import sorted_equations
from croton.graph.operation import Operation
from croton.graph.values import Constant, Equation, NDArray, TensorType, Value
from croton.ops import base
from croton.ops.base import Array
from croton.ops.shape import ones_like


class Record(NamedTuple):
    """One operation that a tape saw."""

    op: Operation
    operands: tuple[Array, ...]
    outputs: tuple[Array, ...]


class Derivation:
    """Cotangents of sources given those of targets, ready to be computed any number of times."""

    def __init__(self, records: Sequence[Record], targets: Sequence[Array], sources: Sequence[Array]) -> None:
        """targets and sources: recorded arrays; a source may be an intermediate one."""
        outline = _Outline(records, targets, sources)
        self._plan = _plan_for(outline)
        self._actual = {
            value: array
            for value, array, number in zip(self._plan.values, outline.arrays, outline.is_number, strict=True)
            if not number
        }

    def compute(self, seeds: Sequence[Array | None]) -> list[Array | None]:
        """The cotangents of the sources; None among `seeds` means ones."""
        plan = self._plan
        values: dict[Value, Array] = dict(self._actual)
        for value, target, seed in zip(plan.seeds, plan.targets, seeds, strict=True):
            values[value] = ones_like(self._actual[target]) if seed is None else seed
        sizes: dict[Symbol, Dim] = {}
        for equation, finished in zip(plan.equations, plan.finished, strict=True):
            operands = [_array(operand, values) for operand in equation.inputs]
            op = equation.op.substitute(sizes) if sizes else equation.op
            outputs = perform(op, operands)
            if plan.finds_sizes:
                _learn_sizes(equation, outputs, sizes)
            values.update(zip(equation.outputs, outputs, strict=True))
            for operand in finished:  # memory of cotangents goes as soon as nothing reads them
                values.pop(operand, None)
        return [None if value is None else _array(value, values) for value in plan.results]


class _Outline:
    """The records that targets depend on, with arrays numbered in the order in which they occur."""

    def __init__(self, records: Sequence[Record], targets: Sequence[Array], sources: Sequence[Array]) -> None:
        self.arrays: list[Array] = []
        self.is_number: list[bool] = []
        self._numbers: dict[int, int] = {}
        named = {id(array) for array in (*targets, *sources)}
        self.steps: list[tuple[Operation, tuple[int, ...], tuple[int, ...]]] = []
        for record in _needed(records, targets):
            operands = tuple(
                self._place(operand, id(operand) not in named and _is_number(operand))
                for operand in record.operands
            )
            self.steps.append(
                (record.op, operands, tuple(self._place(output, False) for output in record.outputs))
            )
        self.targets = tuple(self._place(target, False) for target in targets)
        self.sources = tuple(self._place(source, False) for source in sources)

    def _place(self, array: Array, number: bool) -> int:
        known = self._numbers.get(id(array))
        if known is None:
            known = self._numbers[id(array)] = len(self.arrays)
            self.arrays.append(array)
            self.is_number.append(number)
        return known

    def key(self) -> Any:
        """Equal for outlines with equal derivatives; None where another such outline is unlikely."""
        if base.building.symbolic or any(getattr(step[0], "transient", False) for step in self.steps):
            return None
        described = tuple(
            (type_of(array), _first(array).tobytes() if number else None)
            for array, number in zip(self.arrays, self.is_number, strict=True)
        )
        if any(isinstance(array, Value) for array in self.arrays):
            return None
        return tuple(self.steps), described, self.targets, self.sources


class _Plan:
    """The derivative of an outline as equations in the order in which they are computed."""

    def __init__(self, outline: _Outline) -> None:
        found: dict[int, Value] = {}

        def value_of(position: int) -> Value:
            if position not in found:
                array = outline.arrays[position]
                found[position] = _constant(array) if outline.is_number[position] else type_of(array)()
            return found[position]

        with base.building_graphs(), base.recording_paused():
            for op, operands, outputs in outline.steps:
                types = [type_of(outline.arrays[position]) for position in outputs]
                equation = Equation(op, [value_of(position) for position in operands], types)
                found.update(zip(outputs, equation.outputs, strict=True))
            self.targets = [value_of(position) for position in outline.targets]
            self.seeds = [target.type() for target in self.targets]
            wrt = [value_of(position) for position in outline.sources]
            self.results = cotangents_of(self.targets, self.seeds, wrt)
        self.values = [value_of(position) for position in range(len(outline.arrays))]
        given = {v for v, number in zip(self.values, outline.is_number, strict=True) if not number} | {
            *self.seeds
        }
        results = [value for value in self.results if value is not None]
        self.equations = sorted_equations(results, given)
        self.finds_sizes = any(equation.bound_symbols() for equation in self.equations)
        kept = {*results, *given}
        last = {value: n for n, equation in enumerate(self.equations) for value in equation.inputs}
        self.finished: list[list[Value]] = [[] for _ in self.equations]
        for value, number in last.items():
            if value not in kept:
                self.finished[number].append(value)


_MOST_PLANS = 256
_plans: dict[Any, _Plan] = {}


def _plan_for(outline: _Outline) -> _Plan:
    """The plan for an outline, remembered for the next round of a training loop."""
    key = outline.key()
    if key is None:
        return _Plan(outline)
    try:
        known = _plans.get(key)
    except TypeError:  # an operation that cannot be hashed
        return _Plan(outline)
    if known is None:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        known = _plans[key] = _Plan(outline)
    return known


def perform(op: Operation, operands: Sequence[Array]) -> Sequence[Array]:
    """The outputs of an operation on arrays; one that is a Python function of arrays is called as such."""
    call = getattr(op, "call", None)
    if call is not None and not base.building.symbolic:
        called: Sequence[Array] = call(operands)
        return called
    return base.apply(op, *operands)


def _learn_sizes(equation: Equation, outputs: Sequence[Array], sizes: dict[Symbol, Dim]) -> None:
    """The sizes that an equation has found, such as the number of steps that a loop took.

    In a program that is being traced they keep their names, and what finds them there is the new equation.
    """
    for output in outputs:
        if isinstance(output, Value):
            for found in equation.bound_symbols():
                found.binder = output.owner if found.binder is equation else found.binder
            return
    own = dims.single_symbol(getattr(equation.op, "symbol", 0))
    if own is not None:
        sizes[own] = int(outputs[-1].data)
    for value, array in zip(equation.outputs, outputs, strict=True):
        for size, actual in zip(value.type.shape, base.shape_of(array), strict=True):
            symbol = dims.single_symbol(size)
            if symbol is not None:
                sizes.setdefault(symbol, actual)


def _is_number(array: Array) -> bool:
    """Whether the array is a constant such as the 1 in log(1 + exp(x)), which stable forms are told by."""
    if isinstance(array, Value):
        return isinstance(array, Constant)
    if any(recorder.tracks(array) for recorder in base.recorders.active):
        return False
    return array.data.size == 1 or (array.data.size > 1 and not any(array.data.strides))


def _first(array: Array) -> NDArray:
    """The number that an array of one number holds."""
    data: NDArray = array.data
    return np.asarray(data[(0,) * data.ndim])


def _constant(array: Array) -> Value:
    return base.symbolic(array) if isinstance(array, Value) else base.frozen(array.data)


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

"""Sizes as numbers and numbers as sizes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim, Expression
from croton.graph.dtypes import INT64, is_integer
from croton.graph.errors import ShapeError
from croton.graph.operation import Operation
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value, constant
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation


class SizeAsNumber(ElementOperation):
    """A symbolic size as an int64 scalar."""

    size: Dim
    name = "size"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(INT64, ()),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if not isinstance(self.size, int):
            raise TypeError(f"the size {self.size} is not known")
        return (np.asarray(self.size, np.int64),)

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return builder.dimension(self.size)


class NumberAsSize(Operation):
    """Makes an integer scalar the size named by a symbol; negative numbers are an error while running."""

    symbol: Dim
    name = "number_as_size"

    def parameter_dims(self) -> list[Dim]:
        """None: the equation finds the size, it does not need it."""
        return []

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(INT64, ()),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if operands[0] < 0:
            raise self.failure([int(operands[0])])
        return (np.asarray(operands[0], np.int64),)

    def failure(self, facts: Sequence[int]) -> Exception:
        """The exception for the number that a run met."""
        return ShapeError(f"a size must not be negative, got {facts[0]}")


def size_as_number(size: Dim) -> Array:
    """A dimension as an int64 scalar value."""
    if isinstance(size, int):
        return constant(np.asarray(size, np.int64))
    return base.apply_one(SizeAsNumber(size))


def dim_of(number: object) -> Dim:
    """The dimension that an integer is: a Python or NumPy integer, a scalar value, arithmetic of sizes.

    Raises:
        TypeError: it is not an integer scalar.
    """
    if isinstance(number, Expression):
        return number
    if isinstance(number, (int, np.integer)) and not isinstance(number, bool):
        return int(number)
    if isinstance(number, np.ndarray) and number.ndim == 0 and is_integer(number.dtype):
        return int(number)
    if isinstance(number, (EagerValue, Constant)) and number.data.ndim == 0 and is_integer(number.data.dtype):
        return int(number.data)
    if isinstance(number, Value) and number.type.rank == 0 and is_integer(number.type.dtype):
        folded = _folded(number)
        return folded if folded is not None else _runtime_size(number)
    raise TypeError(f"a size must be an integer scalar, got {number!r}")


def _folded(number: Value) -> Dim | None:
    """The size when the number is arithmetic of sizes and constants."""
    from croton.ops.elementwise import Cast, Elementwise

    if isinstance(number, Constant):
        return int(number.data)
    equation = number.owner
    if equation is None:
        return None
    if isinstance(equation.op, SizeAsNumber):
        return equation.op.size
    if isinstance(equation.op, Cast):
        return _folded(equation.inputs[0])
    arithmetic = {
        "add": dims.add,
        "subtract": dims.subtract,
        "multiply": dims.multiply,
        "floor_divide": dims.floordiv,
        "remainder": dims.modulo,
        "maximum": dims.maximum,
        "minimum": dims.minimum,
    }
    if isinstance(equation.op, Elementwise) and equation.op.function in arithmetic:
        parts = [_folded(operand) for operand in equation.inputs]
        if parts[0] is not None and parts[1] is not None:
            return arithmetic[equation.op.function](parts[0], parts[1])
    return None


def _runtime_size(number: Value) -> Dim:
    """The symbol that a number computed while running is bound to, the same for each use of the value."""
    operand = base.cast(number, INT64)
    known = _bound.get(number)
    if known is None:
        symbol = dims.symbol("size", runtime=True)
        sized = base.apply_one(NumberAsSize(symbol), operand)
        known = _bound[number] = (symbol, sized)
    return known[0]


def binding(symbol: dims.Symbol) -> Value | None:
    """The value that gives a runtime size its number, if it came from `dim_of`."""
    for found, sized in _bound.values():
        if dims.single_symbol(found) is symbol:
            return sized
    return None


_bound: weakref.WeakKeyDictionary[Value, tuple[Expression, Value]] = weakref.WeakKeyDictionary()

Expression.to_tensor = staticmethod(size_as_number)
base.converters.append((Expression, size_as_number))

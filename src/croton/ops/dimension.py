"""Sizes as numbers and numbers as sizes."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim, Expression
from croton.graph.dtypes import INT64, is_integer
from croton.graph.errors import ShapeError
from croton.graph.operation import Operation, SingularOperation
from croton.graph.values import Constant, EagerValue, Equation, NDArray, TensorType, Value, constant
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


def dims_of_vector(vector: Any) -> tuple[Dim, ...]:
    """The dimensions that the elements of an integer vector are.

    Raises:
        ShapeError: its length is only known while running.
    """
    (count,) = base.shape_of(vector)
    if not isinstance(count, int):
        raise ShapeError(f"a shape of {count} axes: their number must be known when the program is written")
    return tuple(dim_of(vector[position]) for position in range(count))


def _folded(number: Value) -> Dim | None:
    """The size when the number is arithmetic of sizes and constants."""
    from croton.ops.elementwise import Cast, Elementwise
    from croton.ops.shape import Reshape

    if isinstance(number, Constant):
        return int(number.data)
    equation = number.owner
    if equation is None:
        return None
    if isinstance(equation.op, SizeAsNumber):
        return equation.op.size
    if isinstance(equation.op, Cast):
        return _folded(equation.inputs[0])
    if isinstance(equation.op, Reshape):
        return _element(equation.inputs[0], 0)
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


def _element(vector: Value, position: int) -> Dim | None:
    """An element of a vector that was put together of sizes, such as `T.shape(x)`."""
    from croton.ops.shape import Concatenate, Reshape
    from croton.ops.slicing import Slice

    if isinstance(vector, Constant):
        return int(vector.data.flat[position])
    if vector.type.rank == 0:
        return _folded(vector)
    op = None if vector.owner is None else vector.owner.op
    if vector.owner is None or vector.type.rank != 1:
        return None
    operands = vector.owner.inputs
    if isinstance(op, Slice) and isinstance(op.starts[0], int) and len(operands) == 1:
        return _element(operands[0], op.starts[0] + position * op.steps[0])
    if isinstance(op, Reshape) and operands[0].type.rank == 0:
        return _folded(operands[0])
    if isinstance(op, Concatenate):
        for operand in operands:
            size = operand.type.shape[0]
            if not isinstance(size, int):
                return None
            if position < size:
                return _element(operand, position)
            position -= size
    return None


def _runtime_size(number: Value) -> Dim:
    """The symbol that a number computed while running is bound to.

    It is the same for each use of the value, and for other values that are computed in the same way from the
    same ones: x[:n + 1] and y[:n + 1] have one size.
    """
    text = _described(number)
    first = number if text is None else _first.setdefault(text, number)
    known: Expression | None = first.__dict__.get("_size")
    if known is None:
        known = first.__dict__["_size"] = dims.symbol("size", runtime=True)
        base.apply_one(NumberAsSize(known), base.cast(first, INT64))
    return known


def _described(number: Value) -> str | None:
    """How a number is computed, as text; None if that is long, or would not be the same a second time."""
    names: dict[Value, str] = {}
    stack = [number]
    steps = 0
    while stack:
        value, steps = stack[-1], steps + 1
        equation = value.owner
        if steps > LONGEST or (equation is not None and not _is_repeatable(equation)):
            return None
        open_operands = [] if equation is None else [o for o in equation.inputs if o not in names]
        if open_operands:
            stack += open_operands
            continue
        names[stack.pop()] = _leaf(value) if equation is None else _made_by(equation, value.index, names)
        if len(names[value]) > LONGEST_TEXT:
            return None
    return names[number]


def _is_repeatable(equation: Equation) -> bool:
    """Whether the operation is one of this package's that its fields tell in full."""
    op = equation.op
    own = type(op).__module__.startswith("croton.ops.")
    return own and op.pure and not isinstance(op, SingularOperation) and not op.graphs()


def _made_by(equation: Equation, index: int, names: Mapping[Value, str]) -> str:
    operands = ",".join(names[operand] for operand in equation.inputs)
    symbols = [symbol.uid for dim in equation.op.parameter_dims() for symbol in dims.symbols(dim)]
    return f"{equation.op!r}{symbols}({operands}).{index}"


def _leaf(value: Value) -> str:
    """A name that no other living value has: while who knows it by this name lives, so does the value."""
    if isinstance(value, Constant) and value.data.size == 1:
        return f"{value.type}{value.data.tobytes().hex()}"
    return f"@{id(value)}"


LONGEST = 100
LONGEST_TEXT = 2000
_first: weakref.WeakValueDictionary[str, Value] = weakref.WeakValueDictionary()

Expression.to_tensor = staticmethod(size_as_number)
base.converters.append((Expression, size_as_number))

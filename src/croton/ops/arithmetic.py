"""Arithmetic: sums, products, quotients, powers, roots, rounding, extremes, choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph import dtypes
from croton.graph.dtypes import BOOL
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.elementwise import broadcast_element, conjugate, define, elementwise, elementwise_inexact, unbroadcast

define("add", 2, np.add, kinds="bifc", derivative=lambda x, y, g: (g, g))
define("subtract", 2, np.subtract, derivative=lambda x, y, g: (g, negative(g)))
define(
    "multiply",
    2,
    np.multiply,
    kinds="bifc",
    derivative=lambda x, y, g: (multiply(g, conjugate(x[1])), multiply(g, conjugate(x[0]))),
)
define(
    "divide",
    2,
    np.divide,
    kinds="fc",
    cost=0.5,
    derivative=lambda x, y, g: (
        divide(g, conjugate(x[1])),
        negative(multiply(divide(g, conjugate(x[1])), conjugate(y))),
    ),
)
define("negative", 1, np.negative, derivative=lambda x, y, g: (negative(g),))
define("square", 1, np.square, derivative=lambda x, y, g: (multiply(g, multiply(conjugate(x[0]), 2)),))
define("sqrt", 1, np.sqrt, kinds="fc", cost=0.5, derivative=lambda x, y, g: (divide(multiply(g, 0.5), conjugate(y)),))
define("floor_divide", 2, np.floor_divide, kinds="if", cost=1.0)
define(
    "remainder",
    2,
    np.remainder,
    kinds="if",
    cost=1.0,
    derivative=lambda x, y, g: (g, negative(multiply(g, floor_divide(x[0], x[1])))),
)
define("floor", 1, np.floor, kinds="f")
define("ceil", 1, np.ceil, kinds="f")
define("rint", 1, np.rint, kinds="f")
define("trunc", 1, np.trunc, kinds="f")


def _extreme_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """Cotangent to the operand that was taken; halved between equal ones, the least biased subgradient."""
    first = elementwise("equal", x[0], y)
    second = elementwise("equal", x[1], y)
    both = elementwise("logical_and", first, second)
    share = where(both, multiply(g, 0.5), g)
    zero = base.cast(0.0, base.dtype_of(g))
    return where(first, share, zero), where(second, share, zero)


define("maximum", 2, np.maximum, kinds="bif", derivative=_extreme_derivative)
define("minimum", 2, np.minimum, kinds="bif", derivative=_extreme_derivative)


def _absolute_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    return (multiply(base.cast(g, base.dtype_of(x[0])), sign(x[0])),)


define("absolute", 1, np.absolute, kinds="ifc", result="real", derivative=_absolute_derivative)
define("sign", 1, np.sign, kinds="ifc")


def add(x: object, y: object) -> Array:
    """x + y, broadcast; logical or for bool."""
    return elementwise("add", x, y)


def subtract(x: object, y: object) -> Array:
    """x - y, broadcast."""
    return elementwise("subtract", x, y)


def multiply(x: object, y: object) -> Array:
    """x * y, broadcast; logical and for bool."""
    return elementwise("multiply", x, y)


def divide(x: object, y: object) -> Array:
    """x / y, broadcast, in floating point."""
    operands = base.as_operands(x, y)
    dtype = base.dtype_of(operands[0])
    target = dtype if dtypes.is_inexact(dtype) else dtypes.FLOAT64
    return elementwise("divide", *operands, dtype=target)


def negative(x: object) -> Array:
    return elementwise("negative", x)


def square(x: object) -> Array:
    return elementwise("square", x)


def sqrt(x: object) -> Array:
    return elementwise_inexact("sqrt", x)


def floor_divide(x: object, y: object) -> Array:
    """The quotient rounded down; for integers 0 where y is 0, as in NumPy."""
    return elementwise("floor_divide", x, y)


def remainder(x: object, y: object) -> Array:
    """x - floor_divide(x, y) * y, with the sign of y; for integers 0 where y is 0."""
    return elementwise("remainder", x, y)


def maximum(x: object, y: object) -> Array:
    """The larger of the two; NaN where either is."""
    return elementwise("maximum", x, y)


def minimum(x: object, y: object) -> Array:
    """The smaller of the two; NaN where either is."""
    return elementwise("minimum", x, y)


def absolute(x: object) -> Array:
    """|x|, real for complex x."""
    return elementwise("absolute", x)


def sign(x: object) -> Array:
    """-1, 0 or 1; x / |x| for complex x."""
    return elementwise("sign", x)


class Where(ElementOperation):
    """Elements of the second operand where the first is true, of the third elsewhere; they broadcast."""

    name = "where"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Where)

    def __hash__(self) -> int:
        return hash(Where)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        from croton.graph import dims

        condition, chosen, other = operands
        if condition.dtype != BOOL:
            raise DTypeError(f"where: the condition must be bool, got {condition.dtype.name}")
        if chosen.dtype != other.dtype:
            raise DTypeError(f"where: the branches must have one dtype, got {chosen.dtype.name} and {other.dtype.name}")
        return (TensorType(chosen.dtype, dims.broadcast([o.shape for o in operands], "where")),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.where(*operands),)

    def vjp(self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]) -> Sequence[Array | None]:
        condition, chosen, other = operands
        zero = base.cast(0, base.dtype_of(cotangents[0]))
        return [
            None,
            unbroadcast(where(condition, cotangents[0], zero), base.shape_of(chosen)),
            unbroadcast(where(condition, zero, cotangents[0]), base.shape_of(other)),
        ]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return builder.select(*(broadcast_element(builder, operand, index) for operand in operands))


def where(condition: object, x: object, y: object) -> Array:
    """x where condition holds, else y, broadcast together.

    Gradients do not leak from the branch not taken: its cotangent is exactly zero there, even where its
    own derivative is infinite.
    """
    chosen, other = base.as_operands(x, y)
    return apply_one(Where(), base.cast(base.as_array(condition), BOOL), chosen, other)

"""The sizes of matrix products."""

from __future__ import annotations

from typing import NamedTuple, cast

from croton.graph.dims import Dim
from croton.graph.values import Equation
from croton.loops.operations import ProductOperation


class ProductSizes(NamedTuple):
    """The sizes of a product and how its operands lie."""

    batch: Dim
    rows: Dim
    columns: Dim
    inner: Dim
    left_swapped: bool
    right_swapped: bool


def sizes_of(equation: Equation) -> ProductSizes:
    """The sizes of an equation of the operation Contract."""
    op = cast(ProductOperation, equation.op)
    batch, rows, columns = equation.outputs[0].type.shape
    inner = equation.inputs[0].type.shape[1 if op.transpose_left else 2]
    return ProductSizes(batch, rows, columns, inner, op.transpose_left, op.transpose_right)

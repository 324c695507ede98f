"""The sizes of matrix products."""

from __future__ import annotations

from typing import NamedTuple

from croton.graph.dims import Dim
from croton.graph.values import Equation


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
    left_swapped: bool = equation.op.transpose_left  # type: ignore[attr-defined]
    right_swapped: bool = equation.op.transpose_right  # type: ignore[attr-defined]
    batch, rows, columns = equation.outputs[0].type.shape
    inner = equation.inputs[0].type.shape[1 if left_swapped else 2]
    return ProductSizes(batch, rows, columns, inner, left_swapped, right_swapped)

"""Matrix products: transposes of their operands become flags of the product."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, transform
from croton.graph.values import Equation, Value
from croton.ops.base import apply
from croton.ops.contraction import Contract
from croton.ops.shape import Reshape, Transpose, reshape


def fold_transposes(graph: Graph) -> Graph:
    """A product of transposed matrices reads them as they lie in memory."""
    return transform(graph, _fold)


def _fold(equation: Equation) -> Sequence[Value] | None:
    op = equation.op
    if not isinstance(op, Contract):
        return None
    left, left_flag = _untransposed(equation.inputs[0])
    right, right_flag = _untransposed(equation.inputs[1])
    if not left_flag and not right_flag:
        return None
    folded = Contract(op.transpose_left != left_flag, op.transpose_right != right_flag)
    return apply(folded, left, right)


def _untransposed(operand: Value) -> tuple[Value, bool]:
    """The rank-3 operand with its last two axes as stored, and whether that swaps them."""
    equation = operand.owner
    if equation is None:
        return operand, False
    if isinstance(equation.op, Transpose) and equation.op.permutation == (0, 2, 1):
        return equation.inputs[0], True
    if not isinstance(equation.op, Reshape):
        return operand, False
    source = equation.inputs[0]
    inner = source.owner
    if inner is None or not isinstance(inner.op, Transpose):
        return operand, False
    stored = inner.inputs[0]
    rank = stored.type.rank
    # A matrix or a batch of matrices: only leading axes were merged or added.
    if inner.op.permutation != (*range(rank - 2), rank - 1, rank - 2) or rank < 2:
        return operand, False
    if operand.type.shape[1:] != source.type.shape[-2:]:
        return operand, False
    batch, rows, columns = operand.type.shape
    return reshape(stored, (batch, columns, rows)), True

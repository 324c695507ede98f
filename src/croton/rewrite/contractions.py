"""Matrix products: transposes of their operands become flags of the product, and those of results too."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, transform
from croton.graph.values import Equation, Value
from croton.ops.base import apply
from croton.ops.contraction import Contract
from croton.ops.shape import Reshape, Transpose, reshape, transpose


def fold_transposes(graph: Graph) -> Graph:
    """A product of transposed matrices reads them as they lie in memory."""
    return transform(graph, _fold)


def turn_products(graph: Graph) -> Graph:
    """A product that is only read with its rows innermost is computed transposed: readers then walk along
    what lies side by side in memory.
    """
    originals = iter(graph.equations)

    def turned(equation: Equation) -> Sequence[Value] | None:
        if not _reads_product_alone(graph, next(originals)):
            return None
        product = _product_behind(equation)
        if product is None or not isinstance(equation.op, Transpose):
            return None
        assert isinstance(product.op, Contract)
        left, right = product.inputs
        swapped = Contract(not product.op.transpose_right, not product.op.transpose_left)
        *leading, rows, columns = equation.inputs[0].type.shape
        result = reshape(apply(swapped, right, left)[0], (*leading, columns, rows))
        last = len(leading) + 1
        axes = {last: last - 1, last - 1: last}
        return [transpose(result, tuple(axes.get(axis, axis) for axis in equation.op.permutation))]

    return transform(graph, turned)


def _reads_product_alone(graph: Graph, equation: Equation) -> bool:
    """Whether an equation puts the rows of a product last, and nothing else reads the product."""
    product = _product_behind(equation)
    if product is None:
        return False
    values = {equation.inputs[0], product.outputs[0]}
    return not values & set(graph.outputs) and all(len(graph.consumers[value]) == 1 for value in values)


def _product_behind(equation: Equation) -> Equation | None:
    """The product, perhaps with more axes of batches, of which an equation makes the rows the last axis."""
    if not isinstance(equation.op, Transpose):
        return None
    source = equation.inputs[0]
    if equation.op.permutation[-1:] != (source.type.rank - 2,) or source.owner is None:
        return None
    made = source.owner
    if isinstance(made.op, Reshape) and made.inputs[0].type.shape[-2:] == source.type.shape[-2:]:
        made = made.inputs[0].owner or made
    return made if isinstance(made.op, Contract) else None


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

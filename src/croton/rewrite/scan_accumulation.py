"""Sums over the steps of a scan: products added up step by step become one product after the loop.

The sum over steps of a.T @ b is the product of all rows of a, below one another, with all rows of b. The
gradients of weights that a loop uses are of this kind. Those of biases are sums over the rows of what is then
there for all steps, so they are taken after the loop as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.graph import Graph, transform
from croton.graph.values import Constant, Equation, Value
from croton.ops.arithmetic import add
from croton.ops.base import apply_one
from croton.ops.contraction import Contract
from croton.ops.reduction import Reduce
from croton.ops.shape import reshape, transpose
from croton.rewrite.batching import Batcher
from croton.rewrite.scan_batching import ENOUGH_ROWS, AfterLoop
from croton.rewrite.scan_parts import ScanParts, State, is_plain

LINEAR_VIEWS = frozenset(("reshape", "transpose", "negative"))


def accumulate_after(graph: Graph) -> Graph:
    """The graph with states of scans that only add up products computed after the scans."""
    return transform(graph, _accumulate)


def _accumulate(equation: Equation) -> Sequence[Value] | None:
    if not is_plain(equation):
        return None
    parts = ScanParts.of(equation)
    after = AfterLoop(parts)
    sums = [_Sum(state, after) for state in parts.states]
    for found in sums:
        for term in found.late:
            for operand in _late_equation(term).inputs:
                after.provide(operand)
    for found in sums:
        found.delay_sums(after, {*after.leaves, *parts.results})
    sums = [found for found in sums if found.late]
    if not sums:
        return None
    for found in sums:
        found.state.after = found.rest()
    states, count = list(parts.states), len(equation.outputs) - len(parts.states)
    built, batcher = after.built()
    finals = dict(zip(states, parts.finals(built), strict=True))
    for found in sums:
        for term in found.late:
            finals[found.state] = add(finals[found.state], _total(term, batcher))
    return [*finals.values(), *parts.stacked(built)[:count]]


class _Sum:
    """A state that terms are added to: those that can be added after the loop, and the others."""

    def __init__(self, state: State, after: AfterLoop) -> None:
        self.state = state
        self.late: list[Value] = []
        self.early: list[Value] = []
        terms = _terms(state.after, after)
        readers = after.body.consumers.get(state.before, [])
        outputs = [*(other.after for other in after.parts.states), *after.parts.results]
        alone = terms.count(state.before) == len(readers) == 1 and outputs.count(state.after) == 1
        if not alone or state.before in outputs:
            return
        for term in terms:
            if term is not state.before:
                (self.late if _can_wait(term, after) else self.early).append(term)

    def delay_sums(self, after: AfterLoop, stacked: Collection[Value]) -> None:
        """Adds after the loop what is a sum of values that are stacked anyway."""
        for term in list(self.early):
            equation = _unshaped(term)
            if equation is None or equation.op.name != "reduce_sum":
                continue
            if _is_view_of_any(equation.inputs[0], stacked):
                after.provide(equation.inputs[0])
                self.early.remove(term)
                self.late.append(term)

    def rest(self) -> Value:
        """The state after a step, without the terms that are added later."""
        total = self.state.before
        for term in self.early:
            total = add(total, term)
        return total


def _terms(value: Value, after: AfterLoop) -> list[Value]:
    """The terms of a sum whose intermediate sums nothing else reads."""
    owner = value.owner
    if owner is None or owner.op.name != "add" or any(o.type != value.type for o in owner.inputs):
        return [value]
    terms = []
    for operand in owner.inputs:
        alone = len(after.body.consumers.get(operand, [])) == 1 and operand not in after.body.outputs
        terms += _terms(operand, after) if alone else [operand]
    return terms


def _can_wait(term: Value, after: AfterLoop) -> bool:
    """Whether a term is a product, perhaps seen under another shape, worth doing for all steps at once."""
    if term in after.known or isinstance(term, Constant):
        return False
    product = _unshaped(term)
    if product is None or not isinstance(product.op, Contract) or product.outputs[0].type.shape[0] != 1:
        return False
    return product.outputs[0] in after.varying and _saves_work(product)


def _unshaped(value: Value) -> Equation | None:
    """The equation that makes a value, before it is given another shape or sign."""
    owner = value.owner
    while owner is not None and owner.op.name in LINEAR_VIEWS:
        owner = owner.inputs[0].owner
    return owner


def _is_view_of_any(value: Value, values: Collection[Value]) -> bool:
    """Whether it is one of the values, perhaps under another shape."""
    while value not in values:
        if value.owner is None or value.owner.op.name not in ("reshape", "transpose"):
            return False
        value = value.owner.inputs[0]
    return True


def _saves_work(product: Equation) -> bool:
    """Whether a product sums over too little to be efficient by itself, and its operands are small."""
    op = product.op
    assert isinstance(op, Contract)
    _, rows, columns = product.outputs[0].type.shape
    inner = product.inputs[0].type.shape[1 if op.transpose_left else 2]
    if not isinstance(inner, int):
        return True
    known = isinstance(rows, int) and isinstance(columns, int)
    return inner < ENOUGH_ROWS and not (known and inner * (rows + columns) > 2 * rows * columns)


def _late_equation(term: Value) -> Equation:
    equation = _unshaped(term)
    assert equation is not None
    return equation


def _total(term: Value, batcher: Batcher) -> Value:
    """The sum over all steps of a term that is a product or a sum under another shape."""
    made = _late_equation(term)
    views = []
    owner = term.owner
    while owner is not None and owner is not made:
        views.append(owner)
        owner = owner.inputs[0].owner
    total = _summed_product(made, batcher) if isinstance(made.op, Contract) else _summed(made, batcher)
    for view in reversed(views):
        total = apply_one(view.op, total)
    return total


def _summed(equation: Equation, batcher: Batcher) -> Value:
    op = equation.op
    assert isinstance(op, Reduce)
    over_steps = op.changed(axes=(0, *(axis + 1 for axis in op.axes)))
    total: Value = apply_one(over_steps, batcher.compute(equation.inputs[0]))
    return total


def _summed_product(product: Equation, batcher: Batcher) -> Value:
    op = product.op
    assert isinstance(op, Contract)
    left, right = (batcher.compute(operand) for operand in product.inputs)
    below = [
        _below(left, batcher.length, stored_across=not op.transpose_left),
        _below(right, batcher.length, stored_across=op.transpose_right),
    ]
    total: Value = apply_one(Contract(True, False), *below)
    return total


def _below(matrices: Value, length: Dim, stored_across: bool) -> Value:
    """The rows (of the summed axis) of all steps' matrices below one another."""
    _, _, rows, columns = matrices.type.shape
    if stored_across:
        matrices = transpose(matrices, (0, 1, 3, 2))
        rows, columns = columns, rows
    below: Value = reshape(matrices, (1, dims.multiply(length, rows), columns))
    return below

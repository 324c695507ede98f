"""Operations of one step done for all steps at once: a rule for each, with steps as the first axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Constant, Equation, Value
from croton.ops.arithmetic import Where
from croton.ops.base import apply, apply_one
from croton.ops.contraction import Contract
from croton.ops.elementwise import Cast, Elementwise
from croton.ops.reduction import Reduce
from croton.ops.shape import BroadcastTo, Concatenate, Reshape, Transpose, broadcast_to, reshape, transpose
from croton.ops.slicing import Place, Slice


@dataclass(frozen=True)
class Stacked:
    """What stands outside a loop for a value inside: all steps along a first axis, or one value for all."""

    value: Value
    varies: bool


@dataclass
class Batcher:
    """Computes values of a loop's body outside of it, for all `length` steps at once.

    known: what stands outside for values inside; grows as values are computed.
    """

    length: Dim
    known: dict[Value, Stacked] = field(default_factory=dict)

    def compute(self, value: Value) -> Value:
        """All steps of a value along a first axis, which everything known must suffice for."""
        return _along_steps(self.of(value), self.length)

    def of(self, value: Value) -> Stacked:
        """What stands outside for a value of the body."""
        stack = [value]
        while stack:
            current = stack[-1]
            if current in self.known:
                stack.pop()
                continue
            if isinstance(current, Constant):
                self.known[current] = Stacked(current, False)
                continue
            owner = current.owner
            assert owner is not None, "a value of the body that nothing outside stands for"
            pending = [operand for operand in owner.inputs if operand not in self.known]
            if pending:
                stack.extend(pending)
                continue
            self._compute(owner)
        return self.known[value]

    def _compute(self, equation: Equation) -> None:
        operands = [self.known[operand] for operand in equation.inputs]
        if not any(operand.varies for operand in operands):
            made = apply(equation.op, *(operand.value for operand in operands))
        else:
            made = (_RULES[type(equation.op)](equation, operands, self.length),)
        for inside, outside in zip(equation.outputs, made, strict=True):
            if outside.owner is not None and outside.owner.location is None:
                outside.owner.location = equation.location
            self.known[inside] = Stacked(outside, any(operand.varies for operand in operands))


def can_batch(equation: Equation, varies: Callable[[Value], bool]) -> bool:
    """Whether the equation has a rule, given which of its operands differ from step to step."""
    op = equation.op
    if type(op) not in _RULES:
        return False
    if isinstance(op, Contract):
        batch = equation.outputs[0].type.shape[0]
        return batch == 1 or all(varies(operand) for operand in equation.inputs)
    if isinstance(op, (Slice, Place)):
        return all(start is not None for start in op.starts)
    return True


def _along_steps(stacked: Stacked, length: Dim) -> Value:
    if stacked.varies:
        return stacked.value
    repeated: Value = broadcast_to(stacked.value, (length, *stacked.value.type.shape))
    return repeated


def _aligned(operand: Stacked, rank: int) -> Value:
    """The operand ready to broadcast against others of `rank` axes in each step."""
    value = operand.value
    if not operand.varies:
        return value
    missing = rank - (value.type.rank - 1)
    shape = value.type.shape
    lined_up: Value = reshape(value, (shape[0], *(1,) * missing, *shape[1:]))
    return lined_up


def _elementwise(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    rank = equation.outputs[0].type.rank
    made: Value = apply_one(equation.op, *(_aligned(operand, rank) for operand in operands))
    return made


def _reshape(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    made: Value = reshape(operands[0].value, (length, *equation.outputs[0].type.shape))
    return made


def _transpose(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    op = equation.op
    assert isinstance(op, Transpose)
    made: Value = transpose(operands[0].value, (0, *(axis + 1 for axis in op.permutation)))
    return made


def _broadcast_to(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    shape = equation.outputs[0].type.shape
    made: Value = broadcast_to(_aligned(operands[0], len(shape)), (length, *shape))
    return made


def _concatenate(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    op = equation.op
    assert isinstance(op, Concatenate)
    made: Value = apply_one(
        Concatenate(op.axis + 1), *(_along_steps(operand, length) for operand in operands)
    )
    return made


def _slice(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    op = equation.op
    assert isinstance(op, Slice)
    batched = Slice((0, *op.starts), (length, *op.sizes), (1, *op.steps))
    made: Value = apply_one(batched, operands[0].value)
    return made


def _place(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    op = equation.op
    assert isinstance(op, Place)
    batched = Place((0, *op.starts), (1, *op.steps), op.kind)
    made: Value = apply_one(batched, *(_along_steps(operand, length) for operand in operands))
    return made


def _reduce(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    op = equation.op
    assert isinstance(op, Reduce)
    made: Value = apply_one(Reduce(op.kind, tuple(axis + 1 for axis in op.axes), op.empty), operands[0].value)
    return made


def _contract(equation: Equation, operands: Sequence[Stacked], length: Dim) -> Value:
    """One product of all steps' rows if one operand is the same in all steps, else a batch of products."""
    op = equation.op
    assert isinstance(op, Contract)
    left, right = operands
    shape = equation.outputs[0].type.shape
    if left.varies and right.varies:
        merged = [_merged(operand.value) for operand in operands]
        product = apply_one(op, *merged)
        made: Value = reshape(product, (length, *shape))
        return made
    if left.varies:
        rows = _rows_of_steps(left.value, op.transpose_left)
        product = apply_one(Contract(False, op.transpose_right), rows, right.value)
        made = reshape(product, (length, *shape))
        return made
    rows = _rows_of_steps(right.value, not op.transpose_right)
    product = apply_one(Contract(False, not op.transpose_left), rows, left.value)
    _, height, width = shape
    made = transpose(reshape(product, (length, 1, width, height)), (0, 1, 3, 2))
    return made


def _merged(value: Value) -> Value:
    """Steps and batch as one axis."""
    steps, batch, *rest = value.type.shape
    merged: Value = reshape(value, (dims.multiply(steps, batch), *rest))
    return merged


def _rows_of_steps(value: Value, swapped: bool) -> Value:
    """The rows of each step's matrix (stored with its axes swapped or not), below one another."""
    matrix: Value = transpose(value, (0, 1, 3, 2)) if swapped else value
    steps, _, rows, columns = matrix.type.shape
    below: Value = reshape(matrix, (1, dims.multiply(steps, rows), columns))
    return below


_RULES: dict[type, Callable[[Equation, Sequence[Stacked], Dim], Value]] = {
    Elementwise: _elementwise,
    Where: _elementwise,
    Cast: _elementwise,
    Reshape: _reshape,
    Transpose: _transpose,
    BroadcastTo: _broadcast_to,
    Concatenate: _concatenate,
    Slice: _slice,
    Place: _place,
    Reduce: _reduce,
    Contract: _contract,
}

"""Slices of what is computed from all steps of a loop are taken of the steps instead.

exp(steps)[-1] is exp(steps[-1]): nothing then needs the other steps, and the loop need not keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.graph import Graph, transform
from croton.graph.operation import Operation
from croton.graph.values import Constant, Equation, TensorType, Value
from croton.ops.contraction import Contract
from croton.ops.control import Scan
from croton.ops.elementwise import Cast, Elementwise
from croton.ops.reduction import Reduce
from croton.ops.scan_until import ScanUntil
from croton.ops.shape import BroadcastTo, Reshape
from croton.ops.slicing import Slice


class _Rows(NamedTuple):
    """Elements start, start + step, ... of an axis, before which there are only axes of size 1."""

    axis: int
    start: Dim
    number: Dim
    step: int


def slice_early(graph: Graph) -> Graph:
    """The graph with slices taken before elementwise functions, products and sums over other axes."""
    if not any(isinstance(equation.op, (Scan, ScanUntil)) for equation in graph.equations):
        return graph
    walk = _Walk(graph)
    replaced = {e: made for e in graph.equations if (made := walk.early(e)) is not None}
    if not replaced:
        return graph
    originals = iter(graph.equations)

    def replace(equation: Equation) -> Sequence[Value] | None:
        made = replaced.get(next(originals))
        return None if made is None else [made]

    return transform(graph, replace)


class _Walk:
    """Goes from slices back to the results of loops."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.reached = False  # whether a slice of a loop's result was made
        self.partial: set[Value] = set()  # values of which nothing but such slices are read
        outputs = set(graph.outputs)
        for equation in reversed(graph.equations):
            for output in equation.outputs:
                readers = graph.consumers.get(output, [])
                if readers and output not in outputs and all(map(self._reads_part, readers)):
                    self.partial.add(output)

    def _reads_part(self, reader: Equation) -> bool:
        return _rows_of(reader) is not None or all(output in self.partial for output in reader.outputs)

    def early(self, equation: Equation) -> Value | None:
        """What stands for a slice; None to leave it as it is."""
        rows = _rows_of(equation)
        if rows is None or equation.inputs[0] not in self.partial:
            return None
        self.reached = False
        made = self._through(equation.inputs[0], rows)
        if made is None or not self.reached:
            return None
        op = equation.op
        assert isinstance(op, Slice)
        rest = op.changed(starts=(0, *op.starts[1:]), steps=(1, *op.steps[1:]))
        types = [output.type for output in equation.outputs]
        return Equation(rest, [made], types, equation.guards, equation.location).outputs[0]

    def _sliced(self, value: Value, rows: _Rows) -> Value:
        """The rows of a value, computed from rows of its operands where that can be."""
        made = self._through(value, rows) if value in self.partial else None
        if made is not None:
            return made
        self.reached = self.reached or (
            value.owner is not None and isinstance(value.owner.op, (Scan, ScanUntil))
        )
        zeros = [0] * value.type.rank
        starts: list[Dim] = [*zeros]
        starts[rows.axis] = rows.start
        steps = [1] * value.type.rank
        steps[rows.axis] = rows.step
        shape = _with_rows(value, rows)
        return _equation(Slice(tuple(starts), shape, tuple(steps)), [value], value, rows)

    def _through(self, value: Value, rows: _Rows) -> Value | None:
        equation = value.owner
        if equation is None:
            return None
        op = equation.op
        if isinstance(op, (Elementwise, Cast, BroadcastTo)):
            operands = [self._of_operand(operand, value, rows) for operand in equation.inputs]
            if isinstance(op, BroadcastTo):
                op = op.changed(shape=_with_rows(value, rows))
            return _equation(op, operands, value, rows)
        if isinstance(op, Reduce):
            kept = [axis for axis in range(equation.inputs[0].type.rank) if axis not in op.axes]
            if any(axis < kept[rows.axis] for axis in op.axes):
                return None
            operand = self._sliced(equation.inputs[0], rows._replace(axis=kept[rows.axis]))
            return _equation(op, [operand], value, rows)
        if isinstance(op, Contract) and rows.axis == 1:
            left = self._sliced(equation.inputs[0], rows) if not op.transpose_left else None
            return None if left is None else _equation(op, [left, equation.inputs[1]], value, rows)
        return self._through_reshape(equation, rows) if isinstance(op, Reshape) else None

    def _of_operand(self, operand: Value, value: Value, rows: _Rows) -> Value:
        """The rows of an operand that broadcasts to the value."""
        axis = rows.axis - (value.type.rank - operand.type.rank)
        if axis < 0 or (isinstance(operand, Constant) and operand.data.size == 1):
            return operand
        if operand.type.shape[axis] == 1 and value.type.shape[rows.axis] != 1:
            return operand
        return self._sliced(operand, rows._replace(axis=axis))

    def _through_reshape(self, equation: Equation, rows: _Rows) -> Value | None:
        """Rows that follow each other are rows of the other shape, too, if they are whole ones there."""
        value, source = equation.outputs[0], equation.inputs[0]
        axis = next((n for n, size in enumerate(source.type.shape) if size != 1), None)
        if axis is None or rows.step != 1:
            return None
        below = dims.product(value.type.shape[rows.axis + 1 :])
        below_source = dims.product(source.type.shape[axis + 1 :])
        start = dims.exact_quotient(dims.multiply(rows.start, below), below_source)
        count = dims.exact_quotient(dims.multiply(rows.number, below), below_source)
        if start is None or count is None or below_source == 0:
            return None
        operand = self._sliced(source, _Rows(axis, start, count, 1))
        return _equation(Reshape(_with_rows(value, rows)), [operand], value, rows)


def _rows_of(equation: Equation) -> _Rows | None:
    """What a slice reads of the first axis, if that is not all of it and known before running."""
    op = equation.op
    if not isinstance(op, Slice) or op.starts[0] is None or len(equation.inputs) != 1:
        return None
    if equation.inputs[0].type.shape[0] == op.sizes[0]:
        return None
    return _Rows(0, op.starts[0], op.sizes[0], op.steps[0])


def _with_rows(value: Value, rows: _Rows) -> dims.Shape:
    shape = list(value.type.shape)
    shape[rows.axis] = rows.number
    return tuple(shape)


def _equation(op: Operation, operands: Sequence[Value], value: Value, rows: _Rows) -> Value:
    """The operation on parts of operands, in place of the whole value."""
    type = TensorType(value.type.dtype, _with_rows(value, rows))
    whole = value.owner
    guards = whole.guards if whole is not None and not isinstance(op, Slice) else ()
    location = None if whole is None else whole.location
    return Equation(op, operands, [type], guards, location).outputs[0]

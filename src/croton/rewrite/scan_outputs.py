"""Reads of a scan's last steps: they are its final state, or the loop keeps no rows but theirs."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.graph import Graph, transform
from croton.graph.operation import Operation
from croton.graph.values import Equation, TensorType, Value
from croton.ops.control import Scan
from croton.ops.scan_until import ScanUntil
from croton.ops.shape import Reshape
from croton.ops.slicing import Slice, smaller


def read_final_states(graph: Graph) -> Graph:
    """The graph with the last row of a result read from the final state, where it is that."""
    if not any(isinstance(equation.op, (Scan, ScanUntil)) for equation in graph.equations):
        return graph
    return transform(graph, _from_final_state)


def _from_final_state(equation: Equation) -> Sequence[Value] | None:
    composed = _composed(equation)
    found = _read_final_state(equation if composed is None else composed)
    return found if found is not None or composed is None else composed.outputs


def _composed(equation: Equation) -> Equation | None:
    """A slice of a slice of a scan's result as one slice of the result."""
    op = equation.op
    inner = equation.inputs[0].owner if isinstance(op, Slice) else None
    if inner is None or not isinstance(op, Slice) or not isinstance(inner.op, Slice):
        return None
    if _result_of(inner.inputs[0]) is None or None in (*op.starts, *inner.op.starts):
        return None
    parts = zip(inner.op.starts, inner.op.steps, op.starts, op.steps, strict=True)
    starts, steps = [], []
    for first, first_step, second, second_step in parts:
        assert first is not None
        assert second is not None
        starts.append(dims.add(first, dims.multiply(first_step, second)))
        steps.append(first_step * second_step)
    types = [output.type for output in equation.outputs]
    guards = (*inner.guards, *equation.guards)
    return Equation(
        Slice(tuple(starts), op.sizes, tuple(steps)), inner.inputs, types, guards, equation.location
    )


def _result_of(value: Value) -> Equation | None:
    """The scan of which the value is a result of all steps."""
    equation = value.owner
    if equation is None or not isinstance(equation.op, (Scan, ScanUntil)):
        return None
    last = len(equation.outputs) - (1 if isinstance(equation.op, ScanUntil) else 0)
    return equation if equation.op.states <= value.index < last else None


def _read_final_state(equation: Equation) -> Sequence[Value] | None:
    op = equation.op
    if not isinstance(op, Slice) or _steps_back(equation) != 0 or op.sizes[0] != 1:
        return None
    scan = _result_of(equation.inputs[0])
    assert scan is not None
    assert isinstance(scan.op, (Scan, ScanUntil))
    made = scan.op.body.outputs
    result = made[equation.inputs[0].index]
    state = next((number for number in range(scan.op.states) if made[number] is result), None)
    if state is None:
        return None
    final = scan.outputs[state]
    shape = (1, *final.type.shape)
    row = Equation(Reshape(shape), [final], [TensorType(final.type.dtype, shape)]).outputs[0]
    sliced = op.changed(starts=(0, *op.starts[1:]), steps=(1, *op.steps[1:]))
    return [_equation(sliced, row, op.sizes, equation)]


def _equation(op: Operation, operand: Value, shape: Shape, like: Equation) -> Value:
    """An operation applied, with the guards of the equation in whose place it is."""
    type = TensorType(operand.type.dtype, shape)
    return Equation(op, [operand], [type], like.guards, like.location).outputs[0]


def _steps_back(equation: Equation) -> Dim | None:
    """How many steps before the last one the earliest lies of those whose rows a slice of a result reads."""
    op, source = equation.op, equation.inputs[0] if equation.inputs else None
    scan = None if source is None or not isinstance(op, Slice) else _result_of(source)
    if scan is None or not isinstance(op, Slice) or op.starts[0] is None:
        return None
    start, step = op.starts[0], op.steps[0]
    end = dims.add(start, dims.multiply(step, dims.subtract(op.sizes[0], 1)))
    low, high = (start, end) if step > 0 else (end, start)
    if _is_reversed(scan):
        return _upper_bound(high)
    assert source is not None
    return _upper_bound(dims.subtract(dims.subtract(source.type.shape[0], 1), low))


def _upper_bound(size: Dim) -> Dim:
    """At least this size, and simpler: -max(a, 0) is at most -a, and min(a, 2) at most 2."""
    if isinstance(size, int):
        return size
    total: Dim = 0
    for monomial, coefficient in size.terms:
        atom = monomial[0] if len(monomial) == 1 else None
        term: Dim = dims.multiply(coefficient, dims.product(dims.of_atom(factor) for factor in monomial))
        if isinstance(atom, dims.Compound):
            if atom.kind == "max" and coefficient < 0 and atom.right == 0:
                term = dims.multiply(coefficient, atom.left)
            known = next((side for side in (atom.left, atom.right) if isinstance(side, int)), None)
            if atom.kind == "min" and coefficient > 0 and known is not None:
                term = coefficient * known
        total = dims.add(total, term)
    return total


def keep_last_steps(graph: Graph) -> Graph:
    """The graph with scans that keep the rows of their last steps only, where no others are read."""
    scans = [equation for equation in graph.equations if isinstance(equation.op, (Scan, ScanUntil))]
    kept = {scan: rows for scan in scans if (rows := _rows_needed(graph, scan)) is not None}
    if not kept:
        return graph
    originals = iter(graph.equations)
    skipped: dict[Value, Dim] = {}  # shortened results, with how many rows are left out before the first

    def shorten(equation: Equation) -> Sequence[Value] | None:
        original = next(originals)
        if original in kept:
            shortened = _shortened(equation, kept[original])
            for before, after in zip(equation.outputs, shortened.outputs, strict=True):
                if before.type != after.type:
                    gone = dims.subtract(before.type.shape[0], after.type.shape[0])
                    skipped[after] = 0 if _is_reversed(equation) else gone
            return shortened.outputs
        if not isinstance(equation.op, Slice) or equation.inputs[0] not in skipped:
            return None
        start = equation.op.starts[0]
        assert start is not None
        first = dims.subtract(start, skipped[equation.inputs[0]])
        moved = equation.op.changed(starts=(first, *equation.op.starts[1:]))
        return [_equation(moved, equation.inputs[0], moved.sizes, equation)]

    return transform(graph, shorten)


def _rows_needed(graph: Graph, scan: Equation) -> tuple[Dim, ...] | None:
    """How many rows of each result are read, the last ones; None if there are no rows to save."""
    op = scan.op
    assert isinstance(op, (Scan, ScanUntil))
    if op.kept if isinstance(op, Scan) else op.only_last:
        return None
    results = scan.outputs[op.states : len(op.body.outputs) - (1 if isinstance(op, ScanUntil) else 0)]
    needed = tuple(_rows_of(graph, result) for result in results)
    return needed if needed != tuple(result.type.shape[0] for result in results) else None


def _rows_of(graph: Graph, result: Value) -> Dim:
    """How many of the last rows of a result are read."""
    length = result.type.shape[0]
    if result in graph.outputs:
        return length
    depths = {_steps_back(reader) for reader in graph.consumers.get(result, [])} or {0}
    known = [depth for depth in depths if isinstance(depth, int) and depth >= 0]
    if len(known) < len(depths):
        return length
    if _result_stops(result):
        return 1 if max(known) == 0 else length
    return smaller(length, max(known) + 1)


def _is_reversed(scan: Equation) -> bool:
    """Whether the rows of the last steps come first."""
    return isinstance(scan.op, Scan) and scan.op.reverse


def _result_stops(result: Value) -> bool:
    return result.owner is not None and isinstance(result.owner.op, ScanUntil)


def _shortened(scan: Equation, rows: tuple[Dim, ...]) -> Equation:
    """The scan keeping so many rows of its results."""
    op = scan.op
    if isinstance(op, ScanUntil):
        op = op.changed(only_last=tuple(count == 1 for count in rows))
    else:
        op = op.changed(kept=rows)
    assert isinstance(op, (Scan, ScanUntil))
    types = [output.type for output in scan.outputs]
    for position, count in enumerate(rows, op.states):
        types[position] = TensorType(types[position].dtype, (count, *types[position].shape[1:]))
    return Equation(op, scan.inputs, types, scan.guards, scan.location)

"""Work that is the same in every step of a loop is done once, before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from croton.graph.graph import Graph, copy_graph, transform
from croton.graph.values import Constant, Equation, Value
from croton.loops.memory import at_least
from croton.ops.base import ElementOperation
from croton.ops.contraction import Contract
from croton.ops.control import While
from croton.ops.reduction import Reduce
from croton.rewrite.batching import Batcher, Stacked
from croton.rewrite.scan_parts import ScanParts, dependents, is_plain

# Operations that only choose or repeat elements: their readers do that as well.
VIEWS = frozenset(("reshape", "transpose", "broadcast_to", "slice", "concatenate", "iota", "size", "place"))


def hoist_invariants(graph: Graph) -> Graph:
    """The graph with loops whose bodies no longer repeat what does not change."""
    return transform(graph, _hoist)


def _hoist(equation: Equation) -> Sequence[Value] | None:
    if is_plain(equation):
        return _hoist_scan(equation)
    return _hoist_while(equation) if isinstance(equation.op, While) else None


def _hoist_scan(equation: Equation) -> Sequence[Value] | None:
    parts = ScanParts.of(equation)
    body = parts.op.body
    varying = [state.before for state in parts.states] + [entry.inner for entry in parts.sequences]
    may_fail = not (isinstance(parts.length, int) and parts.length > 0)
    found = _invariants(body, varying, may_fail)
    known = {entry.inner: entry.outer for entry in parts.captured}
    if not found:
        return None
    outside = _computed_outside(found, known)
    parts.substitute({inner: parts.capture(outer) for inner, outer in outside.items()})
    return parts.built().outputs


def _hoist_while(equation: Equation) -> Sequence[Value] | None:
    op = equation.op
    assert isinstance(op, While)
    captured = equation.inputs[op.states :]
    graphs, added = [], dict[Value, None]()
    stand_ins: list[dict[Value, Value]] = []
    for graph in (op.condition, op.body):
        found = _invariants(graph, graph.inputs[: op.states], may_fail=True)
        outside = _computed_outside(found, dict(zip(graph.inputs[op.states :], captured, strict=True)))
        added.update(dict.fromkeys(outside.values()))
        stand_ins.append(outside)
    if not added:
        return None
    for graph, outside in zip((op.condition, op.body), stand_ins, strict=True):
        inputs = {outer: Value.factory(outer.type) for outer in added}
        replaced = copy_graph(
            Graph.of([], graph.outputs), {inner: inputs[outer] for inner, outer in outside.items()}
        )
        graphs.append(Graph.of([*graph.inputs, *inputs.values()], replaced.outputs))
    renewed = While(graphs[0], graphs[1], op.states)
    operands = [*equation.inputs, *added]
    types = [output.type for output in equation.outputs]
    return Equation(renewed, operands, types, equation.guards, equation.location).outputs


def _invariants(body: Graph, varying: Sequence[Value], may_fail: bool) -> list[Value]:
    """Values that do not change and are worth computing once, those that the rest of the body reads.

    may_fail: whether to leave alone what may fail, since there may be no step at all.
    """
    changing = dependents(body.equations, varying)
    fixed: set[Value] = set()
    for equation in body.equations:
        if any(output in changing for output in equation.outputs) or not _may_move(equation, may_fail):
            continue
        if all(isinstance(o, Constant) or o.owner is None or o in fixed for o in equation.inputs):
            fixed.update(equation.outputs)
    needed = {
        operand
        for equation in body.equations
        if equation.outputs[0] not in fixed
        for operand in equation.inputs
    } | set(body.outputs)
    found: dict[Value, None] = {}
    stack = [value for value in needed if value in fixed]
    while stack:
        value = stack.pop()
        assert value.owner is not None
        if _is_worthwhile(value, body):
            found[value] = None
        else:
            stack.extend(operand for operand in value.owner.inputs if operand in fixed)
    order = {output: number for number, e in enumerate(body.equations) for output in e.outputs}
    return sorted(found, key=lambda value: order[value])


def _may_move(equation: Equation, may_fail: bool) -> bool:
    op = equation.op
    if not op.pure or op.graphs() or equation.bound_symbols():
        return False
    if isinstance(op, (ElementOperation, Contract, Reduce)):
        return True
    return hasattr(op, "c_function") and not may_fail


def _is_worthwhile(value: Value, body: Graph) -> bool:
    """Whether to keep a value in memory for all steps: not a view, and no larger than what it is made of."""
    equation = value.owner
    assert equation is not None
    if not equation.inputs:
        return False
    if not isinstance(equation.op, ElementOperation):
        return True
    read_whole = any(not isinstance(e.op, (ElementOperation, Reduce)) for e in body.consumers.get(value, []))
    if equation.op.name in VIEWS:
        return read_whole and equation.op.name != "reshape"
    return read_whole or any(at_least(operand.type.size, value.type.size) for operand in equation.inputs)


def _computed_outside(found: Sequence[Value], known: Mapping[Value, Value]) -> dict[Value, Value]:
    batcher = Batcher(1, {inner: Stacked(outer, False) for inner, outer in known.items()})
    return {value: batcher.of(value).value for value in found}

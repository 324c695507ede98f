"""What expressions are made of: their inputs, ancestors and equations, as Theano's `gof.graph` tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from croton.graph.graph import Graph, sorted_equations
from croton.graph.operation import SingularOperation
from croton.graph.values import Constant, Equation, Value


def ancestors(variables: Iterable[Value], blockers: Iterable[Value] = ()) -> list[Value]:
    """The variables themselves and everything they are computed from; nothing behind `blockers`."""
    blocked = set(blockers or ())
    found: dict[Value, None] = {}
    stack = list(variables)[::-1]
    while stack:
        value = stack.pop()
        if value in found:
            continue
        found[value] = None
        if value.owner is not None and value not in blocked:
            stack.extend(reversed(value.owner.inputs))
    return list(found)


def inputs(variables: Iterable[Value], blockers: Iterable[Value] = ()) -> list[Value]:
    """What the expressions are computed from that nothing computes: variables, shared ones, constants.

    A variable of which only a size is used is not found: sizes are no operands.
    """
    return [value for value in ancestors(variables, blockers) if value.owner is None]


def nodes(inputs: Iterable[Value], outputs: Iterable[Value]) -> list[Equation]:
    """The equations between inputs and outputs, each after those it depends on."""
    return list(sorted_equations(outputs, inputs))


def variables(inputs: Sequence[Value], outputs: Sequence[Value]) -> list[Value]:
    """Everything read or made between inputs and outputs, these included."""
    found = dict.fromkeys([*inputs, *outputs])
    for node in nodes(inputs, outputs):
        found.update(dict.fromkeys([*node.inputs, *node.outputs]))
    return list(found)


def is_in_ancestors(node: Equation | None, other: Equation | None) -> bool:
    """Whether an equation depends on another one, or is that one."""
    if node is None or other is None:
        return False
    return any(value.owner is other for value in ancestors(node.outputs))


def is_same_graph(first: Value, second: Value, givens: Mapping[Value, Value] | None = None) -> bool:
    """Whether two expressions do the same operations on the same variables, and on equal constants.

    givens: variables of the one expression that count as variables of the other.
    """
    same: dict[Value, Value] = dict(givens or {})
    same.update({right: left for left, right in (givens or {}).items()})
    seen: set[tuple[Value, Value]] = set()
    stack = [(first, second)]
    while stack:
        left, right = stack.pop()
        if left is right or (left, right) in seen or same.get(left) is right:
            continue
        seen.add((left, right))
        if isinstance(left, Constant) and isinstance(right, Constant):
            if left.type != right.type or left.data.tobytes() != right.data.tobytes():
                return False
            continue
        one, other = left.owner, right.owner
        if one is None or other is None or left.index != right.index or not _same_operation(one, other):
            return False
        stack.extend(zip(one.inputs, other.inputs, strict=True))
    return True


def _same_operation(one: Equation, other: Equation) -> bool:
    if len(one.inputs) != len(other.inputs) or type(one.op) is not type(other.op):
        return False
    if isinstance(one.op, SingularOperation):
        return one.op is other.op
    if not one.op.graphs():
        return one.op == other.op
    changed = one.op.map_graphs(lambda graph: _EMPTY)
    return changed == other.op.map_graphs(lambda graph: _EMPTY) and all(
        _same_body(left, right) for left, right in zip(one.op.graphs(), other.op.graphs(), strict=True)
    )


_EMPTY = Graph((), (), ())


def _same_body(left: Graph, right: Graph) -> bool:
    if len(left.inputs) != len(right.inputs) or len(left.outputs) != len(right.outputs):
        return False
    givens = dict(zip(left.inputs, right.inputs, strict=True))
    pairs = zip(left.outputs, right.outputs, strict=True)
    return all(is_same_graph(one, other, givens) for one, other in pairs)

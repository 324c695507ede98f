"""Collapsing: neighbouring loops that every access walks together become one loop over their product."""

from __future__ import annotations

from croton.graph import dims
from croton.loops.expressions import Builder, Node
from croton.loops.members import Member, index_name
from croton.loops.program import Nest


def collapse(nest: Nest, builder: Builder) -> None:
    """Merges the outer loops of a nest, from the first pair inwards, where all members allow it.

    The merged loop keeps the variable of the last axis, so that it can merge with the next one in turn;
    the others become 0 and have size 1.
    """
    for axis in range(nest.depth - 1):
        if all(_can_merge(member, axis) for member in nest.members):
            for member in nest.members:
                _merge(member, axis, builder)
    for member in nest.members:
        _drop_unit_axes(member, builder)


def _drop_unit_axes(member: Member, builder: Builder) -> None:
    """Axes of size 1 get no loop, so an expression that names their variable means 0."""
    for axis, size in enumerate(member.domain):
        if size == 1 and index_name(axis) in member.expression.variables:
            member.expression = _replace(member.expression, index_name(axis), builder.integer(0), builder, {})


def _can_merge(member: Member, axis: int) -> bool:
    if (axis in member.reduced) != (axis + 1 in member.reduced):
        return False
    if member.window is not None and member.window.axis in (axis, axis + 1):
        return False
    first, second = index_name(axis), index_name(axis + 1)
    return _uses_agree(member.expression, first, second, member.domain[axis + 1])


def _uses_agree(expression: Node, first: str, second: str, size: dims.Dim) -> bool:
    """Whether the two variables only occur side by side in loads whose second axis has the loop's size."""
    seen: set[Node] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        if node in seen or not (first in node.variables or second in node.variables):
            continue
        seen.add(node)
        if node.kind == "index":
            return False
        if node.kind in ("load", "load_if"):
            rank = node.data.type.rank
            index = node.operands[:rank]
            positions = [
                p for p, part in enumerate(index) if part.kind == "index" and part.data in (first, second)
            ]
            if positions:
                if len(positions) != 2 or positions[1] != positions[0] + 1:
                    return False
                before, after = index[positions[0]], index[positions[1]]
                if before.data != first or after.data != second or node.data.type.shape[positions[1]] != size:
                    return False
            rest = [part for p, part in enumerate(node.operands) if p not in positions]
            stack.extend(rest)
        else:
            stack.extend(node.operands)
    return True


def _merge(member: Member, axis: int, builder: Builder) -> None:
    """Axis and axis + 1 become one: the first is 0 from now on, the second runs over both."""
    domain = list(member.domain)
    domain[axis + 1] = dims.multiply(domain[axis], domain[axis + 1])
    domain[axis] = 1
    member.domain = tuple(domain)
    member.expression = _replace(member.expression, index_name(axis), builder.integer(0), builder, {})


def _replace(node: Node, name: str, by: Node, builder: Builder, memo: dict[Node, Node]) -> Node:
    if name not in node.variables:
        return node
    found = memo.get(node)
    if found is None:
        if node.kind == "index":
            found = by
        else:
            operands = tuple(_replace(operand, name, by, builder, memo) for operand in node.operands)
            found = builder._make(node.kind, node.dtype, operands, node.data)
        memo[node] = found
    return found

"""Row blocks: several short rows computed as one long one.

Where the inner loop is short (the 5 or 10 outputs of a small layer), vectors would mostly be empty. Rows
that lie one after the other in memory are then run as one loop over several rows, with the operands that
every row shares (a bias) repeated that many times beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

from croton.graph.dims import Dim
from croton.loops.expressions import Node
from croton.loops.members import Member, index_name
from croton.loops.program import Nest

TILE = 256  # elements that a block of rows has room for
LONG_ROW = 64  # rows known to be this long are left alone


@dataclass(frozen=True)
class RowBlock:
    """The two loops that run as one: `outer` over rows, `inner` within a row of `width` elements."""

    outer: int
    inner: int
    width: Dim


def find_row_block(nest: Nest) -> RowBlock | None:
    """The loops of a nest that can run in blocks of rows, if rows may be short and every access allows it."""
    if len(nest.stages) != 1:
        return None
    domain = nest.members[0].domain
    axes = [axis for axis, size in enumerate(domain) if size != 1]
    if len(axes) != 2 or any(member.domain != domain or member.window is not None for member in nest.members):
        return None
    outer, inner = axes
    width = domain[inner]
    if outer >= nest.depth or (isinstance(width, int) and (width >= LONG_ROW or width % 16 == 0)):
        return None
    if not all(_allows(member, outer, inner, width) for member in nest.members):
        return None
    return RowBlock(outer, inner, width)


def _allows(member: Member, outer: int, inner: int, width: Dim) -> bool:
    reduced = [axis for axis in member.reduced if axis in (outer, inner)]
    if reduced == [inner]:
        return False
    if reduced and member.value.type.dtype.kind == "c":
        return False
    return _accesses_allow(member.expression, index_name(outer), index_name(inner), width)


def _accesses_allow(expression: Node, outer: str, inner: str, width: Dim) -> bool:
    """Whether rows only occur in loads: whole contiguous rows, or the same row for all."""
    seen: set[Node] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        if node in seen or not node.variables & {outer, inner}:
            continue
        seen.add(node)
        if node.kind in ("index", "load_if"):
            return False
        if node.kind == "load":
            shape = node.data.type.shape
            positions = {part.data: p for p, part in enumerate(node.operands) if part.kind == "index"}
            others = [part for part in node.operands if part.kind != "index"]
            if any(part.variables & {outer, inner} for part in others):
                return False
            if len(positions) + len(others) < len(node.operands):
                return False  # a diagonal: one variable on two axes
            if inner not in positions or any(size != 1 for size in shape[positions[inner] + 1 :]):
                return False
            if shape[positions[inner]] != width:
                return False
            if outer in positions:
                between = shape[positions[outer] + 1 : positions[inner]]
                if positions[outer] > positions[inner] or any(size != 1 for size in between):
                    return False
            elif any(size != 1 for size in shape[: positions[inner]]):
                return False
        else:
            stack.extend(node.operands)
    return True


def is_shared_row(node: Node, block: RowBlock) -> bool:
    """Whether a load reads the same row for every row of the block."""
    return index_name(block.inner) in node.variables and index_name(block.outer) not in node.variables


def accumulates_per_column(member: Member, block: RowBlock) -> bool:
    """Whether a reduction over rows keeps a total for each column."""
    return block.outer in member.reduced and block.inner not in member.reduced

"""When members may share the loops of a nest."""

from __future__ import annotations

from croton.graph.dims import Dim
from croton.loops.expressions import Node
from croton.loops.members import Member, index_name

LARGEST_NEST = 24  # members


def own_depth(member: Member) -> int:
    """How many outer loops a member alone in its nest has: all, but not those of trailing reduced axes.

    Of one that is reduced over its first axes, those: its result is complete after all of them.
    """
    if not member.reduced:
        return len(member.domain)
    if member.reduced[0] == 0:
        return next(
            (axis for axis in range(len(member.domain)) if axis not in member.reduced), len(member.domain)
        )
    return member.reduced[0]


def depth_fits(member: Member, depth: int) -> bool:
    """Whether the member's reduction completes inside an iteration of `depth` loops, or after them all."""
    if len(member.domain) < depth:
        return False
    return not member.reduced or member.reduced[0] >= depth or member.reduced[0] == 0


def common_prefix(first: tuple[Dim, ...], second: tuple[Dim, ...]) -> int:
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count


def is_complete(load: Node, made: Member, depth: int) -> bool:
    """Whether what is loaded of `made` is there, at this load's index, within one outer iteration."""
    if made.reduced and made.reduced[0] < depth:
        return False
    if load.data is not made.value:  # read through a reshape: only whole arrays line up
        return False
    index = load.operands[: load.data.type.rank]
    if len(index) < depth:
        return False
    return all(is_index(node, axis) for axis, node in enumerate(index[:depth]))


def is_index(node: Node, axis: int) -> bool:
    return node.kind == "index" and node.data == index_name(axis)

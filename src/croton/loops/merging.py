"""Nests merged after all members have their place: one that reads several others runs with all of them."""

from __future__ import annotations

from collections.abc import Callable

from croton.graph.values import Value
from croton.loops.members import loads
from croton.loops.nest_rules import LARGEST_NEST, common_prefix, depth_fits, is_complete
from croton.loops.program import Nest, Step, step_reads

Root = Callable[[Value], Value]


def merge_nests(steps: list[Step], root: Root) -> list[Step]:
    """The steps with nests moved down into those that read them, where all loops can be shared."""
    merged: list[Step | None] = list(steps)
    places = {
        member.value: place
        for place, step in enumerate(steps)
        if isinstance(step, Nest)
        for member in step.members
    }
    for later, step in enumerate(steps):
        if not isinstance(step, Nest):
            continue
        tried = {later}
        while makers := {places.get(root(value), later) for value in step_reads(step)} - tried:
            earlier = max(makers)
            tried.add(earlier)
            other = merged[earlier]
            if not isinstance(other, Nest) or not _can_merge(other, step, root):
                continue
            between = [entry for entry in merged[earlier + 1 : later] if entry is not None]
            if not any(_made(other) & {root(value) for value in step_reads(entry)} for entry in between):
                step.members[:0] = other.members
                merged[earlier] = None
                places.update((member.value, later) for member in other.members)
    return [step for step in merged if step is not None]


def _can_merge(earlier: Nest, later: Nest, root: Root) -> bool:
    depth = later.depth
    if earlier.depth != depth or len(earlier.members) + len(later.members) > LARGEST_NEST:
        return False
    if common_prefix(earlier.members[0].domain, later.members[0].domain) < depth:
        return False
    if not all(depth_fits(member, depth) for member in (*earlier.members, *later.members)):
        return False
    made = {member.value: member for member in earlier.members}
    parts = {member.memory for member in earlier.members if member.window is not None}
    related = False
    for member in later.members:
        for load in loads(member.expression):
            maker = made.get(root(load.data))
            if root(load.data) in parts or (maker and not is_complete(load, maker, depth)):
                return False
            related = related or maker is not None
    return related


def _made(nest: Nest) -> set[Value]:
    return {member.memory for member in nest.members}

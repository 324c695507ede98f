"""Eager arrays that the body of a loop or branch reads without being handed them.

Each becomes an operand of the loop: a tape sees it, and an eager variable stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from croton.graph.dtypes import as_dtype
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import EagerValue, TensorType, Value
from croton.ops import base
from croton.ops.base import Array


class Captures:
    """The eager arrays that one body has read so far, with what stands for each inside."""

    def __init__(self) -> None:
        self._met: dict[int, tuple[EagerValue, Value]] = {}

    def stand_in(self, array: EagerValue) -> Value:
        """What stands for an eager array: a constant if nobody wants its derivative."""
        known = self._met.get(id(array))
        if known is None:
            wanted = hasattr(array, "live") or any(r.tracks(array) for r in base.recorders.active)
            type = TensorType(as_dtype(array.data.dtype), array.data.shape)
            known = self._met[id(array)] = (array, type() if wanted else base.frozen(array.data))
        return known[1]

    def operands(self, captured: Sequence[Value]) -> list[Array]:
        """What a body captured, with the eager arrays themselves in place of what stands for them.

        Call outside of `capturing`.
        """
        arrays: dict[Value, EagerValue] = {value: array for array, value in self._met.values()}
        graph = Graph.of((), captured)
        used = {value: base.symbolic(arrays[value]) for value in graph.free_values() if value in arrays}
        renewed = copy_graph(graph, used).outputs
        return [arrays.get(old, new) for old, new in zip(captured, renewed, strict=True)]


@contextmanager
def capturing() -> Iterator[Captures]:
    """Inside, a body is built: eager arrays that it reads are noted."""
    outer, captures = base.building.captures, Captures()
    base.building.captures = captures
    try:
        yield captures
    finally:
        base.building.captures = outer

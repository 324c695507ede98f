"""The memory plan: where every intermediate value lies in the arena, by liveness.

Slots of the arena are handed out in order of the steps. A slot is free again after the last step that
reads its value, and is taken by the next value that provably fits.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from croton.graph import dims
from croton.graph.dims import Dim, Expression


@dataclass
class Slot:
    """A piece of the arena of `size` bytes, free from step `free_from` on.

    shared_by: what its last user shares it with; see `MemoryPlan.place`.
    """

    number: int
    size: Dim
    free_from: int
    shared_by: tuple[int, Dim] | None = None


@dataclass
class MemoryPlan:
    """Slots in the order they lie in the arena, and the slot of each thing placed."""

    slots: list[Slot] = field(default_factory=list)
    placed: dict[Hashable, int] = field(default_factory=dict)

    def place(
        self, thing: Hashable, size: Dim, first: int, last: int, shared_by: tuple[int, Dim] | None = None
    ) -> None:
        """Reserve `size` bytes from step `first` to step `last`. Call in order of `first`.

        shared_by: (step, size) of things in a band or a loop's body that begins at that step, of which each
        thread uses a part of its own: they only take turns with things of the same kind, whose parts lie in
        the same places.
        """
        slot = self._fitting(size, first, shared_by)
        if slot is None:
            slot = Slot(len(self.slots), size, 0)
            self.slots.append(slot)
        elif isinstance(slot.size, int) and isinstance(size, int):
            slot.size = max(slot.size, size)
        slot.free_from = last + 1
        slot.shared_by = shared_by
        self.placed[thing] = slot.number

    def _fitting(self, size: Dim, first: int, shared_by: tuple[int, Dim] | None) -> Slot | None:
        free = [slot for slot in self.slots if slot.free_from <= first]
        if shared_by is not None:
            free = [s for s in free if s.free_from <= shared_by[0] or s.shared_by == shared_by]
        exact = [slot for slot in free if slot.size == size]
        if exact:
            return exact[0]
        if isinstance(size, int):
            static = [slot for slot in free if isinstance(slot.size, int)]
            return min(static, key=lambda slot: abs(int(slot.size) - size), default=None)
        return next((slot for slot in free if at_least(slot.size, size)), None)


def at_least(first: Dim, second: Dim) -> bool:
    """Whether `first` >= `second` for all sizes: every coefficient of the difference is non-negative."""
    difference = dims.subtract(first, second)
    if isinstance(difference, Expression):
        return all(coefficient >= 0 for _, coefficient in difference.terms)
    return difference >= 0

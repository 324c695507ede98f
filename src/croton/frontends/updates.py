"""Updates of shared variables: what loops return beside their outputs, and what functions take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from croton.frontends.variables import SharedVariable


class OrderedUpdates(dict[SharedVariable, Any]):
    """New values of shared variables, in order; `updates + others` joins two of them.

    Raises:
        TypeError: a key is not a shared variable.
        KeyError: two different new values for one variable, when updates are joined.
    """

    def __init__(self, entries: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> None:
        super().__init__()
        self.update(entries)

    def __setitem__(self, variable: SharedVariable, value: Any) -> None:
        if not isinstance(variable, SharedVariable):
            raise TypeError(f"updates change shared variables, got {variable!r}")
        super().__setitem__(variable, value)

    def update(self, entries: Any = (), /, **named: Any) -> None:
        """Takes in other updates, which must not change the same variables to something else."""
        pairs = entries.items() if isinstance(entries, Mapping) else entries
        for variable, value in pairs:
            if variable in self and self[variable] is not value:
                raise KeyError(f"two updates for {variable!r}")
            self[variable] = value

    def __add__(self, others: Any) -> OrderedUpdates:
        joined = OrderedUpdates(self)
        joined.update(others)
        return joined

    def __radd__(self, others: Any) -> OrderedUpdates:
        joined = OrderedUpdates(others)
        joined.update(self)
        return joined

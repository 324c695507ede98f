"""What the arguments of `scan` mean: sequences with taps, outputs that feed back, and what a step returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from croton.frontends.updates import OrderedUpdates
from croton.frontends.variables import SharedVariable
from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.errors import ShapeError
from croton.graph.values import Value
from croton.ops import base
from croton.ops.base import Array
from croton.ops.indexing import getitem
from croton.ops.rows import checked_rows


class until:
    """Ends a loop: `return outputs, until(condition)` from a step makes it the last one where it is true."""

    def __init__(self, condition: Any) -> None:
        """condition: a bool scalar, or any scalar, true where it is not zero."""
        self.condition = base.as_array(condition)
        if base.rank_of(self.condition) != 0:
            raise ShapeError(
                f"until: the condition must be a scalar, got shape {base.shape_of(self.condition)}"
            )


class SequenceArgument:
    """An array of which each step sees the elements at `taps` relative to its own place."""

    def __init__(self, array: Array, taps: tuple[int, ...], shown: str) -> None:
        self.array = array
        self.taps = taps
        self.shown = shown

    @property
    def before(self) -> int:
        """How many elements lie before the place of the first step."""
        return -min(0, *self.taps)

    @property
    def span(self) -> int:
        """How many elements there are more than steps."""
        return self.before + max(0, *self.taps)

    def steps(self) -> Dim:
        """How many steps the array is long enough for."""
        return dims.subtract(base.shape_of(self.array)[0], self.span)

    def elements(self, length: Dim, last: bool) -> list[Array]:
        """For each tap, what the steps see of the array; `last`: they are the last ones that fit."""
        needed = dims.add(length, self.span)
        skipped = dims.subtract(base.shape_of(self.array)[0], needed) if last else 0
        starts = [dims.add(skipped, self.before + tap) for tap in self.taps]
        return [checked_rows(self.array, start, length, needed, self.shown) for start in starts]

    def name(self, tap: int) -> str | None:
        return _name(self.array, tap)


class OutputArgument:
    """An output of the step: what it starts with, and which of its earlier values a step sees (`taps`).

    states: the last values inside the loop, newest first.
    """

    def __init__(self, shown: str, taps: tuple[int, ...] = (), initial: Array | None = None) -> None:
        self.shown = shown
        self.taps = taps
        self.initial = initial
        self.states: list[Value] = []

    def starts(self) -> list[Array]:
        """The values before the first step, newest first.

        Raises:
            ShapeError: the initial array holds too few of them.
        """
        if self.initial is None:
            return []
        if self.taps == (-1,):
            return [self.initial]
        depth = -min(self.taps)
        if base.rank_of(self.initial) == 0:
            raise ShapeError(
                f"{self.shown}: taps {list(self.taps)} need an initial array of {depth} values, got a scalar"
            )
        first = checked_rows(self.initial, 0, depth, depth, f"{self.shown}: the initial array")
        return [getitem(first, depth - 1 - back) for back in range(depth)]

    def seen(self) -> list[Value]:
        """What a step is given of the earlier values, in the order of the taps."""
        return [self.states[-tap - 1] for tap in self.taps]

    def name(self, back: int) -> str | None:
        return None if self.initial is None else _name(self.initial, -1 - back)


def _name(array: Array, tap: int) -> str | None:
    name = getattr(array, "name", None)
    return None if name is None else f"{name}[t{tap:+d}]" if tap else f"{name}[t]"


def listed(arguments: Any) -> list[Any]:
    """None, one argument or several, as a list."""
    if arguments is None:
        return []
    return list(arguments) if isinstance(arguments, (list, tuple)) else [arguments]


def _taps(taps: Any, default: tuple[int, ...], shown: str) -> tuple[int, ...]:
    """Raises: TypeError: not integers. ValueError: there is none."""
    if taps is None:
        return default
    found = list(taps) if isinstance(taps, (list, tuple)) else [taps]
    for tap in found:
        if isinstance(tap, bool) or not isinstance(tap, (int, np.integer)):
            raise TypeError(f"{shown}: taps must be integers, got {tap!r}")
    if not found:
        raise ValueError(f"{shown}: taps is empty; leave it out for {list(default)}")
    return tuple(int(tap) for tap in found)


def _options(entry: Mapping[str, Any], known: Sequence[str], shown: str) -> None:
    unknown = [key for key in entry if key not in known]
    if unknown:
        raise ValueError(f"{shown}: expected the keys {', '.join(known)}, got {unknown[0]!r}")


def sequence_argument(entry: Any, position: int) -> SequenceArgument:
    """One of `sequences`: an array, or dict(input=, taps=).

    Raises:
        TypeError, ValueError: it is something else. ShapeError: a scalar has no elements.
    """
    shown = f"scan: sequence {position}"
    taps: tuple[int, ...] = (0,)
    if isinstance(entry, Mapping):
        _options(entry, ("input", "taps"), shown)
        if entry.get("input") is None:
            raise ValueError(f"{shown}: dict(input=..., taps=...) lacks the input")
        taps = _taps(entry.get("taps"), taps, shown)
        entry = entry["input"]
    array = base.as_array(entry)
    if base.rank_of(array) == 0:
        raise ShapeError(f"{shown}: a scalar has no elements to run over")
    return SequenceArgument(array, taps, shown)


def output_argument(entry: Any, position: int) -> OutputArgument:
    """One of `outputs_info`: None, an initial value, or dict(initial=, taps=).

    Raises:
        TypeError, ValueError: it is something else.
    """
    shown = f"scan: output {position}"
    if entry is None:
        return OutputArgument(shown)
    taps: tuple[int, ...] = (-1,)
    if isinstance(entry, Mapping):
        _options(entry, ("initial", "taps", "inplace", "return_steps"), shown)
        taps = _taps(entry.get("taps"), taps, shown)
        initial = entry.get("initial")
        if initial is None:
            if entry.get("taps") is None:
                return OutputArgument(shown)
            raise ValueError(f"{shown}: taps {list(taps)} need initial=, the values before the first step")
        entry = initial
    if any(tap >= 0 for tap in taps):
        raise ValueError(
            f"{shown}: taps must be negative, since a step sees earlier values only, got {list(taps)}"
        )
    return OutputArgument(shown, taps, base.as_array(entry))


class StepResults(NamedTuple):
    """What a step returned: outputs, new values of shared variables, and the condition to stop."""

    outputs: list[Array]
    updates: OrderedUpdates
    condition: Array | None


_EXPECTED = (
    "scan: fn must return outputs, updates of shared variables and until(condition), in this order, "
    "each of which may be left out"
)


def step_results(returned: Any) -> StepResults:
    """What the value that a step returned means.

    Raises:
        TypeError: it means nothing.
    """
    parts = list(returned) if isinstance(returned, (list, tuple)) else [returned]
    condition = parts.pop().condition if parts and isinstance(parts[-1], until) else None
    updates = OrderedUpdates()
    if _are_updates(parts):
        updates, parts = OrderedUpdates(parts), []
    elif _are_updates(parts[-1]):
        updates = OrderedUpdates(parts.pop())
    outputs = listed(parts[0]) if len(parts) == 1 else parts
    if any(isinstance(output, (until, Mapping, list, tuple)) or output is None for output in outputs):
        raise TypeError(f"{_EXPECTED}; got {returned!r}")
    if not outputs and not updates:
        raise TypeError(f"{_EXPECTED}; got {returned!r}, which has neither outputs nor updates")
    return StepResults([base.as_array(output) for output in outputs], updates, condition)


def _are_updates(part: Any) -> bool:
    """Whether a part of what a step returned is a dict or pairs of updates; an empty list counts."""
    if isinstance(part, Mapping):
        return True
    return isinstance(part, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], SharedVariable)
        for pair in part
    )

"""What the calls of a profiled function took, step by step: as rows, as a table, as a trace of events."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from croton.graph.dims import Symbol
from croton.graph.values import Location, NDArray
from croton.loops.parts import step_location, step_name
from croton.loops.program import Callback, Control, KernelCall, Nest, Product
from croton.loops.work import StepWork, step_work

if TYPE_CHECKING:
    from rich.table import Table

    from croton.codegen.timing import TimedStep
    from croton.compiler.compile import Executable

CALLS_KEPT = 100  # whose events a trace can show
_KINDS = {Nest: "nest", Product: "product", KernelCall: "kernel", Callback: "callback", Control: "loop"}


@dataclass(frozen=True)
class ProfileRow:
    """One step of a function over all recorded calls.

    kind: "nest", "product", "kernel", "callback", "loop" or "size". depth: how many loops and branches are
    around it. runs: how often it ran. seconds: of all runs, what is inside a loop included. flops, bytes: of
    all runs; None where they are not known.
    """

    name: str
    kind: str
    location: Location | None
    depth: int
    runs: int
    seconds: float
    flops: int | None
    bytes: int | None


class _Call(NamedTuple):
    started: int
    ended: int
    thread: int
    sizes: tuple[int, ...]
    events: bytes


class Profile:
    """Times and work of a profiled function, from all its calls since it was made or `reset`.

    Times are of a clock that is read after each step, which costs some 30 nanoseconds a time.
    """

    def __init__(self, name: str, executable: Executable) -> None:
        self.name = name
        self._executable = executable
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forgets all calls so far."""
        with self._lock:
            self.calls = 0
            self._nanoseconds = 0
            self._totals: dict[tuple[int, ...], NDArray] = {}
            self._recent: deque[_Call] = deque(maxlen=CALLS_KEPT)

    def record(self, started: int, ended: int, sizes: tuple[int, ...], totals: bytes, events: bytes) -> None:
        """Notes one call; see `croton.runtime.Function`."""
        counted = np.frombuffer(totals, np.int64)
        with self._lock:
            self.calls += 1
            self._nanoseconds += ended - started
            known = self._totals.get(sizes)
            self._totals[sizes] = counted if known is None else known + counted
            self._recent.append(_Call(started, ended, threading.get_ident(), sizes, events))

    @property
    def seconds(self) -> float:
        """Time of all calls, from the first look at the arguments to the results."""
        return self._nanoseconds / 1e9

    @property
    def overhead(self) -> float:
        """The part of `seconds` that no step took: arguments, memory for results, updates of state."""
        return self.seconds - sum(row.seconds for row in self.rows() if row.depth == 0)

    def rows(self) -> list[ProfileRow]:
        """The steps in the order of the program, each before those inside it."""
        with self._lock:
            totals = list(self._totals.items())
        return [self._row(number, timed, totals) for number, timed in enumerate(self._steps)]

    @property
    def _steps(self) -> list[TimedStep]:
        return self._executable.lowered.code.steps

    def _sizes(self, numbers: tuple[int, ...]) -> dict[Symbol, int]:
        return dict(zip(self._executable.lowered.code.symbols, numbers, strict=True))

    def _row(
        self, number: int, timed: TimedStep, totals: list[tuple[tuple[int, ...], NDArray]]
    ) -> ProfileRow:
        count = len(self._steps)
        runs = sum(int(counted[count + number]) for _, counted in totals)
        nanoseconds = sum(int(counted[number]) for _, counted in totals)
        flops: int | None = 0
        moved: int | None = 0
        for numbers, counted in totals:
            work = step_work(timed.step, timed.program, self._sizes(numbers))
            times = int(counted[count + number])
            flops = (
                None if flops is None or work is None or work.flops is None else flops + times * work.flops
            )
            moved = None if moved is None or work is None else moved + times * work.bytes
        kind = _KINDS.get(type(timed.step), "size")
        name = step_name(timed.step, timed.program, self._common_sizes())
        location = step_location(timed.step)
        return ProfileRow(name, kind, location, timed.depth, runs, nanoseconds / 1e9, flops, moved)

    def _common_sizes(self) -> dict[Symbol, int]:
        """The sizes that all calls had in common."""
        with self._lock:
            given = list(self._totals)
        if not given:
            return {}
        sizes = self._sizes(given[0])
        same = [len(set(column)) == 1 for column in zip(*given, strict=True)]
        return {symbol: size for (symbol, size), equal in zip(sizes.items(), same, strict=True) if equal}

    # Shown to people.

    def table(self) -> Table:
        """A rich table: a row for each step, then the overhead of calls and the whole function."""
        from rich.table import Table
        from rich.text import Text  # rich takes brackets in plain strings for styles

        rows, seconds = self.rows(), self.seconds
        title = f"{self.name}: {self.calls} calls, {_time(seconds)}"
        table = Table(title=Text(title), title_justify="left", title_style="bold")
        table.add_column("step", ratio=1, overflow="fold")
        table.add_column("line", overflow="fold")
        for heading in ("runs", "time", "share", "each", "bytes", "GB/s", "GFLOP/s"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in rows:
            name, place = Text("  " * row.depth + row.name), Text(_place(row.location))
            table.add_row(name, place, *_figures(row, seconds))
        overhead = seconds - sum(row.seconds for row in rows if row.depth == 0)
        table.add_section()
        each = overhead / self.calls if self.calls else 0.0
        share = _share(overhead, seconds)
        table.add_row(
            "overhead of calls", "", str(self.calls), _time(overhead), share, _time(each), "", "", ""
        )
        table.add_row(*self._total(rows))
        return table

    def _total(self, rows: list[ProfileRow]) -> list[str]:
        inner = [row for row in rows if row.kind != "loop"]
        flops = sum(row.flops or 0 for row in inner)
        moved = sum(row.bytes or 0 for row in inner)
        seconds = self.seconds
        whole = ProfileRow(self.name, "function", None, 0, self.calls, seconds, flops, moved)
        return ["the whole function", "", *_figures(whole, seconds)]

    def __rich__(self) -> Table:
        return self.table()

    def __str__(self) -> str:
        from rich.console import Console

        text = io.StringIO()
        width = max(140, shutil.get_terminal_size((140, 24)).columns)  # rows stay whole
        Console(file=text, width=width, highlight=False).print(self.table())
        return text.getvalue()

    # As a trace.

    def trace(self, path: str | PathLike[str]) -> None:
        """Writes the events of the last 100 calls for chrome://tracing or ui.perfetto.dev.

        Of each call, the first 4,096 runs of steps are there.
        """
        with self._lock:
            recent = list(self._recent)
        start = recent[0].started if recent else 0
        threads = {thread: number for number, thread in enumerate(dict.fromkeys(c.thread for c in recent))}
        events: list[dict[str, Any]] = [
            {"name": "process_name", "ph": "M", "pid": 1, "args": {"name": f"croton: {self.name}"}}
        ]
        for call in recent:
            lane = {"pid": 1, "tid": threads[call.thread], "ph": "X"}
            events += [{**lane, **event} for event in self._events(call, start)]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"traceEvents": events, "displayTimeUnit": "ns"}, file)

    def _events(self, call: _Call, start: int) -> Iterator[dict[str, Any]]:
        sizes = self._sizes(call.sizes)
        shown = {str(symbol): size for symbol, size in sizes.items()}
        yield {"name": self.name, "cat": "call", **_span(call.started, call.ended, start), "args": shown}
        described: dict[int, tuple[str, StepWork | None]] = {}
        for number, began, ended in np.frombuffer(call.events, np.int64).reshape(-1, 3).tolist():
            timed = self._steps[number]
            if number not in described:
                work = step_work(timed.step, timed.program, sizes)
                described[number] = step_name(timed.step, timed.program, sizes), work
            name, work = described[number]
            facts = _facts(work, ended - began)
            location = step_location(timed.step)
            if location is not None:
                facts["line"] = str(location)
            kind = _KINDS.get(type(timed.step), "size")
            yield {"name": name, "cat": kind, **_span(began, ended, start), "args": facts}


def _facts(work: StepWork | None, nanoseconds: int) -> dict[str, Any]:
    if work is None:
        return {}
    facts: dict[str, Any] = {"bytes": work.bytes, "GB/s": round(work.bytes / max(nanoseconds, 1), 3)}
    if work.flops is not None:
        facts |= {"flops": work.flops, "GFLOP/s": round(work.flops / max(nanoseconds, 1), 3)}
    return facts


def _span(began: int, ended: int, start: int) -> Mapping[str, float]:
    """Microseconds since the first event, and how long."""
    return {"ts": (began - start) / 1e3, "dur": (ended - began) / 1e3}


def _figures(row: ProfileRow, seconds: float) -> list[str]:
    rate = 1e-9 / row.seconds if row.seconds > 0 else 0.0
    return [
        f"{row.runs:,}",
        _time(row.seconds),
        _share(row.seconds, seconds),
        _time(row.seconds / row.runs) if row.runs else "",
        "" if row.bytes is None else _bytes(row.bytes),
        "" if row.bytes is None else f"{row.bytes * rate:.1f}",
        "" if row.flops is None else f"{row.flops * rate:.1f}",
    ]


def _place(location: Location | None) -> str:
    return "" if location is None else f"{location.filename.rpartition('/')[2]}:{location.line}"


def _share(seconds: float, whole: float) -> str:
    return f"{100 * seconds / whole:.1f}%" if whole > 0 else ""


def _time(seconds: float) -> str:
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}" if seconds < 100 * unit else f"{seconds / unit:.0f} {name}"
    return f"{seconds * 1e9:.0f} ns"


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.0f} TB"

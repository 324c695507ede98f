"""Tables that the commands print."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from croton.cli.comparison import Measurement
    from croton.toolchain import Entry


def size(count: float) -> str:
    """A number of bytes for people: 999 B, 1.5 KiB, 20 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def doctor(facts: dict[str, Any]) -> RenderableType:
    """The facts of `croton.toolchain.doctor.report`, and what is wrong, if anything."""
    processor, cache, threads, works = (facts[key] for key in ("processor", "cache", "threads", "works"))
    table = Table(show_header=False, title="croton doctor", title_justify="left", box=None, padding=(0, 2))
    table.add_row("Python", f"{facts['python']} on {facts['platform']}")
    table.add_row("processor", f"{processor['name']} ({processor['architecture']})")
    table.add_row("vectors", f"{processor['vector_bits']} bits; {' '.join(processor['features'])}")
    _add_compiler(table, facts["compiler"])
    table.add_row("threads", f"{threads['used']} of {threads['usable_cores']} usable cores")
    table.add_row("BLAS", _blas(facts["blas"]))
    table.add_row("cache", f"{cache['directory']}: {cache['entries']} entries, {size(cache['bytes'])}")
    if works["compiles"]:
        table.add_row("a small function", f"compiled in {works['seconds'] * 1e3:.0f} ms, and ran")
    problems = [Text(f"problem: {text}", style="bold red") for text in facts["problems"]]
    return Group(table, *(problems or [Text("All is well.", style="bold green")]))


def _add_compiler(table: Table, compiler: dict[str, Any] | None) -> None:
    if compiler is None:
        table.add_row("compiler", Text("none: functions are interpreted by NumPy", style="red"))
        return
    table.add_row("compiler", f"{' '.join(compiler['command'])}: {compiler['version']}")
    table.add_row("flags", " ".join(compiler["flags"]))


def _blas(blas: dict[str, Any]) -> str:
    if not blas["available"]:
        return "none"
    names = {f"{library['internal_api']} {library['version'] or ''}".strip() for library in blas["libraries"]}
    found = ", ".join(sorted(names)) or "through SciPy"
    return f"{found}; {blas['routines']} routines"


def entries(directory: str, found: Sequence[Entry], limit: int) -> RenderableType:
    """Entries of the cache, the first `limit` of them."""
    if not found:
        return Text(f"{directory} is empty")
    table = Table(title=directory, title_justify="left")
    table.add_column("entry")
    table.add_column("kind")
    table.add_column("size", justify="right")
    table.add_column("last used", justify="right")
    now = time.time()
    for entry in found[:limit]:
        table.add_row(entry.key[:16], entry.suffix, size(entry.size), _ago(now - entry.last_used))
    total = size(sum(entry.size for entry in found))
    return Group(table, Text(f"{min(limit, len(found))} of {len(found)} entries; {total} in all"))


def _ago(seconds: float) -> str:
    for length, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= length:
            return f"{seconds / length:.0f} {name} ago"
    return f"{max(seconds, 0):.0f} seconds ago"


def comparison(rows: Sequence[Measurement]) -> RenderableType:
    """Croton beside NumPy, a program a row."""
    table = Table(title="Croton and NumPy, microseconds a call (medians)", title_justify="left")
    table.add_column("program")
    for name in ("Croton", "NumPy", "ratio", "first result"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.croton:,.1f}",
            f"{row.numpy:,.1f}",
            f"{row.croton / row.numpy:.2f}",
            f"{row.first_result * 1e3:,.0f} ms",
        )
    return Group(table, Text("The two take turns, in one process; results are checked to be equal."))

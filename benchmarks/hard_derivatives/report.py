"""The table of verdicts: rows are cases, grouped in families; columns are libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from .cases import FAMILIES
from .judge import Verdict

Verdicts = Mapping[str, Mapping[str, Verdict]]


def _cell(verdict: Verdict) -> str:
    if verdict.right:
        return "[green]right[/green]"
    if verdict.remark:
        return "[red]error[/red]"
    size = "nan/inf" if np.isinf(verdict.error) else f"{verdict.error:.0e}"
    return f"[red]{size}[/red]"


def print_table(verdicts: Verdicts) -> None:
    """Print verdicts, given as library -> case name -> verdict; wrong ones show the worst relative error."""
    table = Table(title="Hard derivatives, float64, right within 1e-10 relative")
    table.add_column("case", no_wrap=True)
    for library in verdicts:
        table.add_column(library, justify="right", no_wrap=True)
    for family in FAMILIES:
        judged = [
            case.name for case in family.cases if all(case.name in column for column in verdicts.values())
        ]
        if not judged:
            continue
        counts = [f"{_right(column, judged)}/{len(judged)}" for column in verdicts.values()]
        table.add_section()
        table.add_row(f"[bold]{family.title}[/bold]", *(f"[bold]{count}[/bold]" for count in counts))
        for name in judged:
            table.add_row(f"  {name}", *(_cell(column[name]) for column in verdicts.values()))
    table.add_section()
    columns = verdicts.values()
    table.add_row("cases right", *(f"{_right(column, list(column))} of {len(column)}" for column in columns))
    table.add_row("partial derivatives right", *(_entries_right(column) for column in columns))
    Console(width=max(100, 60 + 14 * len(verdicts))).print(table)


def _right(column: Mapping[str, Verdict], names: list[str]) -> int:
    return sum(column[name].right for name in names)


def _entries_right(column: Mapping[str, Verdict]) -> str:
    right = sum(verdict.entries_right for verdict in column.values())
    entries = sum(verdict.entries for verdict in column.values())
    return f"{right} of {entries}, {100 * right / entries:.0f} %"


def as_json(verdicts: Verdicts) -> dict[str, Any]:
    """The same as plain data; an infinite error is written as null."""
    return {
        library: {
            "right": _right(column, list(column)),
            "of": len(column),
            "partial_derivatives": _entries_right(column),
            "cases": {
                name: {
                    "right": verdict.right,
                    "error": None if np.isinf(verdict.error) else verdict.error,
                    "entries_right": verdict.entries_right,
                    "entries": verdict.entries,
                    "remark": verdict.remark,
                }
                for name, verdict in column.items()
            },
        }
        for library, column in verdicts.items()
    }

"""Compares results with what passes on JAX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from tests.keras_croton.conformance.running import Results
from tests.keras_croton.conformance.suite import Listed, folder_of

# The part of the tests passing on JAX that has to pass.
REQUIRED = 0.99


@dataclass(frozen=True)
class Comparison:
    """The tests that pass on JAX, and what became of them here."""

    tests: list[str]
    results: Results
    entries: list[Listed]

    @property
    def missing(self) -> list[str]:
        return [test for test in self.tests if self.results.outcomes.get(test) != "passed"]

    @property
    def unlisted(self) -> list[str]:
        """Missing tests for which the page gives no reason."""
        return [test for test in self.missing if not any(entry.covers(test) for entry in self.entries)]

    @property
    def outdated(self) -> list[Listed]:
        """Entries of the page of which nothing is missing."""
        return [entry for entry in self.entries if not any(entry.covers(test) for test in self.missing)]

    @property
    def share(self) -> float:
        return 1 - len(self.missing) / len(self.tests)

    def complaints(self, whole: bool) -> Iterator[str]:
        """Why this is not good enough; a part of the tests need not pass in the proportion of all."""
        if whole and self.share < REQUIRED:
            yield f"{self.share:.2%} of the tests that pass on JAX pass, less than {REQUIRED:.0%}"
        for kind in ("crashed", "hung", "broken"):
            for name in getattr(self.results, kind):
                yield f"{kind}: {name}"
        if self.unlisted:
            yield f"{len(self.unlisted)} missing tests are not explained in docs/keras-conformance.md"


def show(comparison: Comparison, console: Console) -> None:
    """Prints the table of the folders."""
    table = Table(title="Keras's own tests")
    table.add_column("folder")
    for name in ("pass on JAX", "pass here", "missing", "unexplained", "share"):
        table.add_column(name, justify="right")
    passing = Counter(map(folder_of, comparison.tests))
    missing = Counter(map(folder_of, comparison.missing))
    unlisted = Counter(map(folder_of, comparison.unlisted))

    def row(name: str, total: int, lost: int, unexplained: int) -> None:
        share = f"{1 - lost / total:.1%}" if lost else "100 %"
        table.add_row(name, f"{total:,}", f"{total - lost:,}", str(lost or ""), str(unexplained or ""), share)

    for folder, total in sorted(passing.items(), key=lambda entry: -entry[1]):
        row(folder, total, missing[folder], unlisted[folder])
    table.add_section()
    row("all", len(comparison.tests), len(comparison.missing), len(comparison.unlisted))
    console.print(table)

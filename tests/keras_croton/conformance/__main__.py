"""Runs Keras's own tests on Croton and compares with JAX: `python -m tests.keras_croton.conformance`.

Results are text files in build/conformance, one a unit with its log beside it, so that a run of a part can be
looked at, and the table be made of several runs.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from tests.keras_croton.conformance import report, suite
from tests.keras_croton.conformance.running import Runner, read


def main(
    only: Annotated[
        list[str] | None, typer.Option(help="A folder or file below keras/src; repeatable.")
    ] = None,
    part: Annotated[
        bool, typer.Option(help="Only files of which nearly every test needs nothing but Keras.")
    ] = False,
    run: Annotated[bool, typer.Option(help="Run tests, or only compare the results that are there.")] = True,
    python: Annotated[str, typer.Option(help="The Python to run them with.")] = sys.executable,
    processes: Annotated[int, typer.Option(help="How many processes run side by side.")] = 2,
    results: Annotated[Path, typer.Option(help="Where results go.")] = suite.ROOT / "build" / "conformance",
) -> None:
    """Runs Keras's own tests on Croton; fails if fewer than 99 % of those that JAX passes pass."""
    console = Console(highlight=False, soft_wrap=True)
    tests = suite.chosen(suite.jax_passes(), only or [])
    if part:
        files = suite.short_part()
        tests = [test for test in tests if suite.file_of(test) in files]
    if not tests:
        raise typer.BadParameter("no test is in these folders", param_hint="--only")
    if run:
        units = suite.units_of(tests)
        forget(results, everything=not only)
        done, begin = 0, time.monotonic()

        def progress(unit: suite.Unit, seconds: float) -> None:
            nonlocal done
            done += unit.tests
            minutes = (time.monotonic() - begin) / 60
            console.print(
                f"{done:6,} of {len(tests):,}  {minutes:5.1f} min  {unit.name} took {seconds:.0f} s"
            )

        Runner(python, keras_of(python), results).run(units, processes, progress)
    outcomes = read(results)
    if part:
        unavailable = {test for test in tests if outcomes.outcomes.get(test) == "unavailable"}
        tests = [test for test in tests if test not in unavailable]
        console.print(f"left out, since they need packages that are not installed: {len(unavailable)} tests")
    comparison = report.Comparison(tests, outcomes, suite.listed())
    report.show(comparison, console)
    for test in comparison.unlisted[:100]:
        console.print("missing:", comparison.results.outcomes.get(test, "not run"), test, markup=False)
    whole = not only and not part
    for entry in comparison.outdated if whole else []:
        console.print("explained, but nothing is missing:", entry.pattern, markup=False)
    complaints = list(comparison.complaints(whole))
    for complaint in complaints:
        console.print(complaint, markup=False, style="bold red")
    raise typer.Exit(1 if complaints else 0)


def forget(results: Path, everything: bool) -> None:
    """Removes results of earlier runs, unless only a part is run again."""
    for path in results.glob("*.*") if everything else []:
        path.unlink()


def keras_of(python: str) -> Path:
    """The folder keras/src of an environment."""
    code = "import importlib.util as i; print(i.find_spec('keras').submodule_search_locations[0])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()) / "src"


if __name__ == "__main__":
    typer.run(main)

"""Runs Keras's tests in processes that may crash or hang."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.keras_croton.conformance.suite import ROOT, Unit

# A test that takes longer has failed; a process that then still is in it is ended after as long again.
SECONDS_FOR_A_TEST = 300
# A process may take so long to import what it needs, and to end.
SECONDS_OUTSIDE = 600
# What may become of a test that comes to an end; "unavailable" has failed for want of a package.
ENDINGS = ("passed", "failed", "skipped", "unavailable")
# A process that crashes more often is given up.
CRASHES = 20


@dataclass(frozen=True)
class Runner:
    """What is needed to run a unit: the Python and the folder keras/src, where results go, and limits."""

    python: str
    keras: Path
    results: Path
    seconds_for_a_test: float = SECONDS_FOR_A_TEST

    def run(self, units: list[Unit], processes: int, report: Callable[[Unit, float], None]) -> None:
        """Runs the units, several side by side; their earlier results are forgotten."""
        self.results.mkdir(parents=True, exist_ok=True)

        def run(unit: Unit) -> None:
            begin = time.monotonic()
            self.run_unit(unit)
            report(unit, time.monotonic() - begin)

        with ThreadPoolExecutor(processes) as pool:
            list(pool.map(run, units))

    def run_unit(self, unit: Unit) -> None:
        """Runs a unit; after a crash, or when it hangs, the rest of it in a new process."""
        events = self.results / f"{unit.name}.txt"
        events.unlink(missing_ok=True)
        log = self.results / f"{unit.name}.log"
        log.unlink(missing_ok=True)
        for _ in range(CRASHES):
            ending = self._run_once(unit, events, log)
            if ending == "done":
                return
            test = unfinished(events)
            with events.open("a") as file:
                print(ending, test or f"{unit.name}, outside of a test", file=file)
            if test is None:
                return

    def _run_once(self, unit: Unit, events: Path, log: Path) -> str:
        """Starts the process and waits for it: "done", "crashed" or "hung"."""
        with log.open("a") as output, tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                self._command(unit),
                cwd=folder,
                env=self._environment(unit, events, Path(folder)),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return self._wait(process, events)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def _wait(self, process: subprocess.Popen[bytes], events: Path) -> str:
        begin = time.time()
        while True:
            try:
                status = process.wait(timeout=min(2.0, self.seconds_for_a_test))
            except subprocess.TimeoutExpired:
                last = max(begin, events.stat().st_mtime if events.exists() else 0)
                limit = 2 * self.seconds_for_a_test if unfinished(events) else SECONDS_OUTSIDE
                if time.time() - last > limit:
                    return "hung"
                continue
            # 0: all passed, 1: some failed, 5: there were none left.
            return "done" if status in (0, 1, 5) else "crashed"

    def _command(self, unit: Unit) -> list[str]:
        # An environment inside our checkout must not take our own settings of pytest.
        options = f"-q --no-header --tb=short -p no:cacheprovider -c {os.devnull} --rootdir={self.keras}"
        return [
            *(self.python, "-X", "faulthandler", "-m", "pytest", *options.split()),
            "--continue-on-collection-errors",
            f"--timeout={self.seconds_for_a_test}",
            *("-p", "tests.keras_croton.conformance.observer"),
            *(str(self.keras / file) for file in unit.files),
        ]

    def _environment(self, unit: Unit, events: Path, folder: Path) -> dict[str, str]:
        inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        return {
            **os.environ,
            "KERAS_BACKEND": "croton",
            "KERAS_HOME": str(folder),
            "KERAS_RESULTS": str(events.resolve()),
            "KERAS_SLICE": f"{unit.part}/{unit.parts}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *map(os.path.abspath, inherited)]),
            "PYTHONHASHSEED": "0",
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }


def unfinished(events: Path) -> str | None:
    """The test that was started last, if nothing more is known of it."""
    lines = events.read_text().splitlines() if events.exists() else []
    started = [line.split(" ", 1)[1] for line in lines if line.startswith("started ")]
    if not started:
        return None
    ended = any(line.endswith(f" {started[-1]}") for line in lines if not line.startswith("started "))
    return None if ended else started[-1]


@dataclass
class Results:
    """What became of the tests: by test, and what crashed, hung, or could not be imported."""

    outcomes: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    crashed: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read(folder: Path) -> Results:
    """The results that are there, of this run and of earlier ones."""
    results = Results()
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text().splitlines():
            event, rest = line.split(" ", 1)
            if event in ("crashed", "hung", "broken"):
                getattr(results, event).append(rest)
                results.outcomes[rest] = event
            elif event in ENDINGS:
                seconds, test = rest.split(" ", 1)
                results.seconds[test] = float(seconds)
                # Some names are used twice in a file: then both must pass.
                if results.outcomes.get(test) not in ("failed", "unavailable"):
                    results.outcomes[test] = event
    return results

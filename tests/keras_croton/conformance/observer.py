"""A plugin of pytest that writes down what becomes of each of Keras's tests, as it happens.

`KERAS_RESULTS` names the text file, one event a line: `started ID`, `passed SECONDS ID`, `failed SECONDS ID`,
`skipped SECONDS ID`, `unavailable SECONDS ID` (failed, as a package that the test imports is not installed),
`broken FILE`. Tests that the file already has are left out, so that after a crash the
same command goes on where it ended. `KERAS_SLICE` ("2/5") takes one of several equal parts of the tests.

Keras's tests import `conftest`, which its wheel does not have: that is this module.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

import keras_croton  # noqa: F401

# isort: split
# Only now, since the import before lets Keras find the backend.
from keras.src.backend import backend

sys.modules["conftest"] = sys.modules[__name__]

# Packages beside Keras that its tests import.
PACKAGES = ("tensorflow", "jax", "torch", "grain")

_absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
_ADDRESS = re.compile(r"0x[0-9a-f]+")
_results = Path(os.environ["KERAS_RESULTS"])
_outcomes: dict[str, str] = {}
_seconds: dict[str, float] = {}
_unavailable: set[str] = set()


def skip_if_backend(given_backend: str, reason: str) -> pytest.MarkDecorator:
    """What the test files take from `conftest`."""
    return pytest.mark.skipif(backend() == given_backend, reason=reason)


def known_as(node: str) -> str:
    """The name of a test that is the same in every run: relative to keras/src, without addresses."""
    return _ADDRESS.sub("0x", node.split("keras/src/")[-1])


def _write(*parts: object) -> None:
    with _results.open("a") as file:
        print(*parts, file=file)


def _seen() -> set[str]:
    """The tests that an earlier process has run, or has died of."""
    lines = _results.read_text().splitlines() if _results.exists() else []
    ended = ("passed ", "failed ", "skipped ", "unavailable ")
    timed = {line.split(" ", 2)[2] for line in lines if line.startswith(ended)}
    return timed | {line.split(" ", 1)[1] for line in lines if line.startswith(("crashed ", "hung "))}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires_trainable_backend: for backends that can train")
    config.addinivalue_line("markers", "multi_device: needs several devices")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part, parts = (int(number) for number in os.environ.get("KERAS_SLICE", "1/1").split("/"))
    items[:] = items[(part - 1) * len(items) // parts : part * len(items) // parts]
    seen = _seen()
    items[:] = [item for item in items if known_as(item.nodeid) not in seen]
    for item in items:
        if "multi_device" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="one device"))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _write("broken", known_as(report.nodeid))


def pytest_runtest_logstart(nodeid: str, location: object) -> None:
    _outcomes.pop(nodeid, None)
    _seconds[nodeid] = 0.0
    _write("started", known_as(nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, ImportError) and any(name in str(error) for name in _absent):
        _unavailable.add(item.nodeid)
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    order = ("passed", "skipped", "failed")
    before = _outcomes.get(report.nodeid, "passed")
    _outcomes[report.nodeid] = max(before, report.outcome, key=order.index)


def pytest_runtest_logfinish(nodeid: str, location: object) -> None:
    outcome = "unavailable" if nodeid in _unavailable else _outcomes.get(nodeid, "failed")
    _write(outcome, f"{_seconds[nodeid]:.2f}", known_as(nodeid))

"""Which of Keras's tests are run, and what is known of them: what passes on JAX, and what may be missing."""

from __future__ import annotations

import lzma
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

# Tests that one process runs, about: so many that starting it does not matter, so few that two end together.
UNIT = 400


@dataclass(frozen=True)
class Unit:
    """Files of one folder that a process runs, or a part of a file."""

    name: str
    files: tuple[str, ...]
    tests: int
    part: int = 1
    parts: int = 1


def jax_passes(path: Path = HERE / "jax_passed.txt.xz") -> list[str]:
    """The tests of Keras 3.15.1 that pass on JAX, relative to keras/src, without addresses of functions."""
    return [re.sub(r"0x[0-9a-f]+", "0x", line) for line in lzma.open(path, "rt").read().splitlines()]


def short_part() -> set[str]:
    """The files of the part that needs little but Keras."""
    lines = (HERE / "part.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def chosen(tests: list[str], prefixes: list[str]) -> list[str]:
    """The tests of files or folders."""
    if not prefixes:
        return tests
    return [test for test in tests if any((file_of(test) + "/").startswith(f"{name}/") for name in prefixes)]


def file_of(test: str) -> str:
    return test.split("::")[0]


def folder_of(test: str) -> str:
    return test.split("/")[0]


def units_of(tests: list[str]) -> list[Unit]:
    """The files of these tests in portions, the largest first."""
    portions: dict[str, list[list[tuple[str, int]]]] = {}
    units = []
    for file, count in sorted(Counter(map(file_of, tests)).items()):
        if count > UNIT:
            parts = -(-count // UNIT)
            stem = file.removesuffix(".py").replace("/", "-")
            units += [Unit(f"{stem}-{i}", (file,), count // parts, i, parts) for i in range(1, parts + 1)]
            continue
        of_folder = portions.setdefault(folder_of(file), [[]])
        if sum(number for _, number in of_folder[-1]) + count > UNIT:
            of_folder.append([])
        of_folder[-1].append((file, count))
    for folder, of_folder in portions.items():
        for number, portion in enumerate(of_folder, 1):
            files, counts = zip(*portion, strict=True)
            units.append(Unit(f"{folder}-{number}", files, sum(counts)))
    return sorted(units, key=lambda unit: (-unit.tests, unit.name))


@dataclass(frozen=True)
class Listed:
    """An entry of the page on what is missing: a pattern, where * stands for anything, and the reason."""

    pattern: str
    reason: str

    def covers(self, test: str) -> bool:
        expression = ".*".join(re.escape(piece) for piece in self.pattern.split("*"))
        return re.fullmatch(expression, test, re.DOTALL) is not None


def listed(page: Path = ROOT / "docs" / "keras-conformance.md") -> list[Listed]:
    """The entries of the page: list items that begin with a pattern in code quotes, a colon and the reason.

    Raises:
        ValueError: an entry gives no reason.
    """
    entries = []
    for line in page.read_text().splitlines():
        match = re.match(r"- `([^`]+_test\.py[^`]*)`(.*)", line)
        if match:
            reason = match[2].lstrip(" :")
            if not reason:
                raise ValueError(f"{page.name}: no reason is given for `{match[1]}`")
            entries.append(Listed(match[1], reason))
    return entries

"""The vector maths that generated C leans on, cut out function by function.

The C text lives in ``include/vector_maths/*.h`` and, for random numbers, ``include/philox.h`` and
``include/samplers.h``. There a line
``/*@ name: dependency dependency */`` opens a piece, which ends where the next one opens. Generated code
includes only the pieces it uses, so that it compiles fast; they include nothing and call no library
function, so that it can be exported.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

_INCLUDE = Path(__file__).parent / "include"
_OPENING = re.compile(r"^/\*@ (\w+):([\w ]*)\*/\n", re.MULTILINE)


@functools.cache
def _pieces() -> dict[str, tuple[tuple[str, ...], str]]:
    """Every piece: name -> (names it depends on, C text), in the order of the files."""
    pieces: dict[str, tuple[tuple[str, ...], str]] = {}
    for path in [
        *sorted((_INCLUDE / "vector_maths").glob("*.h")),
        _INCLUDE / "philox.h",
        _INCLUDE / "samplers.h",
    ]:
        # re.split with two groups gives: preamble, name, dependencies, text, name, dependencies, text...
        parts = _OPENING.split(path.read_text(encoding="utf-8"))
        for name, dependencies, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if name in pieces:
                raise RuntimeError(
                    f"vector maths piece {name!r} appears twice, the second time in {path.name}"
                )
            pieces[name] = (tuple(dependencies.split()), text.rstrip() + "\n")
    return pieces


@functools.cache
def available() -> frozenset[str]:
    """Names that `source_for` accepts."""
    return frozenset(_pieces())


def source_for(names: Iterable[str]) -> str:
    """C text that defines the named functions: dependencies first, each piece once.

    The text depends only on the set of names, not on their order or number.

    Raises:
        KeyError: a name is not in `available()`.
    """
    return _source_for(frozenset(names))


@functools.lru_cache(maxsize=512)
def _source_for(names: frozenset[str]) -> str:
    pieces = _pieces()
    ordered: dict[str, str] = {}

    def add(name: str) -> None:
        if name in ordered:
            return
        if name not in pieces:
            raise KeyError(
                f"no vector maths function named {name!r}; vector_maths.available() lists them all"
            )
        dependencies, text = pieces[name]
        for dependency in dependencies:
            add(dependency)
        ordered[name] = text

    for name in sorted(names):
        add(name)
    return "\n".join(ordered.values())


@functools.cache
def length(name: str) -> int:
    """Statements of a function and of those it calls, each counted once: a measure of what a call takes.

    Raises:
        KeyError: the name is not in `available()`.
    """
    return source_for([name]).count(";")

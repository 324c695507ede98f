"""A long function as several short ones: compilers take more than twice as long for twice the statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_NAME = re.compile(r"\b[a-z]+\d+\b")
_DECLARED = re.compile(r"\b([a-z]+\d+) = ")
LONGEST = 48  # steps in one function


def split(lines: Sequence[str], starts: Sequence[int]) -> list[list[str]]:
    """The statements of a block in runs of some `LONGEST` steps. starts: where each step begins."""
    cuts = [*starts[::LONGEST], len(lines)]
    if len(cuts) > 2 and len(starts) % LONGEST and len(starts) % LONGEST < LONGEST // 4:
        del cuts[-2]  # a short rest goes with what comes before it
    cuts[0] = 0
    return [list(lines[begin:end]) for begin, end in pairwise(cuts)]


def needed(declarations: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Those of the declarations, in order, whose names the lines or other needed declarations use.

    Each declares one name, in terms of names declared before it.
    """
    used = {name for line in lines for name in _NAME.findall(line)}
    kept: list[str] = []
    for declaration in reversed(declarations):
        declared = _DECLARED.search(declaration)
        if declared is not None and declared[1] in used:
            kept.append(declaration)
            used.update(_NAME.findall(declaration))
    return kept[::-1]

"""Strips: a loop over several expensive functions, cut into loops of one such function each.

Random numbers that lie next to each other come from one computation, so they are drawn for a strip at once.
A processor overlaps iterations only as far as its window of instructions reaches. A long body fills it alone
and then waits for every chain of dependent operations in turn. So a long loop runs strip by strip, and in a
strip one part of the body after the other; what a later part needs of an earlier one is kept for the strip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from croton.codegen import vector_maths

STRIP = 256  # elements: what the parts hand over stays in the first-level cache
EXPENSIVE = 15  # statements of a function from which on it is worth a loop of its own
MOST_IN_PART = 60  # statements of the functions that share a loop
MOST_KEPT = 12  # arrays of a strip
DRAWN_TOGETHER = 8  # more elements than there are in a strip, in which whole blocks of random numbers end
_NAME = re.compile(r"\bv\d+\b")
_NEGATIVE = re.compile(r"\(-(v\d+)\)")
_FUNCTION = re.compile(r"\bct_\w+")


@dataclass(frozen=True, slots=True)
class Statement:
    """`const type name = text;` in a loop body. free: as cheap to compute again as to keep.

    drawn: C that fills an array with what the statement makes in the iterations of a strip and says where its
    first element lies, with {first}, {count} and {room} for the iteration, their number and the array.
    """

    name: str
    type: str
    text: str
    free: bool
    drawn: str | None = None

    @property
    def line(self) -> str:
        return f"const {self.type} {self.name} = {self.text};"

    @property
    def reads(self) -> list[str]:
        return _NAME.findall(self.text)

    @property
    def weight(self) -> int:
        """Statements of the vector maths functions it calls."""
        names = [name for name in _FUNCTION.findall(self.text) if name in vector_maths.available()]
        return sum(vector_maths.length(name) for name in names)


def in_strips(
    statements: Sequence[Statement],
    last: Sequence[str],
    head: str,
    variable: str,
    begin: str = "begin",
    end: str = "end",
    *,
    cut: bool = True,
) -> list[str]:
    """The lines of a loop over `variable` from `begin` to `end` in strips; none if cutting it does not pay.

    statements: the body in order. last: lines that follow them, such as stores; they stay together at the
    end, because what the body reads may lie where they write. head: the line before a loop that runs over
    them. cut: whether several expensive functions are a reason for strips; drawn numbers always are.
    """
    filled = [statement for statement in statements if statement.drawn is not None]
    statements = [_read_from_strip(statement, variable) for statement in statements]
    parts = _parts(statements) if cut else [list(statements)]
    if len(parts) < 2 and not filled:
        return []
    placed = {statement.name: number for number, part in enumerate(parts) for statement in part}
    by_name = {statement.name: statement for statement in statements}
    wanted = [_wanted(part, by_name) for part in parts]
    final = len(parts) - 1
    wanted[final] |= _closure(_names(last), by_name)
    kept = {
        name
        for number, names in enumerate(wanted)
        for name in names
        if not by_name[name].free and placed[name] < number
    }
    if len(kept) > MOST_KEPT:
        return []
    lines = [
        f"{statement.type} {statement.name}_room[{STRIP + DRAWN_TOGETHER}] __attribute__((aligned(64)));"
        for statement in filled
    ]
    lines += [
        f"{by_name[name].type} {name}_strip[{STRIP}];" for name in sorted(kept, key=lambda n: int(n[1:]))
    ]
    lines += [
        f"for (ct_int strip = {begin}; strip < {end}; strip += {STRIP}) {{",
        f"    const ct_int stop = {end} - strip < {STRIP} ? {end} : strip + {STRIP};",
    ]
    for statement in filled:
        call = str(statement.drawn).format(first="strip", count="stop - strip", room=f"{statement.name}_room")
        lines.append(f"    const {statement.type} *{statement.name}_drawn = {call};")
    for number in range(len(parts)):
        lines.append("    " + (head if number == final else "#pragma omp simd"))
        lines.append(f"    for (ct_int {variable} = strip; {variable} < stop; ++{variable}) {{")
        for statement in statements:
            name = statement.name
            if name in wanted[number] and name in kept and placed[name] < number:
                lines.append(f"        const {statement.type} {name} = {name}_strip[{variable} - strip];")
            elif name in wanted[number] and (statement.free or placed[name] == number):
                lines.append("        " + statement.line)
                if name in kept:
                    lines.append(f"        {name}_strip[{variable} - strip] = {name};")
        if number == final:
            lines += ["        " + line for line in last]
        lines.append("    }")
    return [*lines, "}"]


def _read_from_strip(statement: Statement, variable: str) -> Statement:
    """What is drawn for a strip is only read in the loop."""
    if statement.drawn is None:
        return statement
    return Statement(statement.name, statement.type, f"{statement.name}_drawn[{variable} - strip]", True)


def _parts(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Which loop computes each statement: expensive ones in turn, others as soon as their operands exist.

    Functions of one number, or of it and its negative, stay together: they share most of their work.
    """
    number: dict[str, int] = {}
    negated: dict[str, str] = {}
    of_argument: dict[tuple[str, ...], int] = {}
    current, weight = 0, 0
    for statement in statements:
        place = max((number[name] for name in statement.reads if name in number), default=0)
        if found := _NEGATIVE.fullmatch(statement.text):
            negated[statement.name] = negated.get(found[1], found[1])
        own = statement.weight
        if own >= EXPENSIVE:
            argument = tuple(negated.get(name, name) for name in statement.reads)
            if of_argument.get(argument, -1) >= place:
                place = of_argument[argument]
            else:
                if weight and weight + own > MOST_IN_PART:
                    current, weight = current + 1, 0
                weight += own
                place = of_argument[argument] = current
        number[statement.name] = place
    parts: list[list[Statement]] = [[] for _ in range(current + 1)]
    for statement in statements:
        parts[number[statement.name]].append(statement)
    return parts


def _names(lines: Iterable[str]) -> set[str]:
    return {name for line in lines for name in _NAME.findall(line)}


def _wanted(part: Sequence[Statement], by_name: dict[str, Statement]) -> set[str]:
    """Names that a part computes or reads, with what free ones are computed from."""
    own = {statement.name for statement in part if not statement.free}
    return own | _closure(
        {name for statement in part if not statement.free for name in statement.reads}, by_name
    )


def _closure(names: set[str], by_name: dict[str, Statement]) -> set[str]:
    found: set[str] = set()
    stack = [name for name in names if name in by_name]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            if by_name[name].free:
                stack.extend(read for read in by_name[name].reads if read in by_name)
    return found

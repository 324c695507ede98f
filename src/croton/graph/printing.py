"""Graphs and expressions as text: a listing of equations, Theano's tree, and a formula on one line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import numpy as np

from croton.graph.graph import Graph
from croton.graph.values import Constant, Equation, Value

_INFIX: Mapping[str, tuple[str, int]] = {
    "add": ("+", 1),
    "subtract": ("-", 1),
    "multiply": ("*", 2),
    "divide": ("/", 2),
    "floor_divide": ("//", 2),
    "remainder": ("%", 2),
    "power": ("**", 4),
    "equal": ("==", 0),
    "not_equal": ("!=", 0),
    "less": ("<", 0),
    "less_equal": ("<=", 0),
    "greater": (">", 0),
    "greater_equal": (">=", 0),
    "logical_and": ("&", 0),
    "logical_or": ("|", 0),
}


def format_graph(graph: Graph) -> str:
    """One line for each equation, inputs above, outputs below; equal graphs give equal text."""
    names = _Names()
    lines = [f"{names.of(value)}: {value.type}" for value in graph.inputs]
    for equation in graph.equations:
        made = ", ".join(f"{names.of(output)}: {output.type}" for output in equation.outputs)
        operands = ", ".join(names.of(operand) for operand in equation.inputs)
        lines.append(f"{made} = {equation.op}({operands})" if operands else f"{made} = {equation.op}()")
    lines.append("return " + ", ".join(names.of(output) for output in graph.outputs))
    return "\n".join(lines)


class _Names:
    """Short names of values: their own where unique, else v0, v1, ... in order of appearance."""

    def __init__(self) -> None:
        self._names: dict[Value, str] = {}
        self._taken: set[str] = set()

    def of(self, value: Value) -> str:
        if isinstance(value, Constant):
            return value.name or format_constant(value)
        known = self._names.get(value)
        if known is None:
            known = value.name if value.name and value.name not in self._taken else self._fresh()
            self._names[value] = known
            self._taken.add(known)
        return known

    def _fresh(self) -> str:
        number = len(self._names)
        while f"v{number}" in self._taken:
            number += 1
        return f"v{number}"


def format_constant(value: Constant) -> str:
    """The numbers of a small constant, the type of a large one."""
    if value.data.size > 6:
        return f"constant<{value.type}>"
    shown: str = np.array2string(value.data, separator=", ", threshold=7)
    return shown if value.data.ndim else str(value.data.item())


def debugprint(
    target: Any, depth: int = -1, print_type: bool = False, file: TextIO | str | None = None
) -> str | None:
    """Prints an expression, a list of them, a graph or a compiled function as a tree.

    Each operation is one line with its operands indented below it; a value that was shown before is
    named by its mark only. depth: how many levels to show, all if negative. print_type: whether to add
    types. file: where to print, standard output if None; "str" returns the text instead.

    Raises:
        TypeError: the target is none of these.
    """
    printer = _Tree(depth, print_type)
    for output in _outputs(target):
        printer.show(output, "", "", 0)
    text = "\n".join(printer.lines)
    if file == "str":
        return text
    print(text, file=sys.stdout if file is None or isinstance(file, str) else file)
    return None


def _outputs(target: Any) -> Sequence[Value]:
    if isinstance(target, Value):
        return [target]
    if isinstance(target, Graph):
        return target.outputs
    if isinstance(target, (list, tuple)):
        return [output for entry in target for output in _outputs(entry)]
    graph = getattr(target, "graph", None)
    if callable(graph):
        return _outputs(graph())
    raise TypeError(
        f"debugprint: expected a variable, a list of them, a graph or a function, got {type(target).__name__}"
    )


class _Tree:
    """Lines of a tree, with a mark such as [id A] for every value."""

    def __init__(self, depth: int, print_type: bool) -> None:
        self.lines: list[str] = []
        self._depth = depth
        self._print_type = print_type
        self._marks: dict[Value, str] = {}

    def show(self, value: Value, lead: str, indent: str, level: int) -> None:
        seen = value in self._marks
        mark = self._marks.setdefault(value, _letters(len(self._marks)))
        owner = value.owner
        text = _label(value, owner)
        typed = f" <{value.type}>" if self._print_type else ""
        self.lines.append(f"{lead}{text} [id {mark}]{typed}")
        if owner is None:
            return
        if seen:
            if owner.inputs:
                self.lines.append(f"{indent} └─ ···")
            return
        if 0 <= self._depth <= level + 1:
            return
        for position, operand in enumerate(owner.inputs):
            last = position == len(owner.inputs) - 1
            branch, below = (" └─ ", "    ") if last else (" ├─ ", " │  ")
            self.show(operand, indent + branch, indent + below, level + 1)


def _label(value: Value, owner: Equation | None) -> str:
    if isinstance(value, Constant):
        return value.name or format_constant(value)
    if owner is None:
        return value.name or f"<{value.type}>"
    text = str(owner.op)
    if len(owner.outputs) > 1:
        text += f".{value.index}"
    return f"{text} '{value.name}'" if value.name else text


def _letters(number: int) -> str:
    """A, B, ..., Z, BA, BB, ...: the number in base 26."""
    text = chr(ord("A") + number % 26)
    while number >= 26:
        number //= 26
        text = chr(ord("A") + number % 26) + text
    return text


def pp(value: Value) -> str:
    """An expression as a formula on one line, with operators where Python has them.

    Raises:
        TypeError: the argument is not a variable.
    """
    if not isinstance(value, Value):
        raise TypeError(f"pp: expected a variable, got {type(value).__name__}")
    return _formula(value)[0]


def _formula(value: Value) -> tuple[str, int]:
    """The formula and how strongly it binds (9: an atom)."""
    if isinstance(value, Constant):
        return value.name or format_constant(value), 9
    owner = value.owner
    if owner is None or value.name:
        return value.name or f"<{value.type}>", 9
    name = owner.op.name
    if name == "negative":
        return "-" + _wrapped(owner.inputs[0], 3), 3
    if name in _INFIX and len(owner.inputs) == 2:
        sign, strength = _INFIX[name]
        left = _wrapped(owner.inputs[0], strength + (name == "power"))
        right = _wrapped(owner.inputs[1], strength + (name != "power"))
        return f"{left} {sign} {right}", strength
    operands = ", ".join(_formula(operand)[0] for operand in owner.inputs)
    suffix = f".{value.index}" if len(owner.outputs) > 1 else ""
    return f"{owner.op}({operands}){suffix}", 9


def _wrapped(value: Value, strength: int) -> str:
    text, own = _formula(value)
    return text if own >= strength else f"({text})"

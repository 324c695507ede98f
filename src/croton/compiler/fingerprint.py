"""A name for what a graph computes, equal in every process that builds the same graph.

It covers operations with their parameters, types, constants by content, and this package's own source, so
that what was compiled for a fingerprint can be used again without looking at the graph any further.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from croton.graph.dims import Compound, Expression, Symbol
from croton.graph.frozen import Frozen
from croton.graph.graph import Graph
from croton.graph.operation import Operation, SingularOperation
from croton.graph.values import Constant, TensorType, Value

_PACKAGE = Path(__file__).resolve().parent.parent


class NoFingerprintError(Exception):
    """The graph holds something that only this process knows, such as a user's operation."""


def fingerprint(graph: Graph, *settings: object) -> str:
    """Hexadecimal digits that name the graph and the settings.

    Raises:
        NoFingerprintError: an operation is not one of this package's.
    """
    writer = _Writer()
    writer.graph(graph)
    text = "\n".join([_source_stamp(), repr(settings), *writer.lines])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _source_stamp() -> str:
    """Sizes and times of this package's files: another version compiles anew."""
    entries = []
    for folder, _, names in sorted(os.walk(_PACKAGE)):
        for name in sorted(names):
            if name.endswith((".py", ".h", ".c")):
                status = os.stat(os.path.join(folder, name))
                entries.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()


class _Writer:
    """Writes graphs as lines, with values and symbols numbered by first appearance."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.values: dict[Value, str] = {}
        self.symbols: dict[Symbol, str] = {}

    def graph(self, graph: Graph) -> None:
        self.lines.append("graph")
        for value in graph.inputs:
            self.values[value] = f"v{len(self.values)}"
            self.lines.append(f"input {self.type(value.type)}")
        for equation in graph.equations:
            operands = [self.operand(operand) for operand in equation.inputs]
            op = self.operation(equation.op)
            for output in equation.outputs:
                self.values[output] = f"v{len(self.values)}"
            types = [self.type(output.type) for output in equation.outputs]
            guards = [f"{self.parameter(g.left)} {g.kind} {self.parameter(g.right)}" for g in equation.guards]
            self.lines.append(f"{op} {operands} {types} {guards}")
        self.lines.append(f"outputs {[self.operand(output) for output in graph.outputs]}")

    def operand(self, value: Value) -> str:
        if isinstance(value, Constant) and value not in self.values:
            digest = hashlib.sha256(value.data.tobytes()).hexdigest()
            return f"constant {value.data.dtype.name}{value.data.shape} {digest}"
        return self.values[value]

    def type(self, type: TensorType) -> str:
        return f"{type.dtype.name}[{', '.join(self.parameter(size) for size in type.shape)}]"

    def operation(self, op: Operation) -> str:
        kind = type(op)
        written_out = getattr(op, "compiled_as", None)
        if isinstance(written_out, Graph):
            return f"call({self.parameter(written_out)})"
        if isinstance(op, SingularOperation) or not kind.__module__.startswith("croton."):
            raise NoFingerprintError(kind.__qualname__)
        fields = [f"{name}={self.parameter(getattr(op, name))}" for name in kind.field_names]
        return f"{kind.__module__}.{kind.__qualname__}({', '.join(fields)})"

    def parameter(self, parameter: Any) -> str:
        if parameter is None or isinstance(parameter, (bool, int, float, complex, str, bytes, np.dtype)):
            return repr(parameter)
        if isinstance(parameter, Symbol):
            return self.symbols.setdefault(
                parameter, f"s{len(self.symbols)}{'r' if parameter.runtime else ''}"
            )
        if isinstance(parameter, Expression):
            return "+".join(
                f"{coefficient}*{'*'.join(self.parameter(atom) for atom in monomial)}"
                for monomial, coefficient in parameter.terms
            )
        if isinstance(parameter, Compound):
            return f"{parameter.kind}({self.parameter(parameter.left)}, {self.parameter(parameter.right)})"
        if isinstance(parameter, tuple):
            return f"({', '.join(self.parameter(entry) for entry in parameter)})"
        if isinstance(parameter, Graph):
            inner = _Writer()
            inner.symbols, inner.values = self.symbols, self.values
            inner.graph(parameter)
            return "{" + "; ".join(inner.lines) + "}"
        if isinstance(parameter, Frozen) and type(parameter).__module__.startswith("croton."):
            fields = [self.parameter(getattr(parameter, name)) for name in parameter.field_names]
            return f"{type(parameter).__qualname__}({', '.join(fields)})"
        raise NoFingerprintError(f"{type(parameter).__qualname__} as a parameter")

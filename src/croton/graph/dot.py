"""Graphs in the language of Graphviz, which draws them: `dot -Tsvg file.dot`."""

from __future__ import annotations

from croton.graph.graph import Graph
from croton.graph.printing import format_constant
from croton.graph.values import Constant, Value

INPUT, CONSTANT, OPERATION, OUTPUT = "#cfe2f3", "#eeeeee", "#ffffff", "#d9ead3"


def dot_text(graph: Graph, label: str = "") -> str:
    """A picture of a graph as text: boxes for operations, ovals for what goes in and comes out."""
    drawing = _Drawing()
    for value in graph.inputs:
        drawing.node(value, value.name or "input", value, INPUT)
    for number, equation in enumerate(graph.equations):
        box = f"e{number}"
        drawing.lines.append(
            f'{box} [label={_quoted(str(equation.op))}, shape=box, fillcolor="{OPERATION}"];'
        )
        for position, operand in enumerate(equation.inputs):
            note = f" {position}" if len(equation.inputs) > 1 else ""
            drawing.lines.append(
                f"{drawing.source(operand)} -> {box} [label={_quoted(str(operand.type) + note)}];"
            )
        drawing.sources.update((output, box) for output in equation.outputs)
    for position, output in enumerate(graph.outputs):
        drawing.lines.append(f'o{position} [label={_quoted(output.name or "output")}, fillcolor="{OUTPUT}"];')
        drawing.lines.append(f"{drawing.source(output)} -> o{position} [label={_quoted(str(output.type))}];")
    head = ["digraph G {", "node [style=filled, fontname=monospace];", "edge [fontname=monospace];"]
    return "\n".join([*head, f"label={_quoted(label)};", *drawing.lines, "}"]) + "\n"


class _Drawing:
    """Lines so far, and the box that each value comes from."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.sources: dict[Value, str] = {}

    def node(self, value: Value, text: str, key: Value, colour: str) -> None:
        box = f"v{len(self.sources)}"
        self.lines.append(f'{box} [label={_quoted(text)}, fillcolor="{colour}"];')
        self.sources[key] = box

    def source(self, value: Value) -> str:
        if value not in self.sources:
            is_constant = isinstance(value, Constant)
            text = format_constant(value) if isinstance(value, Constant) else value.name or "variable"
            self.node(value, text, value, CONSTANT if is_constant else INPUT)
        return self.sources[value]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

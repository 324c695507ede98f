"""What is drawn: boxes, edges and groups of a graph, before anybody decides where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from croton.codegen.excerpt import step_c
from croton.compiler.sizes import unify_sizes
from croton.graph.graph import Graph
from croton.graph.printing import format_constant, format_graph
from croton.graph.values import Constant, Equation, Value
from croton.loops.parts import step_graph, step_name
from croton.loops.program import Program
from croton.rewrite.pipeline import trace

if TYPE_CHECKING:
    from croton.compiler.compile import Executable
    from croton.compiler.profile import Profile, ProfileRow

_LONGEST_LABEL = 36


@dataclass
class Box:
    """A node. kind: "input", "constant", "operation", "loop" or "output". facts: shown when it is chosen."""

    label: str
    kind: str
    type: str
    group: int | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class Group:
    """Boxes that are computed together: a step of the compiled program."""

    label: str
    c: str
    time: str = ""


@dataclass
class Scene:
    """One stage of a program. edges: pairs of positions in `boxes`, in the direction of the data."""

    title: str
    boxes: list[Box] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


def scene_of(graph: Graph, title: str) -> Scene:
    """A graph as it is."""
    return _Builder(title).build(graph)


def scenes_of(
    graph: Graph,
    executable: Executable | None,
    profile: Profile | None,
    every: bool = True,
    optimized: bool = True,
) -> list[Scene]:
    """The graph as written, after each pass, and as the steps of the program; the last one that is wanted
    alone unless `every`."""
    if executable is None or (not optimized and not every):
        return [scene_of(graph, "as written")]
    lowered = executable.lowered
    program = _Builder("program").build_program(lowered.graph, lowered.program, profile)
    if not every:
        return [program]
    scenes = [scene_of(stage, title) for title, stage in _stages(graph, executable)]
    return [*scenes, program]


def _stages(graph: Graph, executable: Executable) -> Iterator[tuple[str, Graph]]:
    """The graph as written and after each pass; passes that change nothing are named with the one before."""
    title, before = "as written", graph
    start, _ = unify_sizes(executable.request.graph)
    known = start
    for name, after in trace(start, executable.request.disabled):
        if after is known:
            title += f", {name} (no change)"
            continue
        yield title, before
        title, before, known = f"after {name}", after, after
    yield title, before


class _Builder:
    def __init__(self, title: str) -> None:
        self._scene = Scene(title)
        self._made: dict[Value, int] = {}
        self._groups: dict[Equation, int] = {}

    def build(self, graph: Graph) -> Scene:
        for position, value in enumerate(graph.inputs):
            self._made[value] = self._add(
                Box(_short(value.name or f"input {position}"), "input", str(value.type))
            )
        for equation in graph.equations:
            self._equation(equation)
        for position, output in enumerate(graph.outputs):
            box = self._add(Box(_short(output.name or f"output {position}"), "output", str(output.type)))
            self._connect([output], box)
        return self._scene

    def build_program(self, graph: Graph, program: Program, profile: Profile | None) -> Scene:
        """The graph with a group for each step of its program."""
        rows: Sequence[ProfileRow | None] = [None] * len(program.steps)
        if profile is not None and profile.calls:
            rows = [row for row in profile.rows() if row.depth == 0]
        for number, (step, row) in enumerate(zip(program.steps, rows, strict=True)):
            label = step_name(step, program)
            self._scene.groups.append(Group(label, step_c(step, program), _time(row)))
            for equation in step_graph(step, program).equations:
                self._groups.setdefault(equation, number)
        return self.build(graph)

    def _add(self, box: Box) -> int:
        self._scene.boxes.append(box)
        return len(self._scene.boxes) - 1

    def _equation(self, equation: Equation) -> None:
        facts = {"operation": str(equation.op)}
        if equation.location is not None:
            facts["line"] = str(equation.location)
        if equation.guards:
            facts["requires"] = "\n".join(
                f"{guard.left} {guard.kind.replace('_', ' ')} {guard.right}" for guard in equation.guards
            )
        bodies = equation.op.graphs()
        if bodies:
            facts["body"] = "\n\n".join(format_graph(body) for body in bodies)
        types = "  ".join(str(output.type) for output in equation.outputs)
        named = next((output.name for output in equation.outputs if output.name), None)
        if named:
            facts["name"] = named
        kind = "loop" if bodies else "operation"
        box = self._add(Box(_label(equation), kind, types, self._groups.get(equation), facts))
        self._made.update(dict.fromkeys(equation.outputs, box))
        self._connect(equation.inputs, box)

    def _connect(self, values: Sequence[Value], box: int) -> None:
        for value in dict.fromkeys(values):
            source = self._made.get(value)
            if source is None:
                if (
                    isinstance(value, Constant)
                    and value.data.ndim == 0
                    and self._scene.boxes[box].kind != "output"
                ):
                    continue  # shown in the label
                label = format_constant(value) if isinstance(value, Constant) else value.name or "value"
                source = self._made[value] = self._add(Box(_short(label), "constant", str(value.type)))
            self._scene.edges.append((source, box))


def _label(equation: Equation) -> str:
    """The operation's name, with its operands that are plain numbers."""
    shown = [
        format_constant(operand) if isinstance(operand, Constant) and operand.data.ndim == 0 else "_"
        for operand in equation.inputs
    ]
    if all(text == "_" for text in shown):
        return _short(equation.op.name)
    return _short(f"{equation.op.name}({', '.join(shown)})")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1] + "…"


def _time(row: ProfileRow | None) -> str:
    """What a step took a call, and how fast that was."""
    if row is None or not row.runs:
        return ""
    parts = [f"{row.seconds / row.runs * 1e6:.3g} µs a run, {row.runs} runs"]
    if row.bytes is not None and row.seconds:
        parts.append(f"{row.bytes / row.seconds * 1e-9:.2f} GB/s")
    if row.flops and row.seconds:
        parts.append(f"{row.flops / row.seconds * 1e-9:.2f} GFLOP/s")
    return ", ".join(parts)

"""A scene in Graphviz's language."""

from __future__ import annotations

from croton.frontends.drawing.scene import Box, Scene

_SHAPES = {"input": "ellipse", "output": "ellipse", "constant": "note", "loop": "box3d"}


def dot(name: str, scene: Scene) -> str:
    """A digraph with a cluster for each group."""
    lines = [
        f"digraph {_quoted(name)} {{",
        f"  label={_quoted(scene.title)}; labelloc=t; fontname=Helvetica;",
        "  node [fontname=Helvetica, fontsize=11, shape=box, style=rounded]; edge [arrowsize=0.7];",
    ]
    for number, group in enumerate(scene.groups):
        lines.append(f"  subgraph cluster_{number} {{")
        lines.append(f"    label={_quoted(group.label)}; fontsize=10; style=rounded; color=gray;")
        lines += [f"    {_node(n, box)}" for n, box in enumerate(scene.boxes) if box.group == number]
        lines.append("  }")
    lines += [f"  {_node(number, box)}" for number, box in enumerate(scene.boxes) if box.group is None]
    lines += [f"  n{start} -> n{end};" for start, end in scene.edges]
    return "\n".join([*lines, "}", ""])


def _node(number: int, box: Box) -> str:
    label = _quoted(f"{box.label}\n{box.type}")
    return f"n{number} [label={label}, shape={_SHAPES.get(box.kind, 'box')}];"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

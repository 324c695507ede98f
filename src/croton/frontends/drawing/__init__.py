"""Drawings of functions: a page for browsers, SVG, and Graphviz's dot."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING

from croton.frontends.drawing.scene import scenes_of

if TYPE_CHECKING:
    from croton.compiler.compile import Executable
    from croton.compiler.profile import Profile
    from croton.graph.graph import Graph

FORMATS = (".html", ".svg", ".dot")


def draw(
    path: str | PathLike[str],
    name: str,
    graph: Graph,
    executable: Executable | None,
    profile: Profile | None,
    optimized: bool,
) -> None:
    """Writes a drawing of a function in the format that the end of the path says.

    A page has the graph after every pass; the other formats have one: the program of the compiled function,
    or the graph as it was written unless `optimized`.

    Raises:
        ValueError: the path has another ending.
    """
    ending = next((ending for ending in FORMATS if fspath(path).lower().endswith(ending)), None)
    if ending is None:
        raise ValueError(f"graph: expected a path that ends in {', '.join(FORMATS)}, got {fspath(path)!r}")
    scenes = scenes_of(graph, executable, profile, every=ending == ".html", optimized=optimized)
    if ending == ".html":
        from croton.frontends.drawing.page import page

        text = page(name, scenes)
    elif ending == ".svg":
        from croton.frontends.drawing.svg import standalone

        text = standalone(scenes[-1])
    else:
        from croton.frontends.drawing.dot import dot

        text = dot(name, scenes[-1])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

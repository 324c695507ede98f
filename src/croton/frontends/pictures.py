"""`pydotprint` and short descriptions of expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from croton.graph.graph import Graph
from croton.graph.printing import debugprint
from croton.graph.values import Value


def pydotprint(
    fct: Any, outfile: str | Path | None = None, format: str = "dot", return_image: bool = False, **_: Any
) -> str | None:
    """Writes a picture of a function or of expressions for Graphviz, which is not needed for that.

    outfile: where to; "croton.dot" in the working folder if None. format: only "dot"; `dot -Tpng` makes an
    image of it. return_image: whether to return the text instead of writing it. Further options of Theano's,
    which concern colours and names, are accepted and change nothing.

    Raises:
        ValueError: another format is asked for. TypeError: not a function or a variable.
    """
    from croton.frontends.drawing.dot import dot
    from croton.frontends.drawing.scene import scene_of

    path = Path("croton.dot" if outfile is None else outfile)
    if format != "dot" or (outfile is not None and path.suffix not in (".dot", ".gv", "")):
        raise ValueError(f'pydotprint: only format "dot" is written, got {format!r} and {str(path)!r}')
    name = str(getattr(fct, "name", "") or "")
    text = dot(name, scene_of(_graph_of(fct), name))
    if return_image:
        return text
    path.write_text(text, encoding="utf-8")
    return None


def _graph_of(target: Any) -> Graph:
    if isinstance(target, Graph):
        return target
    if isinstance(target, Value):
        target = [target]
    if isinstance(target, (list, tuple)) and all(isinstance(entry, Value) for entry in target):
        open_graph = Graph.of((), target)
        return Graph(tuple(open_graph.free_values()), open_graph.outputs, open_graph.equations)
    graph = getattr(target, "graph", None)
    if not callable(graph):
        raise TypeError(f"pydotprint: expected a function or variables, got {type(target).__name__}")
    found = graph()
    assert isinstance(found, Graph)
    return found


def min_informative_str(obj: Any) -> str:
    """An expression as a tree, without its types: enough to tell it from others."""
    return str(debugprint(obj, file="str"))

"""The passes over a graph, in order. Each can be left out by name, which is how an ablation is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from croton.graph.graph import Graph
from croton.ops.base import building_graphs
from croton.rewrite.cleanup import drop_unused, fold_constants, merge_common
from croton.rewrite.contractions import fold_transposes
from croton.rewrite.expand import expand_composites
from croton.rewrite.stabilization import stabilized

Pass = Callable[[Graph], Graph]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("dead-code", drop_unused),
    ("constant-folding", fold_constants),
    ("common-subexpressions", merge_common),
    ("stabilization", stabilized),
    ("composites", expand_composites),
    ("contraction-transposes", fold_transposes),
    ("common-subexpressions-2", merge_common),
)


@building_graphs()
def optimize(graph: Graph, disabled: Sequence[str] = ()) -> Graph:
    """The graph after all passes that are not disabled."""
    for name, rewrite in PASSES:
        if name not in disabled:
            graph = rewrite(graph)
    return graph


@building_graphs()
def stabilize(graph: Graph) -> Graph:
    """The graph in numerically stable form, in which derivatives are taken."""
    return stabilized(graph)

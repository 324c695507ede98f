"""The passes over a graph, in order. Each can be left out by name, which is how an ablation is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from croton.graph.graph import Graph, transform
from croton.graph.values import Equation, Value
from croton.ops.base import building_graphs
from croton.rewrite.branches import sink_into_branches
from croton.rewrite.cleanup import drop_unused, fold_constants, merge_common
from croton.rewrite.contractions import fold_transposes, turn_products
from croton.rewrite.early_pooling import pool_early
from croton.rewrite.early_slices import slice_early
from croton.rewrite.expand import expand_composites, inline_calls
from croton.rewrite.joining import join_places
from croton.rewrite.linear_algebra import share_decompositions, simplify_linear_algebra
from croton.rewrite.loop_hoisting import hoist_invariants
from croton.rewrite.loop_outputs import trim_loops
from croton.rewrite.pointwise_convolutions import multiply_pixels
from croton.rewrite.pooled_convolutions import pool_convolutions
from croton.rewrite.scan_accumulation import accumulate_after
from croton.rewrite.scan_batching import batch_after, batch_before
from croton.rewrite.scan_merging import merge_scans
from croton.rewrite.scan_outputs import keep_last_steps, read_final_states
from croton.rewrite.scan_sequences import read_in_place
from croton.rewrite.stabilization import TABLES, rule_set, stabilized
from croton.rewrite.strength import reduce_strength
from croton.rewrite.subnormals import flush_subnormals

Pass = Callable[[Graph], Graph]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("dead-code", drop_unused),
    ("calls", inline_calls),
    ("constant-folding", fold_constants),
    ("branch-sinking", sink_into_branches),
    ("early-slices", slice_early),
    ("final-states", read_final_states),
    ("early-pooling", pool_early),
    ("stabilization", stabilized),
    ("linear-algebra", simplify_linear_algebra),
    ("composites", expand_composites),
    ("shared-decompositions", share_decompositions),
    ("slices-after-expansion", slice_early),
    ("sub-graphs", lambda graph: optimize_bodies(graph)),
    ("scan-merging", merge_scans),
    ("loop-hoisting", hoist_invariants),
    ("scan-accumulation", accumulate_after),
    ("batching-before", batch_before),
    ("batching-after", batch_after),
    ("loop-trimming", trim_loops),
    ("joining", join_places),
    ("strength-reduction", reduce_strength),
    ("contraction-transposes", fold_transposes),
    ("common-subexpressions", merge_common),
    ("turned-products", turn_products),
    ("pooled-convolutions", pool_convolutions),
    ("pointwise-convolutions", multiply_pixels),
    ("last-steps", keep_last_steps),
    ("sequences-in-place", read_in_place),
    ("subnormals", flush_subnormals),
)

# Rules that make derivatives stable at a price which values need not pay.
FOR_DERIVATIVES = frozenset(("log-of-plain-product",))


def trace(graph: Graph, disabled: Sequence[str] = ()) -> Iterator[tuple[str, Graph]]:
    """(name of the pass, the graph after it), pass by pass; print one with `format_graph`.

    disabled: names of passes to leave out; and of single rules of the stabilisation, or whole tables of them.
    """
    left_out = frozenset(disabled)
    for name, rewrite in PASSES:
        if name in left_out:
            continue
        with building_graphs():
            if name == "stabilization":
                graph = stabilized(graph, (left_out & rule_names()) | FOR_DERIVATIVES)
            elif name == "sub-graphs":
                graph = optimize_bodies(graph, disabled)
            else:
                graph = rewrite(graph)
        yield name, graph


def optimize(graph: Graph, disabled: Sequence[str] = ()) -> Graph:
    """The graph after all passes that are not disabled."""
    for _, after in trace(graph, disabled):
        graph = after
    return graph


def optimize_bodies(graph: Graph, disabled: Sequence[str] = ()) -> Graph:
    """The graph with the body of every loop and branch rewritten by all passes."""

    def inner(equation: Equation) -> Sequence[Value] | None:
        op = equation.op.map_graphs(lambda body: optimize(body, disabled))
        if op is equation.op:
            return None
        types = [output.type for output in equation.outputs]
        return Equation(op, equation.inputs, types, equation.guards, equation.location).outputs

    return transform(graph, inner) if any(e.op.graphs() for e in graph.equations) else graph


@cache
def rule_names() -> frozenset[str]:
    """Names of the tables of rules and of all rules in them."""
    return frozenset((*(name for name, _ in TABLES), *(rule.name for rule in rule_set().rules)))


@building_graphs()
def stabilize(graph: Graph) -> Graph:
    """The graph in the form in which derivatives are taken: stable, branches holding what only they need,
    last rows of loops read from their final states, maxima of windows taken early."""
    return stabilized(pool_early(read_final_states(slice_early(sink_into_branches(graph)))))

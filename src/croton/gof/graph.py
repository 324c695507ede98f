"""Walks over expressions, under the names of Theano's `gof.graph`."""

from croton.frontends.replacing import clone_replace
from croton.frontends.walking import (
    ancestors,
    inputs,
    is_in_ancestors,
    is_same_graph,
    nodes,
    variables,
)
from croton.graph.values import Constant
from croton.graph.values import Equation as Apply
from croton.graph.values import Value as Variable

graph_inputs = inputs
list_of_nodes = ops = io_toposort = nodes

__all__ = [
    "Apply",
    "Constant",
    "Variable",
    "ancestors",
    "clone_replace",
    "graph_inputs",
    "inputs",
    "io_toposort",
    "is_in_ancestors",
    "is_same_graph",
    "list_of_nodes",
    "nodes",
    "ops",
    "variables",
]

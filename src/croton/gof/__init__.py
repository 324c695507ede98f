"""Theano's names for what graphs are made of."""

from croton.frontends.op import Apply, Op
from croton.gof import graph
from croton.graph.values import Constant
from croton.graph.values import Value as Variable

__all__ = ["Apply", "Constant", "Op", "Variable", "graph"]

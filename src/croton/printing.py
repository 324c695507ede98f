"""Expressions and functions as text, under the names of Theano's `printing` module."""

from croton.frontends.pictures import min_informative_str, pydotprint
from croton.graph.printing import debugprint, pp
from croton.ops.checks import Print

pprint = pp

__all__ = ["Print", "debugprint", "min_informative_str", "pp", "pprint", "pydotprint"]

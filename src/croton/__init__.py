"""Croton: an optimizing compiler for array programs."""

from croton import ifelse, scan_module
from croton.frontends.config import config
from croton.frontends.control import cond, scan_loop, while_loop
from croton.frontends.custom import custom_gradient
from croton.frontends.eager import Tensor, Variable, convert_to_tensor
from croton.frontends.function import In, function
from croton.frontends.gradient import grad, hessian, jacobian
from croton.frontends.jit import jit
from croton.frontends.op import Apply, Op, as_op
from croton.frontends.scan import foldl, foldr, map, reduce, scan, until
from croton.frontends.tape import GradientTape
from croton.frontends.variables import shared
from croton.graph.printing import debugprint, pp
from croton.ops.stop_gradient import stop_gradient

__version__ = "0.1.0"

__all__ = [
    "Apply",
    "GradientTape",
    "In",
    "Op",
    "Tensor",
    "Variable",
    "as_op",
    "cond",
    "config",
    "convert_to_tensor",
    "custom_gradient",
    "debugprint",
    "foldl",
    "foldr",
    "function",
    "grad",
    "hessian",
    "ifelse",
    "jacobian",
    "jit",
    "map",
    "pp",
    "reduce",
    "scan",
    "scan_loop",
    "scan_module",
    "shared",
    "stop_gradient",
    "until",
    "while_loop",
]

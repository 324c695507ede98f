"""Croton: an optimizing compiler for array programs."""

from importlib import import_module
from typing import Any

from croton import raise_op
from croton.frontends.config import config
from croton.frontends.control import cond, scan_loop, while_loop
from croton.frontends.custom import custom_gradient
from croton.frontends.eager import Tensor, Variable, convert_to_tensor
from croton.frontends.function import function
from croton.frontends.gradient import grad, hessian, jacobian
from croton.frontends.inputs import In, Out, Param
from croton.frontends.jit import jit
from croton.frontends.modes import Mode
from croton.frontends.op import Apply, Op, as_op
from croton.frontends.replacing import clone, clone_replace, graph_replace
from croton.frontends.tape import GradientTape
from croton.frontends.variables import shared
from croton.graph.errors import DebugError, NanGuardError
from croton.graph.faults import NanGuardMode
from croton.graph.printing import debugprint, pp
from croton.ops.gradient_control import stop_gradient

__version__ = "0.1.0"

__all__ = [
    "Apply",
    "DebugError",
    "GradientTape",
    "In",
    "Lop",
    "Mode",
    "NanGuardError",
    "NanGuardMode",
    "Op",
    "OpFromGraph",
    "Out",
    "Param",
    "Rop",
    "Tensor",
    "Variable",
    "as_op",
    "clone",
    "clone_replace",
    "cond",
    "config",
    "convert_to_tensor",
    "custom_gradient",
    "debugprint",
    "foldl",
    "foldr",
    "function",
    "grad",
    "graph_replace",
    "hessian",
    "hessian_vector_product",
    "ifelse",
    "jacobian",
    "jit",
    "map",
    "pp",
    "raise_op",
    "reduce",
    "scan",
    "scan_loop",
    "scan_module",
    "shared",
    "stop_gradient",
    "subgraph_grad",
    "until",
    "while_loop",
]

# What few programs need is imported when it is first used: Theano's modules (None), and names with the module
# of this package that they are in.
_LATE: dict[str, str | None] = {
    **dict.fromkeys(("compile", "gof", "gradient", "printing", "sandbox", "scalar", "sparse", "tensor")),
    **dict.fromkeys(("Lop", "Rop", "hessian_vector_product", "subgraph_grad"), "frontends.directional"),
    "Constant": "gof",
    "OpFromGraph": "frontends.op_from_graph",
    **dict.fromkeys(("dot", "get_scalar_constant_value"), "tensor"),
    **dict.fromkeys(("_asarray", "sparse_grad"), "frontends.filled"),
    "change_flags": "frontends.config",
    "pprint": "printing",
    "verify_grad": "gradient",
    **dict.fromkeys(("ifelse", "scan_module", "updates")),
    **dict.fromkeys(("foldl", "foldr", "map", "reduce", "scan", "until"), "scan_module"),
}


def __getattr__(name: str) -> Any:
    """Late names."""
    if name not in _LATE:
        raise AttributeError(f"module 'croton' has no attribute {name!r}")
    place = _LATE[name]
    found = import_module(f"croton.{place or name}")
    return found if place is None else getattr(found, name)

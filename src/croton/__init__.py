"""Croton: an optimizing compiler for array programs."""

from importlib import import_module
from typing import Any

from croton import raise_op
from croton.frontends.config import config
from croton.frontends.control import cond, scan_loop, while_loop
from croton.frontends.custom import custom_gradient
from croton.frontends.eager import Tensor, Variable, convert_to_tensor
from croton.frontends.function import In, function
from croton.frontends.gradient import grad, hessian, jacobian
from croton.frontends.jit import jit
from croton.frontends.op import Apply, Op, as_op
from croton.frontends.tape import GradientTape
from croton.frontends.variables import shared
from croton.graph.errors import DebugError, NanGuardError
from croton.graph.faults import NanGuardMode
from croton.graph.printing import debugprint, pp
from croton.ops.stop_gradient import stop_gradient

__version__ = "0.1.0"

__all__ = [
    "Apply",
    "DebugError",
    "GradientTape",
    "In",
    "NanGuardError",
    "NanGuardMode",
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
    "raise_op",
    "reduce",
    "scan",
    "scan_loop",
    "scan_module",
    "shared",
    "stop_gradient",
    "until",
    "while_loop",
]

# What few programs need is imported when it is first used: Theano's modules (None), and names with the module
# of this package that they are in.
_LATE: dict[str, str | None] = {
    **dict.fromkeys(("ifelse", "scan_module")),
    **dict.fromkeys(("foldl", "foldr", "map", "reduce", "scan", "until"), "scan_module"),
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'croton' has no attribute {name!r}")
    place = _LATE[name]
    found = import_module(f"croton.{place or name}")
    return found if place is None else getattr(found, name)

"""Functions and what they are made with, under the names of Theano's `compile`."""

from croton.compile import io, mode, nanguardmode, ops, sharedvalue
from croton.frontends.function import function
from croton.frontends.inputs import In, Out, Param
from croton.frontends.modes import Mode, get_default_mode, get_mode
from croton.frontends.op import as_op
from croton.frontends.op_from_graph import OpFromGraph
from croton.frontends.variables import SharedVariable, shared
from croton.graph.faults import NanGuardMode

__all__ = [
    "In",
    "Mode",
    "NanGuardMode",
    "OpFromGraph",
    "Out",
    "Param",
    "SharedVariable",
    "as_op",
    "function",
    "get_default_mode",
    "get_mode",
    "io",
    "mode",
    "nanguardmode",
    "ops",
    "shared",
    "sharedvalue",
]

"""Elementwise functions as methods: x.exp() is T.exp(x)."""

from __future__ import annotations

from collections.abc import Callable

from croton.ops import arithmetic, exponential, rounding, trigonometric
from croton.ops.base import Array

_MODULES = (exponential, trigonometric, rounding, arithmetic)
NAMES = tuple(
    [
        "arccos",
        "arccosh",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctanh",
        "ceil",
        "cos",
        "cosh",
        "deg2rad",
        "exp",
        "exp2",
        "expm1",
        "floor",
        "log",
        "log10",
        "log1p",
        "log2",
        "rad2deg",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "trunc",
    ]
)


class ElementwiseMethods:
    """Mixed into symbolic variables and eager tensors; the methods are those of NAMES."""

    __slots__ = ()


def _method(function: Callable[[object], Array]) -> Callable[[ElementwiseMethods], Array]:
    def method(self: ElementwiseMethods) -> Array:
        return function(self)

    method.__name__ = function.__name__
    method.__doc__ = function.__doc__
    return method


for _name in NAMES:
    _module = next(module for module in _MODULES if hasattr(module, _name))
    setattr(ElementwiseMethods, _name, _method(getattr(_module, _name)))

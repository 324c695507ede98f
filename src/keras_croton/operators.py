"""Python's operators on tensors: Keras's functions of the same names, with their dtypes and operands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from keras.src.backend.common import KerasVariable
from keras.src.backend.common.keras_tensor import KerasTensor

from croton.frontends.operators import Binary
from croton.ops import base
from keras_croton import numpy

# Croton's names where Keras has others.
_NAMES = {"remainder": "mod"}

_PLAIN = {name: getattr(Binary, name) for name in vars(Binary) if not name.startswith("_")}

_FOREIGN = (KerasTensor, str, type(None))


def install() -> None:
    """Gives Python's operators the meaning they have in Keras, and makes Keras's variables operands."""
    for name in _PLAIN:
        setattr(Binary, name, staticmethod(_for_tensors(getattr(numpy, _NAMES.get(name, name)))))
    if not any(kind is KerasVariable for kind, _ in base.converters):
        base.converters.append((KerasVariable, lambda variable: variable.value))


def uninstall() -> None:
    """Gives Python's operators the meaning back that they have in NumPy."""
    for name, function in _PLAIN.items():
        setattr(Binary, name, staticmethod(function))


def _for_tensors(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The function, which leaves what is no operand, and Keras's symbolic tensors, to their own operators."""

    @functools.wraps(function)
    def apply(x1: Any, x2: Any) -> Any:
        if isinstance(x1, _FOREIGN) or isinstance(x2, _FOREIGN):
            return NotImplemented
        return function(x1, x2)

    return apply

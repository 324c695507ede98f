"""What Keras's own tests take from JAX where they choose it, here of Croton (see `chains.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.src import tree

from croton.frontends.jit import jit
from croton.frontends.tape import GradientTape
from keras_croton import numpy
from keras_croton.conversion import convert_to_tensor

__all__ = ["grad", "jit", "numpy"]


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the gradients of a function's result, a scalar, by some of its arguments."""

    def gradient(*args: Any) -> Any:
        args = tree.map_structure(convert_to_tensor, args)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        chosen = [args[number] for number in numbers]
        with GradientTape(watch_accessed_variables=False) as tape:
            for leaf in tree.flatten(chosen):
                tape.watch(leaf)
            result = function(*args)
        found = tree.pack_sequence_as(chosen, tape.gradient(result, tree.flatten(chosen)))
        return found[0] if isinstance(argnums, int) else tuple(found)

    return gradient

"""What functions say about their own derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from keras.src import tree
from keras.src.backend.common import KerasVariable

from croton.frontends import custom
from croton.ops import gradient_control
from keras_croton.conversion import convert_to_tensor

Function = Callable[..., Any]


def stop_gradient(variable: Any) -> Any:
    """The value, through which no gradient flows."""
    return gradient_control.stop_gradient(convert_to_tensor(variable))


def custom_gradient(fun: Function) -> Function:
    """A function with a derivative of its own.

    `fun(*args)` returns `(outputs, gradient)`; `gradient(*output_gradients)` returns the gradients of the
    positional arguments: one, or a list of them. Variables among the arguments are differentiated as their
    values are.
    """
    differentiable = custom.custom_gradient(fun)

    @functools.wraps(fun)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = tree.map_structure(
            lambda leaf: leaf.value if isinstance(leaf, KerasVariable) else leaf, (args, kwargs)
        )
        return differentiable(*args, **kwargs)

    return call


def remat(f: Function) -> Function:
    """The function itself: the compiler decides what derivatives keep and what they compute again."""
    return f

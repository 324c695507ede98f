"""Theano's random functions of an explicit state: each gives the next state and the numbers.

A state is a key, uint64 of shape (2,), as `T.random.key` makes it; `random_state_type()` makes variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from croton.frontends.random_stream import RandomStream
from croton.graph.dtypes import UINT64
from croton.graph.values import TensorType, Value
from croton.ops import base
from croton.ops.arithmetic import add
from croton.ops.base import Array

__all__ = [
    "binomial",
    "choice",
    "multinomial",
    "normal",
    "permutation",
    "poisson",
    "random_integers",
    "random_state_type",
    "shuffle_row_elements",
    "uniform",
]


def random_state_type(name: str | None = None) -> Value:
    """A variable for a state."""
    return TensorType(UINT64, (2,))(name)


class _Given(RandomStream):
    """A stream whose only variable has the state given, so that it draws by the stream's own methods."""

    def __init__(self, state: Array) -> None:
        self.state = state

    def gen(self, draw: Callable[..., Array], *args: Any, **options: Any) -> Any:
        return draw(*args, key=self.state, **options)

    @staticmethod
    def _same(drawn: Any, changed: Any) -> Any:
        return changed


def _function(name: str) -> Callable[..., tuple[Array, Array]]:
    method = getattr(RandomStream, name)

    def function(random_state: object, *args: Any, **options: Any) -> tuple[Array, Array]:
        state = base.as_array(random_state)
        return add(state, np.array([0, 1], np.uint64)), method(_Given(state), *args, **options)

    function.__name__ = name
    function.__doc__ = f"The next state, and: {method.__doc__}"
    return function


uniform = _function("uniform")
normal = _function("normal")
binomial = _function("binomial")
poisson = _function("poisson")
random_integers = _function("random_integers")
choice = _function("choice")
permutation = _function("permutation")
multinomial = _function("multinomial")
shuffle_row_elements = _function("shuffle_row_elements")

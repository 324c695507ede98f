"""Random numbers drawn in the step of a loop: other ones in every step, though it is built only once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from croton.graph.dtypes import INT64
from croton.graph.values import TensorType, Value
from croton.ops import random
from croton.ops.base import Array
from croton.ops.test_values import pass_on


class StepKeys:
    """Keys for the body of a loop, each a new key of the surroundings combined with the number of the step.

    count: the number of the step inside the loop. used: whether the body drew anything.
    """

    def __init__(self) -> None:
        self.count = Value.factory(TensorType(INT64, ()), name="step")
        pass_on([np.asarray(0)], [self.count])
        self.used = False
        self._thread = threading.get_ident()
        self._outer = random.key_source[-1]

    def next_key(self) -> Array:
        """A key that differs from step to step; that of the surroundings where another thread asks."""
        if threading.get_ident() != self._thread:
            return self._outer()
        self.used = True
        return random.fold_in(self._outer(), self.count)


@contextmanager
def step_keys() -> Iterator[StepKeys]:
    """Inside, what draws random numbers without a key gets one of the step."""
    keys = StepKeys()
    random.key_source.append(keys.next_key)
    try:
        yield keys
    finally:
        random.key_source.remove(keys.next_key)

"""Pooling: every mode, windows that overlap, padding, and borders."""

from __future__ import annotations

import numpy as np

import croton.tensor as T

from .case import Case

RANDOM = np.random.default_rng(2)


def array(*shape: int) -> np.ndarray:
    """Elements in steps of 0.01 at least: no two in a window nearly tie."""
    steps = RANDOM.permutation(int(np.prod(shape))).reshape(shape)
    return (steps - np.mean(steps)) / 30


def pooled(mode: str, *options: object, **named: object) -> object:
    return lambda x: T.tanh(T.signal.pool.pool_2d(x, *options, mode=mode, **named))


CASES = [
    *(
        Case(f"pool_2d, {mode}", pooled(mode, (2, 3), True, (2, 2), (1, 1)), (array(2, 2, 5, 6),))
        for mode in ("max", "sum", "average_inc_pad", "average_exc_pad")
    ),
    Case("pool_2d with a border", pooled("average_exc_pad", (2, 2), False, (1, 2)), (array(2, 3, 5),)),
    Case("pool_3d", lambda x: T.tanh(T.signal.pool.pool_3d(x, 2, stride=1)), (array(2, 3, 3, 4),)),
    Case("max_pool", lambda x: T.tanh(T.nnet.max_pool(x, 3, 2, "same")), (array(2, 5, 4, 3),)),
    Case("average_pool", lambda x: T.tanh(T.nnet.average_pool(x, 2, 1, "same")), (array(2, 5, 3),)),
    Case(
        "max_pool_2d_same_size",
        lambda x: T.tanh(T.signal.pool.max_pool_2d_same_size(x, (2, 2))),
        (array(2, 3, 5),),
    ),
]

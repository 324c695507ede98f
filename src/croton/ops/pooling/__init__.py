"""Pooling over one, two or three axes: as Keras names it, and as Theano does."""

from croton.ops.pooling.general import (
    average_pool,
    global_average_pool,
    global_max_pool,
    max_pool,
    max_pool_2d,
    max_pool_2d_same_size,
    pool_2d,
    pool_3d,
)

__all__ = [
    "average_pool",
    "global_average_pool",
    "global_max_pool",
    "max_pool",
    "max_pool_2d",
    "max_pool_2d_same_size",
    "pool_2d",
    "pool_3d",
]

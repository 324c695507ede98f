"""Pooling over the last two or three axes, as Theano names it."""

from croton.ops.pooling import max_pool_2d_same_size, pool_2d, pool_3d

__all__ = ["max_pool_2d_same_size", "pool_2d", "pool_3d"]

"""Theano's old names of pooling."""

from croton.ops.pooling import max_pool_2d, max_pool_2d_same_size

__all__ = ["max_pool_2d", "max_pool_2d_same_size"]

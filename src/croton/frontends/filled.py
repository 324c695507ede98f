"""Arrays of one number and identities, in `config.floatX` where no dtype is given, as in Theano."""

from __future__ import annotations

from typing import Any

import numpy as np

from croton.frontends.config import config
from croton.graph.dtypes import as_dtype
from croton.graph.values import NDArray
from croton.ops import creation
from croton.ops.base import Array


def zeros(shape: object, dtype: object = None) -> Array:
    """An array of zeros, of config.floatX unless `dtype` is given."""
    return creation.zeros(shape, dtype or config.floatX)


def ones(shape: object, dtype: object = None) -> Array:
    """An array of ones, of config.floatX unless `dtype` is given."""
    return creation.ones(shape, dtype or config.floatX)


def empty(shape: object, dtype: object = None) -> Array:
    """An array of which only the shape matters, of config.floatX unless `dtype` is given; it holds zeros."""
    return creation.zeros(shape, dtype or config.floatX)


def eye(n: Any, m: Any = None, k: Any = 0, dtype: object = None) -> Array:
    """An (n, m) matrix (square when m is None) with ones on the k-th diagonal and zeros elsewhere."""
    return creation.eye(n, m, k, dtype or config.floatX)


def identity(n: Any, dtype: object = None) -> Array:
    """The n by n identity matrix, of config.floatX unless `dtype` is given."""
    return creation.eye(n, dtype=dtype or config.floatX)


def tri(N: Any, M: Any = None, k: Any = 0, dtype: object = None) -> Array:
    """An (N, M) matrix with ones on and below the k-th diagonal and zeros above."""
    return creation.tri(N, M, k, dtype or config.floatX)


def _asarray(a: Any, dtype: object, order: Any = None) -> NDArray:
    """An array as NumPy's asarray makes it, of exactly this dtype; Theano's programs use it."""
    return np.asarray(a, dtype=as_dtype(dtype), order=order)


def sparse_grad(var: Array) -> Array:
    """A part of an array, x[rows], as it is: a hint to Theano that nothing here needs."""
    return var

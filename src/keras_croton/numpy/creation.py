"""Arrays made of sizes and numbers; of floatx unless a dtype is given."""

from __future__ import annotations

from typing import Any

from keras.src.backend import config
from keras.src.backend.common import standardize_dtype

from croton.graph.dtypes import as_dtype
from croton.ops import base
from croton.ops import creation as ops
from croton.ops import shape as shapes
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import common_dtype, operand, typed

__all__ = [
    "arange",
    "array",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "identity",
    "ones",
    "ones_like",
    "tri",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]


def zeros(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros."""
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = None) -> Any:
    """An array of ones."""
    return full(shape, 1, dtype)


def empty(shape: Any, dtype: Any = None) -> Any:
    """An array of which only the shape matters; it holds zeros."""
    return full(shape, 0, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one number, or of an array stretched to the shape."""
    number = typed(operand(fill_value), as_dtype(standardize_dtype(dtype or config.floatx())))
    made = shapes.broadcast_to(number, shape)
    return made if made is not number else convert_to_tensor(made)


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros with the shape of x, and its dtype unless given."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones with the shape of x, and its dtype unless given."""
    return full_like(x, 1, dtype)


def empty_like(x: Any, dtype: Any = None) -> Any:
    """As `empty`, with the shape of x, and its dtype unless given."""
    return full_like(x, 0, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one number with the shape of x, and its dtype unless given."""
    array = convert_to_tensor(x)
    wanted = base.dtype_of(array) if dtype is None else as_dtype(standardize_dtype(dtype))
    return shapes.full_like(array, typed(operand(fill_value), wanted), wanted)


def array(x: Any, dtype: Any = None) -> Any:
    """The tensor of anything like an array."""
    return convert_to_tensor(x, dtype)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers from start (0 if only one bound is given) up to, not including, stop.

    Bounds and step may be numbers, sizes, or scalars computed while running.
    """
    first, last = (0, start) if stop is None else (start, stop)
    each = 1 if step is None else step
    if dtype is None:
        target = common_dtype(*(operand(bound) for bound in (start, stop, step) if bound is not None))
    else:
        target = as_dtype(standardize_dtype(dtype))
    return ops.arange(first, last, each, target)


def eye(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """An (N, M) matrix (square if M is None) with ones on the k-th diagonal and zeros elsewhere."""
    return ops.eye(N, M, k, _dtype(dtype))


def identity(n: Any, dtype: Any = None) -> Any:
    """The n by n identity matrix."""
    return ops.eye(n, dtype=_dtype(dtype))


def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """An (N, M) matrix with ones on and below the k-th diagonal and zeros above."""
    return ops.tri(N, M, k, _dtype(dtype))


def _dtype(dtype: Any) -> Any:
    return as_dtype(standardize_dtype(dtype or config.floatx()))


def tril(x: Any, k: Any = 0) -> Any:
    """x (of two axes or more) with zeros above the k-th diagonal."""
    return ops.tril(convert_to_tensor(x), k)


def triu(x: Any, k: Any = 0) -> Any:
    """x (of two axes or more) with zeros below the k-th diagonal."""
    return ops.triu(convert_to_tensor(x), k)

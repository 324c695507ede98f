"""Arrays made of sizes and numbers; of floatx unless a dtype is given."""

from __future__ import annotations

from typing import Any

from keras.src.backend import config
from keras.src.backend.common import standardize_dtype

from croton.graph import dtypes
from croton.graph.dtypes import as_dtype
from croton.ops import base
from croton.ops import creation as ops
from croton.ops import shape as shapes
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.arithmetic import absolute, floor, multiply, power, sign, subtract
from keras_croton.numpy.promotion import common_dtype, floating_operands, operand, typed
from keras_croton.numpy.reductions import accumulation_dtype
from keras_croton.numpy.shape import expand_dims, flip, moveaxis

__all__ = [
    "arange",
    "array",
    "diag",
    "diagflat",
    "diagonal",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "identity",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "trace",
    "tri",
    "tril",
    "triu",
    "vander",
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
    return convert_to_tensor(shapes.broadcast_to(number, shape))


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


def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix with a vector as its k-th diagonal and zeros elsewhere.

    Raises:
        ValueError: x has neither one axis nor two.
    """
    return ops.diag(convert_to_tensor(x), k)


def diagflat(x: Any, k: int = 0) -> Any:
    """The matrix with the elements of x as its k-th diagonal and zeros elsewhere."""
    return ops.diagflat(convert_to_tensor(x), k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements x[..., i, i + offset, ...] of two axes, along a new last axis."""
    return ops.diagonal(convert_to_tensor(x), offset, axis1, axis2)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal; integers in no less than 32 bits."""
    array = convert_to_tensor(x)
    return ops.trace(array, offset, axis1, axis2, accumulation_dtype(base.dtype_of(array)))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` evenly spaced numbers from start to stop, stop being the last unless `endpoint` is false.

    start and stop may be arrays; the numbers then run along `axis`. retstep: also return the distance of
    neighbours. dtype: floating if None; integers are rounded down.

    Raises:
        ValueError: num is negative.
    """
    first, last = floating_operands(start, stop)
    own = base.dtype_of(first)
    target = own if dtype is None else as_dtype(standardize_dtype(dtype))
    wide = dtypes.compute_dtype(own)
    numbers, step = ops.linspace(
        base.cast(first, wide), base.cast(last, wide), num, endpoint, True, None, axis
    )
    if dtypes.is_integer(target):
        numbers = floor(numbers)
    numbers = base.cast(numbers, target)
    return (numbers, step) if retstep else numbers


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`base` to the powers of `linspace(start, stop, num)`."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    return _in_dtype(power(*floating_operands(base, exponents)), dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from start to stop, each the same multiple of the one before.

    start and stop may be arrays, both of the same sign; the numbers then run along `axis`.
    """
    first, last = floating_operands(start, stop)
    share = linspace(zeros_like(first), ones_like(last), num, endpoint, axis=0)
    size = multiply(power(absolute(first), subtract(1, share)), power(absolute(last), share))
    return _in_dtype(moveaxis(multiply(sign(first), size), 0, axis), dtype)


def _in_dtype(array: Any, dtype: Any) -> Any:
    return array if dtype is None else convert_to_tensor(array, dtype)


def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """The powers of a vector's elements, one row for each: the last column has power 0, or the first.

    N: the number of columns, the size of x if None.

    Raises:
        ValueError: x is not a vector.
    """
    array = convert_to_tensor(x)
    if base.rank_of(array) != 1:
        raise ValueError(f"vander: x must be a vector. Received: x.shape={base.shape_of(array)}")
    columns = base.shape_of(array)[0] if N is None else N
    dtype = base.dtype_of(array)
    exponents = arange(columns, dtype=dtypes.INT32 if dtypes.is_bool(dtype) else dtype)
    return power(expand_dims(array, 1), exponents if increasing else flip(exponents))

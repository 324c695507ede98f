"""How often numbers occur."""

from __future__ import annotations

from typing import Any

from croton.graph import dims, dtypes
from croton.ops import arithmetic, base, reduction
from croton.ops import counting as ops
from croton.ops.dimension import dim_of
from croton.ops.shape import iota, reshape
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import common_dtype, floating, floating_dtype

__all__ = [
    "bincount",
    "histogram",
]


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each number from 0 up occurs in a vector of integers, or in each row of a matrix, in int32.

    weights: of the shape of x, added up instead of counted, in the dtype that they have together with x.
    minlength: the least size of the result, which otherwise is the largest number and one more.

    Raises:
        ValueError: x is neither a vector nor a matrix, or a sparse result is asked for.
    """
    if sparse:
        raise ValueError("Unsupported value `sparse=True` with croton backend")
    numbers = convert_to_tensor(x)
    rank = base.rank_of(numbers)
    if rank not in (1, 2):
        raise ValueError(f"bincount: x must have 1 or 2 axes. Received: x.shape={base.shape_of(numbers)}")
    factors = None if weights is None else convert_to_tensor(weights)
    dtype = dtypes.INT32 if factors is None else common_dtype(numbers, factors)
    if rank == 1:
        return base.cast(ops.bincount(numbers, factors, minlength), dtype)
    wide = base.cast(numbers, dtypes.INT64)
    rows = base.shape_of(wide)[0]
    largest = reduction.reduce("max", wide, None, False, empty=True)
    size = dim_of(arithmetic.maximum(arithmetic.add(largest, 1), minlength))
    total = dims.multiply(rows, size)
    offset = reshape(arithmetic.multiply(iota(rows), size), (rows, 1))
    flat = reshape(arithmetic.add(wide, offset), (-1,))
    if factors is not None:
        factors = reshape(factors, (-1,))
    counted = ops.bincount(flat, factors, total)
    return base.cast(reshape(counted, (rows, size)), dtype)


def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Any, Any]:
    """How many elements lie in each of `bins` bins of equal width, and the edges of the bins.

    range: the lowest and the highest edge, else those of x. Both results are in the dtype of x, or in floatx
    if it has integers.
    """
    array = convert_to_tensor(x)
    dtype = floating_dtype(base.dtype_of(array))
    counts, edges = ops.histogram(floating(array), bins, range or None)
    return base.cast(counts, dtype), base.cast(edges, dtype)

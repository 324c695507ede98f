"""Counting: how often numbers occur, and histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.codegen.kernels import shared_kernel
from croton.codegen.scalars import c_type, storage_type
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import FLOAT64, INT64
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation

__all__ = ["bincount", "histogram", "histogram_bin_edges"]

_CALL = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const ct_int shape[] = {{sizes[0], sizes[{last}]}};
    return {kernel}(context, pointers, shape);
}}
"""


class BinCount(KernelOperation):
    """How often each of 0, 1, ... size - 1 occurs in a vector of integers, as int64.

    With a second operand, float32, float64 or complex weights of the same size, the sums of the weights.
    Other numbers are an IndexError.
    """

    size: Dim
    name = "bincount"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        numbers = operands[0]
        if not dtypes.is_integer(numbers.dtype) or numbers.rank != 1:
            raise DTypeError(f"bincount: expected a vector of integers, got {numbers}")
        if len(operands) == 1:
            return (TensorType(INT64, (self.size,)),)
        weights = operands[1]
        if weights.rank != 1:
            raise ShapeError(f"bincount: weights must be a vector, got {weights}")
        dims.require_equal(numbers.shape[0], weights.shape[0], "bincount: numbers and weights")
        return (TensorType(weights.dtype, (self.size,)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        numbers = operands[0]
        outside = (numbers < 0) | (numbers >= self.size)
        if outside.any():
            found = numbers[outside][0]
            raise IndexError(f"bincount: {found} is not one of the {self.size} numbers from 0 up")
        result = np.zeros(int(self.size), operands[1].dtype if len(operands) > 1 else np.int64)
        np.add.at(result, numbers, operands[1] if len(operands) > 1 else 1)
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        from croton.ops.gathering import checked_index, gather

        if len(operands) == 1:
            return [None]
        index = checked_index(operands[0], self.size, 0)
        return [None, gather(cotangents[0], (0,), 0, [index])]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        numbers, total = operands[0].dtype, outputs[0].dtype
        definitions = {"INTEGER": storage_type(numbers), "TOTAL": c_type(total)}
        name = f"ct_count_{numbers.name}"
        if len(operands) > 1:
            definitions["WEIGHTED"] = "1"
            name = f"ct_sum_{total.name}_by_{numbers.name}"
        kernel = shared_kernel(name, ("count.c",), definitions)
        source = _CALL.format(name=f"call_{name}", kernel=kernel.call, last=len(operands))
        return CFunction(f"call_{name}", source, cost=1.0, fallible=True, kernels=(kernel,))


def bincount(x: object, weights: object = None, minlength: object = 0, assert_nonneg: bool = False) -> Array:
    """How often each number from 0 to the largest in a vector of integers occurs; with weights, their sums.

    minlength: the least size of the result. assert_nonneg: accepted for Theano's sake; negative numbers
    always are an error. The gradient of the weights is that of the bins they were added to.

    Raises:
        IndexError: a number is negative. ShapeError: x is not a vector, or the weights have another size.
    """
    array = base.as_array(x)
    dtype = base.dtype_of(array)
    if base.rank_of(array) != 1 or not (dtypes.is_integer(dtype) or dtypes.is_bool(dtype)):
        raise DTypeError(
            f"bincount: x must be a vector of integers, got {base.rank_of(array)} axes of {dtype}"
        )
    if dtypes.is_bool(dtype):
        array = base.cast(array, "uint8")
    size = _bin_number(array, minlength)
    if weights is None:
        return apply_one(BinCount(size), array)
    given = base.as_array(weights)
    kind = base.dtype_of(given)
    wide = kind if dtypes.is_complex(kind) or kind == dtypes.FLOAT32 else FLOAT64
    return apply_one(BinCount(size), array, base.cast(given, wide))


def _bin_number(array: Array, minlength: object) -> Dim:
    """The largest number and one more, at least minlength."""
    from croton.ops.arithmetic import add
    from croton.ops.dimension import dim_of
    from croton.ops.gathering import number_beside
    from croton.ops.reduction import reduce
    from croton.ops.shape import concatenate, reshape

    least = dim_of(minlength)
    if isinstance(least, int) and least < 0:
        raise ValueError(f"bincount: minlength must not be negative, got {least}")
    beside = reshape(number_beside(dims.subtract(least, 1), array), (1,))
    return dim_of(add(reduce("max", concatenate([base.cast(array, INT64), beside]), (0,), False), 1))


def histogram_bin_edges(x: object, bins: Any = 10, range: Any = None, weights: object = None) -> Array:
    """The edges of the bins that `histogram` uses: bins + 1 numbers, or `bins` itself if it is a vector."""
    from croton.ops.arithmetic import add, subtract, where
    from croton.ops.comparison import equal
    from croton.ops.creation import linspace

    if isinstance(bins, str):
        raise TypeError(f"histogram: bins must be a number or edges; rules such as {bins!r} are not offered")
    if not isinstance(bins, (int, np.integer)):
        edges = base.as_array(bins)
        if base.rank_of(edges) != 1:
            raise ShapeError(f"histogram: edges must be a vector, got {base.rank_of(edges)} axes")
        if isinstance(edges, (Constant, EagerValue)) and np.any(edges.data[:-1] > edges.data[1:]):
            raise ValueError("histogram: edges must increase")
        return edges
    if bins < 1:
        raise ValueError(f"histogram: bins must be positive, got {bins}")
    low, high = _limits(base.as_array(x), range)
    same = equal(low, high)
    half = base.cast(0.5, base.dtype_of(low))
    low, high = where(same, subtract(low, half), low), where(same, add(high, half), high)
    return linspace(low, high, int(bins) + 1)


def _limits(array: Array, range: Any) -> tuple[Array, Array]:
    """The lowest edge and the highest one: those given, or of what occurs; 0 and 1 for an empty array."""
    from croton.ops.arithmetic import where
    from croton.ops.comparison import equal
    from croton.ops.gathering import number_beside
    from croton.ops.reduction import extreme_of, reduce
    from croton.ops.shape import concatenate, reshape

    dtype = dtypes.inexact(dtypes.promote(base.dtype_of(array), dtypes.FLOAT32))
    if range is not None:
        low, high = (base.cast(limit, dtype) for limit in range)
        known = [limit.data for limit in (low, high) if isinstance(limit, (Constant, EagerValue))]
        if len(known) == 2 and not (np.isfinite(known).all() and known[0] <= known[1]):
            raise ValueError(f"histogram: range must be finite and increase, got {range}")
        return low, high
    flat = reshape(base.cast(array, dtype), (-1,))
    (size,) = base.shape_of(flat)
    empty = equal(number_beside(size, array), 0)
    limits = []
    for kind, instead in (("min", 0), ("max", 1)):
        neutral = base.cast(extreme_of(dtype, least=kind == "max"), dtype)
        found = reduce(kind, concatenate([flat, reshape(neutral, (1,))]), (0,), False)
        limits.append(where(empty, base.cast(instead, dtype), found))
    return limits[0], limits[1]


def histogram(
    x: object, bins: Any = 10, range: Any = None, density: bool = False, weights: object = None
) -> tuple[Array, Array]:
    """How many elements lie in each of several bins, and the edges of the bins.

    bins: how many of equal width, or an increasing vector of edges. All bins hold their lower edge, the last
    one its upper edge too. range: lowest and highest edge, else those of x. weights: of the shape of x,
    added up instead of counted. density: divided by the widths and the total, so that the integral is 1.

    Raises:
        ValueError: no bins, or edges or a range that do not increase. ShapeError: edges that are no vector.
    """
    from croton.ops.arithmetic import divide, subtract
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import reshape
    from croton.ops.slicing import slice_axis

    array = base.as_array(x)
    edges = histogram_bin_edges(array, bins, range)
    values = reshape(array, (-1,))
    count = dims.subtract(base.shape_of(edges)[0], 1)
    dims.require_at_least(count, 1, "histogram: number of bins")
    uniform = isinstance(bins, (int, np.integer))
    index = (_equal_bin_of if uniform else _bin_of)(values, edges, count)
    if weights is None:
        found = apply_one(BinCount(dims.add(count, 1)), index)
    else:
        given = reshape(base.as_array(weights), (-1,))
        kind = base.dtype_of(given)
        wide = given if dtypes.is_complex(kind) else base.cast(given, FLOAT64)
        found = apply_one(BinCount(dims.add(count, 1)), index, wide)
        if dtypes.is_integer(kind) or dtypes.is_bool(kind):
            found = base.cast(found, INT64)
    inside = slice_axis(found, 0, 0, count)
    if density:
        widths = subtract(slice_axis(edges, 0, 1, None), slice_axis(edges, 0, 0, count))
        inside = divide(divide(inside, base.cast(widths, FLOAT64)), sum_over(inside))
    return inside, edges


def _bin_of(values: Array, edges: Array, count: Dim) -> Array:
    """The bin of every value; `count` for those that are in none, NaN among them."""
    from croton.ops.arithmetic import subtract, where
    from croton.ops.comparison import equal, logical_and
    from croton.ops.gathering import number_beside
    from croton.ops.searching import searchsorted
    from croton.ops.slicing import Slice

    number = number_beside(count, values)
    place = searchsorted(edges, values, "right")  # 0: below all edges, count + 1: not below the last one
    last = apply_one(Slice((count,), (1,), (1,)), edges)
    at_end = logical_and(equal(values, last), equal(place, subtract(number, -1)))
    index = where(at_end, subtract(number, 1), subtract(place, 1))
    return where(equal(index, -1), number, index)


def _equal_bin_of(values: Array, edges: Array, count: Dim) -> Array:
    """The same for bins of equal width: a quotient finds the bin or one of its neighbours."""
    from croton.ops.arithmetic import add, divide, maximum, minimum, multiply, subtract, where
    from croton.ops.comparison import greater_equal, less, less_equal, logical_and, not_equal
    from croton.ops.gathering import gather, number_beside
    from croton.ops.slicing import Slice

    number = number_beside(count, values)
    last = subtract(number, 1)
    given = base.cast(values, base.dtype_of(edges))
    low, high = (apply_one(Slice((place,), (1,), (1,)), edges) for place in (0, count))
    inside = logical_and(greater_equal(given, low), less_equal(given, high))
    known = where(inside, given, low)
    share = divide(base.cast(number, base.dtype_of(edges)), subtract(high, low))
    guess = base.cast(multiply(subtract(known, low), share), INT64)
    guess = maximum(minimum(guess, last), 0)
    lower, upper = (gather(edges, (0,), 0, [place]) for place in (guess, add(guess, 1)))
    above = logical_and(greater_equal(known, upper), not_equal(guess, last))
    index = add(subtract(guess, base.cast(less(known, lower), INT64)), base.cast(above, INT64))
    return where(inside, index, number)

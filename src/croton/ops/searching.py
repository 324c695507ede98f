"""Searching sorted arrays, and what follows from it: membership, bins, distinct elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dtypes import INT64
from croton.graph.errors import ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import widened_data
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.sorting import argsort, check_real, ordered_kernel, sort, take_order

__all__ = [
    "digitize",
    "in1d",
    "intersect1d",
    "isin",
    "searchsorted",
    "setdiff1d",
    "union1d",
    "unique",
]

_SEARCH = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    ct_int count = 1;
    for (int axis = 1; axis <= {rank}; ++axis) count *= sizes[axis];
    const ct_int shape[] = {{sizes[0], count}};
    return {kernel}(context, pointers, shape);
}}
"""


class SearchSorted(KernelOperation):
    """For each value the int64 number of elements of a sorted vector below it; "right": not above it.

    Operands: the vector and the values, of one real dtype. NaN is above all numbers.
    """

    side: str
    name = "searchsorted"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        vector, values = operands
        check_real(self.name, vector)
        if vector.rank != 1:
            raise ShapeError(f"searchsorted: expected a sorted vector, got {vector.rank} axes")
        return (TensorType(INT64, values.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        vector, values = (widened_data(operand) for operand in operands)
        side: Literal["left", "right"] = "right" if self.side == "right" else "left"
        return (np.asarray(np.searchsorted(vector, values, side), np.int64),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None, None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        chosen = {"RIGHT": 1} if self.side == "right" else {}
        kernel = ordered_kernel(f"ct_search_{self.side}", "search.c", operands[0].dtype, **chosen)
        rank = operands[1].rank
        name = f"{kernel.name}_{rank}"
        source = _SEARCH.format(name=name, kernel=kernel.call, rank=rank)
        return CFunction(name, source, cost=10.0, kernels=(kernel,))


class RowOrder(KernelOperation):
    """The int64 positions that sort the rows of a real matrix lexicographically; equal rows stay in order."""

    name = "row_order"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_real(self.name, operands[0])
        if operands[0].rank != 2:
            raise ShapeError(f"row_order: expected a matrix, got {operands[0].rank} axes")
        return (TensorType(INT64, operands[0].shape[:1]),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        order = np.arange(operands[0].shape[0])
        for column in widened_data(operands[0]).T[::-1]:
            order = order[np.argsort(column[order], kind="stable")]
        return (order.astype(np.int64, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        kernel = ordered_kernel("ct_row_order", "rows.c", operands[0].dtype)
        name = f"call_{kernel.name}"
        source = f"static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)\n"
        source += f"{{\n    return {kernel.call}(context, pointers, sizes);\n}}\n"
        return CFunction(name, source, cost=50.0, kernels=(kernel,))


def searchsorted(a: object, v: object, side: str = "left", sorter: object = None) -> Array:
    """Where values must be put into a sorted vector to keep it sorted: int64 positions.

    a: a vector in ascending order, NaN last, or in any order if `sorter`, integer positions, puts it in
    order. v: values of any shape. side: "left" is before elements equal to the value, "right" after them.

    Raises:
        ValueError: no such side. ShapeError: a is not a vector.
    """
    from croton.ops.gathering import take

    if side not in ("left", "right"):
        raise ValueError(f'searchsorted: side must be "left" or "right", got {side!r}')
    vector, values = base.as_operands(a, v)
    if sorter is not None:
        vector = take(vector, sorter, 0)
    return apply_one(SearchSorted(side), vector, values)


def digitize(x: object, bins: object, right: bool = False) -> Array:
    """The bin of each element: i where bins[i-1] <= x < bins[i], or with `right` bins[i-1] < x <= bins[i].

    bins: a vector in ascending or descending order; in a descending one the bounds change places.
    """
    from croton.ops.arithmetic import subtract, where
    from croton.ops.comparison import less
    from croton.ops.gathering import number_beside
    from croton.ops.rearranging import flip
    from croton.ops.reduction import any as any_of
    from croton.ops.slicing import slice_axis

    edges, values = base.as_operands(bins, x)
    if base.rank_of(edges) != 1:
        raise ShapeError(f"digitize: bins must be a vector, got {base.rank_of(edges)} axes")
    side = "left" if right else "right"
    upwards = apply_one(SearchSorted(side), edges, values)
    size = base.shape_of(edges)[0]
    last = dims.maximum(dims.subtract(size, 1), 0)
    first_ones, next_ones = slice_axis(edges, 0, 0, last), slice_axis(edges, 0, 1, dims.add(last, 1))
    if size in (0, 1):
        return upwards
    downwards = subtract(number_beside(size, values), apply_one(SearchSorted(side), flip(edges), values))
    return where(any_of(less(next_ones, first_ones)), downwards, upwards)


def isin(element: object, test_elements: object, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each element is one of the test elements; NaN equals nothing.

    assume_unique: accepted for NumPy's sake.
    """
    from croton.ops.arithmetic import minimum
    from croton.ops.comparison import equal, less, logical_and, logical_not
    from croton.ops.gathering import gather, number_beside
    from croton.ops.shape import concatenate, reshape, zeros_like

    values, tests = base.as_operands(element, test_elements)
    known = sort(reshape(tests, (-1,)))
    place = apply_one(SearchSorted("left"), known, values)
    (count,) = base.shape_of(known)
    # One element more, so that there is something to read where nothing is found.
    padded = concatenate([known, reshape(zeros_like(base.cast(0, base.dtype_of(known))), (1,))])
    number = number_beside(count, place)
    found = logical_and(less(place, number), equal(gather(padded, (0,), 0, [minimum(place, number)]), values))
    return logical_not(found) if invert else found


def in1d(ar1: object, ar2: object, assume_unique: bool = False, invert: bool = False) -> Array:
    """`isin` for the flattened first argument."""
    from croton.ops.shape import reshape

    return reshape(isin(ar1, ar2, assume_unique, invert), (-1,))


def unique(
    x: object,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Array | tuple[Array, ...]:
    """The distinct elements in ascending order, or the distinct slices along an axis.

    return_index: also where each occurs first. return_inverse: also the numbers by which the result must
    be taken to give x again (of the shape of x if axis is None). return_counts: also how often each occurs.
    equal_nan: whether NaNs are one element; slices with NaN are all distinct. sorted: accepted for NumPy's
    sake. The number of elements is only known while running.
    """
    from croton.ops.gathering import flatnonzero, gather
    from croton.ops.rearranging import moveaxis
    from croton.ops.shape import reshape

    array = base.as_array(x)
    shape = base.shape_of(array)
    if axis is None:
        rows = array if len(shape) == 1 else reshape(array, (-1,))
        order = argsort(rows)
        ordered = take_order(rows, order, 0)
    else:
        position = base.normalize_axis(axis, len(shape), "unique")
        rows = moveaxis(array, position, 0)
        order = _order_of_slices(rows)
        ordered = gather(rows, (0,), 0, [order])
    starts = _starts(ordered, equal_nan and axis is None)
    places = flatnonzero(starts)
    values = gather(ordered, (0,), 0, [places])
    if axis is not None:
        values = moveaxis(values, 0, position)
    results = [values]
    if return_index:
        results.append(gather(order, (0,), 0, [places]))
    if return_inverse:
        inverse = _inverse(starts, order)
        results.append(inverse if axis is not None else reshape(inverse, shape))
    if return_counts:
        results.append(_run_lengths(places, base.shape_of(order)[0]))
    return tuple(results) if len(results) > 1 else values


def _order_of_slices(rows: Array) -> Array:
    from croton.ops.complex_numbers import imag, real
    from croton.ops.shape import reshape, stack

    if dtypes.is_complex(base.dtype_of(rows)):
        rows = stack([real(rows), imag(rows)], -1)
    shape = base.shape_of(rows)
    return apply_one(RowOrder(), reshape(rows, (shape[0], dims.product(shape[1:]))))


def _starts(ordered: Array, equal_nan: bool) -> Array:
    """Where in sorted slices one differs from the one before; the first one always does."""
    from croton.ops.comparison import isnan, logical_and, logical_not, not_equal
    from croton.ops.reduction import any as any_of
    from croton.ops.shape import concatenate, full
    from croton.ops.slicing import slice_axis

    size = base.shape_of(ordered)[0]
    last = dims.maximum(dims.subtract(size, 1), 0)
    before, after = slice_axis(ordered, 0, 0, last), slice_axis(ordered, 0, dims.subtract(size, last), None)
    differ = not_equal(before, after)
    if equal_nan and dtypes.is_inexact(base.dtype_of(ordered)):
        differ = logical_and(differ, logical_not(logical_and(isnan(before), isnan(after))))
    rank = base.rank_of(differ)
    if rank > 1:
        differ = any_of(differ, tuple(range(1, rank)))
    return concatenate([full((dims.minimum(size, 1),), True), differ])


def _inverse(starts: Array, order: Array) -> Array:
    """The number of its run for every element before sorting."""
    from croton.ops.arithmetic import subtract
    from croton.ops.cumulative import cumsum
    from croton.ops.scattering import scatter_zero

    numbers = subtract(cumsum(base.cast(starts, INT64)), 1)
    return scatter_zero("set", base.shape_of(order), (0,), 0, numbers, [order])


def _run_lengths(places: Array, size: dims.Dim) -> Array:
    from croton.ops.arithmetic import subtract
    from croton.ops.gathering import number_beside
    from croton.ops.shape import concatenate, reshape
    from croton.ops.slicing import slice_axis

    ends = concatenate([places, reshape(number_beside(size, places), (1,))])
    count = base.shape_of(places)[0]
    return subtract(slice_axis(ends, 0, 1, None), slice_axis(ends, 0, 0, count))


def union1d(ar1: object, ar2: object) -> Array:
    """The distinct elements of both arrays, in ascending order."""
    from croton.ops.shape import concatenate, reshape

    first, second = base.as_operands(ar1, ar2)
    return unique(concatenate([reshape(first, (-1,)), reshape(second, (-1,))]))


def intersect1d(ar1: object, ar2: object, assume_unique: bool = False) -> Array:
    """The distinct elements that are in both arrays, in ascending order."""
    from croton.ops.gathering import compress

    values = unique(base.as_operands(ar1, ar2)[0])
    return compress(isin(values, ar2), values)


def setdiff1d(ar1: object, ar2: object, assume_unique: bool = False) -> Array:
    """The distinct elements of the first array that are not in the second, in ascending order."""
    from croton.ops.gathering import compress

    values = unique(ar1)
    return compress(isin(values, ar2, invert=True), values)

"""What Keras's functions do with sparse tensors: those that can keep zeros do; to all others they are dense.

`extend` puts these versions before the functions of a module.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras.src.backend.common import standardize_dtype

import croton.tensor as T
from croton.graph.values import EagerValue
from croton.ops import base
from croton.ops.dimension import dim_of
from keras_croton import conversion
from keras_croton.sparse import (
    BCOO,
    aligned,
    columns,
    fully,
    gathered,
    joined,
    like,
    linear,
    merged,
    scattered,
    sizes_of,
    unravelled,
)

Function = Callable[..., Any]

# Functions of one tensor that are 0 at 0. To those in LINEAR it is all the same whether blocks were added up.
ZERO_PRESERVING = (
    *(
        "abs",
        "absolute",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctanh",
        "ceil",
        "digitize",
        "expm1",
        "floor",
        "isinf",
    ),
    *("isnan", "log1p", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "tan", "tanh"),
)
LINEAR = ("conj", "conjugate", "copy", "imag", "negative", "real")


def zero_preserving(function: Function, linear_one: bool) -> Function:
    """The function at the places of a sparse tensor."""

    @functools.wraps(function)
    def extended(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(x, BCOO):
            return function(x, *args, **kwargs)
        x = x if linear_one else merged(x)
        return x.with_data(function(x.data, *args, **kwargs))

    return extended


def union(function: Function) -> Function:
    """A function of two tensors that is 0 where both are: sparse if both are."""

    @functools.wraps(function)
    def extended(x1: Any, x2: Any) -> Any:
        if isinstance(x1, BCOO) and isinstance(x2, BCOO) and x1.shape == x2.shape:
            x1, x2 = aligned(x1, x2)
            return x1.with_data(function(x1.data, x2.data))
        return function(x1, x2)

    return extended


def product(function: Function) -> Function:
    """A function of two tensors that is 0 where one of them is: sparse if one is."""
    of_both = union(function)

    @functools.wraps(function)
    def extended(x1: Any, x2: Any) -> Any:
        if isinstance(x1, BCOO) and isinstance(x2, BCOO):
            return of_both(x1, x2)
        if isinstance(x1, BCOO):
            factor = _at_places(x1, x2)
            return function(x1, x2) if factor is None else x1.with_data(function(x1.data, factor))
        if isinstance(x2, BCOO):
            factor = _at_places(x2, x1)
            return function(x1, x2) if factor is None else x2.with_data(function(factor, x2.data))
        return function(x1, x2)

    return extended


def quotient(function: Function) -> Function:
    """A quotient is sparse if the dividend is; also where the divisor is zero or not a number it is not 0."""

    @functools.wraps(function)
    def extended(x1: Any, x2: Any) -> Any:
        if not isinstance(x1, BCOO) or isinstance(x2, BCOO):
            return function(x1, x2)
        divisor = _at_places(x1, x2)
        if divisor is None:
            return function(x1, x2)
        if conversion.shape(divisor):
            x2 = T.broadcast_to(conversion.convert_to_tensor(x2), x1.shape)
            odd = T.logical_or(T.equal(x2, base.cast(0, base.dtype_of(x2))), T.isnan(x2))
            x1, _ = aligned(x1, BCOO.fromdense(base.cast(odd, x1.dtype), n_dense=x1.n_dense))
            divisor = gathered(x2, x1.indices)
        return x1.with_data(function(x1.data, divisor))

    return extended


def _at_places(x: BCOO, factor: Any) -> Any:
    """The elements of a dense operand at the places of a sparse one; None if the result is larger."""
    if not hasattr(factor, "shape") and np.ndim(factor) == 0:
        return factor
    array = conversion.convert_to_tensor(factor)
    shape = base.shape_of(array)
    if not shape:
        return array
    fits = len(shape) <= x.ndim and all(
        size == 1 or size == own for size, own in zip(reversed(shape), reversed(x.shape), strict=False)
    )
    return gathered(T.broadcast_to(array, x.shape), x.indices) if fits else None


def matmul(function: Function) -> Function:
    """The product of a sparse matrix with a dense one is dense, that of two sparse ones sparse."""

    @functools.wraps(function)
    def extended(x1: Any, x2: Any) -> Any:
        if isinstance(x1, BCOO) and isinstance(x2, BCOO):
            return BCOO.fromdense(function(x1, x2))
        if isinstance(x1, BCOO) and x1.n_sparse == 2 == x1.ndim:
            dense = conversion.convert_to_tensor(x2)
            if base.rank_of(dense) == 2:
                return _rows_times(x1, dense)
        return function(x1, x2)

    return extended


def _rows_times(x: BCOO, dense: Any) -> Any:
    """The product of a sparse with a dense matrix: rows of that one, added up."""
    height, width = x.shape
    inner, columns_of = base.shape_of(dense)
    if isinstance(width, int) and isinstance(inner, int) and width != inner:
        raise ValueError(
            f"matmul: inner sizes must agree. Received: x1.shape={x.shape}, x2.shape={dense.shape}"
        )
    rows, places = columns(x.indices)
    parts = T.mul(T.expand_dims(x.data, 1), dense[(places,)])
    return scattered(parts, _stacked([rows], x.indices), (height, columns_of))


def sum_of(function: Function) -> Function:
    """The sum over axes of a sparse tensor is sparse."""

    @functools.wraps(function)
    def extended(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return _reduced(x, function, axis, keepdims) if isinstance(x, BCOO) else function(x, axis, keepdims)

    return extended


def mean_of(function: Function) -> Function:
    """The mean over axes of a sparse tensor is sparse."""

    @functools.wraps(function)
    def extended(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if not isinstance(x, BCOO):
            return function(x, axis, keepdims)
        total = _reduced(x, function, axis, keepdims)  # the mean of blocks, and the sum of those
        blocks = math.prod(x.shape[position] for position in _axes(axis, x.ndim) if position < x.n_sparse)
        return total.with_data(T.true_div(total.data, base.cast(blocks, base.dtype_of(total.data))))

    return extended


def _axes(axis: Any, rank: int) -> list[int]:
    if axis is None:
        return list(range(rank))
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    return sorted({base.normalize_axis(one, rank, "axis") for one in several})


def _reduced(x: BCOO, function: Function, axis: Any, keepdims: bool) -> BCOO:
    """A reduction over axes of which those of places only lead to more blocks at one place."""
    axes = _axes(axis, x.ndim)
    outer = [position for position in axes if position < x.n_sparse]
    inner = tuple(position - x.n_sparse + 1 for position in axes if position >= x.n_sparse)
    data = function(x.data, inner, keepdims) if inner else function(T.expand_dims(x.data, 0), 0)
    indices, unique = x.indices, x.unique and not outer
    if keepdims:
        indices = _replaced(indices, {position: 0 for position in outer})
    else:
        indices = _chosen(indices, [place for place in range(x.n_sparse) if place not in outer])
    shape = [1 if position in axes else size for position, size in enumerate(x.shape)]
    if not keepdims:
        shape = [size for position, size in enumerate(x.shape) if position not in axes]
    return like(x, data, indices, unique, shape)


def _chosen(indices: Any, axes: Sequence[int]) -> Any:
    if isinstance(indices, np.ndarray):
        return indices[:, list(axes)]
    if not axes:
        return T.zeros((sizes_of(indices)[0], 0), "int64")
    return T.stack([indices[:, axis] for axis in axes], 1)


def _replaced(indices: Any, values: dict[int, int]) -> Any:
    every = columns(indices)
    zeros = [column * 0 for column in every]
    return _stacked([zeros[axis] if axis in values else column for axis, column in enumerate(every)], indices)


def _stacked(every: Sequence[Any], indices: Any) -> Any:
    """Columns as one array; `indices` says how many rows there are where there are no columns."""
    if all(isinstance(column, np.ndarray) for column in every) and isinstance(indices, np.ndarray):
        return np.stack(every, 1) if every else indices[:, :0]
    return T.stack([base.cast(column, "int64") for column in every], 1)


def reshape(function: Function) -> Function:
    """A sparse tensor under another shape is sparse."""

    @functools.wraps(function)
    def extended(x: Any, newshape: Any) -> Any:
        if not isinstance(x, BCOO):
            return function(x, newshape)
        shape = _resolved(newshape, x.shape)
        flat = fully(x)
        return like(flat, flat.data, unravelled(linear(flat.indices, x.shape), shape), flat.unique, shape)

    return extended


def _resolved(shape: Any, old: Sequence[Any]) -> tuple[Any, ...]:
    """A shape with what -1 in it stands for."""
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if -1 not in sizes:
        return sizes
    known = math.prod(size for size in sizes if size != -1)
    return tuple(math.prod(old) // known if size == -1 else size for size in sizes)


def transpose(function: Function) -> Function:
    """A sparse tensor with its axes in another order is sparse."""

    @functools.wraps(function)
    def extended(x: Any, axes: Sequence[int] | None = None) -> Any:
        if not isinstance(x, BCOO):
            return function(x, axes)
        order = list(range(x.ndim))[::-1] if axes is None else _each(axes, x.ndim)
        if order[x.n_sparse :] != list(range(x.n_sparse, x.ndim)):
            x = fully(x)
        every = columns(x.indices)
        indices = _stacked([every[axis] for axis in order[: x.n_sparse]], x.indices)
        return like(x, x.data, indices, x.unique, [x.shape[axis] for axis in order])

    return extended


def _each(axes: Sequence[int], rank: int) -> list[int]:
    return [base.normalize_axis(axis, rank, "transpose") for axis in axes]


def expand_dims(function: Function) -> Function:
    """A sparse tensor with more axes of size 1 is sparse."""

    @functools.wraps(function)
    def extended(x: Any, axis: Any) -> Any:
        if not isinstance(x, BCOO):
            return function(x, axis)
        several = axis if isinstance(axis, (tuple, list)) else (axis,)
        new = _axes(several, x.ndim + len(several))
        shape = list(x.shape)
        for position in new:
            shape.insert(position, 1)
        return _reshaped_by_ones(x, shape, new)

    return extended


def _reshaped_by_ones(x: BCOO, shape: list[Any], new: Sequence[int]) -> BCOO:
    """With axes of size 1 at these positions of the result."""
    if x.n_dense and any(position > x.n_sparse for position in new):
        x = fully(x)
    every = list(columns(x.indices))
    rows = sizes_of(x.indices)[0]
    for position in new:
        zeros = np.zeros(rows, np.int64) if isinstance(x.indices, np.ndarray) else T.zeros((rows,), "int64")
        every.insert(position, zeros)
    return like(x, x.data, _stacked(every, x.indices), x.unique, shape)


def squeeze(function: Function) -> Function:
    """A sparse tensor without axes of size 1 is sparse."""

    @functools.wraps(function)
    def extended(x: Any, axis: Any = None) -> Any:
        if not isinstance(x, BCOO):
            return function(x, axis)
        ones = [position for position, size in enumerate(x.shape) if size == 1]
        gone = ones if axis is None else _axes(axis, x.ndim)
        if not set(gone) <= set(ones):
            raise ValueError(f"squeeze: axes must have size 1. Received: axis={axis}, x.shape={x.shape}")
        if any(position >= x.n_sparse for position in gone):
            x = fully(x)
        kept = [position for position in range(x.ndim) if position not in gone]
        indices = _chosen(x.indices, [position for position in kept if position < x.n_sparse])
        return like(x, x.data, indices, x.unique, [x.shape[position] for position in kept])

    return extended


def concatenate(function: Function) -> Function:
    """Sparse tensors joined are sparse."""

    @functools.wraps(function)
    def extended(xs: Sequence[Any], axis: int = 0) -> Any:
        if not all(isinstance(x, BCOO) for x in xs):
            return function(xs, axis)
        parts = [fully(x) for x in xs]
        position = base.normalize_axis(axis, parts[0].ndim, "concatenate")
        begin, moved = 0, []
        for part in parts:
            every = list(columns(part.indices))
            every[position] = every[position] + begin
            moved.append(_stacked(every, part.indices))
            begin = begin + part.shape[position]
        shape = [begin if number == position else size for number, size in enumerate(parts[0].shape)]
        data = T.concatenate([part.data for part in parts])
        return like(parts[0], data, joined(moved, 0), all(part.unique for part in parts), shape)

    return extended


def one_hot(function: Function) -> Function:
    """Zeros but for ones at the labels: a sparse tensor if asked for."""

    @functools.wraps(function)
    def extended(x: Any, num_classes: Any, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
        if not sparse:
            return function(x, num_classes, axis, dtype)
        labels = conversion.convert_to_tensor(x)
        if not isinstance(labels, EagerValue):
            return BCOO.fromdense(function(labels, num_classes, axis, dtype))
        shape = labels.data.shape
        position = base.normalize_axis(axis, len(shape) + 1, "one_hot")
        every: list[Any] = [places.reshape(-1) for places in np.indices(shape)]
        every.insert(position, labels.data.astype(np.int64).reshape(-1))
        ones = T.ones((labels.data.size,), standardize_dtype(dtype))
        sizes = (*shape[:position], num_classes, *shape[position:])
        return BCOO((ones, np.stack(every, 1)), shape=sizes, unique_indices=True)

    return extended


def multi_hot(function: Function, hot_of: Function) -> Function:
    """Zeros but for ones at all labels of a row: a sparse tensor if asked for."""

    @functools.wraps(function)
    def extended(x: Any, num_classes: Any, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
        if not sparse:
            return function(x, num_classes, axis, dtype)
        labels = conversion.convert_to_tensor(x)
        hot = hot_of(labels, num_classes, axis, "int32", True)
        several = merged(_reduced(hot, T.sum, 1 if base.rank_of(labels) > 1 else 0, False))
        return several.with_data(T.ones_like(several.data, standardize_dtype(dtype)))

    return extended


def bincount(function: Function) -> Function:
    """How often numbers occur: sparse if asked for, or if the numbers are; zeros left out do not count."""

    @functools.wraps(function)
    def extended(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
        if not isinstance(x, BCOO):
            counts = function(x, weights, minlength)
            return BCOO.fromdense(counts) if sparse else counts
        if weights is not None:
            if not isinstance(weights, BCOO):
                raise ValueError(f"`weights` must be sparse, as `x` is. Received: {weights}")
            x, weights = aligned(x, weights)
        x = fully(x)
        amounts = T.ones_like(x.data, "int32") if weights is None else weights.data
        largest = T.max(T.concatenate([base.cast(x.data, "int64"), [minlength - 1]]))
        size = dim_of(T.add(largest, 1))
        numbers = x.data.data.astype(np.int64) if isinstance(x.data, EagerValue) else x.data
        indices = _stacked([*columns(x.indices)[:-1], numbers], x.indices)
        return like(x, amounts, indices, False, (*x.shape[:-1], size))

    return extended


_SHAPES = {
    "expand_dims": expand_dims,
    "reshape": reshape,
    "squeeze": squeeze,
    "transpose": transpose,
    "concatenate": concatenate,
}
_OTHERS = {
    "add": union,
    "subtract": union,
    "maximum": union,
    "minimum": union,
    "multiply": product,
    "divide": quotient,
    "true_divide": quotient,
    "matmul": matmul,
    "sum": sum_of,
    "mean": mean_of,
    "bincount": bincount,
}


def extend_numpy(functions: dict[str, Any]) -> None:
    """Puts the versions for sparse tensors before the functions of the backend's `numpy`."""
    for name in (*ZERO_PRESERVING, *LINEAR):
        functions[name] = zero_preserving(functions[name], name in LINEAR)
    for name, extended in (_SHAPES | _OTHERS).items():
        functions[name] = extended(functions[name])


def extend_nn(functions: dict[str, Any]) -> None:
    """The same for `nn`."""
    functions["one_hot"] = one_hot(functions["one_hot"])
    functions["multi_hot"] = multi_hot(functions["multi_hot"], functions["one_hot"])

"""Sparse tensors: blocks at places along the first axes of a tensor that is zero elsewhere.

The layout is that of JAX's BCOO: scalars at their coordinates, or rows of an embedding at theirs. Structure
that is known, as it is outside of traces, is a NumPy array and costs nothing inside of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras.src.backend.common import standardize_dtype

import croton.tensor as T
from croton.graph.values import EagerValue
from croton.ops import base
from croton.ops.indexing import index_update
from keras_croton import conversion

Places = Any  # an integer array of NumPy where it is known, else a tensor


class BCOO:
    """A sparse tensor: `data` (places, *block) at `indices` (places, axes) along the first axes of its shape.

    Blocks at the same place add up, unless `unique`. Batched structure, as JAX's own has, is taken apart:
    indices (batch, places, axes) lead to data (batch, places, *block). What lies outside of the shape is left
    out.
    """

    def __init__(self, parts: tuple[Any, Any], *, shape: Sequence[Any], unique_indices: bool = False) -> None:
        data, indices = conversion.convert_to_tensor(parts[0]), _places(parts[1])
        self.shape = tuple(shape)
        if len(sizes_of(indices)) > 2:
            data, indices = _without_batch(data, indices, self.shape)
        if isinstance(indices, np.ndarray):
            inside = np.all((indices >= 0) & (indices < self.shape[: indices.shape[1]]), axis=1)
            if not inside.all():
                data, indices = data[np.flatnonzero(inside)], indices[inside]
        self.data, self.indices = data, indices
        self.unique = unique_indices or _all_differ(indices)

    @classmethod
    def fromdense(cls, x: Any, n_batch: int = 0, n_dense: int = 0) -> BCOO:
        """The elements of a tensor that are not zero; with n_dense, the blocks over so many last axes."""
        array = conversion.convert_to_tensor(x)
        rank = base.rank_of(array)
        filled = T.not_equal(array, base.cast(0, base.dtype_of(array)))
        if n_dense:
            filled = T.any(filled, axis=tuple(range(rank - n_dense, rank)))
        positions = T.nonzero(filled)
        return cls((array[positions], T.stack(positions, 1)), shape=base.shape_of(array), unique_indices=True)

    @property
    def dtype(self) -> str:
        return base.dtype_of(self.data).name

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def n_sparse(self) -> int:
        """How many axes the places are along."""
        return int(sizes_of(self.indices)[1])

    @property
    def n_dense(self) -> int:
        """How many axes a block has."""
        return self.ndim - self.n_sparse

    def todense(self) -> Any:
        """The tensor with all its zeros."""
        return scattered(self.data, self.indices, self.shape)

    def with_data(self, data: Any) -> BCOO:
        """Other blocks at the same places."""
        return like(self, data, self.indices, self.unique)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.asarray(conversion.convert_to_numpy(self.todense()), dtype=dtype)

    def __neg__(self) -> Any:
        return _functions().negative(self)

    def __add__(self, other: Any) -> Any:
        return _functions().add(self, other)

    def __radd__(self, other: Any) -> Any:
        return _functions().add(other, self)

    def __sub__(self, other: Any) -> Any:
        return _functions().subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return _functions().subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return _functions().multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _functions().multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return _functions().divide(self, other)

    def __matmul__(self, other: Any) -> Any:
        return _functions().matmul(self, other)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __repr__(self) -> str:
        return f"BCOO(shape={self.shape}, dtype={self.dtype}, places={sizes_of(self.indices)[0]})"


def _functions() -> Any:
    from keras_croton import numpy

    return numpy


def like(x: BCOO, data: Any, indices: Places, unique: bool, shape: Sequence[Any] | None = None) -> BCOO:
    """A sparse tensor of parts that are known to be right."""
    result = BCOO.__new__(BCOO)
    result.data, result.indices, result.unique = data, indices, unique
    result.shape = x.shape if shape is None else tuple(shape)
    return result


def _places(indices: Any) -> Places:
    """Indices as NumPy's array if they are known."""
    if isinstance(indices, EagerValue):
        return indices.data
    if conversion.is_tensor(indices):
        return indices
    array = np.asarray(indices)
    return array if array.dtype.kind in "iu" else array.astype(np.int32)


def _all_differ(indices: Places) -> bool:
    if not isinstance(indices, np.ndarray):
        return False
    return len(np.unique(indices, axis=0)) == len(indices)


def _without_batch(data: Any, indices: Places, shape: Sequence[Any]) -> tuple[Any, Places]:
    """Indices (*batch, places, axes) as (places, axes), the batch as first axes; one of 1 stands for all."""
    batch = len(indices.shape) - 2
    sizes = tuple(shape[:batch])
    of_batch = np.stack(list(np.indices(sizes)), -1).reshape(*sizes, 1, batch)
    stretched = np.broadcast_to(indices, (*sizes, *indices.shape[batch:]))
    of_batch = np.broadcast_to(of_batch, (*sizes, stretched.shape[-2], batch))
    every = np.concatenate([of_batch, stretched], -1).reshape(-1, batch + indices.shape[-1])
    blocks = base.shape_of(data)[batch:]
    return T.reshape(T.broadcast_to(data, (*sizes, *blocks)), (-1, *blocks[1:])), every


def sizes_of(indices: Places) -> tuple[Any, ...]:
    """Its shape, known or not."""
    return tuple(indices.shape if isinstance(indices, np.ndarray) else base.shape_of(indices))


def columns(indices: Places) -> tuple[Any, ...]:
    """The indices along each axis."""
    return tuple(indices[:, axis] for axis in range(sizes_of(indices)[1]))


def scattered(data: Any, indices: Places, shape: Sequence[Any]) -> Any:
    """Zeros of a shape with blocks added at places."""
    if sizes_of(indices)[1] == 0:
        return T.sum(data, 0)
    zeros = T.zeros(tuple(shape), base.dtype_of(data))
    return index_update(zeros, columns(indices), data, "add")


def gathered(x: Any, indices: Places) -> Any:
    """The blocks of a tensor at places."""
    count, axes = sizes_of(indices)
    if axes == 0:
        return T.broadcast_to(x, (count, *base.shape_of(x)))
    return x[columns(indices)]


def fully(x: BCOO) -> BCOO:
    """The same with scalars for blocks."""
    if not x.n_dense:
        return x
    block = x.shape[x.n_sparse :]
    inner = np.stack(list(np.indices(block)), -1).reshape(-1, len(block))
    count, size = sizes_of(x.indices)[0], len(inner)
    outer = repeated(x.indices, size)
    places = joined([outer, tiled(inner, count)], 1)
    return like(x, T.reshape(x.data, (-1,)), places, x.unique)


def repeated(indices: Places, times: int) -> Places:
    """Each row as often as given, one after the other."""
    if isinstance(indices, np.ndarray):
        return np.repeat(indices, times, axis=0)
    return T.repeat(indices, times, 0)


def tiled(rows: np.ndarray[Any, Any], times: Any) -> Places:
    """All rows again and again."""
    if isinstance(times, int):
        return np.tile(rows, (times, 1))
    stretched = T.broadcast_to(T.as_tensor_variable(rows), (times, *rows.shape))
    return T.reshape(stretched, (-1, rows.shape[1]))


def joined(parts: Sequence[Places], axis: int) -> Places:
    """Indices side by side."""
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts, axis)
    return T.concatenate([base.cast(part, "int64") for part in parts], axis)


def linear(indices: Places, shape: Sequence[Any]) -> Any:
    """Places as numbers, in the order of memory."""
    total: Any = 0
    for axis, column in enumerate(columns(indices)):
        total = total * shape[axis] + (
            column.astype(np.int64) if isinstance(column, np.ndarray) else base.cast(column, "int64")
        )
    return total


def unravelled(numbers: Any, shape: Sequence[Any]) -> Places:
    """Numbers as places."""
    parts = []
    for size in reversed(shape):
        parts.append(numbers % size)
        numbers = numbers // size
    parts.reverse()
    return np.stack(parts, 1) if isinstance(numbers, np.ndarray) else T.stack(parts, 1)


def merged(x: BCOO) -> BCOO:
    """The same with one block for each place."""
    if x.unique:
        return x
    if not x.n_sparse:
        return like(x, T.sum(x.data, 0, keepdims=True), x.indices[:1], True)
    sizes = x.shape[: x.n_sparse]
    places, (position,) = common_places([linear(x.indices, sizes)])
    return like(x, _moved(x.data, position, sizes_of(places)[0]), unravelled(places, sizes), True)


def _moved(data: Any, position: Any, count: Any) -> Any:
    """Blocks added up at positions among others."""
    zeros = T.zeros((count, *base.shape_of(data)[1:]), base.dtype_of(data))
    return index_update(zeros, (position,), data, "add")


def common_places(numbers: Sequence[Any]) -> tuple[Any, list[Any]]:
    """All places of several tensors, each once and in order, and where among them those of each are."""
    if all(isinstance(part, np.ndarray) for part in numbers):
        every, positions = np.unique(np.concatenate(numbers), return_inverse=True)
    else:
        every, positions = T.unique(T.concatenate(list(numbers)), return_inverse=True)
    found, begin = [], 0
    for part in numbers:
        end = begin + sizes_of(part)[0]
        found.append(positions[begin:end])
        begin = end
    return every, found


def aligned(x: BCOO, y: BCOO) -> tuple[BCOO, BCOO]:
    """Two tensors of one shape with their places made the same."""
    if x.n_sparse != y.n_sparse:
        x, y = fully(x), fully(y)
    if x.indices is y.indices and x.unique:
        return x, y
    sizes = x.shape[: x.n_sparse]
    places, (first, second) = common_places([linear(x.indices, sizes), linear(y.indices, sizes)])
    indices, count = unravelled(places, sizes), sizes_of(places)[0]
    return (
        like(x, _moved(x.data, first, count), indices, True),
        like(y, _moved(y.data, second, count), indices, True),
    )


# What Keras's functions of these names do, where sparse tensors stay sparse.


def is_tensor(x: object) -> bool:
    """Whether it is a tensor of this backend: eager, symbolic while a function is traced, or sparse."""
    return conversion.is_tensor(x) or isinstance(x, BCOO)


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """The value as a tensor of `dtype`; a sparse one stays so unless `sparse` is False.

    Raises:
        ValueError: ragged tensors are asked for, or it is not an array.
    """
    if isinstance(x, BCOO) and sparse is not False:
        return x if dtype is None else x.with_data(base.cast(x.data, standardize_dtype(dtype)))
    return conversion.convert_to_tensor(x, dtype, sparse, ragged)


def cast(x: Any, dtype: Any) -> Any:
    """The value converted to `dtype`."""
    return convert_to_tensor(x, dtype)

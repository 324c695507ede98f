"""Sparse matrices from and to dense ones, in other formats, joined, sorted, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.frontends.sparse.variable import FORMATS, SparseVariable, as_sparse_variable
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Guard
from croton.graph.dtypes import INT32, INT64, DType
from croton.graph.errors import ShapeError
from croton.graph.values import Equation, Value, constant, user_location
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.gathering import checked_index, flatnonzero, gather, iota_beside, number_beside
from croton.ops.scattering import scatter_zero
from croton.ops.shape import Reshape, concatenate, reshape
from croton.ops.slicing import slice_axis
from croton.ops.sparse import MajorPositions


def major_positions(matrix: SparseVariable) -> Array:
    """The row (column, of a csc matrix) of every element, int64."""
    return apply_one(MajorPositions(), matrix.indices, matrix.indptr)


def minor_positions(matrix: SparseVariable) -> Array:
    """The column (row, of a csc matrix) of every element, int64 and checked; negative ones are outside."""
    return checked_index(base.cast(matrix.indices, "uint64"), matrix.minor, 1)


def places(matrix: SparseVariable) -> tuple[Array, Array]:
    """Row and column of every element, int64 and known to lie inside."""
    major, minor = major_positions(matrix), minor_positions(matrix)
    return (major, minor) if matrix.format == "csr" else (minor, major)


def _flat_places(matrix: SparseVariable) -> Array:
    rows, columns = places(matrix)
    return rows * number_beside(matrix.shape[1], rows) + columns


def with_equal_sizes(array: Array, size: Dim, wanted: Dim, reason: str) -> Array:
    """The array, which cannot be computed unless two sizes turn out to be equal.

    Raises:
        ShapeError: they are known and differ; when the function is called, where they are not known.
    """
    dims.require_equal(size, wanted, reason)
    if size == wanted or not isinstance(array, Value):
        return array
    guard = Guard(size, wanted, reason)
    return Equation(Reshape(array.type.shape), [array], [array.type], [guard], user_location()).outputs[0]


def dense_from_sparse(x: object) -> Array:
    """The dense matrix; elements at one place add up."""
    matrix = as_sparse_variable(x)
    size = dims.product(matrix.shape)
    dense = scatter_zero("add", (size,), (0,), 0, matrix.data, [_flat_places(matrix)])
    return reshape(dense, matrix.shape)


def _from_dense(x: object, format: str) -> SparseVariable:
    dense = base.as_array(x)
    if base.rank_of(dense) != 2:
        raise ShapeError(f"{format}_from_dense: expected a matrix, got {base.rank_of(dense)} axes")
    ordered = dense if format == "csr" else dense.T
    major, minor = base.shape_of(ordered)
    flat = reshape(ordered, (dims.multiply(major, minor),))
    found = flatnonzero(flat)
    number = number_beside(minor, found)
    return _from_places(
        format, gather(flat, (0,), 0, [found]), found // number, found % number, base.shape_of(dense)
    )


def csr_from_dense(x: object) -> SparseVariable:
    """The elements of a dense matrix that are not zero, as a csr matrix."""
    return _from_dense(x, "csr")


def csc_from_dense(x: object) -> SparseVariable:
    """The elements of a dense matrix that are not zero, as a csc matrix."""
    return _from_dense(x, "csc")


def _from_places(
    format: str, data: Array, major: Array, minor: Array, shape: Sequence[Dim], index: DType = INT32
) -> SparseVariable:
    """A matrix from elements that are in the order of their major places, which are known to lie inside."""
    from croton.ops.counting import BinCount
    from croton.ops.cumulative import accumulate

    size = shape[0 if format == "csr" else 1]
    counts = apply_one(BinCount(size), major)
    zero = reshape(number_beside(0, counts), (1,))
    starts = concatenate([zero, accumulate("sum", counts, 0)])
    indices = base.cast(minor, index)
    return SparseVariable(format, [data, indices, base.cast(starts, index)], (shape[0], shape[1]))


def _keys(format: str, rows: Array, columns: Array, shape: Sequence[Dim]) -> tuple[Array, Array, Array]:
    """A number for every place that orders places as the format does, and its parts major and minor."""
    major, minor = (rows, columns) if format == "csr" else (columns, rows)
    return major * number_beside(shape[1 if format == "csr" else 0], major) + minor, major, minor


def converted(x: object, format: str) -> SparseVariable:
    """The same matrix in a format; where that changes, elements come out sorted.

    Raises:
        ValueError: no such format.
    """
    matrix = as_sparse_variable(x)
    if format not in FORMATS:
        raise ValueError(f'sparse: format must be "csr" or "csc", got {format!r}')
    return matrix if matrix.format == format else _sorted(matrix, format)


def _sorted(matrix: SparseVariable, format: str) -> SparseVariable:
    from croton.ops.sorting import argsort

    rows, columns = places(matrix)
    key, major, minor = _keys(format, rows, columns, matrix.shape)
    order = argsort(key)
    data, major, minor = (gather(part, (0,), 0, [order]) for part in (matrix.data, major, minor))
    return _from_places(format, data, major, minor, matrix.shape, base.dtype_of(matrix.indices))


def ensure_sorted_indices(x: object) -> SparseVariable:
    """The matrix with the elements of each row (column, of a csc matrix) in the order of their places."""
    matrix = as_sparse_variable(x)
    return _sorted(matrix, matrix.format)


def coalesced(
    format: str, data: Array, rows: Array, columns: Array, shape: Sequence[Dim], index: DType = INT32
) -> SparseVariable:
    """A matrix from elements in any order, added up where they share a place; places lie inside."""
    from croton.ops.searching import unique

    key, _, _ = _keys(format, rows, columns, shape)
    found, inverse = unique(key, return_inverse=True)
    count = base.shape_of(found)[0]
    total = scatter_zero("add", (count,), (0,), 0, data, [inverse])
    number = number_beside(dims.maximum(shape[1 if format == "csr" else 0], 1), found)
    return _from_places(format, total, found // number, found % number, shape, index)


def remove0(x: object) -> SparseVariable:
    """The matrix without stored zeros."""
    matrix = as_sparse_variable(x)
    kept = flatnonzero(matrix.data)
    major, minor = major_positions(matrix), minor_positions(matrix)
    data, major, minor = (gather(part, (0,), 0, [kept]) for part in (matrix.data, major, minor))
    return _from_places(matrix.format, data, major, minor, matrix.shape, base.dtype_of(matrix.indices))


def clean(x: object) -> SparseVariable:
    """The matrix without stored zeros, elements in order."""
    return ensure_sorted_indices(remove0(x))


def transpose(x: object) -> SparseVariable:
    """The transpose, which is in the other format."""
    return as_sparse_variable(x).T


def sp_sum(x: object, axis: int | None = None, sparse_grad: bool = False) -> Array:
    """The sum of all elements, or along axis 0 or 1: dense. sparse_grad: accepted for Theano's sake."""
    from croton.ops.reduction import sum as sum_over

    matrix = as_sparse_variable(x)
    if axis is None:
        return sum_over(matrix.data)
    position = base.normalize_axis(axis, 2, "sp_sum")
    kept = 1 - position
    return scatter_zero("add", (matrix.shape[kept],), (0,), 0, matrix.data, [places(matrix)[kept]])


def diag(x: object) -> Array:
    """The main diagonal of a sparse matrix: a dense vector."""
    from croton.ops.arithmetic import minimum, where

    matrix = as_sparse_variable(x)
    rows, columns = places(matrix)
    size = dims.minimum(*matrix.shape)
    zero = base.cast(0, base.dtype_of(matrix.data))
    # What is not on the diagonal adds nothing, to a place beyond the end.
    place = where(_equal(rows, columns), rows, number_beside(size, rows))
    found = scatter_zero(
        "add",
        (dims.add(size, 1),),
        (0,),
        0,
        where(_equal(rows, columns), matrix.data, zero),
        [minimum(place, number_beside(size, rows))],
    )
    return slice_axis(found, 0, 0, size)


def _equal(first: Array, second: Array) -> Array:
    from croton.ops.comparison import equal

    return equal(first, second)


def square_diagonal(diag: object) -> SparseVariable:
    """The square csc matrix with a vector as its diagonal."""
    vector = base.as_array(diag)
    if base.rank_of(vector) != 1:
        raise ShapeError(f"square_diagonal: expected a vector, got {base.rank_of(vector)} axes")
    (size,) = base.shape_of(vector)
    starts = iota_beside(dims.add(size, 1), vector)
    indices = iota_beside(size, vector)
    return SparseVariable("csc", [vector, base.cast(indices, INT32), base.cast(starts, INT32)], (size, size))


def vstack(blocks: Sequence[Any], format: str | None = None, dtype: object = None) -> SparseVariable:
    """Matrices one below the other, in csr unless another format is asked for.

    Raises:
        ValueError: there are none. ShapeError: they have different numbers of columns.
    """
    if not blocks:
        raise ValueError("vstack: needs at least one matrix")
    listed = [converted(block, "csr") for block in blocks]
    columns = listed[0].shape[1]
    rows: Dim = 0
    count: Dim = 0
    indices, starts = [], [constant(np.zeros(1, np.int64))]
    for matrix in listed:
        same = with_equal_sizes(matrix.indices, matrix.shape[1], columns, "vstack: numbers of columns")
        indices.append(base.cast(same, INT64))
        offset = number_beside(count, matrix.indptr)
        starts.append(slice_axis(base.cast(matrix.indptr, INT64), 0, 1, None) + offset)
        rows, count = dims.add(rows, matrix.shape[0]), dims.add(count, matrix.nnz)
    wanted = dtype or base.common_dtype([matrix.data for matrix in listed])
    data = concatenate([base.cast(matrix.data, wanted) for matrix in listed])
    index = dtypes.promote(*(base.dtype_of(matrix.indices) for matrix in listed))
    joined = [base.cast(concatenate(parts), index) for parts in (indices, starts)]
    return converted(SparseVariable("csr", [data, *joined], (rows, columns)), format or "csr")


def hstack(blocks: Sequence[Any], format: str | None = None, dtype: object = None) -> SparseVariable:
    """Matrices side by side, in csr unless another format is asked for."""
    if not blocks:
        raise ValueError("hstack: needs at least one matrix")
    turned = vstack([as_sparse_variable(block).T for block in blocks], None, dtype)
    return converted(turned.T, format or "csr")

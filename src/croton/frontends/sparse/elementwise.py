"""Functions of the elements of sparse matrices, and sums and products of these with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from croton.frontends.sparse.structure import (
    coalesced,
    converted,
    dense_from_sparse,
    places,
    with_equal_sizes,
)
from croton.frontends.sparse.variable import SparseVariable, as_sparse_variable, is_sparse
from croton.graph import dims
from croton.graph.errors import ShapeError
from croton.ops import arithmetic, base, exponential, rounding, trigonometric
from croton.ops.base import Array
from croton.ops.gathering import gather
from croton.ops.shape import broadcast_to, concatenate, ones_like, zeros_like
from croton.ops.slicing import slice_axis


def structured(function: Callable[[Array], Array], name: str) -> Callable[[object], SparseVariable]:
    """A function of sparse matrices that applies one to the elements that are stored."""

    def apply(x: object) -> SparseVariable:
        matrix = as_sparse_variable(x)
        return matrix.with_data(function(matrix.data))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"`{name.removeprefix('structured_')}` of the elements that are stored, others staying 0."
    return apply


structured_sigmoid = structured(exponential.sigmoid, "structured_sigmoid")
structured_exp = structured(exponential.exp, "structured_exp")
structured_log = structured(exponential.log, "structured_log")
structured_log1p = structured(exponential.log1p, "structured_log1p")
# Functions that are 0 at 0 are the same for all elements.
neg = structured(arithmetic.negative, "neg")
sqr = structured(arithmetic.square, "sqr")
sqrt = structured(arithmetic.sqrt, "sqrt")
sgn = structured(arithmetic.sign, "sgn")
ceil = structured(rounding.ceil, "ceil")
floor = structured(rounding.floor, "floor")
trunc = structured(rounding.trunc, "trunc")
rint = structured(rounding.rint, "rint")
expm1 = structured(exponential.expm1, "expm1")
log1p = structured(exponential.log1p, "log1p")
tanh = structured(exponential.tanh, "tanh")
sin = structured(trigonometric.sin, "sin")
tan = structured(trigonometric.tan, "tan")
sinh = structured(trigonometric.sinh, "sinh")
arcsin = structured(trigonometric.arcsin, "arcsin")
arcsinh = structured(trigonometric.arcsinh, "arcsinh")
arctan = structured(trigonometric.arctan, "arctan")
arctanh = structured(trigonometric.arctanh, "arctanh")
deg2rad = structured(trigonometric.deg2rad, "deg2rad")
rad2deg = structured(trigonometric.rad2deg, "rad2deg")


def structured_pow(x: object, y: object) -> SparseVariable:
    """Powers, with a scalar exponent, of the elements that are stored."""
    matrix = as_sparse_variable(x)
    return matrix.with_data(exponential.power(matrix.data, y))


def structured_maximum(x: object, y: object) -> SparseVariable:
    """The larger one of each element that is stored and a scalar."""
    matrix = as_sparse_variable(x)
    return matrix.with_data(arithmetic.maximum(matrix.data, y))


def structured_minimum(x: object, y: object) -> SparseVariable:
    """The smaller one of each element that is stored and a scalar."""
    matrix = as_sparse_variable(x)
    return matrix.with_data(arithmetic.minimum(matrix.data, y))


def structured_add(x: object, y: object) -> SparseVariable:
    """A scalar added to each element that is stored."""
    matrix = as_sparse_variable(x)
    return matrix.with_data(arithmetic.add(matrix.data, y))


def _at_places(matrix: SparseVariable, other: Array, what: str) -> Array:
    """The elements of a dense array, which broadcasts to the matrix, at the places of the stored ones."""
    if base.rank_of(other) > 2:
        raise ShapeError(f"sparse {what}: expected at most 2 axes, got {base.rank_of(other)}")
    if base.rank_of(other) == 0:
        return other
    spread = broadcast_to(other, matrix.shape)
    return gather(spread, (0, 1), 0, list(places(matrix)))


def _matching(x: object, y: object, what: str) -> tuple[SparseVariable, SparseVariable]:
    """Two sparse matrices of one shape, both in the format of the first."""
    first = as_sparse_variable(x)
    second = converted(y, first.format)
    starts = broadcast_to(second.indptr, (dims.add(first.major, 1),))
    starts = with_equal_sizes(starts, second.minor, first.minor, f"sparse {what}: sizes of the two matrices")
    shape = (first.shape[0], first.shape[1])
    return first, SparseVariable(first.format, [second.data, second.indices, starts], shape)


def mul(x: object, y: object) -> SparseVariable:
    """The elementwise product of a sparse matrix and a scalar, a dense array that broadcasts to it, or
    another sparse matrix of its shape. The result is sparse.
    """
    if is_sparse(x) and is_sparse(y):
        return _times_sparse(*_matching(x, y, "product"))
    matrix, other = (x, y) if is_sparse(x) else (y, x)
    sparse = as_sparse_variable(matrix)
    if base.weak_number(other) is not None:
        return sparse.with_data(arithmetic.multiply(sparse.data, other))
    return sparse.with_data(
        arithmetic.multiply(sparse.data, _at_places(sparse, base.as_array(other), "product"))
    )


def _times_sparse(first: SparseVariable, second: SparseVariable) -> SparseVariable:
    """Each element of the first times the sum of the second's at its place, found by search."""
    from croton.ops.comparison import equal, less, logical_and
    from croton.ops.gathering import number_beside
    from croton.ops.searching import searchsorted

    rows, columns = places(second)
    merged = coalesced(first.format, second.data, rows, columns, first.shape, base.dtype_of(first.indices))
    keys = [_place_numbers(matrix) for matrix in (first, merged)]
    found = searchsorted(keys[1], keys[0])
    count = number_beside(merged.nnz, found)
    # One more at the end, so that there is something to read where nothing is found.
    padded_keys = concatenate([keys[1], broadcast_to(base.cast(-1, "int64"), (1,))])
    zero = broadcast_to(base.cast(0, base.dtype_of(merged.data)), (1,))
    padded = concatenate([merged.data, zero])
    there = logical_and(less(found, count), equal(gather(padded_keys, (0,), 0, [found]), keys[0]))
    values = gather(padded, (0,), 0, [found])
    other = arithmetic.where(there, values, zeros_like(values))
    return first.with_data(arithmetic.multiply(first.data, other))


def _place_numbers(matrix: SparseVariable) -> Array:
    """A number for the place of every element, growing in the order of the format."""
    from croton.ops.gathering import number_beside

    rows, columns = places(matrix)
    major, minor = (rows, columns) if matrix.format == "csr" else (columns, rows)
    return arithmetic.add(arithmetic.multiply(major, number_beside(matrix.minor, major)), minor)


def divide(x: object, y: object) -> SparseVariable:
    """A sparse matrix divided by a scalar or, at its places, by a dense array that broadcasts to it."""
    if is_sparse(y):
        raise TypeError("sparse: cannot divide by a sparse matrix, most of whose elements are 0")
    matrix = as_sparse_variable(x)
    if base.weak_number(y) is not None:
        return matrix.with_data(arithmetic.divide(matrix.data, y))
    return matrix.with_data(arithmetic.divide(matrix.data, _at_places(matrix, base.as_array(y), "quotient")))


def add(x: object, y: object) -> Any:
    """The sum of two sparse matrices, sparse; or of a sparse and a dense one, dense."""
    if is_sparse(x) and is_sparse(y):
        first, second = _matching(x, y, "sum")
        dtype = base.common_dtype([first.data, second.data])
        data = concatenate([base.cast(first.data, dtype), base.cast(second.data, dtype)])
        pairs = zip(places(first), places(second), strict=True)
        rows, columns = (concatenate(list(pair)) for pair in pairs)
        return coalesced(first.format, data, rows, columns, first.shape, base.dtype_of(first.indices))
    matrix, other = (x, y) if is_sparse(x) else (y, x)
    return arithmetic.add(dense_from_sparse(matrix), other)


def sub(x: object, y: object) -> Any:
    """The difference of two matrices; see `add`."""
    if is_sparse(y):
        return add(x, neg(y))
    return arithmetic.subtract(dense_from_sparse(x), y)


def row_scale(x: object, s: object) -> SparseVariable:
    """Each row of a sparse matrix times an element of the vector s."""
    return _scaled(x, s, 0, "row_scale")


def col_scale(x: object, s: object) -> SparseVariable:
    """Each column of a sparse matrix times an element of the vector s."""
    return _scaled(x, s, 1, "col_scale")


def _scaled(x: object, s: object, axis: int, what: str) -> SparseVariable:
    matrix, factors = as_sparse_variable(x), base.as_array(s)
    if base.rank_of(factors) != 1:
        raise ShapeError(f"{what}: expected a vector of factors, got {base.rank_of(factors)} axes")
    spread = broadcast_to(factors, (matrix.shape[axis],))
    return matrix.with_data(arithmetic.multiply(matrix.data, gather(spread, (0,), 0, [places(matrix)[axis]])))


def cast(x: object, dtype: object) -> SparseVariable:
    """A sparse matrix with elements of another dtype."""
    return as_sparse_variable(x).astype(dtype)


def sp_ones_like(x: object) -> SparseVariable:
    """Ones at the places of the elements of a sparse matrix."""
    matrix = as_sparse_variable(x)
    return matrix.with_data(ones_like(matrix.data))


def sp_zeros_like(x: object) -> SparseVariable:
    """The sparse matrix of the shape and format of another one that stores nothing."""
    matrix = as_sparse_variable(x)
    parts = [slice_axis(part, 0, 0, 0) for part in (matrix.data, matrix.indices)]
    return SparseVariable(
        matrix.format, [*parts, zeros_like(matrix.indptr)], (matrix.shape[0], matrix.shape[1])
    )

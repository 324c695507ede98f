"""Products with sparse matrices."""

from __future__ import annotations

from croton.frontends.sparse.structure import coalesced, dense_from_sparse, minor_positions, places
from croton.frontends.sparse.variable import SparseVariable, as_sparse_variable, is_sparse
from croton.graph import dims, dtypes
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.dimension import dim_of
from croton.ops.gathering import gather, iota_beside
from croton.ops.rearranging import RepeatPositions
from croton.ops.shape import reshape, transpose
from croton.ops.sparse import SampledProduct, SparseProduct


def _times_dense(matrix: SparseVariable, dense: Array) -> Array:
    """A sparse matrix times a dense vector or matrix."""
    rank = base.rank_of(dense)
    if rank not in (1, 2):
        raise ShapeError(f"sparse product: expected a vector or a matrix, got {rank} axes")
    dtype = base.common_dtype([matrix.data, dense])
    wide = dtypes.compute_dtype(dtype)
    elements, right = base.cast(matrix.data, wide), base.cast(dense, wide)
    if rank == 1:
        right = reshape(right, (base.shape_of(right)[0], 1))
    op = SparseProduct(matrix.minor, matrix.format == "csc")
    product = base.cast(apply_one(op, elements, matrix.indices, matrix.indptr, right), dtype)
    return reshape(product, (matrix.shape[0],)) if rank == 1 else product


def dot(x: object, y: object) -> Array:
    """The dense product of matrices and vectors of which one is sparse, or both are.

    Raises:
        TypeError: neither is sparse. ShapeError: the sizes do not fit. IndexError, while running: an index
        of the sparse matrix lies outside of it.
    """
    if is_sparse(x):
        right = dense_from_sparse(y) if is_sparse(y) else base.as_array(y)
        return _times_dense(as_sparse_variable(x), right)
    if not is_sparse(y):
        raise TypeError("sparse.dot: neither operand is sparse; use T.dot")
    left = base.as_array(x)
    flipped = _times_dense(as_sparse_variable(y).T, transpose(left))
    return transpose(flipped)


def structured_dot(x: object, y: object) -> Array | SparseVariable:
    """The product of a sparse matrix and a dense one, dense; or of two sparse ones, sparse.

    The gradient by the sparse matrix is that by its elements.
    """
    if is_sparse(x) and is_sparse(y):
        return true_dot(x, y)
    return dot(x, y)


def true_dot(x: object, y: object, grad_preserves_dense: bool = True) -> Array | SparseVariable:
    """The product of two matrices: sparse where both are. grad_preserves_dense: accepted for Theano's sake.

    The sparse result has its elements sorted, one at a place, in the format of x.
    """
    if not (is_sparse(x) and is_sparse(y)):
        return dot(x, y)
    left, right = as_sparse_variable(x), as_sparse_variable(y)
    if left.format == "csc":
        return _rows_times_rows(right.T.tocsr(), left.T).T
    return _rows_times_rows(left, right.tocsr())


def _rows_times_rows(left: SparseVariable, right: SparseVariable) -> SparseVariable:
    """Every element of left meets every element of its row of right; what falls on one place adds up."""
    from croton.ops.arithmetic import add, multiply, subtract
    from croton.ops.cumulative import accumulate
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import broadcast_to
    from croton.ops.slicing import slice_axis

    rows, inner = places(left)
    count = base.shape_of(right.indptr)[0]
    starts = broadcast_to(base.cast(right.indptr, "int64"), (dims.add(left.shape[1], 1),))
    first = slice_axis(starts, 0, 0, dims.subtract(count, 1))
    lengths = subtract(slice_axis(starts, 0, 1, None), first)
    checked = minor_positions(right)  # also that the runs of right follow each other
    met = gather(lengths, (0,), 0, [inner])
    total = dim_of(sum_over(met))
    element = apply_one(RepeatPositions(total), met)
    begins = gather(subtract(accumulate("sum", met, 0), met), (0,), 0, [element])
    within = subtract(iota_beside(total, met), begins)
    partner = add(gather(gather(first, (0,), 0, [inner]), (0,), 0, [element]), within)
    partner = _inside(partner, right)
    data = multiply(gather(left.data, (0,), 0, [element]), gather(right.data, (0,), 0, [partner]))
    row = gather(rows, (0,), 0, [element])
    column = gather(checked, (0,), 0, [partner])
    shape = (left.shape[0], right.shape[1])
    return coalesced("csr", data, row, column, shape, base.dtype_of(left.indices))


def _inside(partner: Array, matrix: SparseVariable) -> Array:
    """Positions among the elements of a matrix; an IndexError where its indptr was wrong."""
    from croton.ops.gathering import checked_index

    return checked_index(partner, matrix.nnz, 0)


def sampled_dot(x: object, y: object, p: object) -> SparseVariable:
    """The elements of the product of dense x and y at the places of sparse p, times those of p.

    The product of x and y is not computed elsewhere.
    """
    left, right, pattern = base.as_array(x), transpose(base.as_array(y)), as_sparse_variable(p)
    if base.rank_of(left) != 2 or base.rank_of(right) != 2:
        raise ShapeError(
            f"sampled_dot: expected matrices, got {base.rank_of(left)} and {base.rank_of(right)} axes"
        )
    dtype = base.common_dtype([left, right, pattern.data])
    wide = dtypes.compute_dtype(dtype)
    sides = [base.cast(left, wide), base.cast(right, wide)]
    if pattern.format == "csc":
        sides.reverse()
    sides = [_of_rows(side, size) for side, size in zip(sides, (pattern.major, pattern.minor), strict=True)]
    found = apply_one(SampledProduct(), pattern.indices, pattern.indptr, *sides)
    return pattern.with_data(base.cast(found * base.cast(pattern.data, wide), dtype))


def _of_rows(dense: Array, rows: dims.Dim) -> Array:
    from croton.ops.shape import broadcast_to

    return broadcast_to(dense, (rows, base.shape_of(dense)[1]))

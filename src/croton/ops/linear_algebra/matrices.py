"""What the operations of linear algebra share: their operands, transposes, triangles and diagonals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.dtypes import DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array
from croton.ops.contraction import matmul
from croton.ops.elementwise import conjugate
from croton.ops.shape import broadcast_to, expand_dims, iota, reshape, transpose

LAPACK_DTYPES = (dtypes.FLOAT32, dtypes.FLOAT64, *dtypes.COMPLEXES)


def matrix_dtype(*kinds: DType) -> DType:
    """The dtype in which LAPACK calculates: half precisions in float32, integers in float64."""
    common = dtypes.promote(*kinds)
    if not dtypes.is_inexact(common):
        return dtypes.FLOAT64
    return dtypes.compute_dtype(common)


def as_matrices(*operands: object) -> list[Array]:
    """Operands as arrays of one dtype that LAPACK knows."""
    arrays = [base.as_array(operand) for operand in operands]
    dtype = matrix_dtype(*(base.dtype_of(array) for array in arrays))
    return [base.cast(array, dtype) for array in arrays]


def as_matrix(operand: object) -> Array:
    return as_matrices(operand)[0]


def require_matrix(name: str, operand: TensorType) -> None:
    """Raises ShapeError or DTypeError unless the operand is a matrix, or a stack of them, for LAPACK."""
    if operand.dtype not in LAPACK_DTYPES:
        raise DTypeError(f"{name} is not defined for dtype {operand.dtype.name}")
    if operand.rank < 2:
        raise ShapeError(f"{name}: expected a matrix or a stack of them, got {operand.rank} axes")


def require_square(name: str, operand: TensorType) -> None:
    """Raises ShapeError or DTypeError unless the operand is a square matrix or a stack of them."""
    require_matrix(name, operand)
    dims.require_equal(operand.shape[-2], operand.shape[-1], f"{name}: rows and columns of a square matrix")


def require_system(name: str, matrix: TensorType, right: TensorType) -> None:
    """Raises ShapeError or DTypeError unless these are square matrices and right sides for each of them."""
    require_square(name, matrix)
    require_matrix(name, right)
    if matrix.dtype != right.dtype or matrix.rank != right.rank:
        raise DTypeError(f"{name}: operands {matrix} and {right} differ in dtype or rank")
    for axis in range(matrix.rank - 2):
        dims.require_equal(matrix.shape[axis], right.shape[axis], f"{name}: axis {axis} of the stacks")
    shown = f"{dims.format_shape(matrix.shape)} and {dims.format_shape(right.shape)}"
    dims.require_equal(
        matrix.shape[-1], right.shape[-2], f"{name}: the matrix and the right side {shown} have other sizes"
    )


def right_sides(name: str, a: object, b: object, b_ndim: int | None = None) -> tuple[Array, Array, bool]:
    """The matrices, the right sides as stacks of matrices like them, and whether those are vectors.

    b_ndim: 1 if the last axis of b alone is a right side, 2 if the last two are; None: 1 for a vector b.

    Raises:
        ShapeError: too few axes, or stacks that do not broadcast. ValueError: another b_ndim.
    """
    matrix, right = as_matrices(a, b)
    if b_ndim not in (None, 1, 2):
        raise ValueError(f"{name}: b_ndim must be 1 or 2, got {b_ndim!r}")
    is_vector = base.rank_of(right) == 1 if b_ndim is None else b_ndim == 1
    if base.rank_of(matrix) < 2 or base.rank_of(right) < (1 if is_vector else 2):
        ranks = f"{base.rank_of(matrix)} and {base.rank_of(right)}"
        raise ShapeError(f"{name}: expected matrices and right sides, got arrays of {ranks} axes")
    if is_vector:
        right = expand_dims(right, -1)
    batch = dims.broadcast([base.shape_of(matrix)[:-2], base.shape_of(right)[:-2]], name)
    return with_stack(matrix, batch), with_stack(right, batch), is_vector


def without_column(result: Array, is_vector: bool) -> Array:
    """Solutions as vectors where the right sides were."""
    return reshape(result, base.shape_of(result)[:-1]) if is_vector else result


def with_stack(matrix: Array, batch: Shape) -> Array:
    """A matrix, or a stack of them, stretched to the leading axes `batch`."""
    return broadcast_to(matrix, (*batch, *base.shape_of(matrix)[-2:]))


def transposed(matrix: Array) -> Array:
    """Rows and columns exchanged."""
    rank = base.rank_of(matrix)
    return transpose(matrix, (*range(rank - 2), rank - 1, rank - 2))


def adjoint(matrix: Array) -> Array:
    """The conjugate transpose."""
    return conjugate(transposed(matrix))


def hermitian_part(matrix: Array) -> Array:
    """Half the sum of a matrix and its adjoint."""
    from croton.ops.arithmetic import add, multiply

    return multiply(add(matrix, adjoint(matrix)), 0.5)


def product(*factors: Array) -> Array:
    """The product of matrices from left to right."""
    result = factors[0]
    for factor in factors[1:]:
        result = matmul(result, factor)
    return result


def zero_of(array: Array) -> Array:
    """0 in the dtype of an array."""
    return base.cast(0, base.dtype_of(array))


def diagonal_of(matrix: Array) -> Array:
    """The main diagonals, along the last axis."""
    from croton.ops.creation import diagonal

    return diagonal(matrix, 0, -2, -1)


def on_diagonal(vector: Array) -> Array:
    """Square matrices with vectors (along the last axis) as diagonals."""
    from croton.ops.arithmetic import where

    size = base.shape_of(vector)[-1]
    return where(is_diagonal(size, size), expand_dims(vector, -1), zero_of(vector))


def is_diagonal(rows: dims.Dim, columns: dims.Dim) -> Array:
    """Whether an entry lies on the main diagonal: a matrix of bools."""
    from croton.ops.comparison import equal

    return equal(reshape(iota(rows), (rows, 1)), reshape(iota(columns), (1, columns)))


def identity_like(matrix: Array) -> Array:
    """Identity matrices of the shape and dtype of square ones."""
    size = base.shape_of(matrix)[-1]
    one = base.cast(is_diagonal(size, size), base.dtype_of(matrix))
    return broadcast_to(one, base.shape_of(matrix))


def lower_half(matrix: Array) -> Array:
    """The lower triangle with half the diagonal: L of a Hermitian matrix L + L^H."""
    from croton.ops.arithmetic import multiply, where
    from croton.ops.creation import tril

    rows, columns = base.shape_of(matrix)[-2:]
    return where(is_diagonal(rows, columns), multiply(matrix, 0.5), tril(matrix))


def completed(matrix: Array, lower: bool, hermitian: bool) -> Array:
    """The symmetric or Hermitian matrix of which one triangle is given; the other is not read."""
    from croton.ops.arithmetic import add
    from croton.ops.creation import tril, triu

    inside = tril(matrix) if lower else triu(matrix)
    beyond = tril(matrix, -1) if lower else triu(matrix, 1)
    return add(inside, adjoint(beyond) if hermitian else transposed(beyond))


def for_each(function: Callable[..., tuple[NDArray, ...]], *stacks: NDArray) -> tuple[NDArray, ...]:
    """A function applied to every matrix of stacks with equal leading axes, empty ones included."""
    batch = stacks[0].shape[:-2]
    count = int(np.prod(batch, dtype=np.int64))
    flat = [stack.reshape((count, *stack.shape[-2:])) for stack in stacks]
    if count == 0:
        sample = function(*(np.eye(*stack.shape[-2:], dtype=stack.dtype) for stack in stacks))
        return tuple(np.zeros((*batch, *result.shape), result.dtype) for result in sample)
    found = [function(*(stack[number] for stack in flat)) for number in range(count)]
    columns = zip(*found, strict=True)
    return tuple(np.stack(column).reshape((*batch, *column[0].shape)) for column in columns)

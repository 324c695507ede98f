"""Products of several matrices, powers, and the arrangement of their entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph.errors import ShapeError
from croton.graph.values import TensorType
from croton.ops import base, creation
from croton.ops.base import Array
from croton.ops.contraction import dot, matmul
from croton.ops.linear_algebra.matrices import as_matrix, identity_like, require_square, transposed
from croton.ops.linear_algebra.solving import inv
from croton.ops.shape import concatenate, reshape


def multi_dot(arrays: Sequence[object], *, out: None = None) -> Array:
    """The product of matrices, in the order that takes fewest operations; the ends may be vectors.

    Sizes that are not known when the program is written count as equal and large.

    Raises:
        ValueError: fewer than two. ShapeError: not a matrix.
    """
    operands = base.as_operands(*arrays)
    if len(operands) < 2:
        raise ValueError(f"multi_dot: expected at least two arrays, got {len(operands)}")
    first_vector, last_vector = (base.rank_of(operand) == 1 for operand in (operands[0], operands[-1]))
    if first_vector:
        operands[0] = reshape(operands[0], (1, -1))
    if last_vector:
        operands[-1] = reshape(operands[-1], (-1, 1))
    for position, operand in enumerate(operands):
        if base.rank_of(operand) != 2:
            raise ShapeError(f"multi_dot: array {position} has {base.rank_of(operand)} axes, not 2")
    sizes = [base.shape_of(operands[0])[0], *(base.shape_of(operand)[1] for operand in operands)]
    known = [float(size) if isinstance(size, int) else 1e4 for size in sizes]
    result = _in_order(operands, _best_splits(known), 0, len(operands) - 1)
    kept = [
        size
        for size, dropped in zip(base.shape_of(result), (first_vector, last_vector), strict=True)
        if not dropped
    ]
    return reshape(result, tuple(kept)) if first_vector or last_vector else result


def _best_splits(sizes: Sequence[float]) -> dict[tuple[int, int], int]:
    """For each run of factors, where to split it so that the products take fewest multiplications."""
    count = len(sizes) - 1
    cost: dict[tuple[int, int], float] = {(i, i): 0.0 for i in range(count)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            options = [
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            ]
            cost[i, j], split[i, j] = min(options)
    return split


def _in_order(operands: Sequence[Array], splits: dict[tuple[int, int], int], first: int, last: int) -> Array:
    if first == last:
        return operands[first]
    middle = splits[first, last]
    return matmul(_in_order(operands, splits, first, middle), _in_order(operands, splits, middle + 1, last))


def matrix_dot(*args: object) -> Array:
    """The product of arrays from left to right, as `dot` multiplies.

    Raises:
        TypeError: no array is given.
    """
    if not args:
        raise TypeError("matrix_dot: expected at least one array")
    result = base.as_array(args[0])
    for factor in args[1:]:
        result = dot(result, factor)
    return result


def matrix_power(a: object, n: int) -> Array:
    """Square matrices multiplied n times with themselves; their inverses for negative n. Keeps integers.

    Raises:
        TypeError: n is not an int. ShapeError: not square. LinAlgError: n is negative and a singular.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the exponent must be an int, got {n!r}")
    matrix = base.as_array(a) if n >= 0 else as_matrix(a)
    checked: Any = as_matrix(a)
    require_square("matrix_power", TensorType(base.dtype_of(checked), base.shape_of(checked)))
    if n < 0:
        return matrix_power(inv(matrix), -int(n))
    result: Array | None = None
    exponent = int(n)
    while exponent:
        if exponent % 2:
            result = matrix if result is None else matmul(result, matrix)
        exponent //= 2
        if exponent:
            matrix = matmul(matrix, matrix)
    return identity_like(matrix) if result is None else result


def block_diag(*arrays: object) -> Array:
    """Matrices along the diagonal of a larger one, zeros elsewhere; leading axes are equal.

    Raises:
        ValueError: no array is given. ShapeError: one is no matrix.
    """
    from croton.ops.slicing import zeros_of

    if not arrays:
        raise ValueError("block_diag: expected at least one matrix")
    operands = base.as_operands(*arrays)
    for operand in operands:
        if base.rank_of(operand) < 2:
            raise ShapeError(f"block_diag: expected matrices, got an array of {base.rank_of(operand)} axes")
    rows = []
    for position, operand in enumerate(operands):
        *batch, height, _ = base.shape_of(operand)
        row = [
            operand if other == position else zeros_of(operand, (*batch, height, base.shape_of(block)[-1]))
            for other, block in enumerate(operands)
        ]
        rows.append(concatenate(row, -1))
    return concatenate(rows, -2)


def diagonal(x: object, offset: int = 0) -> Array:
    """The diagonals of matrices stacked along leading axes, along the last axis."""
    return creation.diagonal(x, offset, -2, -1)


def trace(x: object, offset: int = 0, dtype: object = None) -> Array:
    """The sums of the diagonals of matrices stacked along leading axes."""
    return creation.trace(x, offset, -2, -1, dtype)


def matrix_transpose(x: object) -> Array:
    """The last two axes exchanged.

    Raises:
        ShapeError: fewer than two axes.
    """
    array = base.as_array(x)
    if base.rank_of(array) < 2:
        raise ShapeError(f"matrix_transpose: expected at least two axes, got {base.rank_of(array)}")
    return transposed(array)


__all__ = ["block_diag", "diagonal", "matrix_dot", "matrix_power", "matrix_transpose", "multi_dot", "trace"]

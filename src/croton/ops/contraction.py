"""Products of matrices: one primitive with batch and contracted axes, and what NumPy builds on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.elementwise import conjugate
from croton.ops.shape import expand_dims, reshape, transpose


class Contract(Operation):
    """A batch of matrix products: (B, M, K) and (B, K, N) give (B, M, N).

    transpose_left: the left operand is stored as (B, K, M); transpose_right: the right as (B, N, K).
    All operands have rank 3; half precisions accumulate in float32.
    """

    transpose_left: bool = False
    transpose_right: bool = False
    name = "contract"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        left, right = operands
        if left.dtype != right.dtype:
            raise DTypeError(f"contract: dtypes {left.dtype.name} and {right.dtype.name} differ")
        batch = dims.require_equal(left.shape[0], right.shape[0], "matrix product: batch sizes")
        rows, inner = (left.shape[2], left.shape[1]) if self.transpose_left else left.shape[1:]
        columns, other = right.shape[1:] if self.transpose_right else (right.shape[2], right.shape[1])
        shown = (
            f"matrix product of {dims.format_shape((rows, inner))} and {dims.format_shape((other, columns))}"
        )
        dims.require_equal(inner, other, f"{shown}: inner sizes")
        return (TensorType(left.dtype, (batch, rows, columns)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        left, right = operands
        left = left.swapaxes(1, 2) if self.transpose_left else left
        right = right.swapaxes(1, 2) if self.transpose_right else right
        if left.dtype in (dtypes.FLOAT16, dtypes.BFLOAT16):
            return (np.matmul(left.astype(np.float32), right.astype(np.float32)).astype(left.dtype),)
        return (np.matmul(left, right),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        left, right = (conjugate(operand) for operand in operands)
        cotangent = cotangents[0]
        if self.transpose_left:
            of_left = apply_one(Contract(self.transpose_right, True), right, cotangent)
        else:
            of_left = apply_one(Contract(False, not self.transpose_right), cotangent, right)
        if self.transpose_right:
            of_right = apply_one(Contract(True, self.transpose_left), cotangent, left)
        else:
            of_right = apply_one(Contract(not self.transpose_left, False), left, cotangent)
        return [of_left, of_right]


def dot_general(
    x: object,
    y: object,
    contracted: tuple[Sequence[int], Sequence[int]],
    batched: tuple[Sequence[int], Sequence[int]] = ((), ()),
) -> Array:
    """The sum of products over pairs of contracted axes, for each index of the pairs of batch axes.

    The result's axes: batch axes, then x's free axes, then y's free axes.
    """
    left, right = base.as_operands(x, y)
    left_free = [a for a in range(base.rank_of(left)) if a not in contracted[0] and a not in batched[0]]
    right_free = [a for a in range(base.rank_of(right)) if a not in contracted[1] and a not in batched[1]]
    left_shape, right_shape = base.shape_of(left), base.shape_of(right)
    pairs = [*zip(contracted[0], contracted[1], strict=True), *zip(batched[0], batched[1], strict=True)]
    for first, second in pairs:
        sizes = left_shape[first], right_shape[second]
        if sizes[0] != sizes[1] and all(isinstance(size, int) for size in sizes):
            raise ShapeError(
                f"product of {dims.format_shape(left_shape)} and {dims.format_shape(right_shape)}: "
                f"axes {first} and {second} differ: {sizes[0]} and {sizes[1]}"
            )
    right = _with_sizes_of(right, left_shape, pairs)
    right_shape = base.shape_of(right)
    batch = [left_shape[a] for a in batched[0]]
    batch_size = dims.product(batch)
    rows = [left_shape[a] for a in left_free]
    columns = [right_shape[a] for a in right_free]
    inner_left = dims.product(left_shape[a] for a in contracted[0])
    inner_right = dims.product(right_shape[a] for a in contracted[1])
    left_matrix = reshape(
        transpose(left, (*batched[0], *left_free, *contracted[0])),
        (batch_size, dims.product(rows), inner_left),
    )
    right_matrix = reshape(
        transpose(right, (*batched[1], *contracted[1], *right_free)),
        (batch_size, inner_right, dims.product(columns)),
    )
    return reshape(apply_one(Contract(), left_matrix, right_matrix), (*batch, *rows, *columns))


def _with_sizes_of(right: Array, left_shape: dims.Shape, pairs: Sequence[tuple[int, int]]) -> Array:
    """`right` with a guard that each paired axis has the left operand's size.

    The product itself only compares products of sizes, which could agree by chance.
    """
    from croton.ops.shape import broadcast_to

    if len(pairs) < 2:
        return right
    shape = list(base.shape_of(right))
    for first, second in pairs:
        if shape[second] != 1:
            shape[second] = left_shape[first]
    return broadcast_to(right, tuple(shape))


def dot(x: object, y: object) -> Array:
    """NumPy's dot: matrix product, inner product of vectors, product with a scalar."""
    left, right = base.as_operands(x, y)
    left_rank, right_rank = base.rank_of(left), base.rank_of(right)
    if left_rank == 0 or right_rank == 0:
        from croton.ops.arithmetic import multiply

        return multiply(left, right)
    return dot_general(left, right, ((left_rank - 1,), (max(right_rank - 2, 0),)))


def matmul(x: object, y: object) -> Array:
    """NumPy's matmul: matrix product over the last two axes, leading axes broadcast.

    Raises:
        ShapeError: an operand is a scalar, or inner sizes differ.
    """
    left, right = base.as_operands(x, y)
    left_rank, right_rank = base.rank_of(left), base.rank_of(right)
    if left_rank == 0 or right_rank == 0:
        raise ShapeError("matmul: operands must have at least one axis; multiply scalars with *")
    if right_rank <= 2:
        return dot_general(left, right, ((left_rank - 1,), (right_rank - 1 if right_rank == 1 else 0,)))
    if left_rank == 1:
        return dot_general(left, right, ((0,), (right_rank - 2,)))
    return _batched_matmul(left, right)


def _batched_matmul(left: Array, right: Array) -> Array:
    from croton.ops.shape import broadcast_to

    left_shape, right_shape = base.shape_of(left), base.shape_of(right)
    with dims.recorded_guards():
        batch = dims.broadcast([left_shape[:-2], right_shape[:-2]], "matmul")
    left = broadcast_to(left, (*batch, *left_shape[-2:]))
    right = broadcast_to(right, (*batch, *right_shape[-2:]))
    axes = tuple(range(len(batch)))
    rank = len(batch)
    return dot_general(left, right, ((rank + 1,), (rank,)), (axes, axes))


def tensordot(x: object, y: object, axes: int | tuple[object, object] = 2) -> Array:
    """NumPy's tensordot: sums of products over the last axes of x and the first of y, or over given pairs.

    Raises:
        ShapeError: more axes than there are, or pairs that do not match.
    """
    left, right = base.as_operands(x, y)
    left_rank, right_rank = base.rank_of(left), base.rank_of(right)
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes <= min(left_rank, right_rank):
            raise ShapeError(
                f"tensordot: cannot sum over {axes} axes of operands of ranks {left_rank} and {right_rank}"
            )
        return dot_general(left, right, (tuple(range(left_rank - axes, left_rank)), tuple(range(axes))))
    first, second = (tuple(entry) if isinstance(entry, (tuple, list)) else (entry,) for entry in axes)
    if len(first) != len(second):
        raise ShapeError(
            f"tensordot: {len(first)} axes of the first operand paired with {len(second)} of the second"
        )
    pair = (
        tuple(base.normalize_axis(axis, left_rank, "tensordot") for axis in first),
        tuple(base.normalize_axis(axis, right_rank, "tensordot") for axis in second),
    )
    if any(len(set(listed)) != len(listed) for listed in pair):
        raise ShapeError(f"tensordot: axes {axes} repeat an axis")
    return dot_general(left, right, pair)


def outer(x: object, y: object) -> Array:
    """Products of every element of x with every element of y, both flattened."""
    from croton.ops.arithmetic import multiply

    return multiply(expand_dims(reshape(x, (-1,)), 1), expand_dims(reshape(y, (-1,)), 0))


def inner(x: object, y: object) -> Array:
    """Sums of products over the last axes of both; the plain product if either is a scalar."""
    left, right = base.as_operands(x, y)
    left_rank, right_rank = base.rank_of(left), base.rank_of(right)
    if left_rank == 0 or right_rank == 0:
        return dot(left, right)
    return dot_general(left, right, ((left_rank - 1,), (right_rank - 1,)))


def vdot(x: object, y: object) -> Array:
    """The inner product of both flattened, the first conjugated."""
    left, right = base.as_operands(x, y)
    return dot(conjugate(reshape(left, (-1,))), reshape(right, (-1,)))


def kron(x: object, y: object) -> Array:
    """The Kronecker product: every element of x times all of y, in blocks."""
    from croton.ops.arithmetic import multiply

    left, right = base.as_operands(x, y)
    rank = max(base.rank_of(left), base.rank_of(right))
    first = (1,) * (rank - base.rank_of(left)) + tuple(base.shape_of(left))
    second = (1,) * (rank - base.rank_of(right)) + tuple(base.shape_of(right))
    spread = reshape(left, tuple(size for entry in first for size in (entry, 1)))
    tiled = reshape(right, tuple(size for entry in second for size in (1, entry)))
    sizes = tuple(dims.multiply(m, n) for m, n in zip(first, second, strict=True))
    return reshape(multiply(spread, tiled), sizes)


def batched_dot(x: object, y: object) -> Array:
    """Theano's batched_dot: for each index of the first axes, dot of the rest (vectors or matrices or more).

    Raises:
        ShapeError: an operand is a scalar.
    """
    left, right = base.as_operands(x, y)
    left_rank, right_rank = base.rank_of(left), base.rank_of(right)
    if left_rank == 0 or right_rank == 0:
        raise ShapeError("batched_dot: operands must have at least one axis")
    if left_rank == 1 or right_rank == 1:
        from croton.ops.arithmetic import multiply

        longer = max(left_rank, right_rank)
        stretched = [
            reshape(operand, (*base.shape_of(operand), *(1,) * (longer - base.rank_of(operand))))
            for operand in (left, right)
        ]
        return multiply(*stretched)
    return dot_general(left, right, ((left_rank - 1,), (max(right_rank - 2, 1),)), ((0,), (0,)))


def batched_tensordot(x: object, y: object, axes: int | tuple[object, object] = 2) -> Array:
    """For each index of the first axes, the tensordot of the rest.

    axes: how many axes to sum over, or pairs of axes, counted with the first one.

    Raises:
        ShapeError: more axes than there are, or pairs that do not match.
    """
    left, right = base.as_operands(x, y)
    ranks = base.rank_of(left), base.rank_of(right)
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes < min(ranks):
            raise ShapeError(f"batched_tensordot: cannot sum over {axes} axes of operands of ranks {ranks}")
        first: tuple[int, ...] = tuple(range(ranks[0] - int(axes), ranks[0]))
        second: tuple[int, ...] = tuple(range(1, 1 + int(axes)))
    else:
        listed = [entry if isinstance(entry, (tuple, list)) else (entry,) for entry in axes]
        first, second = (
            tuple(base.normalize_axis(axis, rank, "batched_tensordot") for axis in entry)
            for entry, rank in zip(listed, ranks, strict=True)
        )
        if len(first) != len(second) or 0 in first or 0 in second:
            raise ShapeError(f"batched_tensordot: axes {axes} are not pairs of axes behind the first")
    return dot_general(left, right, (first, second), ((0,), (0,)))

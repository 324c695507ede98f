"""Compressed sparse matrices: the products that all their functions are made of.

A matrix is three vectors: its elements; their places on the minor axis (columns of a CSR matrix, rows of a
CSC matrix), int32 or int64; and where the run of each place on the major axis starts, of the same dtype and
one longer than that axis. Elements at the same place add up. Every position is checked when it is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.codegen.kernels import shared_kernel
from croton.codegen.prebuilt import KernelUnit
from croton.codegen.scalars import c_type
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import INT32, INT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.elementwise import conjugate
from croton.ops.kernel import CFunction, KernelOperation

_CALL = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const ct_int shape[] = {{{major}, {minor}, sizes[0], {columns}}};
    return {kernel}(context, pointers, shape);
}}
"""
_COMPLEX_PRODUCT = (
    "__builtin_complex(__real__(A) * __real__(B) - __imag__(A) * __imag__(B),"
    " __real__(A) * __imag__(B) + __imag__(A) * __real__(B))"
)


def _kernel(kind: str, dtype: DType, index: DType) -> KernelUnit:
    number = c_type(dtype)
    if dtypes.is_complex(dtype):
        product, total = _COMPLEX_PRODUCT, number
    elif dtypes.is_integer(dtype):  # modulo 2^64, cut to the width in the end
        product, total = "((ct_unsigned)(A) * (ct_unsigned)(B))", "ct_unsigned"
    else:
        product, total = "((A) * (B))", number
    definitions = {
        "INDEX": c_type(index),
        "NUMBER": number,
        "SUM": total,
        "MULTIPLY(A, B)": product,
        kind.upper(): 1,
    }
    return shared_kernel(f"ct_sparse_{kind}_{dtype.name}_{index.name}", ("sparse.c",), definitions)


def _call(kernel: KernelUnit, major: str, minor: str, columns: str) -> CFunction:
    name = f"call_{kernel.name}"
    source = _CALL.format(name=name, kernel=kernel.call, major=major, minor=minor, columns=columns)
    return CFunction(name, source, cost=2.0, fallible=True, kernels=(kernel,))


def check_positions(positions: NDArray, starts: NDArray, minor: int) -> None:
    """What compiled code checks too.

    Raises:
        IndexError: a position or a start of a run lies outside.
    """
    count = len(positions)
    wrong = (starts[:-1] < 0) | (starts[:-1] > starts[1:]) | (starts[1:] > count)
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise IndexError(f"sparse: elements {starts[place]} to {starts[place + 1]} of {count} are no run")
    outside = (positions < 0) | (positions >= minor)
    if outside.any():
        raise IndexError(f"sparse: index {positions[outside][0]} is out of range for axis 1 of size {minor}")


def runs_of(starts: NDArray, count: int) -> NDArray:
    """The place on the major axis of each element; -1 where it is in no run."""
    found = np.full(count, -1, np.int64)
    inside = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    found[int(starts[0]) : int(starts[0]) + len(inside)] = inside
    return found


def _check_vectors(what: str, positions: TensorType, starts: TensorType) -> None:
    if positions.rank != 1 or starts.rank != 1:
        raise ShapeError(f"{what}: indices and indptr must be vectors, got {positions} and {starts}")
    if positions.dtype not in (INT32, INT64) or starts.dtype != positions.dtype:
        raise DTypeError(
            f"{what}: indices and indptr must both be int32 or int64, got {positions.dtype.name} "
            f"and {starts.dtype.name}"
        )
    dims.require_at_least(starts.shape[0], 1, f"{what}: size of indptr")


class SparseProduct(KernelOperation):
    """A sparse matrix times a dense one (minor, columns), or its transpose times one (major, columns).

    Operands: elements, indices, indptr, dense. minor: the size of the minor axis.
    """

    minor: Dim
    transposed: bool
    name = "sparse_product"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        elements, positions, starts, dense = operands
        _check_vectors(self.name, positions, starts)
        if elements.rank != 1 or dense.rank != 2:
            raise ShapeError(f"sparse_product: expected a vector and a matrix, got {elements} and {dense}")
        if elements.dtype != dense.dtype or dtypes.is_bool(dense.dtype):
            raise DTypeError(
                f"sparse_product: not defined for dtypes {elements.dtype.name} and {dense.dtype.name}"
            )
        dims.require_equal(elements.shape[0], positions.shape[0], "sparse matrix: data and indices")
        major = dims.subtract(starts.shape[0], 1)
        inner, outer = (major, self.minor) if self.transposed else (self.minor, major)
        dims.require_equal(inner, dense.shape[0], "sparse product: inner sizes")
        return (TensorType(dense.dtype, (outer, dense.shape[1])),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        elements, positions, starts, dense = operands
        check_positions(positions, starts, int(self.minor))
        major = len(starts) - 1
        row = runs_of(starts, len(positions))
        stored = row >= 0
        outer = self.minor if self.transposed else major
        result = np.zeros((int(outer), dense.shape[1]), dense.dtype)
        target, source = (positions, row) if self.transposed else (row, positions)
        np.add.at(result, target[stored], elements[stored, None] * dense[source[stored]])
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        elements, positions, starts, dense = operands
        cotangent, other = cotangents[0], conjugate(dense)
        left, right = (other, cotangent) if self.transposed else (cotangent, other)
        of_elements = apply_one(SampledProduct(), positions, starts, left, right)
        back = SparseProduct(self.minor, not self.transposed)
        of_dense = apply_one(back, conjugate(elements), positions, starts, cotangent)
        return [of_elements, None, None, of_dense]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        kind = "scatter" if self.transposed else "gather"
        kernel = _kernel(kind, operands[0].dtype, operands[1].dtype)
        minor = "sizes[5]" if self.transposed else "sizes[3]"
        return _call(kernel, "sizes[2] - 1", minor, "sizes[4]")


class SampledProduct(KernelOperation):
    """The elements of left (major, columns) times the transpose of right (minor, columns) at sparse places.

    Operands: indices, indptr, left, right.
    """

    name = "sampled_product"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        positions, starts, left, right = operands
        _check_vectors(self.name, positions, starts)
        if left.rank != 2 or right.rank != 2:
            raise ShapeError(f"sampled_product: expected matrices, got {left} and {right}")
        if left.dtype != right.dtype or dtypes.is_bool(left.dtype):
            raise DTypeError(
                f"sampled_product: not defined for dtypes {left.dtype.name} and {right.dtype.name}"
            )
        dims.require_equal(left.shape[0], dims.subtract(starts.shape[0], 1), "sampled product: rows")
        dims.require_equal(left.shape[1], right.shape[1], "sampled product: inner sizes")
        return (TensorType(left.dtype, positions.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        positions, starts, left, right = operands
        check_positions(positions, starts, len(right))
        row = runs_of(starts, len(positions))
        stored = row >= 0
        result = np.zeros(len(positions), left.dtype)
        result[stored] = np.sum(left[row[stored]] * right[positions[stored]], 1, dtype=left.dtype)
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        positions, starts, left, right = operands
        minor = base.shape_of(right)[0]
        vectors = (cotangents[0], positions, starts)
        of_left = apply_one(SparseProduct(minor, False), *vectors, conjugate(right))
        of_right = apply_one(SparseProduct(minor, True), *vectors, conjugate(left))
        return [None, None, of_left, of_right]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        kernel = _kernel("sample", operands[2].dtype, operands[0].dtype)
        return _call(kernel, "sizes[2]", "sizes[4]", "sizes[3]")


_MAJOR = """\
static int ct_major_positions_{index}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const {type} *starts = pointers[1];
    ct_int *out = pointers[2];
    const ct_int count = sizes[0], major = sizes[1] - 1;
    ct_int done = 0;
    for (ct_int place = 0; place < major; ++place) {{
        const ct_int first = starts[place], last = starts[place + 1];
        if (first != done || last < first || last > count) {{
            context->error[1] = 0, context->error[2] = last, context->error[3] = count;
            return CT_OUT_OF_RANGE;
        }}
        for (; done < last; ++done) out[done] = place;
    }}
    if (done == count) return CT_OK;
    context->error[1] = 0, context->error[2] = done, context->error[3] = count;
    return CT_OUT_OF_RANGE;
}}
"""


class MajorPositions(KernelOperation):
    """The place of every element on the major axis, int64. Operands: indices, indptr.

    The runs must follow each other from 0 to the number of elements, else it is an IndexError.
    """

    name = "major_positions"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        _check_vectors(self.name, *operands)
        return (TensorType(INT64, operands[0].shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        positions, starts = operands
        count = len(positions)
        if starts[0] != 0 or starts[-1] != count or (np.diff(starts) < 0).any():
            raise IndexError(f"sparse: indptr {starts} does not divide {count} elements into runs")
        return (np.repeat(np.arange(len(starts) - 1, dtype=np.int64), np.diff(starts)),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None, None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        index = operands[0].dtype
        source = _MAJOR.format(index=index.name, type=c_type(index))
        return CFunction(f"ct_major_positions_{index.name}", source, cost=1.0, fallible=True)

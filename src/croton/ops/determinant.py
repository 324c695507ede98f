"""Determinants: expansion by minors for small matrices, elimination with pivots for larger ones.

The derivative of a determinant is its cofactor matrix, which is defined for singular matrices too. For
n <= 4 everything is written out as products and sums of entries, so that derivatives of every order are
polynomials, right for singular and for tiny matrices too. For larger n the cofactors come from the
singular value decomposition, which loses nothing when the matrix is singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.dims import require_equal
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply, apply_one
from croton.ops.contraction import matmul
from croton.ops.elementwise import conjugate
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import ElementText
from croton.ops.shape import broadcast_to, expand_dims, reshape, transpose

WRITTEN_OUT = 4  # largest size whose determinant is a polynomial written out


def _check_square(name: str, operand: TensorType) -> None:
    if operand.dtype not in (dtypes.FLOAT32, dtypes.FLOAT64, *dtypes.COMPLEXES):
        raise DTypeError(f"{name} is not defined for dtype {operand.dtype.name}")
    if operand.rank < 2:
        raise ShapeError(f"{name}: expected a matrix or a stack of them, got {operand.rank} axes")
    require_equal(operand.shape[-1], operand.shape[-2], f"{name}: rows and columns of a square matrix")


class Elimination(KernelOperation):
    """What Gaussian elimination with partial pivoting tells of square matrices, stacked along leading axes.

    kind "det": the determinant. "slogdet": its sign (0 if singular, of size 1 if complex) and log|det|.
    """

    kind: str

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.kind

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        _check_square(self.name, operand)
        batch = operand.shape[:-2]
        determinant = TensorType(operand.dtype, batch)
        if self.kind == "det":
            return (determinant,)
        return determinant, TensorType(dtypes.real_dtype(operand.dtype), batch)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if self.kind == "det":
            return (np.asarray(np.linalg.det(operands[0])),)
        sign, logarithm = np.linalg.slogdet(operands[0])
        return np.asarray(sign), np.asarray(logarithm)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """det: g times the cofactors. slogdet: g inv(A)^H."""
        from croton.ops.arithmetic import multiply

        matrix = operands[0]
        if self.kind == "det":
            weight, slope = cotangents[0], conjugate(apply_one(Cofactors(), matrix))
        else:
            weight = self._weight_of_logarithm(outputs[0], cotangents)
            slope = adjoint(apply_one(Inverse(), matrix))
        return [multiply(expand_dims(weight, (-2, -1)), slope)]

    def _weight_of_logarithm(self, sign: Array, cotangents: Sequence[Array]) -> Array:
        """The cotangent of log det: its real part moves the logarithm, its imaginary part turns the sign."""
        from croton.ops.arithmetic import add, multiply, subtract

        dtype = base.dtype_of(sign)
        weight = base.cast(cotangents[1], dtype)
        if not dtypes.is_complex(dtype):
            return weight
        turned = multiply(conjugate(sign), cotangents[0])
        imaginary = multiply(subtract(turned, conjugate(turned)), 0.5)
        return add(weight, imaginary)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        real = ElementText(dtypes.real_dtype(element.dtype))
        rank = operands[0].rank
        name = f"ct_{self.kind}_{element.dtype.name}_{rank}"
        if self.kind == "det":
            singular, turn = "", f"sign = {element.call('multiply', 'sign', 'pivot')};"
        else:
            singular = "sign = 0; logarithm = -__builtin_inf(); break;"
            turn = f"sign = {element.call('multiply', 'sign', 'unit')}; logarithm += {real.call('log', 'm')};"
        source = _ELIMINATION.format(
            name=name,
            number=element.number,
            real=real.number,
            batch=" * ".join(f"sizes[{axis}]" for axis in range(rank - 2)) or "1",
            size=f"sizes[{rank - 1}]",
            magnitude=_magnitude(element.dtype),
            times=element.call("multiply", "factor", "row[j]"),
            quotient=element.call("divide", "a[i * n + k]", "pivot"),
            singular=singular or "sign = 0; break;",
            turn=turn,
            logarithms="" if self.kind == "det" else f"(({real.number} *)pointers[2])[b] = logarithm;",
        )
        return CFunction(name, source, (*element.functions, *real.functions), cost=5.0)


def _magnitude(dtype: dtypes.DType) -> str:
    """C for |x|."""
    real = dtypes.real_dtype(dtype)
    suffix = "" if real == dtypes.FLOAT64 else "f"
    if not dtypes.is_complex(dtype):
        return f"__builtin_fabs{suffix}(x)"
    number = "double" if real == dtypes.FLOAT64 else "float"
    return (
        f"({{ const {number} p = __builtin_fabs{suffix}(__real__ x), q = __builtin_fabs{suffix}(__imag__ x);"
        f" const {number} l = p > q ? p : q, s = p > q ? q : p;"
        f" l > 0 && l < __builtin_inf() ? l * __builtin_sqrt{suffix}(1 + (s / l) * (s / l)) : l + s; }})"
    )


_ELIMINATION = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const {number} *source = pointers[0];
    {number} *signs = pointers[1];
    const ct_int batch = {batch}, n = {size};
    {number} *a = context->scratch(context, n * n * (ct_int)sizeof({number}) + 64);
    if (!a) return CT_OUT_OF_MEMORY;
    for (ct_int b = 0; b < batch; ++b) {{
        __builtin_memcpy(a, source + b * n * n, (unsigned long)(n * n) * sizeof({number}));
        {number} sign = 1;
        {real} logarithm = 0;
        for (ct_int k = 0; k < n; ++k) {{
            ct_int best = k;
            {real} m = -1;
            for (ct_int i = k; i < n; ++i) {{
                const {number} x = a[i * n + k];
                const {real} size = {magnitude};
                if (size > m || size != size) m = size, best = i;
                if (size != size) break;
            }}
            if (m == 0) {{
                {singular}
            }}
            if (best != k) {{
                for (ct_int j = k; j < n; ++j) {{
                    const {number} kept = a[k * n + j];
                    a[k * n + j] = a[best * n + j];
                    a[best * n + j] = kept;
                }}
                sign = -sign;
            }}
            const {number} *row = a + k * n;
            const {number} pivot = row[k], unit = pivot / m;
            {turn}
            (void)unit;
            for (ct_int i = k + 1; i < n; ++i) {{
                const {number} factor = {quotient};
                {number} *target = a + i * n;
                for (ct_int j = k + 1; j < n; ++j) target[j] -= {times};
            }}
        }}
        signs[b] = sign;
        {logarithms}
        (void)logarithm;
    }}
    return CT_OK;
}}
"""


class Cofactors(Operation):
    """The derivative of the determinant by each entry, for square matrices of any size, singular or not."""

    name = "cofactors"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        _check_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        """conj(det(U) det(V^H)) U diag(product of the other singular values) V^H, conjugated."""
        matrix = operands[0]
        if matrix.size == 0:
            return (np.zeros_like(matrix),)
        if not np.isfinite(matrix).all():
            return (np.full_like(matrix, np.nan),)
        left, values, right = np.linalg.svd(matrix)
        count = values.shape[-1]
        others = np.stack([np.prod(np.delete(values, i, axis=-1), axis=-1) for i in range(count)], axis=-1)
        turn = np.linalg.det(left) * np.linalg.det(right)
        # cof(A) = det(A) A^-T, with A = U S V^H: A^-T = conj(U) S^-1 conj(V^H).
        cofactors = turn[..., None, None] * np.matmul(left.conj() * others[..., None, :], right.conj())
        return (cofactors.astype(matrix.dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """Of cof(A) = det(A) inv(A)^T: (sum(G cof) I - cof G^T) inv(A)^T, for regular matrices."""
        from croton.ops.arithmetic import multiply, subtract
        from croton.ops.reduction import sum as sum_over

        inverse = conjugate(transpose_last(apply_one(Inverse(), operands[0])))
        cofactors, cotangent = conjugate(outputs[0]), cotangents[0]
        total = sum_over(multiply(cotangent, cofactors), (-2, -1), keepdims=True)
        scaled = multiply(broadcast_to(total, base.shape_of(inverse)), inverse)
        turned = matmul(matmul(cofactors, transpose_last(cotangent)), inverse)
        return [subtract(scaled, turned)]


class Inverse(KernelOperation):
    """Inverses of square matrices by Gauss-Jordan elimination with partial pivoting; NaN where singular."""

    name = "inverse_by_elimination"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        _check_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        matrix = operands[0]
        try:
            return (np.linalg.inv(matrix),)
        except np.linalg.LinAlgError:
            result = np.full_like(matrix, np.nan)
            for index in np.ndindex(matrix.shape[:-2]):
                if np.linalg.det(matrix[index]) != 0:
                    result[index] = np.linalg.inv(matrix[index])
            return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        from croton.ops.arithmetic import negative

        inverse = adjoint(outputs[0])
        return [negative(matmul(matmul(inverse, cotangents[0]), inverse))]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        rank = operands[0].rank
        name = f"ct_inverse_{element.dtype.name}_{rank}"
        nan = '__builtin_nan("")'
        source = _INVERSE.format(
            name=name,
            number=element.number,
            real=ElementText(dtypes.real_dtype(element.dtype)).number,
            batch=" * ".join(f"sizes[{axis}]" for axis in range(rank - 2)) or "1",
            size=f"sizes[{rank - 1}]",
            magnitude=_magnitude(element.dtype),
            scaled=element.call("divide", "a[k * n + j]", "pivot"),
            scaled_result=element.call("divide", "y[k * n + j]", "pivot"),
            times=element.call("multiply", "factor", "a[k * n + j]"),
            times_result=element.call("multiply", "factor", "y[k * n + j]"),
            nan=nan,
        )
        return CFunction(name, source, element.functions, cost=10.0)


_INVERSE = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const {number} *source = pointers[0];
    const ct_int batch = {batch}, n = {size};
    {number} *a = context->scratch(context, n * n * (ct_int)sizeof({number}) + 64);
    if (!a) return CT_OUT_OF_MEMORY;
    for (ct_int b = 0; b < batch; ++b) {{
        {number} *y = ({number} *)pointers[1] + b * n * n;
        __builtin_memcpy(a, source + b * n * n, (unsigned long)(n * n) * sizeof({number}));
        for (ct_int i = 0; i < n * n; ++i) y[i] = i / n == i % n;
        for (ct_int k = 0; k < n; ++k) {{
            ct_int best = k;
            {real} m = -1;
            for (ct_int i = k; i < n; ++i) {{
                const {number} x = a[i * n + k];
                const {real} size = {magnitude};
                if (size > m) m = size, best = i;
            }}
            if (!(m > 0)) {{
                for (ct_int i = 0; i < n * n; ++i) y[i] = {nan};
                break;
            }}
            for (ct_int j = 0; j < n && best != k; ++j) {{
                const {number} p = a[k * n + j], q = y[k * n + j];
                a[k * n + j] = a[best * n + j], y[k * n + j] = y[best * n + j];
                a[best * n + j] = p, y[best * n + j] = q;
            }}
            const {number} pivot = a[k * n + k];
            for (ct_int j = 0; j < n; ++j) {{
                a[k * n + j] = {scaled};
                y[k * n + j] = {scaled_result};
            }}
            for (ct_int i = 0; i < n; ++i) {{
                const {number} factor = a[i * n + k];
                if (i == k) continue;
                for (ct_int j = 0; j < n; ++j) {{
                    a[i * n + j] -= {times};
                    y[i * n + j] -= {times_result};
                }}
            }}
        }}
    }}
    return CT_OK;
}}
"""


def transpose_last(matrix: Array) -> Array:
    """Rows and columns exchanged."""
    rank = base.rank_of(matrix)
    return transpose(matrix, (*range(rank - 2), rank - 1, rank - 2))


def adjoint(matrix: Array) -> Array:
    """The conjugate transpose."""
    return conjugate(transpose_last(matrix))


def _floating_matrix(x: object) -> Array:
    array = base.as_array(x)
    dtype = base.dtype_of(array)
    if dtype in (dtypes.FLOAT16, dtypes.BFLOAT16):
        return base.cast(array, dtypes.FLOAT32)
    return array if dtypes.is_inexact(dtype) else base.cast(array, dtypes.FLOAT64)


def _is_small(matrix: Array) -> bool:
    size = base.shape_of(matrix)[-1]
    return isinstance(size, int) and 1 <= size <= WRITTEN_OUT and base.shape_of(matrix)[-2] == size


def _entries(matrix: Array) -> list[list[Array]]:
    """Every entry of the last two axes as an array of the leading axes."""
    from croton.ops.slicing import slice_axis

    rank, size = base.rank_of(matrix), base.shape_of(matrix)[-1]
    batch = base.shape_of(matrix)[:-2]
    rows = [slice_axis(matrix, rank - 2, i, i + 1) for i in range(int(size))]
    return [[reshape(slice_axis(row, rank - 1, j, j + 1), batch) for j in range(int(size))] for row in rows]


def _polynomial(entries: list[list[Array]]) -> Array:
    """The determinant by expansion along the first row."""
    from croton.ops.arithmetic import add, multiply, subtract

    size = len(entries)
    if size == 1:
        return entries[0][0]
    if size == 2:
        return subtract(multiply(entries[0][0], entries[1][1]), multiply(entries[0][1], entries[1][0]))
    total: Array = None
    for column, entry in enumerate(entries[0]):
        minor = _polynomial([[other for j, other in enumerate(row) if j != column] for row in entries[1:]])
        term = multiply(entry, minor)
        total = term if total is None else subtract(total, term) if column % 2 else add(total, term)
    return total


def det(x: object) -> Array:
    """Determinants of square matrices, stacked along leading axes. Of a 0 by 0 matrix: 1.

    Raises:
        ShapeError: the last two axes differ, or there are fewer.
    """
    matrix = _floating_matrix(x)
    if base.rank_of(matrix) >= 2 and _is_small(matrix):
        return _polynomial(_entries(matrix))
    return apply_one(Elimination("det"), matrix)


def slogdet(x: object) -> tuple[Array, Array]:
    """The sign of the determinant and the logarithm of its absolute value, which cannot overflow.

    The derivative of the logarithm is inv(A)^H.

    Raises:
        ShapeError: the last two axes differ, or there are fewer.
    """
    matrix = _floating_matrix(x)
    sign, logarithm = apply(Elimination("slogdet"), matrix)
    return sign, logarithm

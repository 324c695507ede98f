"""QR factorisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.errors import NotDifferentiableError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply, apply_one
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import MatrixKernel, Routines, Stack, batch_rank
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrix,
    lower_half,
    product,
    require_matrix,
)
from croton.ops.linear_algebra.triangular import triangular
from croton.ops.slicing import slice_axis, smaller


class QR(MatrixKernel):
    """Q with orthonormal columns and R upper triangular, A = Q R.

    mode: "reduced" for Q (m, k), R (k, n), k = min(m, n); "complete" for Q (m, m), R (m, n); "r" for R alone,
    as reduced.
    """

    mode: str = "reduced"
    name = "qr"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_matrix(self.name, operands[0])
        *batch, rows, columns = operands[0].shape
        size = rows if self.mode == "complete" else smaller(rows, columns)
        upper = TensorType(operands[0].dtype, (*batch, size, columns))
        if self.mode == "r":
            return (upper,)
        return TensorType(operands[0].dtype, (*batch, rows, size)), upper

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        mode: Any = self.mode
        result: Any = np.linalg.qr(operands[0], mode)
        return (result,) if self.mode == "r" else tuple(result)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """With X the first k columns of A and U of R: (gQ + Q c(M)) U^-H, M = U gU^H - gQ^H Q.

        c copies the lower triangle to the upper one and takes the real part of the diagonal. Other columns
        Y = Q V add Y gV^H to gQ and have the gradient Q gV.

        After Walter and Lehmann, "On algorithmic differentiation of the QR decomposition" (2010), and Roberts
        and Roberts, "QR and LQ decomposition matrix backpropagation algorithms" (2020).
        """
        matrix = operands[0]
        rank, (rows, columns) = base.rank_of(matrix), base.shape_of(matrix)[-2:]
        if self.mode == "r":
            orthogonal, _ = apply(QR("reduced"), matrix)
            return _slope(matrix, orthogonal, outputs[0], None, cotangents[0])
        if self.mode == "complete" and smaller(rows, columns) != rows:
            sizes = dims.format_shape(base.shape_of(matrix)[rank - 2 :])
            raise NotDifferentiableError(
                f'qr: mode "complete" has no gradient for matrices {sizes} that may have more rows than '
                'columns, since the additional columns of Q are arbitrary; use mode "reduced"'
            )
        return _slope(matrix, outputs[0], outputs[1], *cotangents)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """By columns, the transpose A^T = L Q' is factored, whose transposes are what is wanted."""
        routines = Routines(operands[0].dtype)
        rank, number = operands[0].rank, routines.number
        generate = routines.for_dtype("orglq", "unglq")
        arrays = [("a", number, "size_m * size_n")]
        arrays += [] if self.mode == "r" else [("q", number, "size_m * size_q")]
        width = "size_m" if self.mode == "complete" else "size_k"
        arrays += [("r", number, f"{width} * size_n")]
        factor = routines.call("gelqf", "&n", "&m", "w", "&n", "tau", "work", "&length", "&info")
        ask = routines.call("gelqf", "&n", "&m", "&best", "&n", "&best", "&best", "&asked", "&info")
        before = f"{number} best = 0, most = 0;\nint asked = -1, info = 0;\n"
        before += f"if (n > 0 && m > 0) {ask}\nmost = best;"
        form = ""
        if self.mode != "r":
            ask = routines.call(
                generate, "&q_", "&m", "&k", "&best", "&q_", "&best", "&best", "&asked", "&info"
            )
            before += f"\nconst int q_ = (int)size_q;\nif (k > 0) {ask}\n"
            before += (
                "if (__real__ best > __real__ most) most = best;"
                if routines.is_complex
                else ("if (best > most) most = best;")
            )
            make = routines.call(generate, "&q_", "&m", "&k", "q", "&q_", "tau", "work", "&length", "&info")
            form = _FORM_Q.format(make=make)
        before += f"\nint length = (int){'__real__ ' if routines.is_complex else ''}most + 1;\n(void)length;"
        stack = Stack(
            f"ct_qr_{self.mode}_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"m": f"sizes[{rank - 2}]", "n": f"sizes[{rank - 1}]", "k": _SMALLER, "q": width},
            arrays,
            "if (k > 0) {\n"
            f"    __builtin_memcpy(w, a, (unsigned long)(size_m * size_n) * sizeof({number}));\n"
            f"    {factor}\n}}\n{form}"
            f"for (ct_int i = 0; i < {width}; ++i)\n"
            "    for (ct_int j = 0; j < size_n; ++j) r[i * size_n + j] = j < i ? 0 : w[i * size_n + j];",
            "4.0 * size_m * size_n * size_k",
            before=before,
            workspace={
                "w": (number, "size_m * size_n"),
                "tau": (number, "size_k"),
                "work": (number, "length"),
            },
        )
        return stack.function(routines, cost=40.0)


_SMALLER = "(size_m < size_n ? size_m : size_n)"

# The reflections lie in the first k rows of A^T, which are the first k columns of A.
_FORM_Q = """\
for (ct_int i = 0; i < size_m; ++i)
    for (ct_int j = 0; j < size_q; ++j) q[i * size_q + j] = j < size_k ? w[i * size_n + j] : i == j;
if (k > 0) {make}
"""


def _slope(matrix: Array, orthogonal: Array, upper: Array, of_q: Array | None, of_r: Array) -> Sequence[Any]:
    """The gradient by A; of_q: None for zero."""
    from croton.ops.arithmetic import add, subtract
    from croton.ops.shape import concatenate

    rank = base.rank_of(matrix)
    columns, size = base.shape_of(matrix)[-1], base.shape_of(upper)[-2]
    square = slice_axis(upper, rank - 1, 0, size)
    of_square = slice_axis(of_r, rank - 1, 0, size)
    beside, of_beside = (slice_axis(array, rank - 1, size, None) for array in (matrix, of_r))
    wide = columns != size
    if wide:
        extra = product(beside, adjoint(of_beside))
        of_q = extra if of_q is None else add(of_q, extra)
    inner = product(square, adjoint(of_square))
    if of_q is not None:
        inner = subtract(inner, product(adjoint(of_q), orthogonal))
    half = lower_half(inner)
    copied = add(half, adjoint(half))
    left = product(orthogonal, copied)
    if of_q is not None:
        left = add(left, of_q)
    of_first = adjoint(triangular(square, adjoint(left), False, "N"))
    if not wide:
        return [of_first]
    return [concatenate([of_first, product(orthogonal, of_beside)], -1)]


def qr(a: object, mode: str = "reduced") -> Any:
    """Q (..., m, k) with orthonormal columns and upper triangular R (..., k, n), a = Q R, k = min(m, n).

    mode: "reduced"; "complete" for a square Q, which has a gradient unless m > n; "r" for R alone. Signs are
    LAPACK's, as NumPy's. Gradients exist where the first k columns are independent.

    Raises:
        ShapeError: not a matrix or a stack of them. ValueError: another mode.
    """
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f'qr: mode must be "reduced", "complete" or "r", got {mode!r}')
    matrix = as_matrix(a)
    if mode == "r":
        return apply_one(QR("r"), matrix)
    orthogonal, upper = apply(QR(mode), matrix)
    return orthogonal, upper


__all__ = ["qr"]

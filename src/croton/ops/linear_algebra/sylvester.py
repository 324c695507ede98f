"""Sylvester's and Lyapunov's equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.contraction import kron
from croton.ops.elementwise import conjugate
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import (
    NO_UNIQUE_SOLUTION,
    NOT_CONVERGED,
    NOT_FINITE,
    MatrixKernel,
    Routines,
    Stack,
    batch_rank,
    failed,
)
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrices,
    for_each,
    identity_like,
    product,
    require_matrix,
    require_square,
    with_stack,
)
from croton.ops.linear_algebra.solving import solve
from croton.ops.shape import reshape

DIRECT_SIZE = 10  # up to here a discrete equation is solved as one system for all entries, as SciPy does


class Sylvester(MatrixKernel):
    """X with A X + X B = C, by Schur decompositions of A and B."""

    name = "solve_sylvester"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        a, b, c = operands
        for operand in (a, b):
            require_square(self.name, operand)
        require_matrix(self.name, c)
        if not a.dtype == b.dtype == c.dtype or not a.rank == b.rank == c.rank:
            raise DTypeError(f"{self.name}: operands {a}, {b} and {c} differ in dtype or rank")
        shown = ", ".join(dims.format_shape(operand.shape) for operand in operands)
        for axis in range(a.rank - 2):
            for operand in (b, c):
                dims.require_equal(a.shape[axis], operand.shape[axis], f"{self.name}: stacks of {shown}")
        dims.require_equal(a.shape[-1], c.shape[-2], f"{self.name}: sizes of {shown}")
        dims.require_equal(b.shape[-1], c.shape[-1], f"{self.name}: sizes of {shown}")
        return (c,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return for_each(self._evaluate_one, *operands)

    def _evaluate_one(self, a: NDArray, b: NDArray, c: NDArray) -> tuple[NDArray]:
        from scipy.linalg import get_lapack_funcs, schur

        if not c.size:
            return (c.copy(),)
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise failed(self.name, NOT_FINITE)
        (s, u), (t, v) = schur(a), schur(b)
        (trsyl,) = get_lapack_funcs(("trsyl",), (s, t, c))
        y, scale, info = trsyl(s, t, u.conj().T @ c @ v)
        if info:
            raise failed(self.name, NO_UNIQUE_SOLUTION)
        return (np.ascontiguousarray(u @ (y / scale) @ v.conj().T).astype(c.dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """S with A^H S + S B^H = G for C, and -S X^H and -X^H S (Kao and Hennequin 2020)."""
        from croton.ops.arithmetic import negative

        a, b, _ = operands
        slope = apply_one(Sylvester(), adjoint(a), adjoint(b), cotangents[0])
        turned = adjoint(outputs[0])
        return [negative(product(slope, turned)), negative(product(turned, slope)), slope]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """By columns, the transpose: B^T Y + Y A^T = C^T for Y = X^T, n by m."""
        routines = Routines(operands[0].dtype)
        rank, number, real = operands[0].rank, routines.number, routines.real
        workspace = {
            "s": (number, "size_n * size_n"),
            "t": (number, "size_m * size_m"),
            "u": (number, "size_n * size_n"),
            "v": (number, "size_m * size_m"),
            "half": (number, "size_m * size_n"),
            "work": (number, "length"),
            "values": (number, "2 * size_largest"),
            "flags": ("int", "size_largest"),
        }
        workspace |= {"reals": (real, "size_largest")} if routines.is_complex else {}
        best = "&best"
        ask = _schur(routines, "largest", best, best, best, best, "&asked", best, "&count")
        stack = Stack(
            f"ct_solve_sylvester_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"m": f"sizes[{rank - 1}]", "n": f"sizes[{2 * rank - 1}]", "largest": _LARGER},
            [
                ("a", number, "size_m * size_m"),
                ("b_", number, "size_n * size_n"),
                ("c", number, "size_m * size_n"),
                ("x", number, "size_m * size_n"),
            ],
            _each(routines),
            "25.0 * (size_m + size_n) * size_m * size_n",
            before=f"{number} best = 0;\nint asked = -1, info = 0, count = 0;\n"
            f"{number} one = 1, zero = 0;\n(void)one, (void)zero;\n"
            f"if (largest > 0) {ask}\n"
            f"int length = (int){'__real__ ' if routines.is_complex else ''}best + 1;\n(void)length;",
            workspace=workspace,
        )
        return stack.function(routines, cost=400.0)


_LARGER = "(size_m > size_n ? size_m : size_n)"


def _schur(
    routines: Routines, size: str, matrix: str, values: str, vectors: str, work: str, length: str, reals: str,
    flags: str,
) -> str:  # fmt: skip
    """A call that makes a matrix triangular (or, if real, nearly so) by a unitary similarity."""
    split = (
        [values] if routines.is_complex else [values, f"{values} + {size}" if values[0] != "&" else values]
    )
    extra = [reals] if routines.is_complex else []
    arguments = ['"V"', '"N"', "(void *)0", f"&{size}", matrix, f"&{size}", "&count", *split, vectors]
    return routines.call("gees", *arguments, f"&{size}", work, length, *extra, flags, "&info")


def _each(routines: Routines) -> str:
    def times(left: str, right: str, result: str, kinds: str, inner: str) -> str:
        leading = {"s": "&n", "t": "&m", "u": "&n", "v": "&m"}
        sizes = f"&n, &m, &{inner}, &one, {left}, {leading.get(left, '&n')}, {right}, "
        sizes += f"{leading.get(right, '&n')}, &zero, {result}, &n"
        return routines.call("gemm", f'"{kinds[0]}"', f'"{kinds[1]}"', *sizes.split(", "))

    solve = routines.call(
        "trsyl", '"N"', '"N"', "&one_way", "&n", "&m", "s", "&n", "t", "&m", "x", "&n", "&scale", "&info"
    )
    steps = [
        _schur(routines, "n", "s", "values", "u", "work", "&length", "reals", "flags"),
        f"if (info != 0) CT_FAIL({NOT_CONVERGED});",
        _schur(routines, "m", "t", "values", "v", "work", "&length", "reals", "flags"),
        f"if (info != 0) CT_FAIL({NOT_CONVERGED});",
        times("u", "c", "half", "CN", "n"),
        times("half", "v", "x", "NN", "m"),
        solve,
        f"if (info != 0) CT_FAIL({NO_UNIQUE_SOLUTION});",
        "for (ct_int i = 0; i < size_m * size_n; ++i) x[i] /= scale;",
        times("u", "x", "half", "NN", "n"),
        times("half", "v", "x", "NC", "m"),
    ]
    number = routines.number
    return (
        "if (m == 0 || n == 0) continue;\n"
        f"int one_way = 1;\n{routines.real} scale = 1;\n"
        f"if (!{routines.all_finite}(size_m * size_m, a) || !{routines.all_finite}(size_n * size_n, b_))\n"
        f"    CT_FAIL({NOT_FINITE});\n"
        f"__builtin_memcpy(s, b_, (unsigned long)(size_n * size_n) * sizeof({number}));\n"
        f"__builtin_memcpy(t, a, (unsigned long)(size_m * size_m) * sizeof({number}));\n" + "\n".join(steps)
    )


def solve_sylvester(a: object, b: object, q: object) -> Array:
    """x (..., m, n) with a x + x b = q, for a (..., m, m) and b (..., n, n).

    Raises:
        ShapeError: sizes do not fit. LinAlgError: a and -b share an eigenvalue, or entries are not finite.
    """
    operands = as_matrices(a, b, q)
    batch = dims.broadcast([base.shape_of(operand)[:-2] for operand in operands], "solve_sylvester")
    return apply_one(Sylvester(), *(with_stack(operand, batch) for operand in operands))


def solve_continuous_lyapunov(a: object, q: object) -> Array:
    """x with a x + x a^H = q: see `solve_sylvester`."""
    matrix, right = as_matrices(a, q)
    return solve_sylvester(matrix, adjoint(matrix), right)


def solve_discrete_lyapunov(a: object, q: object, method: str | None = None) -> Array:
    """x with a x a^H - x + q = 0, for matrices or stacks of them.

    method: "direct", one system of equations for all entries; "bilinear", by way of a continuous equation,
    which is faster for large matrices. None: direct for known sizes below 10, as SciPy does.

    Raises:
        ShapeError: sizes do not fit. ValueError: another method. LinAlgError: no unique solution.
    """
    matrix, right = as_matrices(a, q)
    size = base.shape_of(matrix)[-1]
    if method is None:
        method = "direct" if isinstance(size, int) and size < DIRECT_SIZE else "bilinear"
    if method == "direct":
        return _direct(matrix, right)
    if method == "bilinear":
        return _bilinear(matrix, right)
    raise ValueError(f'solve_discrete_lyapunov: method must be "direct" or "bilinear", got {method!r}')


def _direct(matrix: Array, right: Array) -> Array:
    from croton.ops.arithmetic import multiply, subtract
    from croton.ops.shape import expand_dims

    *batch, size, _ = base.shape_of(matrix)
    if not batch:
        system = kron(matrix, conjugate(matrix))
    else:
        whole = multiply(expand_dims(matrix, (-3, -1)), expand_dims(conjugate(matrix), (-4, -2)))
        system = reshape(whole, (*batch, dims.multiply(size, size), dims.multiply(size, size)))
    column = reshape(right, (*batch, dims.multiply(size, size), 1))
    return reshape(solve(subtract(identity_like(system), system), column), base.shape_of(right))


def _bilinear(matrix: Array, right: Array) -> Array:
    """With B = (A^H - I) (A^H + I)^-1: B^H X + X B = -2 (A + I)^-1 Q (A^H + I)^-1."""
    from croton.ops.arithmetic import add, multiply, subtract

    one = identity_like(matrix)
    plus = add(matrix, one)
    turned = solve(plus, subtract(matrix, one))  # B^H
    half = solve(plus, right)
    both = adjoint(solve(plus, adjoint(half)))
    return solve_sylvester(turned, adjoint(turned), multiply(both, -2.0))


__all__ = ["solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_sylvester"]

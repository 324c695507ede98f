"""The discrete algebraic Riccati equation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.errors import DTypeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.linear_algebra.matrices import (
    adjoint,
    as_matrices,
    for_each,
    hermitian_part,
    product,
    require_matrix,
    require_square,
    with_stack,
)
from croton.ops.linear_algebra.solving import Solve
from croton.ops.linear_algebra.sylvester import solve_discrete_lyapunov


class DiscreteRiccati(Operation):
    """The stabilising X with A^H X A - X - A^H X B (R + B^H X B)^-1 B^H X A + Q = 0; operands A, B, Q, R.

    It is SciPy's: compiled functions call it in Python.
    """

    name = "solve_discrete_are"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        a, b, q, r = operands
        for operand in (a, q, r):
            require_square(self.name, operand)
        require_matrix(self.name, b)
        if (
            len({operand.dtype for operand in operands}) > 1
            or len({operand.rank for operand in operands}) > 1
        ):
            raise DTypeError(f"{self.name}: operands {a}, {b}, {q} and {r} differ in dtype or rank")
        shown = ", ".join(dims.format_shape(operand.shape) for operand in operands)
        pairs = [(a.shape[-1], b.shape[-2]), (a.shape[-1], q.shape[-1]), (b.shape[-1], r.shape[-1])]
        for first, second in pairs:
            dims.require_equal(first, second, f"{self.name}: sizes of {shown}")
        return (q,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return for_each(self._evaluate_one, *operands)

    def _evaluate_one(self, a: NDArray, b: NDArray, q: NDArray, r: NDArray) -> tuple[NDArray]:
        from scipy.linalg import solve_discrete_are as scipy_solve

        if not a.size:
            return (q.copy(),)
        try:
            return (np.asarray(scipy_solve(a, b, q, r)).astype(q.dtype, copy=False),)
        except (np.linalg.LinAlgError, ValueError) as error:
            raise np.linalg.LinAlgError(f"{self.name}: {error}") from None

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """With the gain K and the closed loop C = A - B K: S = C S C^H + G for Q, 2 X C S for A, and so on.

        After Kao and Hennequin, "Automatic differentiation of Sylvester, Lyapunov, and algebraic Riccati
        equations" (2020). Q and R count as Hermitian.
        """
        from croton.ops.arithmetic import add, multiply, negative, subtract

        a, b, _, r = operands
        solution = outputs[0]
        turned = product(adjoint(b), solution)
        gain = apply_one(Solve(), add(r, product(turned, b)), product(turned, a))
        closed = subtract(a, product(b, gain))
        slope = solve_discrete_lyapunov(closed, hermitian_part(cotangents[0]), "bilinear")
        of_a = multiply(product(solution, closed, slope), 2.0)
        of_b = negative(product(of_a, adjoint(gain)))
        return [of_a, of_b, slope, product(gain, slope, adjoint(gain))]


def solve_discrete_are(a: object, b: object, q: object, r: object) -> Array:
    """The stabilising x with a^H x a - x - a^H x b (r + b^H x b)^-1 b^H x a + q = 0.

    a: (..., n, n). b: (..., n, m). q: (..., n, n) and r: (..., m, m), Hermitian.

    Raises:
        ShapeError: sizes do not fit. LinAlgError: there is no such solution.
    """
    operands = as_matrices(a, b, q, r)
    batch = dims.broadcast([base.shape_of(operand)[:-2] for operand in operands], "solve_discrete_are")
    return apply_one(DiscreteRiccati(), *(with_stack(operand, batch) for operand in operands))


__all__ = ["solve_discrete_are"]

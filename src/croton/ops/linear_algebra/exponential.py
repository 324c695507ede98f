"""The exponential of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph.dtypes import FLOAT32, FLOAT64, DType, real_dtype
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction
from croton.ops.linear_algebra.lapack import MatrixKernel, Routines, Stack, batch_rank
from croton.ops.linear_algebra.matrices import adjoint, as_matrix, for_each, require_square

# Coefficients of Pade approximants by degree, and the largest norm at which each is exact to rounding, for
# double and single precision: Higham, "The scaling and squaring method for the matrix exponential
# revisited" (2005), tables 2.3 and section 2.
_COEFFICIENTS: dict[int, tuple[float, ...]] = {
    3: (120, 60, 12, 1),
    5: (30240, 15120, 3360, 420, 30, 1),
    7: (17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1),
    9: (17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1),
    13: (
        64764752532480000,
        32382376266240000,
        7771770303897600,
        1187353796428800,
        129060195264000,
        10559470521600,
        670442572800,
        33522128640,
        1323241920,
        40840800,
        960960,
        16380,
        182,
        1,
    ),
}
_LARGEST_NORM: dict[DType, dict[int, float]] = {
    FLOAT64: {
        3: 1.495585217958292e-2,
        5: 2.539398330063230e-1,
        7: 9.504178996162932e-1,
        9: 2.097847961257068,
        13: 5.371920351148152,
    },
    FLOAT32: {3: 4.258730016922831e-1, 5: 1.880152677804762, 7: 3.925724783138660},
}


class MatrixExponential(MatrixKernel):
    """exp(A) by scaling and squaring a Pade approximant; NaN where entries are not finite."""

    name = "expm"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_square(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return for_each(self._evaluate_one, operands[0])

    def _evaluate_one(self, matrix: NDArray) -> tuple[NDArray]:
        from scipy.linalg import expm as scipy_expm

        if not matrix.size:
            return (matrix.copy(),)
        if not np.isfinite(matrix).all():
            return (np.full_like(matrix, np.nan),)
        return (np.asarray(scipy_expm(matrix)).astype(matrix.dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The Frechet derivative at A^H in the direction of the cotangent.

        It is the upper right block of exp([[A^H, G], [0, A^H]]) (Najfeld and Havel 1995), with G scaled to
        entries of at most 1 so that it does not decide how often is squared.
        """
        from croton.ops.arithmetic import absolute, divide, multiply, where
        from croton.ops.comparison import greater
        from croton.ops.gradient_control import stop_gradient
        from croton.ops.reduction import reduce
        from croton.ops.shape import concatenate, zeros_like
        from croton.ops.slicing import slice_axis

        turned, cotangent = adjoint(operands[0]), cotangents[0]
        rank, size = base.rank_of(turned), base.shape_of(turned)[-1]
        axes = (rank - 2, rank - 1)
        largest = reduce("max", absolute(stop_gradient(cotangent)), axes, True, empty=True)
        one = base.cast(1, base.dtype_of(largest))
        scale = base.cast(where(greater(largest, 0), largest, one), base.dtype_of(turned))
        upper = concatenate([turned, divide(cotangent, scale)], -1)
        lower = concatenate([zeros_like(turned), turned], -1)
        whole = apply_one(MatrixExponential(), concatenate([upper, lower], -2))
        block = slice_axis(slice_axis(whole, rank - 2, 0, size), rank - 1, size, None)
        return [multiply(block, scale)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """By columns A is its transpose, whose exponential is the transpose: nothing need be turned."""
        routines = Routines(operands[0].dtype)
        rank, number = operands[0].rank, routines.number
        highest = max(_LARGEST_NORM[real_dtype(routines.dtype)])
        powers = (
            ("powers2", "powers4", "powers6", "powers8") if highest > 7 else ("powers2", "powers4", "powers6")
        )
        names = (*powers, "odd", "even", "spare")
        stack = Stack(
            f"ct_expm_{operands[0].dtype.name}_{rank}",
            batch_rank(operands[0]),
            {"n": f"sizes[{rank - 1}]"},
            [("source", number, "size_n * size_n"), ("out", number, "size_n * size_n")],
            _each(routines),
            "20.0 * size_n * size_n * size_n",
            before=f"{number} one = 1, zero = 0;\n(void)one, (void)zero;\n"
            "const ct_int count = size_n * size_n;",
            workspace={"a": (number, "count"), **{name: (number, "count") for name in names}}
            | {"pivots": ("int", "size_n")},
        )
        return stack.function(routines, cost=200.0)


def _each(routines: Routines) -> str:
    limits = _LARGEST_NORM[real_dtype(routines.dtype)]

    def times(left: str, right: str, result: str) -> str:
        arguments = f'"N", "N", &n, &n, &n, &one, {left}, &n, {right}, &n, &zero, {result}, &n'
        return routines.call("gemm", *arguments.split(", "))

    def combined(target: str, terms: dict[str, float], constant: float = 0) -> str:
        """A sum of multiples of matrices and of the identity."""
        total = " + ".join(f"({routines.real}){factor:.1f} * {name}[i]" for name, factor in terms.items())
        lines = f"for (ct_int i = 0; i < count; ++i) {target}[i] = {total or '0'};\n"
        if constant:
            number = f"({routines.real}){constant:.1f}"
            lines += f"for (ct_int i = 0; i < size_n; ++i) {target}[i * size_n + i] += {number};\n"
        return lines

    powers = ("powers2", "powers4", "powers6", "powers8")
    making = {
        "powers2": times("a", "a", "powers2"),
        "powers4": times("powers2", "powers2", "powers4"),
        "powers6": times("powers4", "powers2", "powers6"),
        "powers8": times("powers4", "powers4", "powers8"),
    }
    highest = max(limits)
    cases = []
    for degree in limits:
        factors = _COEFFICIENTS[degree]
        if degree < 13:
            used = powers[: degree // 2]
            text = "".join(f"{making[name]}\n" for name in used)
            odd = {name: factors[2 * position + 3] for position, name in enumerate(used)}
            even = {name: factors[2 * position + 2] for position, name in enumerate(used)}
            text += combined("spare", odd, factors[1]) + combined("even", even, factors[0])
        else:
            used = powers[:3]
            text = "".join(f"{making[name]}\n" for name in used)
            text += combined("spare", dict(zip(used, factors[9:14:2], strict=True)))
            text += f"{times('powers6', 'spare', 'odd')}\n"
            text += combined("spare", {"odd": 1, **dict(zip(used, factors[3:8:2], strict=True))}, factors[1])
            text += combined("odd", dict(zip(used, factors[8:13:2], strict=True)))
            text += f"{times('powers6', 'odd', 'even')}\n"
            text += combined("even", {"even": 1, **dict(zip(used, factors[2:7:2], strict=True))}, factors[0])
        test = f"if (norm <= ({routines.real}){limits[degree]!r}) " if degree != highest else ""
        cases.append(f"{test}{{\n{text}}}")
    choice = " else ".join(cases)
    solve = routines.call("gesv", "&n", "&n", "spare", "&n", "pivots", "out", "&n", "&info")
    size = (
        "({ const R p = __real__ x, q = __imag__ x; (p < 0 ? -p : p) + (q < 0 ? -q : q); })"
        if routines.is_complex
        else "(x < 0 ? -x : x)"
    ).replace("const R", f"const {routines.real}")
    return _EXPM.format(
        number=routines.number,
        real=routines.real,
        size=size,
        limit=repr(limits[highest]),
        choice=choice,
        odd=times("a", "spare", "odd"),
        solve=solve,
        square=times("out", "out", "spare"),
    )


_EXPM = """\
if (n == 0) continue;
{real} norm = 0;
for (ct_int i = 0; i < size_n; ++i) {{
    {real} total = 0;
    for (ct_int j = 0; j < size_n; ++j) {{
        const {number} x = source[i * size_n + j];
        total += {size};
    }}
    if (!(total <= norm)) norm = total;
}}
if (norm - norm != 0) {{
    for (ct_int i = 0; i < count; ++i) out[i] = __builtin_nan("");
    continue;
}}
int squarings = 0, info = 0;
{real} factor = 1;
while (norm > ({real}){limit}) {{
    norm *= ({real})0.5;
    factor *= ({real})0.5;
    ++squarings;
}}
for (ct_int i = 0; i < count; ++i) a[i] = source[i] * factor;
{choice}
{odd}
for (ct_int i = 0; i < count; ++i) {{
    out[i] = even[i] + odd[i];
    spare[i] = even[i] - odd[i];
}}
{solve}
for (int s = 0; s < squarings; ++s) {{
    {square}
    __builtin_memcpy(out, spare, (unsigned long)count * sizeof({number}));
}}
"""


def expm(a: object) -> Array:
    """The exponential of square matrices, stacked along leading axes; derivatives of every order.

    Raises:
        ShapeError: not square.
    """
    return apply_one(MatrixExponential(), as_matrix(a))


__all__ = ["expm"]

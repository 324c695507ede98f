"""Linear algebra: matrices that are well conditioned, symmetric ones made so inside the expression.

Outputs do not depend on signs and phases of eigenvectors and singular vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import croton.tensor as T

from .case import Case

NDArray = np.ndarray[Any, Any]


def sample(*shape: int, seed: int = 0, dtype: str = "float64") -> NDArray:
    random = np.random.default_rng(seed)
    real = random.standard_normal(shape)
    return real + 1j * random.standard_normal(shape) if dtype == "complex128" else real


def regular(size: int, *batch: int, seed: int = 1, dtype: str = "float64") -> NDArray:
    """Far from singular, with eigenvalues and singular values that differ."""
    return 0.4 * sample(*batch, size, size, seed=seed, dtype=dtype) + np.diag(1.5 + np.arange(size))


def hermitian(x: Any) -> Any:
    return (x + T.conj(T.swapaxes(x, -1, -2))) / 2


def positive(x: Any) -> Any:
    """Hermitian and positive definite."""
    return T.matmul(x, T.conj(T.swapaxes(x, -1, -2)))


def squared_sizes(x: Any) -> Any:
    """What does not depend on signs and phases of vectors."""
    return T.real(x) ** 2 + T.imag(x) ** 2 if "complex" in str(x.dtype) else x**2


def both(
    name: str, build: Callable[..., Any], *makers: Callable[[str], NDArray], rtol: float = 1e-6
) -> list[Case]:
    """The same for real and for complex matrices."""
    return [
        Case(f"{name}-{dtype}", build, tuple(make(dtype) for make in makers), rtol)
        for dtype in ("float64", "complex128")
    ]


def one(name: str, build: Callable[..., Any], *makers: Callable[[str], NDArray], rtol: float = 1e-6) -> Case:
    """For complex matrices, whose formulas hold for real ones too."""
    return both(name, build, *makers, rtol=rtol)[1]


def square(size: int = 3, *batch: int, seed: int = 1) -> Callable[[str], NDArray]:
    return lambda dtype: regular(size, *batch, seed=seed, dtype=dtype)


def dense(*shape: int, seed: int = 2) -> Callable[[str], NDArray]:
    return lambda dtype: sample(*shape, seed=seed, dtype=dtype)


def eigh_parts(x: Any) -> list[Any]:
    values, vectors = T.linalg.eigh(hermitian(x))
    return [values, squared_sizes(vectors)]


def eig_parts(x: Any) -> list[Any]:
    values, vectors = T.linalg.eig(x)
    return [values, squared_sizes(vectors)]


def pair_parts(x: Any, y: Any) -> list[Any]:
    values, vectors = T.linalg.eigh(hermitian(x), positive(y))
    return [values, squared_sizes(vectors), T.linalg.eigvalsh(hermitian(x), positive(y), lower=False)]


def svd_parts(x: Any) -> list[Any]:
    left, values, right = T.linalg.svd(x, full_matrices=False)
    joint = T.matmul(left[..., :, :2], right[..., :2, :])
    return [values, squared_sizes(left), squared_sizes(right), joint]


def systems(x: Any, y: Any) -> list[Any]:
    solved = [T.linalg.solve(x, y), T.linalg.solve(x, y, transposed=True)]
    kinds = [T.linalg.solve(hermitian(x), y, assume_a="her"), T.linalg.solve(positive(x), y, assume_a="pos")]
    adjoint = T.linalg.solve(T.conj(T.swapaxes(x, -1, -2)), y)
    return [*solved, *kinds, adjoint, T.linalg.cho_solve((T.linalg.cholesky(positive(x)), True), y)]


def triangular_systems(x: Any, y: Any) -> list[Any]:
    return [
        T.linalg.solve_triangular(x, y, trans, lower, unit)
        for trans in ("N", "T", "C")
        for lower, unit in ((True, False), (False, True))
    ]


def lu_systems(x: Any, y: Any) -> list[Any]:
    factors = T.linalg.lu_factor(x)
    return [factors[0], *(T.linalg.lu_solve(factors, y, trans) for trans in (0, 1, 2))]


def lu_parts(x: Any) -> list[Any]:
    _, lower, upper = T.linalg.lu(x)
    return [lower, upper, T.linalg.lu(x, permute_l=True)[0]]


def norms(x: Any) -> list[Any]:
    return [T.linalg.norm(x, order) for order in (2, -2, "nuc")] + [T.linalg.cond(x), T.linalg.cond(x, "fro")]


def cholesky_factors(x: Any) -> list[Any]:
    return [T.linalg.cholesky(positive(x)), T.linalg.cholesky(positive(x), lower=False)]


def discrete_lyapunov(x: Any, y: Any) -> list[Any]:
    return [T.linalg.solve_discrete_lyapunov(x, y, method) for method in ("direct", "bilinear")]


def riccati(a: Any, b: Any, q: Any, r: Any) -> Any:
    return T.linalg.solve_discrete_are(a, b, positive(q), positive(r))


def several_products(x: Any, y: Any) -> list[Any]:
    return [T.linalg.multi_dot([x, y, x]), T.linalg.matrix_dot(y, x)]


def tensor_systems(x: Any, y: Any) -> list[Any]:
    tensor = T.reshape(x, (2, 2, 4))
    return [T.linalg.tensorinv(tensor), T.linalg.tensorsolve(tensor, y)]


CASES = [
    one("solve", systems, square(3, 2), dense(2, 3, 2)),
    one("solve-vector", lambda x, y: T.linalg.solve(x, y), square(), dense(3)),
    one("solve-symmetric", lambda x, y: T.linalg.solve(x + x.T, y, assume_a="sym"), square(), dense(3, 2)),
    one("solve-triangular", triangular_systems, square(3, 2), dense(2, 3, 2)),
    one("inv", T.linalg.inv, square(3, 2)),
    one("cholesky", cholesky_factors, square()),
    one("lu-systems", lu_systems, square(), dense(3, 2)),
    one("lu", lu_parts, square(3)),
    one("lu-tall", lu_parts, dense(4, 2)),
    one("lu-wide", lu_parts, dense(2, 4)),
    one("qr", T.linalg.qr, square(3, 2)),
    one("qr-tall", T.linalg.qr, dense(4, 2)),
    one("qr-wide", T.linalg.qr, dense(2, 4)),
    one("qr-complete", lambda x: [*T.linalg.qr(x, "complete"), T.linalg.qr(x, "r")], dense(2, 3)),
    *both("svd", svd_parts, square(3, 2)),
    one("svd-tall", svd_parts, dense(4, 3)),
    one("svd-wide", svd_parts, dense(2, 4)),
    one("svd-full", lambda x: squared_sizes(T.linalg.svd(x)[0]), square()),
    one("norms", norms, square()),
    one("eigh", eigh_parts, square(3, 2)),
    one("eigh-of-pairs", pair_parts, square(), square(seed=4)),
    one("eigvalsh", lambda x: T.linalg.eigvalsh(hermitian(x)), square()),
    *both("eig", eig_parts, square(3, 2)),
    *both("eigvals", T.linalg.eigvals, dense(3, 3)),
    one("det", T.linalg.det, square(5), rtol=1e-5),
    one("slogdet", T.linalg.slogdet, square(3, 2)),
    one("expm", lambda x: [T.linalg.expm(0.1 * x), T.linalg.expm(x)], dense(3, 3)),
    one("pinv", lambda x: T.linalg.pinv(x, rcond=1e-9), dense(2, 3)),
    one("pinv-hermitian", lambda x: T.linalg.pinv(hermitian(x), hermitian=True), square()),
    one("lstsq", lambda x, y: T.linalg.lstsq(x, y)[:2], dense(4, 2), dense(4, 2, seed=3)),
    one("lstsq-wide", lambda x, y: T.linalg.lstsq(x, y)[0], dense(2, 3), dense(2, seed=3)),
    one("sylvester", T.linalg.solve_sylvester, square(), square(2, seed=3), dense(3, 2)),
    one("continuous-lyapunov", T.linalg.solve_continuous_lyapunov, square(), dense(3, 3)),
    one("discrete-lyapunov", discrete_lyapunov, square(), dense(3, 3)),
    *both("riccati", riccati, dense(3, 3), dense(3, 2), square(seed=5), square(2, seed=6)),
    one("matrix-power", lambda x: [T.linalg.matrix_power(x, n) for n in (-2, 0, 3)], square(3, 2)),
    one("multi-dot", several_products, dense(2, 3), dense(3, 2)),
    one("block-diag", T.linalg.block_diag, dense(2, 3), dense(1, 2)),
    one("tensor-systems", tensor_systems, square(4), dense(2, 2)),
]

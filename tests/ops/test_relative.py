"""Stable functions and their derivatives up to the fourth order, against mpmath, where formulas cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import croton as ct
import croton.tensor as T

Truth = Callable[[Any], Any]
NEAR_ZERO = [1e-12, -1e-9, 1e-5, -0.003, 0.2, -0.7]


def derivatives(name: str, order: int) -> Any:
    """The function and its derivatives, compiled."""
    x = T.dvector("x")
    values = [getattr(T, name)(x)]
    for _ in range(order):
        values.append(ct.grad(values[-1].sum(), x))
    return ct.function([x], values)


def truth(function: Truth, x: float, order: int) -> float:
    """By differences at 160 digits, which no cancellation here exhausts."""
    with mpmath.workdps(160):
        return float(mpmath.diff(function, mpmath.mpf(x), order, h=mpmath.mpf(10) ** -24))


CASES: dict[str, tuple[Truth, list[float]]] = {
    "log1mexp": (lambda x: mpmath.log(-mpmath.expm1(x)), [-1e-9, -0.01, -0.5, -0.8, -5.0, -40.0, -80.0]),
    "exprel": (lambda x: mpmath.expm1(x) / x, [*NEAR_ZERO, 3.0, -30.0, -39.0, 41.0, -300.0, 300.0]),
    "log1prel": (lambda x: mpmath.log1p(x) / x, [*NEAR_ZERO, 3.0, 50.0, 1e6, -0.99]),
    "sinc_unnormalized": (lambda x: mpmath.sin(x) / x, [*NEAR_ZERO, 3.0, -5.5, 40.0]),
    "sinhc": (lambda x: mpmath.sinh(x) / x, [*NEAR_ZERO, 3.0, -20.0, 60.0]),
    "cosm1": (lambda x: -2 * mpmath.sin(x / 2) ** 2, [*NEAR_ZERO, 3.0]),
    "coshm1": (lambda x: 2 * mpmath.sinh(x / 2) ** 2, [*NEAR_ZERO, 3.0, 30.0]),
    "log_cosh": (lambda x: mpmath.log(mpmath.cosh(x)), [*NEAR_ZERO, 3.0, 20.0, -30.0]),
    "sqrt1pm1": (lambda x: x / (mpmath.sqrt(1 + x) + 1), [*NEAR_ZERO, 3.0, 1e6, -0.999]),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), [0.0, 0.5, 0.99, 1.01, 2.0, 5.0, 30.0, -2.0]),
    "log_erfc": (lambda x: mpmath.log(mpmath.erfc(x)), [0.1, 0.6, 3.0, 8.0, -1.0]),
    "log_ndtr": (lambda x: mpmath.log(mpmath.ncdf(x)), [-10.0, -3.0, -0.5, 0.5, 3.0]),
    "ndtr": (mpmath.ncdf, [-9.0, -1.1, 0.3, 2.0]),
    "log_sigmoid": (lambda x: -mpmath.log1p(mpmath.exp(-x)), [-30.0, -1.0, 0.5, 30.0]),
    "logistic_density": (
        lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2,
        [-30.0, -1.0, 1e-9, 0.5, 30.0],
    ),
    "softplus": (lambda x: mpmath.log1p(mpmath.exp(x)), [-30.0, -1.0, 0.5, 30.0]),
    "tanh": (mpmath.tanh, [0.1, 2.0, 20.0, -30.0]),
    "sinc": (lambda x: mpmath.sinc(mpmath.pi * x), [1e-9, 0.3, 1.4]),
    "gammaln": (mpmath.loggamma, [0.3, 1.5, 4.0, 30.0]),
    "gamma": (mpmath.gamma, [0.3, 1.5, 4.0, 11.9, 12.1, 30.0, -0.5, -3.3]),
    "digamma": (mpmath.digamma, [0.3, 2.5, 30.0]),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_keep_their_relative_accuracy(name: str) -> None:
    function, points = CASES[name]
    # later ones are those of tanh, relative to its size at 1
    order = 2 if name in ("log_cosh", "logistic_density") else 4
    computed = np.array(derivatives(name, order)(np.array(points)))
    expected = np.array([[truth(function, x, k) for x in points] for k in range(order + 1)])
    # by a derivative's own size, or that of its terms where it passes through zero
    size = np.maximum(
        np.abs(expected), 1e-3 * np.abs(expected).max(axis=0) if name in ("sinc_unnormalized",) else 0
    )
    with np.errstate(all="ignore"):
        error = np.where(expected == computed, 0, np.abs(computed - expected) / size)
    assert error.max() < 3e-11, (
        f"{np.argwhere(error >= 3e-11).tolist()} {error.max():.1e}\n{computed}\n{expected}"
    )


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("x", [0.01, 0.7, 3.0, 25.0, -0.4, -7.3])
def test_polygamma(n: int, x: float) -> None:
    v = T.dvector("v")
    computed = ct.function([v], T.polygamma(n, v))(np.array([x]))
    np.testing.assert_allclose(computed, float(mpmath.polygamma(n, x)), rtol=1e-12)


def test_polygamma_refuses_other_orders() -> None:
    with pytest.raises(ValueError, match="n must not be negative, got -1"):
        T.polygamma(-1, 0.5)
    with pytest.raises(TypeError, match=r"n must be an int, got 1\.5"):
        T.polygamma(1.5, 0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("x", [-700.0, -38.0, -30.0, -3.0, 0.0, 2.0, 30.0])
def test_normal_distribution_in_its_tails(x: float) -> None:
    v = T.dvector("v")
    distribution, logarithm = ct.function([v], [T.ndtr(v), T.log_ndtr(v)])(np.array([x]))
    with mpmath.workdps(400):
        exact = mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2
        np.testing.assert_allclose(distribution, float(exact), rtol=4e-15, atol=5e-324)
        np.testing.assert_allclose(logarithm, float(mpmath.log(exact)), rtol=4e-15)


def test_limits() -> None:
    v = T.dvector("v")
    names = ["exprel", "log1prel", "sinc_unnormalized", "sinhc", "log_cosh", "log1mexp", "sqrt1pm1"]
    results = ct.function([v], [getattr(T, name)(v) for name in names])(np.array([0.0, np.inf, -np.inf]))
    expected = {
        "exprel": [1, np.inf, 0],
        "log1prel": [1, 0, np.nan],
        "sinc_unnormalized": [1, 0, 0],
        "sinhc": [1, np.inf, np.inf],
        "log_cosh": [0, np.inf, np.inf],
        "log1mexp": [-np.inf, np.nan, 0],
        "sqrt1pm1": [0, np.inf, np.nan],
    }
    for name, result in zip(names, results, strict=True):
        np.testing.assert_array_equal(result, expected[name], err_msg=name)

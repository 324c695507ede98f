"""Continuous distributions: numbers follow them, with any key, dtype and shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import croton as ct
import croton.tensor as T
from croton.graph.errors import NotDifferentiableError

R = T.random
CASES: dict[str, tuple[str, tuple[float, ...], Any]] = {
    "laplace": ("laplace", (1.0, 2.0), st.laplace(1, 2)),
    "logistic": ("logistic", (1.0, 2.0), st.logistic(1, 2)),
    "gumbel": ("gumbel", (1.0, 2.0), st.gumbel_r(1, 2)),
    "cauchy": ("cauchy", (1.0, 2.0), st.cauchy(1, 2)),
    "lognormal": ("lognormal", (0.5, 0.7), st.lognorm(0.7, scale=np.exp(0.5))),
    "rayleigh": ("rayleigh", (2.0,), st.rayleigh(scale=2)),
    "weibull": ("weibull", (1.5, 2.0), st.weibull_min(1.5, scale=2)),
    "pareto": ("pareto", (3.0,), st.lomax(3)),
    "power": ("power", (2.5,), st.powerlaw(2.5)),
    "triangular": ("triangular", (-1.0, 0.5, 2.0), st.triang(0.5, -1, 3)),
    "wald": ("wald", (1.5, 3.0), st.invgauss(0.5, scale=3)),
    "exponential": ("exponential", (2.0,), st.expon(scale=2)),
    "gamma": ("gamma", (2.5, 2.0), st.gamma(2.5, scale=2)),
    "gamma below one": ("gamma", (0.3, 1.0), st.gamma(0.3)),
    "gamma of many": ("gamma", (1e12, 1.0), st.norm(1e12, 1e6)),
    "chisquare": ("chisquare", (3.0,), st.chi2(3)),
    "f": ("f", (5.0, 7.0), st.f(5, 7)),
    "standard_t": ("standard_t", (4.0,), st.t(4)),
    "beta": ("beta", (0.5, 2.0), st.beta(0.5, 2)),
    "vonmises": ("vonmises", (0.0, 2.0), st.vonmises(2)),
    "vonmises flat": ("vonmises", (0.0, 0.0), st.uniform(-np.pi, 2 * np.pi)),
    "vonmises almost flat": ("vonmises", (0.0, 1e-6), st.uniform(-np.pi, 2 * np.pi)),
    "vonmises narrow": ("vonmises", (0.0, 1e9), st.norm(0, 1e9**-0.5)),
}
COUNT = 10000


@pytest.mark.parametrize("name", CASES)
def test_distribution(name: str) -> None:
    function, parameters, distribution = CASES[name]
    drawn = getattr(R, function)((COUNT,), *parameters, key=R.key(21)).data
    assert drawn.dtype == np.float64 and drawn.shape == (COUNT,)
    assert st.kstest(drawn, distribution.cdf).pvalue > 1e-3


def test_compiled_and_eager_agree_and_shapes_come_from_parameters() -> None:
    key = T.tensor("uint64", shape=(2,), name="key")
    names = [name for name in CASES if name not in ("gamma of many", "vonmises narrow")]
    arrays = {
        name: [np.full(s, p) for s, p in zip([(3, 1), (4,), ()], CASES[name][1], strict=False)]
        for name in names
    }
    draws = [getattr(R, CASES[name][0])(None, *arrays[name], key=key) for name in names]
    found = ct.function([key], draws)(R.key(8).data)
    for name, compiled in zip(names, found, strict=True):
        eager = getattr(R, CASES[name][0])(None, *arrays[name], key=R.key(8)).data
        assert compiled.shape == np.broadcast_shapes(*(a.shape for a in arrays[name])), name
        np.testing.assert_allclose(compiled, eager, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes(dtype: str) -> None:
    for name in ("laplace", "gamma", "beta", "wald", "lognormal"):
        function, parameters, _ = CASES[name]
        drawn = getattr(R, function)((4,), *parameters, dtype=dtype, key=R.key(1)).data
        wide = getattr(R, function)((4,), *parameters, key=R.key(1)).data
        assert drawn.dtype.name == dtype
        if name != "lognormal":  # normals of other widths are other numbers
            np.testing.assert_allclose(drawn.astype(float), wide, rtol=2e-2)
    with pytest.raises(TypeError, match=r"random.gamma: expected a floating dtype, got int32"):
        R.gamma((2,), 1.0, dtype="int32")


def test_dirichlet() -> None:
    alpha = np.array([0.5, 2.0, 5.0])
    drawn = R.dirichlet((COUNT,), alpha, key=R.key(4)).data
    assert drawn.shape == (COUNT, 3)
    np.testing.assert_allclose(drawn.sum(-1), 1)
    for outcome in range(3):
        marginal = st.beta(alpha[outcome], alpha.sum() - alpha[outcome])
        assert st.kstest(drawn[:, outcome], marginal.cdf).pvalue > 1e-3
    assert np.isfinite(R.dirichlet((50,), np.full(3, 1e-3), key=R.key(4)).data).all()
    with pytest.raises(ValueError, match="expected alpha with an axis of outcomes"):
        R.dirichlet((3,), 1.0)


def test_multivariate_normal() -> None:
    mean, cov = np.array([1.0, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    drawn = R.multivariate_normal((COUNT,), mean, cov, key=R.key(9)).data
    assert drawn.shape == (COUNT, 2)
    white = np.linalg.solve(np.linalg.cholesky(cov), (drawn - mean).T)
    for component in white:
        assert st.kstest(component, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(white)[0, 1]) < 0.05
    several = R.multivariate_normal((4,), np.zeros((3, 2)), np.stack([cov] * 3), key=R.key(1))
    assert several.shape == (4, 3, 2)
    assert R.multivariate_normal(None, mean, cov, dtype="float32", key=R.key(1)).data.dtype == np.float32


def test_multivariate_normal_has_gradients_and_refuses_what_is_no_covariance() -> None:
    mean, cov = T.dvector("mean"), T.dmatrix("cov")
    drawn = R.multivariate_normal((5,), mean, cov, key=R.key(2))
    slopes = ct.function([mean, cov], [drawn, *ct.grad(T.sum(T.square(drawn)), [mean, cov])])
    at = np.array([0.3, -0.4]), np.array([[1.0, 0.2], [0.2, 2.0]])
    value, by_mean, by_cov = slopes(*at)
    np.testing.assert_allclose(by_mean, 2 * value.sum(0))
    step = 1e-6 * np.array([[1.0, 0.5], [0.5, -1.0]])
    high, low = (np.square(slopes(at[0], at[1] + sign * step)[0]).sum() for sign in (1, -1))
    np.testing.assert_allclose(np.sum(by_cov * step), (high - low) / 2, rtol=1e-6)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        slopes(at[0], -at[1])
    with pytest.raises(ValueError, match="expected a vector of means and a matrix"):
        R.multivariate_normal((3,), 1.0, at[1])


def test_gradients_by_parameters_where_numbers_are_formulas_of_them() -> None:
    names = ["laplace", "logistic", "gumbel", "cauchy", "lognormal", "weibull"]
    first, second = T.scalar("first"), T.scalar("second")
    draws = [T.sum(getattr(R, name)((5,), first, second, key=3)) for name in names]
    slopes = [slope for draw in draws for slope in ct.grad(draw, [first, second])]
    at, step = np.array([0.7, 1.3]), 1e-6
    f = ct.function([first, second], [*draws, *slopes])
    slope = np.array(f(*at)[len(names) :]).reshape(-1, 2)
    for parameter, direction in enumerate(np.eye(2) * step):
        high, low = (np.array(f(*(at + sign * direction))[: len(names)]) for sign in (1, -1))
        np.testing.assert_allclose(slope[:, parameter], (high - low) / (2 * step), rtol=1e-6)


def test_rejection_has_no_gradient_and_says_so() -> None:
    a = T.scalar("a")
    with pytest.raises(NotDifferentiableError, match=r"random_log_gamma has no gradient"):
        ct.grad(T.sum(R.gamma((3,), a, key=3)), a)
    scale = ct.grad(T.sum(R.gamma((3,), 2.0, a, key=3)), a)
    np.testing.assert_allclose(
        ct.function([a], scale, on_unused_input="ignore")(5.0), R.gamma((3,), 2.0, key=3).data.sum()
    )


def test_parameters_that_do_not_fit_the_shape_are_an_error() -> None:
    for draw in (R.normal, R.uniform, R.laplace, R.gamma):
        with pytest.raises(ValueError, match=r"do not broadcast"):
            draw((3,), np.ones((2, 3)))
        with pytest.raises(ValueError, match=r"do not broadcast"):
            draw((2, 1), np.ones((2, 3)))
    np.testing.assert_array_equal(R.normal(mean=np.ones((2, 3)), std=0.0).data, np.ones((2, 3)))

"""Activation functions that are formulas of others: values, extremes, bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T

from .agreement import NDArray, computed, sample

X = np.concatenate([sample((40,)) * 3, [-1.0, 0.0, 1.0, 0.5, -0.5, 3.4, 6.0, -6.0]])
HUGE = np.array([-1e300, -1e4, -800.0, 0.0, 800.0, 1e4, 1e300])
sigmoid = scipy.special.expit


def ultra_fast(x: NDArray) -> NDArray:
    """Theano's definition, number by number."""
    z = np.abs(x) / 2
    line = 0.935409070603099 + 0.0458812946797165 * (z - 1.7)
    t = np.where(z < 1.7, 1.5 * z / (1 + z), np.where(z < 3, line, 0.99505475368673))
    return 0.5 * (np.where(x >= 0, t, -t) + 1)


def normal_distribution(x: NDArray) -> NDArray:
    return 0.5 * (1 + scipy.special.erf(x / np.sqrt(2)))


FORMULAS: dict[str, tuple[Callable[[Any], Any], Callable[[NDArray], NDArray]]] = {
    "relu": (T.nnet.relu, lambda x: np.maximum(x, 0)),
    "relu of slope": (lambda x: T.nnet.relu(x, 0.3), lambda x: np.where(x > 0, x, 0.3 * x)),
    "elu": (lambda x: T.nnet.elu(x, 1.5), lambda x: np.where(x > 0, x, 1.5 * np.expm1(np.minimum(x, 0)))),
    "selu": (
        T.nnet.selu,
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    ),
    "celu": (lambda x: T.nnet.celu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2))),
    "gelu": (T.nnet.gelu, lambda x: x * normal_distribution(x)),
    "gelu by tanh": (
        lambda x: T.nnet.gelu(x, approximate=True),
        lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ),
    "softplus": (T.nnet.softplus, lambda x: np.logaddexp(0, x)),
    "softsign": (T.nnet.softsign, lambda x: x / (1 + np.abs(x))),
    "silu": (T.nnet.silu, lambda x: x * sigmoid(x)),
    "mish": (T.nnet.mish, lambda x: x * np.tanh(np.logaddexp(0, x))),
    "glu": (T.nnet.glu, lambda x: x[: len(x) // 2] * sigmoid(x[len(x) // 2 :])),
    "hard_tanh": (T.nnet.hard_tanh, lambda x: np.clip(x, -1, 1)),
    "hard_silu": (T.nnet.hard_silu, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "hard_sigmoid of Theano": (T.nnet.hard_sigmoid, lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
    "hard_sigmoid of Keras": (T.hard_sigmoid, lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    "ultra_fast_sigmoid": (T.nnet.ultra_fast_sigmoid, ultra_fast),
    "threshold": (lambda x: T.nnet.threshold(x, 0.7, -2.0), lambda x: np.where(x > 0.7, x, -2.0)),
    "log_sigmoid": (T.nnet.log_sigmoid, lambda x: -np.logaddexp(0, -x)),
    "squareplus": (T.nnet.squareplus, lambda x: (x + np.sqrt(x * x + 4)) / 2),
    "relu6": (T.nnet.relu6, lambda x: np.clip(x, 0, 6)),
    "leaky_relu": (lambda x: T.nnet.leaky_relu(x, 0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name: str) -> None:
    function, reference = FORMULAS[name]
    np.testing.assert_allclose(computed(function, X), reference(X), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_other_dtypes_come_back_as_they_are(dtype: str) -> None:
    x = sample((10,), dtype)
    names = ["celu", "squareplus", "ultra_fast_sigmoid", "glu"]
    variable = T.tensor(dtype, shape=(None,))
    found = ct.function([variable], [FORMULAS[name][0](variable) for name in names])(x)
    for name, values in zip(names, found, strict=True):
        assert values.dtype == x.dtype
        expected = FORMULAS[name][1](x.astype(np.float64))
        np.testing.assert_allclose(values.astype(np.float64), expected, rtol=2e-2, atol=1e-3)


def test_values_and_slopes_are_finite_for_huge_arguments() -> None:
    names = [name for name in FORMULAS if name != "glu"]
    x = T.vector("x")
    outputs = [FORMULAS[name][0](x) for name in names]
    slopes = [ct.grad(T.sum(output), x) for output in outputs]
    found = ct.function([x], [*outputs, *slopes])(HUGE)
    for name, values in zip([*names, *(f"slope of {name}" for name in names)], found, strict=True):
        assert np.isfinite(values).all() or name.endswith("mish"), (name, values)
        assert not np.isnan(values).any(), (name, values)


def test_squareplus_keeps_its_digits_far_below_zero() -> None:
    x = np.array([-1e8, -1e200])
    np.testing.assert_allclose(computed(T.nnet.squareplus, x), [1e-8, 1e-200], rtol=1e-14)
    np.testing.assert_array_equal(computed(lambda v: T.nnet.squareplus(v, 0), X), np.maximum(X, 0))


def test_the_slope_of_relu_may_be_an_array() -> None:
    slopes = np.array([0.0, 0.5, 1.0, -1.0])
    x = sample((3, 4))
    np.testing.assert_allclose(computed(T.nnet.relu, x, slopes), np.where(x > 0, x, slopes * x))


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="celu: alpha must not be 0"):
        T.nnet.celu(X, 0)
    with pytest.raises(ValueError, match="squareplus: b must not be negative, got -1"):
        T.nnet.squareplus(X, -1)
    with pytest.raises(ValueError, match="glu: axis 0 must have an even size, got 3"):
        T.nnet.glu(np.zeros(3), 0)
    x = T.vector("x")
    with pytest.raises(ValueError, match=r"differ|2"):
        ct.function([x], T.nnet.glu(x))(np.zeros(3))

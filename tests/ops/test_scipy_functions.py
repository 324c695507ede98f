"""Bessel and incomplete gamma functions: values of SciPy's, derivatives by their argument."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, NullTypeGradError

from .agreement import computed

X = np.array([0.0, 0.3, 1.0, 4.5, 20.0])
K = np.array([0.5, 1.0, 2.0, 3.5, 10.0])


def test_values():
    def formula(k, x):
        bessel = [T.j0(x), T.j1(x), T.jv(k, x), T.i0(x), T.i1(x), T.iv(k, x)]
        return T.stack([*bessel, T.gammainc(k, x), T.gammaincc(k, x), T.gammal(k, x), T.gammau(k, x)])

    lower, upper = special.gammainc(K, X), special.gammaincc(K, X)
    bessel = [special.j0(X), special.j1(X), special.jv(K, X), special.i0(X), special.i1(X), special.iv(K, X)]
    expected = np.stack([*bessel, lower, upper, special.gamma(K) * lower, special.gamma(K) * upper])
    np.testing.assert_allclose(computed(formula, K, X), expected, rtol=1e-12)
    np.testing.assert_allclose(computed(lambda x: T.chi2sf(x, 3), X), stats.chi2.sf(X, 3), rtol=1e-12)


def test_other_dtypes_and_shapes():
    assert computed(lambda x: T.j0(x), X.astype("float32")).dtype == np.float32
    np.testing.assert_allclose(computed(lambda n: T.i1(n), np.array([1, 2])), special.i1([1, 2]))
    outer = computed(lambda k, x: T.jv(k[:, None], x[None, :]), K[:2], X, static=True)
    np.testing.assert_allclose(outer, special.jv(K[:2, None], X[None, :]))
    assert computed(lambda x: T.j1(x), np.zeros((0, 2))).shape == (0, 2)
    with pytest.raises(DTypeError, match="j0: expected real numbers, got complex128"):
        T.j0(np.ones(2, complex))


def test_derivatives_at_zero():
    x = T.dscalar("x")
    found = ct.function([x], [ct.grad(f(x), x) for f in (T.j0, T.j1, T.i0, T.i1)])(0.0)
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.5])


def test_no_derivative_by_the_order():
    k, x = T.dscalar("k"), T.dscalar("x")
    with pytest.raises(NullTypeGradError, match="jv has no derivative by its order"):
        ct.grad(T.jv(k, x), k)
    slope = ct.function([k, x], ct.grad(T.jv(k, x), x))(1.5, 2.0)
    np.testing.assert_allclose(slope, special.jvp(1.5, 2.0))

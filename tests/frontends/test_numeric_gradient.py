"""Finite differences, and the check of gradients against them."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.gradient import GradientError, numeric_grad, verify_grad, zero_grad
from croton.graph.errors import DTypeError

random = np.random.default_rng(4)


class TestNumericGradient:
    def test_of_one_array(self):
        at = np.array([[1.0, 2.0], [3.0, -1.0]])
        np.testing.assert_allclose(numeric_grad(lambda x: np.sum(x**2), at).gf, 2 * at, rtol=1e-5)

    def test_of_several(self):
        found = numeric_grad(lambda x, y: float(x @ y), [np.ones(2), np.arange(2.0)]).gf
        np.testing.assert_allclose(found[0], [0, 1], atol=1e-6)
        np.testing.assert_allclose(found[1], [1, 1], atol=1e-6)

    def test_tells_the_worst_element(self):
        numeric = numeric_grad(lambda x: np.sum(x**2), np.array([1.0, 2.0]))
        argument, position, absolute, relative = numeric.max_err([np.array([2.0, 5.0])], 1e-4, 1e-4)
        assert (argument, position) == (0, 1)
        assert absolute == pytest.approx(1, abs=1e-5)
        assert relative == pytest.approx(1 / 9, abs=1e-5)

    def test_refuses_gradients_that_do_not_match(self):
        numeric = numeric_grad(lambda x: np.sum(x), np.ones(2))
        with pytest.raises(ValueError, match="expected 1 gradients, got 2"):
            numeric.abs_rel_errors([np.ones(2), np.ones(2)])
        with pytest.raises(ValueError, match=r"has shape \(3,\), expected \(2,\)"):
            numeric.abs_rel_errors([np.ones(3)])


class TestVerification:
    def test_right_gradients_pass(self):
        points = [random.standard_normal((3, 2)), random.standard_normal((2, 4))]
        verify_grad(lambda x, y: T.tanh(T.dot(x, y)), points, rng=np.random.RandomState(3))
        verify_grad(T.exp, [np.ones((2, 2), "float32")], mode="interpret")
        verify_grad(lambda x: T.sum(x), [np.zeros((0, 2))])

    def test_wrong_ones_do_not(self):
        with pytest.raises(
            GradientError, match="the gradient by argument 1, at element 0 of shape"
        ) as caught:
            verify_grad(lambda x, y: T.exp(x) * zero_grad(y), [np.ones(3), np.full(3, 2.0)])
        assert caught.value.val2 == 0

    def test_nan_does_not_pass(self):
        def formula(x):
            return x + ct.stop_gradient(T.log(T.constant(-1.0))) * x

        with pytest.raises(GradientError):
            verify_grad(formula, [np.ones(2)])

    def test_integers_have_no_gradient(self):
        with pytest.raises(DTypeError, match="point 0 is int64"):
            verify_grad(lambda x: x, [np.arange(3)])

"""Identities with another derivative than their own."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton import gradient
from croton.graph.errors import DisconnectedInputError, NullTypeGradError

from .agreement import computed

V = np.array([0.5, -1.0, 2.0])


def slope(formula, at=V, **options):
    x = T.dvector("x")
    return ct.function([x], ct.grad(T.sum(formula(x)), x, **options), on_unused_input="ignore")(at)


def test_values_are_unchanged():
    def formula(x):
        clipped, scaled = gradient.grad_clip(x, -1, 1), gradient.grad_scale(x, 3)
        return T.stack(
            [gradient.zero_grad(x), clipped, scaled, gradient.undefined_grad(x), T.stop_gradient(x)]
        )

    for dtype in ("float64", "float16", "complex64", "int8"):
        array = V.astype(dtype)
        np.testing.assert_array_equal(computed(formula, array), np.stack([array] * 5))
    np.testing.assert_array_equal(computed(formula, np.zeros(0)), np.zeros((5, 0)))


def test_a_derivative_of_zero_is_connected():
    np.testing.assert_array_equal(slope(lambda x: gradient.zero_grad(x) * x), V)
    np.testing.assert_array_equal(slope(lambda x: gradient.consider_constant(x) ** 2), np.zeros(3))


def test_a_stopped_derivative_is_not():
    np.testing.assert_array_equal(slope(lambda x: gradient.disconnected_grad(x) * x), V)
    with pytest.raises(DisconnectedInputError):
        slope(lambda x: gradient.disconnected_grad(x) ** 2)


def test_clipped_and_scaled():
    np.testing.assert_array_equal(slope(lambda x: gradient.grad_clip(x, -1.5, 3) ** 2), [1, -1.5, 3])
    np.testing.assert_array_equal(slope(lambda x: gradient.grad_scale(x, -2) ** 2), -4 * V)


def test_forward():
    x, v = T.dvector("x"), T.dvector("v")
    outputs = [
        gradient.grad_clip(x, -1, 1) * 2,
        gradient.grad_scale(x, 3) * x,
        gradient.zero_grad(x) * x,
    ]
    found = ct.function([x, v], ct.Rop(outputs, x, v))(V, [0.5, 5, 1])
    np.testing.assert_allclose(found[0], [1, 2, 2])
    np.testing.assert_allclose(found[1], 4 * V * [0.5, 5, 1])
    np.testing.assert_allclose(found[2], V * [0.5, 5, 1])


def test_an_undefined_derivative_is_an_error_when_asked_for():
    with pytest.raises(NullTypeGradError, match="undefined"):
        slope(lambda x: gradient.undefined_grad(x) * 2)
    x, y = T.dscalar("x"), T.dscalar("y")
    assert float(ct.function([x], ct.grad(gradient.undefined_grad(x) * y, y))(3.0)) == 3.0


def test_bounds_in_the_wrong_order():
    with pytest.raises(ValueError, match="lower_bound 1 is not below upper_bound 0"):
        gradient.grad_clip(T.dvector(), 1, 0)

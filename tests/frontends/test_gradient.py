"""`ct.grad`, `ct.jacobian`, `ct.hessian`: what they take, give and refuse. Rules: tests/ops."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DisconnectedInputError, DTypeError, ShapeError

V = np.array([0.5, -1.0, 2.0])
M = np.arange(6.0).reshape(2, 3) / 5


def value(inputs, output, *arrays):
    results = [
        ct.function(inputs, output, mode=mode, on_unused_input="ignore")(*arrays)
        for mode in ("compile", "interpret")
    ]
    for left, right in zip(*(r if isinstance(r, list) else [r] for r in results), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)
    return results[0]


class TestGrad:
    def test_one_variable_gives_one_derivative(self):
        x = T.dvector("x")
        np.testing.assert_allclose(value([x], ct.grad(T.sum(x**3), x), V), 3 * V**2)

    def test_lists_and_tuples_come_back_as_they_were(self):
        x, y = T.dvector("x"), T.dvector("y")
        cost = T.sum(x * y)
        assert isinstance(ct.grad(cost, [x, y]), list)
        assert isinstance(ct.grad(cost, (x, y)), tuple)
        dx, dy = value([x, y], ct.grad(cost, [x, y]), V, V + 1)
        np.testing.assert_allclose(dx, V + 1)
        np.testing.assert_allclose(dy, V)

    def test_with_respect_to_shared_variables(self):
        w = ct.shared(V, "w")
        np.testing.assert_allclose(value([], ct.grad(T.sum(T.sin(w)), w)), np.cos(V))

    def test_the_cost_itself(self):
        x = T.dscalar("x")
        y = T.exp(x)
        assert value([x], ct.grad(y, y), 3.0) == 1

    def test_of_a_derivative(self):
        x = T.dscalar("x")
        first = ct.grad(T.sin(x) * x, x)
        third = ct.grad(ct.grad(first, x), x)
        np.testing.assert_allclose(value([x], third, 0.7), -3 * np.sin(0.7) - 0.7 * np.cos(0.7))

    def test_an_intermediate_value_and_its_ancestor_at_once(self):
        """Each gets its total derivative: asking for one takes nothing from the other."""
        x = T.dvector("x")
        y = T.exp(x)
        cost = T.sum(y * y * x)
        dx, dy = value([x], ct.grad(cost, [x, y]), V)
        np.testing.assert_allclose(dy, 2 * np.exp(V) * V)
        np.testing.assert_allclose(dx, np.exp(2 * V) * (1 + 2 * V))

    def test_the_same_variable_twice(self):
        x = T.dvector("x")
        first, second = value([x], ct.grad(T.sum(x * x), [x, x]), V)
        np.testing.assert_allclose(first, 2 * V)
        np.testing.assert_allclose(second, 2 * V)

    def test_known_derivatives_to_start_from(self):
        x, g = T.dvector("x"), T.dvector("g")
        y = x * x
        np.testing.assert_allclose(
            value([x, g], ct.grad(None, x, known_grads={y: g}), V, V + 1), 2 * V * (V + 1)
        )

    def test_known_derivatives_add_to_a_cost(self):
        x = T.dvector("x")
        y = x * 3
        np.testing.assert_allclose(value([x], ct.grad(T.sum(x), x, known_grads={y: T.ones_like(y)}), V), 4)

    def test_constants_let_nothing_through(self):
        x = T.dvector("x")
        y = x * x
        np.testing.assert_allclose(value([x], ct.grad(T.sum(x * y), x, consider_constant=[y]), V), V**2)

    def test_what_the_cost_does_not_depend_on(self):
        x, y = T.dvector("x"), T.dvector("y")
        cost = T.sum(x)
        with pytest.raises(DisconnectedInputError, match="does not depend on y"):
            ct.grad(cost, [x, y])
        with pytest.warns(UserWarning, match="does not depend on y"):
            ct.grad(cost, [x, y], disconnected_inputs="warn")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            zero = ct.grad(cost, y, disconnected_inputs="ignore")
            assert ct.grad(cost, y, disconnected_inputs="ignore", return_disconnected="none") is None
        np.testing.assert_array_equal(value([x, y], zero, V, V), 0)
        with pytest.raises(ValueError, match="disconnected_inputs"):
            ct.grad(cost, x, disconnected_inputs="never")

    def test_a_cost_that_is_no_scalar(self):
        x = T.dvector("x")
        with pytest.raises(ShapeError, match="cost must be a scalar"):
            ct.grad(x * 2, x)

    def test_a_cost_of_integers(self):
        n = T.lvector("n")
        with pytest.raises(DTypeError, match="cost must be of a floating dtype, got int64"):
            ct.grad(T.sum(n), T.dvector("x"))

    def test_with_respect_to_integers(self):
        x, n = T.dvector("x"), T.lscalar("n")
        with pytest.raises(DTypeError, match="wrt must be of a floating dtype, got n of int64"):
            ct.grad(T.sum(x * n), n)

    @pytest.mark.parametrize("wrt", [3.0, "x", None])
    def test_with_respect_to_no_variable(self, wrt):
        x = T.dvector("x")
        with pytest.raises(TypeError, match="wrt must be variables"):
            ct.grad(T.sum(x), wrt)

    def test_of_no_variable(self):
        x = T.dvector("x")
        with pytest.raises(TypeError, match="cost must be a variable, got float"):
            ct.grad(1.0, x)
        with pytest.raises(ValueError, match="give a cost or known_grads"):
            ct.grad(None, x)

    def test_through_a_cast(self):
        x = T.fvector("x")
        slope = ct.grad(T.sum(T.cast(x, "float64") ** 2), x)
        assert slope.dtype == "float32"
        np.testing.assert_allclose(value([x], slope, V.astype("f")), 2 * V)


class TestJacobian:
    def test_of_a_vector(self):
        x, a = T.dvector("x"), T.dmatrix("a")
        slope = value([x, a], ct.jacobian(T.tanh(a @ x), x), V, M)
        np.testing.assert_allclose(slope, (1 - np.tanh(M @ V) ** 2)[:, None] * M, rtol=1e-12)

    def test_axes_of_the_expression_come_first(self):
        x = T.dmatrix("x")
        slope = value([x], ct.jacobian(x.T * 2, x), M)
        assert slope.shape == (3, 2, 2, 3)
        np.testing.assert_array_equal(slope, 2 * np.einsum("il,jk->ijkl", np.eye(3), np.eye(2)))

    def test_of_a_scalar_it_is_the_gradient(self):
        x = T.dvector("x")
        np.testing.assert_allclose(value([x], ct.jacobian(T.sum(x * x), x), V), 2 * V)

    def test_lists_and_tuples(self):
        x, y = T.dvector("x"), T.dscalar("y")
        found = ct.jacobian(x * y, (x, y))
        assert isinstance(found, tuple)
        dx, dy = value([x, y], list(found), V, 3.0)
        np.testing.assert_array_equal(dx, 3 * np.eye(3))
        np.testing.assert_array_equal(dy, V)

    def test_of_nothing(self):
        x = T.dvector("x")
        assert value([x], ct.jacobian(x * x, x), np.zeros(0)).shape == (0, 0)

    def test_constants_and_disconnected_variables(self):
        x, y = T.dvector("x"), T.dvector("y")
        z = x * x
        np.testing.assert_allclose(value([x], ct.jacobian(x * z, x, consider_constant=[z]), V), np.diag(V**2))
        with pytest.raises(DisconnectedInputError, match=r"jacobian.*y"):
            ct.jacobian(x, y)
        np.testing.assert_array_equal(
            value([x, y], ct.jacobian(x, y, disconnected_inputs="ignore"), V, V[:2]), np.zeros((3, 2))
        )

    def test_bad_input(self):
        x, n = T.dvector("x"), T.lvector("n")
        with pytest.raises(TypeError, match="expression must be a variable, got int"):
            ct.jacobian(3, x)
        with pytest.raises(DTypeError, match="expression must be of a floating dtype, got int64"):
            ct.jacobian(n, x)


class TestHessian:
    def test_of_a_vector(self):
        x, a = T.dvector("x"), T.dmatrix("a")
        square = np.arange(9.0).reshape(3, 3)
        np.testing.assert_allclose(value([x, a], ct.hessian(x @ a @ x, x), V, square), square + square.T)

    def test_with_a_diagonal(self):
        x = T.dvector("x")
        np.testing.assert_allclose(value([x], ct.hessian(T.sum(T.exp(x)), x), V), np.diag(np.exp(V)))

    def test_of_a_matrix_and_of_several(self):
        x, y = T.dmatrix("x"), T.dvector("y")
        second = ct.hessian(T.sum((x @ y) ** 2), [x, y])
        of_x, of_y = value([x, y], second, M, V)
        np.testing.assert_allclose(of_x, 2 * np.einsum("ik,j,l->ijkl", np.eye(2), V, V))
        np.testing.assert_allclose(of_y, 2 * M.T @ M)

    def test_of_no_scalar(self):
        x = T.dvector("x")
        with pytest.raises(ShapeError, match="cost must be a scalar"):
            ct.hessian(x, x)

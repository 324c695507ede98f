"""`config.compute_test_value`: operations computed as they are written, so that mistakes show there."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import MissingTestValueError, ShapeError

A = np.arange(6.0).reshape(2, 3)


@pytest.fixture(params=["raise"])
def policy(request, monkeypatch):
    monkeypatch.setattr(ct.config, "compute_test_value", request.param)


def with_value(constructor, name, array):
    variable = constructor(name)
    variable.tag.test_value = array
    return variable


def test_results_have_test_values(policy):
    x, y = with_value(T.dmatrix, "x", A), with_value(T.dvector, "y", np.ones(3))
    w = ct.shared(np.full(3, 2.0), "w")
    z = T.tanh(x + y) * w
    np.testing.assert_array_equal(z.tag.test_value, np.tanh(A + 1) * 2)


def test_a_mistake_shows_at_the_line_that_makes_it(policy):
    x, y = with_value(T.dmatrix, "x", A), with_value(T.dvector, "y", np.ones(4))
    with pytest.raises(ShapeError, match=r"(?s)add.*3 and 4 differ.*test_test_values\.py\", line \d+"):
        x + y


def test_an_operation_that_raises_does_so_at_its_line(policy):
    x, i = with_value(T.dvector, "x", np.ones(3)), with_value(T.lvector, "i", np.array([5]))
    with pytest.raises(IndexError, match="5 is out of"):
        x[i]


def test_sizes_follow_from_the_values(policy):
    x = with_value(T.dmatrix, "x", A)
    flat = x.reshape((x.shape[0] * x.shape[1],))
    np.testing.assert_array_equal((flat[1:] * flat.shape[0]).tag.test_value, A.ravel()[1:] * 6)


def test_the_value_may_be_changed_for_a_result(policy):
    x = with_value(T.dvector, "x", np.ones(2))
    y = x + 1
    y.tag.test_value = np.array([5.0, 6])
    np.testing.assert_array_equal((y * 2).tag.test_value, [10, 12])


def test_functions_and_gradients_are_compiled_as_usual(policy):
    x = with_value(T.dvector, "x", np.ones(2))
    f = ct.function([x], ct.grad(T.sum(T.exp(x) * x), x))
    np.testing.assert_allclose(f(np.zeros(2)), [1, 1])


def test_bodies_of_loops_and_branches_have_those_of_what_goes_in(policy):
    x, xs = with_value(T.dvector, "x", np.ones(3)), with_value(T.dmatrix, "xs", np.ones((4, 3)))
    final, sums = ct.scan_loop(lambda s, e: (s + e, T.sum(s * e)), x, xs)
    np.testing.assert_array_equal(final.tag.test_value, 5)
    np.testing.assert_array_equal(sums.tag.test_value, [3, 6, 9, 12])
    halved = ct.while_loop(lambda v: T.sum(v) > 1, lambda v: v / 2, x)
    np.testing.assert_array_equal(halved.tag.test_value, 0.25)
    doubled, _ = ct.scan(lambda e, s: s + e, sequences=[xs], outputs_info=[x])
    np.testing.assert_array_equal(doubled.tag.test_value[-1], 5)
    np.testing.assert_array_equal(ct.ifelse(T.sum(x) > 5, x * 2, x).tag.test_value, 1)
    chosen = ct.cond(T.sum(x) > 5, lambda v: v, lambda v: -v, x)
    np.testing.assert_array_equal(chosen.tag.test_value, -1)
    with pytest.raises(ShapeError, match="3 and 4 differ"):
        ct.scan_loop(lambda s, e: (s + with_value(T.dvector, "y", np.ones(4)), None), x, xs)


class TestMissingValues:
    def test_raise(self, policy):
        x = T.dvector("x")
        with pytest.raises(MissingTestValueError, match=r"x .* has no test value"):
            x + 1

    def test_warn(self, monkeypatch):
        monkeypatch.setattr(ct.config, "compute_test_value", "warn")
        with pytest.warns(UserWarning, match=r"y .* has no test value") as caught:
            T.dvector("y") + 1
        assert caught[0].filename == __file__

    def test_ignore(self, monkeypatch):
        monkeypatch.setattr(ct.config, "compute_test_value", "ignore")
        x, y = with_value(T.dmatrix, "x", A), T.dvector("y")
        assert (x + y).type.rank == 2
        with pytest.raises(ShapeError):
            x + with_value(T.dvector, "z", np.ones(4))

    def test_off(self):
        x, y = with_value(T.dmatrix, "x", A), with_value(T.dvector, "y", np.ones(4))
        assert (x + y).type.rank == 2


@pytest.mark.parametrize(
    ("array", "error", "said"),
    [
        (np.ones(3), ValueError, r"test value of x: expected 2 axes, got shape \(3,\)"),
        (np.ones((2, 4)), ValueError, "axis 1 should have size 3, got 4"),
        (np.ones((2, 3), complex), TypeError, "expected float64, got complex128"),
    ],
)
def test_a_value_has_to_fit_its_variable(policy, array, error, said):
    x = T.tensor("float64", shape=(None, 3), name="x")
    x.tag.test_value = array
    with pytest.raises(error, match=said):
        x + 1


def test_unknown_policies_are_refused():
    with pytest.raises(ValueError, match="compute_test_value must be one of 'off', 'ignore'"):
        ct.config.compute_test_value = "on"

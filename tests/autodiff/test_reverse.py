"""Reverse mode over graphs: what flows where. Rules of single operations are tested with the operations."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.autodiff import cotangents_of
from croton.graph.errors import NotDifferentiableError

V = np.array([0.5, -1.0, 2.0])


def value(inputs, outputs, *arrays):
    return ct.function(inputs, outputs, on_unused_input="ignore")(*arrays)


def test_paths_add_up():
    x = T.dvector("x")
    y = T.exp(x)
    (slope,) = cotangents_of([y * x + y], [T.ones_like(x)], [x])
    np.testing.assert_allclose(value([x], slope, V), np.exp(V) * (V + 2))


def test_several_outputs_with_seeds_of_their_own():
    x, a, b = T.dvector("x"), T.dvector("a"), T.dvector("b")
    (slope,) = cotangents_of([x * 2, x * x], [a, b], [x])
    np.testing.assert_allclose(value([x, a, b], slope, V, V + 1, V + 2), 2 * (V + 1) + 2 * V * (V + 2))


def test_an_output_that_is_a_variable():
    x, a = T.dvector("x"), T.dvector("a")
    assert cotangents_of([x], [a], [x]) == [a]


def test_the_same_output_twice():
    x, a, b = T.dvector("x"), T.dvector("a"), T.dvector("b")
    y = T.sin(x)
    (slope,) = cotangents_of([y, y], [a, b], [x])
    np.testing.assert_allclose(value([x, a, b], slope, V, V, V + 1), np.cos(V) * (2 * V + 1))


def test_where_nothing_flows():
    x, n = T.dvector("x"), T.dvector("n")
    assert cotangents_of([T.sin(x)], [T.ones_like(x)], [n]) == [None]
    assert cotangents_of([T.argmax(x)], [T.constant(0)], [x])[0] is None


def test_a_chain_of_variables_each_gets_its_total():
    x = T.dvector("x")
    y = T.sin(x)
    z = y * y
    dx, dy, dz = cotangents_of([z * y * x], [T.ones_like(x)], [x, y, z])
    s, c = np.sin(V), np.cos(V)
    found = value([x], [dx, dy, dz], V)
    np.testing.assert_allclose(found[2], s * V)
    np.testing.assert_allclose(found[1], 3 * s**2 * V)
    np.testing.assert_allclose(found[0], s**3 + 3 * s**2 * V * c)


def test_constants_cut_paths():
    x = T.dvector("x")
    y = T.exp(x)
    (slope,) = cotangents_of([y * x], [T.ones_like(x)], [x], [y])
    np.testing.assert_allclose(value([x], slope, V), np.exp(V))


class NoDerivative(ct.Op):
    __props__ = ()

    def make_node(self, x):
        return ct.Apply(self, [x], [T.dvector()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] + 1


def test_an_operation_without_derivative_names_the_line():
    x = T.dvector("x")
    y = NoDerivative()(x)
    with pytest.raises(NotDifferentiableError, match=r"(?s)NoDerivative.*test_reverse\.py"):
        ct.grad(T.sum(y), x)


def test_derivatives_of_derivatives():
    x = T.dscalar("x")
    y = T.exp(x * 2)
    for order in range(1, 5):
        (y,) = cotangents_of([y], [T.ones_like(y)], [x])
        np.testing.assert_allclose(value([x], y, 0.3), 2**order * np.exp(0.6), rtol=1e-12)

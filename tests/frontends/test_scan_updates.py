"""Shared variables in a scan: read without being named, changed by updates of the step."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.frontends.updates import OrderedUpdates

V = np.array([0.5, -1.0, 2.0])


def test_a_counter():
    a = ct.shared(1)
    values, updates = ct.scan(lambda: {a: a + 1}, n_steps=10)
    f = ct.function([], [a + 1, updates[a] + 1], updates=updates)
    assert values is None
    assert [int(v) for v in f()] == [2, 12]
    assert a.get_value() == 11


def test_a_step_sees_what_the_step_before_left():
    total, x = ct.shared(10.0, "total"), T.dvector("x")
    seen, updates = ct.scan(lambda e: (total * 2, [(total, total + e)]), x)
    f = ct.function([x], seen, updates=updates)
    np.testing.assert_allclose(f(V), 2 * np.array([10, 10.5, 9.5]))
    np.testing.assert_allclose(f(V[:1]), [23.0])
    np.testing.assert_allclose(total.get_value(), 12.0)


def test_without_updates_the_variable_stays():
    total, x = ct.shared(10.0), T.dvector("x")
    seen, _ = ct.scan(lambda e: (total, {total: total + e}), x)
    f = ct.function([x], seen)
    for _ in range(2):
        np.testing.assert_allclose(f(V), [10, 10.5, 9.5])


def test_variables_that_are_only_read_need_no_name():
    w, x = ct.shared(np.eye(3) * 2, "w"), T.dmatrix("x")
    out, updates = ct.scan(lambda row: T.dot(row, w), x)
    f = ct.function([x], out)
    np.testing.assert_array_equal(f(np.ones((2, 3))), np.full((2, 3), 2))
    w.set_value(np.eye(3))
    np.testing.assert_array_equal(f(np.ones((2, 3))), np.ones((2, 3)))
    assert updates == {}


def test_strict_wants_them_named():
    w, x = ct.shared(np.eye(3), "w"), T.dmatrix("x")
    with pytest.raises(ValueError, match="reads the shared variable w, which strict=True wants"):
        ct.scan(lambda row: T.dot(row, w), x, strict=True)
    ct.scan(lambda row, w: T.dot(row, w), x, non_sequences=w, strict=True)
    ct.scan(lambda row: (row, {w: w * 2}), x, strict=True)


def test_default_updates_take_part():
    state, x = ct.shared(1.0, "state"), T.dvector("x")
    state.default_update = state * 2
    out, updates = ct.scan(lambda e: e + state, x)
    f = ct.function([x], out, updates=updates)
    np.testing.assert_allclose(f(V), V + np.array([1, 2, 4]))
    np.testing.assert_allclose(f(V), V + np.array([8, 16, 32]))


def test_derivatives_flow_through_a_changing_variable():
    state, w, x = ct.shared(0.3), T.dscalar("w"), T.dvector("x")
    out, _ = ct.scan(lambda e: (T.sin(state) * e, {state: T.tanh(state * w) + e}), x)
    f = ct.function([x, w], ct.grad(out.sum(), w))

    def run(weight):
        s, total = 0.3, 0.0
        for e in V:
            total, s = total + np.sin(s) * e, np.tanh(s * weight) + e
        return total

    np.testing.assert_allclose(f(V, 0.7), (run(0.7 + 1e-6) - run(0.7 - 1e-6)) / 2e-6, rtol=1e-6)


def test_a_chain_in_a_chain():
    state, x = ct.shared(np.int64(0)), T.dmatrix("x")

    def rows(row):
        out, updates = ct.scan(lambda e: (e * state, {state: state + 1}), row)
        return out, updates

    out, updates = ct.scan(rows, x)
    f = ct.function([x], out, updates=updates)
    np.testing.assert_allclose(f(np.ones((2, 3))), [[0, 1, 2], [3, 4, 5]])
    assert state.get_value() == 6


def test_updates_of_several_loops_are_joined():
    a, b, x = ct.shared(1.0), ct.shared(1.0), T.dvector("x")
    _, first = ct.scan(lambda e: (e, {a: a + e}), x)
    _, second = ct.scan(lambda e: (e, {b: b * e}), x)
    joined = first + second
    joined[a] = joined[a] * 2
    ct.function([x], [], updates=joined)(V)
    np.testing.assert_allclose([a.get_value(), b.get_value()], [2 * (1 + V.sum()), V.prod()])
    with pytest.raises(KeyError, match="two updates for"):
        first.update({a: a * 3})
    with pytest.raises(TypeError, match="updates change shared variables"):
        OrderedUpdates({x: x})


def test_a_gibbs_chain_with_a_generator_of_its_own():
    """A two-variable Ising model; the random numbers come from a linear congruential shared state."""
    seed = ct.shared(np.uint64(12345), "seed")
    coupling = 0.5

    def uniform():
        new = seed * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        return T.cast(seed >> np.uint64(11), "float64") / 2.0**53, new

    def step(first):
        number, new = uniform()
        second = T.where(number < T.nnet.sigmoid(2 * coupling * first), 1.0, -1.0)
        return second, {seed: new}

    chain, updates = ct.scan(step, None, T.constant(1.0), n_steps=20_000)
    f = ct.function([], [chain[1:] * chain[:-1], chain], updates=updates)
    products, values = f()
    np.testing.assert_allclose(products.mean(), np.tanh(coupling), atol=0.02)
    np.testing.assert_allclose(values.mean(), 0, atol=0.05)
    assert not np.array_equal(values, f()[1])


def test_new_values_that_do_not_fit():
    a, x = ct.shared(np.zeros(2, "float32"), "a"), T.dvector("x")
    with pytest.raises(TypeError, match="the update of a starts as float32, but a step makes float64"):
        ct.scan(lambda e: (e, {a: a + e}), x)
    with pytest.raises(ValueError, match="the update of a starts with 1 axes"):
        ct.scan(lambda e: (e, {a: T.constant(np.float32(0))}), x)

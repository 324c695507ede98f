"""Loops and branches over arrays whose sizes are found while running, before the loop or in each step."""

from __future__ import annotations

import resource

import numpy as np

import croton as ct
import croton.tensor as T

from .loop_results import results, slope

X = T.dvector("x")
V = np.array([0.5, -1.0, 2.0, 3.0, -0.25, 1.5])


def positive(x):
    return x[T.nonzero(x > 0)[0]]


class TestFoundBefore:
    def test_state_of_a_while_loop(self):
        last = ct.while_loop(lambda s: T.sum(s) < 100, lambda s: s * s + 1, positive(X))
        found = results([X], [last, ct.grad(T.sum(last), X)], V)

        def run(x):
            s = x[x > 0]
            while s.sum() < 100:
                s = s * s + 1
            return s

        np.testing.assert_allclose(found[0], run(V))
        np.testing.assert_allclose(found[1], slope(lambda a: run(a).sum(), V), rtol=1e-5, atol=1e-6)

    def test_operands_and_results_of_a_branch(self):
        y = ct.cond(T.sum(X) > 0, lambda p: T.exp(p), lambda p: p * 2, positive(X))
        found = results([X], [y, ct.grad(T.sum(y), X)], V)
        np.testing.assert_allclose(found[0], np.exp(V[V > 0]))
        np.testing.assert_allclose(found[1], np.where(V > 0, np.exp(V), 0))

    def test_state_sequences_and_captured_values_of_a_scan(self):
        p = positive(X)
        states, _ = ct.scan(lambda e, s: T.tanh(s * p) + e, p, T.zeros_like(p))
        cost = T.sum(states[-1] * p) + T.sum(states)
        found = results([X], [states, ct.grad(cost, X)], V)

        def run(x):
            p, s, rows = x[x > 0], 0.0, []
            for e in p:
                s = np.tanh(s * p) + e
                rows.append(s)
            return np.array(rows)

        def total(x):
            rows = run(x)
            return np.sum(rows[-1] * x[x > 0]) + rows.sum()

        np.testing.assert_allclose(found[0], run(V))
        np.testing.assert_allclose(found[1], slope(total, V), atol=1e-7)

    def test_a_size_that_only_an_operation_of_the_step_names(self):
        n = T.cast(T.sum(X > 0), "int64")
        out, _ = ct.scan(lambda e: T.sum(T.arange(n)) * e, X)
        found = results([X], [out, ct.grad(out.sum(), X)], V)
        np.testing.assert_allclose(found[0], V * 6)
        np.testing.assert_allclose(found[1], np.full(6, 6.0))


class TestFoundInEachStep:
    def test_values_and_derivatives(self):
        out, _ = ct.scan(lambda e: T.sum(T.exp(X[T.nonzero(e < X)[0]] * e)), X)
        found = results([X], [out, ct.grad(out.sum(), X)], V)

        def run(x):
            return np.array([np.exp(x[e < x] * e).sum() for e in x])

        np.testing.assert_allclose(found[0], run(V))
        np.testing.assert_allclose(found[1], slope(lambda a: run(a).sum(), V), rtol=1e-6, atol=1e-6)

    def test_a_number_that_is_a_size(self):
        out, _ = ct.scan(lambda k: T.sum(T.arange(k) ** 2), T.lvector("k"))
        k = out.owner.inputs[0]
        found = results([k], [out], np.array([3, 0, 5]))[0]
        np.testing.assert_array_equal(found, [5, 0, 30])

    def test_in_a_loop_in_a_loop(self):
        m = T.dmatrix("m")

        def row(r):
            inner, _ = ct.scan(lambda e: T.sum(positive(r - e)), r)
            return inner

        array = np.sin(np.arange(12.0)).reshape(3, 4)
        expected = [[np.maximum(r - e, 0).sum() for e in r] for r in array]
        np.testing.assert_allclose(results([m], [ct.map(row, m)[0]], array)[0], expected)

    def test_in_the_condition_and_in_a_branch(self):
        last = ct.while_loop(lambda s: T.sum(positive(s)) < 20, lambda s: s * 1.5, X)
        chosen = ct.cond(X[0] > 0, lambda x: T.sum(positive(x)), lambda x: T.sum(positive(-x)), X)
        found = results([X], [last, chosen, ct.grad(chosen, X)], V)
        s = V
        while np.maximum(s, 0).sum() < 20:
            s = s * 1.5
        np.testing.assert_allclose(found[0], s)
        np.testing.assert_allclose(found[1], V[V > 0].sum())
        np.testing.assert_array_equal(found[2], V > 0)

    def test_memory_does_not_grow_with_the_number_of_steps(self):
        n = T.lscalar("n")
        out, _ = ct.scan(lambda s: T.sum(T.cumsum(positive(X + s))) * 1e-9, None, T.constant(0.5), n_steps=n)
        f = ct.function([X, n], out[-1])
        x = np.linspace(-1, 1, 20_000)
        f(x, 10)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        f(x, 5_000)  # 800 MB if every step kept its own
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000

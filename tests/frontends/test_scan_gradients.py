"""Derivatives through scan: taps, several outputs, backwards, nested, truncated, of second order."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .loop_results import results, slope

V = np.array([0.5, -1.0, 0.8, 0.3, -0.25, 1.5])
M = np.sin(np.arange(12.0)).reshape(4, 3)


def check(build, run, *arrays):
    """First derivatives against differences of `run`, second ones against differences of the first."""
    variables = [T.tensor("float64", shape=(None,) * array.ndim) for array in arrays]
    cost = build(*variables)
    first = ct.grad(cost, variables)
    directions = [np.cos(np.arange(a.size) + 1.0).reshape(a.shape) for a in arrays]
    turned = sum(T.sum(g * d) for g, d in zip(first, directions, strict=True))
    second = ct.grad(turned, variables)
    found = results(variables, [cost, *first, *second], *arrays)
    np.testing.assert_allclose(found[0], run(*arrays))
    along = ct.function(variables, turned)
    for position in range(len(arrays)):

        def moved(function, array, position=position):
            return function(*arrays[:position], array, *arrays[position + 1 :])

        expected = slope(lambda a: moved(run, a), arrays[position])
        np.testing.assert_allclose(found[1 + position], expected, rtol=1e-6, atol=1e-7)
        expected = slope(lambda a: moved(along, a), arrays[position])
        np.testing.assert_allclose(found[1 + len(arrays) + position], expected, rtol=1e-5, atol=1e-6)


def test_taps_of_sequences_and_of_outputs():
    def build(x, start):
        out, _ = ct.scan(
            lambda before, now, third, first: T.tanh(before * third) + now * first,
            dict(input=x, taps=[-1, 0]),
            dict(initial=start, taps=[-3, -1]),
        )
        return T.sum(out * T.arange(1, 6)) + out[-1] ** 2

    def run(x, start):
        h = list(start)
        for t in range(1, len(x)):
            h.append(np.tanh(x[t - 1] * h[-3]) + x[t] * h[-1])
        return np.sum(np.array(h[3:]) * np.arange(1, 6)) + h[-1] ** 2

    check(build, run, V, np.array([0.3, -0.2, 0.9]))


@pytest.mark.parametrize("backwards", [False, True])
def test_several_outputs_and_fewer_steps(backwards):
    def build(x, w):
        (h, sums), _ = ct.scan(
            lambda row, h: [T.tanh(T.dot(h, w) + row), T.sum(row * h)],
            x,
            [T.zeros((3,)), None],
            n_steps=3,
            go_backwards=backwards,
        )
        return T.sum(h**2) + T.sum(sums * V[:3])

    def run(x, w):
        h, total = np.zeros(3), 0.0
        for weight, row in zip(V, (x[::-1] if backwards else x)[:3], strict=False):
            total += np.sum(row * h) * weight
            h = np.tanh(h @ w + row)
            total += np.sum(h**2)
        return total

    check(build, run, M, np.cos(np.arange(9.0)).reshape(3, 3))


def test_a_loop_in_a_loop():
    def build(x, w):
        def rows(row, start):
            inner, _ = ct.scan(lambda e, s: T.sin(s * w) + e * s, row, start)
            return inner[-1], T.sum(inner)

        (ends, sums), _ = ct.scan(rows, x, [T.constant(0.4), None])
        return ends[-1] + T.sum(sums**2)

    def run(x, w):
        s, total = 0.4, 0.0
        for row in x:
            inner = 0.0
            for e in row:
                s = np.sin(s * w) + e * s
                inner += s
            total += inner**2
        return s + total

    check(build, run, M[:3], np.array(0.7))


def test_a_gradient_inside_a_step():
    """Newton's method on a cubic: the derivatives are taken inside the loop, and of the loop."""

    def build(c):
        def step(x):
            value = x**3 - c * x - 5
            return x - value / ct.grad(value, x)

        roots, _ = ct.scan(step, None, T.constant(2.0), n_steps=4)
        return roots[-1]

    def run(c):
        x = 2.0
        for _ in range(4):
            x = x - (x**3 - c * x - 5) / (3 * x**2 - c)
        return x

    check(build, run, np.array(2.0))


def test_a_branch_and_a_while_loop_in_a_step():
    def build(x):
        def step(e, s):
            grown = ct.while_loop(lambda a: a < 2, lambda a: a * 1.5, T.abs(s) + 0.1)
            return ct.ifelse(e > 0, grown * e, T.sin(s) + e)

        out, _ = ct.scan(step, x, T.constant(0.5))
        return T.sum(out**2)

    def run(x):
        s, total = 0.5, 0.0
        for e in x:
            a = abs(s) + 0.1
            while a < 2:
                a *= 1.5
            s = a * e if e > 0 else np.sin(s) + e
            total += s**2
        return total

    check(build, run, V)


def test_integer_states_and_sequences_carry_no_derivative():
    x, n = T.dvector("x"), T.lvector("n")
    (count, out), _ = ct.scan(lambda e, k, c, s: [c + k, s * e + c], [x, n], [T.constant(0), T.constant(1.0)])
    gradient = ct.grad(T.sum(out) + T.sum(count), x)

    def run(array):
        c, s, total = 0, 1.0, 0.0
        for e, k in zip(array, range(6), strict=True):
            c, s = c + k, s * e + c
            total += s + c
        return total

    found = results([x, n], [gradient], V, np.arange(6))[0]
    np.testing.assert_allclose(found, slope(run, V), atol=1e-7)


def test_no_steps_have_no_derivative():
    x, w = T.dmatrix("x"), T.dscalar("w")
    out, _ = ct.scan(lambda row, s: T.tanh(s * w) + row, x, T.zeros((3,)))
    first = ct.grad(T.sum(out), [x, w])
    found = results([x, w], first, np.zeros((0, 3)), 0.5)
    assert found[0].shape == (0, 3)
    assert found[1] == 0


class TestTruncated:
    """Back-propagation through the last k steps: states before them count as constants."""

    def truncated(self, x, w, start, steps, backwards=False):
        """Derivatives of the sum of all states by x, w and the start, by differences of what they reach."""
        x = x[::-1] if backwards else x
        states = [start]
        for e in x:
            states.append(np.tanh(states[-1] * w) + e)
        first = max(len(x) - steps, 0)

        def tail(s, w, x):
            total = 0.0
            for e in x:
                s = np.tanh(s * w) + e
                total += s
            return total

        s = states[first]
        by_x = np.zeros(len(x))
        by_x[first:] = slope(lambda a: tail(s, w, a), x[first:].copy())
        by_w = slope(lambda a: tail(s, a, x[first:]), np.array(w))
        by_start = slope(lambda a: tail(a, w, x), np.array(start)) if steps >= len(x) else np.array(0.0)
        return [by_x[::-1] if backwards else by_x, by_w, by_start]

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("steps", [1, 2, 100])
    def test_the_last_steps_only(self, steps, backwards):
        x, w, start = T.dvector("x"), T.dscalar("w"), T.dscalar("start")
        out, _ = ct.scan(
            lambda e, s: T.tanh(s * w) + e, x, start, truncate_gradient=steps, go_backwards=backwards
        )
        gradients = ct.grad(T.sum(out), [x, w, start])
        found = results([x, w, start], gradients, V, 0.7, 0.2)
        for one, expected in zip(found, self.truncated(V, 0.7, 0.2, steps, backwards), strict=True):
            np.testing.assert_allclose(one, expected, atol=1e-7)

    def test_of_a_loop_that_stops(self):
        x, w = T.dvector("x"), T.dscalar("w")
        out, _ = ct.scan(
            lambda e, s: (T.tanh(s * w) + e, ct.until(e > 0.7)), x, T.constant(0.2), truncate_gradient=2
        )
        found = results([x, w], ct.grad(T.sum(out), [x, w]), V, 0.7)
        expected = self.truncated(V[:3], 0.7, 0.2, 2)
        np.testing.assert_allclose(found[0], [*expected[0], 0, 0, 0], atol=1e-7)
        np.testing.assert_allclose(found[1], expected[1], atol=1e-7)

    def test_second_derivatives_are_truncated_too(self):
        x, w = T.dvector("x"), T.dscalar("w")
        out, _ = ct.scan(lambda e, s: s * w + e, x, T.constant(1.0), truncate_gradient=1)
        first = ct.grad(out[-1], w)  # the state before the last step
        second = ct.grad(first, w)  # which counts as a constant
        found = results([x, w], [first, second], V, 0.5)
        state = 1.0
        for e in V[:-1]:
            state = state * 0.5 + e
        np.testing.assert_allclose(found, [state, 0], atol=1e-12)

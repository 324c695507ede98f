"""Whole programs in Theano's style around scan."""

from __future__ import annotations

import numpy as np

import croton as theano
import croton.tensor as T

from .loop_results import slope


def test_powers_of_an_array():
    k, a = T.iscalar("k"), T.dvector("A")
    result, updates = theano.scan(
        fn=lambda prior_result, A: prior_result * A,
        outputs_info=T.ones_like(a),
        non_sequences=a,
        n_steps=k,
    )
    final = result[-1]
    power = theano.function(inputs=[a, k], outputs=[final, theano.grad(final.sum(), a)], updates=updates)
    for exponent in (1, 2, 7):
        value, gradient = power(np.arange(5.0), exponent)
        np.testing.assert_allclose(value, np.arange(5.0) ** exponent)
        np.testing.assert_allclose(gradient, exponent * np.arange(5.0) ** (exponent - 1))


def test_polynomial():
    coefficients, x = T.dvector("coefficients"), T.dscalar("x")
    components, _ = theano.scan(
        fn=lambda coefficient, power, free_variable: coefficient * (free_variable**power),
        outputs_info=None,
        sequences=[coefficients, T.arange(10_000)],
        non_sequences=x,
    )
    value = components.sum()
    evaluate = theano.function([coefficients, x], [value, theano.grad(value, x)])
    for series in ([1.0, 0.0, 2.0], [4.0], [0.5, -1.0, 0.25, 3.0]):
        polynomial = np.polynomial.Polynomial(series)
        found = evaluate(np.array(series), 3.0)
        np.testing.assert_allclose(found, [polynomial(3.0), polynomial.deriv()(3.0)])


def test_accumulating_a_series_in_a_shared_variable():
    up_to = T.iscalar("up_to")
    sums, _ = theano.scan(
        fn=lambda value, total: total + value,
        outputs_info=T.as_tensor_variable(np.asarray(0, np.int64)),
        sequences=T.arange(up_to),
    )
    triangular = theano.function([up_to], sums)
    np.testing.assert_array_equal(triangular(15), np.cumsum(np.arange(15)))


def test_recurrent_network_learns_to_remember():
    """Output t is the sign of input t - 2; tanh units, plain gradient descent through time."""
    random = np.random.default_rng(3)
    w = theano.shared(random.normal(0, 0.4, (8, 8)), "w")
    w_in = theano.shared(random.normal(0, 0.6, (1, 8)), "w_in")
    w_out = theano.shared(random.normal(0, 0.4, (8, 1)), "w_out")
    parameters = [w, w_in, w_out]
    u, t, rate = T.dtensor3("u"), T.dtensor3("t"), T.dscalar("rate")

    def step(u_t, h_before, w, w_in, w_out):
        h = T.tanh(T.dot(u_t, w_in) + T.dot(h_before, w))
        return h, T.nnet.sigmoid(T.dot(h, w_out))

    (_, y), _ = theano.scan(
        step,
        sequences=u,
        outputs_info=[T.zeros((u.shape[1], 8)), None],
        non_sequences=parameters,
        strict=True,
    )
    cost = T.mean(T.nnet.binary_crossentropy(y[2:], t[2:]))
    gradients = theano.grad(cost, parameters)
    train = theano.function(
        [u, t, rate],
        cost,
        updates=[(p, p - rate * g) for p, g in zip(parameters, gradients, strict=True)],
    )
    inputs = random.choice([-1.0, 1.0], (12, 32, 1))
    targets = (np.roll(inputs, 2, axis=0) > 0).astype(float)
    costs = [float(train(inputs, targets, 1.0)) for _ in range(300)]
    assert costs[0] > 0.6
    assert costs[-1] < 0.1


def test_lstm_with_a_mask():
    """Sequences of different lengths in one batch: masked steps hand on the state."""
    random = np.random.default_rng(0)
    steps, batch, size = 5, 3, 4
    x, mask = T.dtensor3("x"), T.dmatrix("mask")
    u = T.dmatrix("u")

    def part(array, number):
        return array[:, number * size : (number + 1) * size]

    def step(m, x_t, h_before, c_before):
        gates = x_t + T.dot(h_before, u)
        i, f, o = (T.nnet.sigmoid(part(gates, n)) for n in range(3))
        c = f * c_before + i * T.tanh(part(gates, 3))
        c = m[:, None] * c + (1.0 - m)[:, None] * c_before
        h = o * T.tanh(c)
        return m[:, None] * h + (1.0 - m)[:, None] * h_before, c

    (h, _), _ = theano.scan(
        step,
        sequences=[mask, x],
        outputs_info=[T.alloc(0.0, batch, size), T.alloc(0.0, batch, size)],
        n_steps=x.shape[0],
    )
    cost = T.sum((h * mask[:, :, None]).sum(axis=0) ** 2)

    def run(x, mask, u):
        h, c, total = np.zeros((batch, size)), np.zeros((batch, size)), np.zeros((batch, size))
        for x_t, m in zip(x, mask[:, :, None], strict=True):
            gates = x_t + h @ u
            i, f, o = (1 / (1 + np.exp(-part(gates, n))) for n in range(3))
            c_new = f * c + i * np.tanh(part(gates, 3))
            c = m * c_new + (1 - m) * c
            h = m * (o * np.tanh(c)) + (1 - m) * h
            total += h * m
        return np.sum(total**2)

    arrays = (
        random.normal(size=(steps, batch, 4 * size)),
        np.array([[1, 1, 1], [1, 1, 1], [1, 0, 1], [1, 0, 1], [1, 0, 0]], float),
    )
    weights = random.normal(0, 0.5, (size, 4 * size))
    f = theano.function([x, mask, u], [cost, theano.grad(cost, u), theano.grad(cost, x)])
    found = f(*arrays, weights)
    np.testing.assert_allclose(found[0], run(*arrays, weights))
    np.testing.assert_allclose(found[1], slope(lambda a: run(*arrays, a), weights), atol=1e-6)
    np.testing.assert_allclose(found[2], slope(lambda a: run(a, arrays[1], weights), arrays[0]), atol=1e-6)


def test_hamiltonian_dynamics_keep_the_energy():
    """Leapfrog steps, as Hamiltonian Monte Carlo has them; the gradient is taken inside the loop."""
    start, momentum, size = T.dmatrix("start"), T.dmatrix("momentum"), T.dscalar("size")

    def energy(q):
        return 0.5 * T.sum(q**2, axis=1) + 0.1 * T.sum(q**4, axis=1)

    def leapfrog(q, p, size):
        q = q + size * p
        return [q, p - size * theano.grad(energy(q).sum(), q)]

    half = momentum - size / 2 * theano.grad(energy(start).sum(), start)
    (q, p), updates = theano.scan(leapfrog, outputs_info=[start, half], non_sequences=[size], n_steps=25)
    q_end, p_end = q[-1], p[-1]
    p_end = p_end + size / 2 * theano.grad(energy(q_end).sum(), q_end)
    before = energy(start) + 0.5 * T.sum(momentum**2, axis=1)
    after = energy(q_end) + 0.5 * T.sum(p_end**2, axis=1)
    f = theano.function([start, momentum, size], [before, after, q_end], updates=updates)
    random = np.random.default_rng(2)
    old, new, moved = f(random.normal(size=(6, 3)), random.normal(size=(6, 3)), 0.05)
    np.testing.assert_allclose(old, new, rtol=5e-3)
    assert moved.shape == (6, 3)


def test_jacobian_and_hessian_by_scan():
    x = T.dvector("x")
    y = x**2 * T.sum(x)
    rows, _ = theano.scan(
        lambda i, y, x: theano.grad(y[i], x), sequences=T.arange(y.shape[0]), non_sequences=[y, x]
    )
    cost = T.sum(x**3) + x[0] * x[1]
    gradient = theano.grad(cost, x)
    second, _ = theano.scan(
        lambda i, g, x: theano.grad(g[i], x),
        sequences=T.arange(gradient.shape[0]),
        non_sequences=[gradient, x],
    )
    f = theano.function([x], [rows, second])
    v = np.array([0.5, -1.0, 2.0])
    jacobian, hessian = f(v)
    np.testing.assert_allclose(jacobian, np.diag(2 * v * v.sum()) + np.outer(v**2, np.ones(3)))
    expected = np.diag(6 * v)
    expected[0, 1] = expected[1, 0] = 1
    np.testing.assert_allclose(hessian, expected)

"""A contractive autoencoder: the penalty from a formula and from the Jacobian, trained through SciPy."""

from __future__ import annotations

import numpy
import scipy.optimize

import croton as theano
import croton.tensor as T

from .finite_differences import assert_gradient

RNG = numpy.random.RandomState(0)
DATA = RNG.rand(20, 8)
SIZES = (8 * 5, 5, 8)


def cost_by_hand(W, b, c):
    def sigmoid(a):
        return 1 / (1 + numpy.exp(-a))

    h = sigmoid(DATA.dot(W) + b)
    z = sigmoid(h.dot(W.T) + c)
    jacobians = (h * (1 - h))[:, None] * W
    reconstruction = -(DATA * numpy.log(z) + (1 - DATA) * numpy.log(1 - z)).sum(1).mean()
    return reconstruction + 0.1 * (jacobians**2).sum() / len(DATA)


def test_cost_gradient_and_conjugate_gradients():
    theta = theano.shared(numpy.zeros(sum(SIZES)), name="theta", borrow=True)
    W, b, c = theta[:40].reshape((8, 5)), theta[40:45], theta[45:]
    x = T.matrix("x")
    h = T.nnet.sigmoid(T.dot(x, W) + b)
    z = T.nnet.sigmoid(T.dot(h, W.T) + c)
    jacobians = T.reshape(h * (1 - h), (x.shape[0], 1, 5)) * T.reshape(W, (1, 8, 5))
    reconstruction = T.mean(-T.sum(x * T.log(z) + (1 - x) * T.log(1 - z), axis=1))
    cost = reconstruction + 0.1 * T.sum(jacobians**2) / x.shape[0]
    first = x[0]
    by_jacobian = theano.gradient.jacobian(T.nnet.sigmoid(T.dot(first, W) + b), first)
    f = theano.function([x], [cost, T.grad(cost, theta), jacobians, by_jacobian])

    start = RNG.randn(sum(SIZES)) * 0.3
    theta.set_value(start)
    value, gradient, by_formula, slopes = f(DATA)

    def flat(t):
        return cost_by_hand(t[:40].reshape(8, 5), t[40:45], t[45:])

    numpy.testing.assert_allclose(value, flat(start), rtol=1e-12)
    assert_gradient(flat, [start], [gradient])
    numpy.testing.assert_allclose(slopes.T, by_formula[0], rtol=1e-12)

    def value_at(t):
        theta.set_value(t, borrow=True)
        return f(DATA)[0]

    def gradient_at(t):
        theta.set_value(t, borrow=True)
        return f(DATA)[1]

    by_conjugate_gradients = scipy.optimize.fmin_cg(value_at, start, gradient_at, disp=0, maxiter=500)
    by_quasi_newton = scipy.optimize.fmin_l_bfgs_b(value_at, start, gradient_at)[0]
    assert flat(by_conjugate_gradients) < flat(start) - 0.5
    numpy.testing.assert_allclose(flat(by_conjugate_gradients), flat(by_quasi_newton), atol=0.05)

"""The evidence of a Gaussian process by a Cholesky factor and by the determinant, with derivatives."""

from __future__ import annotations

import numpy

import croton as theano
import croton.tensor as T
from croton.tensor import nlinalg, slinalg

from .finite_differences import assert_gradient


def test_evidence_and_its_gradient():
    X, y = T.matrix("X"), T.vector("y")
    scale, noise = T.scalars("scale", "noise")
    squares = (X**2).sum(1)
    distances = squares.dimshuffle(0, "x") + squares.dimshuffle("x", 0) - 2 * T.dot(X, X.T)
    K = T.exp(-distances / (2 * scale**2)) + noise**2 * T.eye(X.shape[0])
    constant = 0.5 * X.shape[0] * T.log(2 * numpy.pi)
    L = slinalg.cholesky(K)
    solved = slinalg.solve_upper_triangular(L.T, slinalg.solve_lower_triangular(L, y))
    by_factor = -0.5 * T.dot(y, solved) - T.sum(T.log(T.diag(L))) - constant
    by_determinant = -0.5 * T.dot(y, slinalg.solve(K, y)) - 0.5 * T.log(nlinalg.det(K)) - constant
    both = [by_factor, by_determinant]
    f = theano.function([X, y, scale, noise], both + [T.grad(e, [scale, noise]) for e in both])

    points = numpy.random.RandomState(0).randn(40, 2)
    targets = numpy.sin(points[:, 0])

    def evidence(scale, noise):
        K = numpy.exp(-((points[:, None] - points) ** 2).sum(2) / (2 * scale**2)) + noise**2 * numpy.eye(40)
        fit = targets @ numpy.linalg.solve(K, targets)
        return -0.5 * (fit + numpy.linalg.slogdet(K)[1] + 40 * numpy.log(2 * numpy.pi))

    factor, determinant, *gradients = f(points, targets, 0.8, 0.3)
    numpy.testing.assert_allclose([factor, determinant], evidence(0.8, 0.3), rtol=1e-10)
    for gradient in gradients:
        assert_gradient(evidence, [numpy.array(0.8), numpy.array(0.3)], gradient)

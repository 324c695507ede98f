"""Programs as they are written for Theano: only the imports differ."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

import croton as theano
import croton.tensor as T

N, FEATURES, CLASSES, BATCH = 200, 8, 3, 20


@pytest.fixture(scope="module")
def data():
    random = np.random.RandomState(3)
    x = random.randn(N, FEATURES)
    return x, x[:, :CLASSES].argmax(axis=1)


def shared_dataset(x, y):
    shared_x = theano.shared(np.asarray(x, dtype=theano.config.floatX), borrow=True)
    shared_y = theano.shared(np.asarray(y, dtype=theano.config.floatX), borrow=True)
    return shared_x, T.cast(shared_y, "int32")


class LogisticRegression:
    def __init__(self, inputs, n_in, n_out):
        self.W = theano.shared(
            value=np.zeros((n_in, n_out), dtype=theano.config.floatX), name="W", borrow=True
        )
        self.b = theano.shared(value=np.zeros((n_out,), dtype=theano.config.floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(inputs, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        assert y.ndim == self.y_pred.ndim
        assert y.dtype.startswith("int")
        return T.mean(T.neq(self.y_pred, y))


@pytest.mark.parametrize("floatX", ["float64", "float32"])
def test_minibatches_of_shared_data(data, floatX):
    with theano.config.change_flags(floatX=floatX):
        train_x, train_y = shared_dataset(*data)
        index, x, y = T.lscalar("index"), T.matrix("x"), T.ivector("y")
        classifier = LogisticRegression(x, FEATURES, CLASSES)
        cost = classifier.negative_log_likelihood(y) + 0.001 * (classifier.W**2).sum()
        gradients = [T.grad(cost, p) for p in classifier.params]
        updates = [(p, p - 0.5 * g) for p, g in zip(classifier.params, gradients, strict=True)]
        batch = slice(index * BATCH, (index + 1) * BATCH)
        givens = {x: train_x[batch], y: train_y[batch]}
        train = theano.function([index], cost, updates=updates, givens=givens)
        errors = theano.function([index], classifier.errors(y), givens=givens)
        costs = [float(train(i)) for _ in range(20) for i in range(N // BATCH)]
        assert train(0).dtype == floatX
    assert costs[-1] < 0.3 * costs[0]
    assert np.mean([errors(i) for i in range(N // BATCH)]) < 0.05


def test_optimizers_keep_single_precision(data):
    """Adam as libraries for Theano write it: constants, shared steps, broadcastable patterns."""
    with theano.config.change_flags(floatX="float32"):
        x, y = T.matrix("x"), T.ivector("y")
        classifier = LogisticRegression(x, FEATURES, CLASSES)
        cost = classifier.negative_log_likelihood(y)
        step = theano.shared(np.asarray(0.0, dtype=theano.config.floatX))
        one, t = T.constant(1), step + 1
        rate = 0.05 * T.sqrt(one - 0.999**t) / (one - 0.9**t)
        updates = [(step, t)]
        for p, g in zip(classifier.params, theano.grad(cost, classifier.params), strict=True):
            value = p.get_value(borrow=True)
            m = theano.shared(np.zeros(value.shape, dtype=value.dtype), broadcastable=p.broadcastable)
            v = theano.shared(np.zeros(value.shape, dtype=value.dtype), broadcastable=p.broadcastable)
            new_m, new_v = 0.9 * m + (one - 0.9) * g, 0.999 * v + (one - 0.999) * g**2
            updates += [(m, new_m), (v, new_v), (p, p - rate * new_m / (T.sqrt(new_v) + 1e-8))]
        train = theano.function([x, y], cost, updates=updates, allow_input_downcast=True)
    costs = [float(train(*data)) for _ in range(150)]
    assert costs[-1] < 0.5 * costs[0]


def test_conjugate_gradient_with_scipy(data):
    theta = theano.shared(np.zeros(FEATURES * CLASSES + CLASSES), name="theta", borrow=True)
    weights = theta[: FEATURES * CLASSES].reshape((FEATURES, CLASSES))
    bias = theta[FEATURES * CLASSES :]
    x, y = T.dmatrix("x"), T.lvector("y")
    p = T.nnet.softmax(T.dot(x, weights) + bias)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y]) + 0.01 * T.sum(theta**2)
    value, slope = theano.function([x, y], cost), theano.function([x, y], T.grad(cost, theta))

    def with_theta(function):
        def call(point):
            theta.set_value(point, borrow=True)
            return np.array(function(*data))

        return call

    found = optimize.fmin_cg(
        f=with_theta(value),
        x0=np.zeros(theta.get_value().shape),
        fprime=with_theta(slope),
        disp=0,
        maxiter=60,
    )
    assert np.abs(with_theta(slope)(found)).max() < 1e-3


def test_accumulators_with_swapped_state():
    state, inc, foo = theano.shared(0), T.iscalar("inc"), T.scalar(dtype="int64")
    accumulator = theano.function([inc], state, updates=[(state, state + inc)])
    assert [int(accumulator(1)), int(accumulator(300))] == [0, 1]
    assert int(state.get_value()) == 301
    skip = theano.function([inc, foo], state * 2 + inc, givens=[(state, foo)])
    assert int(skip(1, 3)) == 7
    other = theano.shared(5)
    assert int(accumulator.copy(swap={state: other})(100)) == 5
    assert (int(other.get_value()), int(state.get_value())) == (105, 301)


def test_derivatives_of_the_tutorial():
    x, v = T.dvector("x"), T.dvector("v")
    cost = T.sum(x**2)
    slope = T.grad(cost, x)
    by_gradient, by_rop = theano.function([x, v], [T.grad(T.sum(slope * v), x), T.Rop(slope, x, v)])(
        [4, 4], [2, 2]
    )
    np.testing.assert_array_equal(by_gradient, [4, 4])
    np.testing.assert_array_equal(by_rop, [4, 4])
    w, direction, inputs = T.dmatrix("W"), T.dmatrix("V"), T.dvector("x")
    product = T.dot(inputs, w)
    np.testing.assert_array_equal(
        theano.function([w, direction, inputs], T.Rop(product, w, direction))(
            [[1, 1], [1, 1]], [[2, 2], [2, 2]], [0, 1]
        ),
        [2, 2],
    )
    np.testing.assert_array_equal(
        theano.function([v, inputs], T.Lop(product, w, v))([2, 2], [0, 1]), [[0, 0], [2, 2]]
    )

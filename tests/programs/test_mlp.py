"""A multilayer perceptron: classes, minibatches by givens over shared data, early stopping."""

from __future__ import annotations

import numpy
import pytest

import croton as theano
import croton.tensor as T

BATCH = 20


@pytest.fixture(autouse=True)
def float32():
    with theano.change_flags(floatX="float32"):
        yield


class LogisticRegression:
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(numpy.zeros((n_in, n_out), dtype=theano.config.floatX), name="W", borrow=True)
        self.b = theano.shared(numpy.zeros((n_out,), dtype=theano.config.floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        assert y.ndim == self.y_pred.ndim
        assert y.dtype.startswith("int")
        return T.mean(T.neq(self.y_pred, y))


class HiddenLayer:
    def __init__(self, rng, input, n_in, n_out, W=None, activation=T.tanh):
        if not W:
            bound = numpy.sqrt(6.0 / (n_in + n_out))
            values = numpy.asarray(rng.uniform(-bound, bound, (n_in, n_out)), dtype=theano.config.floatX)
            W = theano.shared(value=values, name="W", borrow=True)
        self.W, self.b = W, theano.shared(numpy.zeros((n_out,), dtype=theano.config.floatX), borrow=True)
        self.output = activation(T.dot(input, self.W) + self.b)
        self.params = [self.W, self.b]


def shared_dataset(x, y):
    shared_x = theano.shared(numpy.asarray(x, dtype=theano.config.floatX), borrow=True)
    shared_y = theano.shared(numpy.asarray(y, dtype=theano.config.floatX), borrow=True)
    return shared_x, T.cast(shared_y, "int32")


def step_by_hand(x, y, W1, W2):
    """The cost and both matrices after a step at learning rate 0.1 and decay 1e-4, in float64."""
    hidden = numpy.tanh(x.dot(W1))
    scores = numpy.exp(hidden.dot(W2))
    p = scores / scores.sum(1, keepdims=True)
    cost = -numpy.log(p[numpy.arange(len(y)), y]).mean() + 1e-4 * ((W1**2).sum() + (W2**2).sum())
    dz = (p - numpy.eye(W2.shape[1])[y]) / len(y)
    da = dz.dot(W2.T) * (1 - hidden**2)
    return cost, W1 - 0.1 * (x.T.dot(da) + 2e-4 * W1), W2 - 0.1 * (hidden.T.dot(dz) + 2e-4 * W2)


def test_training_follows_the_formulas_and_learns():
    rng = numpy.random.RandomState(1234)
    data, teacher = rng.randn(1200, 20), rng.randn(20, 4)
    labels = data.dot(teacher).argmax(1)
    train_x, train_y = shared_dataset(data[:900], labels[:900])
    valid_x, valid_y = shared_dataset(data[900:], labels[900:])
    index, x, y = T.lscalar(), T.matrix("x"), T.ivector("y")
    hidden = HiddenLayer(rng, x, 20, 32)
    regression = LogisticRegression(hidden.output, 32, 4)
    decay = (hidden.W**2).sum() + (regression.W**2).sum()
    cost = regression.negative_log_likelihood(y) + 1e-4 * decay
    params = hidden.params + regression.params
    batch = slice(index * BATCH, (index + 1) * BATCH)
    train = theano.function(
        inputs=[index],
        outputs=cost,
        updates=[(param, param - 0.1 * T.grad(cost, param)) for param in params],
        givens={x: train_x[batch], y: train_y[batch]},
    )
    validate = theano.function([index], regression.errors(y), givens={x: valid_x[batch], y: valid_y[batch]})

    before = [w.get_value().astype("float64") for w in (hidden.W, regression.W)]
    expected, W1, W2 = step_by_hand(data[:BATCH], labels[:BATCH], *before)
    found = train(0)
    assert found.dtype == "float32"
    numpy.testing.assert_allclose(found, expected, rtol=1e-6)
    numpy.testing.assert_allclose(hidden.W.get_value(), W1, atol=1e-6)
    numpy.testing.assert_allclose(regression.W.get_value(), W2, atol=1e-6)

    best = numpy.inf
    for _ in range(30):
        for minibatch in numpy.random.RandomState(0).permutation(45):
            train(minibatch)
        best = min(best, numpy.mean([validate(i) for i in range(15)]))
    assert best < 0.1

"""A linear chain of tags: the forward recursion and Viterbi's, both by scan."""

from __future__ import annotations

import itertools

import numpy

import croton as theano
import croton.tensor as T

from .finite_differences import assert_gradient

LENGTH, TAGS = 6, 3


def log_sum_exp(x, axis):
    largest = T.max(x, axis=axis, keepdims=True)
    return T.squeeze(largest) + T.log(T.sum(T.exp(x - largest), axis=axis))


def score(emissions, transitions, path):
    path = list(path)
    return emissions[range(LENGTH), path].sum() + transitions[path[:-1], path[1:]].sum()


def test_likelihood_gradient_and_best_path():
    emissions, transitions, tags = T.matrix("emissions"), T.matrix("transitions"), T.ivector("tags")
    forward, _ = theano.scan(
        lambda e, a, t: log_sum_exp(a.dimshuffle(0, "x") + t + e.dimshuffle("x", 0), 0),
        sequences=emissions[1:],
        outputs_info=emissions[0],
        non_sequences=transitions,
    )
    told = emissions[T.arange(emissions.shape[0]), tags].sum() + transitions[tags[:-1], tags[1:]].sum()
    cost = log_sum_exp(forward[-1], 0) - told

    def best_step(e, a):
        scores = a.dimshuffle(0, "x") + transitions
        return T.max(scores, axis=0) + e, T.argmax(scores, axis=0)

    (best, came_from), _ = theano.scan(best_step, sequences=emissions[1:], outputs_info=[emissions[0], None])
    last = T.argmax(best[-1])
    path, _ = theano.scan(lambda pointers, tag: pointers[tag], sequences=came_from[::-1], outputs_info=last)
    decoded = T.concatenate([path[::-1], [last]])
    f = theano.function(
        [emissions, transitions, tags], [cost, *T.grad(cost, [emissions, transitions]), decoded]
    )

    rng = numpy.random.RandomState(0)
    values = rng.randn(LENGTH, TAGS), rng.randn(TAGS, TAGS)
    labels = rng.randint(0, TAGS, LENGTH).astype("int32")
    paths = list(itertools.product(range(TAGS), repeat=LENGTH))

    def cost_of_all_paths(emissions, transitions):
        everything = sum(numpy.exp(score(emissions, transitions, path)) for path in paths)
        return numpy.log(everything) - score(emissions, transitions, labels)

    found, *gradients, likeliest = f(*values, labels)
    numpy.testing.assert_allclose(found, cost_of_all_paths(*values), rtol=1e-12)
    assert_gradient(cost_of_all_paths, values, gradients)
    assert tuple(likeliest) == max(paths, key=lambda path: score(*values, path))

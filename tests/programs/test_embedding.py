"""Embeddings with negative samples and a table of values, trained by adding to the rows that were read."""

from __future__ import annotations

import numpy

import croton as theano
import croton.tensor as T

WORDS, WIDTH = 200, 16


def test_only_the_rows_that_were_read_change():
    rng = numpy.random.RandomState(0)
    inside, outside = (theano.shared(rng.randn(WORDS, WIDTH) * 0.3) for _ in range(2))
    centres, contexts, negatives = T.ivector("centres"), T.ivector("contexts"), T.imatrix("negatives")
    c, o, n = inside[centres], outside[contexts], outside[negatives]
    near = T.nnet.sigmoid((c * o).sum(1))
    far = T.nnet.sigmoid(-(n * c.dimshuffle(0, "x", 1)).sum(2))
    cost = -(T.log(near).sum() + T.log(far).sum())
    dense = theano.function([centres, contexts, negatives], T.grad(cost, [inside, outside]))
    by_c, by_o = T.grad(cost, [c, o])
    updates = [(inside, T.inc_subtensor(c, -0.1 * by_c)), (outside, T.inc_subtensor(o, -0.1 * by_o))]
    train = theano.function([centres, contexts, negatives], cost, updates=updates)

    words = rng.randint(0, WORDS // 2, (2, 32)).astype("int32")
    words[:, 1] = words[:, 0]
    others = rng.randint(WORDS // 2, WORDS, (32, 5)).astype("int32")
    before = [inside.get_value(), outside.get_value()]
    slopes = dense(*words, others)
    costs = [train(*words, others) for _ in range(2)][::-1]
    assert costs[0] < costs[1]
    inside.set_value(before[0])
    outside.set_value(before[1])
    train(*words, others)
    numpy.testing.assert_allclose(inside.get_value(), before[0] - 0.1 * slopes[0], atol=1e-12)
    numpy.testing.assert_allclose(
        outside.get_value()[: WORDS // 2], (before[1] - 0.1 * slopes[1])[: WORDS // 2], atol=1e-12
    )
    numpy.testing.assert_array_equal(outside.get_value()[WORDS // 2 :], before[1][WORDS // 2 :])


def test_q_learning_finds_the_values_of_a_corridor():
    Q = theano.shared(numpy.zeros((6, 2)), name="Q")
    state, action, following, ends = T.iscalars("state", "action", "following", "ends")
    reward = T.scalar("reward")
    difference = reward + (1 - ends) * 0.9 * T.max(Q[following]) - Q[state, action]
    learn = theano.function(
        [state, action, reward, following, ends],
        difference,
        updates=[(Q, T.inc_subtensor(Q[state, action], 0.5 * difference))],
    )
    rng = numpy.random.RandomState(0)
    for _ in range(3000):
        place, right = rng.randint(5), rng.randint(2)
        reached = place + 1 if right else max(place - 1, 0)
        learn(place, right, float(reached == 5), reached, int(reached == 5))
    numpy.testing.assert_allclose(Q.get_value()[:5, 1], 0.9 ** numpy.arange(4, -1, -1), rtol=1e-3)

"""A recurrent network that conditions a Boltzmann machine: scans with streams of random numbers, nested."""

from __future__ import annotations

import numpy

import croton as theano
import croton.tensor as T
from croton.tensor.shared_randomstreams import RandomStreams

VISIBLE, HIDDEN, RECURRENT = 12, 16, 14


class RnnRbm:
    def __init__(self):
        self.rng = RandomStreams(seed=numpy.random.RandomState(1).randint(1 << 30))
        values = numpy.random.RandomState(3)

        def normal(rows, columns, scale):
            return theano.shared(values.normal(scale=scale, size=(rows, columns)))

        self.W, self.Wvu = normal(VISIBLE, HIDDEN, 0.01), normal(VISIBLE, RECURRENT, 0.1)
        self.Wuh, self.Wuv = normal(RECURRENT, HIDDEN, 0.0001), normal(RECURRENT, VISIBLE, 0.0001)
        self.Wuu = normal(RECURRENT, RECURRENT, 0.0001)
        self.bv, self.bh, self.bu = (theano.shared(numpy.zeros(n)) for n in (VISIBLE, HIDDEN, RECURRENT))
        self.params = [self.W, self.bv, self.bh, self.Wuh, self.Wuv, self.Wvu, self.Wuu, self.bu]

    def rbm(self, v, bv, bh, steps):
        """A sample after some steps of the chain, the cost of contrastive divergence, a monitor, updates."""

        def mean_after(v):
            mean_h = T.nnet.sigmoid(T.dot(v, self.W) + bh)
            h = self.rng.binomial(size=mean_h.shape, n=1, p=mean_h, dtype=theano.config.floatX)
            return T.nnet.sigmoid(T.dot(h, self.W.T) + bv)

        def step(v):
            mean = mean_after(v)
            return self.rng.binomial(size=mean.shape, n=1, p=mean, dtype=theano.config.floatX)

        def free_energy(v):
            return -(v * bv).sum() - T.log(1 + T.exp(T.dot(v, self.W) + bh)).sum()

        chain, updates = theano.scan(step, outputs_info=[v], n_steps=steps)
        sample = chain[-1]
        mean = mean_after(sample)
        monitor = (T.xlogx.xlogy0(v, mean) + T.xlogx.xlogy0(1 - v, 1 - mean)).sum() / v.shape[0]
        return sample, (free_energy(v) - free_energy(sample)) / v.shape[0], monitor, updates

    def recurrence(self, v, u):
        bv, bh = self.bv + T.dot(u, self.Wuv), self.bh + T.dot(u, self.Wuh)
        generates = v is None
        updates = {}
        if generates:
            v, _, _, updates = self.rbm(T.zeros((VISIBLE,)), bv, bh, 25)
        u = T.tanh(self.bu + T.dot(v, self.Wvu) + T.dot(u, self.Wuu))
        return ([v, u], updates) if generates else [u, bv, bh]


def test_a_periodic_tune_is_learned():
    model = RnnRbm()
    v, start = T.matrix(), T.zeros((RECURRENT,))
    (_, bv, bh), updates = theano.scan(
        lambda v_t, u, *_: model.recurrence(v_t, u),
        sequences=v,
        outputs_info=[start, None, None],
        non_sequences=model.params,
    )
    sample, cost, monitor, chain_updates = model.rbm(v, bv[:], bh[:], 10)
    updates.update(chain_updates)
    gradients = T.grad(cost, model.params, consider_constant=[sample])
    updates.update((p, p - 0.05 * g) for p, g in zip(model.params, gradients, strict=True))
    train = theano.function([v], monitor, updates=updates)
    (tunes, _), updates = theano.scan(
        lambda u, *_: model.recurrence(None, u),
        outputs_info=[None, start],
        non_sequences=model.params,
        n_steps=40,
    )
    generate = theano.function([], tunes, updates=updates)

    tune = numpy.zeros((48, VISIBLE))
    for t in range(48):
        tune[t, [t % 4, t % 4 + 4, t % 4 + 8]] = 1
    monitors = [train(tune) for _ in range(400)]
    assert monitors[0] < -7
    assert numpy.mean(monitors[-20:]) > -1.5

    first, second = generate(), generate()
    assert (first != second).any()
    assert set(numpy.unique(first)) == {0.0, 1.0}
    followed = (first[1:] == numpy.roll(first[:-1].reshape(39, 3, 4), 1, axis=2).reshape(39, 12)).mean()
    assert followed > 0.85

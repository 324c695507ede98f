"""Results are the same bits in every run and for every number of threads."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

import croton as ct
import croton.sparse as sparse
import croton.tensor as T
from croton.runtime import set_threads, threads


@pytest.fixture
def any_threads():
    before = threads()
    yield
    set_threads(before)


def runs(build, *arrays):
    """Bytes of the results: several runs with one thread, two and four."""
    found = set()
    for count in (1, 2, 1, 4, 2):
        set_threads(count)
        for result in build()(*arrays):
            assert np.isfinite(result).all()
        found.add(b"".join(np.ascontiguousarray(result).tobytes() for result in build()(*arrays)))
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_reductions_softmax_and_products(any_threads, dtype):
    x = T.tensor(dtype, shape=(None, None), name="x")
    outputs = [
        x.sum(),
        x.sum(axis=0),
        x.sum(axis=1),
        x.mean(),
        x.var(axis=0),
        T.logsumexp(x, axis=1),
        T.prod(x * 0 + 1.00001, axis=0),
        T.softmax(x, axis=-1),
        T.softmax(x, axis=0),
        x @ x.T,
        x.T @ x,
        T.cumsum(x, axis=0),
    ]
    f = ct.function([x], outputs)
    array = np.random.default_rng(0).normal(size=(700, 333)).astype(dtype)
    assert len(runs(lambda: f, array)) == 1


def test_a_training_step(any_threads):
    rng = np.random.default_rng(1)
    start = [
        rng.normal(size=shape).astype("float32") / 20 for shape in ((500, 300), (300,), (300, 10), (10,))
    ]
    x, y = T.fmatrix("x"), T.lvector("y")
    weights = [ct.shared(array) for array in start]
    w1, b1, w2, b2 = weights
    scores = T.tanh(x @ w1 + b1) @ w2 + b2
    cost = -T.mean(T.log(T.softmax(scores))[T.arange(y.shape[0]), y])
    slopes = ct.grad(cost, weights)
    train = ct.function(
        [x, y], cost, updates=[(w, w - np.float32(0.1) * g) for w, g in zip(weights, slopes, strict=True)]
    )
    data, labels = rng.normal(size=(400, 500)).astype("float32"), rng.integers(0, 10, 400)

    def train_five_steps(*arrays):
        for w, array in zip(weights, start, strict=True):
            w.set_value(array)
        costs = [train(*arrays) for _ in range(5)]
        return [*costs, *(w.get_value() for w in weights)]

    assert len(runs(lambda: train_five_steps, data, labels)) == 1


def test_kernels(any_threads):
    rng = np.random.default_rng(2)
    x, z, count = T.matrix("x"), T.zmatrix("z"), T.lvector("count")
    matrix = ct.shared(scipy.sparse.random_array((700, 500), density=0.1, rng=rng, format="csr"))
    outputs = [T.sort(x), T.sort(x, axis=0), T.fft.rfft(x), T.fft.fft(z, axis=0), T.fft.fft(z[:1], 1 << 16)]
    outputs += [sparse.dot(matrix, x), sparse.dot(matrix.T, x[:1].T * T.ones((700, 40))), T.median(x, 1)]
    outputs += [T.bincount(count, T.flatten(x)[:1000])]
    f = ct.function([x, z, count], outputs)
    real = rng.normal(size=(500, 700))
    whole = real + 1j * rng.normal(size=real.shape)
    assert len(runs(lambda: f, real, whole, rng.integers(0, 9, 1000))) == 1

"""Random streams: every call draws anew, as Theano's users know it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import croton as ct
import croton.tensor as T
from croton.sandbox.rng_mrg import MRG_RandomStreams
from croton.tensor.random import RandomStream
from croton.tensor.shared_randomstreams import RandomStreams

MODES = ["compile", "interpret"]


@pytest.mark.parametrize("mode", MODES)
def test_theanos_tutorial(mode: str) -> None:
    srng = RandomStreams(seed=234)
    rv_u, rv_n = srng.uniform((2, 2)), srng.normal((2, 2))
    f = ct.function([], rv_u, mode=mode)
    g = ct.function([], rv_n, no_default_updates=True, mode=mode)
    nearly_zeros = ct.function([], rv_u + rv_u - 2 * rv_u, mode=mode)
    first, second = f(), f()
    assert (first != second).all()
    np.testing.assert_array_equal(g(), g())
    assert np.abs(nearly_zeros()).max() < 1e-12

    state = rv_u.rng.get_value(borrow=True)
    state.seed(89234)
    rv_u.rng.set_value(state, borrow=True)
    again = f()
    rv_u.rng.seed(89234)
    np.testing.assert_array_equal(f(), again)
    srng.seed(234)
    np.testing.assert_array_equal(f(), first)
    np.testing.assert_array_equal(f(), second)


def test_states_move_between_streams() -> None:
    def drawn(seed: int) -> tuple[Any, RandomStreams]:
        stream = RandomStreams(seed)
        return ct.function([], stream.normal((3,))), stream

    (f, ours), (g, theirs) = drawn(1), drawn(2)
    f()
    assert (f() != g()).all()
    for (old, _), (new, _) in zip(ours.state_updates, theirs.state_updates, strict=True):
        new.set_value(old.get_value())
    np.testing.assert_array_equal(f(), g())
    state = ours.state_updates[0][0].get_value().get_state()
    value = f()
    theirs.state_updates[0][0].get_value(borrow=True).set_state(state)
    np.testing.assert_array_equal(g(), value)


def test_functions_share_the_state_of_a_variable_and_every_variable_has_its_own() -> None:
    srng = RandomStream(7)
    a, b = srng.uniform((4,)), srng.uniform((4,))
    f, g = ct.function([], [a, a * 2, b]), ct.function([], a)
    first, doubled, other = f()
    np.testing.assert_array_equal(doubled, 2 * first)
    assert (first != other).all() and (g() != first).all()
    assert a.rng.get_value()[1] == 2 and b.rng.get_value()[1] == 1
    assert a.update[0] is a.rng and len(srng.updates()) == 2


def test_compiled_interpreted_and_eager_numbers_are_the_same() -> None:
    found = []
    for mode in MODES:
        srng = RandomStream(5)
        f = ct.function([], [srng.uniform((9,)), srng.poisson((9,), 4.0), srng.gamma((9,), 2.0)], mode=mode)
        f()
        found.append(f())
    for compiled, interpreted in zip(*found, strict=True):
        np.testing.assert_allclose(compiled, interpreted, rtol=1e-14)
    state, _ = RandomStream(5).uniform((9,)).update
    state.set_value(state.get_value() + np.array([0, 1], np.uint64))
    np.testing.assert_array_equal(found[0][0], T.random.uniform((9,), key=state.get_value()).data)


def test_updates_given_by_hand_win_and_some_states_may_be_kept() -> None:
    srng = RandomStream(1)
    a, b = srng.uniform(()), srng.uniform(())
    f = ct.function([], [a, b], no_default_updates=[a.rng])
    (x, y), (z, w) = f(), f()
    assert x == z and y != w
    g = ct.function([], a, updates=[(a.rng, a.rng)])
    assert g() == g()
    h = ct.function([], a, updates=srng.updates())
    assert h() != h()
    with pytest.raises(TypeError, match=r"no_default_updates must be a bool or a list, got 'all'"):
        ct.function([], a, no_default_updates="all")


def test_any_shared_variable_may_have_a_default_update() -> None:
    count, last = ct.shared(0, "count"), ct.shared(-1, "last")
    count.default_update = count + 1
    last.default_update = count * 10
    x = T.lscalar("x")
    f = ct.function([x], x + last)  # the update of `last` reads `count`, whose own is due too
    assert [int(f(1)) for _ in range(3)] == [0, 1, 11]
    assert count.get_value() == 3
    count.default_update = count + 0.5
    with pytest.raises(TypeError, match=r"the update of count is float64"):
        ct.function([], count)


def test_jumping_is_as_if_functions_had_been_called() -> None:
    here, there = RandomStream(3), RandomStream(3)
    f, g = (ct.function([], s.normal((2,))) for s in (here, there))
    for _ in range(5):
        f()
    there.jump(5)
    value = g()
    np.testing.assert_array_equal(f(), value)
    there.jump(-1)
    np.testing.assert_array_equal(g(), value)
    with pytest.raises(TypeError, match=r"RandomStream.jump: expected an int, got 1.5"):
        here.jump(1.5)


def test_parallel_streams_are_independent_and_reproducible() -> None:
    def numbers() -> np.ndarray:
        streams = RandomStream(3).split(4)
        return np.array([ct.function([], stream.normal((500,)))() for stream in streams])

    first = numbers()
    np.testing.assert_array_equal(first, numbers())
    correlation = np.corrcoef([*first, ct.function([], RandomStream(3).normal((500,)))()])
    assert np.abs(correlation - np.eye(5)).max() < 0.2
    with pytest.raises(ValueError, match=r"RandomStream.split: expected a positive int, got 0"):
        RandomStream(3).split(0)


def test_theanos_signatures() -> None:
    srng = MRG_RandomStreams()
    matrix = T.matrix("matrix")
    p = np.array([0.2, 0.5, 0.3])
    outputs = {
        "binomial": srng.binomial(size=(5,), n=1, p=0.5),
        "binomial of many": srng.binomial((5,), 10, prob=0.9),
        "binomial like": srng.binomial(p=T.nnet.sigmoid(matrix), dtype="float32"),
        "multinomial": srng.multinomial(pvals=np.tile(p, (4, 1)), n=1, dtype="float64"),
        "choice": srng.choice((6,), a=3, p=p),
        "random_integers": srng.random_integers((50,), low=3, high=5),
        "permutation": srng.permutation((2,), n=4),
        "shuffle_row_elements": srng.shuffle_row_elements(matrix),
        "poisson": srng.poisson((3,), lam=2.0),
        "normal": srng.normal(avg=matrix, std=0.0),
        "truncated": srng.normal((500,), 1.0, 2.0, truncate=True),
        "without replacement": srng.multinomial_wo_replacement(pvals=np.tile(p, (4, 1)), n=2),
        "exponential": srng.exponential((3,), 2.0, dtype="float32"),
        "bernoulli": srng.bernoulli((8,), 0.5),
        "categorical": srng.categorical(matrix),
    }
    given = np.arange(6.0).reshape(2, 3)
    found = ct.function([matrix], outputs)(given)
    assert found["binomial"].dtype == np.int64 and set(found["binomial"]) <= {0, 1}
    assert found["binomial of many"].max() <= 10
    assert found["binomial like"].shape == (2, 3) and found["binomial like"].dtype == np.float32
    assert (found["multinomial"].sum(1) == 1).all() and found["multinomial"].dtype == np.float64
    assert set(found["random_integers"].tolist()) == {3, 4, 5}
    assert np.sort(found["permutation"], 1).tolist() == [[0, 1, 2, 3]] * 2
    assert np.sort(found["shuffle_row_elements"], 1).tolist() == given.tolist()
    np.testing.assert_array_equal(found["normal"], given)
    assert found["truncated"].min() >= -3 and found["truncated"].max() <= 5
    assert found["without replacement"].shape == (4, 2)
    assert found["exponential"].dtype == np.float32
    assert found["categorical"].shape == (2,)
    assert outputs["random_integers"].rng is not None
    with pytest.raises(ValueError, match=r"ndim is 3, but size has 2 entries"):
        srng.uniform((2, 2), ndim=3)


def test_symbolic_sizes_and_gradients_by_parameters() -> None:
    srng = RandomStream(11)
    x, mean = T.matrix("x"), T.scalar("mean")
    noise = srng.normal(x.shape, mean, 2.0)
    loss = T.sum(x * noise)
    f = ct.function([x, mean], [noise, ct.grad(loss, mean), ct.grad(loss, x)])
    given = np.arange(6.0).reshape(3, 2)
    drawn, by_mean, by_x = f(given, 1.0)
    assert drawn.shape == (3, 2)
    np.testing.assert_allclose(by_mean, given.sum())
    np.testing.assert_array_equal(by_x, drawn)


def test_floats_follow_the_configuration() -> None:
    before = ct.config.floatX
    try:
        ct.config.floatX = "float32"
        assert RandomStream(1).uniform((2,)).dtype == "float32"
        assert RandomStream(1).gamma((2,), 2.0).dtype == "float32"
    finally:
        ct.config.floatX = before


def test_numbers_over_calls_follow_the_distribution() -> None:
    rv = RandomStream(8).normal(())
    f = ct.function([], rv)
    assert st.kstest([float(f()) for _ in range(2000)], st.norm.cdf).pvalue > 1e-3


def test_traced_functions_draw_anew_in_every_call() -> None:
    rv = RandomStream(8).normal((3,))
    noisy = ct.jit(lambda x: (x + rv, x + T.random.normal((3,)) - T.random.normal((3,))))
    x = np.zeros(3)
    T.random.seed(4)
    first, second = noisy(x), noisy(x)
    for a, b in zip(first, second, strict=True):
        assert (a.data != b.data).all() and (a.data != 0).all()
    T.random.seed(4)
    np.testing.assert_array_equal(noisy(x)[1].data, first[1].data)


def test_bad_seeds() -> None:
    with pytest.raises(TypeError, match=r"seed: expected an int, got 1.5"):
        RandomStream(1.5)
    first, second = RandomStream(), RandomStream()
    assert ct.function([], first.uniform(()))() != ct.function([], second.uniform(()))()


def test_every_distribution_is_a_method_with_the_size_first() -> None:
    srng = RandomStream(6)
    floats = [
        *("beta", "cauchy", "chisquare", "dirichlet", "exponential", "f", "gamma", "gumbel", "laplace"),
        *("logistic", "lognormal", "pareto", "power", "rayleigh", "standard_t", "triangular", "vonmises"),
        *("wald", "weibull", "truncated_normal", "uniform", "normal"),
    ]
    counts = ["bernoulli", "geometric", "hypergeometric", "negative_binomial", "poisson", "binomial"]
    variables = {name: getattr(srng, name)((3, 2)) for name in (*floats, *counts)}
    narrow = {f"{name} narrow": getattr(srng, name)((3, 2), dtype="float32") for name in floats}
    others = {
        "vectors": srng.multivariate_normal((6,), np.zeros(1), np.ones((1, 1))),
        "permutation": srng.permutation(n=6),
        "shuffle": srng.shuffle(np.arange(6)),
        "integers": srng.integers(None, np.zeros(6, int), 3),
        "choice": srng.choice(6, np.arange(3.0), dtype="float32"),
    }
    found = ct.function([], {**variables, **narrow, **others})()
    for name in (*floats, *counts):
        assert found[name].shape[:2] == (3, 2), name
        assert found[name].dtype == ("float64" if name in floats else "int64"), name
        assert getattr(RandomStream, name).__doc__
    assert all(found[name].dtype == np.float32 for name in narrow)
    assert all(found[name].shape[:1] == (6,) for name in others)
    states = [state.get_value()[0] for state, _ in srng.updates()]
    assert len(set(states)) == len(states) == len({**variables, **narrow, **others})

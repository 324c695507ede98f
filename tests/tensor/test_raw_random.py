"""Random functions of an explicit state."""

from __future__ import annotations

import numpy as np

import croton as ct
import croton.tensor as T


def test_each_gives_the_next_state_and_numbers() -> None:
    raw = T.raw_random
    state = raw.random_state_type("state")
    second, u = raw.uniform(state, (3,), -1.0, 1.0)
    third, n = raw.normal(second, (3,))
    last, order = raw.permutation(third, (2,), 5)
    f = ct.function(
        [state], [u, n, order, last, *raw.poisson(state, (3,), 4.0), raw.choice(state, (4,), 9)[1]]
    )
    first = T.random.key(7).data
    found = f(first)
    np.testing.assert_array_equal(found[0], T.random.uniform((3,), -1, 1, key=7).data)
    second_key = first + np.array([0, 1], np.uint64)
    np.testing.assert_array_equal(found[1], T.random.normal((3,), key=second_key).data)
    assert np.sort(found[2], 1).tolist() == [[0, 1, 2, 3, 4]] * 2
    assert found[3].tolist() == [7, 3] and found[4].tolist() == [7, 1]
    assert found[5].dtype == np.int64 and found[6].max() < 9


def test_a_shared_state_is_updated_by_hand() -> None:
    state = ct.shared(T.random.key(3).data)
    following, numbers = T.raw_random.uniform(state, (2,))
    f = ct.function([], numbers, updates=[(state, following)])
    assert (f() != f()).all()


def test_streams_are_where_theano_has_them() -> None:
    stream = T.shared_randomstreams.RandomStreams(5)
    again = T.random.RandomStream(5)
    np.testing.assert_array_equal(
        ct.function([], stream.uniform((3,)))(), ct.function([], again.uniform((3,)))()
    )

"""Memory stays flat: nothing is kept from call to call."""

from __future__ import annotations

import gc
import os
import threading

import numpy as np
import pytest

import croton as ct
import croton.tensor as T


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_ten_thousand_steps_of_training_keep_nothing():
    x, y = T.dmatrix("x"), T.dvector("y")
    w, m = ct.shared(np.zeros(20), "w"), ct.shared(np.zeros(20), "m")
    error = x @ w - y
    cost = T.mean(error**2)
    slope = 0.9 * m + ct.grad(cost, w)
    train = ct.function([x, y], [cost, error], updates=[(m, slope), (w, w - 0.01 * slope)])
    rng = np.random.default_rng(0)
    data, target = rng.normal(size=(50, 20)), rng.normal(size=50)

    def steps(count):
        for _ in range(count):
            train(data, target)
        gc.collect()

    steps(1000)
    before = resident()
    steps(10_000)
    assert resident() - before < 1 << 20


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_calls_that_fail_keep_nothing():
    x, i = T.dvector("x"), T.lvector("i")
    f = ct.function([x, i], x[i] * 2)

    def calls(count):
        for _ in range(count):
            with pytest.raises(IndexError):
                f(np.zeros(1000), np.full(1000, 1000))
        gc.collect()

    calls(100)
    before = resident()
    calls(1000)
    assert resident() - before < 1 << 20


def test_functions_are_freed():
    import weakref

    w = ct.shared(np.zeros(3), "w")
    cell = weakref.ref(w.cell)
    f = ct.function([], w + 1, updates=[(w, w + 1)])
    f()
    del f, w
    gc.collect()
    assert cell() is None


def in_threads(count, work):
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    started = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(120)
    assert not failures, failures[0]


@pytest.mark.parametrize("rows", [3, 2000])
def test_sixteen_threads_call_one_function(rows):
    x = T.dmatrix("x")
    f = ct.function([x], T.softmax(x @ x.T).sum(axis=0) * x.sum())
    arrays = [np.full((rows // 4 + 1, 5), number / 16) for number in range(16)]
    expected = [f(array) for array in arrays]

    def work(number):
        for _ in range(10):
            np.testing.assert_array_equal(f(arrays[number]), expected[number])

    in_threads(16, work)


def test_sixteen_threads_update_one_variable():
    """No update is lost, in place or not, small or large."""
    small, large = ct.shared(np.float64(0), "small"), ct.shared(np.zeros((300, 300)), "large")
    step = ct.function([], None, updates=[(small, small + 1), (large, large.T + 1)])

    def work(_):
        for _ in range(25):
            step()

    in_threads(16, work)
    assert small.get_value() == 400
    np.testing.assert_array_equal(large.get_value(), 400)

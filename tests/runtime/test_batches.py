"""Many calls in one: a function called on batches of rows, one after the other."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import croton as ct
import croton.tensor as T
from croton.runtime import Function


@pytest.fixture(scope="module")
def running_sum() -> tuple[Function, ct.TensorSharedVariable]:
    """For a matrix and a vector of int32: the first row and the number of rows; a state sums up the rest."""
    x, labels, total = T.matrix("x"), T.ivector("labels"), ct.shared(np.zeros(2))
    update = total + T.stack([x.sum(), (labels * T.arange(x.shape[0])).sum()])
    return ct.function([x, labels], [x[0], x.shape[0]], updates=[(total, update)]), total


def arrays(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(3.0 * rows).reshape(rows, 3), np.arange(rows, dtype="int32")


@given(
    rows=st.integers(1, 20),
    size=st.integers(1, 25),
    seed=st.none() | st.integers(0, 100),
    data=st.data(),
)
def test_it_does_what_a_loop_over_slices_does(running_sum, rows, size, seed, data):
    f, total = running_sum
    x, labels = arrays(rows)
    order = None if seed is None else np.random.default_rng(seed).integers(0, rows, rows + 3)
    stop = rows if order is None else len(order)
    start = data.draw(st.integers(0, stop - 1))
    total.set_value(np.zeros(2))
    for first in range(start, stop, size):
        taken = slice(first, first + size) if order is None else order[first : first + size]
        expected = f(x[taken], labels[taken])
    state = total.get_value()
    total.set_value(np.zeros(2))
    end, result, error = f.on_batches((x, labels), size, start=start, order=order)
    assert end == stop and error is None
    np.testing.assert_array_equal(total.get_value(), state)
    for got, wanted in zip(result, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_no_call_begins_after_the_given_time(running_sum):
    f, _ = running_sum
    end, (row, count), _ = f.on_batches(arrays(10), 4, seconds=0.0)
    assert end == 4 and count == 4
    np.testing.assert_array_equal(row, [0.0, 1.0, 2.0])


def test_arrays_of_other_dtypes_are_taken_as_by_a_call(running_sum):
    f, total = running_sum
    x, labels = arrays(5)
    total.set_value(np.zeros(2))
    f.on_batches((x.astype("float32"), labels), 2)
    assert total.get_value()[0] == x.sum()


@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(arrays=(arrays(4)[0].T.copy().T, arrays(4)[1])), TypeError, r"arrays\[0\].*another order"),
        (dict(arrays=(arrays(4)[0], [0, 1, 2, 3])), TypeError, r"arrays\[1\].*got list"),
        (dict(arrays=(np.float64(1.0), arrays(4)[1])), TypeError, r"arrays\[0\]"),
        (dict(arrays=(arrays(4)[0].astype(object), arrays(4)[1])), TypeError, r"arrays\[0\].*Python objects"),
        (dict(arrays=(arrays(4)[0], arrays(5)[1])), ValueError, r"arrays\[1\] has 5 rows, arrays\[0\] has 4"),
        (dict(order=np.array([0, 4])), IndexError, r"order\[1\] is 4, and there are 4 rows"),
        (dict(order=np.array([-1])), IndexError, r"order\[0\] is -1"),
        (dict(order=np.array([0.0])), TypeError, "order: expected None or a vector of int64"),
        (dict(order=np.arange(4)[::2]), TypeError, "order: expected None or a vector of int64"),
        (dict(order=np.array([], "int64")), ValueError, "no batch"),
        (dict(size=0), ValueError, "no batch of 0 rows"),
        (dict(start=4), ValueError, "from row 4 on of 4"),
        (dict(start=-1), ValueError, "from row -1"),
        (dict(arrays=arrays(4)[:1]), TypeError, "missing argument 'labels'"),
        (dict(arrays=()), ValueError, "no batch"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(running_sum, change, error, message):
    f, total = running_sum
    before = total.get_value()
    with pytest.raises(error, match=message):
        f.on_batches(**{"arrays": arrays(4), "size": 2, **change})
    np.testing.assert_array_equal(total.get_value(), before)


def test_one_row_may_have_any_stride(running_sum):
    f, total = running_sum
    x = np.arange(300.0).reshape(100, 3)[::50][:1]
    assert x.strides == (1200, 8) and x.flags.c_contiguous
    total.set_value(np.zeros(2))
    f.on_batches((x, np.array([0], "int32")), 2, order=np.array([0, 0, 0]))
    np.testing.assert_array_equal(total.get_value(), [9.0, 0.0])


def test_a_failing_batch_ends_the_loop_and_raises_when_it_comes_first():
    x, position, total = T.vector("x"), T.lvector("position"), ct.shared(0.0)
    f = ct.function([x, position], [], updates=[(total, total + x[position].sum())])
    x_rows, positions = np.ones(6), np.array([0, 1, 0, 1, 7, 0])
    end, _, error = f.on_batches((x_rows, positions), 2)
    assert end == 4 and isinstance(error, IndexError) and total.get_value() == 4.0
    with pytest.raises(IndexError):
        f.on_batches((x_rows, positions), 2, start=end)
    assert total.get_value() == 4.0


class Late(Exception):
    """What a signal handler raises."""


def late(*_: object) -> None:
    raise Late


@pytest.mark.parametrize("handler, error", [(late, Late), (signal.default_int_handler, KeyboardInterrupt)])
def test_signals_are_handled_between_batches(handler, error):
    x, total = T.vector("x"), ct.shared(0.0)
    f = ct.function([x], [], updates=[(total, total + x.sum())])
    rows = np.ones(50_000_000)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(error):
            end, _, raised = f.on_batches((rows,), 1)
            assert total.get_value() == end
            raise raised
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert 0 < total.get_value() < len(rows)


def test_what_a_callback_keeps_of_a_batch_stays_as_it_was():
    kept = []

    @ct.as_op(itypes=[T.dmatrix], otypes=[T.dmatrix])
    def keep(x):
        kept.append(x)
        return x

    x = T.matrix("x")
    f = ct.function([x], keep(x).sum())
    f.on_batches(arrays(6)[:1], 2, order=np.arange(5, -1, -1))
    np.testing.assert_array_equal(np.concatenate(kept), arrays(6)[0][::-1])

"""Calls from many Python threads at once."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from croton.runtime import Cell

THREADS = 16

# Generated code has no system headers: waiting is counting.
SPIN = "static void spin(long n) { for (volatile long i = 0; i < n; i++) {} }"


def run_in_threads(body, count=THREADS):
    """Run body(k) in `count` threads that start together; raise the first exception."""
    failures = []
    barrier = threading.Barrier(count)

    def target(k):
        try:
            barrier.wait()
            body(k)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=target, args=(k,), daemon=True) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    if failures:
        raise failures[0]


def test_each_call_has_its_own_arena_and_dims(make_function, nanoseconds):
    f = make_function(
        [("argument", "x", "float64", 1)],
        [("fresh", "float64", 1)],
        prepare="dims[0] = out[0][0] = in[0][0]; summary[0] = 8 * in[0][0];",
        run="""
        double *copy = (double *)arena;
        for (int repeat = 0; repeat < 20; repeat++)
            for (ct_int i = 0; i < dims[0]; i++) copy[i] = ((double *)in[0])[i] + repeat;
        for (ct_int i = 0; i < dims[0]; i++) ((double *)out[0])[i] = copy[i];
        """,
        dims=1,
        nanoseconds=nanoseconds,
        returns="single",
    )

    def body(k):
        x = np.full(500 + 37 * k, float(k))
        for _ in range(100):
            np.testing.assert_array_equal(f(x), x + 19)

    run_in_threads(body)
    assert f.calls == 100 * THREADS


@pytest.mark.parametrize("kind", ["in_place", "replace"])
def test_no_update_is_lost(make_function, nanoseconds, kind):
    cell = Cell(np.zeros(8), "w")
    f = make_function(
        [("cell", cell)],
        [(kind, cell)],
        prepare="out[0][0] = 8;",
        run="spin(2000); for (int i = 0; i < 8; i++) ((double *)out[0])[i] = ((double *)in[0])[i] + 1;",
        helpers=SPIN,
        nanoseconds=nanoseconds,
        returns="none",
    )
    run_in_threads(lambda k: [f() for _ in range(50)])
    np.testing.assert_array_equal(cell.array, [50 * THREADS] * 8)


@pytest.mark.parametrize("kind", ["in_place", "replace"])
def test_readers_never_see_half_of_an_update(make_function, kind):
    cell = Cell(np.zeros(64), "w")
    write = make_function(
        [("cell", cell)],
        [(kind, cell)],
        prepare="out[0][0] = 64;",
        run="for (int i = 0; i < 64; i++) { spin(50); ((double *)out[0])[i] = ((double *)in[0])[i] + 1; }",
        helpers=SPIN,
        nanoseconds=10**6,
        returns="none",
    )
    read = make_function(
        [("cell", cell)],
        [("fresh", "float64", 1)],
        prepare="out[0][0] = 64;",
        run="for (int i = 0; i < 64; i++) { spin(50); ((double *)out[0])[i] = ((double *)in[0])[i]; }",
        helpers=SPIN,
        nanoseconds=10**6,
        returns="single",
    )

    def body(k):
        for _ in range(60):
            if k % 4 == 0:
                write()
            else:
                seen = read() if k % 2 else cell.array
                assert (seen == seen[0]).all()

    run_in_threads(body, 8)
    np.testing.assert_array_equal(cell.array, [120] * 64)


def test_functions_that_share_cells_in_opposite_orders_do_not_deadlock(make_function):
    a, b = Cell(np.array(0.0), "a"), Cell(np.array(0.0), "b")

    def adding(first, second):
        return make_function(
            [("cell", first), ("cell", second)],
            [("in_place", first), ("in_place", second)],
            run="spin(5000); *(double *)out[0] += 1; *(double *)out[1] += 1;",
            helpers=SPIN,
            nanoseconds=10**6,
            returns="none",
        )

    f, g = adding(a, b), adding(b, a)
    run_in_threads(lambda k: [(f, g)[k % 2]() for _ in range(100)])
    assert a.array == b.array == 100 * THREADS


def test_setting_a_cell_is_not_lost_among_updates(make_function):
    cell = Cell(np.zeros(1), "w")
    f = make_function(
        [("cell", cell)],
        [("in_place", cell)],
        prepare="out[0][0] = 1;",
        run="spin(20000); *(double *)out[0] += 1;",
        helpers=SPIN,
        nanoseconds=10**6,
        returns="none",
    )

    def body(k):
        for i in range(50):
            if k == 0:
                value = 1e6 * (i + 1)
                cell.array = np.array([value])
                assert cell.array[0] >= value
            else:
                f()

    run_in_threads(body, 4)
    assert cell.array[0] >= 50e6


def test_python_goes_on_while_a_long_call_runs(make_function):
    f = make_function([], [], run="spin(400000000);", helpers=SPIN, nanoseconds=10**9, returns="none")
    started = time.perf_counter()
    thread = threading.Thread(target=f)
    thread.start()
    time.sleep(0.01)
    back = time.perf_counter() - started
    thread.join()
    assert back < (time.perf_counter() - started) / 2


def test_callers_may_come_and_go(make_function):
    f = make_function(
        [("argument", "x", "float64", 0)],
        [("fresh", "float64", 0)],
        prepare="summary[0] = 100000;",
        run="arena[99999] = 1; *(double *)out[0] = *(double *)in[0];",
        nanoseconds=10**6,
        returns="single",
    )
    for _ in range(5):
        run_in_threads(lambda k: [f(float(k)) for _ in range(5)], 32)
    assert f.kept_bytes <= 16 * 100000
    f.trim()
    assert f.kept_bytes == 0
    assert f(3.0) == 3.0

"""Ctrl-C while generated code runs. Each case is a process of its own that sends itself the signal."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LOOP = """
    for (;;) {
        for (volatile int i = 0; i < 1000; i++) {}
        if (context->interrupted(context)) { return CT_INTERRUPTED; }
    }
"""

# Pieces run until the flag is up: workers only see it because the calling thread looks for signals.
PARALLEL = """
static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    ct_context *context = pointers[0];
    (void)integers; (void)begin; (void)end;
    for (ct_int n = 0; n < (begin == 0 ? 1 : 1L << 40); n++) {
        for (volatile int i = 0; i < 1000; i++) {}
        if (context->interrupted(context)) { return; }
    }
}
"""

DRIVER = """
import os, signal, threading, time
import numpy as np
from croton.runtime import Cell, Function, Library
library = Library({path!r})
cell = Cell(np.array(1.0), "w")
f = Function(
    name="f", owner=library, prepare=library.address("croton_prepare"), run=library.address("croton_run"),
    inputs=[("cell", cell)], outputs=[("replace", cell)], returns="none")
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
started = time.perf_counter()
try:
    f()
    print("returned")
except KeyboardInterrupt:
    print("interrupted", 0.2 < time.perf_counter() - started < 5, float(cell.array))
cell.array = np.array(2.0)  # not locked any more
print(float(cell.array))
"""


def interrupted_run(function, driver=DRIVER):
    done = subprocess.run(
        [sys.executable, "-c", driver.format(path=function.owner.path)],
        env={**os.environ, "CROTON_NUM_THREADS": "3"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_a_long_loop_raises_keyboard_interrupt_and_changes_nothing(make_function):
    f = make_function([], [], run=LOOP, nanoseconds=10**9)
    assert interrupted_run(f) == ["interrupted", "True", "1.0", "2.0"]


def test_a_call_that_was_thought_short_keeps_the_gil_and_can_still_be_interrupted(make_function):
    f = make_function([], [], run=LOOP, nanoseconds=0)
    timer = "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()"
    alarm = (
        "signal.signal(signal.SIGALRM, signal.default_int_handler); signal.setitimer(signal.ITIMER_REAL, 0.3)"
    )
    assert interrupted_run(f, DRIVER.replace(timer, alarm)) == ["interrupted", "True", "1.0", "2.0"]


def test_a_parallel_loop_is_interrupted_too(make_function):
    f = make_function(
        [],
        [],
        helpers=PARALLEL,
        run="""
        void *pointers[1] = {context};
        context->parallel(context, body, pointers, dims, 3, 1);
        return context->interrupted(context) ? CT_INTERRUPTED : CT_OK;
        """,
        nanoseconds=10**9,
    )
    assert interrupted_run(f) == ["interrupted", "True", "1.0", "2.0"]


def test_a_signal_that_generated_code_noticed_but_ignored_is_not_lost(make_function):
    f = make_function(
        [],
        [],
        run="""
        while (!context->interrupted(context)) { for (volatile int i = 0; i < 1000; i++) {} }
        *(double *)out[0] = 9;
        """,
        nanoseconds=10**9,
    )
    assert interrupted_run(f)[0] == "interrupted"


def test_waiting_for_a_cell_can_be_interrupted(make_function):
    """The main thread waits for an update that another thread runs for a long time."""
    f = make_function([], [], run="for (volatile long i = 0; i < (1L << 32); i++) {}", nanoseconds=10**9)
    driver = DRIVER.replace(
        "    f()\n", "    threading.Thread(target=f, daemon=True).start(); time.sleep(0.1); f()\n"
    )
    driver = driver[: driver.index("cell.array = ")] + "os._exit(0)"
    driver = driver.replace("float(cell.array))", "1.0, flush=True)")
    done = subprocess.run(
        [sys.executable, "-c", driver.format(path=f.owner.path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["interrupted", "True", "1.0"], done.stderr


@pytest.mark.parametrize("count", [0, 1, 100000])
def test_asking_often_is_cheap_and_says_no(make_function, count):
    f = make_function(
        [],
        [("fresh", "int64", 0)],
        run=f"ct_int yes = 0; for (int i = 0; i < {count}; i++) {{ yes += context->interrupted(context); }} "
        "*(ct_int *)out[0] = yes;",
        returns="single",
    )
    assert f() == 0

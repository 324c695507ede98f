"""The thread pool behind ct_context.parallel."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from croton import runtime

# Every piece notes its begin and its size; pieces write disjoint memory.
BODY = """
static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    ct_int *out = pointers[0];
    for (ct_int i = begin; i < end; i++) {
        ct_int total = 0;
        for (ct_int k = 0; k < integers[0]; k++) total += (i * k) % 7;
        out[i] = 1000 * begin + (end - begin) + total;
    }
}
"""
CALL = """
    ct_int extent = *(ct_int *)in[0], grain = *(ct_int *)in[1];
    void *pointers[1] = {out[0]};
    ct_int integers[1] = {20};
    context->parallel(context, body, pointers, integers, extent, grain);
"""
ARGUMENTS = [("argument", "extent", "int64", 0), ("argument", "grain", "int64", 0)]


@pytest.fixture
def pieces(make_function, nanoseconds):
    """pieces(extent, grain, size): what each index says of the piece it was in."""
    return make_function(
        [*ARGUMENTS, ("argument", "like", "int64", 1)],
        [("fresh", "int64", 1)],
        prepare="out[0][0] = in[2][0];",
        run=CALL,
        helpers=BODY,
        nanoseconds=nanoseconds,
        returns="single",
    )


@pytest.fixture(autouse=True)
def restore_threads():
    before = runtime.threads()
    yield
    runtime.set_threads(before)


def expected(extent, grain):
    grain = grain if grain > 0 else extent
    i = np.arange(extent)
    begin = i // grain * grain if extent else i
    size = np.minimum(grain, extent - begin)
    total = sum((i * k) % 7 for k in range(20))
    return 1000 * begin + size + total


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(
    ("extent", "grain"), [(0, 1), (1, 1), (10, 3), (1000, 1), (1000, 64), (7, 100), (9, 0), (9, -1)]
)
def test_each_index_is_run_once_in_the_same_pieces_for_any_number_of_threads(pieces, threads, extent, grain):
    runtime.set_threads(threads)
    for _ in range(5):
        np.testing.assert_array_equal(
            pieces(extent, grain, np.zeros(extent, np.int64)), expected(extent, grain)
        )


def test_the_number_of_threads_can_change_between_calls(pieces):
    for threads in (3, 1, 4, 2, 2, 6):
        runtime.set_threads(threads)
        assert runtime.threads() == threads
        np.testing.assert_array_equal(pieces(500, 7, np.zeros(500, np.int64)), expected(500, 7))


@pytest.mark.parametrize("threads", [0, -1])
def test_at_least_one_thread_is_needed(threads):
    with pytest.raises(ValueError, match=">= 1"):
        runtime.set_threads(threads)
    with pytest.raises(TypeError):
        runtime.set_threads("two")


def test_many_callers_at_once_get_the_same_results(pieces):
    runtime.set_threads(4)
    wrong = []

    def body():
        for extent in range(100, 200):
            if not np.array_equal(pieces(extent, 3, np.zeros(extent, np.int64)), expected(extent, 3)):
                wrong.append(extent)

    threads = [threading.Thread(target=body) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert wrong == []


def test_the_number_of_threads_may_change_while_others_call(pieces):
    stop = threading.Event()
    wrong = []

    def call():
        while not stop.is_set():
            if not np.array_equal(pieces(300, 3, np.zeros(300, np.int64)), expected(300, 3)):
                wrong.append(1)

    thread = threading.Thread(target=call)
    thread.start()
    for k in range(60):
        runtime.set_threads(1 + k % 5)
    stop.set()
    thread.join(60)
    assert not thread.is_alive() and wrong == []


def test_a_parallel_loop_inside_a_parallel_loop_runs_serially(make_function, nanoseconds):
    f = make_function(
        ARGUMENTS,
        [("fresh", "int64", 2)],
        prepare="out[0][0] = out[0][1] = 12;",
        helpers="""
        static void inner(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
        {
            for (ct_int j = begin; j < end; j++) ((ct_int *)pointers[0])[j] = 100 * integers[0] + j;
        }
        static void outer(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
        {
            ct_context *context = pointers[1];
            (void)integers;
            for (ct_int i = begin; i < end; i++) {
                void *row[1] = {(ct_int *)pointers[0] + 12 * i};
                context->parallel(context, inner, row, &i, 12, 2);
            }
        }
        """,
        run="void *pointers[2] = {out[0], context};context->parallel(context, outer, pointers, dims, 12, 1);",
        nanoseconds=nanoseconds,
        returns="single",
    )
    runtime.set_threads(3)
    for _ in range(20):
        np.testing.assert_array_equal(f(0, 0), 100 * np.arange(12)[:, None] + np.arange(12))


def test_each_piece_has_its_own_scratch_memory(make_function):
    f = make_function(
        [],
        [("fresh", "int64", 1)],
        prepare="out[0][0] = 64;",
        helpers="""
        static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
        {
            ct_context *context = pointers[1];
            ct_int count = 100 + 1000 * begin;
            ct_int *scratch = context->scratch(context, count * 8);
            (void)integers; (void)end;
            for (ct_int i = 0; i < count; i++) scratch[i] = begin;
            ct_int wrong = (ct_int)scratch % 64;
            for (ct_int i = 0; i < count; i++) wrong += scratch[i] != begin;
            ((ct_int *)pointers[0])[begin] = wrong;
        }
        """,
        run="void *pointers[2] = {out[0], context}; context->parallel(context, body, pointers, dims, 64, 1);",
        nanoseconds=10**6,
        returns="single",
    )
    runtime.set_threads(4)
    for _ in range(10):
        np.testing.assert_array_equal(f(), np.zeros(64))


def test_pieces_may_allocate(make_function):
    f = make_function(
        [],
        [("fresh", "int64", 1)],
        prepare="out[0][0] = 200;",
        helpers="""
        static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
        {
            ct_context *context = pointers[1];
            (void)integers; (void)end;
            ct_int *memory = context->allocate(context, 8 * (1 + begin));
            memory[begin] = begin;
            ((ct_int **)pointers[2])[begin] = memory;
        }
        """,
        run="""
        ct_int *blocks[200];
        void *pointers[3] = {out[0], context, blocks};
        context->parallel(context, body, pointers, dims, 200, 1);
        for (int i = 0; i < 200; i++) ((ct_int *)out[0])[i] = blocks[i][i] + ((ct_int)blocks[i] % 64);
        """,
        returns="single",
    )
    runtime.set_threads(4)
    for _ in range(20):
        np.testing.assert_array_equal(f(), np.arange(200))


def test_impossible_amounts_of_memory_are_refused_without_a_crash(make_function):
    f = make_function(
        [],
        [("fresh", "int64", 1)],
        prepare="out[0][0] = 4;",
        run="""
        ct_int *o = out[0];
        o[0] = context->allocate(context, 1L << 62) != 0;
        o[1] = context->allocate(context, -1) != 0;
        o[2] = context->scratch(context, 1L << 62) != 0;
        o[3] = context->scratch(context, 0) == 0;
        """,
        returns="single",
    )
    np.testing.assert_array_equal(f(), [0, 0, 0, 0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_its_own_pool(pieces):
    runtime.set_threads(3)
    like = np.zeros(500, np.int64)
    reference = pieces(500, 3, like)
    for _ in range(5):
        child = os.fork()
        if child == 0:
            good = all(np.array_equal(pieces(500, 3, like), reference) for _ in range(20))
            os._exit(0 if good else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0
        np.testing.assert_array_equal(pieces(500, 3, like), reference)


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


class TestNumberOfThreads:
    """Where the number of threads comes from."""

    PRINT = "from croton import runtime; print(runtime.threads(), runtime.usable_cores())"

    def test_the_environment_says_it(self):
        done = run_python(self.PRINT, CROTON_NUM_THREADS="3")
        assert done.stdout.split()[0] == "3" and done.stderr == ""

    def test_all_usable_cores_are_the_default(self):
        threads, cores = run_python(self.PRINT, CROTON_NUM_THREADS="").stdout.split()
        assert threads == cores
        if hasattr(os, "sched_getaffinity"):
            assert 1 <= int(cores) <= len(os.sched_getaffinity(0))

    @pytest.mark.parametrize("text", ["0", "-2", "two", "3x", "99999999999999999999"])
    def test_nonsense_is_warned_of_and_ignored(self, text):
        done = run_python(self.PRINT, CROTON_NUM_THREADS=text)
        threads, cores = done.stdout.split()
        assert threads == cores
        assert f"CROTON_NUM_THREADS: expected a number >= 1, got '{text}'" in done.stderr


def test_a_process_that_used_the_pool_exits_cleanly(pieces):
    library = pieces.owner.path
    code = f"""
import numpy as np
from croton.runtime import Function, Library
library = Library({library!r})
f = Function(
    name="f", owner=library, prepare=library.address("croton_prepare"), run=library.address("croton_run"),
    inputs=[("argument", "e", "int64", 0), ("argument", "g", "int64", 0), ("argument", "l", "int64", 1)],
    outputs=[("fresh", "int64", 1)])
print(f(1000, 1, np.zeros(1000, np.int64))[0].sum())
"""
    done = run_python(code, CROTON_NUM_THREADS="4")
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) == expected(1000, 1).sum()

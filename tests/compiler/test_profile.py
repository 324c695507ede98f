"""Profiled functions: what their steps took."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

A = np.ones((30, 20), np.float32)
B = np.ones((20, 10), np.float32)


@pytest.fixture(scope="module")
def dense():
    x, w = T.fmatrix("x"), T.fmatrix("w")
    return ct.function([x, w], T.tanh(T.dot(x, w)), profile=True, name="dense")


def test_steps_have_times_runs_work_and_lines(dense):
    dense.profile().reset()
    for _ in range(3):
        result = dense(A, B)
    np.testing.assert_allclose(result, np.tanh(A @ B), rtol=1e-6)
    product, nest = dense.profile().rows()
    assert [product.kind, nest.kind] == ["product", "nest"]
    assert product.name == "product 30x10x20 float32"
    assert nest.name == "tanh float32[30, 10]"
    assert product.runs == nest.runs == 3
    assert product.flops == 3 * 2 * 30 * 20 * 10
    assert nest.bytes == 3 * 2 * 300 * 4
    assert nest.location.filename == __file__
    assert 0 < product.seconds + nest.seconds < dense.profile().seconds
    assert dense.profile().calls == 3
    assert dense.profile().overhead > 0


def test_calls_of_other_sizes_add_up(dense):
    dense.profile().reset()
    dense(A, B)
    dense(A[:10], B)
    product, nest = dense.profile().rows()
    assert product.flops == 2 * (30 + 10) * 20 * 10
    assert nest.bytes == 2 * (30 + 10) * 10 * 4
    assert "x10x20" in product.name
    assert "30" not in product.name


def test_the_table_names_steps_lines_and_the_whole(dense):
    dense.profile().reset()
    dense(A, B)
    text = str(dense.profile())
    for part in ("dense: 1 calls", "product", "tanh", "test_profile.py:", "overhead", "the whole function"):
        assert part in text
    assert len(dense.profile().table().rows) == 4


def test_sizes_in_brackets_are_shown():
    x, n = T.dvector("x"), T.lscalar("n")
    f = ct.function([x, n], T.exp(T.zeros((n,))) + T.sum(x), profile=True)
    f(np.ones(2), 3)
    assert "float64[size]" in str(f.profile())


def test_a_table_before_the_first_call_is_empty_of_numbers(dense):
    dense.profile().reset()
    assert [row.runs for row in dense.profile().rows()] == [0, 0]
    assert "0 calls" in str(dense.profile())


def test_reset_forgets(dense):
    dense(A, B)
    dense.profile().reset()
    assert dense.profile().calls == 0
    assert dense.profile().seconds == 0


def test_failed_calls_do_not_count(dense):
    dense.profile().reset()
    with pytest.raises(ValueError, match=r"shape|size|axis"):
        dense(A, A)
    assert dense.profile().calls == 0


def test_a_trace_holds_calls_and_the_steps_inside_them(dense, tmp_path):
    dense.profile().reset()
    dense(A, B)
    dense(A, B)
    dense.profile().trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    spans = [event for event in events if event["ph"] == "X"]
    assert [event["cat"] for event in spans] == ["call", "product", "nest"] * 2
    call, product, nest = spans[3:]
    assert call["ts"] <= product["ts"] <= product["ts"] + product["dur"] <= nest["ts"] + 1e-3
    assert nest["ts"] + nest["dur"] <= call["ts"] + call["dur"] + 1e-3
    assert product["args"]["flops"] == 2 * 30 * 20 * 10
    assert "test_profile.py" in nest["args"]["line"]


def test_bodies_of_loops_are_steps_inside_them():
    h, xs = T.dvector("h"), T.dmatrix("xs")
    final, _ = ct.scan_loop(lambda state, x: (T.tanh(state + x), None), h, xs)
    f = ct.function([h, xs], final, profile=True)
    f(np.zeros(4), np.ones((25, 4)))
    loop, *body = f.profile().rows()
    assert loop.kind == "loop"
    assert all(row.depth == 1 for row in body)
    assert sum(row.runs for row in body if "tanh" in row.name) == 25
    assert sum(row.flops for row in body) == 2 * 4 * 25
    assert sum(row.seconds for row in body) <= loop.seconds


def test_kernels_and_callbacks_are_steps():
    x = T.dvector("x")

    @ct.as_op(T.dvector, T.dvector, infer_shape=lambda graph, node, shapes: shapes)
    def doubled(array):
        return 2 * array

    f = ct.function([x], doubled(T.cumsum(x)), profile=True)
    np.testing.assert_array_equal(f(np.ones(3)), [2, 4, 6])
    assert [row.kind for row in f.profile().rows()] == ["kernel", "callback"]


def test_threads_record_side_by_side(dense):
    dense.profile().reset()
    threads = [threading.Thread(target=lambda: [dense(A, B) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dense.profile().calls == 200
    assert all(row.runs == 200 for row in dense.profile().rows())


def test_a_profile_of_a_function_found_in_the_cache(dense):
    x, w = T.fmatrix("x"), T.fmatrix("w")
    again = ct.function([x, w], T.tanh(T.dot(x, w)), profile=True)
    again(A, B)
    assert [row.runs for row in again.profile().rows()] == [1, 1]


class TestOtherFunctions:
    def test_have_no_timers_in_their_code(self):
        x = T.dvector("x")
        plain, profiled = (ct.function([x], x + 1, profile=profile) for profile in (False, True))
        assert "->lap(" not in plain.c_source()
        assert "->lap(" in profiled.c_source()
        with pytest.raises(TypeError, match="profile=True"):
            plain.profile()

    def test_the_setting_holds_for_functions_made_without_one(self, monkeypatch):
        monkeypatch.setattr(ct.config, "profile", True)
        x = T.dvector("x")
        f, plain = ct.function([x], x + 1), ct.function([x], x + 1, profile=False)
        f(np.zeros(2))
        assert f.profile().calls == 1
        with pytest.raises(TypeError, match="profile=True"):
            plain.profile()

    def test_jitted_functions_have_that_of_their_latest_trace(self, monkeypatch, tmp_path):
        monkeypatch.setattr(ct.config, "profile", True)

        @ct.jit
        def doubled(x):
            return x * 2

        doubled(np.ones(3))
        doubled(np.ones(3))
        assert doubled.profile().calls == 2
        assert doubled.graph(tmp_path / "doubled.svg") is doubled.graph()
        assert (tmp_path / "doubled.svg").exists()

    def test_interpreted_functions_have_no_profile(self):
        x = T.dvector("x")
        with pytest.raises(TypeError, match="compiled with profile=True"):
            ct.function([x], x + 1, mode="interpret", profile=True).profile()

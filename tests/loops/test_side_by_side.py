"""Loops that need nothing of each other run side by side; the results are those of one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton import runtime
from croton.frontends.control import scan_loop

UNITS, STEPS = 24, 30
WEIGHTS = [
    T.constant(np.random.default_rng(seed).normal(size=(UNITS, UNITS)).astype("float32") * 0.2)
    for seed in range(3)
]


def recurrent(x: Any, weights: Any, reverse: bool = False) -> tuple[Any, Any]:
    """The last state and all states of a plain recurrent layer over `x`, (steps, rows, units)."""
    start = T.zeros((x.shape[1], UNITS), "float32")
    (last,), states = scan_loop(
        lambda state, element: ([T.tanh(state[0] @ weights + element)],) * 2, [start], x, reverse=reverse
    )
    return last, states[0]


def both_directions(rows: int | None) -> tuple[Any, list[Any]]:
    """The input, and of two layers of both directions the last states and the gradient of their squares."""
    x = T.tensor("float32", shape=(STEPS, rows, UNITS), name="x")
    forward, backward = (recurrent(x, WEIGHTS[number], bool(number))[1] for number in range(2))
    joined = forward * 0.5 + backward
    lasts = [recurrent(joined, WEIGHTS[number], bool(number))[0] for number in range(2)]
    loss = T.sum(T.square(lasts[0]) * lasts[1])
    return x, [*lasts, T.grad(loss, x)]


def pairs(function: Any) -> list[int]:
    """How many loops each group of them has."""
    return [len(group) for group in function.lowered().program.beside]


def started(function: Any) -> int:
    """Calls in the text that run loops side by side."""
    return str(function.c_source()).count("ct_run_beside(context, ranges")


@pytest.mark.parametrize("rows", [2, 9, 40, None])
def test_values_and_gradients(rows: int | None) -> None:
    x, outputs = both_directions(rows)
    beside = ct.function([x], outputs)
    apart = ct.function([x], outputs, mode=ct.Mode().excluding("side-by-side"))
    assert pairs(beside) == [2, 2, 2, 2] and started(beside) == 4
    assert pairs(apart) == [] and started(apart) == 0
    for count in (0, 1, 7, 33) if rows is None else (rows,):
        given = np.random.default_rng(count).normal(size=(STEPS, count, UNITS)).astype("float32")
        for got, expected in zip(beside(given), apart(given), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_the_same_bits_for_any_number_of_threads() -> None:
    x, outputs = both_directions(None)
    function = ct.function([x], outputs)
    given = np.random.default_rng(0).normal(size=(STEPS, 300, UNITS)).astype("float32")
    before, found = runtime.threads(), []
    try:
        for count in (1, 2, 3):
            runtime.set_threads(count)
            found.append([result.tobytes() for result in function(given)])
    finally:
        runtime.set_threads(before)
    assert found[0] == found[1] == found[2]


def test_a_loop_over_what_another_makes_comes_after_it() -> None:
    x = T.tensor("float32", shape=(STEPS, None, UNITS), name="x")
    first = recurrent(x, WEIGHTS[0])[1]
    function = ct.function([x], recurrent(first, WEIGHTS[1])[0])
    assert pairs(function) == []


def test_also_one_that_reads_it_through_something_else() -> None:
    x = T.tensor("float32", shape=(STEPS, None, UNITS), name="x")
    first = recurrent(x, WEIGHTS[0])[1]
    turned = T.tanh(first[::-1]) @ WEIGHTS[2]
    function = ct.function([x], [recurrent(turned, WEIGHTS[1])[0], first])
    assert pairs(function) == []


def test_three_loops() -> None:
    x = T.tensor("float32", shape=(STEPS, None, UNITS), name="x")
    lasts = [recurrent(x + number, WEIGHTS[number])[0] for number in range(3)]
    function = ct.function([x], lasts)
    assert pairs(function) == [3] and started(function) == 1
    given = np.random.default_rng(0).normal(size=(STEPS, 5, UNITS)).astype("float32")
    interpreted = ct.function([x], lasts, mode="interpret")
    for got, expected in zip(function(given), interpreted(given), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_loops_whose_rows_need_each_other_run_one_after_the_other() -> None:
    x = T.tensor("float32", shape=(STEPS, 4, UNITS), name="x")
    start = T.zeros((4, UNITS), "float32")

    def step(state: Any, element: Any) -> Any:
        return [T.tanh(state[0] - T.mean(state[0], axis=0) + element)], state[0]

    lasts = [scan_loop(step, [start], x, reverse=reverse)[0][0] for reverse in (False, True)]
    function = ct.function([x], lasts)
    assert started(function) == 0
    given = np.random.default_rng(0).normal(size=(STEPS, 4, UNITS)).astype("float32")
    interpreted = ct.function([x], lasts, mode="interpret")
    for got, expected in zip(function(given), interpreted(given), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)

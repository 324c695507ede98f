"""Loops whose rows know nothing of each other run rows by threads; the results are those of one thread."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton import runtime
from croton.frontends.control import scan_loop

UNITS, STEPS = 12, 9
Step = Callable[[list[Any], Any], tuple[list[Any], Any]]


def recurrent(states: list[Any], element: Any) -> tuple[list[Any], Any]:
    """Gates of one product, a mask by rows, a softmax along each row, and a part of a joined array."""
    hidden, carry = states
    gates = hidden @ WEIGHTS + T.concatenate([element, carry], axis=-1)[:, : 2 * UNITS]
    first, second = gates[:, :UNITS], gates[:, UNITS:]
    carry = T.where(element[:, :1] > 0, T.sigmoid(first) * carry + T.tanh(second), carry)
    hidden = T.tanh(carry) * T.softmax(first, axis=-1) + hidden * 0.5
    return [hidden, carry], hidden


WEIGHTS = T.constant(np.random.default_rng(0).normal(size=(UNITS, 2 * UNITS)).astype("float32") * 0.3)


def program(step: Step, rows: Any, backwards: bool = False) -> tuple[list[Any], list[Any]]:
    """Inputs and outputs: last states, all results, and the gradient of their squares by all inputs."""
    h = T.tensor("float32", shape=(rows, UNITS), name="h")
    c = T.tensor("float32", shape=(rows, UNITS), name="c")
    x = T.tensor("float32", shape=(STEPS, rows, UNITS), name="x")
    states, results = scan_loop(step, [h, c], x, reverse=backwards)
    loss = T.sum(T.square(results)) + T.sum(states[1])
    return [h, c, x], [*states, results, *T.grad(loss, [h, c, x])]


def arguments(rows: int) -> list[Any]:
    random = np.random.default_rng(rows)
    shapes = [(rows, UNITS), (rows, UNITS), (STEPS, rows, UNITS)]
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def shared_loops(function: Any) -> int:
    return len(re.findall(r"^(?:static )?int loop\d+_status.*\n\{", function.c_source(), re.MULTILINE))


@pytest.fixture
def eager_sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads take 8 rows at a time, however little work there is."""
    from croton.codegen import shared_rows

    monkeypatch.setattr(
        shared_rows,
        "_ROWS_TOGETHER",
        "static inline ct_int ct_rows_together(ct_int rows, ct_int picoseconds, ct_int matrix_bytes)\n"
        "{ return rows + picoseconds + matrix_bytes > 0 ? 8 : 0; }\n",
    )


@pytest.mark.usefixtures("eager_sharing")
class TestRecurrentLoops:
    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("rows", [2, 8, 9, 41])
    def test_values_and_gradients(self, rows: int, backwards: bool) -> None:
        inputs, outputs = program(recurrent, rows, backwards)
        compiled = ct.function(inputs, outputs)
        assert shared_loops(compiled) >= 2
        given = arguments(rows)
        for got, expected in zip(
            compiled(*given), ct.function(inputs, outputs, mode="interpret")(*given), strict=True
        ):
            np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-5)

    def test_unknown_number_of_rows(self) -> None:
        x = T.tensor("float32", shape=(None, None, UNITS), name="x")
        start = T.zeros((x.shape[1], UNITS), "float32")
        states, results = scan_loop(recurrent, [start, start], x)
        compiled = ct.function([x], [*states, results])
        assert shared_loops(compiled) == 1
        interpreted = ct.function([x], [*states, results], mode="interpret")
        for rows in (0, 1, 7, 24, 65):
            element = arguments(rows)[2]
            for got, expected in zip(compiled(element), interpreted(element), strict=True):
                np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-5)


def test_the_same_bits_for_any_number_of_threads() -> None:
    inputs, outputs = program(recurrent, 100)
    compiled, given = ct.function(inputs, outputs), arguments(100)
    together = compiled(*given)
    before = runtime.threads()
    try:
        runtime.set_threads(1)
        alone = compiled(*given)
    finally:
        runtime.set_threads(before)
    for first, second in zip(together, alone, strict=True):
        np.testing.assert_array_equal(first, second)


def test_arrays_of_different_widths_do_not_lie_in_the_same_memory() -> None:
    """One thread may write its rows of the wide one while another thread reads its rows of a narrow one."""
    random = np.random.default_rng(0)
    matrices = [random.normal(size=shape) * 0.2 for shape in ((UNITS, 40), (40, 160), (160, UNITS))]
    first, second, third = (T.constant(matrix.astype("float32")) for matrix in matrices)

    def step(states: list[Any], element: Any) -> tuple[list[Any], Any]:
        hidden = T.tanh(T.tanh(states[0] @ first) @ second)
        return [T.tanh(hidden @ third + element)], hidden[:, 0]

    x = T.tensor("float32", shape=(200, 64, UNITS), name="x")
    states, results = scan_loop(step, [T.zeros((64, UNITS), "float32")], x)
    compiled = ct.function([x], [*states, results])
    assert shared_loops(compiled) == 1
    given = random.normal(size=(200, 64, UNITS)).astype("float32")
    before = runtime.threads()
    try:
        runtime.set_threads(1)
        alone = compiled(given)
        runtime.set_threads(4)
        for _ in range(20):
            for got, expected in zip(compiled(given), alone, strict=True):
                np.testing.assert_array_equal(got, expected)
    finally:
        runtime.set_threads(before)


def mean_over_rows(states: list[Any], element: Any) -> tuple[list[Any], Any]:
    hidden, carry = states
    hidden = T.tanh(hidden @ WEIGHTS[:, :UNITS] + element - T.mean(hidden, axis=0))
    return [hidden, carry + hidden], hidden


def rows_turned_round(states: list[Any], element: Any) -> tuple[list[Any], Any]:
    hidden, carry = states
    return [T.tanh(hidden[::-1] + element), carry * 0.5], hidden


def rows_by_rows(states: list[Any], element: Any) -> tuple[list[Any], Any]:
    hidden, carry = states
    return [T.tanh(hidden @ hidden.T @ element * 0.1), carry * 0.5], hidden


def a_sum_of_everything(states: list[Any], element: Any) -> tuple[list[Any], Any]:
    hidden, carry = states
    return [T.tanh(hidden + element), carry], T.sum(hidden)


@pytest.mark.usefixtures("eager_sharing")
@pytest.mark.parametrize("step", [mean_over_rows, rows_turned_round, rows_by_rows, a_sum_of_everything])
def test_rows_that_need_each_other_stay_together(step: Step) -> None:
    rows = 16
    h, c, x = program(recurrent, rows)[0]
    states, results = scan_loop(step, [h, c], x)
    compiled = ct.function([h, c, x], [*states, results])
    assert shared_loops(compiled) == 0
    given = arguments(rows)
    interpreted = ct.function([h, c, x], [*states, results], mode="interpret")
    for got, expected in zip(compiled(*given), interpreted(*given), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-5)

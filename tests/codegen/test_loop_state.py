"""Where loops keep their state: in variables, in what they stack, or in two buffers that take turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

RNG = np.random.default_rng(0)


def run_source(function: Any) -> str:
    """The C of the function that does the work, and of the entry."""
    text: str = function.lowered().code.units[0]
    return text[text.index("int croton_prepare") :]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("width", [3, 40])
@pytest.mark.parametrize("steps", [0, 1, 5])
def test_states_before_and_after_each_step(reverse: bool, width: int, steps: int) -> None:
    """Stacked inside a function and handed out: every place a state can lie in."""
    x = T.dmatrix("x")
    (first, second), (before, after, other) = ct.scan_loop(
        lambda s, e: ([s[0] * 0.5 + e, s[1] + s[0]], [s[0], s[0] * 0.5 + e, s[1]]),
        [T.ones_like(x.sum(axis=0)), T.zeros_like(x.sum(axis=0))],
        x,
        reverse=reverse,
    )
    inner = [T.sin(before).sum(axis=0) + T.cos(after).sum(axis=0), T.dot(other, T.ones_like(first))]
    array = RNG.normal(size=(steps, width))
    a, b = np.ones(width), np.zeros(width)
    rows: list[Any] = []
    for element in array[::-1] if reverse else array:
        rows.append((a, a * 0.5 + element, b))
        a, b = a * 0.5 + element, b + a
    rows = rows[::-1] if reverse else rows
    stacked = [np.array([row[k] for row in rows]).reshape(steps, width) for k in range(3)]
    sums = [np.sin(stacked[0]).sum(axis=0) + np.cos(stacked[1]).sum(axis=0), stacked[2].sum(axis=1)]
    choices = [
        ([first, second, before, after, other], [a, b, *stacked]),
        ([first, second, *inner], [a, b, *sums]),
        ([before, inner[0]], [stacked[0], sums[0]]),
        ([after, inner[0]], [stacked[1], sums[0]]),
    ]
    for outputs, expected in choices:
        for found, value in zip(ct.function([x], outputs)(array), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-14)


def test_a_state_handed_on_from_another() -> None:
    """Feedback from several steps back: states that take over the values of others."""
    x, s = T.dmatrix("x"), T.dvector("s")
    (last, *_), results = ct.scan_loop(
        lambda t, e: ([t[0] + t[2] * e, t[0], t[1]], [t[0], t[1], t[2], t[0] + t[2] * e]), [s, s, s], x
    )
    array, start = RNG.normal(size=(6, 20)), RNG.normal(size=20)
    states = (start, start, start)
    rows = []
    for element in array:
        new = states[0] + states[2] * element
        rows.append((*states, new))
        states = (new, states[0], states[1])
    cost = sum((result * (k + 1)).sum() for k, result in enumerate(results))
    f = ct.function([x, s], [last, *results, cost])
    found = f(array, start)
    np.testing.assert_allclose(found[0], states[0], rtol=1e-12)
    for k in range(4):
        np.testing.assert_allclose(found[k + 1], [row[k] for row in rows], rtol=1e-12)


def test_stacked_states_are_not_copied() -> None:
    x = T.tensor("float64", shape=(None, 100), name="x")
    last, every = ct.scan_loop(lambda s, e: (T.tanh(s + e),) * 2, T.zeros_like(x[0]), x)
    source = ct.function([x], ct.grad((every**2).sum() + last.sum(), x)).c_source()
    step = source[source.index("static int loop0") :]
    assert "memmove" not in step
    assert step.count("memcpy") <= 4  # initial and final states of each loop


def test_small_states_are_local_variables() -> None:
    x = T.dscalar("x")
    last, _ = ct.scan_loop(lambda s, _: (T.sin(s), None), x, length=1000)
    source = run_source(ct.function([x], last))
    assert "double m0_state0[1], m0_next0[1];" in source.replace("m1_", "m0_")


def test_while_loops_of_small_and_large_states() -> None:
    n, v = T.dscalar("n"), T.dvector("v")
    count, total = ct.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a * 0.5 + i), [T.constant(0.0), v])
    start = RNG.normal(size=50)
    found = ct.function([n, v], [count, total])(7.0, start)
    for i in range(7):
        start = start * 0.5 + i
    assert found[0] == 7
    np.testing.assert_allclose(found[1], start, rtol=1e-12)

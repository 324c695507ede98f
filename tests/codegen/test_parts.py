"""Long functions are printed as several short ones, in several texts."""

from __future__ import annotations

import numpy as np

import croton as ct
import croton.tensor as T
from croton.codegen import parts


def long_function(steps: int):
    """A function of many steps that no loop can share: a sum of each before the next."""
    x = T.fvector("x")
    total = x
    for number in range(steps):
        total = total * T.sum(T.sin(total + np.float32(number)))  # each sum needs all of the last result
        total = total / T.max(abs(total))
    return x, total


def test_a_long_function_is_several_texts_and_gives_the_same() -> None:
    x, result = long_function(80)
    f = ct.function([x], result)
    data = np.linspace(0.1, 1.0, 50, dtype=np.float32)
    assert len(f.c_source().split("part1(")) > 2
    expected = ct.function([x], result, mode=ct.Mode(linker="py"))(data)
    np.testing.assert_allclose(f(data), expected, rtol=1e-4)


def test_a_short_function_is_one() -> None:
    x, result = long_function(3)
    assert "part0(" not in ct.function([x], result).c_source()


def test_runs_of_steps_hold_every_line_once() -> None:
    lines = [str(number) for number in range(500)]
    starts = list(range(0, 500, 5))
    runs = parts.split(lines, starts)
    assert [line for run in runs for line in run] == lines
    assert len(runs) == 2


def test_only_declarations_that_are_used_are_kept_and_what_they_need() -> None:
    declarations = ["char *const m0 = arena;", "char *const m1 = m0 + 64;", "char *const m2 = m1 + 64;"]
    assert parts.needed(declarations, ["f(m1);"]) == declarations[:2]


def test_the_work_of_large_arrays_is_counted_in_wide_integers() -> None:
    x = T.fmatrix("x")
    assert "LL * " in ct.function([x], T.exp(T.tanh(x)) + x.sum()).c_source()


def test_much_code_in_few_steps_is_several_texts() -> None:
    x = T.fvector("x")
    total = x
    for number in range(40):
        total = T.sin(total + number) * T.sum(T.cos(total) * T.exp(total / (1 + number)))
    f = ct.function([x], total)
    source = f.c_source()
    assert "visibility" in source
    assert "part0(" not in source
    data = np.linspace(0.1, 1.0, 50, dtype=np.float32)
    expected = ct.function([x], total, mode=ct.Mode(linker="py"))(data)
    np.testing.assert_allclose(f(data), expected, rtol=1e-2)

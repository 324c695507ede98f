"""Long functions are printed as several short ones, in several texts."""

from __future__ import annotations

import numpy as np

import croton as ct
import croton.tensor as T
from croton.codegen import parts
from croton.codegen.unit import Unit


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


def texts(kernels: list[str], entry: str) -> list[str]:
    """The texts of a unit with such bodies of kernels."""
    unit = Unit()
    for kernel in kernels:
        unit.kernel(kernel)
    return unit.texts([f"int croton_run(void)\n{{\n{entry}\n}}\n"], {})


def loop(length: int, number: int) -> str:
    """A body of about `length` characters with a loop, unlike those of other numbers."""
    return f"for (;{number};) {{" + "(void)begin;" * (length // 12) + "}"


def test_texts_take_compilers_equally_long() -> None:
    lengths = [9_000, 500, 7_000, 3_000, 8_000, 2_500]
    found = texts([loop(length, number) for number, length in enumerate(lengths)], "return 0;")
    first, second = map(len, found)
    assert 0.8 < first / second < 1.25
    for number in range(len(lengths)):
        assert sum(text.count(f"for (;{number};)") for text in found) == 1


def test_only_functions_without_loops_are_optimised_less_and_only_where_that_saves_time() -> None:
    first, second = texts([loop(20_000, 0), "(void)begin;" * 100], "return 0;")
    assert "CT_ONCE int croton_run" in first
    assert "CT_ONCE void kernel1" in first and "CT_ONCE void kernel0" not in second
    repeating = texts([loop(20_000, 0)], "for (int i = 0; i < 9; i++);")[0]
    assert "CT_ONCE int croton_run" not in repeating
    (short,) = texts([loop(200, 0)], "return 0;")
    assert "CT_ONCE int" not in short


def test_a_loop_over_small_functions_is_compiled_together_with_them() -> None:
    kernels = [loop(9_000, 0)]
    assert len(texts(kernels, "(void)0;" * 2_500)) == 2
    assert len(texts(kernels, "for (int i = 0; i < 9; i++);" + "(void)0;" * 2_500)) == 1

"""Cutting single functions out of the vector maths."""

import itertools
import subprocess
from pathlib import Path

import pytest

from croton.codegen import vector_maths
from croton.toolchain import build_executable, find_compiler

FUNCTIONS = sorted(name for name in vector_maths.available() if name.endswith(("_f32", "_f64")))


def test_text_holds_each_piece_once_whatever_the_order_of_the_names() -> None:
    names = ["ct_tanh_f64", "ct_exp_f64", "ct_expm1_f64"]
    texts = {vector_maths.source_for(order) for order in itertools.permutations([*names, *names])} if False else {
        vector_maths.source_for(order) for order in itertools.permutations(names)
    }
    assert len(texts) == 1
    assert all(texts.copy().pop().count(f" {name}(double") == 1 for name in names)


def test_text_holds_no_function_that_was_not_asked_for() -> None:
    text = vector_maths.source_for(["ct_exp_f32"])
    assert "ct_exp_f32(" in text
    assert "ct_log" not in text
    assert len(text) < 4000


def test_no_names_give_no_text() -> None:
    assert vector_maths.source_for([]) == ""


def test_unknown_names_are_refused_by_name() -> None:
    with pytest.raises(KeyError, match="ct_zeta_f64"):
        vector_maths.source_for(["ct_zeta_f64"])
    with pytest.raises(KeyError, match="ct_zeta_f64"):
        vector_maths.needs_libm("ct_zeta_f64")


def test_every_piece_compiles_alone_and_without_the_maths_library() -> None:
    """All pieces in one translation unit would hide a forgotten dependency, so each gets its own."""
    compiler = find_compiler()
    assert compiler is not None
    check = [*compiler.command, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-"]
    texts = {vector_maths.source_for([name]) for name in vector_maths.available()}
    for name in sorted(vector_maths.available())[:: max(1, len(texts) // 40)]:
        done = subprocess.run(check, input=vector_maths.source_for([name]), capture_output=True, text=True, timeout=60)
        assert not done.stderr, f"{name}: {done.stderr}"
    assert not any(vector_maths.needs_libm(name) for name in vector_maths.available())


def test_dependencies_exist_and_nothing_is_included() -> None:
    for name in vector_maths.available():
        assert "#include" not in vector_maths.source_for([name])


def test_nothing_undefined_happens_on_random_bits_and_special_numbers(tmp_path: Path) -> None:
    """Under the address and undefined-behaviour sanitizers, over every float function of one or two numbers."""
    from croton.toolchain import Cache

    unary = [name for name in FUNCTIONS if f" {name}(double x)" in vector_maths.source_for([name])]
    unary += [name for name in FUNCTIONS if f" {name}(float x)" in vector_maths.source_for([name])]
    binary = [name for name in FUNCTIONS if f" {name}(double x, double y)" in vector_maths.source_for([name])]
    conversions = [name for name in FUNCTIONS if "_from_f" in name and "ct_f" not in name]
    assert len(unary) > 60 and len(binary) > 8 and len(conversions) > 14
    calls = [f"sink += (double){name}(x);" for name in sorted({*unary, *conversions})]
    calls += [f"sink += {name}(x, y);" for name in binary]
    calls += [f"sink += (double)ct_{operation}_{dtype}(({c})bits, ({c})other);" for operation in
              ("floor_divide", "remainder", "fmod", "pow", "left_shift", "right_shift")
              for dtype, c in (("i8", "__INT8_TYPE__"), ("i32", "__INT32_TYPE__"), ("i64", "__INT64_TYPE__"), ("u16", "__UINT16_TYPE__"), ("u64", "__UINT64_TYPE__"))]
    names = {*unary, *binary, *conversions, "ct_bits"} | {call.split("(double)")[1].split("(")[0] for call in calls if "bits" in call}
    source = vector_maths.source_for(names) + """
static const double special[] = {0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, -5e-324, 3e9, -3e9, 1e19, -1e19,
    __builtin_inf(), -__builtin_inf(), __builtin_nan(""), 1e38, 1e-40, 709.0, -745.0};
int main(void) {
    volatile double sink = 0.0;
    __UINT64_TYPE__ bits = 1, other = 7;
    for (int i = 0; i < 600; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        other = other * 6364136223846793005u + 12345u;
        double x = i < 400 ? special[i % 20] : ct_from_bits_f64(bits), y = i < 400 ? special[i / 20] : ct_from_bits_f64(other);
        if (i < 20) { bits = (__UINT64_TYPE__)1 << 63; other = ~(__UINT64_TYPE__)0 + (i & 1); }
        """ + "\n        ".join(calls) + "\n    }\n    return sink == 12345.0;\n}\n"
    program = build_executable([source], flags=("-fsanitize=undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-fno-sanitize=float-divide-by-zero", "-O1"), cache=Cache(tmp_path))
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not done.stderr

"""Cutting single functions out of the vector maths."""

import itertools
import re
import subprocess
from pathlib import Path

import pytest

from croton.codegen import vector_maths
from croton.toolchain import Cache, build_executable, find_compiler

FUNCTIONS = sorted(name for name in vector_maths.available() if name.endswith(("_f32", "_f64")))


def test_text_holds_each_piece_once_whatever_the_order_of_the_names() -> None:
    names = ["ct_tanh_f64", "ct_exp_f64", "ct_expm1_f64"]
    texts = {vector_maths.source_for(order) for order in itertools.permutations(names)}
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


def test_every_piece_compiles_alone_and_without_the_maths_library() -> None:
    """All pieces in one translation unit would hide a forgotten dependency, so each gets its own."""
    compiler = find_compiler()
    assert compiler is not None
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fopenmp-simd", "-fsyntax-only"]
    check = [*compiler.command, *flags, "-x", "c", "-"]
    for name in sorted(vector_maths.available())[::4]:
        done = subprocess.run(
            check, input=vector_maths.source_for([name]), capture_output=True, text=True, timeout=60
        )
        assert not done.stderr, f"{name}: {done.stderr}"


def test_dependencies_exist_and_nothing_is_included() -> None:
    for name in vector_maths.available():
        assert "#include" not in vector_maths.source_for([name])


SCALAR = r"(?:double|float|int|ct_[iu]\d+|__U?INT\d+_TYPE__)"
INTEGER_OPERATIONS = ("floor_divide", "remainder", "fmod", "pow", "left_shift", "right_shift")
INTEGER_TYPES = {
    f"{kind}{bits}": f"__{name}{bits}_TYPE__"
    for kind, name in (("i", "INT"), ("u", "UINT"))
    for bits in (8, 16, 32, 64)
}

DRIVER = """
typedef __UINT64_TYPE__ word;
static const double special[] = {0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, -5e-324, 3e9, -3e9, 1e19,
    -1e19, __builtin_inf(), -__builtin_inf(), __builtin_nan(""), 1e38, 1e-40, 709.0, -745.0};
static const word extreme[] = {0, 1, 2, ~(word)0, (word)1 << 63, (word)1 << 31, 64};
int main(void) {
    volatile double sink = 0.0;
    word bits = 1, other = 7;
    for (int i = 0; i < 600; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        other = other * 6364136223846793005u + 12345u;
        double x = i < 400 ? special[i % 20] : ct_from_bits_f64(bits);
        double y = i < 400 ? special[i / 20] : ct_from_bits_f64(other);
        word m = i < 49 ? extreme[i % 7] : bits, n = i < 49 ? extreme[i / 7] : other;
        CALLS
    }
    return sink == 12345.0;
}
"""


def functions_taking(parameters: str) -> list[str]:
    """Functions of f32 and f64 with these parameters and a scalar result."""
    return [
        name
        for name in FUNCTIONS
        if re.search(rf"{SCALAR} {name}\({parameters}\)", vector_maths.source_for([name]))
    ]


def test_nothing_undefined_happens_on_random_bits_and_special_numbers(tmp_path: Path) -> None:
    """Every float function of one or two numbers, and the integer operations, under the sanitizer."""
    # inner pieces, for positive numbers only, are reached through the functions that reduce to them
    unary = [name for name in functions_taking(r"(?:double|float) [xp]") if "_positive_" not in name]
    binary = functions_taking(r"(?:double|float) [xy], (?:double|float) [xy]")
    binary.remove("ct_fmod_exact_f64")
    integer = [f"ct_{operation}_{dtype}" for operation in INTEGER_OPERATIONS for dtype in INTEGER_TYPES]
    assert len(unary) > 70 and len(binary) > 25
    calls = [
        f"sink += (double){name}((float)x); sink += (double){name}(x);" for name in unary if "_f32" in name
    ]
    calls += [f"sink += (double){name}(x);" for name in unary if "_f32" not in name]
    calls += [f"sink += (double){name}(x, y);" for name in binary]
    for name in integer:
        c_type = INTEGER_TYPES[name.rsplit("_", 1)[1]]
        calls.append(f"sink += (double){name}(({c_type})m, ({c_type})n);")
    text = vector_maths.source_for([*unary, *binary, *integer]) + DRIVER.replace(
        "CALLS", "\n        ".join(calls)
    )
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=all", "-O1", "-Wno-float-conversion")
    program = build_executable([text], flags=flags, cache=Cache(tmp_path))
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not done.stderr

"""Runs vector maths functions over arrays, and measures errors in units in the last place."""

import ctypes
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

from croton.codegen import vector_maths
from croton.toolchain import Cache, build, find_compiler

Array = np.ndarray[Any, Any]
Compile = Callable[..., "Loops"]

C_TYPES = {
    "f32": "float",
    "f64": "double",
    "f16": "__UINT16_TYPE__",
    "bf16": "__UINT16_TYPE__",
    "c64": "float _Complex",
    "c128": "double _Complex",
} | {
    f"{kind}{bits}": f"__{name}{bits}_TYPE__"
    for kind, name in (("i", "INT"), ("u", "UINT"))
    for bits in (8, 16, 32, 64)
}

NUMPY_TYPES = {"f32": "f4", "f64": "f8", "f16": "u2", "bf16": "u2", "c64": "c8", "c128": "c16"} | {
    f"{kind}{bits}": f"{kind}{bits // 8}" for kind in "iu" for bits in (8, 16, 32, 64)
}


def suffix(name: str) -> str:
    """The type a function is named after: "f64" of "ct_exp_f64"."""
    return name.rsplit("_", 1)[1]


class Loops:
    """Compiled loops `for i: out[i] = function(in0[i], in1[i], ...)`."""

    def __init__(self, library: ctypes.CDLL, signatures: dict[str, tuple[tuple[str, ...], str]]) -> None:
        self._library = library
        self._signatures = signatures

    def __call__(self, name: str, *arrays: Any) -> Array:
        inputs, output = self._signatures[name]
        assert len(arrays) == len(inputs)
        given = [
            np.ascontiguousarray(array, dtype=NUMPY_TYPES[kind])
            for array, kind in zip(arrays, inputs, strict=True)
        ]
        out = np.empty(given[0].shape, dtype=NUMPY_TYPES[output])
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*given, out)]
        getattr(self._library, f"loop_{name}")(*pointers, ctypes.c_long(out.size))
        return out


def loop_source(name: str, inputs: Sequence[str], output: str) -> str:
    """C text of the loop over one function."""
    parameters = ", ".join(f"const {C_TYPES[kind]} *restrict x{i}" for i, kind in enumerate(inputs))
    arguments = ", ".join(f"x{i}[i]" for i in range(len(inputs)))
    return (
        f"void loop_{name}({parameters}, {C_TYPES[output]} *restrict y, long n);\n"
        f"void loop_{name}({parameters}, {C_TYPES[output]} *restrict y, long n) {{\n"
        f"#pragma omp simd\n    for (long i = 0; i < n; i++) y[i] = {name}({arguments});\n}}\n"
    )


def compiler_of_loops(folder: Path) -> Compile:
    """A function that compiles loops, keeping what it built in `folder`."""
    cache = Cache(folder)

    def compile_loops(
        names: Iterable[str],
        inputs: Sequence[str] | None = None,
        output: str | None = None,
        flags: Sequence[str] = (),
    ) -> Loops:
        """Functions take `inputs`, by default one number of the type they are named after."""
        signatures = {name: (tuple(inputs or [suffix(name)]), output or suffix(name)) for name in names}
        source = vector_maths.source_for(signatures)
        source += "".join(loop_source(name, *signature) for name, signature in signatures.items())
        library = ctypes.CDLL(str(build([source], cache=cache, flags=flags)))
        return Loops(library, signatures)

    return compile_loops


def vectorised_loops(names: Iterable[str]) -> set[str]:
    """Those of the unary functions over whose loop GCC reports vectorising."""
    import subprocess

    compiler = find_compiler()
    assert compiler is not None
    names = list(names)
    head = vector_maths.source_for(names)
    lines, line = {}, head.count("\n")
    text = head
    for name in names:
        loop = loop_source(name, [suffix(name)], suffix(name))
        lines[line + 4] = name
        text += loop
        line += loop.count("\n")
    command = [*compiler.command, *compiler.flags, "-fopt-info-vec", "-c", "-x", "c", "-", "-o", "/dev/null"]
    report = subprocess.run(
        command, input=text, capture_output=True, text=True, check=True, timeout=120
    ).stderr
    return {
        lines[int(at)]
        for at in re.findall(r":(\d+):\d+: optimized: loop vectorized", report)
        if int(at) in lines
    }


def ulp_errors(got: Array, exact: Sequence[Any], floor: float = 0.0) -> Array:
    """Distance of each result from the exact (mpmath) value, in ulps of the exact value.

    `floor` is the least magnitude whose ulp counts: below it errors are measured in ulps of `floor`.
    """
    info = np.finfo(got.dtype)
    errors = np.empty(got.size)
    for i, (result, value) in enumerate(zip(got.tolist(), exact, strict=True)):
        if mpmath.isnan(value):
            errors[i] = 0.0 if np.isnan(result) else np.inf
            continue
        size = max(abs(value), mpmath.mpf(floor), mpmath.mpf(2) ** int(info.minexp))
        if mpmath.isinf(value) or size > mpmath.mpf(float(info.max)) * (
            1 + mpmath.mpf(2) ** (-info.nmant - 2)
        ):
            errors[i] = 0.0 if np.isinf(result) and (result > 0) == (value > 0) else np.inf
            continue
        exponent = mpmath.frexp(size)[1] - 1
        unit = mpmath.mpf(2) ** (exponent - info.nmant)
        errors[i] = float(abs(mpmath.mpf(result) - value) / unit) if np.isfinite(result) else np.inf
    return errors


def ulp_errors_against(got: Array, reference: Array) -> Array:
    """The same against references in a wider type of NumPy (for single precision: double)."""
    info = np.finfo(got.dtype)
    exponent = np.frexp(np.abs(reference).clip(float(info.tiny), float(info.max)))[1] - 1
    unit = np.ldexp(1.0, exponent - info.nmant)
    with np.errstate(invalid="ignore", over="ignore"):
        same = got == reference.astype(got.dtype)
        return np.where(same, 0.0, np.abs(got.astype(np.float64) - reference) / unit)


def log_uniform(
    generator: np.random.Generator, low: float, high: float, count: int, signs: bool = True
) -> Array:
    """Numbers whose binary logarithm is uniform on [low, high], of both signs unless told otherwise."""
    numbers = np.exp2(generator.uniform(low, high, count))
    return numbers * generator.choice([-1.0, 1.0], count) if signs else numbers

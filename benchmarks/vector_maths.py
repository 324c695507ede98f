"""Nanoseconds per element of every vector maths function against NumPy or SciPy, and a Black-Scholes loop.

    python benchmarks/vector_maths.py [function ...]

One core, arrays of 4096 numbers (in first-level cache), the least of many repetitions.
"""

from __future__ import annotations

import ctypes
import sys
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from croton.codegen import vector_maths
from croton.toolchain import build

Array = np.ndarray[Any, Any]
COUNT = 4096
BLACK_SCHOLES_COUNT = 1_000_000

# function -> (reference, least argument, greatest argument)
FUNCTIONS: dict[str, tuple[Callable[..., Any], float, float]] = {
    "exp": (np.exp, -20, 20),
    "exp2": (np.exp2, -20, 20),
    "exp10": (scipy.special.exp10, -20, 20),
    "expm1": (np.expm1, -20, 20),
    "log": (np.log, 0, 100),
    "log2": (np.log2, 0, 100),
    "log10": (np.log10, 0, 100),
    "log1p": (np.log1p, 0, 100),
    "tanh": (np.tanh, -5, 5),
    "sigmoid": (scipy.special.expit, -10, 10),
    "softplus": (lambda x, y: np.logaddexp(0, x, y), -10, 10),
    "log_sigmoid": (scipy.special.log_expit, -10, 10),
    "erf": (scipy.special.erf, -4, 4),
    "erfc": (scipy.special.erfc, -4, 4),
    "erfcx": (scipy.special.erfcx, -4, 4),
    "erfinv": (scipy.special.erfinv, -1, 1),
    "erfcinv": (scipy.special.erfcinv, 0, 2),
    "sin": (np.sin, -10, 10),
    "cos": (np.cos, -10, 10),
    "tan": (np.tan, -10, 10),
    "sin_ordinary": (np.sin, -10, 10),
    "cos_ordinary": (np.cos, -10, 10),
    "tan_ordinary": (np.tan, -10, 10),
    "asin": (np.arcsin, -1, 1),
    "acos": (np.arccos, -1, 1),
    "atan": (np.arctan, -10, 10),
    "sinh": (np.sinh, -10, 10),
    "cosh": (np.cosh, -10, 10),
    "asinh": (np.arcsinh, -10, 10),
    "acosh": (np.arccosh, 1, 10),
    "atanh": (np.arctanh, -1, 1),
    "cbrt": (np.cbrt, -10, 10),
    "lgamma": (scipy.special.gammaln, 0, 20),
    "digamma": (scipy.special.digamma, 0, 20),
    "trigamma": (lambda x, y: scipy.special.polygamma(1, x), 0, 20),
    "rint": (np.rint, -10, 10),
}
BINARY: dict[str, Callable[..., Any]] = {
    "pow": np.power,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "logaddexp": np.logaddexp,
    "fmod": np.fmod,
    "remainder": np.remainder,
    "floor_divide": np.floor_divide,
}

BLACK_SCHOLES = """
void black_scholes(const double *restrict spot, const double *restrict strike, double *restrict call,
                   long n) {
    const double rate = 0.02, volatility = 0.3, years = 1.5, drift = rate + 0.5 * volatility * volatility;
    const double deviation = volatility * __builtin_sqrt(years), discount = ct_exp_f64(-rate * years);
#pragma omp simd
    for (long i = 0; i < n; i++) {
        double d1 = (ct_log_f64(spot[i] / strike[i]) + drift * years) / deviation;
        double d2 = d1 - deviation;
        call[i] = 0.5 * (spot[i] * ct_erfc_f64(d1 * -0.7071067811865476)
                         - strike[i] * discount * ct_erfc_f64(d2 * -0.7071067811865476));
    }
}

void black_scholes_years(const double *restrict spot, const double *restrict strike,
                         const double *restrict years, double *restrict call, long n) {
    const double rate = 0.02, volatility = 0.3, drift = rate + 0.5 * volatility * volatility;
#pragma omp simd
    for (long i = 0; i < n; i++) {
        double deviation = volatility * __builtin_sqrt(years[i]), discount = ct_exp_f64(-rate * years[i]);
        double d1 = (ct_log_f64(spot[i] / strike[i]) + drift * years[i]) / deviation;
        double d2 = d1 - deviation;
        call[i] = 0.5 * (spot[i] * ct_erfc_f64(d1 * -0.7071067811865476)
                         - strike[i] * discount * ct_erfc_f64(d2 * -0.7071067811865476));
    }
}

/* The same in strips that stay in the first-level cache, one transcendental chain per loop: each iteration
 * then fits several times into the processor's window of instructions. */
void black_scholes_strips(const double *restrict spot, const double *restrict strike,
                          const double *restrict years, double *restrict call, long n) {
    const double rate = 0.02, volatility = 0.3, drift = rate + 0.5 * volatility * volatility;
    double d1[256], d2[256], weight[256];
    for (long s = 0; s < n; s += 256) {
        long m = n - s < 256 ? n - s : 256;
        const double *restrict price = spot + s, *restrict fixed = strike + s, *restrict left = years + s;
        double *restrict out = call + s;
#pragma omp simd
        for (long i = 0; i < m; i++) {
            double deviation = volatility * __builtin_sqrt(left[i]);
            d1[i] = (ct_log_f64(price[i] / fixed[i]) + drift * left[i]) / deviation;
            d2[i] = d1[i] - deviation;
        }
#pragma omp simd
        for (long i = 0; i < m; i++) weight[i] = price[i] * ct_erfc_f64(d1[i] * -0.7071067811865476);
#pragma omp simd
        for (long i = 0; i < m; i++) d2[i] = ct_erfc_f64(d2[i] * -0.7071067811865476);
#pragma omp simd
        for (long i = 0; i < m; i++)
            out[i] = 0.5 * (weight[i] - fixed[i] * ct_exp_f64(-rate * left[i]) * d2[i]);
    }
}
"""


def loop_source(name: str, c_type: str, arguments: int) -> str:
    inputs = ", ".join(f"const {c_type} *restrict x{i}" for i in range(arguments))
    values = ", ".join(f"x{i}[i]" for i in range(arguments))
    return (
        f"void loop_{name}({inputs}, {c_type} *restrict y, long n) {{\n"
        f"#pragma omp simd\n    for (long i = 0; i < n; i++) y[i] = {name}({values});\n}}\n"
    )


def best_seconds(call: Callable[[], Any], repeats: int = 30, number: int = 20) -> float:
    """Least seconds of one call."""
    return min(timeit.repeat(call, number=number, repeat=repeats)) / number


def pointers(*arrays: Array) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(array.ctypes.data) for array in arrays]


def compile_loops(wanted: list[str]) -> ctypes.CDLL:
    """All the loops in one library."""
    text = []
    names = {"ct_log_f64", "ct_exp_f64", "ct_erfc_f64"}
    for function in wanted:
        for dtype, c_type in (("f64", "double"), ("f32", "float")):
            names.add(name := f"ct_{function}_{dtype}")
            text.append(loop_source(name, c_type, 2 if function in BINARY else 1))
    return ctypes.CDLL(str(build([vector_maths.source_for(names) + "".join(text) + BLACK_SCHOLES])))


def measure_function(library: ctypes.CDLL, function: str) -> None:
    generator = np.random.default_rng(0)
    columns = []
    for dtype, numpy_type in (("f64", "f8"), ("f32", "f4")):
        if function in BINARY:
            reference = BINARY[function]
            inputs = [generator.uniform(0.1, 10, COUNT).astype(numpy_type) for _ in range(2)]
        else:
            reference, low, high = FUNCTIONS[function]
            inputs = [generator.uniform(low, high, COUNT).astype(numpy_type)]
        out = np.empty_like(inputs[0])
        loop, arguments = getattr(library, f"loop_ct_{function}_{dtype}"), pointers(*inputs, out)
        ours = best_seconds(lambda: loop(*arguments, ctypes.c_long(COUNT)))  # noqa: B023
        theirs = best_seconds(lambda: reference(*inputs, out), number=5)  # noqa: B023
        columns.append((ours / COUNT * 1e9, theirs / COUNT * 1e9))
    (ours64, theirs64), (ours32, theirs32) = columns
    print(f"{function:14} {ours64:9.2f} {theirs64:9.2f} {ours32:9.2f} {theirs32:9.2f}", flush=True)


def measure_black_scholes(library: ctypes.CDLL) -> None:
    generator = np.random.default_rng(0)
    spot = generator.uniform(50, 150, BLACK_SCHOLES_COUNT)
    strike = generator.uniform(50, 150, BLACK_SCHOLES_COUNT)
    years = generator.uniform(0.1, 3, BLACK_SCHOLES_COUNT)
    call = np.empty_like(spot)

    def numpy_call() -> None:
        deviation = 0.3 * np.sqrt(years)
        d1 = (np.log(spot / strike) + 0.065 * years) / deviation
        weights = [0.5 * scipy.special.erfc(d * -0.7071067811865476) for d in (d1, d1 - deviation)]
        np.subtract(spot * weights[0], strike * np.exp(-0.02 * years) * weights[1], out=call)

    n = ctypes.c_long(BLACK_SCHOLES_COUNT)
    fixed, varying = pointers(spot, strike, call), pointers(spot, strike, years, call)
    one = best_seconds(lambda: library.black_scholes(*fixed, n), 10, 1)
    all_ = best_seconds(lambda: library.black_scholes_years(*varying, n), 10, 1)
    strips = best_seconds(lambda: library.black_scholes_strips(*varying, n), 10, 1)
    numpy_ = best_seconds(numpy_call, 5, 1)
    print(f"\nBlack-Scholes, {BLACK_SCHOLES_COUNT} options, one core:")
    print(f"log, 2 erfc, 2 divisions {one * 1e3:.2f} ms;")
    print(f"with exp and sqrt too {all_ * 1e3:.2f} ms, in strips {strips * 1e3:.2f} ms;")
    print(f"NumPy and SciPy {numpy_ * 1e3:.2f} ms")


def main() -> None:
    wanted = sys.argv[1:] or [*FUNCTIONS, *BINARY]
    for function in wanted:
        if function not in FUNCTIONS and function not in BINARY:
            raise SystemExit(f"unknown function {function!r}; known are {', '.join([*FUNCTIONS, *BINARY])}")
    library = compile_loops(wanted)
    print(f"{'ns/element':14} {'f64':>9} {'NumPy':>9} {'f32':>9} {'NumPy':>9}")
    for function in wanted:
        measure_function(library, function)
    measure_black_scholes(library)


if __name__ == "__main__":
    main()

"""Every real function against 50 or more digits: within the stated number of ulps, over its whole domain."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
from mpmath import mpf
from vector_maths_harness import (
    Array,
    Compile,
    log_uniform,
    suffix,
    ulp_errors,
    ulp_errors_against,
    vectorised_loops,
)

from croton.codegen import vector_maths

Domain = Callable[[np.random.Generator, int], list[Array]]


@dataclass(frozen=True)
class Case:
    """A function's exact value, and where to look; the bound is what the C text states."""

    exact: Callable[[Any], Any]
    domain: Domain
    vectorises: bool = True


def everywhere(low: float, high: float, limit: float = 1100) -> Domain:
    """Tiny to large numbers of both signs (powers of two up to `limit`), and uniform ones on [low, high]."""
    return lambda g, n: [
        log_uniform(g, -30, limit, n),
        g.uniform(low, high, n),
        g.uniform(low / 8, high / 8, n),
    ]


def positive(limit: float) -> Domain:
    return lambda g, n: [
        log_uniform(g, -1070, limit, n, signs=False),
        g.uniform(0.5, 2.0, n),
        1.0 + log_uniform(g, -24, -2, n),
    ]


def unit_interval(g: np.random.Generator, n: int) -> list[Array]:
    return [
        log_uniform(g, -30, 0, n),
        g.uniform(-1, 1, n),
        g.choice([-1, 1], n) * (1 - log_uniform(g, -23, -1, n, False)),
    ]


def angles(g: np.random.Generator, n: int) -> list[Array]:
    """All magnitudes, neighbours of multiples of pi/2, and the double closest to one of all."""
    hardest = np.array([6381956970095103.0 * 2.0**797, 5.0e300, 1.0e22, 2.0**1023])
    return [log_uniform(g, -30, 1023.9, n), g.uniform(-100, 100, n), np.arange(1, n) * (np.pi / 2), hardest]


def ordinary_angles(g: np.random.Generator, n: int) -> list[Array]:
    return [
        log_uniform(g, -30, 20, n),
        g.uniform(-100, 100, n),
        np.arange(1, n) * (np.pi / 2),
        np.array([2.0**20]),
    ]


def with_digits(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Evaluates with the digits that reducing a huge angle takes."""

    def exact(x: Any) -> Any:
        with mpmath.workdps(60 + max(0, int(mpmath.log10(abs(x))) if x else 0)):
            return function(x)

    return exact


def exact_erfcinv(p: Any) -> Any:
    """Newton's steps in 50 digits from SciPy's value."""
    y = mpf(float(scipy.special.erfcinv(float(p))))
    for _ in range(3):
        y += (mpmath.erfc(y) - p) * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(y * y)
    return y


def exact_erfcx(x: Any) -> Any:
    return (
        mpmath.exp(x * x) * mpmath.erfc(x)
        if x < 50
        else mpmath.hyperu(0.5, 0.5, x * x) / mpmath.sqrt(mpmath.pi)
    )


CASES = {
    "exp": Case(mpmath.exp, lambda g, n: [g.uniform(-746, 710, n), log_uniform(g, -60, 6, n)]),
    "exp2": Case(lambda x: mpf(2) ** x, lambda g, n: [g.uniform(-1076, 1024, n), log_uniform(g, -60, 6, n)]),
    "expm1": Case(mpmath.expm1, lambda g, n: [g.uniform(-45, 710, n), log_uniform(g, -60, 3, n)]),
    "log": Case(mpmath.log, positive(1023)),
    "log2": Case(lambda x: mpmath.log(x, 2), positive(1023)),
    "log10": Case(mpmath.log10, positive(1023)),
    "log1p": Case(
        mpmath.log1p,
        lambda g, n: [
            log_uniform(g, -40, 1023, n, False),
            g.uniform(-1, 2, n),
            -log_uniform(g, -40, 0, n, False),
        ],
    ),
    "tanh": Case(mpmath.tanh, everywhere(-7, 7, 10)),
    "sigmoid": Case(
        lambda x: 1 / (1 + mpmath.exp(-x)),
        lambda g, n: [g.uniform(-745, 40, n), g.uniform(-5, 5, n)],
    ),
    "logistic_density": Case(
        lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2,
        lambda g, n: [g.uniform(-700, 700, n), g.uniform(-5, 5, n)],
    ),
    "softplus": Case(
        lambda x: mpmath.log1p(mpmath.exp(x)),
        lambda g, n: [g.uniform(-745, 40, n), g.uniform(-5, 5, n)],
    ),
    "log_sigmoid": Case(
        lambda x: -mpmath.log1p(mpmath.exp(-x)),
        lambda g, n: [g.uniform(-40, 745, n), g.uniform(-5, 5, n)],
    ),
    "erf": Case(mpmath.erf, everywhere(-6.5, 6.5, 3)),
    "erfc": Case(
        mpmath.erfc,
        lambda g, n: [g.uniform(-6, 27, n), g.uniform(0, 2, n), log_uniform(g, -60, 3, n)],
    ),
    "ndtr": Case(
        mpmath.ncdf,
        lambda g, n: [g.uniform(-38, 9, n), g.uniform(-2, 2, n), log_uniform(g, -60, 3, n)],
    ),
    "sin": Case(with_digits(mpmath.sin), angles),
    "cos": Case(with_digits(mpmath.cos), angles),
    "tan": Case(with_digits(mpmath.tan), angles),
    "cos_ordinary": Case(mpmath.cos, ordinary_angles),
    "asin": Case(mpmath.asin, unit_interval),
    "acos": Case(mpmath.acos, unit_interval),
    "atan": Case(mpmath.atan, everywhere(-8, 8, 1023)),
    "sinh": Case(mpmath.sinh, everywhere(-710, 710, 9)),
    "cosh": Case(mpmath.cosh, everywhere(-710, 710, 9)),
    "asinh": Case(mpmath.asinh, everywhere(-8, 8, 1023)),
    "acosh": Case(
        mpmath.acosh,
        lambda g, n: [1 + log_uniform(g, -40, 3, n, False), log_uniform(g, 0, 1023, n, False)],
    ),
    "atanh": Case(mpmath.atanh, unit_interval),
    "cbrt": Case(
        lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), lambda g, n: [log_uniform(g, -1070, 1023, n)]
    ),
    "erfcx": Case(
        exact_erfcx, lambda g, n: [g.uniform(-26, 60, n), g.uniform(-2, 2, n), log_uniform(g, -40, 4, n)]
    ),
    "erfinv": Case(
        lambda x: exact_erfcinv(1 - x),
        lambda g, n: [g.uniform(-1, 1, n), 1 - log_uniform(g, -50, 0, n, False)],
        vectorises=False,
    ),
    "erfcinv": Case(
        exact_erfcinv,
        lambda g, n: [g.uniform(0, 2, n), log_uniform(g, -1070, 0, n, False)],
        vectorises=False,
    ),
    "lgamma": Case(
        mpmath.loggamma,
        lambda g, n: [g.uniform(0, 40, n), g.uniform(0.5, 3, n), log_uniform(g, -60, 60, n, False)],
        vectorises=False,
    ),
    "digamma": Case(
        mpmath.digamma,
        lambda g, n: [g.uniform(0, 40, n), g.uniform(1, 3, n), log_uniform(g, -60, 60, n, False)],
        vectorises=False,
    ),
    "trigamma": Case(
        lambda x: mpmath.psi(1, x),
        lambda g, n: [g.uniform(0, 40, n), log_uniform(g, -60, 20, n, False)],
        vectorises=False,
    ),
}
DOUBLE = [f"ct_{function}_f64" for function in CASES]
SINGLE = [f"ct_{function}_f32" for function in CASES]


def stated_bound(name: str) -> float:
    """The ulps that the comment on a function allows it: "at most 1.25 ulp"."""
    found = re.search(rf"at most ([\d.]+) ulp[^*]*\*/\nCT_\w+ \w+ {name}\(", vector_maths.source_for([name]))
    assert found, f"{name} states no bound"
    return float(found[1])


def samples(function: str, count: int, dtype: str) -> Array:
    """Arguments in the domain of the function, as the given type holds them."""
    with np.errstate(over="ignore", under="ignore"):
        numbers: Array = np.concatenate(CASES[function].domain(np.random.default_rng(7), count)).astype(dtype)
    finite: Array = numbers[np.isfinite(numbers)]
    return finite


@pytest.mark.parametrize("function", CASES)
def test_double_is_within_its_bound_of_the_exact_value(compile_loops: Compile, function: str) -> None:
    x = samples(function, 250, "f8")
    with mpmath.workdps(50):
        exact = [CASES[function].exact(mpf(value)) for value in x.tolist()]
        errors = ulp_errors(compile_loops(DOUBLE)(f"ct_{function}_f64", x), exact)
    worst = errors.argmax()
    assert errors[worst] <= stated_bound(f"ct_{function}_f64"), f"{errors[worst]} ulp at {x[worst]!r}"


@pytest.mark.parametrize("function", CASES)
def test_single_is_within_its_bound_of_double(compile_loops: Compile, function: str) -> None:
    x = samples(function, 100_000, "f4")
    reference = compile_loops(DOUBLE)(f"ct_{function}_f64", x.astype("f8"))
    errors = ulp_errors_against(compile_loops(SINGLE)(f"ct_{function}_f32", x), reference)
    worst = errors.argmax()
    assert errors[worst] <= stated_bound(f"ct_{function}_f32"), f"{errors[worst]} ulp at {x[worst]!r}"


@pytest.mark.parametrize(
    "function", ["exp", "expm1", "log", "log1p", "tanh", "erf", "erfc", "sin", "tan", "cbrt"]
)
def test_accuracy_holds_without_fused_multiply_add(compile_loops: Compile, function: str) -> None:
    from croton.toolchain import processor

    if "fma" not in processor().features:
        pytest.skip("this processor has no FMA to do without")
    without = compile_loops(DOUBLE, flags=("-mno-fma",))
    x = samples(function, 60, "f8")
    with mpmath.workdps(50):
        exact = [CASES[function].exact(mpf(value)) for value in x.tolist()]
        errors = ulp_errors(without(f"ct_{function}_f64", x), exact)
    assert errors.max() <= stated_bound(f"ct_{function}_f64") + 0.5


BELOW_ZERO = {
    "lgamma": (lambda x: mpmath.log(abs(mpmath.gamma(x))), 8.0),
    "digamma": (mpmath.digamma, 8.0),
    "trigamma": (lambda x: mpmath.psi(1, x), 6.0),
}


@pytest.mark.parametrize("function", BELOW_ZERO)
def test_gamma_family_below_zero_is_within_ulps_of_a_floor(compile_loops: Compile, function: str) -> None:
    """Near their zeros no relative accuracy is promised: errors count in ulps of 8 at least."""
    exact, bound = BELOW_ZERO[function]
    x = -np.random.default_rng(3).uniform(0, 30, 500)
    with mpmath.workdps(50):
        errors = ulp_errors(
            compile_loops(DOUBLE)(f"ct_{function}_f64", x), [exact(mpf(v)) for v in x.tolist()], floor=8.0
        )
    assert errors.max() <= bound


PAIRS = {"pow": mpmath.power, "atan2": mpmath.atan2, "hypot": mpmath.hypot}


def pairs(function: str, count: int) -> tuple[Array, Array]:
    g = np.random.default_rng(11)
    if function == "pow":
        x = np.concatenate(
            [
                log_uniform(g, -1000, 1000, count, False),
                g.uniform(0.5, 2, count),
                1 + log_uniform(g, -30, -3, count),
            ]
        )
        return x, g.uniform(-744, 709, x.size) / np.log(x)
    x = np.concatenate([log_uniform(g, -5, 5, count), log_uniform(g, -1070, 1020, count)])
    near = x * g.uniform(0.1, 10, x.size)
    return x, np.where(g.random(x.size) < 0.5, near, log_uniform(g, -1070, 1020, x.size))


@pytest.mark.parametrize("function", PAIRS)
def test_functions_of_two_numbers_are_within_their_bounds(compile_loops: Compile, function: str) -> None:
    exact = PAIRS[function]
    names = [f"ct_{name}_f64" for name in PAIRS]
    x, y = pairs(function, 500)
    with mpmath.workdps(50):
        values = [exact(mpf(a), mpf(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        errors = ulp_errors(compile_loops(names, ["f64", "f64"])(f"ct_{function}_f64", x, y), values)
    worst = errors.argmax()
    assert errors[worst] <= stated_bound(f"ct_{function}_f64"), (
        f"{errors[worst]} ulp at {x[worst]!r}, {y[worst]!r}"
    )


@pytest.mark.parametrize("function", PAIRS)
def test_single_functions_of_two_numbers_round_the_double_result(
    compile_loops: Compile, function: str
) -> None:
    x, y = (values.astype("f4") for values in pairs(function, 20_000))
    names = [f"ct_{name}_f64" for name in PAIRS]
    reference = compile_loops(names, ["f64", "f64"])(f"ct_{function}_f64", x, y)
    got = compile_loops([name.replace("f64", "f32") for name in names], ["f32", "f32"])(
        f"ct_{function}_f32", x, y
    )
    assert ulp_errors_against(got, reference)[np.isfinite(x)].max() <= stated_bound(f"ct_{function}_f32")


@pytest.mark.parametrize(("function", "base"), [("logaddexp", mpmath.e), ("logaddexp2", 2)])
def test_logaddexp_is_within_two_ulps_of_its_larger_argument(
    compile_loops: Compile, function: str, base: Any
) -> None:
    g = np.random.default_rng(5)
    x, y = g.uniform(-40, 40, 800), g.uniform(-40, 40, 800)
    got = compile_loops([f"ct_{function}_f64"], ["f64", "f64"])(f"ct_{function}_f64", x, y)
    for a, b, result in zip(x.tolist(), y.tolist(), got.tolist(), strict=True):
        exact = mpmath.log(mpf(base) ** mpf(a) + mpf(base) ** mpf(b), base)
        assert abs(mpf(result) - exact) <= 2 * np.spacing(max(abs(a), abs(b), 1.0))


def test_loops_over_the_functions_vectorise() -> None:
    from croton.toolchain import find_compiler

    compiler = find_compiler()
    if compiler is None or compiler.kind != "gcc":
        pytest.skip("only GCC reports what it vectorised")
    expected = {name for name in (*DOUBLE, *SINGLE) if CASES[name[3:].rsplit("_", 1)[0]].vectorises}
    assert expected <= vectorised_loops(expected), "not vectorised"
    assert {suffix(name) for name in expected} == {"f32", "f64"}

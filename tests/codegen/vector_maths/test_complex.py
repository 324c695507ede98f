"""Complex functions against 40 digits and, at zeros and infinities, against NumPy."""

import mpmath
import numpy as np
import pytest
from vector_maths_harness import Array, Compile

UNARY = {
    **{
        name: (getattr(mpmath, name), getattr(np, name))
        for name in [
            "sqrt",
            "exp",
            "log",
            "log10",
            "log1p",
            "expm1",
            "sinh",
            "cosh",
            "tanh",
            "sin",
            "cos",
            "tan",
        ]
    },
    **{
        f"a{name}": (getattr(mpmath, f"a{name}"), getattr(np, f"arc{name}"))
        for name in ["sin", "cos", "tan", "sinh", "cosh", "tanh"]
    },
    "reciprocal": (lambda z: 1 / z, np.reciprocal),
    "log2": (lambda z: mpmath.log(z, 2), np.log2),
}
BINARY = {
    "multiply": (lambda x, y: x * y, np.multiply),
    "divide": (lambda x, y: x / y, np.divide),
    "pow": (mpmath.power, np.power),
}


def plane(count: int) -> Array:
    """Numbers of all sizes around the origin, around the branch points and far out."""
    g = np.random.default_rng(12)
    sizes = np.exp2(g.uniform(-20, 5, count))
    z = sizes * np.exp(2j * np.pi * g.uniform(size=count))
    return np.concatenate(
        [z, 1 + z / 64, -1 + z / 64, g.uniform(-20, 20, count) + 1j * g.uniform(-20, 20, count)]
    )


def relative_errors(got: Array, exact: list[mpmath.mpc]) -> Array:
    """|error| / |value| in units of 2^-52."""
    with mpmath.workdps(40):
        return np.array(
            [float(abs(mpmath.mpc(g) - e) / abs(e) * 2**52) for g, e in zip(got.tolist(), exact, strict=True)]
        )


@pytest.mark.parametrize("function", UNARY)
def test_functions_are_close_in_modulus(compile_loops: Compile, function: str) -> None:
    z = plane(60)
    with mpmath.workdps(40):
        exact = [UNARY[function][0](mpmath.mpc(value)) for value in z.tolist()]
    got = compile_loops([f"ct_{name}_c128" for name in UNARY])(f"ct_{function}_c128", z)
    assert relative_errors(got, exact).max() <= 8


@pytest.mark.parametrize("function", BINARY)
def test_arithmetic_is_close_in_modulus(compile_loops: Compile, function: str) -> None:
    x, y = plane(60), np.roll(plane(60), 17)
    if function == "pow":
        y = y[:60].repeat(4) * 0.5
    with mpmath.workdps(40):
        exact = [
            BINARY[function][0](mpmath.mpc(a), mpmath.mpc(b))
            for a, b in zip(x.tolist(), y.tolist(), strict=True)
        ]
    got = compile_loops([f"ct_{name}_c128" for name in BINARY], ["c128", "c128"])(f"ct_{function}_c128", x, y)
    # a power multiplies the error of the logarithm by the size of the exponent's product with it
    assert relative_errors(got, exact).max() <= (100 if function == "pow" else 4)


@pytest.mark.parametrize("function", UNARY)
def test_single_precision_rounds_the_double_result(compile_loops: Compile, function: str) -> None:
    z = plane(200).astype("c8")
    double = compile_loops([f"ct_{name}_c128" for name in UNARY])(f"ct_{function}_c128", z.astype("c16"))
    single = compile_loops([f"ct_{name}_c64" for name in UNARY])(f"ct_{function}_c64", z)
    np.testing.assert_array_equal(single, double.astype("c8"))


@pytest.mark.parametrize("function", UNARY)
def test_branch_cuts_and_signed_zeros_match_numpy(compile_loops: Compile, function: str) -> None:
    """On both sides of the cuts along the axes, a signed zero decides."""
    values = [-3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0]
    z = np.array(
        [complex(a, b) for a in values for b in (0.0, -0.0)]
        + [complex(b, a) for a in values for b in (0.0, -0.0)]
    )
    with np.errstate(all="ignore"):
        want = UNARY[function][1](z)
    got = compile_loops([f"ct_{name}_c128" for name in UNARY])(f"ct_{function}_c128", z)
    finite = np.isfinite(want)
    np.testing.assert_allclose(got[finite], want[finite], rtol=1e-14, atol=1e-15)
    for part in ("real", "imag"):
        ours, theirs = getattr(got, part)[finite], getattr(want, part)[finite]
        decided = (ours != 0) | (theirs != 0)
        assert np.array_equal(np.signbit(ours[decided]), np.signbit(theirs[decided]))


INFINITE = {
    "exp": "(-inf, 1) (inf, 1) (-inf, inf) (inf, nan) (1, inf) (nan, 0) (-inf, nan)",
    "log": "(-inf, 0) (inf, inf) (-inf, inf) (0, inf) (inf, -1) (nan, 1) (0, 0)",
    "sqrt": "(inf, 1) (-inf, 1) (1, inf) (nan, inf) (-inf, nan) (inf, nan) (nan, 1)",
    "sinh": "(inf, 1) (-inf, 1) (1, inf) (0, inf) (inf, inf) (nan, 0) (inf, 0)",
    "cosh": "(inf, 1) (-inf, 1) (1, inf) (0, inf) (inf, inf) (nan, 0) (inf, 0)",
    "tanh": "(inf, 1) (-inf, 1) (1, inf) (inf, inf) (nan, 0) (nan, 1)",
}


@pytest.mark.parametrize("function", INFINITE)
def test_infinities_and_nan_follow_c99(compile_loops: Compile, function: str) -> None:
    z = np.array(
        [complex(*map(float, pair.strip("() ").split(","))) for pair in INFINITE[function].split(") ")]
    )
    with np.errstate(all="ignore"):
        want = UNARY[function][1](z)
    got = compile_loops([f"ct_{name}_c128" for name in UNARY])(f"ct_{function}_c128", z)
    for part in ("real", "imag"):
        np.testing.assert_allclose(
            getattr(got, part), getattr(want, part), rtol=1e-14, err_msg=f"{part} at {z}"
        )


def test_modulus_does_not_overflow_early(compile_loops: Compile) -> None:
    z = np.array([3e300 + 4e300j, 3e-320 + 4e-320j, complex(np.inf, np.nan), complex(0.0, -2.0)])
    got = compile_loops(["ct_abs_c128"], ["c128"], "f64")("ct_abs_c128", z)
    np.testing.assert_allclose(got, [5e300, 5e-320, np.inf, 2.0], rtol=1e-15, atol=1e-323)


def test_large_arguments_stay_finite(compile_loops: Compile) -> None:
    z = np.array([1e300 + 1e300j, -1e300 + 1e-5j, 1e-300 + 1e300j])
    loops = compile_loops([f"ct_{name}_c128" for name in UNARY])
    for function in ("sqrt", "log", "asin", "acos", "atan", "asinh", "acosh", "atanh", "reciprocal"):
        with np.errstate(all="ignore"):
            want = UNARY[function][1](z)
        np.testing.assert_allclose(loops(f"ct_{function}_c128", z), want, rtol=1e-13, atol=1e-305)

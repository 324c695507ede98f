"""NaN, infinities, signed zeros, subnormals, overflow and underflow come out as NumPy and SciPy have them."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
from vector_maths_harness import Array, Compile

UNARY = {
    **{
        name: getattr(np, name)
        for name in [
            "exp",
            "exp2",
            "expm1",
            "log",
            "log2",
            "log10",
            "log1p",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "cbrt",
        ]
    },
    **{f"a{name}": getattr(np, f"arc{name}") for name in ["sin", "cos", "tan", "sinh", "cosh", "tanh"]},
    **{
        name: getattr(scipy.special, name)
        for name in ["erf", "erfc", "erfinv", "erfcinv", "erfcx", "digamma"]
    },
    **{name: getattr(np, name) for name in ["floor", "ceil", "rint", "trunc", "sign"]},
    "sigmoid": scipy.special.expit,
    "logistic_density": lambda x: scipy.special.expit(x) * scipy.special.expit(-x),
    "log_sigmoid": scipy.special.log_expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "lgamma": scipy.special.gammaln,
    "trigamma": lambda x: scipy.special.polygamma(1, x),
}
BINARY = {
    "pow": np.power,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "logaddexp": np.logaddexp,
    "logaddexp2": np.logaddexp2,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "fmax": np.fmax,
    "fmin": np.fmin,
    "copysign": np.copysign,
    "nextafter": np.nextafter,
    "fmod": np.fmod,
    "remainder": np.remainder,
    "floor_divide": np.floor_divide,
}
# Where SciPy's differ: another convention at a pole, subnormals taken for zero, or a zero of lgamma close by.
EXCEPTIONS: dict[str, Callable[[Array], Array]] = {
    "lgamma": lambda x: (x == -np.inf) | (np.abs(x) < 1e-300) | (x == -2.5),
    "trigamma": lambda x: x <= -np.finfo("f4").max,
    "erfcinv": lambda x: (x > 0) & (x < 1e-300),
}
SIGN_OF_ZERO_IS_FREE = {"erfinv", "erfcinv", "lgamma", "maximum", "minimum", "fmax", "fmin"}
DTYPES = ["f64", "f32"]


def special_numbers(dtype: str) -> Array:
    info = np.finfo({"f64": "f8", "f32": "f4"}[dtype])
    sizes = [
        0.0,
        info.smallest_subnormal,
        3 * info.smallest_subnormal,
        info.tiny,
        info.tiny * 0.75,
        info.eps,
        0.5,
    ]
    sizes += [
        1.0,
        1.5,
        2.0,
        2.5,
        3.0,
        7.0,
        100.0,
        1000.0,
        2.0**24,
        2.0**53,
        1e30,
        info.max / 2,
        info.max,
        np.inf,
    ]
    array = np.array(sizes, dtype=info.dtype)
    return np.concatenate([array, -array, np.array([np.nan], dtype=info.dtype)])


def assert_same(got: Array, want: Array, arguments: tuple[Array, ...], scale: Array | None = None) -> None:
    """Equal with equal signs of zero, both NaN, or finite and within a few ulps (of `scale` if given)."""
    with np.errstate(all="ignore"):
        exact = (got == want) & (np.signbit(got) == np.signbit(want)) | np.isnan(got) & np.isnan(want)
        unit = np.spacing(np.abs(want) if scale is None else np.maximum(scale, np.abs(want)))
        near = np.isfinite(got) & np.isfinite(want) & (want != 0) & (np.abs(got - want) <= 6 * unit)
    bad = ~(exact | near)
    listing = [
        (*(a[i].item() for a in arguments), got[i].item(), want[i].item()) for i in np.flatnonzero(bad)[:8]
    ]
    assert not bad.any(), f"(arguments, got, wanted): {listing}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", UNARY)
def test_functions_of_one_number(compile_loops: Compile, function: str, dtype: str) -> None:
    loops = compile_loops([f"ct_{name}_{dtype}" for name in UNARY])
    x = special_numbers(dtype)
    if function in EXCEPTIONS:
        x = x[~EXCEPTIONS[function](x)]
    with np.errstate(all="ignore"):
        # references in double, since some of SciPy's single precision ones are less accurate
        want = UNARY[function](x.astype("f8")).astype(x.dtype)
    got = loops(f"ct_{function}_{dtype}", x)
    if function in SIGN_OF_ZERO_IS_FREE:
        got, want = got + 0.0, want + 0.0
    assert_same(got, want, (x,))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", BINARY)
def test_functions_of_two_numbers(compile_loops: Compile, function: str, dtype: str) -> None:
    loops = compile_loops([f"ct_{name}_{dtype}" for name in BINARY], [dtype, dtype])
    numbers = special_numbers(dtype)
    x, y = (side.ravel() for side in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        want = BINARY[function](x, y)
    got = loops(f"ct_{function}_{dtype}", x, y)
    if function in SIGN_OF_ZERO_IS_FREE:
        got, want = got + 0.0, want + 0.0
    # the sum of exponentials may cancel against its larger argument
    scale = np.maximum(np.abs(x), np.abs(y)) if function.startswith("logaddexp") else None
    assert_same(got, want, (x, y), scale)


@pytest.mark.parametrize("function", ["fmod", "remainder", "floor_divide"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_remainders_are_exact_for_quotients_of_every_size(
    compile_loops: Compile, function: str, dtype: str
) -> None:
    g = np.random.default_rng(4)
    limit = 1000 if dtype == "f64" else 120
    loops = compile_loops([f"ct_{name}_{dtype}" for name in BINARY], [dtype, dtype])
    numpy_type = "f8" if dtype == "f64" else "f4"
    x, y = (np.exp2(g.uniform(-limit, limit, 5000)) * g.choice([-1, 1], 5000) for _ in range(2))
    close = g.uniform(-50, 50, 5000), g.uniform(-5, 5, 5000)
    x, y = (np.concatenate(pair).astype(numpy_type) for pair in zip((x, y), close, strict=True))
    with np.errstate(over="ignore"):
        want = BINARY[function](x, y)
    np.testing.assert_array_equal(loops(f"ct_{function}_{dtype}", x, y), want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ldexp_rounds_once_over_the_whole_range(compile_loops: Compile, dtype: str) -> None:
    g = np.random.default_rng(8)
    x = np.concatenate([g.normal(size=4000), special_numbers(dtype)]).astype("f8" if dtype == "f64" else "f4")
    n = g.integers(-2200, 2200, x.size)
    with np.errstate(all="ignore"):
        want = np.ldexp(x, n)
    np.testing.assert_array_equal(
        compile_loops([f"ct_ldexp_{dtype}"], [dtype, "i64"])(f"ct_ldexp_{dtype}", x, n), want
    )

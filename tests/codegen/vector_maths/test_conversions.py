"""Conversions round once and never leave what C defines."""

import ml_dtypes
import numpy as np
import pytest
from vector_maths_harness import NUMPY_TYPES, Array, Compile

ALL_HALVES = np.arange(1 << 16, dtype=np.uint16)


def singles() -> Array:
    """Random bit patterns, and both neighbours of every tie between halves and bfloat16s."""
    random = np.random.default_rng(0).integers(0, 1 << 32, 200_000, dtype=np.uint32).view("f4")
    ties = []
    for halves in (ALL_HALVES.view("f2").astype("f4"), ALL_HALVES.view(ml_dtypes.bfloat16).astype("f4")):
        between = (halves[:-1].astype("f8") + halves[1:].astype("f8")) / 2
        with np.errstate(all="ignore"):
            tie = between[np.isfinite(between)].astype("f4")
            ties += [tie, np.nextafter(tie, np.float32(np.inf)), np.nextafter(tie, np.float32(-np.inf))]
    return np.concatenate([random, *ties])


def assert_same_halves(got: Array, want: Array, kind: type) -> None:
    """Equal bits, except that any NaN is as good as any other."""
    with np.errstate(all="ignore"):
        both_nan = np.isnan(got.view(kind).astype("f4")) & np.isnan(want.astype("f4"))
    assert np.all((got == want.view("u2")) | both_nan)


HALVES = {"f16": np.float16, "bf16": ml_dtypes.bfloat16}


@pytest.mark.parametrize("half", HALVES)
def test_every_half_widens_exactly(compile_loops: Compile, half: str) -> None:
    for wide in ("f32", "f64"):
        got = compile_loops([f"ct_{wide}_from_{half}"], [half], wide)(f"ct_{wide}_from_{half}", ALL_HALVES)
        np.testing.assert_array_equal(got, ALL_HALVES.view(HALVES[half]).astype(NUMPY_TYPES[wide]))


@pytest.mark.parametrize("half", HALVES)
def test_singles_narrow_to_nearest_with_ties_to_even(compile_loops: Compile, half: str) -> None:
    x = singles()
    with np.errstate(all="ignore"):
        want = x.astype(HALVES[half])
    assert_same_halves(
        compile_loops([f"ct_{half}_from_f32"], ["f32"], half)(f"ct_{half}_from_f32", x), want, HALVES[half]
    )


def test_doubles_narrow_to_half_in_one_rounding(compile_loops: Compile) -> None:
    ties = singles()[200_000:].astype("f8")
    with np.errstate(all="ignore"):
        x = np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf)])
        want = x.astype("f2")
    assert_same_halves(
        compile_loops(["ct_f16_from_f64"], ["f64"], "f16")("ct_f16_from_f64", x), want, np.float16
    )


def test_doubles_beside_a_tie_narrow_to_bfloat16_in_one_rounding(compile_loops: Compile) -> None:
    """1 + 2^-8 is a tie; a double just above or below it rounds away from it, not to even."""
    tie = 1.0 + 2.0**-8
    x = np.array([tie, np.nextafter(tie, 2), np.nextafter(tie, 0), 3 * tie])
    got = compile_loops(["ct_bf16_from_f64"], ["f64"], "bf16")("ct_bf16_from_f64", x)
    assert got.view(ml_dtypes.bfloat16).astype("f8").tolist() == [1.0, 1.0 + 2.0**-7, 1.0, 3.015625]


@pytest.mark.parametrize("source", ["f64", "f32"])
@pytest.mark.parametrize("target", [f"{kind}{bits}" for kind in "iu" for bits in (8, 16, 32, 64)])
def test_floats_in_range_truncate(compile_loops: Compile, target: str, source: str) -> None:
    info = np.iinfo(NUMPY_TYPES[target])
    g = np.random.default_rng(6)
    x = np.concatenate(
        [g.uniform(info.min, info.max, 5000), g.uniform(max(info.min, -300), 120, 5000), [0.9, 0.0]]
    )
    x = x.astype(NUMPY_TYPES[source])
    x = x[(x > float(info.min) - 1) & (x.astype("f8") < float(info.max))]
    names = f"ct_{target}_from_{source}"
    np.testing.assert_array_equal(compile_loops([names], [source], target)(names, x), x.astype(info.dtype))


@pytest.mark.parametrize("source", ["f64", "f32"])
@pytest.mark.parametrize("target", ["i32", "i64"])
def test_floats_out_of_range_give_the_most_negative_integer(
    compile_loops: Compile, target: str, source: str
) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, float(np.iinfo(NUMPY_TYPES[target]).max) * 1.01])
    got = compile_loops([f"ct_{target}_from_{source}"], [source], target)(f"ct_{target}_from_{source}", x)
    assert set(got.tolist()) == {np.iinfo(NUMPY_TYPES[target]).min}


@pytest.mark.parametrize(
    "name", ["f64_from_i64", "f64_from_u64", "f64_from_u32", "f32_from_i64", "f32_from_u64", "f32_from_u32"]
)
def test_integers_convert_to_the_nearest_float(compile_loops: Compile, name: str) -> None:
    target, source = name.split("_from_")
    info = np.iinfo(NUMPY_TYPES[source])
    g = np.random.default_rng(9)
    shifted = g.integers(info.min, info.max, 20_000, dtype=info.dtype) >> g.integers(
        0, info.bits - 1, 20_000
    ).astype(info.dtype)
    ends = np.array([0, 1, info.max, info.min, info.max - 1], dtype=info.dtype)
    near_ties = ((np.int64(1) << 24) + 1 << np.arange(7)) + np.arange(-1, 2)[:, None]
    x = np.concatenate([shifted, ends, near_ties.ravel().astype(info.dtype)])
    got = compile_loops([f"ct_{name}"], [source], target)(f"ct_{name}", x)
    np.testing.assert_array_equal(got, x.astype(NUMPY_TYPES[target]))

"""Long loops over several expensive functions run in strips, with the results of one loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.codegen.strips import STRIP, Statement, in_strips

SIZES = [0, 1, 15, STRIP - 1, STRIP, STRIP + 1, 5 * STRIP + 77, 20_000]


def both(inputs: list[Any], outputs: list[Any], **options: Any) -> tuple[Any, Any]:
    return tuple(ct.function(inputs, outputs, mode=mode, **options) for mode in ("compile", "interpret"))


def long_chain() -> tuple[list[Any], list[Any]]:
    """Values that cross from one part to another, one that is stored, a sum, and an input read at the end."""
    x, y = T.dvector("x"), T.dvector("y")
    first = T.erfc(x)
    second = T.exp(-T.square(y)) * first
    third = T.log1p(T.square(second)) + T.tanh(x) * y
    return [x, y], [third, T.sum(third * T.erf(y)), second]


@pytest.mark.parametrize("size", SIZES)
def test_every_length_gives_the_results_of_one_loop(size: int) -> None:
    compiled, interpreted = both(*long_chain())
    assert "_strip[" in compiled.c_source()
    random = np.random.default_rng(size)
    arguments = random.normal(size=size), random.normal(size=size)
    for got, expected in zip(compiled(*arguments), interpreted(*arguments), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_other_dtypes(dtype: str) -> None:
    x = T.vector("x", dtype=dtype)
    compiled, interpreted = both([x], [T.erfc(T.erf(x) + T.log(T.exp(x))), x > T.erfc(T.tanh(T.sin(x)))])
    argument = np.random.default_rng(1).normal(size=3 * STRIP + 5).astype(dtype)
    for got, expected in zip(compiled(argument), interpreted(argument), strict=True):
        np.testing.assert_allclose(
            got.astype(float), expected.astype(float), rtol=2e-2 if dtype == "float16" else 1e-5
        )


def test_state_that_is_overwritten_is_read_before() -> None:
    start = np.random.default_rng(2).uniform(0.1, 1, 3 * STRIP + 9)
    state = ct.shared(start.copy())
    step = T.erfc(T.exp(-T.erfc(state))) + T.tanh(state)
    function = ct.function([], T.sum(state), updates=[(state, step)])
    assert "_strip[" in function.c_source()
    function()
    expected = ct.function([], step, givens=[(state, T.constant(start))], mode="interpret")()
    np.testing.assert_allclose(state.get_value(), expected, rtol=1e-13)


class TestRandomNumbers:
    """Numbers of a strip are drawn together, from whole blocks; they are those that single draws give."""

    @pytest.mark.parametrize("shape", [(), (1,), (255,), (3 * STRIP + 5,), (5, STRIP + 3), (2, 3, 37)])
    @pytest.mark.parametrize(
        "draw", ["bits", "bits64", "uniform32", "uniform64", "normal32", "truncated32", "truncated64"]
    )
    def test_every_shape(self, draw: str, shape: tuple[int, ...]) -> None:
        k = T.tensor("uint64", shape=(2,), name="k")
        random = T.random
        drawn = {
            "bits": lambda: random.bits(shape, key=k),
            "bits64": lambda: random.bits(shape, "uint64", key=k),
            "uniform32": lambda: random.uniform(shape, dtype="float32", key=k),
            "uniform64": lambda: random.uniform(shape, key=k),
            "normal32": lambda: random.normal(shape, dtype="float32", key=k),
            "truncated32": lambda: random.truncated_normal(shape, dtype="float32", key=k),
            "truncated64": lambda: random.truncated_normal(shape, key=k),
        }[draw]()
        compiled, interpreted = both([k], drawn)
        key = np.array([3, 2**40 + 1], np.uint64)
        np.testing.assert_array_equal(compiled(key), interpreted(key))

    def test_rows_that_begin_within_a_block(self) -> None:
        """The inner loop runs over a row of odd length, its sum is kept in a register."""
        k, w = T.tensor("uint64", shape=(2,), name="k"), T.dvector("w")
        rows = T.sum(T.random.uniform((7, 2 * STRIP + 3), key=k) * w, axis=1)
        compiled, interpreted = both([k, w], rows)
        assert "_drawn[" in compiled.c_source()
        arguments = np.array([1, 2], np.uint64), np.linspace(-1, 1, 2 * STRIP + 3)
        np.testing.assert_allclose(compiled(*arguments), interpreted(*arguments), rtol=1e-12)

    def test_columns_are_drawn_one_by_one(self) -> None:
        k = T.tensor("uint64", shape=(2,), name="k")
        compiled, interpreted = both([k], T.random.uniform((40, 33), key=k).T)
        key = np.array([1, 2], np.uint64)
        np.testing.assert_array_equal(compiled(key), interpreted(key))

    def test_among_expensive_functions(self) -> None:
        """Draws with other parts of a loop in strips, and a symbolic size."""
        k, x = T.tensor("uint64", shape=(2,), name="k"), T.dvector("x")
        drawn = T.random.uniform((x.shape[0],), key=k) * T.random.normal(
            (x.shape[0],), dtype="float32", key=k
        )
        compiled, interpreted = both([k, x], T.erfc(T.exp(-T.erfc(x))) * drawn + T.tanh(x))
        arguments = np.array([9, 9], np.uint64), np.random.default_rng(3).normal(size=3 * STRIP + 9)
        np.testing.assert_allclose(compiled(*arguments), interpreted(*arguments), rtol=1e-12)


def statement(name: str, text: str, free: bool = False) -> Statement:
    return Statement(name, "double", text, free)


class TestParts:
    def test_one_expensive_function_needs_no_strips(self) -> None:
        assert (
            in_strips([statement("v0", "b0[i0]", True), statement("v1", "ct_erfc_f64(v0)")], [], "", "i0")
            == []
        )

    def test_what_is_read_is_read_again_and_what_was_computed_is_kept(self) -> None:
        body = [
            statement("v0", "b0[i0]", True),
            statement("v1", "ct_erfc_f64(v0)"),
            statement("v2", "ct_erfc_f64(v1)"),
        ]
        lines = in_strips(body, ["b1[i0] = v2 + v0;"], "#pragma omp simd", "i0")
        assert [line for line in lines if "strip[" in line] == [
            f"double v1_strip[{STRIP}];",
            "        v1_strip[i0 - strip] = v1;",
            "        const double v1 = v1_strip[i0 - strip];",
        ]
        assert sum("const double v0 = b0[i0];" in line for line in lines) == 2

    def test_functions_of_one_number_and_its_negative_stay_together(self) -> None:
        body = [
            statement("v0", "b0[i0]", True),
            statement("v1", "ct_erfc_f64(v0)"),
            statement("v2", "(-v0)", True),
            statement("v3", "ct_erfc_f64(v2)"),
        ]
        assert in_strips(body, ["b1[i0] = v1 + v3;"], "", "i0") == []

    def test_too_many_values_to_keep(self) -> None:
        early = [statement(f"v{n}", f"ct_erfc_f64(x{n})") for n in range(20)]
        total = statement("v99", " + ".join(f"v{n}" for n in range(20)))
        assert in_strips([*early, total], ["b0[i0] = v99;"], "", "i0") == []

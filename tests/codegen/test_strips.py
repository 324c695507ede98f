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

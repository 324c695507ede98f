"""Matrices that every step of a loop multiplies by are packed before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.runtime import set_threads, threads

RNG = np.random.default_rng(0)


def stepped(dtype: str, rows: int | None, inner: int | None, flip: bool) -> Any:
    """Repeated products with one matrix, the right operand as it lies or transposed."""
    s, w = T.tensor(dtype, shape=(rows, inner), name="s"), T.tensor(dtype, shape=(inner, inner), name="w")
    last, _ = ct.scan_loop(lambda t, _: (T.tanh(T.dot(t, w.T if flip else w)), None), s, length=3)
    return ct.function([s, w], last)


def expected(state: Any, matrix: Any, flip: bool) -> Any:
    for _ in range(3):
        state = np.tanh(state @ (matrix.T if flip else matrix))
    return state


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("flip", [False, True])
def test_products_of_every_size(dtype: str, flip: bool) -> None:
    function = stepped(dtype, None, None, flip)
    assert f"ct_contract_packed_{dtype}" in function.lowered().code.units[0]
    for rows, inner in ((1, 1), (1, 40), (2, 17), (16, 33), (32, 64), (50, 100), (3, 400), (0, 5)):
        state = RNG.normal(size=(rows, inner)).astype(dtype)
        matrix = (RNG.normal(size=(inner, inner)) / np.sqrt(inner)).astype(dtype)
        tolerance = 1e-4 if dtype == "float32" else 1e-11
        np.testing.assert_allclose(
            function(state, matrix), expected(state, matrix, flip), rtol=tolerance, atol=tolerance
        )


def test_a_constant_matrix() -> None:
    matrix = RNG.normal(size=(40, 40)) / 8
    s = T.dmatrix("s")
    last, _ = ct.scan_loop(lambda t, _: (T.tanh(T.dot(t, T.constant(matrix))), None), s, length=3)
    function = ct.function([s], last)
    assert "ct_pack_float64" in function.lowered().code.units[0]
    state = RNG.normal(size=(5, 40))
    np.testing.assert_allclose(function(state), expected(state, matrix, False), rtol=1e-11)


def test_other_dtypes_and_narrow_matrices_have_kernels_of_their_own() -> None:
    for dtype, inner in (("float16", 40), ("complex64", 40), ("float64", 4)):
        function = stepped(dtype, None, inner, False)
        assert "ct_pack" not in function.lowered().code.units[0]
        state = RNG.normal(size=(3, inner)).astype(dtype)
        matrix = (RNG.normal(size=(inner, inner)) / 8).astype(dtype)
        np.testing.assert_allclose(
            function(state, matrix), expected(state, matrix, False), rtol=2e-2, atol=1e-3
        )


def test_the_same_bits_for_any_number_of_threads() -> None:
    function = stepped("float32", None, None, False)
    state, matrix = RNG.normal(size=(300, 300)).astype("f4"), RNG.normal(size=(300, 300)).astype("f4") / 17
    before = threads()
    try:
        found = []
        for count in (1, 2):
            set_threads(count)
            found.append(function(state, matrix).tobytes())
    finally:
        set_threads(before)
    assert found[0] == found[1]

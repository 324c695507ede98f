"""Every scalar function of the table: compiled C against the NumPy reference, for every dtype it takes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph import dtypes
from croton.ops.base import apply_one
from croton.ops.elementwise import FUNCTIONS, Elementwise

from .scalar_cases import OF_ORDER, distance, extreme_arguments, functions_of

# Where the reference itself, or both, lose more than 4 units, for float64 (a reference's known error) ...
LOOSE = {
    "logaddexp2": 16.0,  # cancels near 0 in both
    "ndtr": 512.0,  # SciPy rounds x / sqrt 2, which counts x^2 times in the tail
    "log_ndtr": 512.0,
    "gammaln": 128.0,  # SciPy next to the zero at 1; both by reflection next to the other zeros
    "digamma": 32.0,
    "gamma": 16.0,
    "erfcx_moment_ratio": 16.0,
    "power": 64.0,  # complex
    "tanh": 8.0,  # complex
}
# ... and arguments at which SciPy is known to be wrong.
WRONG_REFERENCE = {"erfcinv": lambda x: np.abs(x) < 1e-300}


def operands_of(name: str, first: Any, second: Any, dtype: str) -> list[Any]:
    if name in OF_ORDER:
        return [T.cast(2, dtype), first]
    return [first, second, T.cast(1, dtype)][: FUNCTIONS[name].arity]


@functools.cache
def compiled(dtype: str, mode: str, rank: int = 1) -> Any:
    """One function that applies every scalar function that takes the dtype."""
    first, second = (T.tensor(dtype, shape=(None,) * rank) for _ in range(2))
    outputs = [
        apply_one(Elementwise(name), *operands_of(name, first, second, dtype))
        for name in functions_of(np_dtype(dtype))
    ]
    return ct.function([first, second], outputs, mode=mode, on_unused_input="ignore")


def np_dtype(name: str) -> dtypes.DType:
    return dtypes.as_dtype(name)


@pytest.mark.parametrize("dtype", [dtype.name for dtype in dtypes.ALL])
def test_compiled_agrees_with_the_reference(dtype: str) -> None:
    first, second = extreme_arguments(np_dtype(dtype))
    names = functions_of(np_dtype(dtype))
    failures = []
    results = zip(
        compiled(dtype, "compile")(first, second), compiled(dtype, "interpret")(first, second), strict=True
    )
    for name, (computed, expected) in zip(names, results, strict=True):
        assert computed.dtype == expected.dtype, name
        far = distance(computed, expected)
        if name in WRONG_REFERENCE:
            far = np.where(WRONG_REFERENCE[name](first), 0, far)
        worst = int(np.argmax(far))
        if far[worst] > LOOSE.get(name, 4.0):
            shown = f"{first[worst]}, {second[worst]}: {computed[worst]}, expected {expected[worst]}"
            failures.append(f"{name} {far[worst]:.3g} units off at {shown}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64", "complex128"])
def test_no_elements(dtype: str) -> None:
    empty = np.zeros(0, dtype)
    for output in compiled(dtype, "compile")(empty, empty):
        assert output.shape == (0,)


@pytest.mark.parametrize("dtype", ["int32", "float64"])
def test_strided_arguments(dtype: str) -> None:
    first, second = extreme_arguments(np_dtype(dtype))
    strided = compiled(dtype, "compile")(first[::-3], second[::-3])
    for computed, expected in zip(
        strided, compiled(dtype, "compile")(first[::-3].copy(), second[::-3].copy()), strict=True
    ):
        np.testing.assert_array_equal(computed, expected)


def test_scalars() -> None:
    numbers = np.array(0.3), np.array(0.7)
    pairs = zip(
        compiled("float64", "compile", 0)(*numbers),
        compiled("float64", "interpret", 0)(*numbers),
        strict=True,
    )
    for name, (computed, expected) in zip(functions_of(np_dtype("float64")), pairs, strict=True):
        assert np.shape(computed) == ()
        np.testing.assert_allclose(computed, expected, rtol=1e-13, err_msg=name)


def test_operands_broadcast() -> None:
    column, row = T.tensor("float64", shape=(None, 1)), T.tensor("float64", shape=(None,))
    binary = [
        name
        for name in functions_of(np_dtype("float64"))
        if FUNCTIONS[name].arity == 2 and name not in OF_ORDER
    ]
    function = ct.function([column, row], [apply_one(Elementwise(name), column, row) for name in binary])
    a, b = np.array([[0.3], [1.7], [-2.2]]), np.array([0.6, -1.1])
    whole = [np.broadcast_to(a, (3, 2)).ravel(), np.broadcast_to(b, (3, 2)).ravel()]
    expected = dict(
        zip(functions_of(np_dtype("float64")), compiled("float64", "compile")(*whole), strict=True)
    )
    for name, computed in zip(binary, function(a, b), strict=True):
        np.testing.assert_array_equal(computed, expected[name].reshape(3, 2), err_msg=name)


class TestTheTable:
    def test_every_function_takes_some_dtype(self) -> None:
        assert all(any(name in functions_of(dtype) for dtype in dtypes.ALL) for name in FUNCTIONS)

    def test_an_undefined_dtype_is_refused(self) -> None:
        with pytest.raises(TypeError, match="hypot is not defined for dtype complex128"):
            T.hypot(T.tensor("complex128", shape=(None,)), 1.0)

    def test_a_wrong_number_of_operands_is_refused(self) -> None:
        with pytest.raises(TypeError, match="hypot takes 2 operands, got 1"):
            apply_one(Elementwise("hypot"), T.dvector("x"))

    def test_mixed_dtypes_are_refused(self) -> None:
        with pytest.raises(TypeError, match="must have one dtype, got float64, float32"):
            apply_one(Elementwise("add"), T.dvector("x"), T.fvector("y"))

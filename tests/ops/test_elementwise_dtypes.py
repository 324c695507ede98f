"""Result dtypes of elementwise functions are NumPy's, for every pair of dtypes and for Python numbers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import croton.tensor as T
from croton.graph import dtypes

DTYPES = [dtype for dtype in dtypes.ALL if dtype != dtypes.BFLOAT16]
UNARY = [
    "negative",
    "positive",
    "absolute",
    "fabs",
    "sign",
    "signbit",
    "reciprocal",
    "square",
    "sqrt",
    "cbrt",
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
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "deg2rad",
    "rad2deg",
    "degrees",
    "radians",
    "sinc",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "round",
    "around",
    "fix",
    "isnan",
    "isinf",
    "isfinite",
    "isposinf",
    "isneginf",
    "real",
    "imag",
    "conj",
    "angle",
    "logical_not",
    "bitwise_not",
    "invert",
    "nan_to_num",
    "iscomplex",
    "isreal",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "mod",
    "fmod",
    "power",
    "float_power",
    "hypot",
    "logaddexp",
    "logaddexp2",
    "arctan2",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "copysign",
    "nextafter",
    "heaviside",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "gcd",
    "lcm",
    "isclose",
    "ldexp",
]


def dtype_or_error(function: Any, *operands: object) -> str:
    """The name of the result's dtype, or "refused"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.dtype(function(*operands).dtype).name
        except (TypeError, ValueError):
            return "refused"


def variable(dtype: np.dtype[Any]) -> Any:
    return T.tensor(dtype.name, shape=(None,))


@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str) -> None:
    for dtype in DTYPES:
        expected = dtype_or_error(getattr(np, name), np.ones(2, dtype))
        assert dtype_or_error(getattr(T, name), variable(dtype)) == expected, dtype.name


@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str) -> None:
    for first in DTYPES:
        for second in DTYPES:
            expected = dtype_or_error(getattr(np, name), np.ones(2, first), np.ones(2, second))
            if name == "ldexp" and second == dtypes.UINT64:
                expected = dtype_or_error(np.ldexp, np.ones(2, first), np.ones(2, np.int64))
            computed = dtype_or_error(getattr(T, name), variable(first), variable(second))
            assert computed == expected, (first.name, second.name)


@pytest.mark.parametrize(
    "name", ["add", "divide", "power", "hypot", "maximum", "less", "copysign", "logaddexp"]
)
@pytest.mark.parametrize("number", [1, 1.5, True])
def test_python_numbers_are_weak(name: str, number: Any) -> None:
    for dtype in DTYPES:
        for swap in (False, True):
            arrays = (number, np.ones(2, dtype)) if swap else (np.ones(2, dtype), number)
            variables = (number, variable(dtype)) if swap else (variable(dtype), number)
            expected = dtype_or_error(getattr(np, name), *arrays)
            assert dtype_or_error(getattr(T, name), *variables) == expected, (dtype.name, swap)


def test_bfloat16_promotes_as_a_narrow_float() -> None:
    x = T.tensor("bfloat16", shape=(None,))
    assert T.exp(x).dtype == "bfloat16"
    assert (x + variable(np.dtype("int64"))).dtype == "bfloat16"
    assert (x + variable(np.dtype("float16"))).dtype == "float32"
    assert (x * variable(np.dtype("float32"))).dtype == "float32"


def test_clip_promotes_all_three() -> None:
    assert T.clip(variable(np.dtype("int8")), 0, 1.5).dtype == np.clip(np.ones(2, np.int8), 0, 1.5).dtype.name
    assert T.clip(variable(np.dtype("float32")), 0, 1).dtype == "float32"


def test_complex_takes_the_wider_part() -> None:
    assert T.complex(variable(np.dtype("float32")), 1.0).dtype == "complex64"
    assert T.complex(variable(np.dtype("float32")), variable(np.dtype("float64"))).dtype == "complex128"
    with pytest.raises(TypeError, match="must be real"):
        T.complex(variable(np.dtype("complex64")), 1.0)

"""Integer operations have NumPy's results where C's are undefined."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from vector_maths_harness import NUMPY_TYPES, Array, Compile

DTYPES = [f"{kind}{bits}" for kind in "iu" for bits in (8, 16, 32, 64)]
OPERATIONS: dict[str, Callable[..., Any]] = {
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "fmod": np.fmod,
    "left_shift": np.left_shift,
    "right_shift": np.right_shift,
    "pow": np.power,
}


def operands(dtype: str) -> tuple[Array, Array]:
    """Extremes, small numbers and random ones, each with each."""
    info = np.iinfo(NUMPY_TYPES[dtype])
    numbers = {
        0,
        1,
        2,
        3,
        7,
        10,
        info.bits - 1,
        info.bits,
        info.bits + 1,
        info.max - 1,
        info.max,
        info.min,
        info.min + 1,
    }
    numbers |= {-n for n in (1, 2, 3, 7) if info.min < 0}
    g = np.random.default_rng(1)
    array = np.concatenate(
        [
            np.array(sorted(numbers), dtype=info.dtype),
            g.integers(info.min, info.max, 40, dtype=info.dtype, endpoint=True),
        ]
    )
    x, y = np.meshgrid(array, array)
    return x.ravel(), y.ravel()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_binary_operations_match_numpy(compile_loops: Compile, operation: str, dtype: str) -> None:
    names = [f"ct_{name}_{dtype}" for name in OPERATIONS]
    x, y = operands(dtype)
    if operation == "pow":
        x, y = x[y >= 0], y[y >= 0]  # NumPy refuses negative powers
    with np.errstate(all="ignore"):
        want = OPERATIONS[operation](x, y)
    np.testing.assert_array_equal(compile_loops(names, [dtype, dtype])(f"ct_{operation}_{dtype}", x, y), want)


@pytest.mark.parametrize("dtype", ["i8", "i16", "i32", "i64"])
def test_negative_powers_keep_only_the_whole_part(compile_loops: Compile, dtype: str) -> None:
    x = np.array([1, -1, -1, 2, -3, 0])
    y = np.array([-5, -4, -3, -1, -2, -1])
    got = compile_loops([f"ct_pow_{dtype}"], [dtype, dtype])(f"ct_pow_{dtype}", x, y)
    assert got.tolist() == [1, 1, -1, 0, 0, 0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sign_and_absolute_value_match_numpy(compile_loops: Compile, dtype: str) -> None:
    x, _ = operands(dtype)
    loops = compile_loops([f"ct_sign_{dtype}", f"ct_abs_{dtype}"])
    np.testing.assert_array_equal(loops(f"ct_sign_{dtype}", x), np.sign(x))
    np.testing.assert_array_equal(loops(f"ct_abs_{dtype}", x), np.abs(x))

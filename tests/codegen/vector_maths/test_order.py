"""Keys: integers in the order of the numbers they stand for."""

import numpy as np
import pytest
from vector_maths_harness import NUMPY_TYPES, Compile

NUMBERS = [-np.inf, -1e30, -1.5, -1.0, -1e-40, -0.0, 0.0, 1e-40, 1.0, 1.5, 1e30, np.inf]
KEYS = {"f32": "i32", "f64": "i64"}


@pytest.mark.parametrize("dtype", KEYS)
@pytest.mark.parametrize("kind", ["max", "min"])
def test_keys_ascend_with_their_numbers_and_nan_decides(
    compile_loops: Compile, kind: str, dtype: str
) -> None:
    name = f"ct_{kind}_key_{dtype}"
    loops = compile_loops([name], [dtype], KEYS[dtype])
    keys, nans = loops(name, NUMBERS), loops(name, [np.nan, -np.nan])
    assert all(keys[:-1] < keys[1:])
    assert all(nans > keys.max()) if kind == "max" else all(nans < keys.min())


@pytest.mark.parametrize("dtype", KEYS)
@pytest.mark.parametrize("kind", ["max", "min"])
def test_numbers_come_back_from_their_keys(compile_loops: Compile, kind: str, dtype: str) -> None:
    name, back = f"ct_{kind}_key_{dtype}", f"ct_number_of_key_{dtype}"
    given = np.array([*NUMBERS, np.nan], NUMPY_TYPES[dtype])
    keys = compile_loops([name], [dtype], KEYS[dtype])(name, given)
    returned = compile_loops([back], [KEYS[dtype]], dtype)(back, keys)
    np.testing.assert_array_equal(returned, given)
    np.testing.assert_array_equal(np.signbit(returned[:-1]), np.signbit(given[:-1]))

"""The kernel for any sizes: right for every dtype, layout and size, its epilogue told of every row once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from contraction_harness import Array, Kernel, Outcome, arranged, kernel_for, numpy_dtype
from hypothesis import given, settings
from hypothesis import strategies as st

from croton.codegen.contraction import ContractionSpec
from croton.codegen.contraction.spec import STORAGE

LAYOUTS = ("row", "column", "any")
DTYPES = tuple(STORAGE)


def matrix(dtype: str, shape: tuple[int, ...], seed: int) -> Array:
    random = np.random.default_rng(seed)
    kind = numpy_dtype(dtype)
    if dtype == "bool":
        return random.integers(0, 5, shape) == 0
    if kind.kind in "iu":
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
        return random.integers(low, high, shape, dtype=kind, endpoint=True)
    values = random.standard_normal(shape)
    if kind.kind == "c":
        return (values + 1j * random.standard_normal(shape)).astype(kind)
    return values.astype(kind)


def reference(a: Array, b: Array) -> Array:
    """The product summed in more precision than the kernel's, and rounded once."""
    if a.dtype.kind in "biu":
        return np.matmul(a, b)
    wide = np.result_type(np.float64 if a.dtype.kind != "c" else np.complex128)
    return np.matmul(a.astype(wide), b.astype(wide))


def tolerance(a: Array, b: Array) -> Array:
    """Worst error of a sum of k products: k + 2 roundings of the sum of their magnitudes."""
    epsilon = {2: 2.0**-8 if a.dtype != np.float16 else 2.0**-11, 4: 2.0**-24, 8: 2.0**-53}
    real_bytes = a.itemsize // (2 if a.dtype.kind == "c" else 1)
    magnitudes = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    result: Array
    if a.itemsize == 2:
        result = magnitudes * (epsilon[2] + (a.shape[-1] + 2) * 2.0**-24) + 2.0**-25
    else:
        result = magnitudes * (a.shape[-1] + 4) * epsilon[real_bytes] * (2 if a.dtype.kind == "c" else 1)
    return result


def check(outcome: Outcome, a: Array, b: Array) -> None:
    assert outcome.status == 0
    expected = reference(a, b)
    if a.dtype.kind in "biu":
        np.testing.assert_array_equal(outcome.c, expected)
    else:
        error = np.abs(outcome.c.astype(expected.dtype) - expected)
        assert np.all(error <= tolerance(a, b)), f"worst error {np.max(error)}"
    assert outcome.surroundings_kept, "wrote between the rows of C"


def check_epilogue(outcome: Outcome) -> None:
    np.testing.assert_array_equal(outcome.calls, 1)
    assert outcome.seen.tobytes() == outcome.c.tobytes()


def shared(dtype: str) -> Kernel:
    return kernel_for(ContractionSpec(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("a_layout", LAYOUTS)
@pytest.mark.parametrize("b_layout", LAYOUTS)
def test_every_dtype_and_layout(dtype: str, a_layout: str, b_layout: str) -> None:
    for m, n, k in [(1, 1, 1), (13, 37, 29), (70, 50, 90)]:
        a = arranged(matrix(dtype, (m, k), 1), a_layout, gap=3)
        b = arranged(matrix(dtype, (k, n), 2), b_layout, gap=1)
        outcome = shared(dtype)(a, b, c_gap=2)
        check(outcome, a, b)
        check_epilogue(outcome)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0), (1, 5, 0), (5, 1, 0)])
def test_empty_products_are_zero_and_finish_every_row(dtype: str, shape: tuple[int, int, int]) -> None:
    m, n, k = shape
    outcome = shared(dtype)(matrix(dtype, (m, k), 1), matrix(dtype, (k, n), 2))
    assert outcome.status == 0
    assert not outcome.c.any()
    np.testing.assert_array_equal(outcome.calls, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "shape",
    [
        *((m, 33, 17) for m in range(1, 31)),
        *((7, n, 19) for n in range(1, 70)),
        *((9, 21, k) for k in range(1, 20)),
        (97, 101, 331),
        (61, 67, 701),
        (130, 70, 1300),
    ],
)
def test_edges_of_tiles_and_blocks(dtype: str, shape: tuple[int, int, int]) -> None:
    m, n, k = shape
    a, b = matrix(dtype, (m, k), 3), matrix(dtype, (k, n), 4)
    outcome = shared(dtype)(a, b, threads=2)
    check(outcome, a, b)
    check_epilogue(outcome)


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["float32", "float64", "float16", "complex64", "int32"]),
    sizes=st.tuples(*[st.integers(1, 150)] * 3),
    layouts=st.tuples(*[st.sampled_from(LAYOUTS)] * 2),
    gaps=st.tuples(*[st.integers(0, 5)] * 3),
    threads=st.integers(1, 3),
)
def test_any_product(
    dtype: str,
    sizes: tuple[int, int, int],
    layouts: tuple[str, str],
    gaps: tuple[int, int, int],
    threads: int,
) -> None:
    m, n, k = sizes
    a = arranged(matrix(dtype, (m, k), 5), layouts[0], gaps[0])
    b = arranged(matrix(dtype, (k, n), 6), layouts[1], gaps[1])
    outcome = shared(dtype)(a, b, c_gap=gaps[2], threads=threads)
    check(outcome, a, b)
    check_epilogue(outcome)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64", "int64", "bool"])
@pytest.mark.parametrize(
    "shape", [(300, 40, 200), (40, 600, 150), (5, 900, 900), (1, 900, 900), (900, 1, 900), (1, 20, 30000)]
)
def test_threads_runs_and_alignment_do_not_show_in_the_bits(dtype: str, shape: tuple[int, int, int]) -> None:
    m, n, k = shape
    a, b = matrix(dtype, (m, k), 7), matrix(dtype, (k, n), 8)
    first = shared(dtype)(a, b)
    for threads in (1, 2, 5):
        again = shared(dtype)(a, b, threads=threads)
        assert again.c.tobytes() == first.c.tobytes()
        check_epilogue(again)
    shifted = [np.concatenate([x.ravel()[:1], x.ravel()])[1:].reshape(x.shape) for x in (a, b)]
    assert shared(dtype)(*shifted).c.tobytes() == first.c.tobytes()
    check(first, a, b)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64"])
def test_large_products_run_on_threads_and_small_ones_do_not(dtype: str) -> None:
    big, small = matrix(dtype, (400, 400), 9), matrix(dtype, (8, 8), 9)
    assert shared(dtype)(big, big, threads=2).regions > 0
    assert shared(dtype)(small, small, threads=2).regions == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(4, 5, 6), (1, 40, 40), (40, 1, 40), (30, 30, 30), (2, 3, 1)])
def test_nan_and_infinity_reach_what_they_touch(dtype: str, shape: tuple[int, int, int]) -> None:
    m, n, k = shape
    for special in (np.nan, np.inf, -np.inf):
        a, b = np.zeros((m, k), numpy_dtype(dtype)), np.ones((k, n), numpy_dtype(dtype))
        a[m - 1, k - 1] = special
        b[0, n // 2] = special
        with np.errstate(invalid="ignore"):
            expected = a.astype(np.float64) @ b.astype(np.float64)
        actual = shared(dtype)(a, b).c.astype(np.float64)
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sixteen_bit_results_are_rounded_once_and_correctly(dtype: str) -> None:
    """Every 16-bit number times 1 is itself, and products that need rounding are rounded to even."""
    kind = numpy_dtype(dtype)
    every = np.arange(65536, dtype=np.uint16).view(kind)
    finite = every[np.isfinite(every.astype(np.float32))].reshape(-1, 1)
    for factor in (1.0, 1.5, 0.001953125, 3.0, 1.1):
        b = np.array([[factor]], kind)
        with np.errstate(over="ignore"):
            expected = (finite.astype(np.float32) * b.astype(np.float32)).astype(kind)
        actual = shared(dtype)(finite, b).c
        zero = finite.astype(np.float32) == 0  # 0 + -0 is 0: the sign of zero is lost in a sum
        np.testing.assert_array_equal(actual[~zero].view(np.uint16), expected[~zero].view(np.uint16))


@pytest.mark.parametrize("dtype", ["float32", "float16", "complex64", "int32"])
@pytest.mark.parametrize("shape", [(64, 16, 64), (8, 300, 300), (3, 2, 1), (1, 16, 64), (64, 1, 16)])
@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_batches(dtype: str, shape: tuple[int, int, int], count: int) -> None:
    m, n, k = shape
    a, b = matrix(dtype, (count, m, k), 10), matrix(dtype, (count, k, n), 11)
    for threads in (1, 2):
        outcome = shared(dtype)(a, b, threads=threads, c_gap=1)
        check(outcome, a, b)
        check_epilogue(outcome)


def test_one_matrix_serves_a_whole_batch() -> None:
    a = matrix("float32", (6, 9, 20), 12)
    b = np.broadcast_to(matrix("float32", (1, 20, 30), 13), (6, 20, 30))
    check(shared("float32")(a, b), a, b)


def test_threaded_batches_of_large_products() -> None:
    a, b = matrix("float32", (3, 200, 200), 14), matrix("float32", (3, 200, 200), 15)
    outcome = shared("float32")(a, b, threads=2)
    check(outcome, a, b)
    check_epilogue(outcome)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_exhausted_memory_is_reported(dtype: str) -> None:
    a, b = matrix(dtype, (1500, 150), 16), matrix(dtype, (150, 150), 17)
    assert shared(dtype)(a, b, refuse=True).status == 2
    stack = np.stack([a] * 20)
    assert shared(dtype)(stack, np.stack([b] * 20), refuse=True).status == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": "float128"}, "dtype"),
        ({"dtype": "float32", "m": -1}, "m: expected"),
        ({"dtype": "float32", "a_layout": "diagonal"}, "a_layout"),
    ],
)
def test_a_bad_spec_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ContractionSpec(**arguments)

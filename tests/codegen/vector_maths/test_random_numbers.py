"""Philox in C gives the words and uniforms of Philox in NumPy, bit for bit, and normals that are normal."""

from typing import Any

import numpy as np
import pytest
import scipy.stats
from vector_maths_harness import Compile

from croton.graph import philox

INDICES = np.concatenate([np.arange(1000), (1 << 34) + np.arange(9), (1 << 63) - 1 - np.arange(9)]).astype(
    "u8"
)
CASES = [(0, 0), (1, 0), (0x0123456789ABCDEF, 7), (2**64 - 1, 2**64 - 1)]


def every(value: int) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    return np.full(INDICES.size, value, dtype="u8")


@pytest.mark.parametrize(("key", "stream"), CASES)
def test_words_equal_numpys(compile_loops: Compile, key: int, stream: int) -> None:
    loops = compile_loops(["ct_philox_word"], ["u64", "u64", "u64"], "u32")
    got = loops("ct_philox_word", every(key), every(stream), INDICES)
    want = np.concatenate([philox.words(key, stream, int(start), 1) for start in INDICES[1000:]])
    np.testing.assert_array_equal(got[:1000], philox.words(key, stream, 0, 1000))
    np.testing.assert_array_equal(got[1000:], want)


@pytest.mark.parametrize(("key", "stream"), CASES)
def test_word_pairs_equal_numpys(compile_loops: Compile, key: int, stream: int) -> None:
    loops = compile_loops(["ct_philox_word_pair"], ["u64", "u64", "u64"], "u64")
    got = loops("ct_philox_word_pair", every(key), every(stream), INDICES)
    np.testing.assert_array_equal(got[:1000], philox.word_pairs(key, stream, 0, 1000))


def test_uniforms_equal_numpys_bit_for_bit(compile_loops: Compile) -> None:
    small = np.concatenate([philox.words(3, 0, 0, 50_000), np.array([0, 255, 256, 2**32 - 1], dtype="u4")])
    large = np.concatenate(
        [philox.word_pairs(3, 0, 0, 50_000), np.array([0, 2047, 2048, 2**64 - 1], dtype="u8")]
    )
    singles = compile_loops(["ct_uniform_f32"], ["u32"], "f32")("ct_uniform_f32", small)
    doubles = compile_loops(["ct_uniform_f64"], ["u64"], "f64")("ct_uniform_f64", large)
    np.testing.assert_array_equal(singles, philox.uniform_f32(small))
    np.testing.assert_array_equal(doubles, philox.uniform_f64(large))
    assert singles.max() == 1 - 2.0**-24 and doubles.max() == 1 - 2.0**-53


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_normals_are_normal_and_equal_numpys_up_to_rounding(compile_loops: Compile, dtype: str) -> None:
    kind = "u32" if dtype == "f32" else "u64"
    words: Any = (philox.words if dtype == "f32" else philox.word_pairs)(11, 5, 0, 400_000)
    first, second = words[0::2], words[1::2]
    got = compile_loops([f"ct_normal_{dtype}"], [kind, kind], dtype)(f"ct_normal_{dtype}", first, second)
    normal: Any = philox.normal_f32 if dtype == "f32" else philox.normal_f64
    np.testing.assert_allclose(got, normal(first, second), atol=60 * np.finfo(got.dtype).eps)
    assert scipy.stats.kstest(got, "norm").pvalue > 0.01


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_normals_have_tails(compile_loops: Compile, dtype: str) -> None:
    """The smallest word gives the largest radius; none is infinite."""
    kind = "u32" if dtype == "f32" else "u64"
    zero = np.zeros(1, dtype="u8")
    radius = compile_loops([f"ct_normal_{dtype}"], [kind, kind], dtype)(f"ct_normal_{dtype}", zero, zero)[0]
    assert radius == pytest.approx(np.sqrt(-2 * np.log(2.0 ** (-33 if dtype == "f32" else -65))), rel=1e-6)

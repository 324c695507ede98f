"""Philox 4x32-10 in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from croton.graph import philox

# Known answers published with the generator (Random123, kat_vectors).
KNOWN = [
    ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0xA4093822, 0x299F31D0),
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("key", "counter", "words"), KNOWN)
def test_published_known_answers(
    key: tuple[int, int], counter: tuple[int, ...], words: tuple[int, ...]
) -> None:
    assert philox.philox(key, np.array(counter, dtype="u4")).tolist() == list(words)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**60), st.integers(0, 50), st.integers(0, 50))
def test_a_draw_is_a_window_of_its_stream(start: int, skip: int, count: int) -> None:
    whole = philox.words(42, 1, start, skip + count)
    np.testing.assert_array_equal(philox.words(42, 1, start + skip, count), whole[skip:])


def test_keys_and_streams_give_unrelated_words() -> None:
    draws = [
        philox.words(key, stream, 0, 1000)
        for key, stream in ((0, 0), (1, 0), (1 << 32, 0), (0, 1), (0, 1 << 32))
    ]
    assert len(np.unique(np.concatenate(draws))) > 4990


def test_uniforms_lie_in_the_half_open_unit_interval() -> None:
    extremes = np.array([0, 2**32 - 1], dtype="u4")
    assert philox.uniform_f32(extremes).tolist() == [0.0, 1 - 2.0**-24]
    assert philox.uniform_f64(np.array([0, 2**64 - 1], dtype="u8")).tolist() == [0.0, 1 - 2.0**-53]


def test_uniforms_are_uniform() -> None:
    counts, _ = np.histogram(philox.uniform_f64(philox.word_pairs(1, 2, 0, 100_000)), bins=100, range=(0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 160  # chi-squared, 99 degrees of freedom


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 0, 0, 1), "key"),
        ((1 << 64, 0, 0, 1), "key"),
        ((0, -1, 0, 1), "stream"),
        ((0, 0, -1, 1), "start"),
        ((0, 0, 0, -1), "count"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        philox.words(*arguments)


def test_bad_counters_are_refused() -> None:
    with pytest.raises(TypeError, match="uint32"):
        philox.philox((0, 0), np.zeros(4, dtype="u8"))
    with pytest.raises(ValueError, match="last axis of length 4"):
        philox.philox((0, 0), np.zeros(3, dtype="u4"))
    with pytest.raises(ValueError, match="key word"):
        philox.philox((0, 1 << 32), np.zeros(4, dtype="u4"))

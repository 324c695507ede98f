"""Philox 4x32-10, the counter-based random number generator, in NumPy.

The same numbers, bit for bit, as ``codegen/include/philox.h``: word ``i`` of a draw is a function of the
key, the stream and ``i`` alone, so interpreted and compiled runs, on any number of threads, agree.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_MASK = 0xFFFFFFFF


def philox(key: tuple[int, int], counter: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The bijection itself.

    Args:
        key: two 32-bit words.
        counter: uint32, shape (..., 4).

    Returns:
        uint32 of the same shape: four random words for each counter.

    Raises:
        ValueError: `counter` has no last axis of length 4, or a key word is not in [0, 2**32).
        TypeError: `counter` is not uint32.
    """
    if counter.dtype != np.uint32:
        raise TypeError(f"counter must be uint32, got {counter.dtype}")
    if counter.ndim == 0 or counter.shape[-1] != 4:
        raise ValueError(f"counter must have a last axis of length 4, got shape {counter.shape}")
    for word in key:
        if not 0 <= word <= _MASK:
            raise ValueError(f"each key word must be in [0, 2**32), got {word}")
    k0, k1 = key
    c0, c1, c2, c3 = (counter[..., word] for word in range(4))
    shift = np.uint64(32)
    for _ in range(_ROUNDS):
        p0 = _MULTIPLIERS[0] * c0.astype(np.uint64)
        p1 = _MULTIPLIERS[1] * c2.astype(np.uint64)
        c0, c1, c2, c3 = (
            (p1 >> shift).astype(np.uint32) ^ c1 ^ np.uint32(k0),
            p1.astype(np.uint32),
            (p0 >> shift).astype(np.uint32) ^ c3 ^ np.uint32(k1),
            p0.astype(np.uint32),
        )
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return np.stack([c0, c1, c2, c3], axis=-1)


def words(key: int, stream: int, start: int, count: int) -> NDArray[np.uint32]:
    """Words `start` to `start + count` of a stream: uint32, shape (count,).

    Args:
        key: 64-bit seed.
        stream: 64-bit number of an independent sequence under that key.
        start: index of the first word, at most 2**66 - count.
        count: how many words.

    Raises:
        ValueError: an argument is negative or too large.
    """
    for name, value, bits in (
        ("key", key, 64),
        ("stream", stream, 64),
        ("start", start, 64),
        ("count", count, 62),
    ):
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{name} must be in [0, 2**{bits}), got {value}")
    first, last = start // 4, (start + count + 3) // 4
    blocks = np.arange(last - first, dtype=np.uint64) + np.uint64(first)
    counter = np.empty((blocks.size, 4), dtype=np.uint32)
    counter[:, 0] = blocks & np.uint64(_MASK)
    counter[:, 1] = blocks >> np.uint64(32)
    counter[:, 2] = stream & _MASK
    counter[:, 3] = stream >> 32
    drawn = philox((key & _MASK, key >> 32), counter).reshape(-1)
    return drawn[start % 4 : start % 4 + count]


def word_pairs(key: int, stream: int, start: int, count: int) -> NDArray[np.uint64]:
    """64-bit words of words 2i (low half) and 2i + 1 (high half), i from `start`: uint64, shape (count,).

    Raises:
        ValueError: an argument is negative or too large.
    """
    halves = words(key, stream, 2 * start, 2 * count).astype(np.uint64)
    return halves[0::2] | halves[1::2] << np.uint64(32)


def uniform_f32(word: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Uniform on [0, 1) from the top 24 bits of each uint32 word."""
    return (word >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def uniform_f64(word: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Uniform on [0, 1) from the top 53 bits of each uint64 word."""
    return (word >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal_f32(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Standard normals by Box and Muller, as `ct_normal_f32`, which it matches to a few ulp, not bitwise."""
    fine = (first & np.uint32(0xFFFF)).astype(np.float32) + np.float32(0.5)
    u = (first >> np.uint32(16)).astype(np.float32) * np.float32(2.0**-16) + fine * np.float32(2.0**-32)
    angle = uniform_f32(second) * np.float32(2 * np.pi)
    normal: NDArray[np.float32] = np.sqrt(np.float32(-2.0) * np.log(u)) * np.cos(angle)
    return normal


def normal_f64(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Standard normals by Box and Muller, as `ct_normal_f64`, which it matches to a few ulp, not bitwise."""
    top = (first >> np.uint64(32)).astype(np.float64)
    bottom = (first & np.uint64(_MASK)).astype(np.float64)
    u = top * 2.0**-32 + (bottom + 0.5) * 2.0**-64
    return np.sqrt(-2.0 * np.log(u)) * np.cos(uniform_f64(second) * (2 * np.pi))


# sqrt(2) erfinv(v) / v as a polynomial of -log(1 - v^2) - _MIDDLE for v up to _WIDEST = erf(sqrt 2).
_WIDEST, _MIDDLE = float.fromhex("0x1.e8b4307d3627ap-1"), float.fromhex("0x1.35e7067b8b248p+0")
_TRUNCATED_32 = """
    0x1.ab1b08p+0 0x1.690a72p-2 0x1.01a2e4p-8 -0x1.a5e238p-9
    0x1.965716p-13 0x1.8031b0p-15 -0x1.b42d30p-18 -0x1.195c38p-21
"""
_TRUNCATED_64 = """
    0x1.ab1b081dac1a5p+0 0x1.690a723e7ed48p-2 0x1.01a0ae1e82798p-8 -0x1.a5e09be5e5181p-9
    0x1.974b29bf67a25p-13 0x1.7fa654d94f573p-15 -0x1.d61a39e3a7be8p-18 -0x1.0bf3580d136a4p-21
    0x1.8430d194b6124p-23 -0x1.9f1d5e35d63f5p-33 -0x1.1030acb87c788p-28 0x1.d3ba1d5c5f9b1p-33
    0x1.3f3eff2b3d6d7p-34 0x1.f057036b20571p-39 0x1.1ea6b47962860p-41 -0x1.39570302f36eep-39
    -0x1.bf8fa913f568cp-42
"""


def truncated_f32(word: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Standard normals cut off at -2 and 2, as `ct_truncated_f32`, which it matches to a few ulp."""
    truncated: NDArray[np.float32] = _truncated(uniform_f32(word), _TRUNCATED_32)
    return truncated


def truncated_f64(word: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Standard normals cut off at -2 and 2, as `ct_truncated_f64`, which it matches to a few ulp."""
    truncated: NDArray[np.float64] = _truncated(uniform_f64(word), _TRUNCATED_64)
    return truncated


def _truncated(unit: NDArray[Any], coefficients: str) -> NDArray[Any]:
    real = unit.dtype.type
    symmetric = (2 * unit - 1) * real(_WIDEST)
    distance = -np.log(1 - symmetric * symmetric) - real(_MIDDLE)
    total: NDArray[Any] = np.zeros_like(unit)
    for coefficient in reversed(coefficients.split()):
        total = total * distance + real(float.fromhex(coefficient))
    truncated: NDArray[Any] = np.clip(symmetric * total, -2, 2)
    return truncated

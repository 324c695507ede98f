"""Random arrays of many distributions, from explicit keys or from the global generator.

A key is a uint64 array of shape (2,). Equal keys give equal numbers, eagerly and compiled: the same bits
for words, uniforms, integers, permutations and normals. Without `key=`, a fresh key of the global generator
is used, which `seed` sets.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.dtypes import FLOAT32, FLOAT64, INT64, UINT32, UINT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import EagerValue, NDArray
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.random_bits import Draw, Permutation

_MASK = (1 << 64) - 1
_DERIVING = 0x9E3779B97F4A7C15  # sets the key under which keys are derived apart from those that draw


class Generator:
    """A source of keys: a seed and a count of keys given out."""

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self.followers: list[Callable[[], object]] = []  # called after seeding
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Starts anew: from a number, or from the operating system's entropy when None."""
        number = int.from_bytes(os.urandom(16), "little") if seed is None else _seed_number(seed)
        with self._lock:
            self._key, self._stream, self._count = number & _MASK, number >> 64 & _MASK, 0
        for follow in self.followers:
            follow()

    def first_key(self) -> NDArray:
        """A key that `next_key` does not give, for those who count on from it."""
        pair = fill_pairs(self._key ^ _DERIVING, self._stream, 0)
        return np.array([pair[0], 0], np.uint64)

    def next_key(self) -> Array:
        """A key that was not given out before."""
        with self._lock:
            self._count += 1
            count = self._count
        pair = fill_pairs(self._key ^ _DERIVING, self._stream, count)
        return EagerValue.factory(pair)


def _seed_number(seed: object) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed: expected an int, got {seed!r}")
    return int(seed) % (1 << 128)


def fill_pairs(key: int, stream: int, number: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Key number `number` under a key: its pair of 64-bit words."""
    from croton.graph import philox

    return philox.word_pairs(key, stream, 2 * number, 2)


generator = Generator()


def next_key() -> Array:
    """A key of the global generator; within a traced function, one that is new in every call of it."""
    trace = base.building.trace
    return generator.next_key() if trace is None else trace.next_key()


# Where keys come from when none is given: the last of these; bodies of loops put a source of their own here.
key_source: list[Callable[[], Array]] = [next_key]


def seed(number: int | None = None) -> None:
    """Seeds the global generator; None takes entropy from the operating system."""
    generator.seed(number)


def key(seed: int) -> Array:
    """The key that a number of up to 128 bits is."""
    number = _seed_number(seed)
    return EagerValue.factory(np.array([number & _MASK, number >> 64], np.uint64))


def split(key: object, number: int = 2) -> Array:
    """Keys independent of each other and of what `key` itself draws: uint64 of shape (number, 2)."""
    return apply_one(Draw("pair", (*base.as_dims(number), 2)), _deriving(key))


def fold_in(key: object, number: object) -> Array:
    """The key that `split` would list at position `number`, a non-negative integer, possibly symbolic."""
    from croton.ops.arithmetic import add, multiply
    from croton.ops.shape import reshape

    deriving = _deriving(key)
    index = base.cast(base.as_array(number), UINT64)
    if base.rank_of(index) != 0:
        raise ValueError(f"fold_in: expected an integer, got an array with {base.rank_of(index)} axes")
    first = multiply(reshape(index, (1,)), np.uint64(2))
    positions = add(first, np.arange(2, dtype=np.uint64))
    return _pairs_at(deriving, positions)


def _pairs_at(key: Array, positions: Array) -> Array:
    from croton.ops.elementwise import elementwise
    from croton.ops.slicing import slice_axis

    return elementwise("random_pair", slice_axis(key, 0, 0, 1), slice_axis(key, 0, 1, 2), positions)


def _deriving(key: object) -> Array:
    from croton.ops.elementwise import elementwise

    return elementwise("bitwise_xor", as_key(key), np.array([_DERIVING, 0], np.uint64))


def as_key(key: object) -> Array:
    """A key from a key or from a number."""
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        key = globals()["key"](key)
    return base.as_array(key)


def _draw(kind: str, shape: object, key: object) -> Array:
    sizes = shape_of_draw(shape)
    if key is not None:
        return apply_one(Draw(kind, sizes), as_key(key))
    drawn = key_source[-1]()
    if isinstance(drawn, EagerValue) and any(not isinstance(size, int) for size in sizes):
        raise ValueError(
            f"random: the shape {sizes} is only known when the function is called, so it needs "
            "a key: pass key=, or use a RandomStream"
        )
    return apply_one(Draw(kind, sizes), drawn)


def shape_of_draw(shape: object) -> Shape:
    """Sizes, none of them known to be negative."""
    sizes = base.as_dims(() if shape is None else shape)
    for size in sizes:
        if isinstance(size, int) and size < 0:
            raise ValueError(f"random: negative size in shape {sizes}")
    return sizes


def sizes(name: str, shape: object, *parameters: object) -> Shape:
    """The shape of a draw, to which its parameters broadcast; that of the parameters together when None.

    Raises:
        ShapeError: a parameter does not broadcast to the shape.
    """
    given = [base.shape_of(base.as_array(parameter)) for parameter in parameters]
    if shape is None:
        return dims.broadcast(given, f"random.{name}")
    wanted = shape_of_draw(shape)
    for own in given:
        _check_fits(f"random.{name}: parameters", own, wanted)
    return wanted


def _check_fits(what: str, own: Shape, wanted: Shape) -> None:
    """Raises ShapeError unless an array of the shape `own` broadcasts to `wanted`."""
    if dims.broadcast([wanted, own], f"{what} and shape") == wanted:
        return
    along = (1,) * (len(own) - len(wanted)) + wanted[-len(own) :]
    stretches = any(size == 1 and other != 1 for size, other in zip(along, own, strict=True))
    if stretches or len(own) > len(wanted):
        raise ShapeError(
            f"{what} of shape {dims.format_shape(own)} do not broadcast to {dims.format_shape(wanted)}"
        )


def _float_kind(name: str, dtype: object) -> tuple[str, DType]:
    target = dtypes.as_dtype(dtype if dtype is not None else FLOAT64)
    if not dtypes.is_float(target):
        raise DTypeError(f"random.{name}: expected a floating dtype, got {target.name}")
    return ("64" if target == FLOAT64 else "32"), target


def bits(shape: object = (), dtype: object = UINT32, key: object = None) -> Array:
    """Uniformly random words: uint32 or uint64."""
    target = dtypes.as_dtype(dtype)
    if target not in (UINT32, UINT64):
        raise DTypeError(f"random.bits: expected uint32 or uint64, got {target.name}")
    return _draw("word" if target == UINT32 else "pair", shape, key)


def uniform(
    shape: object = None, low: object = 0.0, high: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Uniform on [low, high), which broadcast against the shape; 24 random bits in float32, 53 in float64."""
    from croton.ops.arithmetic import add, multiply, subtract

    width, target = _float_kind("uniform", dtype)
    unit = _narrowed(_draw(f"uniform{width}", sizes("uniform", shape, low, high), key), target)
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return unit
    bottom, top = base.cast(low, target), base.cast(high, target)
    return add(multiply(unit, subtract(top, bottom)), bottom)


def _narrowed(unit: Array, target: DType) -> Array:
    """Half precisions round down to their own grid, so that 1 is never reached."""
    from croton.ops.arithmetic import multiply
    from croton.ops.elementwise import elementwise

    if target in (FLOAT32, FLOAT64):
        return unit
    steps = 2.0**11 if target == dtypes.FLOAT16 else 2.0**8
    return base.cast(multiply(elementwise("floor", multiply(unit, steps)), 1 / steps), target)


def normal(
    shape: object = None, mean: object = 0.0, std: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Normally distributed by Box and Muller; mean and std broadcast against the shape."""
    width, target = _float_kind("normal", dtype)
    return _located(_draw(f"normal{width}", sizes("normal", shape, mean, std), key), mean, std, target)


def _located(standard: Array, mean: object, std: object, target: DType) -> Array:
    """Standard numbers scaled and shifted in the dtype they are computed in."""
    from croton.ops.arithmetic import add, multiply

    wide = dtypes.compute_dtype(target)
    if not (isinstance(std, (int, float)) and std == 1):
        standard = multiply(standard, base.cast(std, wide))
    if not (isinstance(mean, (int, float)) and mean == 0):
        standard = add(standard, base.cast(mean, wide))
    return base.cast(standard, target)


def truncated_normal(
    shape: object = None,
    mean: object = 0.0,
    std: object = 1.0,
    lower: float = -2.0,
    upper: float = 2.0,
    dtype: object = None,
    key: object = None,
) -> Array:
    """A normal distribution cut off at `lower` and `upper` standard deviations.

    Raises:
        ValueError: lower is not below upper.
    """
    from croton.ops.arithmetic import clip, multiply
    from croton.ops.elementwise import elementwise

    if not lower < upper:
        raise ValueError(f"truncated_normal: expected lower < upper, got {lower} and {upper}")
    width, target = _float_kind("truncated_normal", dtype)
    shape = sizes("truncated_normal", shape, mean, std)
    if (lower, upper) == (-2, 2):
        return _located(_draw(f"truncated{width}", shape, key), mean, std, target)
    low, high = (math.erf(bound / math.sqrt(2)) for bound in (lower, upper))
    unit = uniform(shape, low, high, dtypes.compute_dtype(target), key)
    # The ends of the interval round to where erfinv is infinite or just outside the bounds.
    standard = clip(multiply(elementwise("erfinv", unit), math.sqrt(2)), lower, upper)
    return _located(standard, mean, std, target)


def exponential(shape: object = None, scale: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """Exponentially distributed with mean `scale`, by the inverse of its distribution."""
    from croton.ops.arithmetic import multiply, negative
    from croton.ops.exponential import log1p

    _, target = _float_kind("exponential", dtype)
    shape = sizes("exponential", shape, scale)
    unit = uniform(shape, dtype=dtypes.compute_dtype(target), key=key)
    return base.cast(
        multiply(negative(log1p(negative(unit))), base.cast(scale, dtypes.compute_dtype(target))), target
    )


def gumbel(shape: object = (), dtype: object = None, key: object = None) -> Array:
    """Standard Gumbel: minus the logarithm of an exponential."""
    from croton.ops.arithmetic import maximum, negative
    from croton.ops.exponential import log

    _, target = _float_kind("gumbel", dtype)
    waiting = exponential(shape, dtype=FLOAT64, key=key)
    return base.cast(negative(log(maximum(waiting, 2.0**-54))), target)


def bernoulli(
    shape: object = None, p: object = 0.5, dtype: object = dtypes.BOOL, key: object = None
) -> Array:
    """True with probability p, which broadcasts against the shape."""
    from croton.ops.comparison import less

    probability = base.as_array(p)
    kind = FLOAT64 if base.dtype_of(probability) == FLOAT64 and not isinstance(p, float) else FLOAT32
    shape = sizes("bernoulli", shape, probability)
    return base.cast(less(uniform(shape, dtype=kind, key=key), base.cast(probability, kind)), dtype)


def integers(
    low: object, high: object = None, shape: object = None, dtype: object = INT64, key: object = None
) -> Array:
    """Integers from low up to, not including, high (from 0 up to low when high is None).

    The bias of taking a remainder of 64 random bits is below range / 2^64. Where arrays of bounds give an
    empty range, the result is low.

    Raises:
        ValueError: the range between two numbers is empty. DTypeError: not an integer dtype.
    """
    from croton.ops.arithmetic import add, remainder, subtract, where
    from croton.ops.comparison import less

    target = dtypes.as_dtype(dtype)
    if not dtypes.is_integer(target):
        raise DTypeError(f"random.integers: expected an integer dtype, got {target.name}")
    bottom, top = (0, low) if high is None else (low, high)
    if isinstance(bottom, (int, np.integer)) and isinstance(top, (int, np.integer)):
        if bottom >= top:
            raise ValueError(f"random.integers: expected low < high, got {bottom} and {top}")
        span: Array = base.cast(int(top) - int(bottom), UINT64)
    else:
        least, beyond = base.cast(bottom, INT64), base.cast(top, INT64)
        # Of a remainder by 1 nothing is left; the difference of two int64 is right in 64 bits without a sign.
        span = where(less(least, beyond), base.cast(subtract(beyond, least), UINT64), np.uint64(1))
    drawn = remainder(_draw("pair", sizes("integers", shape, bottom, top), key), span)
    return base.cast(add(base.cast(drawn, INT64), base.cast(bottom, INT64)), target)


randint = integers


def categorical(logits: object, shape: object = None, axis: int = -1, key: object = None) -> Array:
    """Indices drawn with probabilities softmax(logits) along an axis, int64.

    shape: of the result; it ends in the shape of the logits without the axis, which is the default.
    """
    from croton.ops.argmax import argmax
    from croton.ops.arithmetic import add
    from croton.ops.shape import transpose

    scores = base.as_array(logits)
    rank = base.rank_of(scores)
    position = base.normalize_axis(axis, rank, "categorical")
    order = (*(a for a in range(rank) if a != position), position)
    scores = transpose(base.cast(scores, dtypes.inexact(base.dtype_of(scores))), order)
    sizes = base.shape_of(scores)
    wanted = sizes[:-1] if shape is None else shape_of_draw(shape)
    noise = gumbel((*wanted, sizes[-1]), dtype=dtypes.compute_dtype(base.dtype_of(scores)), key=key)
    return argmax(add(noise, base.cast(scores, base.dtype_of(noise))), -1)


def permutation(x: object, axis: int = 0, key: object = None) -> Array:
    """The numbers below x in random order, or the entries of an array along an axis in random order."""
    drawn = as_key(key) if key is not None else key_source[-1]()
    if isinstance(x, (int, np.integer)):
        return apply_one(Permutation((int(x),)), drawn)
    from croton.ops.gathering import take

    array = base.as_array(x)
    if base.rank_of(array) == 0 and not isinstance(array, EagerValue):
        return apply_one(Permutation(base.as_dims(x)), drawn)
    position = base.normalize_axis(axis, base.rank_of(array), "permutation")
    order = apply_one(Permutation((base.shape_of(array)[position],)), drawn)
    return take(array, order, position)


def dropout(x: object, rate: float, key: object = None, noise_shape: object = None) -> Array:
    """x with each entry 0 with probability `rate`, the rest divided by 1 - rate.

    noise_shape: of the decisions, which broadcast to x; that of x when None.

    Raises:
        ValueError: rate is not in [0, 1]. ShapeError: noise_shape does not broadcast to x.
    """
    from croton.ops.arithmetic import multiply, where
    from croton.ops.shape import zeros_like

    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: expected a rate in [0, 1], got {rate}")
    array = base.as_array(x)
    if rate == 1:
        return zeros_like(array)
    shape = base.shape_of(array)
    decided = shape if noise_shape is None else shape_of_draw(noise_shape)
    _check_fits("dropout: decisions", decided, shape)
    kept = bernoulli(decided, 1 - rate, key=key)
    return where(kept, multiply(array, 1 / (1 - rate)), base.cast(0, base.dtype_of(array)))

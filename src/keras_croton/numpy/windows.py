"""Windows: weights of `x` points in floatx, highest in the middle. `x` is an integer, known or computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras.src.backend import config

from croton.graph import dtypes
from croton.graph.dtypes import as_dtype
from croton.ops import arithmetic, base, trigonometric
from croton.ops.comparison import equal
from croton.ops.dimension import dim_of, size_as_number
from croton.ops.scipy_functions import i0
from croton.ops.shape import iota
from keras_croton.conversion import convert_to_tensor

__all__ = [
    "bartlett",
    "blackman",
    "hamming",
    "hanning",
    "kaiser",
]


def bartlett(x: Any) -> Any:
    """A triangle that is 0 at both ends."""
    return _window(x, lambda place: arithmetic.subtract(1.0, arithmetic.absolute(_centred(place))))


def blackman(x: Any) -> Any:
    """0.42 - 0.5 cos(2 pi t) + 0.08 cos(4 pi t) for t from 0 to 1."""
    return _window(x, lambda place: _cosines(place, 0.42, -0.5, 0.08))


def hamming(x: Any) -> Any:
    """0.54 - 0.46 cos(2 pi t) for t from 0 to 1."""
    return _window(x, lambda place: _cosines(place, 0.54, -0.46))


def hanning(x: Any) -> Any:
    """0.5 - 0.5 cos(2 pi t) for t from 0 to 1."""
    return _window(x, lambda place: _cosines(place, 0.5, -0.5))


def kaiser(x: Any, beta: Any) -> Any:
    """Kaiser's window: the larger beta, the narrower."""
    shape = base.cast(convert_to_tensor(beta), dtypes.FLOAT64)

    def weights(place: Any) -> Any:
        inside = arithmetic.subtract(1.0, arithmetic.square(_centred(place)))
        return arithmetic.divide(i0(arithmetic.multiply(shape, arithmetic.sqrt(inside))), i0(shape))

    return _window(x, weights)


def _window(x: Any, weights: Callable[[Any], Any]) -> Any:
    """The weights at places from 0 to 1; 1 if there is only one."""
    number = x if isinstance(x, int) else base.cast(convert_to_tensor(x), dtypes.INT64)
    size = dim_of(number)
    last = base.cast(arithmetic.subtract(size_as_number(size), 1), dtypes.FLOAT64)
    place = arithmetic.divide(base.cast(iota(size), dtypes.FLOAT64), arithmetic.maximum(last, 1.0))
    return base.cast(arithmetic.where(equal(last, 0.0), 1.0, weights(place)), as_dtype(config.floatx()))


def _centred(place: Any) -> Any:
    """Places from -1 to 1."""
    return arithmetic.subtract(arithmetic.multiply(place, 2.0), 1.0)


def _cosines(place: Any, constant: float, *factors: float) -> Any:
    total: Any = constant
    for number, factor in enumerate(factors, 1):
        wave = trigonometric.cos(arithmetic.multiply(place, 2 * math.pi * number))
        total = arithmetic.add(total, arithmetic.multiply(wave, factor))
    return total

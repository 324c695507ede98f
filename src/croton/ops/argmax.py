"""The larger and the smaller of numbers, and limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import multiply, where
from croton.ops.base import Array
from croton.ops.elementwise import define, elementwise

__all__ = ["clip", "fmax", "fmin", "maximum", "minimum"]


def _extreme_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """Cotangent to the operand that was taken; halved between equal ones, the least biased subgradient."""
    first = elementwise("equal", x[0], y)
    second = elementwise("equal", x[1], y)
    share = where(elementwise("logical_and", first, second), multiply(g, 0.5), g)
    return where(first, share, 0), where(second, share, 0)


def _clip_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[Array]:
    """To x within the limits, the limits included; outside, to the limit that holds."""
    number, low, high = x
    over = elementwise("greater", number, high)
    low_holds = elementwise("logical_and", elementwise("less", number, low), elementwise("less_equal", low, high))
    high_holds = elementwise("logical_or", over, elementwise("greater", low, high))
    outside = elementwise("logical_or", low_holds, high_holds)
    return where(outside, 0, g), where(low_holds, g, 0), where(high_holds, g, 0)


def _evaluate_clip(x: NDArray, low: NDArray, high: NDArray) -> Any:
    return np.minimum(np.maximum(x, low), high)


define("maximum", 2, np.maximum, kinds="bifc", derivative=_extreme_derivative)
define("minimum", 2, np.minimum, kinds="bifc", derivative=_extreme_derivative)
define("fmax", 2, np.fmax, kinds="bifc", derivative=_extreme_derivative)
define("fmin", 2, np.fmin, kinds="bifc", derivative=_extreme_derivative)
define("clip", 3, _evaluate_clip, kinds="bif", derivative=_clip_derivative)


def maximum(x: object, y: object) -> Array:
    """The larger of the two; NaN where either is. Complex numbers compare by real, then imaginary part."""
    return elementwise("maximum", x, y)


def minimum(x: object, y: object) -> Array:
    """The smaller of the two; NaN where either is. Complex numbers compare by real, then imaginary part."""
    return elementwise("minimum", x, y)


def fmax(x: object, y: object) -> Array:
    """The larger of the two, a NaN counting as missing."""
    return elementwise("fmax", x, y)


def fmin(x: object, y: object) -> Array:
    """The smaller of the two, a NaN counting as missing."""
    return elementwise("fmin", x, y)


def clip(x: object, min: object = None, max: object = None) -> Array:
    """x limited to [min, max]; a limit may be None. `max` wins where min > max, as in NumPy."""
    if min is None and max is None:
        return base.as_array(x)
    if max is None:
        return maximum(x, min)
    return minimum(x, max) if min is None else elementwise("clip", x, min, max)

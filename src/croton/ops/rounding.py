"""Rounding to whole numbers and to decimals; derivatives are zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import divide, multiply
from croton.ops.base import Array
from croton.ops.elementwise import define, elementwise, elementwise_inexact, in_single

__all__ = ["around", "ceil", "fix", "floor", "rint", "round", "trunc"]


def _no_derivative(x: Sequence[Array], y: Array, g: Array) -> Sequence[None]:
    return (None,)


def _evaluate_rint(x: NDArray) -> Any:
    return np.rint(x)


define("floor", 1, np.floor, kinds="f", derivative=_no_derivative)
define("ceil", 1, np.ceil, kinds="f", derivative=_no_derivative)
define("trunc", 1, np.trunc, kinds="f", derivative=_no_derivative)
define("rint", 1, _evaluate_rint, kinds="fc", derivative=_no_derivative)


def _whole(name: str, x: object) -> Array:
    array = base.as_array(x)
    dtype = base.dtype_of(array)
    return array if dtypes.is_integer(dtype) or dtypes.is_bool(dtype) else elementwise(name, array)


def floor(x: object) -> Array:
    """The largest whole number not above x; integers stay as they are."""
    return _whole("floor", x)


def ceil(x: object) -> Array:
    """The smallest whole number not below x; integers stay as they are."""
    return _whole("ceil", x)


def trunc(x: object) -> Array:
    """x rounded towards 0; integers and bools stay as they are."""
    return _whole("trunc", x)


fix = trunc


def rint(x: object) -> Array:
    """The nearest whole number, ties to even."""
    return elementwise_inexact("rint", x)


def round(x: object, decimals: Any = 0, mode: str | None = None) -> Array:
    """x to `decimals` decimals, ties to even, as NumPy: rint(x 10^decimals) / 10^decimals.

    Integers stay integers. mode: "half_to_even" or "half_away_from_zero", for whole numbers; Theano's
    programs give it in place of `decimals` too.

    Raises:
        TypeError: decimals is not an int. ValueError: there is no such mode.
    """
    if isinstance(decimals, str):
        decimals, mode = 0, decimals
    if mode is not None:
        return _to_whole(x, mode)
    if isinstance(decimals, bool) or not isinstance(decimals, (int, np.integer)):
        raise TypeError(f"round: decimals must be an int, got {decimals!r}")
    array = base.as_array(x)
    dtype = base.dtype_of(array)
    if dtypes.is_bool(dtype):
        return round(base.cast(array, dtypes.FLOAT16), decimals)
    if dtype in dtypes.STORED:
        raise dtypes.undefined("round", dtype)
    if dtypes.is_integer(dtype):
        return array if decimals >= 0 else base.cast(round(base.cast(array, dtypes.FLOAT64), decimals), dtype)
    if decimals == 0:
        return rint(array)
    scale = 10.0 ** abs(int(decimals))
    if decimals > 0:
        return in_single(lambda v: divide(rint(multiply(v, scale)), scale), array)
    return in_single(lambda v: multiply(rint(divide(v, scale)), scale), array)


def _to_whole(x: object, mode: str) -> Array:
    from croton.ops.aliases import round_half_away_from_zero

    if mode not in ("half_to_even", "half_away_from_zero"):
        raise ValueError(f'round: mode must be "half_to_even" or "half_away_from_zero", got {mode!r}')
    return rint(x) if mode == "half_to_even" else round_half_away_from_zero(x)


around = round

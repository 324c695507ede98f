"""Products with logarithms that are zero where the factor is, as in Theano's `xlogx`."""

from __future__ import annotations

from croton.ops.base import Array
from croton.ops.special import xlogy as xlogy0

__all__ = ["xlogx", "xlogy0"]


def xlogx(x: object) -> Array:
    """x log x, and 0 where x is 0."""
    return xlogy0(x, x)

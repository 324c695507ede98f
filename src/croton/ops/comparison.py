"""Comparisons and logic, with bool results and no gradients."""

from __future__ import annotations

import numpy as np

from croton.graph.dtypes import BOOL
from croton.ops import base
from croton.ops.base import Array
from croton.ops.elementwise import define, elementwise

define("equal", 2, np.equal, kinds="bifc", result="bool")
define("not_equal", 2, np.not_equal, kinds="bifc", result="bool")
define("less", 2, np.less, kinds="bif", result="bool")
define("less_equal", 2, np.less_equal, kinds="bif", result="bool")
define("greater", 2, np.greater, kinds="bif", result="bool")
define("greater_equal", 2, np.greater_equal, kinds="bif", result="bool")
define("logical_and", 2, np.logical_and, kinds="b", result="bool")
define("logical_or", 2, np.logical_or, kinds="b", result="bool")
define("logical_xor", 2, np.logical_xor, kinds="b", result="bool")
define("logical_not", 1, np.logical_not, kinds="b", result="bool")
define("isnan", 1, np.isnan, kinds="fc", result="bool")
define("isinf", 1, np.isinf, kinds="fc", result="bool")
define("isfinite", 1, np.isfinite, kinds="fc", result="bool")


def equal(x: object, y: object) -> Array:
    return elementwise("equal", x, y)


def not_equal(x: object, y: object) -> Array:
    return elementwise("not_equal", x, y)


def less(x: object, y: object) -> Array:
    return elementwise("less", x, y)


def less_equal(x: object, y: object) -> Array:
    return elementwise("less_equal", x, y)


def greater(x: object, y: object) -> Array:
    return elementwise("greater", x, y)


def greater_equal(x: object, y: object) -> Array:
    return elementwise("greater_equal", x, y)


def logical_and(x: object, y: object) -> Array:
    """True where both are nonzero."""
    return elementwise("logical_and", x, y, dtype=BOOL)


def logical_or(x: object, y: object) -> Array:
    """True where either is nonzero."""
    return elementwise("logical_or", x, y, dtype=BOOL)


def logical_xor(x: object, y: object) -> Array:
    """True where exactly one is nonzero."""
    return elementwise("logical_xor", x, y, dtype=BOOL)


def logical_not(x: object) -> Array:
    """True where x is zero."""
    return elementwise("logical_not", x, dtype=BOOL)


def _classify(name: str, x: object, otherwise: bool) -> Array:
    from croton.graph import dtypes
    from croton.ops.shape import full_like

    array = base.as_array(x)
    if dtypes.is_inexact(base.dtype_of(array)):
        return elementwise(name, array)
    return full_like(array, otherwise, dtype=BOOL)


def isnan(x: object) -> Array:
    return _classify("isnan", x, False)


def isinf(x: object) -> Array:
    return _classify("isinf", x, False)


def isfinite(x: object) -> Array:
    return _classify("isfinite", x, True)

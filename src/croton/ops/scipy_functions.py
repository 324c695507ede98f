"""Bessel functions and incomplete gamma functions, evaluated by SciPy also from compiled functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.arithmetic import divide, multiply, negative, subtract
from croton.ops.base import Array, apply_one
from croton.ops.elementwise import inexact_dtype
from croton.ops.exponential import exp, log
from croton.ops.missing_gradients import MissingGradient
from croton.ops.rearranging import broadcast_arrays
from croton.ops.special import gamma, gammaln

__all__ = ["chi2sf", "gammainc", "gammaincc", "gammal", "gammau", "i0", "i1", "iv", "j0", "j1", "jv"]


class SciPyFunction(Operation):
    """A function of scipy.special of operands of one shape and floating dtype."""

    function: str
    name = "scipy_function"

    def __str__(self) -> str:
        return self.function

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (operands[-1],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        from scipy import special

        wide = [operand.astype(np.float64) for operand in operands]
        with np.errstate(all="ignore"):
            found = getattr(special, self.function)(*wide)
        return (np.asarray(found, operands[-1].dtype).reshape(operands[-1].shape),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        slope = _SLOPES[self.function](*operands)
        by_x = multiply(cotangents[0], slope)
        if len(operands) == 1:
            return [by_x]
        return [MissingGradient(f"{self.function} has no derivative by its order"), by_x]


def _applied(function: str, *operands: object) -> Array:
    arrays = [base.as_array(operand) for operand in operands]
    dtype = inexact_dtype(
        [o if isinstance(o, base.PYTHON_SCALARS) else a for o, a in zip(operands, arrays, strict=True)]
    )
    if dtypes.is_complex(dtype):
        raise DTypeError(f"{function}: expected real numbers, got {dtype.name}")
    cast = [base.cast(array, dtype) for array in arrays]
    return apply_one(SciPyFunction(function), *(broadcast_arrays(*cast) if len(cast) > 1 else cast))


def j0(x: object) -> Array:
    """The Bessel function of the first kind of order 0."""
    return _applied("j0", x)


def j1(x: object) -> Array:
    """The Bessel function of the first kind of order 1."""
    return _applied("j1", x)


def jv(v: object, x: object) -> Array:
    """The Bessel function of the first kind of real order v; it has no derivative by v here."""
    return _applied("jv", v, x)


def i0(x: object) -> Array:
    """The modified Bessel function of the first kind of order 0."""
    return _applied("i0", x)


def i1(x: object) -> Array:
    """The modified Bessel function of the first kind of order 1."""
    return _applied("i1", x)


def iv(v: object, x: object) -> Array:
    """The modified Bessel function of the first kind of real order v; it has no derivative by v here."""
    return _applied("iv", v, x)


def gammainc(k: object, x: object) -> Array:
    """The regularised lower incomplete gamma function; it has no derivative by k here."""
    return _applied("gammainc", k, x)


def gammaincc(k: object, x: object) -> Array:
    """The regularised upper incomplete gamma function, 1 - gammainc; it has no derivative by k here."""
    return _applied("gammaincc", k, x)


def gammal(k: object, x: object) -> Array:
    """The lower incomplete gamma function, gamma(k) gammainc(k, x)."""
    return multiply(gamma(k), gammainc(k, x))


def gammau(k: object, x: object) -> Array:
    """The upper incomplete gamma function, gamma(k) gammaincc(k, x)."""
    return multiply(gamma(k), gammaincc(k, x))


def chi2sf(x: object, k: object) -> Array:
    """The probability that a chi-square variable of k degrees of freedom is above x."""
    return gammaincc(divide(k, 2), divide(x, 2))


def _gamma_density(k: Array, x: Array) -> Array:
    """x^(k - 1) exp(-x) / gamma(k)."""
    power = multiply(subtract(k, 1), log(x))
    return exp(subtract(subtract(power, x), gammaln(k)))


def _mean_of_neighbours(function: Callable[..., Array], v: Array, x: Array, sign: int) -> Array:
    below, above = function(subtract(v, 1), x), function(subtract(v, -1), x)
    return multiply(subtract(below, multiply(above, sign)), 0.5)


# Derivatives by x (NIST Digital Library of Mathematical Functions, 10.6.1, 10.29.1 and 8.8.13).
_SLOPES: dict[str, Callable[..., Array]] = {
    "j0": lambda x: negative(j1(x)),
    "j1": lambda x: multiply(subtract(j0(x), jv(2.0, x)), 0.5),
    "jv": lambda v, x: _mean_of_neighbours(jv, v, x, 1),
    "i0": lambda x: i1(x),
    "i1": lambda x: multiply(subtract(i0(x), negative(iv(2.0, x))), 0.5),
    "iv": lambda v, x: _mean_of_neighbours(iv, v, x, -1),
    "gammainc": _gamma_density,
    "gammaincc": lambda k, x: negative(_gamma_density(k, x)),
}

"""Exponentials, logarithms and Bessel's function of elements, in floating point."""

from __future__ import annotations

from typing import Any

from croton.ops import exponential as ops
from croton.ops import scipy_functions
from keras_croton.numpy.promotion import elementwise, floating, floating_operands

__all__ = [
    "exp",
    "exp2",
    "expm1",
    "i0",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
]


def exp(x: Any) -> Any:
    """e^x."""
    return elementwise("exp", floating(x))


def exp2(x: Any) -> Any:
    """2^x."""
    return ops.exp2(floating(x))


def expm1(x: Any) -> Any:
    """e^x - 1, accurate near 0."""
    return elementwise("expm1", floating(x))


def log(x: Any) -> Any:
    """The natural logarithm; NaN for negative numbers."""
    return elementwise("log", floating(x))


def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return elementwise("log10", floating(x))


def log1p(x: Any) -> Any:
    """log(1 + x), accurate near 0."""
    return elementwise("log1p", floating(x))


def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return elementwise("log2", floating(x))


def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2)) without overflow."""
    return elementwise("logaddexp", *floating_operands(x1, x2))


def logaddexp2(x1: Any, x2: Any) -> Any:
    """log2(2^x1 + 2^x2) without overflow."""
    return elementwise("logaddexp2", *floating_operands(x1, x2))


def i0(x: Any) -> Any:
    """The modified Bessel function of the first kind and order 0."""
    return scipy_functions.i0(floating(x))

"""Scalar functions, casts and choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras.src.utils.module_utils import tensorflow as tf

from croton.graph import dtypes
from croton.graph.values import Equation
from croton.ops.arithmetic import Where
from croton.ops.elementwise import Cast, Elementwise
from keras_croton.tensorflow_graphs.translation import Tensor, Translation, UntranslatableError, rule

Function = Callable[..., Tensor]


def _bools(of_bools: str, of_numbers: Function) -> Function:
    """A function that has another name for bools."""

    def choose(x: Tensor, y: Tensor) -> Tensor:
        return getattr(tf, of_bools)(x, y) if x.dtype == tf.bool else of_numbers(x, y)

    return choose


def _truncated(x: Tensor) -> Tensor:
    return tf.where(x < 0, tf.math.ceil(x), tf.math.floor(x))


def _floor_remainder(x: Tensor, y: Tensor) -> Tensor:
    return tf.math.floormod(x, y)


def _fmod(x: Tensor, y: Tensor) -> Tensor:
    return tf.raw_ops.TruncateMod(x=x, y=y)


def _clip(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return tf.minimum(tf.maximum(x, low), high)


def _ignoring_nan(function: Function) -> Function:
    def choose(x: Tensor, y: Tensor) -> Tensor:
        if not x.dtype.is_floating:
            return function(x, y)
        return tf.where(tf.math.is_nan(x), y, tf.where(tf.math.is_nan(y), x, function(x, y)))

    return choose


def _sign_bit(x: Tensor) -> Tensor:
    negative_zero = tf.logical_and(tf.equal(x, 0), tf.less(tf.math.reciprocal(x), 0))
    return tf.logical_or(tf.less(x, 0), negative_zero)


def _log_base(number: float) -> Function:
    return lambda x: tf.math.log(x) / tf.cast(math.log(number), x.dtype)


def _log_add(x: Tensor, y: Tensor) -> Tensor:
    larger = tf.maximum(x, y)
    difference = tf.minimum(x, y) - larger
    safe = tf.where(tf.math.is_nan(difference), tf.zeros_like(difference), difference)
    return tf.where(tf.math.is_inf(larger), larger, larger + tf.math.log1p(tf.exp(safe)))


def _log_sigmoid(x: Tensor) -> Tensor:
    return -tf.math.softplus(-x)


def _density(x: Tensor) -> Tensor:
    return tf.sigmoid(x) * tf.sigmoid(-x)


def _ndtr(x: Tensor) -> Tensor:
    half = tf.cast(0.5, x.dtype)
    return half * tf.math.erfc(-x * tf.cast(math.sqrt(0.5), x.dtype))


def _relative(of_zero: float, function: Function) -> Function:
    """function(x) / x with its limit at 0."""

    def quotient(x: Tensor) -> Tensor:
        zero = tf.equal(x, 0)
        safe = tf.where(zero, tf.ones_like(x), x)
        return tf.where(zero, tf.cast(of_zero, x.dtype), function(safe) / safe)

    return quotient


def functions() -> dict[str, Function]:
    """TensorFlow's function for each of Croton's that it has, by name."""
    m = tf.math
    same = {
        "subtract": tf.subtract,
        "divide": tf.divide,
        "negative": tf.negative,
        "square": tf.square,
        "reciprocal": m.reciprocal,
        "sqrt": tf.sqrt,
        "floor_divide": m.floordiv,
        "absolute": tf.abs,
        "sign": tf.sign,
        "nextafter": m.nextafter,
        "equal": tf.equal,
        "not_equal": tf.not_equal,
        "logical_and": tf.logical_and,
        "logical_or": tf.logical_or,
        "logical_xor": m.logical_xor,
        "logical_not": tf.logical_not,
        "isnan": m.is_nan,
        "isinf": m.is_inf,
        "isfinite": m.is_finite,
        "exp": tf.exp,
        "expm1": m.expm1,
        "log": m.log,
        "log1p": m.log1p,
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "softplus": m.softplus,
        "power": tf.pow,
        "floor": tf.floor,
        "ceil": m.ceil,
        "rint": m.rint,
        "sin": tf.sin,
        "cos": tf.cos,
        "tan": tf.tan,
        "arcsin": tf.asin,
        "arccos": tf.acos,
        "arctan": tf.atan,
        "arctan2": tf.atan2,
        "sinh": tf.sinh,
        "cosh": tf.cosh,
        "arcsinh": tf.asinh,
        "arccosh": tf.acosh,
        "arctanh": tf.atanh,
        "left_shift": tf.bitwise.left_shift,
        "right_shift": tf.bitwise.right_shift,
        "conj": m.conj,
        "real": m.real,
        "imag": m.imag,
        "complex": tf.complex,
        "angle": m.angle,
        "erf": m.erf,
        "erfc": m.erfc,
        "erfinv": m.erfinv,
        "gammaln": m.lgamma,
        "digamma": m.digamma,
        "polygamma": m.polygamma,
        "xlogy": m.xlogy,
        "xlog1py": m.xlog1py,
        "relu": tf.nn.relu,
    }
    composed: dict[str, Function] = {
        "add": _bools("logical_or", tf.add),
        "multiply": _bools("logical_and", tf.multiply),
        "maximum": _bools("logical_or", tf.maximum),
        "minimum": _bools("logical_and", tf.minimum),
        "bitwise_and": _bools("logical_and", tf.bitwise.bitwise_and),
        "bitwise_or": _bools("logical_or", tf.bitwise.bitwise_or),
        "bitwise_xor": _bools("not_equal", tf.bitwise.bitwise_xor),
        "bitwise_not": lambda x: tf.logical_not(x) if x.dtype == tf.bool else tf.bitwise.invert(x),
        "less": _ordered(tf.less),
        "less_equal": _ordered(tf.less_equal),
        "greater": _ordered(tf.greater),
        "greater_equal": _ordered(tf.greater_equal),
        "cbrt": lambda x: tf.sign(x) * tf.pow(tf.abs(x), tf.cast(1 / 3, x.dtype)),
        "hypot": lambda x, y: tf.abs(tf.complex(x, y)),
        "remainder": _floor_remainder,
        "fmod": _fmod,
        "signbit": _sign_bit,
        "copysign": lambda x, y: tf.where(_sign_bit(y), -tf.abs(x), tf.abs(x)),
        "ldexp": lambda x, y: x * tf.pow(tf.cast(2, y.dtype), _truncated(y)),
        "heaviside": lambda x, y: tf.where(tf.equal(x, 0), y, tf.cast(x > 0, x.dtype)),
        "fmax": _ignoring_nan(tf.maximum),
        "fmin": _ignoring_nan(tf.minimum),
        "clip": _clip,
        "exp2": lambda x: tf.pow(tf.cast(2, x.dtype), x),
        "log2": _log_base(2.0),
        "log10": _log_base(10.0),
        "logistic_density": _density,
        "log_sigmoid": _log_sigmoid,
        "logaddexp": _log_add,
        "trunc": _truncated,
        "gamma": lambda x: tf.exp(m.lgamma(x)),
        "trigamma": lambda x: m.polygamma(tf.ones_like(x), x),
        "ndtr": _ndtr,
        "log_ndtr": lambda x: m.log(_ndtr(x)),
        "exprel": _relative(1.0, m.expm1),
        "log1prel": _relative(1.0, m.log1p),
        "sinc_unnormalized": _relative(1.0, tf.sin),
        "sinhc": _relative(1.0, tf.sinh),
        "log_cosh": lambda x: tf.abs(x) + m.softplus(-2 * tf.abs(x)) - tf.cast(math.log(2), x.dtype),
        "sqrt1pm1": lambda x: x / (tf.sqrt(1 + x) + 1),
    }
    return same | composed


def _ordered(function: Function) -> Function:
    """A comparison, of bools as of numbers."""

    def compare(x: Tensor, y: Tensor) -> Tensor:
        return function(tf.cast(x, "int32"), tf.cast(y, "int32")) if x.dtype == tf.bool else function(x, y)

    return compare


@rule(Elementwise)
def elementwise(
    translation: Translation, op: Elementwise, operands: list[Tensor], equation: Equation
) -> Tensor:
    """A scalar function of every element."""
    function = functions().get(op.function)
    if function is None:
        raise UntranslatableError(
            f"the function {op.function} has no counterpart in TensorFlow, so that a model with it cannot be "
            "exported as a SavedModel"
        )
    return function(*operands)


@rule(Cast)
def cast(translation: Translation, op: Cast, operands: list[Tensor], equation: Equation) -> Tensor:
    """Another dtype."""
    (x,) = operands
    if dtypes.is_complex(equation.inputs[0].type.dtype) and not dtypes.is_complex(op.dtype):
        x = tf.math.real(x)
    return tf.cast(x, _named(op.dtype))


def _named(dtype: np.dtype[Any]) -> Any:
    return tf.as_dtype(dtype)


@rule(Where)
def where(translation: Translation, op: Where, operands: list[Tensor], equation: Equation) -> Tensor:
    """One of two elements, by a condition."""
    return tf.where(*operands)

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


def _zero_by_zero(function: Function) -> Function:
    """A quotient or remainder that is 0 where integers are divided by 0, which TensorFlow refuses."""

    def divide(x: Tensor, y: Tensor) -> Tensor:
        if x.dtype.is_floating:
            return function(x, y)
        zero = tf.equal(y, 0)
        made = function(x, tf.where(zero, tf.ones_like(y), y))
        return tf.where(zero, tf.zeros_like(made), made)

    return divide


def _fmod(x: Tensor, y: Tensor) -> Tensor:
    return tf.raw_ops.TruncateMod(x=x, y=y)


def _floor_quotient(x: Tensor, y: Tensor) -> Tensor:
    """The floor of the exact quotient; that of a rounded one may be one more."""
    if not x.dtype.is_floating:
        return tf.math.floordiv(x, y)
    rest = _fmod(x, y)
    whole = tf.round((x - rest) / y)
    below = tf.logical_and(tf.not_equal(rest, 0), tf.not_equal(y < 0, rest < 0))
    return tf.where(tf.equal(y, 0), x / y, tf.where(below, whole - 1, whole))


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


def _log_ndtr(x: Tensor) -> Tensor:
    """By an asymptotic series where the function itself is no number of the dtype any more."""
    if x.dtype.size < 4:
        return tf.cast(_log_ndtr(tf.cast(x, "float32")), x.dtype)
    far = x < (-30 if x.dtype == tf.float64 else -10)
    negative = tf.where(far, x, -10 * tf.ones_like(x))
    u = 1 / tf.square(negative)
    series = tf.math.log1p(-u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u))))
    density = -tf.square(negative) / 2 - tf.cast(math.log(2 * math.pi) / 2, x.dtype)
    return tf.where(far, density - tf.math.log(-negative) + series, tf.math.log(_ndtr(x)))


def _gamma(x: Tensor) -> Tensor:
    magnitude = tf.exp(tf.math.lgamma(x))
    odd = tf.not_equal(tf.math.floormod(tf.floor(x), 2), 0)
    signed = tf.where(tf.logical_and(x < 0, odd), -magnitude, magnitude)
    pole = tf.logical_and(x < 0, tf.equal(tf.floor(x), x))
    return tf.where(tf.equal(x, 0), 1 / x, tf.where(pole, tf.cast(math.nan, x.dtype), signed))


def _digamma(x: Tensor) -> Tensor:
    return tf.where(tf.equal(x, 0), -1 / x, tf.math.digamma(x))


def _trigamma(x: Tensor) -> Tensor:
    """By reflection where x is negative."""
    negative = x < 0
    positive = tf.where(negative, 1 - x, x)
    value = tf.math.polygamma(tf.ones_like(x), positive)
    pi = tf.cast(math.pi, x.dtype)
    return tf.where(negative, tf.square(pi / tf.sin(pi * (x - tf.floor(x)))) - value, value)


def _heaviside(x: Tensor, y: Tensor) -> Tensor:
    step = tf.where(tf.equal(x, 0), y, tf.cast(x > 0, x.dtype))
    return tf.where(tf.not_equal(x, x), x, step)


def _or_nan(function: Function) -> Function:
    """A function that is NaN where its second operand is."""
    return lambda x, y: tf.where(tf.math.is_nan(y), y, function(x, y))


def _relative(of_zero: float, of_infinity: float, function: Function) -> Function:
    """function(x) / x with its limits at 0 and at infinity."""

    def quotient(x: Tensor) -> Tensor:
        zero, infinite = tf.equal(x, 0), tf.equal(x, math.inf)
        safe = tf.where(tf.logical_or(zero, infinite), tf.ones_like(x), x)
        finite = tf.where(infinite, tf.cast(of_infinity, x.dtype), function(safe) / safe)
        return tf.where(zero, tf.cast(of_zero, x.dtype), finite)

    return quotient


def _relative_even(of_infinity: float, function: Function) -> Function:
    quotient = _relative(1.0, of_infinity, function)
    return lambda x: quotient(tf.abs(x))


def _sqrt1pm1(x: Tensor) -> Tensor:
    return tf.where(tf.equal(x, math.inf), x, x / (tf.sqrt(1 + x) + 1))


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
        "polygamma": m.polygamma,
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
        "floor_divide": _zero_by_zero(_floor_quotient),
        "remainder": _zero_by_zero(m.floormod),
        "fmod": _zero_by_zero(_fmod),
        "signbit": _sign_bit,
        "copysign": lambda x, y: tf.where(_sign_bit(y), -tf.abs(x), tf.abs(x)),
        "ldexp": lambda x, y: x * tf.pow(tf.cast(2, y.dtype), _truncated(y)),
        "heaviside": _heaviside,
        "xlogy": _or_nan(m.xlogy),
        "xlog1py": _or_nan(m.xlog1py),
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
        "gamma": _gamma,
        "digamma": _digamma,
        "trigamma": _trigamma,
        "ndtr": _ndtr,
        "log_ndtr": _log_ndtr,
        "exprel": _relative(1.0, math.inf, m.expm1),
        "log1prel": _relative(1.0, 0.0, m.log1p),
        "sinc_unnormalized": _relative_even(0.0, tf.sin),
        "sinhc": _relative_even(math.inf, tf.sinh),
        "log_cosh": lambda x: tf.abs(x) + m.softplus(-2 * tf.abs(x)) - tf.cast(math.log(2), x.dtype),
        "sqrt1pm1": _sqrt1pm1,
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

"""Functions that rules introduce because their derivative has a stable form that no sum of parts has.

Each is a formula, which is what gets compiled, and a derivative of its own. x / (x + y), for instance, has
the derivative y / (x + y)**2, where the quotient rule would subtract nearly equal numbers for large x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from croton.graph import dims
from croton.graph.frozen import Frozen
from croton.graph.values import EagerValue, NDArray, TensorType, Value
from croton.ops.arithmetic import absolute, add, divide, maximum, multiply, negative, square, subtract, where
from croton.ops.base import Array, apply_one, as_array, cast, dtype_of, shape_of
from croton.ops.comparison import equal, greater, isinf, less
from croton.ops.composite import CompositeOperation
from croton.ops.elementwise import elementwise, masked, unbroadcast
from croton.ops.exponential import exp, expm1, log, log1p, power, tanh

LARGE = 1e150  # squares of numbers up to this are finite in float64


class Formula(Frozen):
    """value: parameter, operands -> result. slope: parameter, operands, output -> derivatives."""

    value: Callable[..., Array]
    slopes: Callable[..., Sequence[Array]]


FORMULAS: dict[str, Formula] = {}


class Derived(CompositeOperation):
    """One of FORMULAS applied to every element, with a number as its parameter (0 if it takes none)."""

    function: str
    parameter: float = 0.0

    @property
    def name(self) -> str:
        return self.function

    def __str__(self) -> str:
        return f"{self.function}({self.parameter})" if self.parameter else self.function

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        shape = dims.broadcast([operand.shape for operand in operands], self.function)
        return (TensorType(operands[0].dtype, shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        (result,) = self.expand([EagerValue.factory(operand) for operand in operands])
        return (result.data,)

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        return [FORMULAS[self.function].value(self.parameter, *operands)]

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        slopes = FORMULAS[self.function].slopes(self.parameter, *operands, outputs[0])
        mask = masked(cotangents[0])
        cotangent = cotangents[0] if mask is None else mask.chosen
        parts = [multiply(cotangent, slope) for slope in slopes]
        if mask is not None:
            parts = [mask.apply(part) for part in parts]
        return [unbroadcast(part, shape_of(operand)) for part, operand in zip(parts, operands, strict=True)]


def derived(function: str, *operands: Value, parameter: float = 0.0) -> Value:
    """A derived function of operands."""
    result: Value = apply_one(Derived(function, float(parameter)), *operands)
    return result


def _like(number: float, array: Array) -> Array:
    return cast(as_array(number), dtype_of(array))


def _limit(array: Array) -> float:
    """Squares of numbers up to this are finite in the dtype of the array."""
    return {"float64": LARGE, "float32": 1e18, "bfloat16": 1e18}.get(dtype_of(array).name, 100.0)


def _sech(_: float, x: Array) -> Array:
    """2 exp(-|x|) / (1 + exp(-2|x|)): no overflow."""
    small = exp(negative(absolute(x)))
    return divide(multiply(small, 2), add(square(small), 1))


def _fraction(_: float, x: Array, y: Array) -> Array:
    """x / (x + y), 1 where x is infinite."""
    return where(isinf(x), where(isinf(y), divide(x, add(x, y)), _like(1.0, x)), divide(x, add(x, y)))


def _fraction_slopes(_: float, x: Array, y: Array, output: Array) -> Sequence[Array]:
    whole = add(x, y)
    return [divide(divide(y, whole), whole), negative(divide(divide(x, whole), whole))]


def _softsign(offset: float, x: Array) -> Array:
    return divide(x, add(absolute(x), offset))


def _softsign_slopes(offset: float, x: Array, output: Array) -> Sequence[Array]:
    whole = add(absolute(x), offset)
    return [divide(divide(_like(offset, x), whole), whole)]


def _length(x: Array, y: Array) -> Array:
    return elementwise("hypot", x, y)


def _component(_: float, x: Array, y: Array) -> Array:
    return divide(x, _length(x, y))


def _component_slopes(_: float, x: Array, y: Array, output: Array) -> Sequence[Array]:
    """y^2 / h^3 and -x y / h^3, h = hypot(x, y), by ratios that neither overflow nor underflow early."""
    length = _length(x, y)
    sine = divide(y, length)
    return [divide(square(sine), length), negative(divide(multiply(output, sine), length))]


def _log1p_square(_: float, x: Array) -> Array:
    """log(1 + x^2); 2 log|x| where the square would overflow."""
    size = absolute(x)
    large = greater(size, _limit(x))
    return where(large, multiply(log(where(large, size, _like(1.0, x))), 2), log1p(square(x)))


def _log1p_square_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    length = _length(x, _like(1.0, x))
    return [divide(multiply(divide(x, length), 2), length)]


def _power_log(exponent: float, x: Array) -> Array:
    """x^k log(x) for k > 0: 0 at 0."""
    zero = equal(x, 0)
    one = _like(1.0, x)
    return where(zero, _like(0.0, x), multiply(power(x, _like(exponent, x)), log(where(zero, one, x))))


def _power_log_slopes(exponent: float, x: Array, output: Array) -> Sequence[Array]:
    if exponent == 1.0:
        return [add(log(x), 1)]
    lower = apply_one(Derived("power_log", exponent - 1.0), x)
    return [add(multiply(lower, exponent), power(x, _like(exponent - 1.0, x)))]


def _compound(exponent: float, x: Array) -> Array:
    """(1 + x)^n - 1, by expm1(n log1p(x)) near 0."""
    near = less(absolute(x), 0.5)
    inside = where(near, x, _like(0.0, x))
    grown = power(add(x, 1), _like(exponent, x))
    return where(near, expm1(multiply(log1p(inside), exponent)), subtract(grown, 1))


def _compound_slopes(exponent: float, x: Array, output: Array) -> Sequence[Array]:
    return [multiply(power(add(x, 1), _like(exponent - 1.0, x)), exponent)]


def _annuity(exponent: float, x: Array) -> Array:
    """((1 + x)^n - 1) / x = n exprel(n log1p(x)) log1prel(x); n at 0."""
    near = less(absolute(x), 0.5)
    inside = where(near, x, _like(0.0, x))
    growth = multiply(log1p(inside), exponent)
    series = multiply(multiply(elementwise("exprel", growth), elementwise("log1prel", inside)), exponent)
    outside = where(near, _like(1.0, x), x)
    return where(near, series, divide(subtract(power(add(x, 1), _like(exponent, x)), 1), outside))


def _annuity_slopes(exponent: float, x: Array, output: Array) -> Sequence[Array]:
    """Of the product of series near 0, by the quotient rule elsewhere; guards choose, so neither leaks."""
    near = less(absolute(x), 0.5)
    inside = where(near, x, _like(0.0, x))
    growth = multiply(log1p(inside), exponent)
    first, second = elementwise("exprel", growth), elementwise("log1prel", inside)
    by_first = multiply(divide(_slope_of("exprel", growth), add(inside, 1)), multiply(second, exponent))
    series = multiply(add(by_first, multiply(first, _slope_of("log1prel", inside))), exponent)
    outside = where(near, _like(1.0, x), x)
    rate = multiply(power(add(x, 1), _like(exponent - 1.0, x)), exponent)
    return [where(near, series, divide(subtract(rate, output), outside))]


def _slope_of(function: str, x: Array) -> Array:
    """The derivative of a scalar function as its own rule states it."""
    from croton.ops.elementwise import FUNCTIONS

    rule = FUNCTIONS[function].derivative
    assert rule is not None
    (slope,) = rule([x], elementwise(function, x), _like(1.0, x))
    return slope


def _parallel(_: float, x: Array, y: Array) -> Array:
    """1 / (1/x + 1/y) = x / (1 + x/y) with |x| <= |y|; 0 where either is 0."""
    smaller = where(less(absolute(y), absolute(x)), y, x)
    larger = where(less(absolute(y), absolute(x)), x, y)
    zero = equal(smaller, 0)
    quotient = divide(smaller, where(zero, _like(1.0, x), larger))
    return divide(smaller, add(quotient, 1))


def _parallel_slopes(_: float, x: Array, y: Array, output: Array) -> Sequence[Array]:
    """(y / (x + y))^2 and (x / (x + y))^2, for operands scaled to at most 1."""
    scale = maximum(absolute(x), absolute(y))
    safe = where(equal(scale, 0), _like(1.0, x), scale)
    first, second = divide(x, safe), divide(y, safe)
    whole = add(first, second)
    return [square(divide(second, whole)), square(divide(first, whole))]


def _log_ratio_to_next(_: float, x: Array, y: Array) -> Array:
    """log((x + y) / x): log1p(y / x) for y small beside x."""
    small = less(absolute(y), absolute(x))
    ratio = where(small, divide(y, x), _like(0.0, x))
    return where(small, log1p(ratio), subtract(log(add(x, y)), log(x)))


def _log_ratio_to_next_slopes(_: float, x: Array, y: Array, output: Array) -> Sequence[Array]:
    whole = add(x, y)
    return [negative(divide(divide(y, x), whole)), divide(_like(1.0, x), whole)]


def _hypot_excess(offset: float, x: Array) -> Array:
    """hypot(x, c) - c = x^2 / (hypot(x, c) + c), without the square for large x."""
    length = _length(x, _like(offset, x))
    small = less(absolute(x), offset)
    inside = where(small, x, _like(0.0, x))
    return where(small, divide(square(inside), add(length, offset)), subtract(length, offset))


def _hypot_minus(offset: float, x: Array) -> Array:
    """hypot(x, c) - x = c^2 / (hypot(x, c) + x) for x > 0."""
    length = _length(x, _like(offset, x))
    positive = greater(x, 0)
    total = where(positive, add(length, x), _like(1.0, x))
    return where(positive, divide(_like(offset * offset, x), total), subtract(length, x))


def _exp_difference(_: float, x: Array, y: Array) -> Array:
    """exp(x) - exp(y) by expm1 of the difference, which is negative either way."""
    swapped = greater(x, y)
    upper, lower = where(swapped, x, y), where(swapped, y, x)
    gap = where(isinf(upper), _like(0.0, x), subtract(lower, upper))
    size = multiply(exp(upper), negative(expm1(gap)))
    signed = where(swapped, size, negative(size))
    return where(isinf(upper), subtract(exp(x), exp(y)), signed)


def _tanhc(_: float, x: Array) -> Array:
    """tanh(x) / x, 1 at 0."""
    zero = equal(x, 0)
    safe = where(zero, _like(1.0, x), x)
    return where(zero, _like(1.0, x), divide(tanh(safe), safe))


def _tanhc_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    """By the series of sinh(x) / x near 0, by the quotient rule far out."""
    near = less(absolute(x), 1.0)
    inside, outside = where(near, x, _like(0.0, x)), where(near, _like(1.0, x), x)
    relative = elementwise("sinhc", inside)
    secant = apply_one(Derived("sech"), inside)
    series = multiply(subtract(_slope_of("sinhc", inside), multiply(relative, tanh(inside))), secant)
    far = divide(
        subtract(square(apply_one(Derived("sech"), outside)), divide(tanh(outside), outside)), outside
    )
    return [where(near, series, far)]


def _log_exprel(_: float, x: Array) -> Array:
    """log((exp(x) - 1) / x); x + log(1 - exp(-x)) - log(x) where the exponential would overflow."""
    large = greater(x, 1.0)
    inside, outside = where(large, _like(0.0, x), x), where(large, x, _like(1.0, x))
    far = subtract(add(outside, elementwise("log1mexp", negative(outside))), log(outside))
    return where(large, far, log(elementwise("exprel", inside)))


def _log_exprel_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    large = greater(x, 1.0)
    inside, outside = where(large, _like(0.0, x), x), where(large, x, _like(1.0, x))
    far = subtract(add(divide(_like(1.0, x), expm1(outside)), 1), divide(_like(1.0, x), outside))
    return [where(large, far, divide(_slope_of("exprel", inside), elementwise("exprel", inside)))]


def _csch(_: float, x: Array) -> Array:
    """1 / sinh(x) = 2 exp(-|x|) / (1 - exp(-2|x|)) with the sign of x."""
    size = absolute(x)
    value = divide(multiply(exp(negative(size)), 2), negative(expm1(multiply(size, -2))))
    return where(less(x, 0), negative(value), value)


def _over_sinh(_: float, x: Array) -> Array:
    """x / sinh(x), 1 at 0."""
    return divide(_like(1.0, x), elementwise("sinhc", x))


def _over_sinh_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    near = less(absolute(x), 1.0)
    inside, outside = where(near, x, _like(0.0, x)), where(near, _like(1.0, x), x)
    series = negative(divide(_slope_of("sinhc", inside), square(elementwise("sinhc", inside))))
    far = multiply(apply_one(Derived("csch"), outside), subtract(1, divide(outside, tanh(outside))))
    return [where(near, series, far)]


def _log_softplus(_: float, x: Array) -> Array:
    """log(log(1 + exp(x))): x - exp(x) / 2 far left, where the inner logarithm is exp(x)."""
    left = less(x, -30.0)
    far, inside = where(left, x, _like(-30.0, x)), where(left, _like(0.0, x), x)
    return where(left, subtract(far, multiply(exp(far), 0.5)), log(elementwise("softplus", inside)))


def _log_softplus_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    left = less(x, -30.0)
    far, inside = where(left, x, _like(-30.0, x)), where(left, _like(0.0, x), x)
    ratio = divide(elementwise("sigmoid", inside), elementwise("softplus", inside))
    return [where(left, subtract(1, multiply(exp(far), 0.5)), ratio)]


def _bose(_: float, x: Array) -> Array:
    """1 / (exp(x) - 1)."""
    return divide(_like(1.0, x), expm1(x))


def _bose_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    """f(x) f(-x): neither factor overflows where the product does not."""
    return [multiply(output, apply_one(Derived("bose"), negative(x)))]


def _bernoulli(_: float, x: Array) -> Array:
    """x / (exp(x) - 1), 1 at 0."""
    return divide(_like(1.0, x), elementwise("exprel", x))


def _bernoulli_slopes(_: float, x: Array, output: Array) -> Sequence[Array]:
    """(1 - B(-x)) / (exp(x) - 1), and by the derivative of exprel near 0, where that cancels."""
    near = less(absolute(x), 1.0)
    inside, outside = where(near, x, _like(0.0, x)), where(near, _like(1.0, x), x)
    series = negative(divide(_slope_of("exprel", inside), square(elementwise("exprel", inside))))
    mirrored = apply_one(Derived("bernoulli"), negative(outside))
    return [where(near, series, divide(subtract(1, mirrored), expm1(outside)))]


FORMULAS.update(
    {
        "sech": Formula(_sech, lambda _, x, y: [negative(multiply(y, tanh(x)))]),
        "fraction": Formula(_fraction, _fraction_slopes),
        "softsign_offset": Formula(_softsign, _softsign_slopes),
        "component": Formula(_component, _component_slopes),
        "log1p_square": Formula(_log1p_square, _log1p_square_slopes),
        "power_log": Formula(_power_log, _power_log_slopes),
        "compound": Formula(_compound, _compound_slopes),
        "annuity": Formula(_annuity, _annuity_slopes),
        "parallel": Formula(_parallel, _parallel_slopes),
        "log_ratio": Formula(_log_ratio_to_next, _log_ratio_to_next_slopes),
        "hypot_excess": Formula(_hypot_excess, lambda c, x, y: [divide(x, _length(x, _like(c, x)))]),
        "hypot_minus": Formula(_hypot_minus, lambda c, x, y: [negative(divide(y, _length(x, _like(c, x))))]),
        "exp_difference": Formula(_exp_difference, lambda _, x, y, z: [exp(x), negative(exp(y))]),
        "tanhc": Formula(_tanhc, _tanhc_slopes),
        "log_exprel": Formula(_log_exprel, _log_exprel_slopes),
        "csch": Formula(_csch, lambda _, x, y: [negative(divide(y, tanh(x)))]),
        "over_sinh": Formula(_over_sinh, _over_sinh_slopes),
        "log_softplus": Formula(_log_softplus, _log_softplus_slopes),
        "bose": Formula(_bose, _bose_slopes),
        "bernoulli": Formula(_bernoulli, _bernoulli_slopes),
    }
)

# The ones that patterns may name.
DERIVED: dict[str, Callable[..., Value]] = {
    "sech": lambda x: derived("sech", x),
    "fraction": lambda x, y: derived("fraction", x, y),
    "component": lambda x, y: derived("component", x, y),
    "log1p_square": lambda x: derived("log1p_square", x),
    "parallel": lambda x, y: derived("parallel", x, y),
    "csch": lambda x: derived("csch", x),
    "over_sinh": lambda x: derived("over_sinh", x),
    "tanhc": lambda x: derived("tanhc", x),
    "bose": lambda x: derived("bose", x),
    "bernoulli": lambda x: derived("bernoulli", x),
}

"""Products of powers, roots and exponentials of the same thing; norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.values import Constant, NDArray, TensorType, Value, owner_of
from croton.ops import base
from croton.ops.base import Array
from croton.ops.composite import CompositeOperation
from croton.ops.norms import EuclideanNorm
from croton.ops.reduction import Reduce, restore_axes
from croton.ops.reduction import sum as sum_over
from croton.ops.shape import Reshape, broadcast_to
from croton.ops.softmax import LogSoftmax, Softmax
from croton.rewrite import build
from croton.rewrite.derived import derived
from croton.rewrite.engine import Rewriter, Rule
from croton.rewrite.exponentials import written
from croton.rewrite.views import LARGEST_INSPECTED, Product, Sum, add_sums, even, multiply_products

PRODUCTS = frozenset(("multiply", "divide", "power", "square", "sqrt", "reciprocal"))


class PowerNorm(CompositeOperation):
    """sum(x**p)**(1/p) over axes for x >= 0, with x scaled by its maximum."""

    order: float
    axes: tuple[int, ...]
    name = "power_norm"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        kept = tuple(size for axis, size in enumerate(operands[0].shape) if axis not in self.axes)
        return (TensorType(operands[0].dtype, kept),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x = operands[0]
        scale = np.max(x, axis=self.axes, keepdims=True, initial=0)
        scale = np.where((scale > 0) & np.isfinite(scale), scale, 1).astype(x.dtype)
        total = np.sum((x / scale) ** self.order, axis=self.axes) ** (1 / self.order)
        return (np.asarray(total * np.squeeze(scale, self.axes)).astype(x.dtype, copy=False),)

    def expand(self, operands: Sequence[Array]) -> Sequence[Array]:
        from croton.ops.arithmetic import divide, multiply, where
        from croton.ops.comparison import greater, isfinite, logical_and
        from croton.ops.exponential import power
        from croton.ops.reduction import reduce

        x = operands[0]
        dtype = base.dtype_of(x)
        largest = reduce("max", x, self.axes, False, empty=True)
        usable = logical_and(greater(largest, 0), isfinite(largest))
        scale = where(usable, largest, base.cast(1, dtype))
        small = divide(x, broadcast_to(restore_axes(scale, self.axes), base.shape_of(x)))
        total = sum_over(power(small, base.cast(self.order, dtype)), self.axes)
        return [multiply(power(total, base.cast(1 / self.order, dtype)), scale)]

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """g (x / norm)^(p - 1), 0 where the norm is."""
        from croton.ops.arithmetic import divide, multiply, where
        from croton.ops.comparison import equal
        from croton.ops.exponential import power

        x = operands[0]
        dtype, shape = base.dtype_of(x), base.shape_of(x)
        norm = broadcast_to(restore_axes(outputs[0], self.axes), shape)
        spread = broadcast_to(restore_axes(cotangents[0], self.axes), shape)
        origin = equal(norm, base.cast(0, dtype))
        ratio = divide(x, where(origin, base.cast(1, dtype), norm))
        slope = power(ratio, base.cast(self.order - 1, dtype))
        return [multiply(spread, where(origin, base.cast(0, dtype), slope))]


def _combined(rewriter: Rewriter, value: Value) -> Value | None:
    """Powers of the same factor become one: x**2 / x**3, sqrt(x) * sqrt(x), x * sqrt(x)."""
    views = rewriter.views
    owner = owner_of(value)
    if not dtypes.is_float(value.type.dtype):
        return None
    if owner.op.name in ("multiply", "divide"):
        left, right = (views.product(operand) for operand in owner.inputs)
        sign = 1.0 if owner.op.name == "multiply" else -1.0
        shared = [factor for factor in left.factors if factor in right.factors]
        if not any(_merges(left.factors[f], sign * right.factors[f]) for f in shared):
            return None
        return _rewritten(views.product(value), value)
    inner = views.product(owner.inputs[0])
    exponent = views.exponent(owner)
    if exponent is None or not inner.factors or inner.is_single:
        return None
    if not any(not power.is_integer() or not exponent.is_integer() for power in inner.factors.values()):
        return None
    product = views.product(value)
    if len(product.factors) != 1 or value in product.factors or owner.inputs[0] in product.factors:
        return None
    return _rewritten(product, value)


def _merges(left: float, right: float) -> bool:
    return left * right < 0 or not left.is_integer() or not right.is_integer()


def _rewritten(product: Product, value: Value) -> Value | None:
    """The product with fractional powers as powers, so that their derivatives are powers too."""
    dtype = value.type.dtype
    factors: dict[Value, float] = {}
    for factor, exponent in product.factors.items():
        if not exponent.is_integer() and abs(exponent) > 1:
            factors[build.call("power", factor, build.number(exponent, dtype))] = 1.0
        else:
            factors[factor] = exponent
    result = build.write_product(Product(factors, product.coefficient), dtype)
    for factor in product.restricted:
        if product.factors.get(factor, 0.0).is_integer():
            result = build.where_negative(factor, result)
    return result


def _exponentials(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(a) * exp(b) = exp(a + b); exp(a)**c = exp(c a): no overflow on the way."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    found = [(factor, power) for factor, power in product.factors.items() if views.name(factor) == "exp"]
    if not found or (len(found) == 1 and found[0][1] == 1.0) or not dtypes.is_float(dtype):
        return None
    exponent = Sum({})
    for factor, power in found:
        exponent = add_sums(exponent, views.sum(owner_of(factor).inputs[0]), power)
    rest = {factor: power for factor, power in product.factors.items() if views.name(factor) != "exp"}
    joined = build.call("exp", written(exponent, dtype))
    return build.write_product(
        multiply_products(Product(rest, product.coefficient, product.restricted), Product({joined: 1.0})),
        dtype,
    )


def _exponential_of_logarithm(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(k log(x)) = x**k; exp(log(x)) = x, NaN where x is negative."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(owner_of(value).inputs[0])
    if len(summed.terms) != 1 or not dtypes.is_float(dtype):
        return None
    ((term, weight),) = summed.terms.items()
    operands = views.operands(term, "log")
    if summed.constant:
        inner = build.call("exp", build.scaled(term, weight)) if operands is not None else None
        return None if inner is None else build.scaled(inner, math.exp(min(summed.constant, 700.0)))
    if operands is not None:
        powered = build.power(operands[0], weight) if weight.is_integer() else None
        if powered is None:
            return build.call("power", operands[0], build.number(weight, dtype))
        return powered if views.nonnegative(operands[0]) else build.where_negative(operands[0], powered)
    operands = views.operands(term, "log1p")
    if operands is not None and weight == 1.0:
        whole = build.call("add", operands[0], build.number(1.0, dtype))
        return build.where_negative(whole, whole)
    inverse = {"log_sigmoid": "sigmoid", "log_ndtr": "ndtr", "log_erfc": "erfc"}.get(views.name(term))
    if inverse is not None and weight == 1.0:
        return build.call(inverse, owner_of(term).inputs[0])
    if views.name(term) == "softplus" and weight == -1.0:
        return build.call("sigmoid", build.negative(owner_of(term).inputs[0]))
    if views.name(term) == "log_softmax" and weight == 1.0:
        owner = owner_of(term)
        assert isinstance(owner.op, LogSoftmax)
        return build.applied(Softmax(owner.op.axes), owner.inputs[0])
    return None


def _sigmoid_of_logarithm(rewriter: Rewriter, value: Value) -> Value | None:
    """sigmoid(log(x)) = x / (x + 1), NaN where x is negative."""
    operands = rewriter.views.operands(owner_of(value).inputs[0], "log")
    if operands is None:
        return None
    made = derived("fraction", operands[0], build.number(1.0, value.type.dtype))
    return made if rewriter.views.nonnegative(operands[0]) else build.where_negative(operands[0], made)


def _root_of_even(rewriter: Rewriter, value: Value) -> Value | None:
    """sqrt(x**2) = |x|, sqrt(x**4) = x**2: defined, with their derivatives, at 0 and where x**2 overflows."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for factor, power in product.factors.items():
        inner = views.product(factor)
        if inner.is_single or not inner.factors or inner.coefficient <= 0 or power.is_integer():
            continue
        if not all(even(exponent) for exponent in inner.factors.values()):
            continue
        made = Product({}, inner.coefficient**power)
        for base_, exponent in inner.factors.items():
            total = exponent * power
            if even(total) or views.nonnegative(base_):
                made = multiply_products(made, Product({base_: total}))
            else:
                made = multiply_products(made, Product({build.call("absolute", base_): total}))
        rest = multiply_products(product, Product({factor: power}), -1.0)
        return build.write_product(multiply_products(rest, made), dtype)
    return None


def _size_of_square(rewriter: Rewriter, term: Value, weight: float) -> Value | None:
    """x with x**2 = weight * term, or None if that is no square."""
    product = rewriter.views.product(term)
    coefficient = product.coefficient * weight
    if len(product.factors) == 1 and coefficient > 0:
        ((factor, exponent),) = product.factors.items()
        norm = norm_of(rewriter, factor) if exponent == 1.0 else None
        if norm is not None:
            return build.scaled(norm, math.sqrt(coefficient))
    if not product.factors or coefficient <= 0 or product.restricted:
        return None
    if not all(
        even(exponent) or _is_weight(rewriter, factor) for factor, exponent in product.factors.items()
    ):
        return None
    if all(_is_weight(rewriter, factor) for factor in product.factors):
        return None
    halved = {factor: exponent / 2 for factor, exponent in product.factors.items()}
    return build.write_product(Product(halved, math.sqrt(coefficient)), term.type.dtype)


def _is_weight(rewriter: Rewriter, factor: Value) -> bool:
    """Whether a factor is an array of constants, none of them negative."""
    return isinstance(factor, Constant) and rewriter.views.nonnegative(factor)


def _norm(rewriter: Rewriter, value: Value) -> Value | None:
    """sqrt(sum(x**2)) is a norm: 0 gradient at the origin, no overflow; also to other odd powers."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for factor, power in product.factors.items():
        if not (2 * power).is_integer() or power.is_integer():
            continue
        norm = norm_of(rewriter, factor)
        if norm is None:
            norm = hypotenuse(rewriter, factor)
        if norm is None:
            continue
        rest = multiply_products(product, Product({factor: power}), -1.0)
        without = Product(rest.factors, rest.coefficient, rest.restricted - {factor})
        return build.write_product(multiply_products(without, Product({norm: 2 * power})), dtype)
    return None


def norm_of(rewriter: Rewriter, factor: Value) -> Value | None:
    views = rewriter.views
    summed = views.sum(factor)
    if summed.is_single:
        factor = next(iter(summed.terms))  # x + 0 as x
    owner = views.equation(factor)
    if owner is None or not dtypes.is_float(factor.type.dtype):
        return None
    if isinstance(owner.op, Reshape):
        inner = norm_of(rewriter, owner.inputs[0])
        return None if inner is None else build.applied(owner.op, inner)
    if not isinstance(owner.op, Reduce) or owner.op.kind != "sum":
        return None
    operand = _size_of_square(rewriter, owner.inputs[0], 1.0)
    if operand is None:
        return None
    if operand.type.shape != owner.inputs[0].type.shape:
        operand = build.broadcast(operand, owner.inputs[0])
    return build.applied(EuclideanNorm(owner.op.axes), operand)


def hypotenuse(rewriter: Rewriter, factor: Value) -> Value | None:
    """sqrt(x**2 + y**2) = hypot(x, y), also of three squares; a constant is the square of its root."""
    views = rewriter.views
    if views.name(factor) not in ("add", "subtract") or not build.available("hypot"):
        return None
    summed = views.sum(factor)
    if len(summed.terms) + bool(summed.constant) not in (2, 3) or summed.constant < 0:
        return None
    sides = []
    for term, weight in summed.terms.items():
        side = _size_of_square(rewriter, term, weight)
        if side is None:
            return None
        sides.append(side)
    if summed.constant:
        sides.append(build.number(math.sqrt(summed.constant), factor.type.dtype))
    result = sides[0]
    for side in sides[1:]:
        result = build.call("hypot", result, side)
    return result


def _squared_norm(rewriter: Rewriter, value: Value) -> Value | None:
    """norm(x)**2 = sum(x**2), hypot(x, y)**2 = x**2 + y**2: no root, and no singular derivative."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for factor, power in product.factors.items():
        owner = views.equation(factor)
        if owner is None or not even(power) or power < 0:
            continue
        if isinstance(owner.op, EuclideanNorm) and dtypes.is_float(owner.inputs[0].type.dtype):
            total: Value = sum_over(build.call("square", owner.inputs[0]), owner.op.axes)
        else:
            continue
        rest = multiply_products(product, Product({factor: power}), -1.0)
        return build.write_product(multiply_products(rest, Product({total: power / 2})), dtype)
    return None


def _high_order_norm(rewriter: Rewriter, value: Value) -> Value | None:
    """sum(f**p)**(1/p) for f >= 0 and p > 2, scaled by the largest f."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for factor, power in product.factors.items():
        owner = views.equation(factor)
        if owner is None or not isinstance(owner.op, Reduce) or owner.op.kind != "sum":
            continue
        summand = views.product(owner.inputs[0])
        if len(summand.factors) != 1 or summand.coefficient != 1.0:
            continue
        ((size, order),) = summand.factors.items()
        if order <= 2 or abs(order * power - 1) > 1e-12:
            continue
        if not views.nonnegative(size):
            if not even(order):
                continue
            size = build.call("absolute", size)
        norm = build.applied(PowerNorm(order, owner.op.axes), size)
        rest = multiply_products(product, Product({factor: power}), -1.0)
        without = Product(rest.factors, rest.coefficient, rest.restricted - {factor})
        return build.write_product(multiply_products(without, Product({norm: 1.0})), dtype)
    return None


def _root_of_product(rewriter: Rewriter, value: Value) -> Value | None:
    """prod(x)**c for a fraction 0 < c < 1 by logarithms: the product may overflow where its root does not."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for factor, power in product.factors.items():
        owner = views.equation(factor)
        if owner is None or not isinstance(owner.op, Reduce) or owner.op.kind != "prod" or not 0 < power < 1:
            continue
        logarithm = build.scaled(build.call("log", factor), power)
        root = build.call("exp", logarithm)
        settled_root = rewriter.settle(root)
        rest = multiply_products(product, Product({factor: power}), -1.0)
        without = Product(rest.factors, rest.coefficient, rest.restricted - {factor})
        return build.write_product(multiply_products(without, Product({settled_root: 1.0})), dtype)
    return None


def _power_times_logarithm(rewriter: Rewriter, value: Value) -> Value | None:
    """x**k * log(x), k > 0: 0 at 0, with derivatives of the same kind."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for factor, power in product.factors.items():
        operands = views.operands(factor, "log")
        if operands is None or power != 1.0:
            continue
        exponent = product.factors.get(operands[0], 0.0)
        if exponent <= 0:
            continue
        made = derived("power_log", operands[0], parameter=exponent)
        rest = multiply_products(product, Product({factor: 1.0, operands[0]: exponent}), -1.0)
        return build.write_product(multiply_products(rest, Product({made: 1.0})), dtype)
    return None


def _weighted(rewriter: Rewriter, value: Value) -> Value | None:
    """w f(x) with constant weights of which some are 0: those terms are 0 for every x.

    Only for f that can be infinite or have an infinite slope, so that 0 * inf never arises.
    """
    owner = owner_of(value)
    left, right = owner.inputs
    pairs = [(left, right)] if owner.op.name == "divide" else [(left, right), (right, left)]
    for weights, function in pairs:
        if not isinstance(weights, Constant) or not 2 <= weights.data.size <= LARGEST_INSPECTED:
            continue
        if not bool((weights.data == 0).any()) or not dtypes.is_float(weights.type.dtype):
            continue
        name = rewriter.views.name(function)
        if name == "log" and owner.op.name == "multiply" and build.available("xlogy"):
            return build.call("xlogy", weights, owner_of(function).inputs[0])
        if owner.op.name == "divide" or name in _SINGULAR:
            chosen = Constant.factory_constant(weights.data != 0)
            return build.where(chosen, value, build.number(0.0, value.type.dtype))
    return None


_SINGULAR = frozenset(
    [
        "sqrt",
        "divide",
        "power",
        "reciprocal",
        "arcsin",
        "arccos",
        "arccosh",
        "arctanh",
        "log1p",
        "log2",
        "log10",
        "euclidean_norm",
    ]
)


def _product_of_exponentials(rewriter: Rewriter, value: Value) -> Value | None:
    """prod(exp(x)) = exp(sum(x))."""
    owner = owner_of(value)
    operands = rewriter.views.operands(owner.inputs[0], "exp")
    if operands is None or not isinstance(owner.op, Reduce):
        return None
    return build.call("exp", sum_over(operands[0], owner.op.axes))


def _root_of_two(rewriter: Rewriter, value: Value) -> Value | None:
    """sqrt(x * y) = sqrt|x| sqrt|y|, NaN where the signs differ: the product may overflow."""
    views = rewriter.views
    product = views.product(owner_of(value).inputs[0])
    if len(product.factors) != 2 or product.coefficient != 1.0 or not dtypes.is_float(value.type.dtype):
        return None
    if any(power != 1.0 for power in product.factors.values()):
        return None
    first, second = product.factors
    if any(
        views.name(factor) in ("add", "subtract") or views.nonnegative(factor) for factor in (first, second)
    ):
        return None
    sign = build.call("multiply", build.call("sign", first), build.call("sign", second))
    roots = [build.call("sqrt", build.call("absolute", factor)) for factor in (first, second)]
    return build.where_negative(sign, build.call("multiply", *roots))


POWERS: tuple[Rule, ...] = (
    Rule(
        "root-of-even-power",
        "sqrt(x**2) is |x|, sqrt(x**4) is x**2",
        PRODUCTS,
        _root_of_even,
        "sqrt(x**2)",
        -2,
    ),
    Rule(
        "norm",
        "sqrt(sum(x**2)) and sqrt(x**2 + y**2) are norms: no overflow, gradient 0 at the origin",
        PRODUCTS,
        _norm,
        "sqrt(sum(x**2))",
        -2,
        any_of=frozenset(["reduce_sum", "add", "subtract"]),
    ),
    Rule(
        "squared-norm",
        "norm(x)**2 is sum(x**2)",
        PRODUCTS,
        _squared_norm,
        "sqrt(sum(x**2))**2",
        -2,
        any_of=frozenset(["euclidean_norm"]),
    ),
    Rule(
        "high-order-norm",
        "sum(|x|**p)**(1/p) scaled by the largest entry: no overflow",
        PRODUCTS,
        _high_order_norm,
        "sum(absolute(x)**5)**0.2",
        -2,
        any_of=frozenset(["reduce_sum"]),
    ),
    Rule(
        "root-of-product",
        "prod(x)**c by logarithms: no overflow",
        PRODUCTS,
        _root_of_product,
        "prod(x)**0.25",
        any_of=frozenset(["reduce_prod"]),
    ),
    Rule(
        "product-of-exponentials",
        "prod(exp(x)) is exp(sum(x)): no overflow",
        frozenset(("reduce_prod",)),
        _product_of_exponentials,
        "prod(exp(x))",
    ),
    Rule(
        "root-of-two-factors",
        "sqrt(x * y) by roots of each: no overflow",
        frozenset(("sqrt",)),
        _root_of_two,
        "sqrt(x * y)",
    ),
    Rule("combined-powers", "powers of one factor become one power", PRODUCTS, _combined, "x**2 / x**3"),
    Rule(
        "combined-exponentials",
        "exp(x) * exp(y) is exp(x + y), exp(x)**c is exp(c * x): no overflow",
        PRODUCTS,
        _exponentials,
        "exp(x) * exp(-y)",
        -2,
        any_of=frozenset(["exp"]),
    ),
    Rule(
        "exp-of-log",
        "exp(k log(x)) is x**k, NaN where x is negative",
        frozenset(("exp",)),
        _exponential_of_logarithm,
        "exp(2 * log(x))",
    ),
    Rule(
        "sigmoid-of-log",
        "sigmoid(log(x)) is x / (1 + x)",
        frozenset(("sigmoid",)),
        _sigmoid_of_logarithm,
        "sigmoid(log(x))",
    ),
    Rule(
        "power-times-log",
        "x**k * log(x) is 0 at 0, and so are its derivatives where they have a limit",
        frozenset(("multiply",)),
        _power_times_logarithm,
        "x**2 * log(x)",
        any_of=frozenset(["log"]),
    ),
    Rule(
        "weights-of-zero",
        "w * log(x), w / x and the like with weights that are 0 are 0 there for every x, slope included",
        frozenset(("multiply", "divide")),
        _weighted,
        "const([0, 1, 2]) * log(x)",
    ),
)

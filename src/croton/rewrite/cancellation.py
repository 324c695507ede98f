"""Differences of nearly equal numbers, put into forms where nothing cancels."""

from __future__ import annotations

import math

from croton.graph import dtypes
from croton.graph.values import Value, owner_of
from croton.ops.comparison import greater, less, logical_and
from croton.ops.reduction import Reduce
from croton.rewrite import build
from croton.rewrite.derived import Derived, derived
from croton.rewrite.engine import Rewriter, Rule, formula
from croton.rewrite.views import Product, Sum, add_sums, multiply_products, scaled_sum

SUMS = frozenset(("add", "subtract"))

# Functions f for which w - w f(x) is worth writing as w (1 - f(x)).
_FACTORED = frozenset(
    [
        "exp",
        "cos",
        "cosh",
        "sigmoid",
        "tanh",
        "erf",
        "erfc",
        "ndtr",
        "sech",
        "divide",
        "square",
        "power",
        "multiply",
        "sqrt",
        "hypot",
        "tan",
        "sin",
    ]
)


def _common_factor(rewriter: Rewriter, value: Value) -> Value | None:
    """w c1 + w c2 f = w (c1 + c2 f) where the bracket has a better form: gradients come out like this."""
    views = rewriter.views
    summed = views.sum(value)
    if len(summed.terms) != 2 or summed.constant or not dtypes.is_float(value.type.dtype):
        return None
    (first, weight), (second, other) = summed.terms.items()
    for plain, plain_weight, product, product_weight in (
        (first, weight, second, other),
        (second, other, first, weight),
    ):
        shared, whole = views.product(plain), views.product(product)
        if any(whole.factors.get(factor) != power for factor, power in shared.factors.items()):
            continue
        rest = {factor: power for factor, power in whole.factors.items() if factor not in shared.factors}
        if not rest or len(rest) > 2 or not any(_worth(rewriter, factor) for factor in rest):
            continue
        scale = product_weight * whole.coefficient
        unit = plain_weight * shared.coefficient
        ratio = build.write_product(Product(rest, scale / unit, whole.restricted), value.type.dtype)
        bracket = build.call("add", ratio, build.number(1.0, value.type.dtype))
        settled = rewriter.settle(bracket)
        if rewriter.views.name(settled) in ("add", "subtract"):
            continue
        outside = build.write_product(Product(shared.factors, unit, shared.restricted), value.type.dtype)
        return build.call("multiply", outside, settled)
    return None


def _worth(rewriter: Rewriter, factor: Value) -> bool:
    name = rewriter.views.name(factor)
    return name in _FACTORED or name in SUMS


def _reciprocals(rewriter: Rewriter, value: Value) -> Value | None:
    """p / a - p / b = p (b - a) / (a b) where b - a is a number."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    terms = list(summed.terms.items())
    for first, weight in terms:
        for second, other in terms:
            if first is second or not weight * other < 0:
                continue
            ratio = multiply_products(views.product(first), views.product(second), -1.0)
            if len(ratio.factors) != 2 or weight * ratio.coefficient != -other:
                continue
            found = [factor for factor, power in ratio.factors.items() if power in (-1.0, -0.5)]
            against = [factor for factor, power in ratio.factors.items() if power in (1.0, 0.5)]
            if len(found) != 1 or len(against) != 1 or ratio.factors[found[0]] != -ratio.factors[against[0]]:
                continue
            below = (
                views.product(first).factors.get(found[0], 0.0),
                views.product(second).factors.get(against[0], 0.0),
            )
            gap = _gap(rewriter, against[0], found[0]) if max(below) < 0 else None
            if gap is None:
                continue
            product = multiply_products(views.product(first), Product({against[0]: -1.0}, weight))
            joined = build.write_product(multiply_products(product, gap), dtype)
            if ratio.factors[found[0]] == -0.5:
                joined = _reciprocal_roots(rewriter, found[0], against[0], first, weight, gap)
            rest = {term: c for term, c in summed.terms.items() if term is not first and term is not second}
            return build.write_sum(add_sums(Sum(rest, summed.constant), Sum({joined: 1.0})), dtype)
    return None


def _gap(rewriter: Rewriter, upper: Value, lower: Value) -> Product | None:
    """upper - lower as a product, where it is a number or a multiple of one thing."""
    views = rewriter.views
    first, second = views.sum(upper), views.sum(lower)
    gap = add_sums(first, second, -1.0)
    if not gap.terms:
        return Product({}, gap.constant) if gap.constant else None
    pieces = len(first.terms) + len(second.terms) + bool(first.constant) + bool(second.constant)
    if len(gap.terms) != 1 or gap.constant or pieces < 3:
        return None
    ((term, weight),) = gap.terms.items()
    inner = views.product(term)
    return Product(inner.factors, weight * inner.coefficient, inner.restricted)


def _reciprocal_roots(
    rewriter: Rewriter, below: Value, other: Value, first: Value, weight: float, gap: Product
) -> Value:
    """p / sqrt(a) - p / sqrt(b) = p (b - a) / (sqrt(a) sqrt(b) (sqrt(a) + sqrt(b)))."""
    dtype = first.type.dtype
    one, two = build.call("sqrt", below), build.call("sqrt", other)
    total = build.call("add", one, two)
    product = Product(
        rewriter.views.product(first).factors, weight * rewriter.views.product(first).coefficient
    )
    product = multiply_products(product, Product({two: -1.0, total: -1.0}))
    return build.write_product(multiply_products(product, gap), dtype)


def _roots(rewriter: Rewriter, value: Value) -> Value | None:
    """k sqrt(a) - k sqrt(b) = k (a - b) / (sqrt(a) + sqrt(b)) where a - b is a number."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    roots = [(term, weight) for term, weight in summed.terms.items() if views.name(term) == "sqrt"]
    for first, weight in roots:
        for second, other in roots:
            if weight <= 0 or other != -weight:
                continue
            upper, lower = owner_of(first).inputs[0], owner_of(second).inputs[0]
            gap = _gap(rewriter, upper, lower)
            if gap is None:
                continue
            total = build.call("add", first, second)
            joined = build.write_product(multiply_products(gap, Product({total: -1.0}, weight)), dtype)
            rest = {term: c for term, c in summed.terms.items() if term is not first and term is not second}
            return build.write_sum(add_sums(Sum(rest, summed.constant), Sum({joined: 1.0})), dtype)
    return None


def _squares(rewriter: Rewriter, value: Value) -> Value | None:
    """c - x^2 = (sqrt(c) - x) (sqrt(c) + x)."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    if len(summed.terms) != 1 or not summed.constant or not dtypes.is_float(dtype):
        return None
    ((term, weight),) = summed.terms.items()
    if weight * summed.constant >= 0 or not math.isfinite(summed.constant):
        return None
    product = views.product(term)
    if len(product.factors) != 1 or product.coefficient <= 0 or next(iter(product.factors.values())) != 2.0:
        return None
    (base,) = product.factors
    side = math.sqrt(abs(summed.constant) / (abs(weight) * product.coefficient))
    if side * side * abs(weight) * product.coefficient != abs(summed.constant):
        return None  # the root of c is not exact: nothing would be gained near it
    scale = abs(weight) * product.coefficient
    bound = build.number(side, dtype)
    if summed.constant > 0:
        lower = build.call("subtract", bound, base)
    else:
        lower = build.call("subtract", base, bound)
    factored = build.call("multiply", lower, build.call("add", base, bound))
    return build.scaled(factored, scale)


def _powers(rewriter: Rewriter, value: Value) -> Value | None:
    """k (1 + x)^n - k by expm1(n log1p(x)) near x = 0."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    if len(summed.terms) != 1 or not summed.constant:
        return None
    ((term, weight),) = summed.terms.items()
    product = views.product(term)
    if len(product.factors) != 1 or weight * product.coefficient != -summed.constant:
        return None
    ((base, exponent),) = product.factors.items()
    inner = views.sum(base)
    if inner.constant != 1.0 or not inner.terms or exponent in (1.0, 0.5, 2.0, -1.0):
        return None
    argument = rewriter.matcher.written(Sum(inner.terms), dtype)
    made = derived("compound", argument, parameter=exponent)
    return build.scaled(made, weight * product.coefficient)


def _annuities(rewriter: Rewriter, value: Value) -> Value | None:
    """((1 + x)^n - 1) / x."""
    views = rewriter.views
    product = views.product(value)
    for factor, power in product.factors.items():
        owner = views.equation(factor)
        if owner is None or owner.op.name != "compound" or power != 1.0:
            continue
        argument = owner.inputs[0]
        inner = views.product(argument)
        if len(inner.factors) != 1 or product.factors.get(next(iter(inner.factors)), 0.0) > -1.0:
            continue
        assert isinstance(owner.op, Derived)
        made = derived("annuity", argument, parameter=owner.op.parameter)
        rest = multiply_products(multiply_products(product, Product({factor: -1.0})), inner)
        return build.write_product(multiply_products(rest, Product({made: 1.0})), value.type.dtype)
    return None


def _interval(rewriter: Rewriter, value: Value) -> Value | None:
    """k erf(a) - k erf(b) by erfc on the side where both are."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    if len(summed.terms) != 2 or summed.constant or not build.available("erfc"):
        return None
    (first, weight), (second, other) = sorted(summed.terms.items(), key=lambda item: -item[1])
    if weight <= 0 or other != -weight or views.name(first) != "erf" or views.name(second) != "erf":
        return None
    upper, lower = owner_of(first).inputs[0], owner_of(second).inputs[0]
    zero = build.number(0.0, dtype)
    right = logical_and(greater(upper, zero), greater(lower, zero))
    left = logical_and(less(upper, zero), less(lower, zero))
    by_right = build.call("subtract", build.call("erfc", lower), build.call("erfc", upper))
    mirrored = [build.call("erfc", build.negative(side)) for side in (upper, lower)]
    by_left = build.call("subtract", *mirrored)
    plain = build.call("subtract", first, second)
    return build.scaled(build.where(right, by_right, build.where(left, by_left, plain)), weight)


def _variance(rewriter: Rewriter, value: Value) -> Value | None:
    """mean(x^2) - mean(x)^2 = mean((x - mean(x))^2)."""
    from croton.ops.reduction import restore_axes
    from croton.ops.reduction import sum as sum_over

    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    for squares, weight in summed.terms.items():
        for square, other in summed.terms.items():
            found = _moments(rewriter, squares, weight, square, other)
            if found is None:
                continue
            operand, axes, count, scale = found
            total = restore_axes(sum_over(operand, axes), axes)
            mean = build.call("divide", total, count) if count.type.rank == 0 else None
            if mean is None:
                continue
            deviations = build.call("square", build.call("subtract", operand, mean))
            variance = build.call("divide", sum_over(deviations, axes), count)
            rest = {term: c for term, c in summed.terms.items() if term is not squares and term is not square}
            return build.write_sum(add_sums(Sum(rest, summed.constant), Sum({variance: scale})), dtype)
    return None


def _moments(
    rewriter: Rewriter, squares: Value, weight: float, square: Value, other: float
) -> tuple[Value, tuple[int, ...], Value, float] | None:
    """The operand x, the axes, the count n and the scale k of k sum(x^2) / n - k (sum(x) / n)^2."""
    views = rewriter.views
    first, second = views.product(squares), views.product(square)
    for factor, power in first.factors.items():
        owner = views.equation(factor)
        if power != 1.0 or owner is None or not isinstance(owner.op, Reduce) or owner.op.kind != "sum":
            continue
        operands = views.operands(owner.inputs[0], "square")
        if operands is None:
            continue
        for total, exponent in second.factors.items():
            inner = views.equation(total)
            if exponent != 2.0 or inner is None or inner.op != owner.op or inner.inputs[0] is not operands[0]:
                continue
            one = {f: p for f, p in first.factors.items() if f is not factor}
            two = {f: p for f, p in second.factors.items() if f is not total}
            count = _count(rewriter, owner.op.axes, operands[0])
            if count is None:
                continue
            number = views.number(count)
            scale = weight * first.coefficient
            if number is not None:
                matches = not one and not two and _near(-other * second.coefficient * number, scale)
                scale *= number
            else:
                matches = (
                    one == {count: -1.0} and two == {count: -2.0} and -other * second.coefficient == scale
                )
            if matches:
                return operands[0], owner.op.axes, count, scale
    return None


def _near(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-15 * abs(right)


def _count(rewriter: Rewriter, axes: tuple[int, ...], operand: Value) -> Value | None:
    """The number of elements along axes as a scalar of the operand's dtype."""
    from croton.graph import dims
    from croton.ops.base import cast
    from croton.ops.dimension import size_as_number

    size = dims.product(operand.type.shape[axis] for axis in axes)
    number: Value = cast(size_as_number(size), operand.type.dtype)
    return rewriter.settle(number)


def _hypot_minus(rewriter: Rewriter, value: Value) -> Value | None:
    """k hypot(x, c) - k x, which cancels for large x > 0; k hypot(x, c) - k c, which does for small x."""
    views = rewriter.views
    summed = views.sum(value)
    for term, weight in summed.terms.items():
        operands = views.operands(term, "hypot")
        if operands is None:
            continue
        for argument, offset in (operands, operands[::-1]):
            number = views.number(offset)
            if number is None or number <= 0:
                continue
            without = add_sums(summed, Sum({term: weight}), -1.0)
            if _near(without.constant, -weight * number):
                made = derived("hypot_excess", argument, parameter=number)
                return build.write_sum(add_sums(Sum(without.terms), Sum({made: weight})), value.type.dtype)
            for sign in (1.0, -1.0):
                taken = add_sums(without, views.sum(argument), sign * weight)
                if len(taken.terms) < len(without.terms):
                    made = derived("hypot_minus", build.scaled(argument, sign), parameter=number)
                    return build.write_sum(add_sums(taken, Sum({made: weight})), value.type.dtype)
    return None


def _root_minus_number(rewriter: Rewriter, value: Value) -> Value | None:
    """k sqrt(c^2 + u) - k c = k c sqrt1pm1(u / c^2)."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    if not summed.constant or not build.available("sqrt1pm1"):
        return None
    for term, weight in summed.terms.items():
        operands = views.operands(term, "sqrt")
        if operands is None:
            continue
        inner = _expanded(rewriter, operands[0])
        side = -summed.constant / weight
        if side <= 0 or not inner.terms or not _near(inner.constant, side * side):
            continue
        argument = rewriter.matcher.written(scaled_sum(Sum(inner.terms), 1.0 / inner.constant), dtype)
        made = build.call("sqrt1pm1", argument)
        rest = {t: c for t, c in summed.terms.items() if t is not term}
        return build.write_sum(add_sums(Sum(rest), Sum({made: weight * side})), dtype)
    return None


def _expanded(rewriter: Rewriter, value: Value) -> Sum:
    """A value as a sum, also if it is (c - x) (c + x)."""
    views = rewriter.views
    product = views.product(value)
    if len(product.factors) == 2 and all(power == 1.0 for power in product.factors.values()):
        first, second = (views.sum(factor) for factor in product.factors)
        odd = add_sums(first, second)
        if not odd.terms and odd.constant and first.constant == second.constant and len(first.terms) == 1:
            ((term, weight),) = first.terms.items()
            square = build.call("square", term)
            return scaled_sum(Sum({square: -weight * weight}, first.constant**2), product.coefficient)
    return views.sum(value)


def _exponential_difference(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(a) - exp(-a) = 2 sinh(a), exp(a) + exp(-a) = 2 cosh(a), exp(a) - exp(b) by expm1; multiples too."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    found = [(term, weight) for term, weight in summed.terms.items() if views.name(term) == "exp"]
    if len(found) != 2 or abs(found[0][1]) != abs(found[1][1]):
        return None
    (first, weight), (second, other) = sorted(found, key=lambda item: -item[1])
    upper, lower = owner_of(first).inputs[0], owner_of(second).inputs[0]
    total = add_sums(views.sum(upper), views.sum(lower))
    opposite = not total.terms and not total.constant
    if opposite and build.available("sinh", "cosh"):
        argument = lower if views.name(upper) == "negative" and weight == other else upper
        made = Sum({build.call("cosh" if weight == other else "sinh", argument): 2 * weight})
    elif weight == -other and not summed.constant and len(summed.terms) == 2:
        made = Sum({derived("exp_difference", upper, lower): weight})
    else:
        return None
    rest = {t: c for t, c in summed.terms.items() if t is not first and t is not second}
    return build.write_sum(add_sums(Sum(rest, summed.constant), made), dtype)


CANCELLATIONS: tuple[Rule, ...] = (
    formula("expm1", "exp(x) - 1", "expm1(x)", "accurate for small x", low=-2),
    formula(
        "one-minus-sigmoid",
        "1 - sigmoid(x)",
        "sigmoid(-x)",
        "keeps its digits where sigmoid(x) is near 1",
        low=-2,
    ),
    formula(
        "one-minus-tanh-squared",
        "1 - tanh(x)**2",
        "sech(x)**2",
        "keeps its digits where tanh(x) is near 1",
        low=-2,
    ),
    formula(
        "one-plus-tanh",
        "1 + tanh(x)",
        "2 * sigmoid(2 * x)",
        "keeps its digits where tanh(x) is near -1",
        low=-2,
    ),
    formula(
        "one-minus-tanh",
        "1 - tanh(x)",
        "2 * sigmoid(-2 * x)",
        "keeps its digits where tanh(x) is near 1",
        low=-2,
    ),
    formula(
        "one-minus-sech-squared",
        "1 - sech(x)**2",
        "tanh(x)**2",
        "accurate for small x",
        example="1 - 1 / cosh(x)**2",
    ),
    formula(
        "one-minus-sigmoid-slope",
        "1 - 4 * sigmoid(x) * sigmoid(-x)",
        "tanh(0.5 * x)**2",
        "the derivative of x - tanh(x), accurate for small x",
    ),
    formula("one-minus-erf", "1 - erf(x)", "erfc(x)", "keeps its digits in the tail", low=-2),
    formula("one-plus-erf", "1 + erf(x)", "erfc(-x)", "keeps its digits in the tail", low=-2),
    formula("one-minus-erfc", "1 - erfc(x)", "erf(x)", "accurate for small x", low=-2),
    formula("two-minus-erfc", "2 - erfc(x)", "erfc(-x)", "keeps its digits in the tail", low=-2),
    formula("one-minus-ndtr", "1 - ndtr(x)", "ndtr(-x)", "keeps its digits in the tail", low=-2),
    formula("one-minus-cos", "1 - cos(x)", "2 * sin(0.5 * x)**2", "accurate for small x"),
    formula("cosh-minus-one", "cosh(x) - 1", "2 * sinh(0.5 * x)**2", "accurate for small x"),
    formula("one-minus-cos-squared", "1 - cos(x)**2", "sin(x)**2", "accurate for small x"),
    formula("one-minus-sin-squared", "1 - sin(x)**2", "cos(x)**2", "accurate near the extremes of the sine"),
    formula("cosh-squared-minus-one", "cosh(x)**2 - 1", "sinh(x)**2", "accurate for small x"),
    formula("secant-squared-minus-one", "1 / cos(x)**2 - 1", "tan(x)**2", "accurate for small x", high=1.2),
    formula(
        "one-plus-tan-squared-minus-one",
        "square(tan(x)) + 1",
        "1 / cos(x)**2",
        "one form of the slope of tan",
        high=1.2,
    ),
    formula("one-minus-reciprocal", "1 - 1 / (1 + x)", "fraction(x, 1)", "accurate for small x"),
    formula(
        "one-minus-cosine-squared-of-slope",
        "1 - 1 / hypot(x, 1)**2",
        "component(x, 1)**2",
        "the derivative of x - arctan(x), accurate for small x",
    ),
    formula("sqrt-one-plus-minus-one", "sqrt(1 + x) - 1", "sqrt1pm1(x)", "accurate for small x"),
    formula("twice-sigmoid-minus-one", "2 * sigmoid(x) - 1", "tanh(0.5 * x)", "accurate for small x", low=-2),
    formula("log-erfc-plus-square", "log_erfc(x) + x**2", "log(erfcx(x))", "keeps its digits in the tail"),
    Rule(
        "root-minus-number",
        "sqrt(c**2 + u) - c is c * sqrt1pm1(u / c**2), accurate for small u",
        SUMS,
        _root_minus_number,
        "sqrt(x + 4) - 2",
        any_of=frozenset(["sqrt"]),
    ),
    Rule(
        "difference-of-exponentials",
        "exp(x) - exp(-x) is 2 sinh(x), exp(x) + exp(-x) 2 cosh(x), exp(x) - exp(y) by expm1(x - y)",
        SUMS,
        _exponential_difference,
        "exp(x) - exp(y)",
        any_of=frozenset(["exp"]),
    ),
    formula("cosh-minus-sinh", "cosh(x) - sinh(x)", "exp(-x)", "keeps its digits for large x"),
    formula("cosh-plus-sinh", "cosh(x) + sinh(x)", "exp(x)", "keeps its digits for very negative x"),
    formula(
        "log-cosh-minus-size",
        "log_cosh(x) - absolute(x)",
        "softplus(-2 * absolute(x)) - 0.6931471805599453",
        "keeps its digits for large x",
    ),
    formula("gammaln-step", "gammaln(x + 1) - gammaln(x)", "log(x)", "the recurrence of the gamma function"),
    formula(
        "softplus-minus-argument", "softplus(x) - x", "softplus(-x)", "keeps its digits for large x", low=-2
    ),
    formula(
        "logaddexp-minus-argument",
        "logaddexp(x, y) - x",
        "softplus(y - x)",
        "keeps its digits where one dominates",
    ),
    formula(
        "log-odds", "log_sigmoid(x) - log_sigmoid(-x)", "x", "the logit of a sigmoid is its argument", low=-2
    ),
    Rule(
        "difference-of-reciprocals",
        "1 / x - 1 / (x + c) is c / (x (x + c))",
        SUMS,
        _reciprocals,
        "1 / x - 1 / (x + 1)",
    ),
    Rule(
        "difference-of-roots",
        "sqrt(x + c) - sqrt(x) is c / (sqrt(x + c) + sqrt(x))",
        SUMS,
        _roots,
        "sqrt(x + 1) - sqrt(x)",
        any_of=frozenset(["sqrt"]),
    ),
    Rule(
        "difference-of-squares",
        "1 - x**2 is (1 - x) * (1 + x), accurate near 1",
        SUMS,
        _squares,
        "1 - x**2",
        -0.9,
        0.9,
    ),
    Rule("compound-growth", "(1 + x)**n - 1 is expm1(n * log1p(x))", SUMS, _powers, "(1 + x)**10 - 1"),
    Rule(
        "annuity",
        "((1 + x)**n - 1) / x by series whose derivatives are accurate near 0",
        frozenset(("divide", "multiply")),
        _annuities,
        "((1 + x)**10 - 1) / x",
        any_of=frozenset(["compound"]),
    ),
    Rule(
        "interval-of-erf",
        "erf(a) - erf(b) by erfc where both are in one tail",
        SUMS,
        _interval,
        "erf(x) - erf(y)",
        any_of=frozenset(["erf"]),
    ),
    Rule(
        "variance",
        "mean(x**2) - mean(x)**2 is the mean of squared deviations, which does not cancel",
        SUMS,
        _variance,
        "mean(x**2) - mean(x)**2",
        any_of=frozenset(["reduce_sum"]),
    ),
    Rule(
        "hypot-excess",
        "sqrt(1 + x**2) - 1 and sqrt(1 + x**2) - x without cancellation",
        SUMS,
        _hypot_minus,
        "sqrt(1 + x**2) - x",
        any_of=frozenset(["hypot"]),
    ),
    Rule(
        "common-factor",
        "w - w * f(x) is w * (1 - f(x)) where 1 - f(x) has a better form",
        SUMS,
        _common_factor,
        "y - y * cos(x)",
        any_of=_FACTORED | SUMS,
    ),
)

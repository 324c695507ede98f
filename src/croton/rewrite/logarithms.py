"""Logarithms of products, sums and exponentials: the logarithm moves inward until it is where it is stable.

log(exp(a) / (1 + exp(b))) overflows for large arguments although its value a - softplus(b) is moderate. Each
rule here states the logarithm of one kind of expression in terms of logarithms of its parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from croton.graph import dtypes
from croton.graph.values import Constant, Value, owner_of
from croton.ops.reduction import Reduce
from croton.ops.reduction import sum as sum_over
from croton.ops.softmax import LogSoftmax, LogSumExp, Softmax
from croton.rewrite import build
from croton.rewrite.derived import Derived, derived
from croton.rewrite.engine import Rewriter, Rule, formula
from croton.rewrite.exponentials import Exponential, difference, exponentials, ordered, shifted, written
from croton.rewrite.views import Product, Sum, add_sums, even

# Functions whose logarithm is a function of its own.
NAMED = {
    "sigmoid": "log_sigmoid",
    "erfc": "log_erfc",
    "ndtr": "log_ndtr",
    "cosh": "log_cosh",
}


def better(rewriter: Rewriter, value: Value) -> Value | None:
    """The logarithm of a value in a form that cannot overflow where the value does, or None."""
    summed = rewriter.views.sum(value)
    if summed.is_single:
        value = next(iter(summed.terms))  # x + 0 as x
    for attempt in (_exponential, _named, _absolute, _sum, _reduction, _squares, _product, _view, _choice):
        result = attempt(rewriter, value)
        if result is not None:
            return result
    return None


def _logarithm(rewriter: Rewriter, value: Value) -> Value:
    """The logarithm in the best form there is."""
    result = better(rewriter, value)
    return result if result is not None else build.call("log", value)


def _exponential(rewriter: Rewriter, value: Value) -> Value | None:
    operands = rewriter.views.operands(value, "exp")
    return operands[0] if operands is not None else None


def _named(rewriter: Rewriter, value: Value) -> Value | None:
    owner = rewriter.views.equation(value)
    if owner is None:
        return None
    name = owner.op.name
    function = NAMED.get(name)
    if function is not None and build.available(function):
        return build.call(function, owner.inputs[0])
    if name == "sech" and build.available("log_cosh"):
        return build.negative(build.call("log_cosh", owner.inputs[0]))
    if name == "softmax":
        assert isinstance(owner.op, Softmax)
        return build.applied(LogSoftmax(owner.op.axes), owner.inputs[0])
    if name == "hypot_minus":  # hypot(u, c) - u
        assert isinstance(owner.op, Derived)
        offset = owner.op.parameter
        angle = build.call("arcsinh", build.scaled(owner.inputs[0], -1.0 / offset))
        return build.write_sum(Sum({angle: 1.0}, math.log(offset)), value.type.dtype)
    if name == "softplus":
        return derived("log_softplus", owner.inputs[0])
    if name in ("exprel", "bernoulli"):
        logarithm = derived("log_exprel", owner.inputs[0])
        return logarithm if name == "exprel" else build.negative(logarithm)
    if name == "tanh" and build.available("log1mexp"):
        double = build.scaled(owner.inputs[0], -2.0)
        return build.call("subtract", build.call("log1mexp", double), build.call("softplus", double))
    if name == "sinh" and build.available("log1mexp"):
        operand = owner.inputs[0]
        rest = build.call("log1mexp", build.scaled(operand, -2.0))
        return build.write_sum(Sum({operand: 1.0, rest: 1.0}, -math.log(2.0)), value.type.dtype)
    return None


def _absolute(rewriter: Rewriter, value: Value) -> Value | None:
    """log|v| of a determinant, and of a product: the sum of the logarithms of the sizes."""
    operands = rewriter.views.operands(value, "absolute")
    if operands is None or not dtypes.is_float(operands[0].type.dtype):
        return None
    operand = operands[0]
    if rewriter.views.name(operand) == "det":
        from croton.ops.linear_algebra.determinant import slogdet

        logarithm: Value = slogdet(owner_of(operand).inputs[0])[1]
        return logarithm
    if rewriter.views.nonnegative(operand):
        return better(rewriter, operand)
    if rewriter.views.name(operand) in ("sinh", "tanh"):  # odd functions: the size is that of the size
        odd = owner_of(operand)
        size = build.call("absolute", odd.inputs[0])
        return _named(rewriter, build.call(odd.op.name, size))
    product = rewriter.views.product(operand)
    if product.is_single or not product.factors or product.restricted or len(product.factors) < 2:
        return None
    summed = Sum({}, math.log(abs(product.coefficient)))
    for factor, power in product.factors.items():
        logarithm = _logarithm(rewriter, build.call("absolute", factor))
        summed = add_sums(summed, Sum({logarithm: power}))
    return build.write_sum(summed, value.type.dtype)


def _squares(rewriter: Rewriter, value: Value) -> Value | None:
    """log(sum(x^2)) = 2 log(norm(x)), log(x^2 + y^2) = 2 log(hypot(x, y)): the squares may overflow."""
    from croton.rewrite.powers import hypotenuse, norm_of

    if rewriter.views.sum(value).constant:
        return None
    length = norm_of(rewriter, value)
    if length is None:
        length = hypotenuse(rewriter, value)
    return None if length is None else build.scaled(build.call("log", length), 2.0)


def _sum(rewriter: Rewriter, value: Value) -> Value | None:
    """log of two or more exponentials: logaddexp of positive ones, log1mexp of a difference."""
    parts = exponentials(rewriter.views, value)
    if parts is None or len(parts) < 2:
        return _mixed_sum(rewriter, value)
    dtype = value.type.dtype
    if all(part.coefficient > 0 for part in parts):
        return _of_positive(parts, value)
    if len(parts) != 2 or not build.available("log1mexp"):
        return None
    positive, negative = sorted(parts, key=lambda part: -part.coefficient)
    if positive.coefficient < 0:
        return None
    gap = written(difference(negative, positive), dtype)
    rest = build.call("log1mexp", gap)
    return build.write_sum(
        add_sums(Sum({rest: 1.0}), shifted(positive.exponent, positive.coefficient)), dtype
    )


def _of_positive(parts: list[Exponential], value: Value) -> Value | None:
    """softplus for a constant and an exponential, else logaddexp of one after the other."""
    dtype = value.type.dtype
    listed = ordered(parts)
    if len(listed) == 2:
        first, second = listed
        gap = written(difference(first, second), dtype)
        rest = build.call("softplus", gap)
        if second.is_constant:
            offset = math.log(second.coefficient)
            return build.write_sum(Sum({rest: 1.0}, offset), dtype)
    if not build.available("logaddexp"):
        return None
    logs = [written(shifted(part.exponent, part.coefficient), dtype) for part in listed]
    result = logs[0]
    for following in logs[1:]:
        result = build.call("logaddexp", result, following)
    return result


def _mixed_sum(rewriter: Rewriter, value: Value) -> Value | None:
    """log of positive terms of which some are exponentials times something: logaddexp of their logarithms."""
    views = rewriter.views
    summed = views.sum(value)
    if len(summed.terms) + bool(summed.constant) not in (2, 3) or summed.constant < 0:
        return None
    terms = list(summed.terms.items())
    if any(coefficient <= 0 or not views.nonnegative(term) for term, coefficient in terms):
        return None
    if not build.available("logaddexp") or not any(_grows(rewriter, term) for term, _ in terms):
        return None
    logs = [_plus(_logarithm(rewriter, term), math.log(coefficient)) for term, coefficient in terms]
    if summed.constant:
        logs.append(build.number(math.log(summed.constant), value.type.dtype))
    result = logs[0]
    for following in logs[1:]:
        result = build.call("logaddexp", result, following)
    return result


def _plus(value: Value, constant: float) -> Value:
    return build.call("add", value, build.number(constant, value.type.dtype)) if constant else value


def _grows(rewriter: Rewriter, value: Value) -> bool:
    """Whether an exponential is a factor: the value may overflow where its logarithm does not."""
    factors = rewriter.views.product(value).factors
    return any(rewriter.views.name(factor) in ("exp", "softmax", "erfc", "cosh") for factor in factors)


def _product(rewriter: Rewriter, value: Value) -> Value | None:
    """log of a product: the sum of logarithms of the sizes, NaN where the product is negative."""
    product = rewriter.views.product(value)
    if product.is_single or not product.factors:
        return None
    if len(product.factors) == 1 and next(iter(product.factors.values())) == 1.0:
        return _of_multiple(rewriter, next(iter(product.factors)), product, value)
    ratio = _close_ratio(rewriter, product)
    if ratio is not None:
        return ratio
    improved = any(_grows(rewriter, f) or better(rewriter, f) is not None for f in product.factors)
    return _of_factors(rewriter, product, value) if improved else None


def _plain_product(rewriter: Rewriter, value: Value) -> Value | None:
    """The same for factors whose logarithms are nothing better: worth it for derivatives, not for values."""
    product = rewriter.views.product(value)
    several = len(product.factors) > 1 or any(power != 1.0 for power in product.factors.values())
    return _of_factors(rewriter, product, value) if several and not product.is_single else None


def _of_multiple(rewriter: Rewriter, factor: Value, product: Product, value: Value) -> Value | None:
    """log(c * f) where f has a better logarithm than log(f)."""
    if product.coefficient <= 0:
        return None
    inner = better(rewriter, factor)
    if inner is None:
        return None
    restricted = build.write_sum(Sum({inner: 1.0}, math.log(product.coefficient)), value.type.dtype)
    return restricted


def _of_factors(rewriter: Rewriter, product: Product, value: Value) -> Value | None:
    views, dtype = rewriter.views, value.type.dtype
    unknown = [
        factor
        for factor, power in product.factors.items()
        if not even(power) and not views.nonnegative(factor)
    ]
    summed, tested = Sum({}, math.log(abs(product.coefficient))), []
    flipped = product.coefficient < 0
    if flipped and not unknown:
        return None
    guarded = len(unknown) > 1
    for factor, power in product.factors.items():
        signless = even(power) and not views.nonnegative(factor)
        if factor in unknown and guarded and power.is_integer():
            tested.append(factor)
            signless = True
        argument = factor
        if flipped and factor in unknown and not guarded:
            argument = build.negative(factor)
        logarithm = _log_size(rewriter, factor) if signless else _logarithm(rewriter, argument)
        summed = add_sums(summed, Sum({logarithm: power}))
    result = build.write_sum(summed, dtype)
    return _guarded(tested, flipped, result) if tested else result


def _log_size(rewriter: Rewriter, factor: Value) -> Value:
    """log|f|, by log1p where f is 1 + u > 0."""
    summed = rewriter.views.sum(factor)
    size = build.call("absolute", factor)
    if summed.constant != 1.0 or not summed.terms:
        return _logarithm(rewriter, size)
    zero = build.number(0.0, factor.type.dtype)
    positive = build.call("greater", factor, zero)
    rest = written(Sum(summed.terms), factor.type.dtype)
    return build.where(
        positive, build.call("log1p", build.where(positive, rest, zero)), build.call("log", size)
    )


def _guarded(tested: list[Value], flipped: bool, result: Value) -> Value:
    """NaN where the product of the signs is negative."""
    sign = build.call("sign", tested[0])
    for factor in tested[1:]:
        sign = build.call("multiply", sign, build.call("sign", factor))
    return build.where_negative(build.negative(sign) if flipped else sign, result)


def _close_ratio(rewriter: Rewriter, product: Product) -> Value | None:
    """log(a / b) where a - b is simpler than either: log1p((a - b) / b) does not cancel."""
    if (
        len(product.factors) != 2
        or product.coefficient != 1.0
        or sorted(product.factors.values()) != [-1.0, 1.0]
    ):
        return None
    upper, lower = sorted(product.factors, key=lambda factor: -product.factors[factor])
    return log_of_ratio(rewriter, upper, lower, guard=False)


def log_of_ratio(rewriter: Rewriter, upper: Value, lower: Value, *, guard: bool) -> Value | None:
    """log(upper / lower) by log1p of their difference, if that is a number.

    guard: NaN where both are negative, as log(upper) - log(lower) is.
    """
    views = rewriter.views
    gap = add_sums(views.sum(upper), views.sum(lower), -1.0)
    if gap.terms or not gap.constant or not views.sum(lower).terms:
        return None
    dtype = upper.type.dtype
    if gap.constant > 0:
        result = derived("log_ratio", lower, build.number(gap.constant, dtype))
        return build.where_negative(lower, result) if guard else result
    result = build.negative(derived("log_ratio", upper, build.number(-gap.constant, dtype)))
    return build.where_negative(upper, result) if guard else result


def _reduction(rewriter: Rewriter, value: Value) -> Value | None:
    owner = rewriter.views.equation(value)
    if owner is None:
        return None
    operand = owner.inputs[0] if owner.inputs else value
    if isinstance(owner.op, Reduce) and owner.op.kind == "sum":
        return _of_reduced_sum(rewriter, operand, owner.op.axes)
    if isinstance(owner.op, Reduce) and owner.op.kind == "prod" and dtypes.is_float(operand.type.dtype):
        return _of_reduced_product(rewriter, operand, owner.op.axes)
    if owner.op.name == "det":
        from croton.ops.linear_algebra.determinant import slogdet

        sign, logarithm = slogdet(operand)
        return build.where_negative(sign, logarithm)
    return None


def _of_reduced_sum(rewriter: Rewriter, operand: Value, axes: tuple[int, ...]) -> Value | None:
    """log(sum(f)) = logsumexp(log(f)) where exponentials are factors of f >= 0."""

    views = rewriter.views
    positive = views.nonnegative(operand)
    if not _grows(rewriter, operand) and not (positive and exponentials(views, operand) is not None):
        return None
    if views.nonnegative(operand):
        logarithm = better(rewriter, operand)
        return None if logarithm is None else build.applied(LogSumExp(axes), logarithm)
    return _of_weighted_sum(rewriter, operand, axes)


def _of_weighted_sum(rewriter: Rewriter, operand: Value, axes: tuple[int, ...]) -> Value | None:
    """log(sum(w exp(x))) = m + log(sum(w exp(x - m))), m = max(x), for weights w of any sign."""
    from croton.ops.reduction import max as max_over
    from croton.ops.reduction import restore_axes

    views, dtype = rewriter.views, operand.type.dtype
    product = views.product(operand)
    exponent = Sum({})
    weights = dict(product.factors)
    for factor, power in product.factors.items():
        operands = views.operands(factor, "exp")
        if operands is not None:
            exponent = add_sums(exponent, views.sum(operands[0]), power)
            del weights[factor]
    if not exponent.terms:
        return None
    argument = build.broadcast(written(exponent, dtype), operand)
    if any(views.name(term) == "reduce_max" or _behind(views, term, "reduce_max") for term in exponent.terms):
        return None
    largest = max_over(argument, axes)
    finite = build.where(build.call("isfinite", largest), largest, build.number(0.0, dtype))
    spread = restore_axes(finite, axes)
    small = build.call("exp", build.call("subtract", argument, spread))
    weight = build.write_product(Product(weights, product.coefficient, product.restricted), dtype)
    total = sum_over(build.call("multiply", weight, small), axes)
    return build.call("add", finite, build.call("log", total))


def _behind(views: object, value: Value, name: str) -> bool:
    """Whether a value is this operation's result reshaped, or chosen by where."""
    owner = value.owner
    while owner is not None and owner.op.name in ("reshape", "broadcast_to", "where"):
        if owner.op.name == "where":
            return any(_behind(views, operand, name) for operand in owner.inputs[1:])
        owner = owner.inputs[0].owner
    return owner is not None and owner.op.name == name


def _of_reduced_product(rewriter: Rewriter, operand: Value, axes: tuple[int, ...]) -> Value | None:
    """log(prod(x)) = sum(log|x|), NaN where the product is negative."""
    if rewriter.views.nonnegative(operand):
        result: Value = sum_over(_logarithm(rewriter, operand), axes)
        return result
    from croton.ops.reduction import prod

    total: Value = sum_over(build.call("log", build.call("absolute", operand)), axes)
    return build.where_negative(prod(build.call("sign", operand), axes), total)


def _view(rewriter: Rewriter, value: Value) -> Value | None:
    """Reshaping, transposing and stretching come after the logarithm."""
    owner = rewriter.views.equation(value)
    if owner is None or owner.op.name not in ("reshape", "transpose", "broadcast_to", "slice"):
        return None
    inner = better(rewriter, owner.inputs[0])
    return None if inner is None else build.applied(owner.op, build.broadcast(inner, owner.inputs[0]))


def _choice(rewriter: Rewriter, value: Value) -> Value | None:
    """log(where(c, a, b)) = where(c, log(a), log(b)) where that helps."""
    operands = rewriter.views.operands(value, "where")
    if operands is None:
        return None
    condition, chosen, other = operands
    first, second = better(rewriter, chosen), better(rewriter, other)
    if first is None and second is None:
        return None
    if not (rewriter.views.nonnegative(chosen) or isinstance(other, Constant) or first is not None):
        return None
    return build.where(
        condition,
        first if first is not None else build.call("log", chosen),
        second if second is not None else build.call("log", other),
    )


def _root(apply: Callable[[Rewriter, Value], Value | None]) -> Callable[[Rewriter, Value], Value | None]:
    """A rule at `log` from one that gets its argument."""

    def at_logarithm(rewriter: Rewriter, value: Value) -> Value | None:
        if not dtypes.is_float(value.type.dtype):
            return None
        return apply(rewriter, owner_of(value).inputs[0])

    return at_logarithm


def _log_rule(
    name: str,
    reason: str,
    apply: Callable[[Rewriter, Value], Value | None],
    example: str,
    low: float = 0.3,
    high: float = 2.0,
) -> Rule:
    return Rule(name, reason, frozenset(("log",)), _root(apply), example, low, high)


def _log_of_log1p_argument(rewriter: Rewriter, value: Value) -> Value | None:
    """log1p(u) as log(1 + u) where that is a sum of exponentials."""
    if not dtypes.is_float(value.type.dtype):
        return None
    operand = owner_of(value).inputs[0]
    parts = exponentials(rewriter.views, operand)
    if parts is None or any(part.is_constant for part in parts):
        return None
    one = build.number(1.0, value.type.dtype)
    return _sum(rewriter, build.call("add", operand, one))


def _difference_of_logs(rewriter: Rewriter, value: Value) -> Value | None:
    """k log(a) - k log(b) where a - b is a number."""
    views = rewriter.views
    summed = views.sum(value)
    logs = [
        (term, coefficient)
        for term, coefficient in summed.terms.items()
        if views.name(term) in ("log", "log1p")
    ]
    for first, weight in logs:
        for second, other in logs:
            if weight <= 0 or other != -weight:
                continue
            result = log_of_ratio(
                rewriter, _log_argument(rewriter, first), _log_argument(rewriter, second), guard=True
            )
            if result is None:
                continue
            rest = {term: c for term, c in summed.terms.items() if term is not first and term is not second}
            return build.write_sum(
                add_sums(Sum(rest, summed.constant), Sum({result: weight})), value.type.dtype
            )
    return None


def _log_argument(rewriter: Rewriter, logarithm: Value) -> Value:
    operand = owner_of(logarithm).inputs[0]
    if rewriter.views.name(logarithm) == "log":
        return operand
    return build.call("add", operand, build.number(1.0, operand.type.dtype))


def _log1p_of_square(rewriter: Rewriter, argument: Value) -> Value | None:
    """log(c + x^2), c > 0."""
    from croton.rewrite.powers import norm_of

    views = rewriter.views
    summed = views.sum(argument)
    if len(summed.terms) != 1 or summed.constant <= 0:
        return None
    ((term, coefficient),) = summed.terms.items()
    operands = views.operands(term, "square")
    base = operands[0] if operands is not None else norm_of(rewriter, term)
    if base is None or coefficient <= 0:
        return None
    inner = build.scaled(base, math.sqrt(coefficient / summed.constant))
    result = Sum({derived("log1p_square", inner): 1.0}, math.log(summed.constant))
    return build.write_sum(result, argument.type.dtype)


def _other_base(rewriter: Rewriter, value: Value) -> Value | None:
    """log2 and log10 by the natural logarithm, where that is better."""
    owner = owner_of(value)
    if not dtypes.is_float(value.type.dtype):
        return None
    result = better(rewriter, owner.inputs[0])
    unit = math.log(2.0) if owner.op.name == "log2" else math.log(10.0)
    return None if result is None else build.scaled(result, 1.0 / unit)


LOGARITHMS: tuple[Rule, ...] = (
    _log_rule(
        "log-of-exp", "log(exp(x)) is x, also where exp(x) overflows", _exponential, "log(exp(x))", -3, 3
    ),
    _log_rule(
        "log-of-named-function",
        "log of sigmoid, softmax, erfc, cosh, x + sqrt(x**2 + 1): functions of their own, right far out",
        _named,
        "log(sigmoid(x))",
        -3,
        3,
    ),
    formula(
        "log-of-arctanh",
        "log((1 + x) / (1 - x))",
        "2 * arctanh(x)",
        "accurate for small x",
        low=-0.9,
        high=0.9,
    ),
    formula(
        "log-of-arccosh",
        "log(x + sqrt((x - 1) * (x + 1)))",
        "arccosh(x)",
        "no overflow of x**2; accurate near 1",
        low=1.1,
    ),
    _log_rule(
        "log-of-sum-of-exponentials",
        "log(exp(a) + exp(b)) is logaddexp, log(1 + exp(x)) softplus, log(exp(a) - exp(b)) by log1mexp",
        _sum,
        "log(1 + exp(x))",
        -3,
        3,
    ),
    _log_rule(
        "log-of-reduction",
        "log(sum(exp(x))) is logsumexp(x); log(prod(x)) is sum(log(x)); log(det(A)) by slogdet",
        _reduction,
        "log(sum(exp(x)))",
        -3,
        3,
    ),
    _log_rule(
        "log-of-squares",
        "log(sum(x**2)) is 2 log(norm(x)), log(x**2 + y**2) is 2 log(hypot(x, y)): the squares may overflow",
        _squares,
        "log(x**2 + y**2)",
    ),
    _log_rule(
        "log-of-size",
        "log|det(A)| by slogdet, log|x y| is log|x| + log|y|",
        _absolute,
        "log(absolute(x * y))",
    ),
    _log_rule(
        "log-of-product",
        "log(exp(x) * y) is x + log(y): the product may overflow, its logarithm does not",
        _product,
        "log(exp(x) * y)",
    ),
    _log_rule(
        "log-of-plain-product",
        "log(x * y / z**n) is log|x| + log|y| - n log|z|: its derivative meets no overflow",
        _plain_product,
        "log(x * y)",
    ),
    _log_rule(
        "log-of-view",
        "the logarithm of what is reshaped is found first",
        _view,
        "log(reshape(exp(x), (3, 1)))",
    ),
    _log_rule(
        "log-of-choice",
        "log(where(c, a, b)) takes each logarithm in its best form",
        _choice,
        "log(where(x > 1, exp(x), sigmoid(x)))",
    ),
    _log_rule(
        "log-of-one-plus-square",
        "log(1 + x**2) with a derivative that does not overflow",
        _log1p_of_square,
        "log(1 + x**2)",
    ),
    formula("log-of-one-plus", "log(1 + x)", "log1p(x)", "accurate for small x"),
    formula(
        "log1p-of-sigmoid",
        "log1p(-sigmoid(x))",
        "-softplus(x)",
        "finite where the sigmoid rounds to 1",
        low=-3,
    ),
    Rule(
        "logarithm-to-another-base",
        "log2 and log10 of what has a better logarithm",
        frozenset(("log2", "log10")),
        _other_base,
        "log2(1 + exp(x))",
        -3,
        3,
    ),
    Rule(
        "log1p-of-exponentials",
        "log1p(exp(x)) is softplus(x), log1p(-exp(x)) log1mexp(x)",
        frozenset(("log1p",)),
        _log_of_log1p_argument,
        "log1p(exp(x))",
        -3,
        3,
    ),
    Rule(
        "difference-of-logs",
        "log(x + c) - log(x) is log1p(c / x)",
        frozenset(("subtract", "add")),
        _difference_of_logs,
        "log(x + 1) - log(x)",
        any_of=frozenset(["log", "log1p"]),
    ),
)

"""Quotients: sigmoids, hyperbolic functions and softmax written out, and others with stable derivatives."""

from __future__ import annotations

import math

from croton.graph import dtypes
from croton.graph.dtypes import DType
from croton.graph.values import Value, owner_of
from croton.ops.reduction import Reduce, restore_axes
from croton.ops.reduction import sum as sum_over
from croton.ops.shape import Reshape
from croton.ops.softmax import LogSoftmax, LogSumExp, Softmax
from croton.rewrite import build
from croton.rewrite.derived import derived
from croton.rewrite.engine import Rewriter, Rule, formula
from croton.rewrite.exponentials import Exponential, difference, exponentials, written
from croton.rewrite.views import Product, Sum, Views, add_sums, multiply_products, scaled_sum

QUOTIENTS = frozenset(("divide", "multiply", "power", "reciprocal"))


def _exponent_of(rewriter: Rewriter, product: Product) -> tuple[Sum, Product]:
    """A product as exp(sum) * rest."""
    exponent, rest = Sum({}), dict(product.factors)
    for factor, power in product.factors.items():
        operands = rewriter.views.operands(factor, "exp")
        if operands is not None:
            exponent = add_sums(exponent, rewriter.views.sum(operands[0]), power)
            del rest[factor]
    return exponent, Product(rest, product.coefficient, product.restricted)


def _same(left: Sum, right: Sum) -> bool:
    gap = add_sums(left, right, -1.0)
    return not gap.terms and abs(gap.constant) <= 1e-15 * max(1.0, abs(left.constant))


def _denominators(rewriter: Rewriter, product: Product) -> list[tuple[Value, list[Exponential]]]:
    """Factors in the denominator that are sums of positive exponentials."""
    found = []
    for factor, power in product.factors.items():
        if power > -1.0 or not rewriter.views.name(factor):
            continue
        parts = exponentials(rewriter.views, factor)
        if parts is not None and len(parts) == 2 and all(part.coefficient > 0 for part in parts):
            found.append((factor, parts))
    return found


def _hyperbolic_tangent(rewriter: Rewriter, value: Value) -> Value | None:
    """(exp(a) - exp(b)) / (exp(a) + exp(b)) = tanh((a - b) / 2)."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for below, (first, second) in _denominators(rewriter, product):
        for above, power in product.factors.items():
            if power < 1.0:
                continue
            parts = exponentials(views, above)
            if parts is None or len(parts) != 2 or parts[0].coefficient * parts[1].coefficient >= 0:
                continue
            if not _same(difference(*parts), difference(first, second)):
                if not _same(difference(*parts), difference(second, first)):
                    continue
                first, second = second, first
            if not _same(parts[0].exponent, first.exponent):
                continue
            half = scaled_sum(difference(first, second), 0.5)
            tangent = build.call("tanh", written(half, dtype))
            scale = parts[0].coefficient / first.coefficient
            rest = multiply_products(product, Product({above: 1.0, below: -1.0}), -1.0)
            return build.write_product(multiply_products(rest, Product({tangent: 1.0}, scale)), dtype)
    return None


def _sigmoid(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(a) / (exp(a) + exp(b)) = sigmoid(a - b); the numerator may be the constant 1."""
    dtype = value.type.dtype
    product = rewriter.views.product(value)
    if not dtypes.is_float(dtype):
        return None
    for below, parts in _denominators(rewriter, product):
        exponent, rest = _exponent_of(rewriter, product)
        for chosen, other in (parts, parts[::-1]):
            if not _same(exponent, chosen.exponent):
                continue
            sigmoid = build.call("sigmoid", written(difference(chosen, other), dtype))
            rest = multiply_products(rest, Product({below: 1.0}))
            scale = Product({sigmoid: 1.0}, 1.0 / chosen.coefficient)
            return build.write_product(multiply_products(rest, scale), dtype)
        secant = _secant(rewriter, below, parts)
        if secant is not None and not exponent.terms:
            rest = multiply_products(rest, Product({below: 1.0}))
            return build.write_product(multiply_products(rest, secant), dtype)
    return None


def _secant(rewriter: Rewriter, below: Value, parts: list[Exponential]) -> Product | None:
    """1 / (c exp(a) + c exp(-a)) = sech(a) / (2 c)."""
    first, second = parts
    if first.coefficient != second.coefficient or not _same(
        first.exponent, scaled_sum(second.exponent, -1.0)
    ):
        return None
    operands = rewriter.views.operands(below, "cosh")
    argument = operands[0] if operands is not None else written(first.exponent, below.type.dtype)
    return Product({derived("sech", argument): 1.0}, 0.5 / first.coefficient)


def _softmax(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(x) / sum(exp(x))."""
    views = rewriter.views
    product = views.product(value)
    exponent, rest = _exponent_of(rewriter, product)
    if not exponent.terms:
        return None
    for factor, power in rest.factors.items():
        if power > -1.0:
            continue
        found = _normalizer(rewriter, factor)
        if found is None:
            continue
        summand, axes = found
        inner = views.product(summand)
        inner_exponent, inner_rest = _exponent_of(rewriter, inner)
        if not inner_exponent.terms or not _same(exponent, inner_exponent):
            continue
        weights = {f: p for f, p in inner_rest.factors.items() if rest.factors.get(f) != p}
        if weights or (inner_rest.factors and not all(views.nonnegative(f) for f in inner_rest.factors)):
            continue
        argument = written(exponent, value.type.dtype)
        for weight, weight_power in inner_rest.factors.items():
            logarithm = build.scaled(build.call("log", weight), weight_power)
            argument = build.call("add", argument, logarithm)
        if argument.type.shape != summand.type.shape:
            argument = build.broadcast(argument, summand)
        soft = build.applied(Softmax(axes), argument)
        remaining = multiply_products(
            rest, Product({**inner_rest.factors, factor: -1.0}, inner_rest.coefficient), -1.0
        )
        return build.write_product(multiply_products(remaining, Product({soft: 1.0})), value.type.dtype)
    return None


def _weighted_mean(rewriter: Rewriter, value: Value) -> Value | None:
    """sum(f exp(x)) / sum(g exp(x)) over the same axes: the quotient moves into the sum above."""
    views = rewriter.views
    product = views.product(value)
    sums = [(f, p) for f, p in product.factors.items() if abs(p) >= 1 and views.name(f) == "reduce_sum"]
    for above, power in sums:
        for below, other in sums:
            if power < 1 or other > -1:
                continue
            upper, lower = views.equation(above), views.equation(below)
            if upper is None or lower is None or upper.op != lower.op or not isinstance(upper.op, Reduce):
                continue
            exponents = [
                _exponent_of(rewriter, views.product(owner.inputs[0]))[0] for owner in (upper, lower)
            ]
            if not exponents[1].terms or not _same(*exponents):
                continue
            if upper.inputs[0].type.shape != lower.inputs[0].type.shape:
                continue
            share = build.call("divide", upper.inputs[0], restore_axes(below, upper.op.axes))
            made: Value = sum_over(share, upper.op.axes)
            rest = multiply_products(product, Product({above: 1.0, below: -1.0}), -1.0)
            return build.write_product(multiply_products(rest, Product({made: 1.0})), value.type.dtype)
    return None


def _exponential_over_sum(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(a) * sum(exp(x))**p = exp(a + p * logsumexp(x))."""
    from croton.rewrite.logarithms import better

    views = rewriter.views
    product = views.product(value)
    exponent, rest = _exponent_of(rewriter, product)
    if not exponent.terms:
        return None
    for factor, power in rest.factors.items():
        inner = factor
        owner = views.equation(factor)
        while owner is not None and owner.op.name == "reshape":
            inner = owner.inputs[0]
            owner = views.equation(inner)
        if views.name(inner) != "reduce_sum" or _normalizer_exponent(rewriter, inner) is None:
            continue
        logarithm = better(rewriter, factor)
        if logarithm is None or power * 2 != int(power * 2):
            continue
        whole = add_sums(exponent, Sum({logarithm: power}))
        made = build.call("exp", written(whole, value.type.dtype))
        remaining = multiply_products(rest, Product({factor: power}), -1.0)
        return build.write_product(multiply_products(remaining, Product({made: 1.0})), value.type.dtype)
    return None


def _normalizer_exponent(rewriter: Rewriter, value: Value) -> Sum | None:
    """The exponent of the exponentials that a value is a sum of."""
    summand = owner_of(value).inputs[0]
    exponent, _ = _exponent_of(rewriter, rewriter.views.product(summand))
    return exponent if exponent.terms else None


_RELATIVE = {
    "expm1": "exprel",
    "sin": "sinc_unnormalized",
    "sinh": "sinhc",
    "log1p": "log1prel",
    "tan": "",
    "tanh": "",
}


def _relative(rewriter: Rewriter, value: Value) -> Value | None:
    """f(u) = f(u) / u * u for f that vanishes at 0, where u then cancels against something."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    if not dtypes.is_float(dtype):
        return None
    found = {f: p for f, p in product.factors.items() if views.name(f) in _RELATIVE and abs(p) >= 1}
    for factor, power in found.items():
        sign = math.copysign(1.0, power)
        argument = views.product(owner_of(factor).inputs[0])
        for other, total in product.factors.items():
            if other is factor or total * sign > 0:
                continue
            if other in found:
                inner = views.product(owner_of(other).inputs[0])
                if inner.factors != argument.factors or not inner.factors:
                    continue
            elif not argument.factors.get(other, 0.0) > 0 or abs(total) < abs(argument.factors[other]):
                continue
            return _made_relative(product, {f: found[f] for f in (factor, other) if f in found}, views, dtype)
    return None


def _made_relative(
    product: Product, replaced: dict[Value, float], views: Views, dtype: DType
) -> Value | None:
    for factor, power in replaced.items():
        sign = math.copysign(1.0, power)
        operand = owner_of(factor).inputs[0]
        name = views.name(factor)
        if name == "tan":
            made = Product(
                {build.call("sinc_unnormalized", operand): sign, build.call("cos", operand): -sign}
            )
        elif name == "tanh":
            made = Product({derived("tanhc", operand): sign})
        else:
            made = Product({build.call(_RELATIVE[name], operand): sign})
        product = multiply_products(product, Product({factor: sign}), -1.0)
        product = multiply_products(multiply_products(product, made), views.product(operand), sign)
    return build.write_product(product, dtype)


def _normalizer(rewriter: Rewriter, value: Value) -> tuple[Value, tuple[int, ...]] | None:
    """The summand and the axes of a sum that lines up with its summand when the two meet."""
    owner = rewriter.views.equation(value)
    shape: tuple[object, ...] | None = None
    if owner is not None and isinstance(owner.op, Reshape):
        shape = owner.op.shape
        owner = rewriter.views.equation(owner.inputs[0])
    if owner is None or not isinstance(owner.op, Reduce) or owner.op.kind != "sum":
        return None
    summand, axes = owner.inputs[0], owner.op.axes
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(summand.type.shape))
    if shape is None:
        leading = axes == tuple(range(len(axes)))
        return (summand, axes) if leading else None
    while len(shape) < len(kept) and kept[0] == 1 and 0 in axes:
        shape = (1, *shape)
    return (summand, axes) if shape == kept else None


def _log_softmax(rewriter: Rewriter, value: Value) -> Value | None:
    """k x - k logsumexp(x) = k log_softmax(x)."""

    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    for term, weight in summed.terms.items():
        owner = views.equation(term)
        shape: tuple[object, ...] | None = None
        if owner is not None and isinstance(owner.op, Reshape):
            shape = owner.op.shape
            owner = views.equation(owner.inputs[0])
        if owner is None or not isinstance(owner.op, LogSumExp):
            continue
        operand, axes = owner.inputs[0], owner.op.axes
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(operand.type.shape))
        if shape != kept and not (shape is None and axes == tuple(range(len(axes)))):
            continue
        inner = scaled_sum(views.sum(operand), -weight)
        if not inner.terms or any(not _close(summed.terms.get(t, 0.0), c) for t, c in inner.terms.items()):
            continue
        made = build.applied(LogSoftmax(axes), operand)
        rest = {t: c for t, c in summed.terms.items() if t is not term and t not in inner.terms}
        remaining = Sum(rest, summed.constant - inner.constant)
        return build.write_sum(add_sums(Sum({made: -weight}), remaining), dtype)
    return None


def _close(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-15 * abs(right)


def _softplus_of_labels(rewriter: Rewriter, value: Value) -> Value | None:
    """softplus(x) - w x = (1 - w) softplus(x) + w softplus(-x): sigmoid(x) - w cancels at w = 1."""
    views, dtype = rewriter.views, value.type.dtype
    summed = views.sum(value)
    for term, weight in summed.terms.items():
        operands = views.operands(term, "softplus")
        if operands is None or weight <= 0:
            continue
        argument = views.product(operands[0])
        for labelled, other in summed.terms.items():
            if labelled is term or other * weight >= 0:
                continue
            product = views.product(labelled)
            if any(product.factors.get(f, 0.0) < p or p < 0 for f, p in argument.factors.items()):
                continue
            rest = multiply_products(product, argument, -1.0)
            label = build.write_product(Product(rest.factors, -other / weight * rest.coefficient), dtype)
            number = views.number(label)
            if number is not None and not 0 < number < 1:
                continue
            loss = _cross_entropy(operands[0], term, label)
            remaining = {t: c for t, c in summed.terms.items() if t is not term and t is not labelled}
            return build.write_sum(add_sums(Sum({loss: weight}), Sum(remaining, summed.constant)), dtype)
    return None


def _cross_entropy(logit: Value, softplus: Value, label: Value) -> Value:
    one = build.number(1.0, label.type.dtype)
    other = build.call("softplus", build.negative(logit))
    against = build.call("multiply", build.call("subtract", one, label), softplus)
    return build.call("add", against, build.call("multiply", label, other))


def _fraction(rewriter: Rewriter, value: Value) -> Value | None:
    """x / (x + y), x / (|x| + c), whose derivatives cancel in the quotient rule."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    if not dtypes.is_float(dtype):
        return None
    for below, power in product.factors.items():
        if power > -1.0 or views.name(below) not in ("add", "subtract"):
            continue
        summed = views.sum(below)
        if len(summed.terms) + bool(summed.constant) < 2:
            continue
        for term, weight in summed.terms.items():
            replaced = _fraction_of(rewriter, product, summed, term, weight)
            if replaced is None:
                continue
            rest = multiply_products(product, Product({below: -1.0}), -1.0)
            return build.write_product(multiply_products(rest, replaced), dtype)
    return None


def _fraction_of(
    rewriter: Rewriter, product: Product, summed: Sum, term: Value, weight: float
) -> Product | None:
    """The quotient of a term of the denominator, which must also be in the numerator, as a product."""
    views, dtype = rewriter.views, term.type.dtype
    rest = Sum({t: c for t, c in summed.terms.items() if t is not term}, summed.constant)
    operands = views.operands(term, "absolute")
    if operands is not None and product.factors.get(operands[0], 0.0) >= 1.0:
        offset = rest.constant / weight
        if rest.terms or offset <= 0:
            return None
        made = derived("softsign_offset", operands[0], parameter=offset)
        return Product({made: 1.0, operands[0]: -1.0}, 1.0 / weight)
    whole = views.product(term)
    if whole.restricted or any(product.factors.get(f, 0.0) * p < p * p for f, p in whole.factors.items()):
        return None
    if rest.terms and any(views.name(t) in ("exp", "expm1") for t in (term, *rest.terms)):
        return None
    other = rewriter.matcher.written(scaled_sum(rest, 1.0 / weight), dtype)
    inverse = {factor: -exponent for factor, exponent in whole.factors.items()}
    return Product({derived("fraction", term, other): 1.0, **inverse}, 1.0 / (weight * whole.coefficient))


def _scaled_complement(rewriter: Rewriter, value: Value) -> Value | None:
    """exp(a) erfc(b)^p with a = p b^2 is erfcx(b)^p: neither factor overflows or underflows."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    if not build.available("erfcx"):
        return None
    exponent, rest = _exponent_of(rewriter, product)
    if not exponent.terms:
        return None
    for factor, power in rest.factors.items():
        operands = views.operands(factor, "erfc")
        if operands is None:
            continue
        inner = views.product(operands[0])
        for term, weight in exponent.terms.items():
            squared = views.product(term)
            if {f: p * 2 for f, p in inner.factors.items()} != dict(squared.factors):
                continue
            ratio = weight * squared.coefficient / inner.coefficient**2
            taken = math.copysign(1.0, power) if abs(power) >= 1 else 0.0
            if not taken or abs(ratio - taken) > 1e-14:
                continue
            scaled = build.call("erfcx", operands[0])
            left = Sum({t: c for t, c in exponent.terms.items() if t is not term}, exponent.constant)
            remaining = multiply_products(rest, Product({factor: taken}), -1.0)
            if left.terms or left.constant:
                outside = build.call("exp", written(left, dtype))
                remaining = multiply_products(remaining, Product({outside: 1.0}))
            return build.write_product(multiply_products(remaining, Product({scaled: taken})), dtype)
    return None


def _reciprocal_of_two(rewriter: Rewriter, value: Value) -> Value | None:
    """1 / (1 + 1 / x) = x / (x + 1) and 1 / (1 / x + 1 / y), right also at 0."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for below, power in product.factors.items():
        if power > -1.0 or views.name(below) not in ("add", "subtract"):
            continue
        summed = views.sum(below)
        parts = [(views.product(term), weight) for term, weight in summed.terms.items()]
        if len(parts) + bool(summed.constant) != 2 or any(len(part.factors) != 1 for part, _ in parts):
            continue
        if any(
            next(iter(part.factors.values())) != -1.0 or weight * part.coefficient <= 0
            for part, weight in parts
        ):
            continue
        # c / x is 1 / (x / c)
        operands = [build.scaled(next(iter(p.factors)), 1.0 / (w * p.coefficient)) for p, w in parts]
        if summed.constant > 0:
            shift = build.number(1.0 / summed.constant, dtype)
            made = derived("fraction", operands[0], shift)
            replaced = Product({made: 1.0}, 1.0 / summed.constant)
        elif not summed.constant:
            replaced = Product({derived("parallel", *operands): 1.0})
        else:
            continue
        rest = multiply_products(product, Product({below: -1.0}), -1.0)
        return build.write_product(multiply_products(rest, replaced), dtype)
    return None


def _component(rewriter: Rewriter, value: Value) -> Value | None:
    """x / hypot(x, y), whose derivative in the quotient rule cancels for x much larger than y."""
    views, dtype = rewriter.views, value.type.dtype
    product = views.product(value)
    for below, power in product.factors.items():
        operands = views.operands(below, "hypot")
        if operands is None or power > -1.0:
            continue
        for argument, other in (operands, operands[::-1]):
            whole = views.product(argument)
            if not whole.factors or any(
                product.factors.get(f, 0.0) * p < p * p for f, p in whole.factors.items()
            ):
                continue
            taken = multiply_products(Product({below: -1.0}), whole)
            rest = multiply_products(product, taken, -1.0)
            made = Product({derived("component", argument, other): 1.0})
            return build.write_product(multiply_products(rest, made), dtype)
    return None


def shift_invariant(rewriter: Rewriter, value: Value) -> Value | None:
    """softmax(x - m) = softmax(x) for m that does not vary along its axes: no need to subtract twice."""
    views = rewriter.views
    owner = owner_of(value)
    operand = owner.inputs[0]
    assert isinstance(owner.op, (Softmax, LogSoftmax))
    axes = owner.op.axes
    summed = views.sum(operand)
    if len(summed.terms) < 2:
        return None
    shape = operand.type.shape
    for term, weight in summed.terms.items():
        if weight != -1.0 or not _is_maximum(rewriter, term):
            continue
        aligned = (1,) * (len(shape) - term.type.rank) + term.type.shape
        if all(aligned[axis] == 1 for axis in axes):
            rest = Sum({t: c for t, c in summed.terms.items() if t is not term}, summed.constant)
            argument = build.broadcast(written(rest, operand.type.dtype), operand)
            return build.applied(owner.op, argument)
    return None


def _is_maximum(rewriter: Rewriter, value: Value) -> bool:
    owner = rewriter.views.equation(value)
    while owner is not None and owner.op.name in ("reshape", "broadcast_to"):
        owner = rewriter.views.equation(owner.inputs[0])
    return owner is not None and owner.op.name == "reduce_max"


RATIOS: tuple[Rule, ...] = (
    Rule(
        "tanh-by-exponentials",
        "(exp(x) - exp(-x)) / (exp(x) + exp(-x)), sinh(x) / cosh(x) and the like are tanh",
        QUOTIENTS,
        _hyperbolic_tangent,
        "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
        -2,
        any_of=frozenset(["exp", "expm1", "sinh", "exp_difference"]),
    ),
    Rule(
        "sigmoid-by-exponentials",
        "exp(a) / (exp(a) + exp(b)) is sigmoid(a - b), 1 / cosh(x) is sech(x): no overflow",
        QUOTIENTS,
        _sigmoid,
        "1 / (1 + exp(-x))",
        -3,
        3,
        any_of=frozenset(["add", "subtract", "cosh", "sinh", "exp", "multiply"]),
    ),
    Rule(
        "softmax",
        "exp(x) / sum(exp(x)) is softmax: no overflow",
        QUOTIENTS,
        _softmax,
        "exp(x) / sum(exp(x))",
        -3,
        3,
        any_of=frozenset(["exp"]),
    ),
    Rule(
        "log-softmax",
        "x - logsumexp(x) is log_softmax(x)",
        frozenset(("add", "subtract")),
        _log_softmax,
        "x - log(sum(exp(x)))",
        -3,
        3,
        any_of=frozenset(["logsumexp"]),
    ),
    Rule(
        "softmax-shift",
        "softmax does not change when its argument is shifted",
        frozenset(("softmax", "log_softmax")),
        shift_invariant,
        "softmax(x - max(x))",
    ),
    Rule(
        "cross-entropy-from-logits",
        "softplus(x) - w x is (1 - w) softplus(x) + w softplus(-x), whose gradient does not cancel",
        frozenset(("add", "subtract")),
        _softplus_of_labels,
        "softplus(x) - y * x",
        -2,
        any_of=frozenset(["softplus"]),
    ),
    Rule(
        "ratio-of-sums",
        "sum(f * exp(x)) / sum(exp(x)) is sum(f * softmax(x))",
        QUOTIENTS,
        _weighted_mean,
        "sum(x * exp(x)) / sum(exp(x))",
        -3,
        3,
        any_of=frozenset(["reduce_sum"]),
    ),
    Rule(
        "exponential-over-sum",
        "exp(a) / sum(exp(x)) is exp(a - logsumexp(x)): no overflow",
        QUOTIENTS,
        _exponential_over_sum,
        "exp(y) / sum(exp(x))",
        -3,
        3,
        any_of=frozenset(["exp"]),
    ),
    formula("hyperbolic-cotangent", "cosh(x) / sinh(x)", "1 / tanh(x)", "no overflow", inverse=False),
    formula("exp-over-expm1", "exp(x) / expm1(x)", "-bose(-x)", "no overflow", inverse=False),
    formula("argument-over-sinh", "x / sinh(x)", "over_sinh(x)", "the slope cannot overflow", inverse=False),
    formula("sigmoid-shift", "exp(x) * sigmoid(-x)", "sigmoid(x)", "no overflow", low=-2),
    formula("sigmoid-odds", "sigmoid(x) / sigmoid(-x)", "exp(x)", "the odds of a sigmoid", low=-2),
    formula(
        "bernoulli",
        "x / expm1(x)",
        "bernoulli(x)",
        "the slope near 0 and far out without cancellation or overflow",
        inverse=False,
    ),
    Rule(
        "relative-functions",
        "expm1(x) / x, sin(x) / x, log1p(x) / x and the like: functions with slopes by series near 0",
        QUOTIENTS,
        _relative,
        "sin(3 * x) / x",
        any_of=frozenset(["expm1", "sin", "sinh", "log1p", "tan", "tanh"]),
    ),
    formula(
        "sqrt1pm1-ratio",
        "sqrt1pm1(x) / x",
        "1 / (1 + sqrt(1 + x))",
        "the slope near 0 does not cancel",
        example="(sqrt(1 + x) - 1) / x",
    ),
    Rule(
        "scaled-erfc",
        "exp(x**2) * erfc(x) is erfcx(x); exp(-x**2) / erfc(x) its reciprocal",
        QUOTIENTS,
        _scaled_complement,
        "exp(x**2) * erfc(x)",
        any_of=frozenset(["erfc"]),
    ),
    Rule(
        "reciprocal-of-reciprocals",
        "1 / (1 + 1 / x) and 1 / (1 / x + 1 / y), right at 0 too",
        QUOTIENTS,
        _reciprocal_of_two,
        "1 / (1 / x + 1 / y)",
        any_of=frozenset(["add", "subtract"]),
    ),
    Rule(
        "fraction",
        "x / (x + y) with the slope y / (x + y)**2",
        QUOTIENTS,
        _fraction,
        "x / (1 + x)",
        any_of=frozenset(["add", "subtract"]),
    ),
    Rule(
        "component",
        "x / sqrt(x**2 + y**2) with the slope y**2 / hypot**3",
        QUOTIENTS,
        _component,
        "x / sqrt(1 + x**2)",
        any_of=frozenset(["hypot"]),
    ),
    formula("hyperbolic-cosecant", "1 / sinh(x)", "csch(x)", "the slope cannot overflow", inverse=False),
    formula("bose", "1 / expm1(x)", "bose(x)", "the slope f(x) f(-x) cannot overflow", inverse=False),
)

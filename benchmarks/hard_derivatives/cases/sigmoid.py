"""The logistic function, written out or called, its logarithms, and activations made of it."""

from __future__ import annotations

from ..case import Array, Family, Namespace

family = Family("sigmoids and activations")
case = family.case


@case(
    at=[[-1000.0, -750.0, -40.0, 0.5, 40.0, 800.0]],
    stable="log(1 / (1 + exp(-x))) -> -softplus(-x), derivative sigmoid(-x)",
)
def log_sigmoid_plain(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 / (1.0 + xp.exp(-x)))


@case(
    at=[[-1000.0, -750.0, -40.0, 0.5, 40.0, 800.0]],
    stable="log(sigmoid(x)) -> -softplus(-x), derivative sigmoid(-x)",
)
def log_sigmoid_op(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sigmoid(x))


@case(
    at=[[-40.0, 1.0, 40.0, 800.0]], stable="1 - sigmoid(x) -> sigmoid(-x); log(sigmoid(-x)) -> -softplus(x)"
)
def log_one_minus_sigmoid_plain(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - 1.0 / (1.0 + xp.exp(-x)))


@case(
    at=[[-40.0, 1.0, 40.0, 800.0]], stable="1 - sigmoid(x) -> sigmoid(-x); log(sigmoid(-x)) -> -softplus(x)"
)
def log_one_minus_sigmoid_op(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.sigmoid(x))


@case(
    at=[[-700.0, -400.0, 40.0]], stable="1 / (1 + exp(-x)) -> sigmoid(x), derivative sigmoid(x) * sigmoid(-x)"
)
def sigmoid_plain(xp: Namespace, x: Array) -> Array:
    return 1.0 / (1.0 + xp.exp(-x))


@case(at=[[700.0, 400.0, -40.0]], stable="1 / (1 + exp(x)) -> sigmoid(-x)")
def sigmoid_of_minus_plain(xp: Namespace, x: Array) -> Array:
    return 1.0 / (1.0 + xp.exp(x))


@case(at=[[40.0, 700.0, -700.0]], stable="derivative of sigmoid: sigmoid(x) * sigmoid(-x), not s * (1 - s)")
def sigmoid_op(xp: Namespace, x: Array) -> Array:
    return xp.sigmoid(x)


@case(at=[[40.0, 100.0]], stable="1 - sigmoid(x) -> sigmoid(-x)", order=0)
def one_minus_sigmoid_value(xp: Namespace, x: Array) -> Array:
    return 1.0 - xp.sigmoid(x)


@case(at=[[40.0, 500.0]], stable="1 - 1 / (1 + exp(-x)) -> sigmoid(-x)")
def one_minus_sigmoid(xp: Namespace, x: Array) -> Array:
    return 1.0 - 1.0 / (1.0 + xp.exp(-x))


@case(at=[[800.0, 400.0, 40.0, -400.0]], stable="exp(x) / (1 + exp(x)) -> sigmoid(x)")
def sigmoid_by_exp_ratio(xp: Namespace, x: Array) -> Array:
    return xp.exp(x) / (1.0 + xp.exp(x))


@case(at=[[800.0, 40.0, -400.0], [790.0, 0.0, 100.0]], stable="exp(a) / (exp(a) + exp(b)) -> sigmoid(a - b)")
def two_way_ratio(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.exp(a) / (xp.exp(a) + xp.exp(b))


@case(at=[[40.0, 300.0]], stable="s * (1 - s) with s = sigmoid(x) -> sigmoid(x) * sigmoid(-x)")
def sigmoid_slope(xp: Namespace, x: Array) -> Array:
    s = xp.sigmoid(x)
    return s * (1.0 - s)


@case(at=[[-800.0, -400.0, 40.0]], stable="x / (1 + exp(-x)) -> x * sigmoid(x)")
def silu_plain(xp: Namespace, x: Array) -> Array:
    return x / (1.0 + xp.exp(-x))


@case(at=[[40.0, -800.0, 300.0]], stable="log(sigmoid(x) / (1 - sigmoid(x))) -> x")
def log_odds_of_sigmoid(xp: Namespace, x: Array) -> Array:
    p = xp.sigmoid(x)
    return xp.log(p / (1.0 - p))


@case(at=[[1e-300, 1.0, 1e10, 1e100]], stable="sigmoid(log(x)) -> x / (1 + x), derivative 1 / (1 + x)**2")
def sigmoid_of_log(xp: Namespace, x: Array) -> Array:
    return xp.sigmoid(xp.log(x))


@case(at=[[800.0, 400.0, 20.0, -20.0]], stable="(exp(x) - exp(-x)) / (exp(x) + exp(-x)) -> tanh(x)")
def tanh_by_exponentials(xp: Namespace, x: Array) -> Array:
    return (xp.exp(x) - xp.exp(-x)) / (xp.exp(x) + xp.exp(-x))


@case(at=[[400.0, 20.0, -20.0]], stable="(exp(2 x) - 1) / (exp(2 x) + 1) -> tanh(x)")
def tanh_by_one_exponential(xp: Namespace, x: Array) -> Array:
    return (xp.exp(2.0 * x) - 1.0) / (xp.exp(2.0 * x) + 1.0)


@case(
    at=[[20.0, -20.0, 300.0]],
    stable="derivative of tanh: 1 / cosh(x)**2 by exponentials of -|x|, not 1 - tanh(x)**2",
)
def tanh_tail(xp: Namespace, x: Array) -> Array:
    return xp.tanh(x)


@case(at=[[20.0, 5.0]], stable="1 - tanh(x)**2 -> 1 / cosh(x)**2")
def one_minus_tanh_squared(xp: Namespace, x: Array) -> Array:
    return 1.0 - xp.tanh(x) ** 2


@case(at=[[20.0, 300.0]], stable="1 - tanh(x)**2 -> 1 / cosh(x)**2", order=0)
def one_minus_tanh_squared_value(xp: Namespace, x: Array) -> Array:
    return 1.0 - xp.tanh(x) ** 2


@case(at=[[800.0, 20.0]], stable="sinh(x) / cosh(x) -> tanh(x)")
def tanh_by_sinh_over_cosh(xp: Namespace, x: Array) -> Array:
    return xp.sinh(x) / xp.cosh(x)


@case(at=[[400.0, 800.0, -400.0]], stable="derivative of 1 / cosh(x): -tanh(x) / cosh(x)")
def hyperbolic_secant(xp: Namespace, x: Array) -> Array:
    return 1.0 / xp.cosh(x)


@case(
    at=[[20.0, 300.0, 400.0]],
    stable="derivative of 1 / cosh(x)**2: -2 tanh(x) / cosh(x)**2, without cosh(x)**3 or larger powers",
)
def hyperbolic_secant_squared(xp: Namespace, x: Array) -> Array:
    return 1.0 / xp.cosh(x) ** 2


@case(at=[[-10.0, -25.0, 1.0]], stable="1 + erf(u) -> erfc(-u)")
def gelu_plain(xp: Namespace, x: Array) -> Array:
    return 0.5 * x * (1.0 + xp.erf(x / 1.4142135623730951))


@case(at=[[-10.0, -8.0, 1.0]], stable="1 + tanh(u) -> 2 sigmoid(2 u)")
def gelu_by_tanh(xp: Namespace, x: Array) -> Array:
    return 0.5 * x * (1.0 + xp.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


@case(at=[[-40.0, 800.0, -5.0]], stable="log(1 + exp(x)) -> softplus(x), accurate for very negative x")
def mish_plain(xp: Namespace, x: Array) -> Array:
    return x * xp.tanh(xp.log(1.0 + xp.exp(x)))


@case(at=[[1e10, -1e12, 1e100]], stable="x / (c + |x|): derivative c / (c + |x|)**2 (numerators combined)")
def softsign(xp: Namespace, x: Array) -> Array:
    return x / (1.0 + xp.abs(x))


@case(
    at=[[-800.0, 800.0, 40.0, -40.0, 40.0]],
    stable="-y log(p) - (1-y) log(1-p), p = sigmoid(x) -> y softplus(-x) + (1-y) softplus(x); no 0 * inf",
)
def binary_cross_entropy_plain(xp: Namespace, x: Array) -> Array:
    y = xp.const([1.0, 0.0, 0.0, 1.0, 1.0])
    p = 1.0 / (1.0 + xp.exp(-x))
    return xp.sum(-y * xp.log(p) - (1.0 - y) * xp.log(1.0 - p))


@case(
    at=[[-800.0, 800.0, -800.0, 40.0]],
    stable="-y log(p) - (1-y) log(1-p), p = sigmoid(x) -> y softplus(-x) + (1-y) softplus(x)",
)
def binary_cross_entropy_op(xp: Namespace, x: Array) -> Array:
    y = xp.const([1.0, 0.0, 0.0, 0.25])
    p = xp.sigmoid(x)
    return xp.mean(-(y * xp.log(p) + (1.0 - y) * xp.log(1.0 - p)))


@case(at=[[40.0, -40.0, 800.0, -800.0]], stable="log(1 + exp(x)) - y x -> (1-y) softplus(x) + y softplus(-x)")
def binary_cross_entropy_from_logits(xp: Namespace, x: Array) -> Array:
    y = xp.const([1.0, 0.0, 1.0, 0.0])
    return xp.sum(xp.log(1.0 + xp.exp(x)) - y * x)


@case(
    at=[[3.0, -2.0]],
    stable="as for binary cross-entropy; the logit is any expression, here a matrix-vector product",
)
def logistic_regression_far_out(xp: Namespace, w: Array) -> Array:
    samples = xp.const([[300.0, 10.0], [-250.0, 40.0], [100.0, -300.0]])
    y = xp.const([0.0, 1.0, 1.0])
    p = 1.0 / (1.0 + xp.exp(-xp.sum(samples * w, axis=1)))
    return -xp.mean(y * xp.log(p) + (1.0 - y) * xp.log(1.0 - p))


@case(at=[[-800.0, -750.0, 2.0]], stable="log(prod(p)) -> sum(log(p)), then log(sigmoid(x)) -> -softplus(-x)")
def log_of_product_of_sigmoids(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.prod(xp.sigmoid(x)))

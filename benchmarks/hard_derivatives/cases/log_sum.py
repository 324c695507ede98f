"""Logarithms of sums of exponentials."""

from __future__ import annotations

from ..case import Array, Family, Namespace

family = Family("logarithms of sums and exponentials")
case = family.case

LOG_SUM_EXP = "log(sum(exp(x))) -> logsumexp(x), whose derivative is softmax(x), before differentiating"


@case(at=[[1000.0, 999.0, 998.5]], stable=LOG_SUM_EXP)
def log_sum_exp_far_right(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x)))


@case(at=[[-1000.0, -1001.0, -1002.5]], stable=LOG_SUM_EXP)
def log_sum_exp_far_left(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x)))


@case(at=[[-1000.0, 0.0, 1000.0]], stable=LOG_SUM_EXP)
def log_sum_exp_wide(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x)))


@case(
    at=[[[1000.0, 999.0], [-1000.0, -1001.0]]],
    stable="log(sum(exp(x), axis)) -> logsumexp(x, axis), for any axis",
)
def log_sum_exp_rows(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x), axis=1))


@case(
    at=[[float("-inf"), 0.0, 1000.0]],
    stable="logsumexp(x); an entry of -inf has weight 0, also after subtracting the maximum",
)
def log_sum_exp_with_minus_infinity(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x)))


@case(
    at=[[float("-inf"), -800.0, -801.0]],
    stable="derivative of logsumexp is softmax, by shifted exponentials: 0 at -inf",
)
def logsumexp_op_with_minus_infinity(xp: Namespace, x: Array) -> Array:
    return xp.logsumexp(x)


@case(at=[[1000.0, 1001.0, 1003.0]], stable="log(mean(exp(x))) -> logsumexp(x) - log(n)")
def log_mean_exp(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.mean(xp.exp(x)))


@case(at=[[1.0, 1.5, -2.0]], stable="t * log(sum(exp(x / t))) -> t * logsumexp(x / t)")
def smooth_maximum(xp: Namespace, x: Array) -> Array:
    return 0.001 * xp.log(xp.sum(xp.exp(x / 0.001)))


@case(at=[[800.0, 790.0, 805.0]], stable="log(sum(w * exp(x))) -> m + log(sum(w * exp(x - m))), m = max(x)")
def log_weighted_sum_exp(xp: Namespace, x: Array) -> Array:
    weights = xp.const([0.2, 0.5, 0.3])
    return xp.log(xp.sum(weights * xp.exp(x)))


@case(at=[[40.0, 41.0]], stable="log(sum(exp(u))) -> logsumexp(u) for any expression u")
def log_sum_of_gaussians(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(-(x**2))))


@case(
    at=[[-60.0, 5.0, 60.0]],
    stable="log(c * exp(a) + d * exp(b)) -> logaddexp(a + log(c), b + log(d))",
)
def log_mixture_density(xp: Namespace, x: Array) -> Array:
    return xp.log(0.3 * xp.exp(-0.5 * x**2) + 0.7 * xp.exp(-0.5 * (x - 10.0) ** 2))


@case(
    at=[[800.0, -800.0, 3.0], [799.0, -801.0, 50.0]],
    stable="log(exp(a) + exp(b)) -> logaddexp(a, b), derivatives sigmoid(a - b) and sigmoid(b - a)",
)
def log_add_exp(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.log(xp.exp(a) + xp.exp(b))


@case(
    at=[[-1000.0, -50.0, 0.5, 50.0, 1000.0]], stable="log(1 + exp(x)) -> softplus(x), derivative sigmoid(x)"
)
def softplus_plain(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + xp.exp(x))


@case(at=[[-1000.0, -40.0, 40.0, 1000.0]], stable="log(1 + exp(-x)) -> softplus(-x)")
def softplus_of_minus(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + xp.exp(-x))


@case(at=[[20.0, -20.0]], stable="log(1 + exp(k * x)) / k -> softplus(k * x) / k")
def softplus_sharp(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + xp.exp(100.0 * x)) / 100.0


@case(at=[[800.0, 710.0, -40.0]], stable="log1p(exp(x)) -> softplus(x)")
def softplus_by_log1p(xp: Namespace, x: Array) -> Array:
    return xp.log1p(xp.exp(x))


@case(at=[[900.0, -900.0]], stable="log(c + exp(x)) -> logaddexp(log(c), x) for a constant c > 0")
def log_constant_plus_exp(xp: Namespace, x: Array) -> Array:
    return xp.log(2.0 + xp.exp(x))


@case(at=[[40.0, 800.0]], stable="log(1 + exp(x)) - x -> softplus(-x), derivative -sigmoid(-x)")
def softplus_minus_argument(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + xp.exp(x)) - x


@case(
    at=[[1e-10, 1.0, 50.0, 1000.0]],
    stable="log(exp(x) - 1) -> log(expm1(x)), derivative 1 / (1 - exp(-x)) = -1 / expm1(-x)",
)
def log_exp_minus_one(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.exp(x) - 1.0)


@case(
    at=[[1000.0, -1000.0], [999.0, -1003.0]],
    stable="log(exp(a) - exp(b)) -> a + log1mexp(b - a), derivatives -1 / expm1(b - a) and -1 / expm1(a - b)",
)
def log_sub_exp(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.log(xp.exp(a) - xp.exp(b))


@case(
    at=[[-1e-12, -1e-3, -50.0, -800.0]],
    stable="log(1 - exp(x)) -> log1mexp(x), derivative -1 / expm1(-x)",
)
def log_one_minus_exp(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.exp(x))


@case(at=[[1e-13, 40.0]], stable="log(1 - exp(-x)) -> log1mexp(-x), derivative 1 / expm1(x)")
def log_one_minus_exp_of_minus(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.exp(-x))


@case(
    at=[[500.0, -800.0, 30.0, 1e-9]],
    stable="log(cosh(x)) -> logcosh(x) = |x| + log1p(exp(-2|x|)) - log 2, derivative tanh(x)",
)
def log_cosh(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.cosh(x))


@case(at=[[800.0, 1e-8]], stable="log(sinh(x)): derivative 1 / tanh(x), not cosh(x) / sinh(x)")
def log_sinh(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sinh(x))


@case(at=[[800.0, -800.0, 1.0]], stable="log(exp(x) + exp(-x)) -> logaddexp(x, -x)")
def log_exp_plus_exp_of_minus(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.exp(x) + xp.exp(-x))


@case(
    at=[[1e-12, 2.0, 20.0, 400.0]],
    stable="log(tanh(x)): derivative 2 / sinh(2 x), from 1 - tanh(x)**2 -> 1 / cosh(x)**2",
)
def log_tanh(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.tanh(x))


@case(at=[[1.0, 20.0, 400.0]], stable="log(1 - tanh(x)) -> log 2 - softplus(2 x), derivative -2 sigmoid(2 x)")
def log_one_minus_tanh(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.tanh(x))


@case(at=[[1000.0, -1000.0]], stable="log(exp(x)) -> x")
def log_exp(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.exp(x))


@case(at=[[1400.0, -1400.0]], stable="sqrt(exp(x)) -> exp(x / 2)")
def sqrt_exp(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.exp(x))


@case(at=[[50.0, -45.0]], stable="log(c * exp(u)) -> log(c) + u")
def log_gaussian_density(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.exp(-0.5 * x**2) / 2.5066282746310002)


@case(at=[[1000.0, -900.0]], stable="log(exp(u) / c) -> u - log(c)")
def log_laplace_density(xp: Namespace, x: Array) -> Array:
    return xp.log(0.5 * xp.exp(-xp.abs(x)))

"""Second derivatives: the first derivative must come out in a form that can be differentiated again."""

from __future__ import annotations

from ..case import Array, Family, Namespace

family = Family("second derivatives")
case = family.case


@case(
    at=[[800.0, 40.0, -40.0, -300.0]],
    stable="softplus' = sigmoid(x); sigmoid' = sigmoid(x) sigmoid(-x)",
    order=2,
)
def softplus_second(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + xp.exp(x))


@case(at=[[40.0, -40.0, 500.0, -500.0]], stable="-sigmoid(x) sigmoid(-x)", order=2)
def log_sigmoid_second(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sigmoid(x))


@case(
    at=[[1000.0, 999.0, 998.0]],
    direction=[[1.0, 0.0, 0.0]],
    stable="softmax' = diag(p) - p p^T with p = softmax(x)",
    order=2,
)
def log_sum_exp_second(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x)))


@case(
    at=[[-1000.0, 0.0, 3.0]],
    direction=[[1.0, 2.0, 4.0]],
    stable="log_softmax, twice differentiated through softmax",
    order=2,
)
def log_softmax_second(xp: Namespace, x: Array) -> Array:
    weights = xp.const([0.2, 0.3, 0.5])
    return xp.sum(weights * xp.log(xp.softmax(x)))


@case(at=[[20.0, -20.0, 300.0]], stable="tanh'' = -2 tanh(x) / cosh(x)**2", order=2)
def tanh_second(xp: Namespace, x: Array) -> Array:
    return xp.tanh(x)


@case(at=[[40.0, 300.0, -300.0]], stable="sigmoid'' = s(x) s(-x) (s(-x) - s(x))", order=2)
def sigmoid_second(xp: Namespace, x: Array) -> Array:
    return xp.sigmoid(x)


@case(at=[[20.0, 300.0]], stable="(log cosh)'' = 1 / cosh(x)**2", order=2)
def log_cosh_second(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.cosh(x))


@case(at=[[1e6, -1e8, 1.0]], stable="hypot(1, x)'' = 1 / hypot(1, x)**3", order=2)
def sqrt_one_plus_x_squared_second(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(1.0 + x**2)


@case(at=[[10.0, 20.0, 30.0]], stable="derivative -(2/sqrt(pi)) / erfcx(x), then erfcx'", order=2)
def log_erfc_second(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.erfc(x))


@case(at=[[1e90, 2.0]], stable="-2 (x / q) / q with q = 1 + x**2; q**2 never formed", order=2)
def arctan_second(xp: Namespace, x: Array) -> Array:
    return xp.arctan(x)


@case(at=[[40.0, -40.0, 800.0]], stable="y softplus(-x) + (1-y) softplus(x), twice differentiated", order=2)
def binary_cross_entropy_second(xp: Namespace, x: Array) -> Array:
    y = xp.const([1.0, 0.0, 0.0])
    p = 1.0 / (1.0 + xp.exp(-x))
    return xp.sum(-y * xp.log(p) - (1.0 - y) * xp.log(1.0 - p))


@case(
    at=[[0.0, 0.0, 0.0, 0.0]],
    stable="derivative of x**c: 0 where c is 0, else c * x**(c - 1), applied twice",
    order=2,
    truth=[[0, 0, 2, 0]],
    convention="1, x, x**2, x**3 have the second derivatives 0, 0, 2, 6x",
)
def powers_at_zero_second(xp: Namespace, x: Array) -> Array:
    return x ** xp.const([0.0, 1.0, 2.0, 3.0])


@case(
    at=[[0.0, 0.5]],
    stable="where guards survive a second differentiation",
    order=2,
    truth=[[0, 2]],
    convention="the selected branch alone determines the derivative at the edge",
)
def where_x_log_x_second(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, x * xp.log(x), 0.0)


@case(
    at=[[0.0, 2.0, 3.0]],
    direction=[[1.0, 1.0, 2.0]],
    stable="derivative of prod without division, differentiated again",
    order=2,
)
def prod_with_a_zero_second(xp: Namespace, x: Array) -> Array:
    return xp.prod(x)


@case(
    at=[[-1e-3, -50.0, -1e-12]],
    stable="log1mexp' = -1 / expm1(-x); its derivative -exp(-x) / expm1(-x)**2 without overflow",
    order=2,
)
def log_one_minus_exp_second(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.exp(x))

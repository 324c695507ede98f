"""Products with zeros, powers at zero, quotients and products that overflow on the way, determinants."""

from __future__ import annotations

from ..case import Array, Family, Namespace, each

family = Family("products, powers and determinants")
case = family.case

EXCLUSIVE = "derivative of prod: product of the other entries (prefix times suffix), not prod / x"
RIGHT = "the formula is defined for x >= 0: derivative from the right"


@case(at=[[0.0, 2.0, 3.0]], stable=EXCLUSIVE)
def prod_with_a_zero(xp: Namespace, x: Array) -> Array:
    return xp.prod(x)


@case(at=[[0.0, 0.0, 3.0]], stable=EXCLUSIVE)
def prod_with_two_zeros(xp: Namespace, x: Array) -> Array:
    return xp.prod(x)


@case(at=[[1e-170, 1e-160, 1e200]], stable=EXCLUSIVE)
def prod_with_underflow(xp: Namespace, x: Array) -> Array:
    return xp.prod(x)


@case(at=[[2.0, 0.0, 3.0, 0.0]], stable="derivative of cumprod without division by x")
def cumprod_with_zeros(xp: Namespace, x: Array) -> Array:
    return xp.sum(xp.const([1.0, 2.0, 4.0, 8.0]) * xp.cumprod(x))


@case(at=[[1e-200, 1e-150, 3.0]], stable="log(prod(x)) -> sum(log(x)) for positive entries, derivative 1 / x")
def log_of_product(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.prod(x))


@case(at=[[1e-200, 1e-200, 1e200]], stable="prod(x)**(1/n) -> exp(mean(log(x)))")
def geometric_mean(xp: Namespace, x: Array) -> Array:
    return xp.prod(x) ** (1.0 / 3.0)


@case(at=[[1e-200, -1e-200, 1e200]], stable="log(x**2) -> 2 log|x|")
def log_of_square(xp: Namespace, x: Array) -> Array:
    return xp.log(x**2)


@case(at=[[1e-40, 1e50]], stable="log(x**n) -> n log(x) (n log|x| for even n)")
def log_of_power(xp: Namespace, x: Array) -> Array:
    return xp.log(x**10)


@case(at=[[1e-200, 1e200], [1e-180, 1e250]], stable="log(x * y) -> log|x| + log|y|")
def log_of_two_factors(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.log(x * y)


@case(at=[[1e-200, 1e200], [1e200, 1e-180]], stable="log(x / y) -> log|x| - log|y|")
def log_of_quotient(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.log(x / y)


@case(at=[[1e200, 1e170]], stable="log(1 / x) -> -log(x)")
def log_of_reciprocal(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 / x)


@case(at=[[800.0, 900.0]], stable="log(x**k * exp(-x)) -> k log(x) - x")
def log_gamma_density(xp: Namespace, x: Array) -> Array:
    return xp.log(x**300 * xp.exp(-x))


@case(at=[[1e-5, 0.3]], stable="log(p**k * (1 - p)**m) -> k log(p) + m log1p(-p)")
def log_binomial_likelihood(xp: Namespace, p: Array) -> Array:
    return xp.log(p**100 * (1.0 - p) ** 900)


@case(at=[[1000.0, 1e-200]], stable="log(exp(-r) * r**k / c) -> -r + k log(r) - log(c)")
def log_poisson_probability(xp: Namespace, rate: Array) -> Array:
    return xp.log(xp.exp(-rate) * rate**3 / 6.0)


@case(at=[[1e-200, 1e-170]], stable="log(sin(x)**2) -> 2 log|sin(x)|")
def log_of_sin_squared(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sin(x) ** 2)


@case(at=[[800.0, -800.0, 750.0], [799.0, -798.0, 750.0]], stable="exp(x) * exp(-y) -> exp(x - y)")
def product_of_exponentials(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.exp(x) * xp.exp(-y)


@case(at=[[800.0, -800.0], [799.0, -798.0]], stable="exp(x) / exp(y) -> exp(x - y)")
def quotient_of_exponentials(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.exp(x) / xp.exp(y)


@case(at=[[1000.0, -5000.0]], stable="exp(x)**c -> exp(c x)")
def power_of_exponential(xp: Namespace, x: Array) -> Array:
    return xp.exp(x) ** 0.01


@case(at=[[1e-120, -1e-130, 1e120]], stable="x**2 / x**3 -> 1 / x")
def square_over_cube(xp: Namespace, x: Array) -> Array:
    return x**2 / x**3


@case(at=[[1e-200, 1e150]], stable="x**3 / x**2 -> x")
def cube_over_square(xp: Namespace, x: Array) -> Array:
    return x**3 / x**2


@case(at=[[1e-110, 1e110]], stable="x / (x * x) -> 1 / x")
def x_over_x_times_x(xp: Namespace, x: Array) -> Array:
    return x / (x * x)


@case(
    at=[[0.0, 1e-5, 3.0]],
    stable="exp(k log(x)) -> x**k",
    truth=each(lambda mp, x: 2 * x),
    convention=RIGHT,
)
def square_by_exp_log(xp: Namespace, x: Array) -> Array:
    return xp.exp(2.0 * xp.log(x))


@case(at=[[0.0, 3.0]], stable="exp(log(x)) -> x", truth=[[1, 1]], convention=RIGHT)
def exp_of_log(xp: Namespace, x: Array) -> Array:
    return xp.exp(xp.log(x))


@case(at=[[0.0, 2.0]], stable="sqrt(x) * sqrt(x) -> x", truth=[[1, 1]], convention=RIGHT)
def sqrt_times_sqrt(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x) * xp.sqrt(x)


@case(at=[[0.0, 2.0]], stable="sqrt(x)**2 -> x", truth=[[1, 1]], convention=RIGHT)
def square_of_sqrt(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x) ** 2


@case(
    at=[[0.0, 4.0]],
    stable="x * sqrt(x) -> x**1.5",
    truth=each(lambda mp, x: 1.5 * mp.sqrt(x)),
    convention=RIGHT,
)
def x_times_sqrt(xp: Namespace, x: Array) -> Array:
    return x * xp.sqrt(x)


@case(
    at=[[0.0, -3.0, 1e-100]],
    stable="sqrt(x**4) -> x**2",
    truth=each(lambda mp, x: 2 * x),
    convention="the function is x**2",
)
def sqrt_of_fourth_power(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x**4)


@case(
    at=[[0.0, 0.5]],
    stable="x**2 * log(x) -> x * xlogy(x, x), derivative 2 xlogy(x, x) + x",
    truth=each(lambda mp, x: 2 * x * mp.log(x) + x if x != 0 else 0),
    convention=RIGHT,
)
def square_times_log(xp: Namespace, x: Array) -> Array:
    return x**2 * xp.log(x)


@case(
    at=[[0.0, 2.0]],
    stable="derivative of x**0 is 0 for every x",
    truth=[[0, 0]],
    convention="x**0 is the constant 1",
)
def zeroth_power(xp: Namespace, x: Array) -> Array:
    return x ** xp.const([0.0, 0.0])


@case(
    at=[[0.0, 0.0, 0.0, 0.0]],
    stable="derivative of x**c: 0 where c is 0, else c * x**(c - 1)",
    truth=[[0, 1, 0, 0]],
    convention="1, x, x**2 have the derivatives 0, 1, 2x; x**2.5 has 0 from the right",
)
def powers_at_zero(xp: Namespace, x: Array) -> Array:
    return x ** xp.const([0.0, 1.0, 2.0, 2.5])


@case(
    at=[[0.0, 2.0], [2.0, 3.0]],
    stable="derivative of x**y in y: xlogy(x**y, x), 0 where x is 0 and y > 0",
    truth=lambda mp, x, y: [[0, 12], [0, 8 * mp.log(2)]],
    convention="0**y is 0 for every y > 0",
)
def power_of_zero(xp: Namespace, x: Array, y: Array) -> Array:
    return x**y


@case(
    at=[[-2.0, 3.0], [2.0, 2.0]],
    stable="derivative of x**y in x needs no log(x); only that in y does, and here y is not differentiated",
)
def negative_base(xp: Namespace, x: Array, z: Array) -> Array:
    return x**2.0 + 0.0 * z


@case(
    at=[[0.0, 2.0, 1e-200], [3.0, 2.0, 1e-200]],
    stable="1 / (1/x + 1/y) -> x y / (x + y), derivatives (y / (x + y))**2 and (x / (x + y))**2",
    truth=lambda mp, x, y: [list((y / (x + y)) ** 2), list((x / (x + y)) ** 2)],
    convention="x y / (x + y) extends the formula to x = 0 smoothly",
)
def parallel_resistors(xp: Namespace, x: Array, y: Array) -> Array:
    return 1.0 / (1.0 / x + 1.0 / y)


@case(
    at=[[0.0, 1e-200, 2.0]],
    stable="1 / (1 + 1/x) -> x / (x + 1)",
    truth=each(lambda mp, x: 1 / (1 + x) ** 2),
    convention="x / (x + 1) extends the formula to x = 0 smoothly",
)
def saturation_by_reciprocal(xp: Namespace, x: Array) -> Array:
    return 1.0 / (1.0 + 1.0 / x)


@case(at=[[[1.0, 2.0], [2.0, 4.0]]], stable="derivative of det: the cofactor matrix, not det(A) * inv(A).T")
def det_singular(xp: Namespace, a: Array) -> Array:
    return xp.det(a)


@case(
    at=[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]], stable="derivative of det: the cofactor matrix"
)
def det_singular_of_three(xp: Namespace, a: Array) -> Array:
    return xp.det(a)


@case(
    at=[[[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]], stable="derivative of det: the cofactor matrix"
)
def det_with_a_zero_row(xp: Namespace, a: Array) -> Array:
    return xp.det(a)


@case(
    at=[[[1e-200, 0.0], [0.0, 1e-200]]],
    stable="derivative of det: the cofactor matrix; det itself may underflow",
)
def det_tiny(xp: Namespace, a: Array) -> Array:
    return xp.det(a)


@case(
    at=[[[1e-120, 2e-121, 0.0], [0.0, 1e-120, 0.0], [3e-121, 0.0, 1e-120]]],
    stable="log(det(A)) -> log|det(A)| by slogdet, derivative inv(A).T",
)
def log_det_tiny(xp: Namespace, a: Array) -> Array:
    return xp.log(xp.det(a))


@case(at=[[[2e120, 0.0, 1e119], [0.0, 1e120, 0.0], [1e119, 0.0, 1e120]]], stable="log(det(A)) -> slogdet(A)")
def log_det_large(xp: Namespace, a: Array) -> Array:
    return xp.log(xp.det(a))


@case(at=[[[1e-200, 1e-201], [0.0, 1e-200]]], stable="derivative of slogdet: inv(A).T")
def slogdet_tiny(xp: Namespace, a: Array) -> Array:
    return xp.logabsdet(a)

"""Differences of nearly equal numbers, in the formula or only in its derivative."""

from __future__ import annotations

from ..case import Array, Family, Namespace

family = Family("cancellation")
case = family.case


@case(at=[[1e-9, -1e-7, 1e-3, 1.0]], stable="(exp(x) - 1) / x -> exprel(x); its derivative by series near 0")
def exp_minus_one_over_x(xp: Namespace, x: Array) -> Array:
    return (xp.exp(x) - 1.0) / x


@case(at=[[1e-9, 1e-15]], stable="(exp(x) - 1) / x -> expm1(x) / x", order=0)
def exp_minus_one_over_x_value(xp: Namespace, x: Array) -> Array:
    return (xp.exp(x) - 1.0) / x


@case(
    at=[[1e-5, 1e-8, 1.0]],
    stable="(1 - cos(x)) / x**2 -> sinc(x/2)**2 / 2; derivative of sinc by series near 0",
)
def one_minus_cos_over_x_squared(xp: Namespace, x: Array) -> Array:
    return (1.0 - xp.cos(x)) / x**2


@case(at=[[1e-5, 1e-8, 1.0]], stable="sin(x) / x -> sinc(x); its derivative by series near 0")
def sin_over_x(xp: Namespace, x: Array) -> Array:
    return xp.sin(x) / x


@case(at=[[1e-5, 1e-8, 1.0]], stable="sinh(x) / x -> sinhc(x); its derivative by series near 0")
def sinh_over_x(xp: Namespace, x: Array) -> Array:
    return xp.sinh(x) / x


@case(at=[[1e-9, -1e-6, 0.5]], stable="log(1 + x) / x -> log1prel(x); its derivative by series near 0")
def log_one_plus_x_over_x(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + x) / x


@case(
    at=[[1e-9, 1e-4, 0.5, 500.0]],
    stable="x / (exp(x) - 1) -> 1 / exprel(x), derivative -exprel'(x) / exprel(x)**2",
)
def bernoulli_function(xp: Namespace, x: Array) -> Array:
    return x / (xp.exp(x) - 1.0)


@case(at=[[1e-10, 1e-6]], stable="((1 + x)**n - 1) / x -> n exprel(n log1p(x)) log1prel(x)")
def annuity(xp: Namespace, x: Array) -> Array:
    return ((1.0 + x) ** 10 - 1.0) / x


@case(at=[[1e-12, 1e-15]], stable="(1 + x)**n - 1 -> expm1(n log1p(x))")
def log_of_compound_interest(xp: Namespace, x: Array) -> Array:
    return xp.log((1.0 + x) ** 10 - 1.0)


@case(at=[[1e-12, 1e-17]], stable="(1 + x)**n - 1 -> expm1(n log1p(x))", order=0)
def compound_interest_value(xp: Namespace, x: Array) -> Array:
    return (1.0 + x) ** 10 - 1.0


@case(at=[[1e-10, 1e-6]], stable="(sqrt(1 + x) - 1) / x -> 1 / (sqrt(1 + x) + 1)")
def sqrt_one_plus_x_minus_one_over_x(xp: Namespace, x: Array) -> Array:
    return (xp.sqrt(1.0 + x) - 1.0) / x


@case(at=[[1e-14, 1e-9]], stable="sqrt(1 + x) - 1 -> x / (sqrt(1 + x) + 1)")
def log_of_sqrt_one_plus_x_minus_one(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.sqrt(1.0 + x) - 1.0)


@case(at=[[1e-12, 1e-17]], stable="sqrt(1 + x) - 1 -> x / (sqrt(1 + x) + 1)", order=0)
def sqrt_one_plus_x_minus_one_value(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(1.0 + x) - 1.0


@case(at=[[1e-18, 1e-12]], stable="log(1 + x) -> log1p(x)")
def log_of_log_one_plus_x(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.log(1.0 + x))


@case(at=[[1e-18, 1e-12]], stable="log(1 + x) -> log1p(x)", order=0)
def log_one_plus_x_value(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + x)


@case(
    at=[[1e-12, 1e-6, 400.0, 1000.0]],
    stable="1 / (exp(x) - 1) -> 1 / expm1(x), derivative -1 / (expm1(x) * -expm1(-x)) without exp(2 x)",
)
def bose_einstein(xp: Namespace, x: Array) -> Array:
    return 1.0 / (xp.exp(x) - 1.0)


@case(at=[[1e-9, 1e-6]], stable="cosh(x) - 1 -> 2 sinh(x/2)**2")
def log_of_cosh_minus_one(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.cosh(x) - 1.0)


@case(at=[[1e-9, 1e-6]], stable="1 - cos(x) -> 2 sin(x/2)**2")
def log_of_one_minus_cos(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.cos(x))


@case(at=[[1e-9, 1e-6]], stable="1 - cos(x) -> 2 sin(x/2)**2", order=0)
def one_minus_cos_value(xp: Namespace, x: Array) -> Array:
    return 1.0 - xp.cos(x)


@case(at=[[1e-10, 1e-7]], stable="exp(x) - 1 in the derivative -> expm1(x)")
def exp_minus_one_minus_x(xp: Namespace, x: Array) -> Array:
    return xp.exp(x) - 1.0 - x


@case(at=[[1e-6, 1e-9]], stable="1 - cos(x) in the derivative -> 2 sin(x/2)**2")
def x_minus_sin(xp: Namespace, x: Array) -> Array:
    return x - xp.sin(x)


@case(at=[[1e-6, 1e-9]], stable="cosh(x) - 1 in the derivative -> 2 sinh(x/2)**2")
def sinh_minus_x(xp: Namespace, x: Array) -> Array:
    return xp.sinh(x) - x


@case(at=[[1e-6, 1e-9]], stable="1 - (1 - tanh(x)**2), or 1 - 1/cosh(x)**2, in the derivative -> tanh(x)**2")
def x_minus_tanh(xp: Namespace, x: Array) -> Array:
    return x - xp.tanh(x)


@case(at=[[1e-6, 1e-9]], stable="(1 + tan(x)**2) - 1, or 1/cos(x)**2 - 1, in the derivative -> tan(x)**2")
def tan_minus_x(xp: Namespace, x: Array) -> Array:
    return xp.tan(x) - x


@case(at=[[1e-6, 1e-9]], stable="1 - 1 / (1 + u) in the derivative -> u / (1 + u)")
def x_minus_arctan(xp: Namespace, x: Array) -> Array:
    return x - xp.arctan(x)


@case(at=[[1e-10, 1e-6]], stable="1 - 1 / (1 + u) in the derivative -> u / (1 + u)")
def x_minus_log_one_plus_x(xp: Namespace, x: Array) -> Array:
    return x - xp.log(1.0 + x)


@case(
    at=[[1.0 + 2.0**-46, 1.0 + 2.0**-30]],
    stable="derivative of arccosh: 1 / sqrt((x - 1) (x + 1)), not of x**2 - 1",
)
def arccosh_near_one(xp: Namespace, x: Array) -> Array:
    return xp.arccosh(x)


@case(at=[[1e200, 1e10]], stable="log(x + sqrt(x**2 - 1)) -> arccosh(x), derivative without x**2")
def arccosh_plain(xp: Namespace, x: Array) -> Array:
    return xp.log(x + xp.sqrt(x**2 - 1.0))


@case(
    at=[[1.0 - 2.0**-50, -1.0 + 2.0**-40]],
    stable="derivative of arcsin: 1 / sqrt((1 - x) (1 + x)), not of 1 - x**2",
)
def arcsin_near_one(xp: Namespace, x: Array) -> Array:
    return xp.arcsin(x)


@case(at=[[1.0 - 2.0**-50, -1.0 + 2.0**-40]], stable="derivative of arccos: -1 / sqrt((1 - x) (1 + x))")
def arccos_near_one(xp: Namespace, x: Array) -> Array:
    return xp.arccos(x)


@case(at=[[1.0 - 2.0**-50, -1.0 + 2.0**-40]], stable="derivative of arctanh: 1 / ((1 - x) (1 + x))")
def arctanh_near_one(xp: Namespace, x: Array) -> Array:
    return xp.arctanh(x)


@case(at=[[1.0 - 2.0**-50, -1.0 + 2.0**-40]], stable="1 - x**2 -> (1 - x) (1 + x)")
def half_circle_near_one(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(1.0 - x**2)


@case(at=[[1e8, 1e5]], stable="sqrt(x**2 + 1) - x -> 1 / (sqrt(x**2 + 1) + x) for x > 0")
def sqrt_x_squared_plus_one_minus_x(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x**2 + 1.0) - x


@case(at=[[-1e8, -1e200, 1e200]], stable="log(x + sqrt(x**2 + 1)) -> arcsinh(x), derivative 1 / hypot(1, x)")
def arcsinh_plain(xp: Namespace, x: Array) -> Array:
    return xp.log(x + xp.sqrt(x**2 + 1.0))


@case(at=[[1e10, 1e7]], stable="1 / x - 1 / (x + 1) -> 1 / (x (x + 1))")
def difference_of_reciprocals(xp: Namespace, x: Array) -> Array:
    return 1.0 / x - 1.0 / (x + 1.0)


@case(at=[[1e12, 1e9]], stable="sqrt(x + 1) - sqrt(x) -> 1 / (sqrt(x + 1) + sqrt(x))")
def difference_of_roots(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x + 1.0) - xp.sqrt(x)


@case(at=[[1e12, 1e9]], stable="log(x + 1) - log(x) -> log1p(1 / x), derivative -1 / (x (x + 1))")
def difference_of_logs(xp: Namespace, x: Array) -> Array:
    return xp.log(x + 1.0) - xp.log(x)


@case(at=[[1e12, 1e17]], stable="log(x / (1 + x)) -> -log1p(1 / x), derivative 1 / (x (1 + x))")
def log_of_saturation(xp: Namespace, x: Array) -> Array:
    return xp.log(x / (1.0 + x))


@case(at=[[1e8, 1e12, 1e100]], stable="derivative of x / (c + x): c / (c + x)**2 (numerators combined)")
def saturation(xp: Namespace, x: Array) -> Array:
    return x / (1.0 + x)


@case(
    at=[[0.0, 1e-10, 1.0]],
    stable="derivative of cos(sqrt(x)): -sin(u) / (2 u) -> -sinc(u) / 2, u = sqrt(x)",
    truth=lambda mp, x: [[-0.5 if t == 0 else -mp.sin(mp.sqrt(t)) / (2 * mp.sqrt(t)) for t in x]],
    convention="cos(sqrt(x)) = 1 - x/2 + ... is analytic at 0; the derivative from the right is -1/2",
)
def cos_of_sqrt(xp: Namespace, x: Array) -> Array:
    return xp.cos(xp.sqrt(x))

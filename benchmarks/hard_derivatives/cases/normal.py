"""The error function and the normal distribution far out in the tails."""

from __future__ import annotations

from ..case import Array, Family, Namespace

family = Family("error function and normal tails")
case = family.case

SQRT_2 = 1.4142135623730951


@case(
    at=[[10.0, 20.0, 26.0, 30.0, 100.0]],
    stable="log(erfc(x)) -> log(erfcx(x)) - x**2, derivative -(2 / sqrt(pi)) / erfcx(x)",
)
def log_erfc(xp: Namespace, x: Array) -> Array:
    return xp.log(xp.erfc(x))


@case(at=[[3.0, 6.0, 10.0, 30.0]], stable="1 - erf(x) -> erfc(x), then as log(erfc(x))")
def log_one_minus_erf(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - xp.erf(x))


@case(at=[[-3.0, -10.0, -30.0]], stable="1 + erf(x) -> erfc(-x), then as log(erfc(-x))")
def log_one_plus_erf(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + xp.erf(x))


@case(at=[[6.0, 10.0, 20.0]], stable="1 - erf(x) -> erfc(x)", order=0)
def one_minus_erf_value(xp: Namespace, x: Array) -> Array:
    return 1.0 - xp.erf(x)


@case(
    at=[[5.0, 15.0, 27.0, 30.0]],
    stable="exp(x**2) * erfc(x) -> erfcx(x), derivative 2 x erfcx(x) - 2 / sqrt(pi)",
)
def scaled_erfc(xp: Namespace, x: Array) -> Array:
    return xp.exp(x**2) * xp.erfc(x)


@case(at=[[100.0, 800.0]], stable="exp(x) * erfc(sqrt(x)) -> erfcx(sqrt(x))")
def scaled_erfc_of_sqrt(xp: Namespace, x: Array) -> Array:
    return xp.exp(x) * xp.erfc(xp.sqrt(x))


@case(
    at=[[-40.0, -10.0, -5.0, 5.0]], stable="1 + erf(u) -> erfc(-u); log(c erfc(u)) -> log(c) + log(erfc(u))"
)
def log_normal_cdf(xp: Namespace, x: Array) -> Array:
    return xp.log(0.5 * (1.0 + xp.erf(x / SQRT_2)))


@case(at=[[-40.0, -60.0]], stable="log(0.5 erfc(u)) -> log(0.5) + log(erfc(u)), derivative by erfcx")
def log_normal_cdf_by_erfc(xp: Namespace, x: Array) -> Array:
    return xp.log(0.5 * xp.erfc(-x / SQRT_2))


@case(at=[[9.0, 40.0]], stable="1 - 0.5 (1 + erf(u)) -> 0.5 erfc(u)")
def log_normal_survival(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 - 0.5 * (1.0 + xp.erf(x / SQRT_2)))


@case(at=[[-50.0, 12.0, 3.0]], stable="as log of the normal cdf; the argument is any expression")
def probit_loss(xp: Namespace, x: Array) -> Array:
    y = xp.const([1.0, -1.0, 1.0])
    return -xp.sum(xp.log(0.5 * (1.0 + xp.erf(y * x / SQRT_2))))


@case(at=[[10.0, 20.0, 30.0]], stable="exp(-x**2) / erfc(x) -> 1 / erfcx(x)")
def hazard_of_erfc(xp: Namespace, x: Array) -> Array:
    return xp.exp(-(x**2)) / xp.erfc(x)


@case(
    at=[[40.0, 8.0]],
    stable="exp(-x**2 / 2) / erfc(x / sqrt(2)) -> 1 / erfcx(x / sqrt(2)); the exponents match to rounding",
)
def normal_hazard(xp: Namespace, x: Array) -> Array:
    return 0.7978845608028654 * xp.exp(-0.5 * x**2) / xp.erfc(x / SQRT_2)


@case(
    at=[[6.5, 9.0], [6.0, 8.0]],
    stable="erf(a) - erf(b) -> erfc(b) - erfc(a) where b > 0, and the mirror image where a < 0",
)
def log_erf_interval(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.log(xp.erf(a) - xp.erf(b))


@case(at=[[1e8, 3e5, 50.0]], stable="gammaln(x + 1) - gammaln(x) -> log(x)")
def log_gamma_difference(xp: Namespace, x: Array) -> Array:
    return xp.gammaln(x + 1.0) - xp.gammaln(x)

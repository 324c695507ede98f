"""Guards: where, maximum and clip that keep a formula away from a point where it is not defined."""

from __future__ import annotations

from ..case import Array, Family, Namespace, each

family = Family("guards")
case = family.case

SELECTED = "the selected branch alone determines the derivative at the edge"
GUARD = "where(c, f, g): the derivative of f is taken at a safe argument where c is false, never 0 * inf"


@case(
    at=[[0.0, -1.0, 2.0]],
    stable=GUARD,
    truth=each(lambda mp, x: 1 / x if x > 0 else 0),
    convention=SELECTED,
)
def where_log(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, xp.log(x), 0.0)


@case(
    at=[[0.0, 1.0, -2.0]],
    stable=GUARD,
    truth=each(lambda mp, x: 0 if x == 0 else (x * mp.cos(x) - mp.sin(x)) / x**2),
    convention="sin(x)/x is even and smooth: its derivative at 0 is 0, as is that of the selected branch",
)
def where_sinc(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.eq(x, 0.0), 1.0, xp.sin(x) / x)


@case(
    at=[[0.0, -2.0, 4.0]],
    stable=GUARD,
    truth=each(lambda mp, x: 1 / (2 * mp.sqrt(x)) if x > 0 else 0),
    convention=SELECTED,
)
def where_sqrt(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, xp.sqrt(x), 0.0)


@case(
    at=[[0.0, 1e-300, 1.0]],
    stable=GUARD,
    truth=each(lambda mp, x: mp.log(x) + 1 if x != 0 else 0),
    convention=SELECTED,
)
def where_x_log_x(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.neq(x, 0.0), x * xp.log(x), 0.0)


@case(
    at=[[0.0, 4.0, -0.5]],
    stable=GUARD,
    truth=each(lambda mp, x: -1 / x**2 if x != 0 else 0),
    convention=SELECTED,
)
def where_reciprocal(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.neq(x, 0.0), 1.0 / x, 0.0)


@case(
    at=[[3.0, 1.0], [0.0, 2.0]],
    stable=GUARD,
    truth=lambda mp, x, y: [[0, 1 / y[1]], [0, -x[1] / y[1] ** 2]],
    convention=SELECTED,
)
def where_safe_division(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.where(xp.eq(y, 0.0), 0.0, x / y)


@case(at=[[0.0, 0.0, 0.0]], stable=GUARD, truth=[[0, 0, 0]], convention=SELECTED)
def where_safe_norm(xp: Namespace, x: Array) -> Array:
    squares = xp.sum(x**2)
    return xp.where(squares > 0.0, xp.sqrt(squares), 0.0)


@case(
    at=[[0.0, 0.0]],
    stable=GUARD,
    truth=[[1, 1]],
    convention="near 0 the function is x itself",
)
def where_clip_by_norm(xp: Namespace, x: Array) -> Array:
    length = xp.sqrt(xp.sum(x**2))
    return xp.where(length > 1.0, x / length, x)


@case(
    at=[[0.0, -3.0, 4.0]],
    stable=GUARD,
    truth=each(lambda mp, x: 1 / (2 * mp.sqrt(x)) if x > 0 else 0),
    convention=SELECTED,
)
def where_half_power(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, x**0.5, 0.0)


@case(
    at=[[0.0, -1.0, 2.0], [0.5, 1.5, 3.0]],
    stable=GUARD,
    truth=lambda mp, x, y: [[0, 0, y[2] * x[2] ** (y[2] - 1)], [0, 0, x[2] ** y[2] * mp.log(x[2])]],
    convention=SELECTED,
)
def where_power(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.where(x > 0.0, x**y, 0.0)


@case(
    at=[[0.0, 2.0]],
    stable=GUARD,
    truth=each(lambda mp, x: -(x ** mp.mpf(-1.5)) / 2 if x > 0 else 0),
    convention=SELECTED,
)
def where_inverse_sqrt(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, x**-0.5, 0.0)


@case(at=[[1000.0, 800.0, -2.0]], stable=GUARD)
def where_exp_overflow(xp: Namespace, x: Array) -> Array:
    return xp.where(x < 10.0, xp.exp(x), x)


@case(at=[[1000.0, 800.0, -2.0]], stable="log(1 + exp(x)) -> softplus(x) also inside a branch")
def where_softplus(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 30.0, x, xp.log(1.0 + xp.exp(x)))


@case(at=[[1000.0, -1e-20, -50.0]], stable=GUARD)
def where_elu(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, x, xp.exp(x) - 1.0)


@case(
    at=[[0.0, 1e-5, 1.0]],
    stable=GUARD,
    truth=each(lambda mp, x: -x / 3 if abs(x) < 1e-4 else (x * mp.cos(x) - mp.sin(x)) / x**2),
    convention=SELECTED,
)
def where_series(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.abs(x) < 1e-4, 1.0 - x**2 / 6.0, xp.sin(x) / x)


@case(
    at=[[0.0, 1e-9, 0.5]],
    stable=GUARD,
    truth=each(lambda mp, x: 0.5 if abs(x) < 1e-6 else (x * mp.exp(x) - mp.expm1(x)) / x**2),
    convention=SELECTED,
)
def where_exponential_series(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.abs(x) < 1e-6, 1.0 + x / 2.0, (xp.exp(x) - 1.0) / x)


@case(
    at=[[1.0, -1.0, 2.0, 0.5]],
    stable=GUARD,
    truth=each(lambda mp, x: -1 / mp.sqrt(1 - x**2) if abs(x) < 1 else 0),
    convention=SELECTED,
)
def where_arccos(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.abs(x) < 1.0, xp.arccos(x), 0.0)


@case(
    at=[[-4.0, 4.0, 9.0]],
    stable="where(x >= 0, sqrt(x), sqrt(-x)): each derivative at a safe argument where not selected",
)
def where_two_roots(xp: Namespace, x: Array) -> Array:
    return xp.where(x >= 0.0, xp.sqrt(x), xp.sqrt(-x))


@case(
    at=[[0.0, 1.0, 0.5]],
    stable=GUARD,
    truth=[[0, 0, 4]],
    convention=SELECTED,
)
def where_logit(xp: Namespace, p: Array) -> Array:
    return xp.where((p > 0.0) & (p < 1.0), xp.log(p / (1.0 - p)), 0.0)


@case(at=[[1000.0, 0.5, 20.0]], stable=GUARD)
def where_planck(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 700.0, 0.0, x / (xp.exp(x) - 1.0))


@case(
    at=[[0.0, 0.5, -0.5]],
    stable=GUARD,
    truth=each(lambda mp, x: 0 if x == 0 else 2 / x**3 * mp.exp(-1 / x**2)),
    convention="the bump is smooth: all its derivatives at 0 are 0",
)
def where_bump(xp: Namespace, x: Array) -> Array:
    return xp.where(xp.eq(x, 0.0), 0.0, xp.exp(-1.0 / x**2))


@case(
    at=[[0.0, -1.0, 2.0]],
    stable=GUARD,
    truth=each(lambda mp, x: 1 / x if x > 0 else 0),
    convention=SELECTED,
)
def where_nested(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, xp.where(x < 1e300, xp.log(x), 690.0), 0.0)


@case(
    at=[[0.0, 0.5]],
    stable="where(c, f, 0) * g: the guard also protects factors of the guarded expression",
    truth=each(lambda mp, x: 2 * x * mp.log(x) + x if x != 0 else 0),
    convention="x**2 log(x) has the one-sided derivative 0 at 0",
)
def where_log_times_square(xp: Namespace, x: Array) -> Array:
    return x**2 * xp.where(x > 0.0, xp.log(x), 0.0)


@case(
    at=[[-1.0, -3.0, 4.0]],
    stable="derivative of maximum selects (never multiplies by 0): sqrt'(0) = inf is not used",
)
def sqrt_of_relu(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.maximum(x, 0.0))


@case(at=[[-1.0, 2.0, 0.25]], stable="derivative of clip selects (never multiplies by 0)")
def sqrt_of_clip(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.clip(x, 0.0, 1.0))


@case(at=[[2.0, -1.5, 0.5]], stable="derivative of clip selects (never multiplies by 0)")
def arccos_of_clip(xp: Namespace, x: Array) -> Array:
    return xp.arccos(xp.clip(x, -1.0, 1.0))


@case(at=[[-2.0, 3.0]], stable="derivative of maximum selects (never multiplies by 0)")
def log_of_relu_guarded(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0.0, xp.log(xp.maximum(x, 0.0)), -1.0)


@case(
    at=[[0.0, 0.5]],
    stable="sum(y log(x)) -> sum(xlogy(y, x)): 0 where y is 0",
    truth=[[0, 2]],
    convention="the term with y = 0 is 0 for every x > 0, so its derivative is 0",
)
def constant_zero_times_log(xp: Namespace, x: Array) -> Array:
    return xp.sum(xp.const([0.0, 1.0]) * xp.log(x))

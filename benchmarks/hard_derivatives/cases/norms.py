"""Norms, distances and standard deviations at the origin, and where squares overflow or underflow."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..case import Array, Family, Namespace

family = Family("norms and standard deviations")
case = family.case

MINIMAL = "0 is the subgradient of minimal norm at the tip of the cone"
NORM = "sqrt(sum(x**2)) -> norm(x), derivative x / norm(x), 0 where the norm is 0"
SCALED = "sqrt(sum(x**2)) -> norm(x), computed with x scaled by max(|x|)"
HYPOT = "sqrt(x*x + y*y) -> hypot(x, y), derivative x / hypot, 0 at the origin"


@case(at=[[0.0, 0.0, 0.0]], stable=NORM, truth=[[0, 0, 0]], convention=MINIMAL)
def norm_at_origin(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.sum(x**2))


@case(
    at=[[0.0, 0.0]],
    stable="derivative of linalg.norm: x / norm, 0 where the norm is 0",
    truth=[[0, 0]],
    convention=MINIMAL,
)
def norm_op_at_origin(xp: Namespace, x: Array) -> Array:
    return xp.norm(x)


@case(at=[[0.0, 0.0]], stable="sum(x**2)**0.5 -> norm(x)", truth=[[0, 0]], convention=MINIMAL)
def norm_by_power_at_origin(xp: Namespace, x: Array) -> Array:
    return xp.sum(x**2) ** 0.5


@case(at=[[3e200, 4e200]], stable=SCALED)
def norm_overflow(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.sum(x**2))


@case(at=[[3e-200, 4e-200]], stable=SCALED)
def norm_underflow(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.sum(x**2))


@case(at=[[0.0, 3.0], [0.0, 4.0]], stable=HYPOT, truth=[[0, 0.6], [0, 0.8]], convention=MINIMAL)
def hypot_at_origin(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.sqrt(x * x + y * y)


@case(at=[[1e200, 1e-200], [1e200, -1e-200]], stable="sqrt(x*x + y*y) -> hypot(x, y), scaled")
def hypot_extreme(xp: Namespace, x: Array, y: Array) -> Array:
    return xp.sqrt(x * x + y * y)


@case(
    at=[[0.0, 1e-200, -3e200]],
    stable="sqrt(x**2) -> |x|, derivative sign(x), 0 at 0",
    truth=[[0, 1, -1]],
    convention=MINIMAL,
)
def root_of_square(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x**2)


@case(at=[[0.0, -2.0]], stable="derivative of |x|: sign(x), 0 at 0", truth=[[0, -1]], convention=MINIMAL)
def absolute_value(xp: Namespace, x: Array) -> Array:
    return xp.abs(x)


@case(
    at=[[0.0, 0.0]], stable="norm(x)**2 -> sum(x**2)", truth=[[0, 0]], convention="the function is sum(x**2)"
)
def squared_norm(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.sum(x**2)) ** 2


@case(at=[[0.0, 0.0]], stable=NORM, truth=[[0, 0]], convention="|x|**3 is differentiable with derivative 0")
def cubed_norm(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.sum(x**2)) ** 3


@case(at=[[0.0, 0.0]], stable=NORM, truth=[[0, 0]], convention=MINIMAL)
def exp_of_minus_norm(xp: Namespace, x: Array) -> Array:
    return xp.exp(-xp.sqrt(xp.sum(x**2)))


@case(
    at=[[0.0, 0.0, 0.0]],
    stable="sqrt(mean(x**2)) -> norm(x) / sqrt(n)",
    truth=[[0, 0, 0]],
    convention=MINIMAL,
)
def root_mean_square_at_origin(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.mean(x**2))


@case(at=[[1e200, 2e200, -2e200]], stable="sqrt(mean(x**2)) -> norm(x) / sqrt(n), scaled")
def root_mean_square_overflow(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.mean(x**2))


@case(at=[[3e-200, 4e-200]], stable="x / sqrt(sum(x**2)) -> x / norm(x), scaled")
def unit_vector_tiny(xp: Namespace, x: Array) -> Array:
    weights = xp.const([1.0, 2.0])
    return xp.sum(weights * (x / xp.sqrt(xp.sum(x**2))))


@case(
    at=[[2.0, 2.0, 2.0]],
    stable="derivative of std: (x - mean) / (n std), 0 where std is 0",
    truth=[[0, 0, 0]],
    convention=MINIMAL,
)
def std_of_equal_values(xp: Namespace, x: Array) -> Array:
    return xp.std(x)


@case(
    at=[[0.5, 0.5, 0.5, 0.5]],
    stable="sqrt(mean((x - mean(x))**2)) -> std(x), or sqrt(mean(u**2)) -> norm(u) / sqrt(n)",
    truth=[[0, 0, 0, 0]],
    convention=MINIMAL,
)
def std_plain_of_equal_values(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.mean((x - xp.mean(x)) ** 2))


@case(at=[[1e8, 1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0]], stable="mean(x**2) - mean(x)**2 -> mean((x - mean(x))**2)")
def variance_with_offset(xp: Namespace, x: Array) -> Array:
    return xp.mean(x**2) - xp.mean(x) ** 2


@case(
    at=[[1e8, 1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0]],
    stable="mean(x**2) - mean(x)**2 -> var(x), then sqrt(var(x)) -> std(x)",
)
def std_with_offset(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(xp.mean(x**2) - xp.mean(x) ** 2)


@case(at=[[1e10, 2e10]], stable="sum(|x|**p)**(1/p) -> m * sum((|x| / m)**p)**(1/p), m = max(|x|)")
def high_order_norm(xp: Namespace, x: Array) -> Array:
    return xp.sum(xp.abs(x) ** 50.0) ** 0.02


def _pairwise(mp: Any, x: NDArray[Any]) -> list[Any]:
    gradient = [[mp.mpf(0), mp.mpf(0)] for _ in x]
    for i, first in enumerate(x):
        for j, second in enumerate(x):
            if i != j:
                length = mp.hypot(*(first - second))
                for k in range(2):
                    gradient[i][k] += 2 * (first[k] - second[k]) / length
    return [gradient]


@case(
    at=[[[0.0, 1.0], [3.0, 5.0], [-4.0, 4.0]]],
    stable="sqrt(sum(u**2, axis)) -> norm(u, axis), 0 on the diagonal",
    truth=_pairwise,
    convention="the distance of a point from itself is 0 wherever the point is",
)
def pairwise_distances(xp: Namespace, x: Array) -> Array:
    difference = x[:, None, :] - x[None, :, :]
    return xp.sqrt(xp.sum(difference**2, axis=2))


@case(
    at=[[1e200, 1e-200, -3e180], [1e200, 2e-200, 2e180]],
    stable="derivative of arctan2: (x / h) / h, h = hypot(x, y)",
)
def arctan2_extreme(xp: Namespace, y: Array, x: Array) -> Array:
    return xp.arctan2(y, x)


@case(at=[[1e200, -1e170, 1.0]], stable="derivative of log(1 + x**2): 2 (x / h) / h, h = hypot(1, x)")
def cauchy_loss(xp: Namespace, x: Array) -> Array:
    return xp.log(1.0 + x**2)


@case(at=[[1e200, -1e180, 1e-10]], stable="sqrt(1 + x**2) -> hypot(1, x)")
def pseudo_huber_loss(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(1.0 + x**2) - 1.0


@case(
    at=[[1e8, -1e6, 1e100]], stable="derivative of x / hypot(1, x): 1 / hypot(1, x)**3, not 1/h - x**2/h**3"
)
def inverse_square_root_unit(xp: Namespace, x: Array) -> Array:
    return x / xp.sqrt(1.0 + x**2)


@case(
    at=[[1e100, -1e90, 2.0]],
    stable="derivative of x / (1 + x**2): r - 2 (x r)**2 with r = 1 / (1 + x**2); (1 + x**2)**2 never formed",
)
def witch_of_agnesi_times_x(xp: Namespace, x: Array) -> Array:
    return x / (1.0 + x**2)

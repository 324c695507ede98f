"""NumPy evaluation of the moments that derivatives of exprel, log1prel, sinc and sinhc are made of.

Each takes an array that holds one whole order n, and x. The compiled functions of the same names
(vector_maths/relative.h) use the same methods.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from croton.graph.values import NDArray


def _order(order: NDArray) -> int:
    return int(order.flat[0]) if order.size else 0


def evaluate_exponential_moment(order: NDArray, x: NDArray) -> Any:
    """The integral of t^n exp(x t) over [0, 1].

    From -40 to 40 by series of positive terms (for negative x after Kummer's transformation), beyond by
    I_n = (exp(x) - n I_{n-1}) / x.
    """
    n, z = _order(order), x.astype(np.float64)
    near = np.abs(z) <= 40
    size = np.where(near, np.abs(z), 1.0)
    term = np.ones_like(size)
    positive, kummer, kummer_term = np.zeros_like(size), np.zeros_like(size), np.ones_like(size)
    for k in range(180):
        positive += term / (k + n + 1)
        kummer += kummer_term
        term = term * size / (k + 1)
        kummer_term = kummer_term * size / (n + 2 + k)
    series = np.where(z > 0, positive, np.exp(-size) * kummer / (n + 1))
    return np.where(near, series, _far_exponential_moment(n, np.where(near, 50.0, z)))


def _far_exponential_moment(n: int, z: NDArray) -> NDArray:
    """For |x| > 40; in units of exp(x) where x is positive, so that it overflows only with the result."""
    scale = np.exp(np.minimum(z, 0.0))
    value = (scale - np.exp(-np.maximum(z, 0.0))) / z
    for k in range(1, n + 1):
        value = (scale - k * value) / z
    half = np.exp(0.5 * np.maximum(z, 0.0))
    infinite = np.where(z > 0, np.inf, 0.0)
    return np.where(np.isinf(z), infinite, value * half * half)


def evaluate_logarithm_moment(order: NDArray, x: NDArray) -> Any:
    """The integral of t^n / (1 + x t)^(n + 1) over [0, 1].

    With u = x / (1 + x) it is (1 + x)^-(n + 1) times J_n = the integral of v^n / (1 - u v), by series for
    |u| <= 3/4 and beyond by J_n = (J_{n-1} - 1 / n) / u.
    """
    n, z = _order(order), x.astype(np.float64)
    u = np.where(np.isinf(z), 1.0, z / (1 + z))
    near = np.abs(u) <= 0.75
    inner = np.where(near, u, 0.5)
    series = np.zeros_like(z)
    for k in range(140, -1, -1):
        series = series * inner + 1 / (n + 1 + k)
    outer = np.where(near, 1.0, u)
    far = np.log1p(z) / outer
    for k in range(1, n + 1):
        far = (far - 1 / k) / outer
    return np.where(near, series, far) / (1 + z) ** (n + 1)


def evaluate_cosine_moment(order: NDArray, x: NDArray) -> Any:
    """The n-th derivative of sin(x) / x.

    x f_n + n f_{n-1} = sin(x + n pi / 2): upwards for |x| > n + 4, downwards from far above otherwise.
    """
    n, z = _order(order), x.astype(np.float64)
    sine, cosine = np.sin(z), np.cos(z)
    turned = [sine, cosine, -sine, -cosine]
    far = np.abs(z) > n + 4
    divisor = np.where(far, z, 1.0)
    up = sine / divisor
    for k in range(1, n + 1):
        up = (turned[k % 4] - k * up) / divisor
    down, result = np.zeros_like(z), np.zeros_like(z)
    for k in range(n + 60, n, -1):
        down = (turned[k % 4] - z * down) / k
    result = np.where(far, up, down)
    return np.where(np.isinf(z), 0.0, result)


def evaluate_hyperbolic_moment(order: NDArray, x: NDArray) -> Any:
    """The n-th derivative of sinh(x) / x, by its series of positive terms up to 40."""
    n, z = _order(order), x.astype(np.float64)
    size = np.abs(z)
    near = size <= 40
    inner = np.where(near, size, 1.0)
    term = inner if n % 2 else np.ones_like(inner)
    series = np.zeros_like(inner)
    for k in range(n % 2, 180, 2):
        series += term / (k + n + 1)
        term = term * inner * inner / ((k + 1) * (k + 2))
    far = 0.5 * _far_exponential_moment(n, np.where(near, 50.0, size))
    return np.where(near, series, far) * (np.sign(z) if n % 2 else 1.0)

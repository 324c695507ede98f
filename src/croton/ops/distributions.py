"""Continuous distributions, as functions of uniform and normal numbers and of the samplers in `sampling`.

Everything takes the shape first, then parameters that broadcast to it; shape=None is the shape of the
parameters together. What is a formula of uniform or normal numbers has gradients by its parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.dtypes import FLOAT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.ops import base, random
from croton.ops.arithmetic import add, divide, maximum, multiply, negative, sqrt, square, subtract, where
from croton.ops.base import Array
from croton.ops.comparison import less, less_equal
from croton.ops.elementwise import elementwise
from croton.ops.exponential import exp, expm1, log, log1p, sigmoid
from croton.ops.sampling import sample
from croton.ops.shape import reshape
from croton.ops.softmax import softmax


def _target(name: str, dtype: object) -> DType:
    target = dtypes.as_dtype(FLOAT64 if dtype is None else dtype)
    if not dtypes.is_float(target):
        raise DTypeError(f"random.{name}: expected a floating dtype, got {target.name}")
    return target


def wide(parameter: object) -> Array:
    """A parameter in float64, in which samplers calculate."""
    return base.cast(base.as_array(parameter), FLOAT64)


def key_of(key: object) -> Array:
    """A key, a number as a key, or one of the global generator for None."""
    return random.as_key(key) if key is not None else random.key_source[-1]()


def keys_of(key: object, count: int) -> list[Array]:
    """Independent keys made of one."""
    from croton.ops.slicing import slice_axis

    made = random.split(key_of(key), count)
    return [reshape(slice_axis(made, 0, number, number + 1), (2,)) for number in range(count)]


def _positive_unit(shape: object, key: object) -> Array:
    """Uniform on (0, 1), never 0 or 1."""
    return maximum(random.uniform(shape, dtype=FLOAT64, key=key), 2.0**-54)


def waiting(shape: object, key: object) -> Array:
    """Standard exponential, never 0."""
    return maximum(random.exponential(shape, dtype=FLOAT64, key=key), 2.0**-54)


def _located(
    name: str,
    standard: Callable[[Shape, object], Array],
    shape: object,
    loc: object,
    scale: object,
    dtype: object,
    key: object,
) -> Array:
    target = _target(name, dtype)
    calculated = dtypes.compute_dtype(target)
    drawn = base.cast(standard(random.sizes(name, shape, loc, scale), key), calculated)
    return base.cast(add(multiply(drawn, base.cast(scale, calculated)), base.cast(loc, calculated)), target)


def laplace(
    shape: object = None, loc: object = 0.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Laplace's double exponential distribution, of density exp(-|x - loc| / scale) / (2 scale)."""

    def standard(size: Shape, source: object) -> Array:
        unit = _positive_unit(size, source)
        low = less(unit, 0.5)
        return where(
            low,
            log(multiply(where(low, unit, 0.5), 2)),
            negative(log(multiply(subtract(1, where(low, 0.5, unit)), 2))),
        )

    return _located("laplace", standard, shape, loc, scale, dtype, key)


def logistic(
    shape: object = None, loc: object = 0.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """The logistic distribution: loc + scale log(u / (1 - u))."""

    def standard(size: Shape, source: object) -> Array:
        unit = _positive_unit(size, source)
        return subtract(log(unit), log1p(negative(unit)))

    return _located("logistic", standard, shape, loc, scale, dtype, key)


def gumbel(
    shape: object = None, loc: object = 0.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Gumbel's distribution of extremes: loc - scale log(exponential)."""

    def standard(size: Shape, source: object) -> Array:
        return random.gumbel(size, dtype=FLOAT64, key=source)

    return _located("gumbel", standard, shape, loc, scale, dtype, key)


def cauchy(
    shape: object = None, loc: object = 0.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Cauchy's distribution: loc + scale tan(pi (u - 1/2))."""

    def standard(size: Shape, source: object) -> Array:
        return elementwise("tan", multiply(subtract(_positive_unit(size, source), 0.5), math.pi))

    return _located("cauchy", standard, shape, loc, scale, dtype, key)


def lognormal(
    shape: object = None, mean: object = 0.0, sigma: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """The exponential of a normal distribution of this mean and standard deviation."""
    target = _target("lognormal", dtype)
    calculated = dtypes.compute_dtype(target)
    return base.cast(
        exp(random.normal(random.sizes("lognormal", shape, mean, sigma), mean, sigma, calculated, key)),
        target,
    )


def rayleigh(shape: object = None, scale: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """Rayleigh's distribution: the length of a vector of two normals."""
    target = _target("rayleigh", dtype)
    drawn = sqrt(multiply(waiting(random.sizes("rayleigh", shape, scale), key), 2))
    return base.cast(multiply(drawn, wide(scale)), target)


def weibull(
    shape: object = None, a: object = 1.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Weibull's distribution: scale exponential^(1/a)."""
    target = _target("weibull", dtype)
    drawn = waiting(random.sizes("weibull", shape, a, scale), key)
    return base.cast(multiply(exp(divide(log(drawn), wide(a))), wide(scale)), target)


def pareto(shape: object = None, a: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """The second kind of Pareto's distribution, from 0 on, as in NumPy: exp(exponential / a) - 1."""
    target = _target("pareto", dtype)
    return base.cast(expm1(divide(waiting(random.sizes("pareto", shape, a), key), wide(a))), target)


def power(shape: object = None, a: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """On [0, 1] with density a x^(a - 1)."""
    target = _target("power", dtype)
    return base.cast(exp(negative(divide(waiting(random.sizes("power", shape, a), key), wide(a)))), target)


def triangular(
    shape: object = None,
    left: object = 0.0,
    mode: object = 0.5,
    right: object = 1.0,
    dtype: object = None,
    key: object = None,
) -> Array:
    """On [left, right], with a density that rises to `mode` and falls from there."""
    target = _target("triangular", dtype)
    low, top, high = wide(left), wide(mode), wide(right)
    unit = random.uniform(random.sizes("triangular", shape, left, mode, right), dtype=FLOAT64, key=key)
    width, rise, fall = subtract(high, low), subtract(top, low), subtract(high, top)
    rising = less(multiply(unit, width), rise)
    half = where(rising, unit, subtract(1, unit))
    distance = sqrt(multiply(multiply(half, width), where(rising, rise, fall)))
    return base.cast(where(rising, add(low, distance), subtract(high, distance)), target)


def wald(
    shape: object = None, mean: object = 1.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """The inverse Gaussian distribution, by Michael, Schucany and Haas 1976."""
    target = _target("wald", dtype)
    size = random.sizes("wald", shape, mean, scale)
    first, second = keys_of(key, 2)
    mu, shaping = wide(mean), wide(scale)
    # With w = mu y / (2 scale), the smaller root is mu / (1 + w + sqrt(w (w + 2))), without cancellation.
    w = divide(multiply(mu, square(random.normal(size, key=first))), multiply(shaping, 2))
    ratio = divide(1, add(add(w, 1), sqrt(multiply(w, add(w, 2)))))
    smaller = less_equal(random.uniform(size, dtype=FLOAT64, key=second), divide(1, add(ratio, 1)))
    return base.cast(where(smaller, multiply(mu, ratio), divide(mu, ratio)), target)


def gamma(
    shape: object = None, a: object = 1.0, scale: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """The gamma distribution of shape a, by Marsaglia and Tsang 2000."""
    target = _target("gamma", dtype)
    drawn = sample("log_gamma", "gamma", key_of(key), random.sizes("gamma", shape, a, scale), wide(a))
    return base.cast(multiply(exp(drawn), wide(scale)), target)


def chisquare(shape: object = None, df: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """The sum of the squares of df standard normals."""
    target = _target("chisquare", dtype)
    drawn = sample(
        "log_gamma", "chisquare", key_of(key), random.sizes("chisquare", shape, df), multiply(wide(df), 0.5)
    )
    return base.cast(multiply(exp(drawn), 2), target)


def f(
    shape: object = None, dfnum: object = 1.0, dfden: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Fisher's F: the ratio of two chi-square variables, each divided by its degrees of freedom."""
    target = _target("f", dtype)
    size = random.sizes("f", shape, dfnum, dfden)
    above, below = multiply(wide(dfnum), 0.5), multiply(wide(dfden), 0.5)
    first, second = keys_of(key, 2)
    drawn = subtract(
        sample("log_gamma", "f", first, size, above), sample("log_gamma", "f", second, size, below)
    )
    return base.cast(divide(multiply(exp(drawn), below), above), target)


def standard_t(shape: object = None, df: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """Student's t: a normal divided by the root of a chi-square over its degrees of freedom."""
    target = _target("standard_t", dtype)
    size = random.sizes("standard_t", shape, df)
    half = multiply(wide(df), 0.5)
    first, second = keys_of(key, 2)
    root = exp(multiply(subtract(sample("log_gamma", "standard_t", second, size, half), log(half)), -0.5))
    return base.cast(multiply(random.normal(size, key=first), root), target)


def beta(
    shape: object = None, a: object = 1.0, b: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """The beta distribution on [0, 1]: the share of one gamma variable in the sum of two."""
    target = _target("beta", dtype)
    size = random.sizes("beta", shape, a, b)
    first, second = keys_of(key, 2)
    drawn = subtract(
        sample("log_gamma", "beta", first, size, wide(a)),
        sample("log_gamma", "beta", second, size, wide(b)),
    )
    return base.cast(sigmoid(drawn), target)


def dirichlet(
    shape: object = None, alpha: object = (1.0,), dtype: object = None, key: object = None
) -> Array:
    """Shares that add up to 1 along a last axis, by gamma variables of shapes `alpha`.

    shape: without the last axis.
    """
    target = _target("dirichlet", dtype)
    shapes = wide(alpha)
    if base.rank_of(shapes) == 0:
        raise ShapeError("random.dirichlet: expected alpha with an axis of outcomes, got a number")
    own = base.shape_of(shapes)
    size = own if shape is None else (*random.shape_of_draw(shape), own[-1])
    drawn = sample("log_gamma", "dirichlet", key_of(key), random.sizes("dirichlet", size, shapes), shapes)
    return base.cast(softmax(drawn, -1), target)


def multivariate_normal(
    shape: object = None,
    mean: object = (0.0,),
    cov: object = ((1.0,),),
    dtype: object = None,
    key: object = None,
) -> Array:
    """Normal vectors along a last axis, with these means and covariances: L z + mean for cov = L L^T.

    shape: without the last axis; it comes before the leading axes of `mean` and `cov`, which broadcast. With
        gradients by both parameters.

    Raises:
        ShapeError: `mean` is no vector or `cov` no square matrix of its size.
        LinAlgError: `cov` is not positive definite.
    """
    from croton.ops.contraction import matmul  # late, as the factorisation: most programs draw no vectors
    from croton.ops.linear_algebra.cholesky import cholesky
    from croton.ops.shape import expand_dims, squeeze

    target = _target("multivariate_normal", dtype)
    center, covariance = wide(mean), wide(cov)
    if base.rank_of(center) < 1 or base.rank_of(covariance) < 2:
        raise ShapeError(
            "random.multivariate_normal: expected a vector of means and a matrix of covariances, "
            f"got {base.rank_of(center)} and {base.rank_of(covariance)} axes"
        )
    own = base.shape_of(center)
    leading = dims.broadcast([own[:-1], base.shape_of(covariance)[:-2]], "random.multivariate_normal")
    before = () if shape is None else random.shape_of_draw(shape)
    drawn = random.normal((*before, *leading, own[-1]), dtype=FLOAT64, key=key)
    turned = squeeze(matmul(cholesky(covariance), expand_dims(drawn, -1)), -1)
    return base.cast(add(turned, center), target)


def vonmises(
    shape: object = None, mu: object = 0.0, kappa: object = 1.0, dtype: object = None, key: object = None
) -> Array:
    """Von Mises's distribution of angles in [-pi, pi], by Best and Fisher 1979."""
    target = _target("vonmises", dtype)
    drawn = sample(
        "vonmises", "vonmises", key_of(key), random.sizes("vonmises", shape, mu, kappa), wide(kappa)
    )
    shifted = add(drawn, wide(mu))
    turns = elementwise("rint", divide(shifted, 2 * math.pi))
    return base.cast(subtract(shifted, multiply(turns, 2 * math.pi)), target)

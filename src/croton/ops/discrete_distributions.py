"""Distributions of counts and of indices, and random orders.

Everything takes the shape first, then parameters that broadcast to it; shape=None is the shape of the
parameters together.
"""

from __future__ import annotations

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.dtypes import FLOAT64, INT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.ops import base, random
from croton.ops.arithmetic import add, divide, minimum, multiply, negative, subtract
from croton.ops.base import Array, apply_one
from croton.ops.comparison import greater, less_equal, logical_and, logical_not
from croton.ops.cumulative import Shift, cumsum
from croton.ops.distributions import key_of, keys_of, waiting, wide
from croton.ops.elementwise import elementwise
from croton.ops.exponential import exp, log1p
from croton.ops.random_bits import Permutation
from croton.ops.reduction import sum as sum_over
from croton.ops.row_sampling import Multinomial, Urn
from croton.ops.sampling import sample
from croton.ops.shape import broadcast_to, expand_dims, reshape


def _whole(name: str, dtype: object) -> DType:
    target = dtypes.as_dtype(INT64 if dtype is None else dtype)
    if dtypes.is_complex(target):
        raise DTypeError(f"random.{name}: expected a real dtype, got {target.name}")
    return target


def poisson(shape: object = None, lam: object = 1.0, dtype: object = None, key: object = None) -> Array:
    """Poisson's distribution of counts with mean lam."""
    target = _whole("poisson", dtype)
    drawn = sample("poisson", "poisson", key_of(key), random.sizes("poisson", shape, lam), wide(lam))
    return base.cast(drawn, target)


def geometric(shape: object = None, p: object = 0.5, dtype: object = None, key: object = None) -> Array:
    """How many trials of probability p there are up to the first success, counting it."""
    target = _whole("geometric", dtype)
    drawn = waiting(random.sizes("geometric", shape, p), key)
    failures = elementwise("floor", divide(drawn, negative(log1p(negative(wide(p))))))
    return base.cast(add(failures, 1), target)


def binomial(
    shape: object = None, n: object = 1, p: object = 0.5, dtype: object = None, key: object = None
) -> Array:
    """How many of n trials succeed with probability p; for n = 1 a comparison that fuses into any loop."""
    target = _whole("binomial", dtype)
    size = random.sizes("binomial", shape, n, p)
    if isinstance(n, (int, np.integer)) and n == 1:
        return random.bernoulli(size, p, target, key)
    drawn = sample("binomial", "binomial", key_of(key), size, wide(n), wide(p))
    return base.cast(drawn, target)


def negative_binomial(
    shape: object = None, n: object = 1.0, p: object = 0.5, dtype: object = None, key: object = None
) -> Array:
    """How many failures there are before the n-th success: a Poisson variable with a gamma mean."""
    target = _whole("negative_binomial", dtype)
    size = random.sizes("negative_binomial", shape, n, p)
    first, second = keys_of(key, 2)
    chance = wide(p)
    mean = multiply(
        exp(sample("log_gamma", "negative_binomial", first, size, wide(n))),
        divide(subtract(1, chance), chance),
    )
    return base.cast(sample("poisson", "negative_binomial", second, size, mean), target)


def hypergeometric(
    shape: object = None,
    ngood: object = 1,
    nbad: object = 1,
    nsample: object = 1,
    dtype: object = None,
    key: object = None,
) -> Array:
    """How many good ones are among nsample drawn from ngood + nbad without putting back."""
    target = _whole("hypergeometric", dtype)
    size = random.sizes("hypergeometric", shape, ngood, nbad, nsample)
    drawn = sample(
        "hypergeometric", "hypergeometric", key_of(key), size, wide(ngood), wide(nbad), wide(nsample)
    )
    return base.cast(drawn, target)


def multinomial(
    shape: object = None, n: object = 1, pvals: object = (0.5, 0.5), dtype: object = None, key: object = None
) -> Array:
    """How often each outcome occurs in n trials with these probabilities, along a last axis.

    shape: without the last axis; None: of pvals and n together. Probabilities need not add up to 1 exactly:
    they are divided by their sum.
    """
    target = _whole("multinomial", dtype)
    chances = wide(pvals)
    if base.rank_of(chances) == 0:
        raise ShapeError("random.multinomial: expected pvals with an axis of outcomes, got a number")
    outcomes = base.shape_of(chances)[-1]
    trials = base.as_array(n)
    leading = random.sizes("multinomial", shape, trials, *([_without_last(chances)] if shape is None else []))
    full = (*leading, outcomes)
    random.sizes("multinomial", full, chances)
    if isinstance(n, (int, np.integer)) and n == 1:
        return base.cast(_one_of(chances, leading, outcomes, key), target)
    rows, counts = broadcast_to(chances, full), broadcast_to(wide(trials), leading)
    return base.cast(apply_one(Multinomial(), key_of(key), counts, rows), target)


def _without_last(chances: Array) -> Array:
    from croton.ops.reduction import max as max_over

    return max_over(chances, -1)


def _one_of(chances: Array, leading: Shape, outcomes: dims.Dim, key: object) -> Array:
    """One outcome per row, as a row of zeros and a one: where the running sum passes a uniform number."""
    total = sum_over(chances, -1, keepdims=True)
    running = cumsum(chances, -1)
    unit = multiply(expand_dims(random.uniform(leading, dtype=FLOAT64, key=key), -1), total)
    passed = greater(broadcast_to(running, (*leading, outcomes)), unit)
    earlier = base.apply_one(Shift(len(leading)), passed)
    return logical_and(passed, logical_not(earlier))


def choice(
    a: object,
    shape: object = (),
    replace: bool = True,
    p: object = None,
    axis: int = 0,
    key: object = None,
) -> Array:
    """Entries of an array along an axis, or numbers below an int, uniformly or with probabilities p.

    Raises:
        ShapeError: more are drawn without replacement than there are.
    """
    from croton.ops.gathering import take
    from croton.ops.slicing import slice_axis

    pool = base.as_array(a)
    numbers = base.rank_of(pool) == 0
    (count,) = base.as_dims(a) if numbers else (base.shape_of(pool)[axis],)
    wanted = random.shape_of_draw(shape)
    if not replace:
        amount = dims.product(wanted)
        if isinstance(amount, int) and isinstance(count, int) and amount > count:
            raise ShapeError(f"random.choice: {amount} of {count} cannot be drawn without replacement")
        if p is None:
            order = random.permutation(count if numbers else base.as_array(count), key=key_of(key))
        else:
            order = choice_without_replacement(p, amount, key)
        chosen = reshape(slice_axis(order, 0, 0, amount), wanted)
    elif p is None:
        chosen = random.integers(0, base.as_array(count), wanted, key=key_of(key))
    else:
        chosen = _by_chance(wide(p), wanted, key)
    return chosen if numbers else take(pool, chosen, axis)


def _by_chance(chances: Array, wanted: Shape, key: object) -> Array:
    """Indices whose running sum of probabilities first passes uniform numbers."""
    if base.rank_of(chances) != 1:
        raise ShapeError(f"random.choice: expected p with one axis, got {base.rank_of(chances)}")
    running = cumsum(chances, 0)
    total = sum_over(chances)
    unit = multiply(random.uniform(wanted, dtype=FLOAT64, key=key_of(key)), total)
    passed = less_equal(running, expand_dims(unit, -1))
    last = subtract(base.as_array(base.shape_of(chances)[0]), 1)
    return minimum(sum_over(base.cast(passed, INT64), -1), last)


def choice_without_replacement(pvals: object, n: object, key: object = None) -> Array:
    """n different indices per row of probabilities, in the order drawn: int64 (..., n)."""
    (amount,) = base.as_dims(n)
    return apply_one(Urn(amount), key_of(key), wide(pvals))


def permutations(shape: object, n: object, key: object = None) -> Array:
    """The numbers below n in random order along a last axis, another one for every entry of a shape."""
    return apply_one(Permutation((*random.shape_of_draw(shape), *base.as_dims(n))), key_of(key))


def shuffled(x: object, axis: int, each: bool, key: object = None) -> Array:
    """x with its entries along an axis in random order; `each`: in an order of its own at every place."""
    from croton.ops.gathering import take_along_axis
    from croton.ops.rearranging import moveaxis

    array = base.as_array(x)
    if not each:
        return random.permutation(array, axis, key)
    last = moveaxis(array, axis, -1)
    order = apply_one(Permutation(base.shape_of(last)), key_of(key))
    return moveaxis(take_along_axis(last, order, -1), -1, axis)

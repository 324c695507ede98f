"""Random arrays: `T.random.normal((10, 5))`, seeded by `T.random.seed`, or functions of `key=`."""

from croton.ops.random import (
    bernoulli,
    bits,
    categorical,
    dropout,
    exponential,
    fold_in,
    gumbel,
    integers,
    key,
    normal,
    permutation,
    randint,
    seed,
    split,
    truncated_normal,
    uniform,
)

__all__ = [
    "bernoulli",
    "bits",
    "categorical",
    "dropout",
    "exponential",
    "fold_in",
    "gumbel",
    "integers",
    "key",
    "normal",
    "permutation",
    "randint",
    "seed",
    "split",
    "truncated_normal",
    "uniform",
]

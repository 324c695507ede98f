"""Random arrays: `T.random.normal((10, 5))`, seeded by `T.random.seed`, or functions of `key=`.

Symbolic programs draw from a `RandomStream`, whose variables are new in every call of a function.
"""

from typing import TYPE_CHECKING, Any

from croton.ops.random import (
    bernoulli,
    bits,
    categorical,
    dropout,
    exponential,
    fold_in,
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

CONTINUOUS = (
    "beta",
    "cauchy",
    "chisquare",
    "dirichlet",
    "f",
    "gamma",
    "gumbel",
    "laplace",
    "logistic",
    "lognormal",
    "multivariate_normal",
    "pareto",
    "power",
    "rayleigh",
    "standard_t",
    "triangular",
    "vonmises",
    "wald",
    "weibull",
)
_DISCRETE = (
    "binomial",
    "choice",
    "choice_without_replacement",
    "geometric",
    "hypergeometric",
    "multinomial",
    "negative_binomial",
    "permutations",
    "poisson",
    "shuffled",
)

__all__ = [
    "RandomStream",
    "bernoulli",
    "bits",
    "categorical",
    "dropout",
    "exponential",
    "fold_in",
    "integers",
    "key",
    "normal",
    "permutation",
    "randint",
    "seed",
    "split",
    "truncated_normal",
    "uniform",
    *CONTINUOUS,
    *_DISCRETE,
]

if TYPE_CHECKING:
    from croton.frontends.random_stream import RandomStream


def __getattr__(name: str) -> Any:
    """What is imported only when it is used."""
    from importlib import import_module

    if name in CONTINUOUS:
        module = "croton.ops.distributions"
    elif name in _DISCRETE:
        module = "croton.ops.discrete_distributions"
    elif name == "RandomStream":
        module = "croton.frontends.random_stream"
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(module), name)
    return found

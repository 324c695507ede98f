"""Random numbers that are formulas of their parameters; the key is fixed, so the numbers are."""

from __future__ import annotations

import numpy as np

import croton.tensor as T

from .case import Case

R = T.random
FIRST, SECOND = np.array([0.7, 1.3, 2.0]), np.array([1.5, 0.6, 0.9])

CASES = [
    *(
        Case(name, lambda a, b, name=name: getattr(R, name)((4, 3), a, b, key=3), (FIRST, SECOND))
        for name in (
            "uniform",
            "normal",
            "laplace",
            "logistic",
            "gumbel",
            "cauchy",
            "lognormal",
            "weibull",
            "wald",
        )
    ),
    *(
        Case(name, lambda a, name=name: getattr(R, name)((4, 3), a, key=3), (FIRST,))
        for name in ("exponential", "rayleigh", "pareto", "power")
    ),
    Case(
        "triangular",
        lambda a, b, c: R.triangular((4, 3), a, a + b, a + b + c, key=3),
        (FIRST, SECOND, SECOND[::-1].copy()),
    ),
    Case("scale of gamma", lambda a: R.gamma((4, 3), 2.0, a, key=3) ** 2, (FIRST,)),
    Case("truncated_normal", lambda a, b: R.truncated_normal((4, 3), a, b, key=3), (FIRST, SECOND)),
    Case("dropout", lambda x: T.nnet.dropout(x, 0.5, key=3) ** 2, (FIRST,)),
]

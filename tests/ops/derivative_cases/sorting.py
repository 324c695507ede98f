"""Sorting, the largest elements, quantiles, counting with weights."""

from __future__ import annotations

import numpy as np

import croton.tensor as T

from .case import Case

_x = np.random.default_rng(3).standard_normal((4, 5))
_weights = np.random.default_rng(4).standard_normal(6)
_numbers = np.array([2, 0, 2, 5, 1, 2])

CASES = [
    Case("sort", lambda x: [T.sort(x) ** 3, T.sort(x, 0) ** 2, T.sort(x, None) ** 3], (_x,)),
    Case("sort complex", lambda z: T.sort(z) ** 2, (_x + 1j * _x[::-1],)),
    Case("argsort", lambda x: T.take_along_axis(x, T.argsort(x, 0), 0) ** 3, (_x,)),
    Case("topk", lambda x: [T.topk(x, 2) ** 3, T.topk(x, -2, 0) ** 2, T.top_k(x, 3)[0] ** 3], (_x,)),
    Case("topk of long rows", lambda x: T.topk(T.tile(x, (1, 20)) * np.arange(1, 101), 3) ** 3, (_x,)),
    Case("median", lambda x: [T.median(x) ** 2, T.median(x, 0) ** 3, T.median(x, 1) ** 3], (_x,)),
    Case("quantile", lambda x: T.quantile(x, [0.1, 0.5, 0.93], 1) ** 3, (_x,)),
    Case("bincount", lambda w: T.bincount(_numbers, w) ** 3, (_weights,)),
    Case("unique", lambda x: T.sum(T.unique(x) ** 3), (_x,)),
    Case("unique rows", lambda x: T.sum(T.unique(x, axis=0) ** 3), (_x,)),
    Case(
        "searchsorted",
        lambda x: T.take(x, T.minimum(T.searchsorted(T.sort(x, None), x[0]), 3), 0) ** 2,
        (_x,),
    ),
    Case("fill_diagonal", lambda x: T.fill_diagonal(x, T.sum(x)) ** 2, (_x,)),
]

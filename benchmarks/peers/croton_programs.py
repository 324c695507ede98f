"""The workloads in Croton, by its symbolic front door."""

from __future__ import annotations

from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T

from . import data


def programs(_: str) -> dict[str, Any]:
    x, w, b = T.fmatrix("x"), T.fmatrix("w"), T.fvector("b")
    layer = T.sigmoid(T.dot(x, w) + b)
    dense = ct.function([x, w, b], layer)
    gradient = ct.function([w, b, x], ct.grad((layer**2).mean(), [w, b]))
    s = [ct.shared(value) for value in data.WEIGHTS]
    hidden = T.maximum(T.dot(T.maximum(T.dot(x, s[0]) + s[1], 0), s[2]) + s[3], 0)
    mlp = ct.function([x], T.dot(hidden, s[4]) + s[5])
    options = [T.dvector(name) for name in ("spot", "strike", "years")]
    price = ct.function(options, data.black_scholes(*options, T.log, T.sqrt, T.exp, T.erfc))
    weights, bias = ct.shared(data.START.copy()), ct.shared(np.float64(0))
    p = T.sigmoid(T.dot(data.ROWS, weights) + bias)
    loss = (-data.LABELS * T.log(p) - (1 - data.LABELS) * T.log(1 - p)).mean()
    dw, db = ct.grad(loss + data.PENALTY * (weights**2).sum(), [weights, bias])
    updates = [(weights, weights - data.RATE * dw), (bias, bias - data.RATE * db)]
    step = ct.function([], loss, updates=updates)
    a, c = T.dscalar("a"), T.dscalar("c")
    add, one = ct.function([a, c], a + c), np.asarray(1.0)
    return {
        "dense": lambda: dense(data.X, data.W, data.B),
        "gradient": lambda: gradient(data.W, data.B, data.X),
        "mlp": lambda: mlp(data.ROW),
        "black_scholes": lambda: price(data.SPOT, data.STRIKE, data.YEARS),
        "logistic": step,
        "call": lambda: add(one, one),
    }

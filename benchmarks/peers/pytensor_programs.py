"""The workloads in PyTensor: through its C linker, and through Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode

from . import data


def programs(style: str) -> dict[str, Any]:
    mode = Mode(linker="cvm", optimizer="fast_run") if style == "c" else "NUMBA"

    def function(inputs: Any, outputs: Any, **more: Any) -> Any:
        return pytensor.function(inputs, outputs, trust_input=True, mode=mode, **more)

    x, w, b = pt.fmatrix(), pt.fmatrix(), pt.fvector()
    layer = pt.sigmoid(x @ w + b)
    dense = function([x, w, b], layer)
    gradient = function([w, b, x], pytensor.grad((layer**2).mean(), [w, b]))
    s = [pytensor.shared(value) for value in data.WEIGHTS]
    hidden = pt.maximum(pt.maximum(x @ s[0] + s[1], 0) @ s[2] + s[3], 0)
    mlp = function([x], hidden @ s[4] + s[5])
    options = pt.dvectors(3)
    price = function(options, data.black_scholes(*options, pt.log, pt.sqrt, pt.exp, pt.erfc))
    weights, bias = pytensor.shared(data.START.copy()), pytensor.shared(0.0)
    p = pt.sigmoid(pt.dot(data.ROWS, weights) + bias)
    loss = (-data.LABELS * pt.log(p) - (1 - data.LABELS) * pt.log(1 - p)).mean()
    dw, db = pytensor.grad(loss + data.PENALTY * (weights**2).sum(), [weights, bias])
    step = function([], loss, updates=[(weights, weights - data.RATE * dw), (bias, bias - data.RATE * db)])
    a, c = pt.dscalars(2)
    add, one = function([a, c], a + c), np.asarray(1.0)
    return {
        "dense": lambda: dense(data.X, data.W, data.B),
        "gradient": lambda: gradient(data.W, data.B, data.X),
        "mlp": lambda: mlp(data.ROW),
        "black_scholes": lambda: price(data.SPOT, data.STRIKE, data.YEARS),
        "logistic": step,
        "call": lambda: add(one, one),
    }

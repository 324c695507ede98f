"""The recurrent network in PyTensor's scan, through its C linker and through Numba."""

from __future__ import annotations

from typing import Any

import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode

from . import loops_data as data


def _lstm(all_states: bool, mode: Any) -> Any:
    width = data.WIDTH
    x = pt.tensor("x", dtype="float32", shape=(data.STEPS, data.BATCH, width))
    w, u = (pt.tensor(name, dtype="float32", shape=(width, 4 * width)) for name in "wu")
    b = pt.tensor("b", dtype="float32", shape=(4 * width,))

    def step(element: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
        z = pt.dot(element, w) + pt.dot(h, u) + b
        i, f, g, o = (z[:, k * width : (k + 1) * width] for k in range(4))
        c = pt.sigmoid(f) * c + pt.sigmoid(i) * pt.tanh(g)
        return pt.sigmoid(o) * pt.tanh(c), c

    zeros = pt.zeros((data.BATCH, width), dtype="float32")
    (states, _), _ = pytensor.scan(
        step, sequences=[x], outputs_info=[zeros, zeros], non_sequences=[w, u, b], strict=True
    )
    loss = ((states if all_states else states[-1]) ** 2).mean(dtype="float32")
    gradients = pytensor.grad(loss, [w, u, b])
    function = pytensor.function([x, w, u, b], [loss, *gradients], mode=mode, trust_input=True)
    return lambda: function(data.SEQUENCE, data.INPUT_WEIGHTS, data.STATE_WEIGHTS, data.BIAS)


def programs(style: str) -> dict[str, Any]:
    mode = Mode(linker="cvm", optimizer="fast_run") if style == "c" else "NUMBA"
    return {"lstm_all": _lstm(True, mode), "lstm_last": _lstm(False, mode)}

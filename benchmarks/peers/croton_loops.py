"""The loops in Croton."""

from __future__ import annotations

from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T

from . import loops_data as data


def _lstm(all_states: bool) -> Any:
    width = data.WIDTH
    x = T.tensor("float32", shape=(data.STEPS, data.BATCH, width))
    w, u = (T.tensor("float32", shape=(width, 4 * width)) for _ in range(2))
    b = T.tensor("float32", shape=(4 * width,))

    def step(state: Any, element: Any) -> Any:
        h, c = state
        z = T.dot(element, w) + T.dot(h, u) + b
        i, f, g, o = (z[:, k * width : (k + 1) * width] for k in range(4))
        c = T.sigmoid(f) * c + T.sigmoid(i) * T.tanh(g)
        h = T.sigmoid(o) * T.tanh(c)
        return [h, c], h

    zeros = T.zeros_like(x[0])
    (last, _), states = ct.scan_loop(step, [zeros, zeros], x)
    loss = T.mean((states if all_states else last) ** 2)
    function = ct.function([x, w, u, b], [loss, *ct.grad(loss, [w, u, b])])
    return lambda: function(data.SEQUENCE, data.INPUT_WEIGHTS, data.STATE_WEIGHTS, data.BIAS)


def programs(_: str) -> dict[str, Any]:
    a, b, c = (T.dscalar(name) for name in "abc")
    start, speed = np.asarray(data.START), np.asarray(data.SPEED)
    force, interval = np.asarray(data.FORCE), np.asarray(data.INTERVAL)
    _, xs = ct.scan_loop(lambda x, _: (b * x * (1 - x) + c,) * 2, a, length=data.SCALAR_STEPS)
    one = ct.function([a, b, c], xs)

    def swing(state: Any, _: Any) -> Any:
        p, q = state
        moved = [p + c * q, q - c * p * (1 + 0.1 * p * p)]
        return moved, moved[0] * moved[0] + moved[1] * moved[1]

    _, energies = ct.scan_loop(swing, [a, b], length=data.SCALAR_STEPS)
    two = ct.function([a, b, c], energies)

    def settle(x: Any, _: Any) -> Any:
        inner, _ = ct.scan_loop(lambda y, _: (y - 0.1 * (y * y * y - b), None), x, length=data.INNER_STEPS)
        return inner, inner

    _, settled = ct.scan_loop(settle, a, length=data.SCALAR_STEPS // data.INNER_STEPS)
    nested = ct.function([a, b], settled)
    return {
        "lstm_all": _lstm(all_states=True),
        "lstm_last": _lstm(all_states=False),
        "one": lambda: one(start, speed, force),
        "two": lambda: two(start, speed, interval),
        "nested": lambda: nested(start, speed),
    }

"""The recurrent network in JAX: lax.scan inside a jitted value and gradient."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from . import loops_data as data


def _lstm(all_states: bool) -> Any:
    def loss(w: Any, u: Any, b: Any, x: Any) -> Any:
        def step(state: Any, element: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(element @ w + h @ u + b, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((data.BATCH, data.WIDTH), jnp.float32)
        (last, _), states = jax.lax.scan(step, (zeros, zeros), x)
        return jnp.mean((states if all_states else last) ** 2)

    compiled = jax.jit(jax.value_and_grad(loss, (0, 1, 2)))
    arrays = [
        jnp.asarray(array) for array in (data.INPUT_WEIGHTS, data.STATE_WEIGHTS, data.BIAS, data.SEQUENCE)
    ]

    def call() -> list[Any]:
        value, gradients = jax.block_until_ready(compiled(*arrays))
        return [value, *gradients]

    return call


def programs(_: str) -> dict[str, Any]:
    return {"lstm_all": _lstm(all_states=True), "lstm_last": _lstm(all_states=False)}

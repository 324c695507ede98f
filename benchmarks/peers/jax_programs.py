"""The workloads in JAX, compiled by jit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc

from . import data


def programs(_: str) -> dict[str, Any]:
    jax.config.update("jax_enable_x64", True)

    def layer(x: Any, w: Any, b: Any) -> Any:
        return jax.nn.sigmoid(x @ w + b)

    dense = jax.jit(layer)
    gradient = jax.jit(jax.grad(lambda w, b, x: (layer(x, w, b) ** 2).mean(), (0, 1)))
    v = [jnp.asarray(value) for value in data.WEIGHTS]
    mlp = jax.jit(lambda x, v: jnp.maximum(jnp.maximum(x @ v[0] + v[1], 0) @ v[2] + v[3], 0) @ v[4] + v[5])
    price = jax.jit(lambda s, k, t: data.black_scholes(s, k, t, jnp.log, jnp.sqrt, jnp.exp, erfc))
    options = [jnp.asarray(values) for values in (data.SPOT, data.STRIKE, data.YEARS)]

    def objective(w: Any, b: Any) -> Any:
        p = jax.nn.sigmoid(data.ROWS @ w + b)
        loss = (-data.LABELS * jnp.log(p) - (1 - data.LABELS) * jnp.log(1 - p)).mean()
        return loss + data.PENALTY * (w**2).sum()

    @jax.jit
    def update(w: Any, b: Any) -> Any:
        loss, (dw, db) = jax.value_and_grad(objective, (0, 1))(w, b)
        return loss, w - data.RATE * dw, b - data.RATE * db

    state = [jnp.asarray(data.START), jnp.asarray(0.0)]

    def step() -> None:
        loss, *state[:] = update(*state)
        np.asarray(loss)

    add, one = jax.jit(lambda a, b: a + b), jnp.asarray(1.0)
    return {
        "dense": lambda: np.asarray(dense(data.X, data.W, data.B)),
        "gradient": lambda: [np.asarray(g) for g in gradient(data.W, data.B, data.X)],
        "mlp": lambda: np.asarray(mlp(data.ROW, v)),
        "black_scholes": lambda: price(*options).block_until_ready(),
        "logistic": step,
        "call": lambda: add(one, one),
    }

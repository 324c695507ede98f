"""The workloads in PyTorch: eager, and through torch.compile."""

from __future__ import annotations

from typing import Any

import torch

from . import data


def programs(style: str) -> dict[str, Any]:
    compiled = torch.compile if style == "compile" else lambda f: f
    x, w, b = (torch.from_numpy(value) for value in (data.X, data.W, data.B))
    dense = compiled(lambda x, w, b: torch.sigmoid(x @ w + b))
    wg, bg = w.clone().requires_grad_(), b.clone().requires_grad_()
    loss = compiled(lambda x: torch.sigmoid(x @ wg + bg).square().mean())
    v = [torch.from_numpy(value) for value in data.WEIGHTS]
    network = compiled(lambda x: torch.relu(torch.relu(x @ v[0] + v[1]) @ v[2] + v[3]) @ v[4] + v[5])

    def mlp() -> Any:
        with torch.inference_mode():
            return network(torch.from_numpy(data.ROW)).numpy()

    maths = torch.log, torch.sqrt, torch.exp, torch.erfc
    price = compiled(lambda s, k, t: data.black_scholes(s, k, t, *maths))
    options = [torch.from_numpy(values) for values in (data.SPOT, data.STRIKE, data.YEARS)]
    add, one = compiled(lambda a, b: a + b), torch.tensor(1.0, dtype=torch.float64)
    return {
        "dense": lambda: dense(x, w, b).numpy(),
        "gradient": lambda: torch.autograd.grad(loss(x), (wg, bg)),
        "mlp": mlp,
        "black_scholes": lambda: price(*options),
        "logistic": _logistic(compiled),
        "call": lambda: add(one, one),
    }


def _logistic(compiled: Any) -> Any:
    weights = torch.from_numpy(data.START.copy()).requires_grad_()
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    rows, labels = torch.from_numpy(data.ROWS), torch.from_numpy(data.LABELS)

    @compiled
    def objective() -> Any:
        p = torch.sigmoid(rows @ weights + bias)
        loss = (-labels * torch.log(p) - (1 - labels) * torch.log(1 - p)).mean()
        return loss + data.PENALTY * (weights**2).sum()

    def step() -> None:
        dw, db = torch.autograd.grad(objective(), (weights, bias))
        with torch.no_grad():
            weights.sub_(data.RATE * dw)
            bias.sub_(data.RATE * db)

    return step

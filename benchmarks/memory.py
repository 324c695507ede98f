"""Memory over many training steps: it must stay flat, and its peak is set beside PyTorch's.

    python -m benchmarks.memory [--python PYTHON_WITH_TORCH] [--steps 10000]

A network 784-512-512-10 learns from random batches of 128 by gradient descent, in a process of its own for
each library. Shown are resident bytes after imports and data, after 100 steps, after all, and the peak.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from rich.console import Console
from rich.table import Table

COMMON = """
import json, resource, sys
import numpy as np
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
rng = np.random.default_rng(0)
sizes = (784, 512, 512, 10)
values = []
for a, b in zip(sizes[:-1], sizes[1:]):
    values += [(rng.normal(size=(a, b)) * (2 / a) ** 0.5).astype("float32"), np.zeros(b, "float32")]
images = rng.normal(size=(128, 784)).astype("float32")
labels = rng.integers(0, 10, 128)
def report(train):
    marks = [resident()]
    for number in range(int(sys.argv[1])):
        train()
        if number == 99:
            marks.append(resident())
    marks.append(resident())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    marks.append(max([peak, *marks]))
    print(json.dumps(dict(zip(("before", "after 100 steps", "after all", "peak"), marks))))
"""
CROTON = """
import croton as ct, croton.tensor as T
x, y = T.fmatrix("x"), T.lvector("y")
p = [ct.shared(v) for v in values]
h = T.maximum(T.dot(T.maximum(T.dot(x, p[0]) + p[1], 0), p[2]) + p[3], 0)
z = T.dot(h, p[4]) + p[5]
loss = (T.log(T.exp(z).sum(axis=1)) - z[T.arange(y.shape[0]), y]).mean()
gradients = ct.grad(loss, p)
step = ct.function([x, y], loss, updates=[(v, v - 0.01 * g) for v, g in zip(p, gradients)])
report(lambda: step(images, labels))
"""
TORCH = """
import torch
p = [torch.from_numpy(v).requires_grad_() for v in values]
x, y = torch.from_numpy(images), torch.from_numpy(labels)
optimizer = torch.optim.SGD(p, 0.01)
def train():
    optimizer.zero_grad()
    h = torch.relu(torch.relu(x @ p[0] + p[1]) @ p[2] + p[3])
    torch.nn.functional.cross_entropy(h @ p[4] + p[5], y).backward()
    optimizer.step()
report(train)
"""
GROWTH_ALLOWED = 4 << 20


def measure(python: str, program: str, steps: int) -> dict[str, int]:
    """Bytes at each mark, from a fresh process."""
    done = subprocess.run(
        [python, "-c", COMMON + program, str(steps)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    marks: dict[str, int] = json.loads(done.stdout)
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", help="an interpreter that has PyTorch")
    parser.add_argument("--steps", type=int, default=10_000)
    arguments = parser.parse_args()
    results = {"Croton": measure(sys.executable, CROTON, arguments.steps)}
    if arguments.python:
        results["PyTorch eager"] = measure(arguments.python, TORCH, arguments.steps)
    table = Table(title=f"Resident memory over {arguments.steps:,} steps, MiB")
    table.add_column("library")
    for mark in results["Croton"]:
        table.add_column(mark, justify="right")
    for name, marks in results.items():
        table.add_row(name, *(f"{count / 2**20:,.1f}" for count in marks.values()))
    Console(highlight=False).print(table)
    growth = results["Croton"]["after all"] - results["Croton"]["after 100 steps"]
    if growth > GROWTH_ALLOWED:
        raise SystemExit(f"memory grew by {growth / 2**20:.1f} MiB after the first 100 steps")


if __name__ == "__main__":
    main()

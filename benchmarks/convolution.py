"""Convolutions and a small convolutional network's training step in Croton, PyTorch, TensorFlow and JAX.

    python -m benchmarks.convolution [--python OTHER_PYTHON] [--rounds 3] [--only NAME,NAME]

Each library runs in a process of its own; the processes take turns, round by round. Shown are minima over the
rounds of the median call, and Croton's time over that of the best other library. Everything is float32.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
LIBRARIES = ("croton", "torch", "tensorflow", "jax")
SECONDS = 0.4  # for the calls of one round


class Shape(NamedTuple):
    """A square convolution: batch, size, channels in and out, size of the kernel, stride."""

    batch: int
    size: int
    inner: int
    outer: int
    taps: int
    stride: int = 1

    @property
    def outputs(self) -> int:
        return (self.size - self.taps) // self.stride + 1

    @property
    def operations(self) -> int:
        return 2 * self.batch * self.outputs**2 * self.outer * self.inner * self.taps**2


SHAPES = {
    "first layer": Shape(128, 28, 1, 32, 3),
    "second layer": Shape(128, 26, 32, 64, 3),
    "lenet": Shape(128, 28, 20, 50, 5),
    "wide image": Shape(8, 58, 64, 64, 3),
    "deep": Shape(16, 16, 256, 256, 3),
    "stride 2": Shape(16, 57, 64, 128, 3, 2),
    "kernel 1": Shape(16, 28, 256, 256, 1),
}
STEP = "network step"
Program = Callable[[], Any]


def arrays(shape: Shape) -> tuple[Any, Any, Any]:
    """Input and kernel with channels last, and a cotangent of the output."""
    random = np.random.default_rng(0)
    sizes = (
        (shape.batch, shape.size, shape.size, shape.inner),
        (shape.taps, shape.taps, shape.inner, shape.outer),
        (shape.batch, shape.outputs, shape.outputs, shape.outer),
    )
    x, w, y = (random.standard_normal(size, "float32") for size in sizes)
    return x, w, y


def network() -> tuple[Any, Any, list[Any]]:
    """Images, labels, and weights of two convolutions and a dense layer."""
    random = np.random.default_rng(1)
    sizes = [(3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (1600, 10), (10,)]
    weights = [random.standard_normal(size, "float32") / np.float32(20) for size in sizes]
    return random.standard_normal((128, 28, 28, 1), "float32"), random.integers(0, 10, 128), weights


def croton_programs(shapes: dict[str, Shape]) -> Iterator[tuple[str, Program]]:
    import croton as ct
    import croton.tensor as T

    for name, shape in shapes.items():
        x, w, y = arrays(shape)
        v, k, g = (T.tensor("float32", shape=array.shape) for array in (x, w, y))
        out = T.nnet.convolution(v, k, shape.stride)
        forward = ct.function([v, k], out)
        by_input, by_kernel = ct.grad(T.sum(out * g), [v, k])
        backward = ct.function([v, k, g], [by_input, by_kernel])
        yield f"{name}, forward", lambda f=forward, x=x, w=w: f(x, w)
        yield f"{name}, gradients", lambda f=backward, x=x, w=w, y=y: f(x, w, y)
    images, labels, weights = network()
    x, y = T.tensor("float32", shape=(None, 28, 28, 1)), T.lvector()
    p = [ct.shared(weight) for weight in weights]
    h = T.nnet.max_pool(T.nnet.relu(T.nnet.convolution(x, p[0]) + p[1]), 2)
    h = T.nnet.max_pool(T.nnet.relu(T.nnet.convolution(h, p[2]) + p[3]), 2)
    scores = T.reshape(h, (h.shape[0], 1600)) @ p[4] + p[5]
    loss = T.mean(T.nnet.categorical_crossentropy(T.softmax(scores), y))
    updates = [(a, a - np.float32(0.1) * g) for a, g in zip(p, ct.grad(loss, p), strict=True)]
    step = ct.function([x, y], loss, updates=updates)
    yield STEP, lambda: step(images, labels)


def torch_programs(shapes: dict[str, Shape]) -> Iterator[tuple[str, Program]]:
    import torch
    from torch.nn import functional as F

    def gradients(x: Any, w: Any, y: Any, stride: int) -> Any:
        return torch.autograd.grad(F.conv2d(x, w, stride=stride), [x, w], y)

    for name, shape in shapes.items():
        x, w, y = (torch.from_numpy(array) for array in arrays(shape))
        v, k, g = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1).contiguous(), y.permute(0, 3, 1, 2)
        with torch.no_grad():
            yield f"{name}, forward", lambda v=v, k=k, s=shape.stride: F.conv2d(v, k, stride=s)
        v, k = v.detach().requires_grad_(), k.detach().requires_grad_()
        yield f"{name}, gradients", lambda a=(v, k, g, shape.stride): gradients(*a)
    images, labels, weights = network()
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
    turned = [w.transpose(3, 2, 0, 1).copy() if w.ndim == 4 else w for w in weights]
    p = [torch.from_numpy(w).requires_grad_() for w in turned]

    def step() -> Any:
        h = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1])), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, p[2], p[3])), 2)
        loss = F.cross_entropy(h.flatten(1) @ p[4] + p[5], y)
        with torch.no_grad():
            for a, g in zip(p, torch.autograd.grad(loss, p), strict=True):
                a -= 0.1 * g
        return loss.item()

    yield STEP, step


def tensorflow_programs(shapes: dict[str, Shape]) -> Iterator[tuple[str, Program]]:
    import tensorflow as tf

    @tf.function
    def forward(x: Any, w: Any, stride: int) -> Any:
        return tf.nn.conv2d(x, w, stride, "VALID")

    @tf.function
    def gradients(x: Any, w: Any, y: Any, stride: int) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            out = tf.nn.conv2d(x, w, stride, "VALID")
        return tape.gradient(out, [x, w], y)

    for name, shape in shapes.items():
        x, w, y = (tf.constant(array) for array in arrays(shape))
        yield f"{name}, forward", lambda a=(x, w, shape.stride): forward(*a).numpy()
        yield f"{name}, gradients", lambda a=(x, w, y, shape.stride): [g.numpy() for g in gradients(*a)]
    images, labels, weights = network()
    x, y, p = tf.constant(images), tf.constant(labels), [tf.Variable(weight) for weight in weights]

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            h = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, p[0], 1, "VALID") + p[1]), 2, 2, "VALID")
            h = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(h, p[2], 1, "VALID") + p[3]), 2, 2, "VALID")
            scores = tf.reshape(h, (-1, 1600)) @ p[4] + p[5]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores))
        for a, g in zip(p, tape.gradient(loss, p), strict=True):
            a.assign_sub(0.1 * g)
        return loss

    yield STEP, lambda: step().numpy()


def jax_programs(shapes: dict[str, Shape]) -> Iterator[tuple[str, Program]]:
    import jax
    from jax import lax
    from jax import numpy as jnp

    def conv(x: Any, w: Any, stride: int = 1) -> Any:
        return lax.conv_general_dilated(
            x, w, (stride,) * 2, "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    for name, shape in shapes.items():
        x, w, y = (jnp.asarray(array) for array in arrays(shape))
        forward = jax.jit(lambda x, w, s=shape.stride: conv(x, w, s))
        backward = jax.jit(lambda x, w, y, s=shape.stride: jax.vjp(lambda x, w: conv(x, w, s), x, w)[1](y))
        yield f"{name}, forward", lambda f=forward, a=(x, w): f(*a).block_until_ready()
        yield f"{name}, gradients", lambda f=backward, a=(x, w, y): jax.block_until_ready(f(*a))
    images, labels, weights = network()
    x, y, state = jnp.asarray(images), jnp.asarray(labels), [[jnp.asarray(weight) for weight in weights]]

    def pool(h: Any) -> Any:
        return lax.reduce_window(h, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss(p: Any) -> Any:
        h = pool(jax.nn.relu(conv(x, p[0]) + p[1]))
        h = pool(jax.nn.relu(conv(h, p[2]) + p[3]))
        scores = h.reshape(-1, 1600) @ p[4] + p[5]
        return -jnp.mean(jax.nn.log_softmax(scores)[jnp.arange(len(y)), y])

    @jax.jit
    def update(p: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(p)
        return value, [a - 0.1 * g for a, g in zip(p, slopes, strict=True)]

    def step() -> Any:
        value, state[0] = update(state[0])
        return value.block_until_ready()

    yield STEP, step


def serve(library: str, only: str) -> None:
    """Builds a library's programs, then measures a round for each line that comes in."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    programs = dict(globals()[f"{library}_programs"](chosen(only)))
    for call in programs.values():
        call()
    print("ready", file=answers)
    for _ in sys.stdin:
        print(json.dumps({name: milliseconds(call) for name, call in programs.items()}), file=answers)


def milliseconds(call: Program) -> float:
    times = []
    end = time.perf_counter() + SECONDS
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times)


def chosen(only: str) -> dict[str, Shape]:
    return {name: shape for name, shape in SHAPES.items() if not only or name in only.split(",")}


def start(library: str, python: str, only: str) -> subprocess.Popen[str] | None:
    """A worker that is ready, or None where the library is not installed."""
    command = [python, str(HERE / "convolution.py"), "--serve", library, "--only", only]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    return process if process.stdout.readline().strip() == "ready" else None


def ask(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    measured: dict[str, float] = json.loads(process.stdout.readline())
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="a Python that has the other libraries")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="names of shapes, separated by commas")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.only)
        return
    workers = {
        name: start(name, sys.executable if name == "croton" else options.python, options.only)
        for name in LIBRARIES
    }
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name, worker in workers.items() if worker}
    for _ in range(options.rounds):
        for name in rounds:
            worker = workers[name]
            assert worker is not None
            rounds[name].append(ask(worker))
    report(
        {name: {key: min(each[key] for each in found) for key in found[0]} for name, found in rounds.items()}
    )


def report(best: dict[str, dict[str, float]]) -> None:
    """A table of milliseconds, Croton's GFLOP/s, and its time over the best other library's."""
    others = [name for name in best if name != "croton"]
    print(f"{'':28}" + "".join(f"{name:>12}" for name in best) + f"{'GFLOP/s':>10}{'ratio':>8}")
    for key, own in best["croton"].items():
        shape = SHAPES.get(key.partition(",")[0])
        work = 0 if shape is None else shape.operations * (2 if "gradients" in key else 1)
        rate = f"{work / own / 1e6:10.1f}" if work else f"{'':10}"
        ratio = f"{own / min(best[name][key] for name in others):8.2f}" if others else ""
        print(f"{key:28}" + "".join(f"{best[name][key]:12.2f}" for name in best) + rate + ratio)


if __name__ == "__main__":
    main()

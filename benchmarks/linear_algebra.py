"""Linear algebra beside NumPy and SciPy, and beside JAX when a Python that has it is given.

    python -m benchmarks.linear_algebra [--python PYTHON_WITH_JAX]

Set OPENBLAS_NUM_THREADS=1 on a busy machine: threads that wait for each other decide there what is measured.

Many small matrices (64 of 16 by 16) and one of 300 by 300, in float64: medians of interleaved rounds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg

NDArray = np.ndarray[Any, Any]
SHAPES = {"64 of 16x16": (64, 16, 16), "300x300": (300, 300)}
ROUNDS = 7


def matrices(shape: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    """General ones, and positive definite ones."""
    random = np.random.default_rng(0)
    general = random.standard_normal(shape) + np.eye(shape[-1])
    return general, general @ general.swapaxes(-1, -2) + np.eye(shape[-1])


def _each(function: Callable[..., Any], *stacks: NDArray) -> Any:
    """SciPy's function for a matrix or for each of a stack."""
    if stacks[0].ndim == 2:
        return function(*stacks)
    return [function(*parts) for parts in zip(*stacks, strict=True)]


def croton_functions() -> dict[str, Callable[..., Any]]:
    import croton as ct
    import croton.tensor as T

    functions = {}
    for rank in (2, 3):
        a, b = (T.tensor("float64", shape=(None,) * rank) for _ in range(2))
        sign, logarithm = T.linalg.slogdet(a)
        outputs = {
            "solve": ([a, b], T.linalg.solve(a, b)),
            "solve and gradients": ([a, b], ct.grad(T.sum(T.linalg.solve(a, b) ** 2), [a, b])),
            "cholesky": ([b], T.linalg.cholesky(b)),
            "svd": ([a], list(T.linalg.svd(a))),
            "eigh": ([b], list(T.linalg.eigh(b))),
            "inv": ([a], T.linalg.inv(a)),
            "slogdet": ([a], [sign, logarithm]),
            "expm": ([a], T.linalg.expm(a)),
        }
        for name, (inputs, output) in outputs.items():
            functions[f"{name} {rank}"] = ct.function(inputs, output)
    return functions


def numpy_functions() -> dict[str, Callable[..., Any]]:
    return {
        "solve": np.linalg.solve,
        "cholesky": np.linalg.cholesky,
        "svd": np.linalg.svd,
        "eigh": np.linalg.eigh,
        "inv": np.linalg.inv,
        "slogdet": np.linalg.slogdet,
        "expm": scipy.linalg.expm,
    }


def scipy_functions() -> dict[str, Callable[..., Any]]:
    checks = {"check_finite": False}
    return {
        "solve": lambda a, b: _each(lambda p, q: scipy.linalg.solve(p, q, **checks), a, b),
        "cholesky": lambda a: _each(lambda p: scipy.linalg.cholesky(p, lower=True, **checks), a),
        "svd": lambda a: _each(lambda p: scipy.linalg.svd(p, **checks), a),
        "eigh": lambda a: _each(lambda p: scipy.linalg.eigh(p, driver="evd", **checks), a),
        "inv": lambda a: _each(lambda p: scipy.linalg.inv(p, **checks), a),
    }


class Peer:
    """JAX in a process of its own, which times a call when asked to."""

    def __init__(self, python: str) -> None:
        command = [python, str(Path(__file__).resolve()), "--peer"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def time(self, name: str, shape: str) -> float:
        """Seconds of one call, or NaN where JAX has no such function."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{name}|{shape}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def serve_jax() -> None:
    """Answers requests with the seconds of a call, compiled before."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    plain = {
        "solve": jnp.linalg.solve,
        "solve and gradients": jax.grad(lambda a, b: jnp.sum(jnp.linalg.solve(a, b) ** 2), (0, 1)),
        "cholesky": jnp.linalg.cholesky,
        "svd": jnp.linalg.svd,
        "eigh": jnp.linalg.eigh,
        "inv": jnp.linalg.inv,
        "slogdet": jnp.linalg.slogdet,
        "expm": jax.scipy.linalg.expm,
    }
    functions = {name: jax.jit(function) for name, function in plain.items()}
    warm = set()
    for line in sys.stdin:
        name, shape = line.rstrip("\n").split("|")
        given = arguments(name, SHAPES[shape])
        if (name, shape) not in warm:
            jax.block_until_ready(functions[name](*given))
            warm.add((name, shape))
        start = time.perf_counter()
        jax.block_until_ready(functions[name](*given))
        print(time.perf_counter() - start, flush=True)


def arguments(name: str, shape: tuple[int, ...]) -> tuple[NDArray, ...]:
    general, positive = matrices(shape)
    if name.startswith("solve"):
        return general, positive
    return (positive,) if name in ("cholesky", "eigh") else (general,)


def seconds(function: Callable[..., Any], given: tuple[NDArray, ...]) -> float:
    start = time.perf_counter()
    function(*given)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", help="a Python that has JAX")
    options = parser.parse_args()
    peer = Peer(options.python) if options.python else None
    own, others = croton_functions(), {"numpy": numpy_functions(), "scipy": scipy_functions()}
    columns = ["croton", *others, *(["jax"] if peer else [])]
    print(f"{'microseconds':34}" + "".join(f"{column:>10}" for column in columns))
    for shown, shape in SHAPES.items():
        for name in dict.fromkeys(key.rsplit(" ", 1)[0] for key in own):
            given = arguments(name, shape)
            found: dict[str, list[float]] = {column: [] for column in columns}
            for _ in range(ROUNDS):
                found["croton"].append(seconds(own[f"{name} {len(shape)}"], given))
                for column, functions in others.items():
                    if name in functions:
                        found[column].append(seconds(functions[name], given))
                if peer:
                    found["jax"].append(peer.time(name, shown))
            cells = [f"{1e6 * np.median(times):10.0f}" if times else f"{'-':>10}" for times in found.values()]
            print(f"{name + ', ' + shown:34}" + "".join(cells))


if __name__ == "__main__":
    serve_jax() if sys.argv[1:] == ["--peer"] else main()

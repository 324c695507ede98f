"""Random loops over the rows of a batch, such as recurrent layers are, one or several in a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T

Array = np.ndarray[Any, Any]
WIDTHS = (1, 3, 8, 21)


class Loops:
    """Loops that read the same sequences, or what others stack, with all that they make as outputs.

    rows: of the batch, None for any number.
    """

    def __init__(self, seed: int, rows: int | None, steps: int = 5) -> None:
        self.rng = np.random.default_rng(seed)
        self.dtype = str(self.rng.choice(["float32", "float64"]))
        self.steps = steps
        shapes = [(steps, rows, width) for width in WIDTHS] + [(rows, WIDTHS[2])]
        self.inputs = [T.tensor(self.dtype, shape=shape) for shape in shapes]
        self.rows = self.inputs[0].shape[1]
        self.sequences: list[Any] = self.inputs[:-1]
        self.outputs: list[Any] = []
        for _ in range(int(self.rng.integers(1, 4))):
            self._loop()
        cost = sum(T.sum(T.tanh(output), dtype="float64") for output in self.outputs)
        if seed % 2:
            self.outputs += ct.grad(cost, self.inputs, disconnected_inputs="ignore")

    def arguments(self, rows: int) -> list[Array]:
        """Arrays for the inputs."""
        shapes = [tuple(rows if type(n) is not int else n for n in v.type.shape) for v in self.inputs]
        return [self.rng.normal(size=shape).astype(self.dtype) for shape in shapes]

    def _loop(self) -> None:
        rng = self.rng
        widths = [int(width) for width in rng.choice(WIDTHS, size=rng.integers(1, 4))]
        start = [
            self.inputs[-1] @ self._matrix(WIDTHS[2], width)
            if rng.random() < 0.4
            else T.zeros((self.rows, width), self.dtype)
            for width in widths
        ]
        read = self.sequences[int(rng.integers(len(self.sequences)))]
        kept = self.inputs[-1]

        def step(states: list[Any], element: Any) -> tuple[list[Any], list[Any]]:
            pool = [*states, element, kept]
            for _ in range(int(rng.integers(2, 7))):
                pool.append(STEPS[int(rng.integers(len(STEPS)))](self, pool))
            following = [self._as_wide(pool, width) for width in widths]
            results = [pool[int(at)] for at in rng.choice(len(pool), size=rng.integers(1, 3))]
            return following, results

        states, results = ct.scan_loop(step, start, read, reverse=bool(rng.random() < 0.5))
        self.outputs += [*states, *results]
        self.sequences += [result for result in results if result.type.rank == 3]

    def _matrix(self, rows: int, columns: int) -> Any:
        return T.constant(self.rng.normal(size=(rows, columns)).astype(self.dtype) * 0.4)

    def _as_wide(self, pool: list[Any], width: int) -> Any:
        """A new state of what has been computed."""
        fitting = [value for value in pool if value.shape[1] == width]
        if fitting and self.rng.random() < 0.5:
            return fitting[int(self.rng.integers(len(fitting)))]
        return T.tanh(pool[-1] @ self._matrix(pool[-1].shape[1], width))

    def any_of(self, pool: list[Any]) -> Any:
        """A value computed before, recent ones more often."""
        weights = np.arange(1, len(pool) + 1, dtype=float)
        return pool[int(self.rng.choice(len(pool), p=weights / weights.sum()))]


# What a step computes: each makes a value of as many rows.


def product(loops: Loops, pool: list[Any]) -> Any:
    value = loops.any_of(pool)
    return T.tanh(value @ loops._matrix(value.shape[1], int(loops.rng.choice(WIDTHS))))


def gate(loops: Loops, pool: list[Any]) -> Any:
    value = loops.any_of(pool)
    return T.sigmoid(value) * T.sin(value[:, ::-1])


def joined(loops: Loops, pool: list[Any]) -> Any:
    return T.concatenate([loops.any_of(pool), loops.any_of(pool)], axis=-1)[:, : WIDTHS[2]]


def softmax(loops: Loops, pool: list[Any]) -> Any:
    return T.softmax(loops.any_of(pool), axis=-1)


def scaled(loops: Loops, pool: list[Any]) -> Any:
    value = loops.any_of(pool)
    return value / (1 + T.sum(T.square(value), axis=-1, keepdims=True))


def masked(loops: Loops, pool: list[Any]) -> Any:
    value = loops.any_of(pool)
    return T.where(loops.any_of(pool)[:, :1] > 0, value, value * 0.5)


def centred(loops: Loops, pool: list[Any]) -> Any:
    """Here rows need each other."""
    value = loops.any_of(pool)
    return T.tanh(value - T.sum(value, axis=0) * 0.1)


STEPS: list[Callable[[Loops, list[Any]], Any]] = [product] * 4 + [gate, joined, softmax, scaled, masked] * 2
STEPS.append(centred)

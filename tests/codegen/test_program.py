"""Whole functions as C: sizes found while running, and text that compiles without warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.toolchain import build


def both(inputs: list[Any], outputs: list[Any]) -> tuple[Any, Any]:
    """The same function compiled and interpreted."""
    return tuple(ct.function(inputs, outputs, mode=mode) for mode in ("compile", "interpret"))


def masked_program() -> tuple[list[Any], list[Any]]:
    """Sums along both axes of columns chosen by a mask, and a gradient through them."""
    rows, mask = T.dmatrix("rows"), T.vector("mask", dtype="bool")
    chosen = rows[:, mask]
    gradient = ct.grad(T.sqrt(T.square(chosen).sum(axis=0) + 1).sum(), rows)
    return [rows, mask], [chosen.sum(axis=0), chosen.sum(axis=1), chosen, gradient]


@pytest.mark.parametrize("kept", [0, 1, 5, 9])
def test_sums_over_arrays_whose_size_is_found_while_running(kept: int) -> None:
    compiled, interpreted = both(*masked_program())
    rng = np.random.default_rng(kept)
    rows, mask = rng.normal(size=(50, 9)), np.arange(9) < kept
    for got, expected in zip(compiled(rows, mask), interpreted(rows, mask), strict=True):
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


def training_program() -> tuple[list[Any], list[Any]]:
    """A softmax regression with its gradients, short rows, reductions of each kind."""
    images, weights = T.fmatrix("images"), T.fmatrix("weights")
    probability = T.softmax(T.dot(images, weights), axis=1)
    loss = -T.log(probability).mean()
    extremes = [probability.max(axis=0), T.argmax(probability, axis=1), T.any(probability > 0.5)]
    return [images, weights], [loss, *extremes, ct.grad(loss, weights)]


def looping_program() -> tuple[list[Any], list[Any]]:
    """A scan with its gradient, a while loop and a branch."""
    start, sequence = T.dvector("start"), T.dmatrix("sequence")
    final, every = ct.scan_loop(lambda state, element: (T.tanh(state + element), state), start, sequence)
    doubled = ct.while_loop(lambda x: x.sum() < 10.0, lambda x: x * 2.0, T.exp(start))
    chosen = ct.cond(start.sum() > 0, lambda x: T.sin(x), lambda x: x, start)
    return [start, sequence], [final, every, doubled, chosen, ct.grad(every.sum(), sequence)]


@pytest.mark.parametrize("program", [masked_program, training_program, looping_program])
def test_the_text_compiles_without_warnings(program: Any) -> None:
    inputs, outputs = program()
    units = ct.function(inputs, outputs).lowered().code.units
    assert build(units, flags=("-Wall", "-Wextra", "-Werror")).exists()

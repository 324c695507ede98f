"""Products that a loop adds up become one product after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.rewrite.loops_of import agrees_without, loops, names

import croton as ct
import croton.tensor as T

RNG = np.random.default_rng(0)


def recurrent(batch: int | None) -> tuple[list[Any], list[Any]]:
    """Gradients of the weights of a recurrent network, with a batch or for single vectors."""
    shape = (None, 5) if batch is None else (None, batch, 5)
    x, w = T.tensor("float64", shape=shape, name="x"), T.tensor("float64", shape=(5, 5), name="w")
    last, _ = ct.scan_loop(lambda s, e: (T.tanh(T.dot(s, w) + e), None), T.zeros_like(x[0]), x)
    return [x, w], [ct.grad((last**2).sum(), w)]


@pytest.mark.parametrize("batch", [None, 1, 3])
def test_gradients_of_weights(monkeypatch: pytest.MonkeyPatch, batch: int | None) -> None:
    inputs, outputs = recurrent(batch)
    forward, backward = loops(inputs, outputs)
    assert names(forward).count("contract") == 1
    assert names(backward).count("contract") == 1
    *_, without = loops(inputs, outputs, ["scan-accumulation"])
    assert names(without).count("contract") == 2
    rows = RNG.normal(size=(7, 5) if batch is None else (7, batch, 5))
    agrees_without(monkeypatch, "scan-accumulation", inputs, outputs, rows, RNG.normal(size=(5, 5)) / 2)


def test_gradients_of_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over rows of what the gradient of the weights needs for all steps."""
    shapes = {"x": (None, 3, 5), "w": (5, 5), "b": (5,)}
    x, w, b = (T.tensor("float64", shape=shape, name=name) for name, shape in shapes.items())
    last, _ = ct.scan_loop(lambda s, e: (T.tanh(T.dot(s, w) + b + e), None), T.zeros_like(x[0]), x)
    outputs = ct.grad((last**2).sum(), [w, b])
    *_, backward = loops([x, w, b], outputs)
    assert "reduce_sum" not in names(backward)
    given = RNG.normal(size=(7, 3, 5)), RNG.normal(size=(5, 5)) / 2, RNG.normal(size=5)
    agrees_without(monkeypatch, "scan-accumulation", [x, w, b], outputs, *given)


def test_sums_of_what_nothing_else_needs_stay() -> None:
    """To stack the rows would move more than the sum is worth."""
    x, s = T.tensor("float64", shape=(None, 40, 5), name="x"), T.dvector("s")
    total, _ = ct.scan_loop(lambda t, e: (t + T.sin(e + t[0]).sum(axis=0), None), s, x)
    (loop,) = loops([x, s], [total])
    assert "reduce_sum" in names(loop)
    array, start = RNG.normal(size=(4, 40, 5)), RNG.normal(size=5)
    expected = start
    for rows in array:
        expected = expected + np.sin(rows + expected[0]).sum(axis=0)
    np.testing.assert_allclose(ct.function([x, s], total)(array, start), expected, rtol=1e-12)


def test_other_terms_stay_in_the_loop() -> None:
    x, y, s = T.dtensor3("x"), T.dtensor3("y"), T.dmatrix("s")
    total, _ = ct.scan_loop(lambda t, e: (t + T.dot(e[0], e[1]) + T.sin(e[0]), None), s, [x, y])
    (loop,) = loops([x, y, s], [total])
    assert "add" in names(loop)
    assert "contract" not in names(loop)
    a, b, start = RNG.normal(size=(4, 3, 3)), RNG.normal(size=(4, 3, 3)), RNG.normal(size=(3, 3))
    found = ct.function([x, y, s], total)(a, b, start)
    np.testing.assert_allclose(found, start + (a @ b).sum(axis=0) + np.sin(a).sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("flip", [False, True])
def test_transposed_sums_and_factors(flip: bool) -> None:
    x, y = T.dtensor3("x"), T.dtensor3("y")

    def step(total: Any, e: Any) -> Any:
        product = T.dot(e[0], e[1].T)
        return total + (product.T if flip else product), None

    total, _ = ct.scan_loop(step, T.zeros((3, 3)), [x, y])
    a, b = RNG.normal(size=(4, 3, 2)), RNG.normal(size=(4, 3, 2))
    expected = np.einsum("tik,tjk->ij", a, b)
    found = ct.function([x, y], total)(a, b)
    np.testing.assert_allclose(found, expected.T if flip else expected, rtol=1e-12)


def test_a_sum_that_steps_read_stays() -> None:
    x = T.dtensor3("x")
    total, every = ct.scan_loop(lambda t, e: (t + T.dot(e, e), t), T.zeros((3, 3)), x)
    (loop,) = loops([x], [total, every])
    assert "add" in names(loop)
    array = RNG.normal(size=(4, 3, 3))
    sums = np.concatenate([np.zeros((1, 3, 3)), np.cumsum(array @ array, axis=0)])
    found = ct.function([x], [total, every])(array)
    np.testing.assert_allclose(found[0], sums[-1], rtol=1e-12)
    np.testing.assert_allclose(found[1], sums[:-1], rtol=1e-12)


def test_wide_products_are_added_where_they_are_made() -> None:
    """Stacking long operands would move more than the sum is worth."""
    x, y = (T.tensor("float64", shape=(None, 2, 500), name=name) for name in "xy")
    s = T.tensor("float64", shape=(2, 2), name="s")
    total, _ = ct.scan_loop(lambda t, e: (t + T.dot(T.sin(e[0] + t[0, 0]), e[1].T), None), s, [x, y])
    (loop,) = loops([x, y, s], [total])
    assert "contract" in names(loop)

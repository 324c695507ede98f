"""Products and costly functions of elements alone leave the loop, to its front or to its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.rewrite.loops_of import agrees_without, loops, names

import croton as ct
import croton.tensor as T

RNG = np.random.default_rng(0)


def network(rank: int = 3) -> tuple[list[Any], list[Any]]:
    """A recurrent network whose input and output products no state waits for; rank 2: without a batch."""
    x, w, u, v = T.tensor("float64", shape=(None,) * rank, name="x"), *(T.dmatrix(name) for name in "wuv")

    def step(state: Any, element: Any) -> Any:
        state = T.tanh(T.dot(T.exp(element), w) + T.dot(state, u))
        return state, T.dot(state, v) + 1.0

    last, results = ct.scan_loop(step, T.dot(x[0], w) * 0.0, x)
    return [x, w, u, v], [last, results]


def arrays(rank: int, steps: int = 6) -> list[Any]:
    shape = (steps, 4, 3) if rank == 3 else (steps, 3)
    return [RNG.normal(size=s) / 3 for s in (shape, (3, 5), (5, 5), (5, 2))]


@pytest.mark.parametrize("rank", [2, 3])
def test_only_the_product_with_the_state_stays(rank: int) -> None:
    inputs, outputs = network(rank)
    (loop,) = loops(inputs, outputs)
    assert names(loop).count("contract") == 1
    assert "exp" not in names(loop)
    (without,) = loops(inputs, outputs, ["batching-before"])
    assert names(without).count("contract") == 2
    (without,) = loops(inputs, outputs, ["batching-after"])
    assert names(without).count("contract") == 2


@pytest.mark.parametrize("disabled", ["batching-before", "batching-after", "scan-accumulation"])
@pytest.mark.parametrize("rank", [2, 3])
def test_values_and_gradients_are_the_same(monkeypatch: pytest.MonkeyPatch, rank: int, disabled: str) -> None:
    inputs, (last, results) = network(rank)
    gradients = ct.grad((results**2).sum() + last.sum(), inputs)
    agrees_without(monkeypatch, disabled, inputs, [last, results, *gradients], *arrays(rank))


def test_no_steps_at_all() -> None:
    inputs, (last, results) = network()
    start = T.dmatrix("start")
    del last, results
    x, w, u, v = inputs
    final, stacked = ct.scan_loop(lambda s, e: (T.tanh(T.dot(e, w) + T.dot(s, u)), T.dot(s, v)), start, x)
    f = ct.function([start, x, w, u, v], [final, stacked, ct.grad(stacked.sum() + final.sum(), u)])
    empty, *weights = arrays(3, 0)
    found = f(np.ones((4, 5)), empty, *weights)
    np.testing.assert_array_equal(found[0], np.ones((4, 5)))
    assert found[1].shape == (0, 4, 2)
    np.testing.assert_array_equal(found[2], np.zeros((5, 5)))


def test_functions_of_few_elements_are_done_for_all_steps() -> None:
    x = T.dvector("x")
    last, _ = ct.scan_loop(lambda s, e: (s * 0.5 + T.sin(e), None), T.constant(0.0), x)
    (loop,) = loops([x], [last])
    assert "sin" not in names(loop)
    rows = T.tensor("float64", shape=(None, 1000), name="rows")
    last, _ = ct.scan_loop(lambda s, e: (s * 0.5 + T.sin(e), None), T.zeros_like(rows[0]), rows)
    (loop,) = loops([rows], [last])
    assert "sin" in names(loop)


def test_backwards_and_with_matrices_that_differ_from_step_to_step(monkeypatch: pytest.MonkeyPatch) -> None:
    m, x, s = T.dtensor3("m"), T.dmatrix("x"), T.dvector("s")
    last, results = ct.scan_loop(
        lambda state, e: (state + T.dot(e[0], e[1]), T.dot(e[0].T, state)), s, [m, x], reverse=True
    )
    outputs = [last, results, *ct.grad((last**2).sum() + T.sin(results).sum(), [m, x, s])]
    (*_, loop) = loops([m, x, s], [last, results])
    assert "contract" not in names(loop)
    data = RNG.normal(size=(4, 3, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=3)
    agrees_without(monkeypatch, "batching-after", [m, x, s], outputs, *data)


def test_products_that_are_efficient_by_themselves_stay() -> None:
    """Rows enough for the kernel: what would be stored for all steps costs more."""
    x, w, u = T.tensor("float64", shape=(None, 32, 8), name="x"), T.dmatrix("w"), T.dmatrix("u")
    _, results = ct.scan_loop(lambda s, e: (T.tanh(T.dot(e, w) + s), T.dot(s, u)), T.zeros((32, 8)), x)
    (loop,) = loops([x, w, u], [results])
    assert names(loop).count("contract") == 2

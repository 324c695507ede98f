"""The largest of a window is found before what follows it, where that gives the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.rewrite.early_pooling import pool_early
from croton.rewrite.pipeline import optimize

RANDOM = np.random.default_rng(0)
LAST, FIRST = RANDOM.normal(size=(2, 6, 7, 3)), RANDOM.normal(size=(2, 3, 6, 7))
BIAS = RANDOM.normal(size=3)
X = T.tensor("float64", shape=(None, 6, 7, 3), name="x")
Y = T.tensor("float64", shape=(None, 3, 6, 7), name="y")
B = T.dvector("b")
CHANNELS = T.reshape(B, (1, 3, 1, 1))


def pooled(value: Any, **options: Any) -> Any:
    return T.nnet.max_pool(value, 2, **options)


MOVES = {
    "a function": pooled(T.nnet.relu(X)),
    "a bias": pooled(X + B),
    "what is subtracted": pooled(X - B),
    "a bias and a function": pooled(T.tanh(B + X)),
    "several functions": pooled(T.nnet.sigmoid(T.nnet.relu(X + B) + B)),
    "windows that stick out": pooled(T.nnet.relu(X + B), padding="same"),
    "channels first": pooled(T.nnet.relu(Y + CHANNELS), data_format="channels_first"),
    "one axis": T.nnet.max_pool(T.nnet.relu(X[:, :, 0] + B), 3),
}
STAYS = {
    "a bias that differs inside a window": pooled(X + T.arange(7.0)[:, None]),
    "another image": pooled(X + T.exp(X)),
    "a function that falls": pooled(T.sqr(X)),
    "what is subtracted from": pooled(B - X),
    "means": T.nnet.average_pool(T.nnet.relu(X + B), 2),
    "windows as many as elements": pooled(T.nnet.relu(X + B), strides=1),
    "a function that others read": (lambda value: pooled(value) + T.sum(value))(T.nnet.relu(X + B)),
}


def elements_after(graph: Graph) -> set[str]:
    """The functions that are applied to every element of the images."""
    sizes = {X.type.size, Y.type.size, X[:, :, 0].type.size}
    return {
        equation.op.name
        for equation in graph.equations
        for output in equation.outputs
        if output.type.size in sizes and hasattr(equation.op, "function")
    }


def both(value: Any) -> tuple[Graph, Graph, list[Any]]:
    inputs = [X, Y, B]
    graph = Graph.of(inputs, [value])
    return graph, pool_early(graph), [LAST, FIRST, BIAS]


@pytest.mark.parametrize("name", MOVES)
def test_what_moves(name: str) -> None:
    graph, moved, arrays = both(MOVES[name])
    assert elements_after(graph)
    assert not elements_after(moved)
    (expected,), (found,) = interpret(graph, arrays), interpret(moved, arrays)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", STAYS)
def test_what_stays(name: str) -> None:
    graph, moved, _ = both(STAYS[name])
    assert elements_after(moved) == elements_after(graph)


@pytest.mark.parametrize("name", MOVES)
def test_gradients_are_the_same(name: str) -> None:
    value = MOVES[name]
    wrt = [v for v in (X, Y, B) if v in Graph.of([X, Y, B], [value]).consumers]
    slopes = ct.grad(T.sum(T.sin(value)), wrt)
    inputs = [X, Y, B]
    moved = ct.function(inputs, slopes, on_unused_input="ignore")(LAST, FIRST, BIAS)
    originals = interpret(Graph.of(inputs, [value]), [LAST, FIRST, BIAS])[0]
    for variable, slope in zip(wrt, moved, strict=True):
        at = [X, Y, B].index(variable)
        arrays = [LAST, FIRST, BIAS]
        direction = np.random.default_rng(1).normal(size=arrays[at].shape)
        step = 1e-6
        arrays[at] = arrays[at] + step * direction
        after = interpret(Graph.of(inputs, [value]), arrays)[0]
        change = np.sum(np.sin(after) - np.sin(originals)) / step
        np.testing.assert_allclose(np.sum(slope * direction), change, rtol=1e-4, atol=1e-5)


def test_the_bias_of_a_network_is_added_to_what_is_left() -> None:
    """Forward and backward: nothing but the convolution and its derivatives, which pool, sees every pixel."""
    w = T.tensor("float64", shape=(3, 3, 3, 4), name="w")
    b = T.dvector("b")
    hidden = pooled(T.nnet.relu(T.nnet.convolution(X, w) + b))
    graph = optimize(Graph.of([X, w, b], [*ct.grad(T.sum(T.sin(hidden)), [w, b]), hidden]))
    whole = T.nnet.convolution(X, w).type.size
    assert not [e for e in graph.equations for output in e.outputs if output.type.size == whole]
    assert sum(equation.op.name == "pooled convolution" for equation in graph.equations) == 1


def test_nan_is_largest() -> None:
    array = LAST.copy()
    array[0, 0, 0, 0] = np.nan
    found = ct.function([X, B], pooled(T.nnet.relu(X + B)))(array, BIAS)
    assert np.isnan(found[0, 0, 0, 0])
    assert np.isnan(found).sum() == 1

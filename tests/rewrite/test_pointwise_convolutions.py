"""Convolutions with kernels of one tap, and their derivatives, are products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.rewrite.pipeline import optimize


def layer(size: tuple[int, ...], taps: int = 1, **options: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Inputs, outputs with derivatives, and arrays of a convolution of images with 5 channels."""
    rank = len(size)
    x = T.tensor("float64", shape=(None,) * (rank + 1) + (5,), name="x")
    w = T.tensor("float64", shape=(taps,) * rank + (5, 4), name="w")
    y = T.nnet.convolution(x, w, **options)
    random = np.random.default_rng(0)
    arrays = [random.normal(size=(3, *size, 5)), random.normal(size=(taps,) * rank + (5, 4))]
    return [x, w], [y, *ct.grad(T.sum(T.sin(y)), [x, w])], arrays


def names(inputs: list[Any], outputs: list[Any]) -> list[str]:
    return [equation.op.name for equation in optimize(Graph.of(inputs, outputs)).equations]


@pytest.mark.parametrize("size", [(7,), (4, 6), (2, 3, 4)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_what_becomes_a_product(size: tuple[int, ...], padding: str) -> None:
    inputs, outputs, arrays = layer(size, padding=padding)
    found = names(inputs, outputs)
    assert found.count("contract") == 3
    assert not [name for name in found if "convolution" in name]
    expected = interpret(Graph.of(inputs, outputs), arrays)
    for made, wanted in zip(ct.function(inputs, outputs)(*arrays), expected, strict=True):
        np.testing.assert_allclose(made, wanted, rtol=1e-10)


@pytest.mark.parametrize(
    ("taps", "options"), [(2, {}), (1, {"strides": 2}), (1, {"data_format": "channels_first"})]
)
def test_what_does_not(taps: int, options: dict[str, Any]) -> None:
    if "data_format" in options:
        x, w = T.tensor("float64", shape=(None, 5, None, None)), T.dtensor4()
        inputs, outputs = [x, w], [T.nnet.convolution(x, T.reshape(w, (1, 1, 5, 4)), **options)]
    else:
        inputs, outputs, _ = layer((6, 6), taps, **options)
    assert "contract" not in names(inputs, outputs)

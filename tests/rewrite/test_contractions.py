"""Transposes around matrix products: of operands, and of results."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.ops.contraction import Contract
from croton.ops.shape import Transpose
from croton.rewrite.pipeline import optimize


def operations(outputs, inputs) -> list[object]:
    return [equation.op for equation in optimize(Graph.of(tuple(inputs), tuple(outputs))).equations]


def heads(dtype: str = "float32"):
    """Matrices by two leading axes: (b, h, m, k), (b, h, k, n)."""
    return T.tensor(dtype, shape=(None, 3, 5, 4)), T.tensor(dtype, shape=(None, 3, 4, 6))


def test_operands_are_read_as_they_lie():
    x, y = T.matrix("x"), T.matrix("y")
    found = operations([T.dot(x.T, y.T)], [x, y])
    assert Contract(True, True) in found
    assert not any(isinstance(op, Transpose) for op in found)


def test_a_product_read_with_rows_last_is_computed_transposed():
    x, y = heads()
    result = T.matmul(x, y).transpose(0, 3, 1, 2)  # b, n, h, m
    found = operations([result], [x, y])
    assert Contract(True, True) in found
    assert [op.permutation for op in found if isinstance(op, Transpose)] == [(0, 2, 1, 3)]


def test_a_transposed_product_needs_no_transpose():
    x, y = T.tensor3("x"), T.tensor3("y")
    found = operations([T.matmul(x, y).transpose(0, 2, 1)], [x, y])
    assert not any(isinstance(op, Transpose) for op in found)


@pytest.mark.parametrize("why", ["it is read otherwise too", "it is a result", "columns stay last"])
def test_other_products_stay(why: str):
    x, y = heads()
    product = T.matmul(x, y)
    results = {
        "it is read otherwise too": [product.transpose(0, 3, 1, 2), T.exp(product)],
        "it is a result": [product.transpose(0, 3, 1, 2), product],
        "columns stay last": [product.transpose(0, 2, 1, 3)],
    }[why]
    assert Contract(False, False) in operations(results, [x, y])


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int32"])
def test_values_are_the_same(dtype: str):
    x, y = heads(dtype)
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(dtype) for shape in ((2, 3, 5, 4), (2, 3, 4, 6)))
    orders = [(0, 3, 1, 2), (1, 0, 3, 2)]
    function = ct.function([x, y], [T.matmul(x, y + k).transpose(*order) for k, order in enumerate(orders)])
    for k, found in enumerate(function(a, b)):
        np.testing.assert_array_equal(found, (a @ (b + k)).transpose(orders[k]))

"""Products of several matrices, powers, and block-diagonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import croton as ct
import croton.tensor as T

from .stacks import all_computed, close, dense, regular

L = T.linalg


def test_products_and_blocks() -> None:
    a, b, c, v = dense("float64", 2, 3), dense("float64", 3, 4), dense("float64", 4, 2), dense("float64", 2)

    def build(a: Any, b: Any, c: Any, v: Any) -> list[Any]:
        products = [
            L.multi_dot([a, b, c]),
            L.multi_dot([v, a, b, c, v]),
            L.multi_dot([v, a]),
            L.matrix_dot(a, b, c),
        ]
        return [*products, L.matrix_dot(a), L.block_diag(a, b), L.block_diag(a)]

    for static in (False, True):
        results = all_computed(build, a, b, c, v, static=static)
        wanted = [a @ b @ c, v @ a @ b @ c @ v, v @ a, a @ b @ c, a, scipy.linalg.block_diag(a, b), a]
        for result, expected in zip(results, wanted, strict=True):
            close(result, np.asarray(expected))


def test_the_order_of_products_is_the_cheapest() -> None:
    """A thousand rows times a column first: no product of two large matrices is made."""
    a, b, c = (T.tensor("float64", shape=shape) for shape in ((1000, 900), (900, 800), (800, 1)))
    graph = ct.function([a, b, c], L.multi_dot([a, b, c])).graph()
    shapes = [e.outputs[0].type.shape[-2:] for e in graph.equations if e.op.name == "contract"]
    assert shapes == [(900, 1), (1000, 1)]


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5, 8])
def test_powers(n: int) -> None:
    a = regular("float64", 3, 2)
    (result,) = all_computed(lambda a: [L.matrix_power(a, n)], a)
    close(result, np.linalg.matrix_power(a, n), factor=10)


def test_powers_of_integers_stay_integers() -> None:
    fibonacci = np.array([[1, 1], [1, 0]])
    (result,) = all_computed(lambda a: [L.matrix_power(a, 50)], fibonacci)
    assert result.dtype == np.int64
    assert result[0, 1] == 12586269025


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="at least two"):
        L.multi_dot([np.eye(2)])
    with pytest.raises(ValueError, match="array 1 has 3 axes"):
        L.multi_dot([np.eye(2), np.ones((1, 2, 2)), np.eye(2)])
    with pytest.raises(TypeError, match="at least one"):
        L.matrix_dot()
    with pytest.raises(TypeError, match="exponent must be an int"):
        L.matrix_power(np.eye(2), 0.5)
    with pytest.raises(ValueError, match="square"):
        L.matrix_power(np.ones((2, 3)), 2)
    with pytest.raises(ValueError, match="at least one matrix"):
        L.block_diag()
    with pytest.raises(ValueError, match="expected matrices"):
        L.block_diag(np.ones(2))


def test_entries_of_stacks() -> None:
    a = dense("float64", 2, 3, 4)
    results = all_computed(lambda a: [L.trace(a), L.diagonal(a, 1), L.matrix_transpose(a), L.trace(a, -1)], a)
    wanted = [np.trace(a, 0, 1, 2), np.diagonal(a, 1, 1, 2), a.swapaxes(1, 2), np.trace(a, -1, 1, 2)]
    for result, expected in zip(results, wanted, strict=True):
        close(result, expected)
    with pytest.raises(ValueError, match="at least two axes"):
        L.matrix_transpose(np.ones(3))

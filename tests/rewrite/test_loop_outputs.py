"""Loops do not compute what nobody asks for, nor stack what is there already."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.rewrite.loops_of import loops, names

import croton as ct
import croton.tensor as T

X = np.linspace(-1, 1, 6).reshape(3, 2)


def body(inputs: list[Any], outputs: list[Any]) -> Any:
    (loop,) = loops(inputs, outputs)
    return loop.op.graphs()[0]


def test_unread_results_and_states() -> None:
    x = T.dmatrix("x")
    (total, _), (wanted, _) = ct.scan_loop(
        lambda s, e: ([s[0] + e, T.exp(s[1])], [s[0] * 2, T.cosh(e)]), [T.zeros(2), T.zeros(2)], x
    )
    (loop,) = loops([x], [total, wanted])
    assert not {"exp", "cosh"} & set(names(loop))
    assert len(loop.op.graphs()[0].outputs) == 2


def test_results_that_are_there_already() -> None:
    x, p = T.dmatrix("x"), T.dvector("p")
    last, (first, second, element, same, number) = ct.scan_loop(
        lambda s, e: (s + e, [s * p, s * p, e, p, T.constant(2.0)]), T.zeros(2), x
    )
    outputs = [last, first, second, element, same, number]
    assert len(body([x, p], outputs).outputs) == 2
    found = ct.function([x, p], outputs)(X, np.array([2.0, 3.0]))
    products = np.concatenate([np.zeros((1, 2)), np.cumsum(X, axis=0)[:-1]]) * [2.0, 3.0]
    expected = [X.sum(axis=0), products, products, X, np.tile([2.0, 3.0], (3, 1)), np.full(3, 2.0)]
    for value, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-15)


def test_states_that_never_change() -> None:
    x, p = T.dmatrix("x"), T.dvector("p")
    (total, kept), every = ct.scan_loop(lambda s, e: ([s[0] + e * s[1], s[1]], s[1]), [T.zeros(2), p], x)
    assert len(body([x, p], [total, kept, every]).outputs) == 1
    found = ct.function([x, p], [total, kept, every])(X, np.array([2.0, 3.0]))
    for value, wanted in zip(
        found, [X.sum(axis=0) * [2.0, 3.0], [2.0, 3.0], np.tile([2.0, 3.0], (3, 1))], strict=True
    ):
        np.testing.assert_allclose(value, wanted, atol=1e-15)


def test_operands_handed_in_twice() -> None:
    x = T.dmatrix("x")
    last, _ = ct.scan_loop(lambda s, e: (s + T.sin(e[0] + s) * T.sin(e[1] + s), None), T.zeros(2), [x, x])
    (loop,) = loops([x], [last])
    assert len(loop.inputs) == 2
    assert names(loop).count("sin") == 1

"""Loops and branches."""

from __future__ import annotations

from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T

from .case import Case

ROWS = np.sin(np.arange(1.0, 9.0)).reshape(4, 2)
MATRIX = np.array([[0.5, -0.3], [0.8, 0.2]])
START = np.array([0.3, -0.6])


def recurrent(rows: Any, matrix: Any, start: Any) -> list[Any]:
    last, states = ct.scan_loop(
        lambda s, e: (T.tanh(T.dot(s, matrix) + e), T.sum(s * e)), start, rows, reverse=True
    )
    return [last, states]


def with_taps(rows: Any, matrix: Any) -> list[Any]:
    out, _ = ct.scan(
        lambda a, b, h2, h1: T.sin(T.dot(h2, matrix)) * a + h1 * b,
        dict(input=rows, taps=[-1, 0]),
        dict(initial=rows[1:3], taps=[-2, -1]),
    )
    return [out, out[-1]]


def stopping(rows: Any, matrix: Any) -> Any:
    out, _ = ct.scan(
        lambda e, s: (T.tanh(T.dot(s, matrix)) + e, ct.until(e[0] < 0)), rows, T.zeros((2,)), n_steps=4
    )
    return T.concatenate([T.sum(out, axis=0), out[-1]])


def nested(rows: Any, start: Any) -> Any:
    def step(row: Any, state: Any) -> Any:
        inner, _ = ct.scan(lambda e, s: T.tanh(s * e) + e, row, state)
        return T.sum(inner, axis=0)

    return ct.scan(step, rows, start)[0]


def repeated(start: Any, factor: Any) -> Any:
    return ct.while_loop(lambda s: T.sum(T.square(s)) < 50, lambda s: s * factor + T.sin(s), start)


def branched(condition: bool) -> Any:
    def build(start: Any, matrix: Any) -> Any:
        flag = T.constant(condition)
        first, second = T.dot(T.exp(start), matrix), T.square(start) * matrix[0]
        return ct.ifelse(T.sum(start) * 0 + T.cast(flag, "float64") > 0.5, first, second)

    return build


def of_other_sizes(rows: Any) -> Any:
    taken = ct.ifelse(T.sum(rows) * 0 > 0.5, rows, T.sin(rows[1:]))
    return T.sum(taken**2, axis=0)


CASES = [
    Case("scan", recurrent, (ROWS, MATRIX, START)),
    Case("scan with taps", with_taps, (ROWS, MATRIX)),
    Case("scan that stops", stopping, (ROWS, MATRIX)),
    Case("scan in a scan", nested, (ROWS, START)),
    Case("while loop", repeated, (START, np.array([1.3, 1.6]))),
    Case("branch, first", branched(True), (START, MATRIX)),
    Case("branch, second", branched(False), (START, MATRIX)),
    Case("branches of different sizes", of_other_sizes, (ROWS,)),
]

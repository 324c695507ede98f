"""Sparse matrices: derivatives by their elements and by what they are combined with."""

from __future__ import annotations

from typing import Any

import numpy as np

import croton.sparse as sparse
import croton.tensor as T

from .case import Case

# A matrix of 3 rows and 4 columns with an empty row, an empty column and two elements at one place.
_columns = np.array([0, 3, 3, 0, 1], np.int32)
_starts = np.array([0, 3, 3, 5], np.int32)
_random = np.random.default_rng(8)
_data = _random.uniform(0.5, 1.5, 5)
_tall, _wide = _random.standard_normal((4, 2)), _random.standard_normal((2, 3))
_complex = _random.standard_normal(5) + 1j * _random.standard_normal(5)


def matrix(data: Any) -> sparse.SparseVariable:
    return sparse.CSR(data, _columns, _starts, (3, 4))


def dense(found: sparse.SparseVariable) -> Any:
    return found.toarray()


CASES = [
    Case("dot", lambda a, b: sparse.dot(matrix(a), b) ** 2, (_data, _tall)),
    Case("dot from the left", lambda a, b: sparse.dot(b, matrix(a)) ** 2, (_data, _wide)),
    Case("dot of a transpose", lambda a, b: sparse.dot(matrix(a).T, b.T) ** 2, (_data, _wide)),
    Case("dot with a vector", lambda a, b: sparse.dot(matrix(a), b[:, 0]) ** 2, (_data, _tall)),
    Case("dot of complex numbers", lambda a, b: sparse.dot(matrix(a), b) ** 2, (_complex, _tall + 1j)),
    Case(
        "sampled_dot",
        lambda a, b, c: sparse.sampled_dot(b.T, c.T, matrix(a)).data ** 2,
        (_data, _wide, _tall),
    ),
    Case(
        "sampled_dot at the places of columns",
        lambda a, b, c: sparse.sampled_dot(c, b, matrix(a).T).data ** 2,
        (_data, _wide, _tall),
    ),
    Case("true_dot", lambda a: dense(sparse.true_dot(matrix(a), matrix(a).T)) ** 2, (_data,)),
    Case("to dense", lambda a: dense(matrix(a)) ** 3, (_data,)),
    Case("other format", lambda a: matrix(a).tocsc().data ** 3, (_data,)),
    Case("sums", lambda a: [matrix(a).sum() ** 2, matrix(a).sum(0) ** 3, matrix(a).sum(1) ** 2], (_data,)),
    Case("of two sparse ones", lambda a: dense(matrix(a) * matrix(a**2) + matrix(a)) ** 2, (_data,)),
    Case("scaled", lambda a, b: dense(sparse.col_scale(matrix(a) * 2.0, b[:, 0])) ** 2, (_data, _tall)),
    Case("times dense", lambda a, b: dense(sparse.row_scale(matrix(a) * b.T[0], b[:3, 1])), (_data, _tall)),
    Case("structured", lambda a: dense(sparse.structured_sigmoid(matrix(a))) ** 2, (_data,)),
    Case(
        "diagonals", lambda a: sparse.diag(matrix(a)) ** 3 + T.sum(dense(sparse.square_diagonal(a))), (_data,)
    ),
    Case("stacked", lambda a: dense(sparse.vstack([matrix(a), matrix(a**2)])) ** 2, (_data,)),
    Case("from dense", lambda b: dense(sparse.csr_from_dense(b)) ** 2, (_tall,)),
]

"""What errors say of arrays and operations."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import croton.tensor as T
from croton.graph.reporting import annotated, place, summary


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([1, 2]), "int64, shape (2,), strides (8,): [1, 2]"),
        (np.zeros((2, 0), np.float32), "[]"),
        (np.arange(9), "int64, shape (9,), strides (8,): 0 to 8"),
        (np.arange(10.0)[::2].repeat(2), "float64, shape (10,), strides (8,): 0 to 8, mean 4"),
        (np.array([np.nan, np.inf, -np.inf, *range(6)]), "0 to 5, mean 2.5, 1 NaN, 2 infinite"),
        (np.full(9, 3 + 4j), "magnitudes 5 to 5"),
        (np.ones(9, ml_dtypes.bfloat16), "bfloat16, shape (9,), strides (2,): 1 to 1, mean 1"),
        (np.full(9, np.nan), "float64, shape (9,), strides (8,): 9 NaN"),
        (np.ones(9, bool), "bool, shape (9,), strides (1,): True to True"),
    ],
)
def test_a_summary_of_an_array(array, said):
    assert summary(array).endswith(said)


def test_a_place_names_operation_types_and_line():
    x = T.dmatrix("x")
    (symbol, _) = (size.terms[0][0][0] for size in x.type.shape)
    text = place((x + 1).owner, {symbol: 5})
    assert "in add of float64[5, x.shape[1]]" in text
    assert "test_reporting.py" in text
    assert place(None) == ""


def test_an_exception_is_annotated_once():
    x = T.dvector("x")
    error = annotated(ValueError("bad"), T.exp(x).owner, [np.ones(3)])
    annotated(error, T.sum(x).owner, [np.ones(3)])
    (note,) = error.__notes__
    assert "exp of float64[3]" in note

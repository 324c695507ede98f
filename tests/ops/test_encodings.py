"""Rows of tables by label, and vectors of zeros and ones."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample

TABLE = sample((5, 3))
LABELS = np.array([[0, 4, 4], [2, 0, 1]])


def test_an_embedding_takes_rows_and_its_gradient_adds_up() -> None:
    np.testing.assert_array_equal(computed(T.nnet.embedding, LABELS, TABLE), TABLE[LABELS])
    table = T.matrix("table")
    gradient = ct.function([table], ct.grad(T.sum(T.nnet.embedding(LABELS, table)), table))(TABLE)
    np.testing.assert_array_equal(gradient[:, 0], [2, 1, 1, 0, 2])
    check_gradients(lambda t: T.nnet.embedding(LABELS, t) ** 3, TABLE)
    with pytest.raises(IndexError, match="index 5 is out of range for axis 0 of size 5"):
        T.nnet.embedding(np.array([5]), TABLE)
    with pytest.raises(ValueError, match="expected a table of weights"):
        T.nnet.embedding(LABELS, 1.0)


@pytest.mark.parametrize("axis", [-1, 1, 0])
def test_several_labels_at_once(axis: int) -> None:
    expected = np.array([[1, 0, 0, 0, 1], [1, 1, 1, 0, 0]])
    expected = expected if axis else expected.T
    np.testing.assert_array_equal(computed(lambda x: T.nnet.multi_hot(x, 5, axis), LABELS), expected)


def test_labels_of_one_entry() -> None:
    np.testing.assert_array_equal(computed(lambda x: T.nnet.multi_hot(x, 4), np.array([1, 3])), [0, 1, 0, 1])
    result = computed(lambda x: T.nnet.one_hot(x, 3, dtype="int32"), np.array([2, 0, 7]))
    np.testing.assert_array_equal(result, [[0, 0, 1], [1, 0, 0], [0, 0, 0]])

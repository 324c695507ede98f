"""Constructors of symbolic variables."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant


@pytest.mark.parametrize(
    ("make", "dtype", "rank"),
    [
        (T.dscalar, "float64", 0),
        (T.fvector, "float32", 1),
        (T.lmatrix, "int64", 2),
        (T.itensor3, "int32", 3),
        (T.btensor4, "int8", 4),
        (T.ztensor5, "complex128", 5),
        (T.wvector, "int16", 1),
        (T.cmatrix, "complex64", 2),
    ],
)
def test_names_tell_dtype_and_rank(make, dtype, rank):
    x = make("x")
    assert (x.dtype, x.ndim, x.name) == (dtype, rank, "x")


def test_without_a_prefix_the_dtype_is_that_of_the_settings(monkeypatch):
    monkeypatch.setattr(ct.config, "floatX", "float32")
    assert T.matrix().dtype == "float32"
    assert T.matrix(dtype="int64").dtype == "int64"


def test_rows_and_columns_stretch():
    row, column = T.drow("row"), T.dcol("column")
    assert (row.type.shape[0], column.type.shape[1]) == (1, 1)
    made = ct.function([row, column], row + column)(np.ones((1, 3)), np.ones((2, 1)))
    assert made.shape == (2, 3)


def test_several_at_once():
    assert [x.name for x in T.dvectors("a", "b")] == ["a", "b"]
    assert len(T.matrices(3)) == 3


def test_known_sizes_are_checked_when_called():
    x = T.tensor("float64", shape=(None, 3), name="x")
    f = ct.function([x], x.sum())
    assert f(np.ones((2, 3))) == 6
    with pytest.raises(ShapeError, match=r"x.*\b(3|4)\b.*\b(3|4)\b"):
        f(np.ones((2, 4)))


def test_what_tensor_refuses():
    with pytest.raises(ValueError, match="give shape="):
        T.tensor("float64")
    with pytest.raises(ValueError, match="size -1 of axis 0 is negative"):
        T.tensor("float64", shape=(-1,))
    with pytest.raises(DTypeError, match="float63"):
        T.tensor("float63", shape=())


class TestConstant:
    def test_of_numbers_and_arrays(self):
        assert T.constant(3).dtype == "int64"
        assert T.constant([1, 2], dtype="float32").dtype == "float32"
        assert T.constant(np.zeros((2, 3)), name="c").name == "c"
        assert isinstance(T.constant(1), Constant)

    def test_it_is_a_copy(self):
        array = np.zeros(3)
        c = T.constant(array)
        array[...] = 1
        np.testing.assert_array_equal(c.data, 0)

    def test_what_it_refuses(self):
        with pytest.raises(ShapeError, match=r"expected 2 axes, got shape \(3,\)"):
            T.constant(np.zeros(3), ndim=2)
        with pytest.raises(DTypeError):
            T.constant("text")

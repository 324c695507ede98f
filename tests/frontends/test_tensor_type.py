"""`T.TensorType`, and what types of variables tell."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

FLOATS = T.TensorType("float32", (False, True))


def test_makes_variables_of_sizes_of_their_own():
    x, y = FLOATS("x"), FLOATS()
    assert (x.name, x.dtype, x.broadcastable) == ("x", "float32", (False, True))
    assert x.shape[0] != y.shape[0]
    total = ct.function([x, y], [x.sum(), y.sum()])(np.ones((2, 1), "float32"), np.ones((5, 1), "float32"))
    assert total == [2, 5]


def test_what_it_tells():
    assert (FLOATS.dtype, FLOATS.ndim, FLOATS.broadcastable) == ("float32", 2, (False, True))
    assert T.TensorType("float32", shape=(None, 1)) == FLOATS
    assert len({FLOATS, T.TensorType("float32", [0, 1])}) == 1
    assert T.TensorType("float64", (False, True)) != FLOATS


def test_types_of_variables_count_as_such():
    x = T.dmatrix("x")
    assert isinstance(x.type, T.TensorType)
    assert isinstance(FLOATS, T.TensorType)
    assert (x.type.ndim, x.type.broadcastable, x.type.dtype) == (2, (False, False), "float64")


def test_filters_values():
    np.testing.assert_array_equal(FLOATS.filter([[1], [2]]), np.array([[1], [2]], "float32"))
    with pytest.raises(ShapeError, match="axis 1 has size 2, expected 1"):
        FLOATS.filter([[1, 2]])
    with pytest.raises(DTypeError):
        FLOATS.filter(np.ones((2, 1)))
    assert FLOATS.filter(np.ones((2, 1)), allow_downcast=True).dtype == np.float32
    assert FLOATS.is_valid_value(np.ones((2, 1), "float32"))
    assert not FLOATS.is_valid_value(np.ones((2, 1)))


def test_operations_take_it():
    class Doubled(ct.Op):
        itypes = otypes = (FLOATS,)

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = 2 * inputs[0]

    x = FLOATS("x")
    np.testing.assert_array_equal(ct.function([x], Doubled()(x))([[1], [2]]), [[2], [4]])


def test_bad_input():
    with pytest.raises(ValueError, match="give broadcastable= or shape="):
        T.TensorType("float32")
    with pytest.raises(DTypeError):
        T.TensorType("float33", (False,))


def test_dtypes_by_kind():
    assert "int64" in T.integer_dtypes
    assert set(T.discrete_dtypes) | set(T.continuous_dtypes) == set(T.all_dtypes)
    assert T.complex_dtypes == ("complex64", "complex128")

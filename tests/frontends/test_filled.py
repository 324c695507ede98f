"""Dtypes where none is given, and constants."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError


def test_arrays_of_one_number_follow_the_settings():
    def dtypes():
        return {a.dtype for a in (T.zeros(2), T.ones((2, 2)), T.empty(1), T.eye(2), T.identity(3), T.tri(2))}

    assert dtypes() == {"float64"}
    with ct.config.change_flags(floatX="float32"):
        assert dtypes() == {"float32"}
        assert T.zeros(2, dtype="int8").dtype == "int8"
    np.testing.assert_array_equal(T.eye(2, 3, 1).data, np.eye(2, 3, 1))
    np.testing.assert_array_equal(T.tri(3, 2, -1).data, np.tri(3, 2, -1))


def test_python_floats_follow_the_settings_arrays_do_not():
    with ct.config.change_flags(floatX="float32"):
        assert T.constant(0.5).dtype == T.as_tensor_variable(0.5).dtype == "float32"
        assert T.constant(np.float64(0.5)).dtype == T.constant([0.5]).dtype == "float64"
        assert T.constant(3).dtype == "int64"


def test_as_tensor_variable():
    x = T.dvector("x")
    assert T.as_tensor_variable(x) is x
    assert T.as_tensor([1.0, 2.0], name="c").name == "c"
    assert T.as_tensor_variable(x, ndim=2).broadcastable == (True, False)
    assert T.as_tensor_variable(np.ones((1, 3)), ndim=1).ndim == 1
    with pytest.raises(ShapeError, match="as_tensor_variable: expected 1 axes, got 2"):
        T.as_tensor_variable(T.dmatrix(), ndim=1)


def test_arrays_of_an_exact_dtype():
    assert ct._asarray([1, 2], dtype="float32").dtype == np.float32
    x = T.dvector("x")
    assert ct.sparse_grad(x) is x

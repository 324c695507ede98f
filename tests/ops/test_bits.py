"""Numbers read anew from their bytes; the functions of bits are in test_elementwise_dtypes.py."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

from .agreement import computed, sample

NUMBERS = np.arange(-12, 12, dtype="int32").reshape(2, 3, 4)


@pytest.mark.parametrize("dtype", ["float32", "uint32", "int16", "uint8", "float64", "complex64"])
def test_bytes_are_those_of_numpys_view(dtype: str):
    for array in (NUMBERS, NUMBERS[0]):
        np.testing.assert_array_equal(computed(lambda x: T.bitcast(x, dtype), array), array.view(dtype))


def test_bytes_in_the_order_of_elements():
    turned = computed(lambda x: T.bitcast(T.transpose(x), "int16"), NUMBERS)
    np.testing.assert_array_equal(turned, np.ascontiguousarray(NUMBERS.T).view("int16"))


def test_of_a_scalar_and_to_its_own_dtype():
    assert computed(lambda x: T.bitcast(x, "int32"), np.float32(1.0).reshape(())) == 0x3F800000
    x = T.vector("x")
    assert T.bitcast(x, x.dtype) is x


def test_no_derivative_flows_through():
    x = sample((4,))
    v = T.vector("v")
    total = T.sum(T.cast(T.bitcast(v, "int64"), "float64")) + T.sum(v)
    np.testing.assert_array_equal(ct.function([v], ct.grad(total, v))(x), np.ones(4))


def test_bad_input():
    with pytest.raises(DTypeError, match="bool"):
        T.bitcast(np.array([True]), "uint8")
    with pytest.raises(ShapeError, match="scalar of float32"):
        T.bitcast(np.float32(1).reshape(()), "float64")
    with pytest.raises(ShapeError, match="whole numbers of float64"):
        T.bitcast(np.zeros((2, 3), "float32"), "float64")
    v = T.fvector("v")
    function = ct.function([v], T.bitcast(v, "float64"))
    assert function(np.zeros(4, "float32")).shape == (2,)
    with pytest.raises(ShapeError, match="whole numbers of float64"):
        function(np.zeros(3, "float32"))

"""Elementwise functions as methods of symbolic and eager arrays."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.frontends.elementwise_methods import NAMES


def test_equal_the_functions():
    x = T.dvector("x")
    values = np.array([0.3, 0.9])
    with np.errstate(invalid="ignore"):
        expected = [getattr(np, name)(values) for name in NAMES]
    np.testing.assert_allclose(
        ct.function([x], [getattr(x, name)() for name in NAMES])(values), expected, rtol=1e-14
    )
    eager = ct.convert_to_tensor(values)
    np.testing.assert_allclose([getattr(eager, name)().data for name in NAMES], expected, rtol=1e-14)


def test_copies_and_transfers_are_the_array_itself():
    x = T.dvector("x")
    assert x.copy() is x
    assert x.transfer("cpu") is x
    with pytest.raises(ValueError, match='target must be "cpu"'):
        x.transfer("gpu")


def test_a_clone_is_a_variable_that_nothing_computes():
    y = T.exp(T.dvector("x"))
    y.name = "y"
    other = y.clone()
    assert (other.owner, other.name, other.type) == (None, "y", y.type)
    w = ct.shared(2.0)
    same = w.clone()
    same.set_value(3.0)
    assert float(w.get_value()) == 3

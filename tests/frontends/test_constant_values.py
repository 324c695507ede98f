"""Numbers known whatever the inputs are, and expressions computed at once."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import MissingInputError

V = np.array([1.0, 2.0])


def test_numbers_of_expressions():
    c = T.constant(3.0)
    assert T.get_scalar_constant_value(c) == 3
    assert ct.get_scalar_constant_value(T.TensorVariable.exp(c * 0)) == 1
    assert c.get_scalar_constant_value() == 3
    assert T.get_scalar_constant_value(7) == 7
    for other in (T.dscalar("x"), T.constant(V), T.dvector("x").shape[0]):
        with pytest.raises(T.NotScalarConstantError):
            T.get_scalar_constant_value(other)


class TestEval:
    def test_by_variable_and_by_name(self):
        x, y = T.dvector("x"), T.dscalar("y")
        np.testing.assert_array_equal((x * y).eval({x: V, y: 3.0}), 3 * V)
        np.testing.assert_array_equal((x * y).eval({"x": V, y: 3.0}), 3 * V)

    def test_of_constants_and_shared_variables(self):
        w = ct.shared(V)
        assert float(T.sum(w * 2).eval()) == 6
        assert float(T.constant(2.0).eval()) == 2

    def test_compiles_once(self):
        x = T.dscalar("x")
        y = x + 1
        assert float(y.eval({x: 1.0})) == 2
        (function,) = y.__dict__["_evaluated"].values()
        assert float(y.eval({x: 2.0})) == 3
        assert function.calls == 2

    def test_bad_input(self):
        x = T.dvector("x")
        with pytest.raises(MissingInputError, match="x"):
            (x * 2).eval()
        with pytest.raises(TypeError, match="eval: there is no variable named 'z'; there are 'x'"):
            (x * 2).eval({"z": V})
        with pytest.raises(TypeError, match="eval: expected variables, got int"):
            (x * 2).eval({3: V})

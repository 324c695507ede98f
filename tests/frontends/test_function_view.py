"""What compiled functions tell of themselves, and copies with other shared variables."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

V = np.array([1.0, 2.0])


def stepping(mode=None):
    x, w = T.dvector("x"), ct.shared(V, "w")
    return w, ct.function([x], T.sum(x * w), updates=[(w, w + x)], name="step", mode=mode)


def test_name_and_shared_variables():
    w, f = stepping()
    assert f.name == "step"
    assert f.get_shared() == [w]
    f.trust_input = True
    assert f.trust_input


@pytest.mark.parametrize("mode", ["compile", "interpret"])
def test_the_graph_as_theano_shows_it(mode):
    _, f = stepping(mode)
    nodes = f.maker.fgraph.toposort()
    assert {node.op.name for node in nodes} == {"multiply", "reduce_sum", "add"}
    assert f.maker.fgraph.apply_nodes == set(nodes)
    assert any(isinstance(node.op, T.Elemwise) for node in nodes)
    assert len(f.maker.fgraph.outputs) == 2
    assert f.maker.mode == mode
    assert [entry.name for entry in f.maker.inputs] == ["x"]


class TestCopies:
    def test_have_the_same_variables(self):
        w, f = stepping()
        other = f.copy(name="other")
        assert other.name == "other"
        other(V)
        np.testing.assert_array_equal(w.get_value(), 2 * V)

    def test_with_a_variable_swapped(self):
        w, f = stepping()
        v = ct.shared(10 * V, "v")
        other = f.copy(swap={w: v})
        assert float(other(V)) == 50
        np.testing.assert_array_equal(v.get_value(), 11 * V)
        np.testing.assert_array_equal(w.get_value(), V)

    def test_without_updates(self):
        w, f = stepping()
        f.copy(delete_updates=True)(V)
        np.testing.assert_array_equal(w.get_value(), V)

    def test_refuse_what_does_not_fit(self):
        w, f = stepping()
        with pytest.raises(TypeError, match="copy: the function does not use u"):
            f.copy(swap={ct.shared(V, "u"): w})
        with pytest.raises(TypeError, match="copy: swap must be pairs of shared variables"):
            f.copy(swap={w: V})
        with pytest.raises(ShapeError, match="copy: swaps replace w"):
            f.copy(swap={w: ct.shared(np.ones((2, 2)))})
        with pytest.raises(DTypeError, match="copy: swaps replace w"):
            f.copy(swap={w: ct.shared(V.astype("float32"))})

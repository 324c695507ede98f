"""Pickles and deep copies of expressions, shared variables and functions."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.gof import graph
from croton.graph import dims
from croton.graph.graph import Graph

V = np.array([1.0, 2.0, 3.0])


def through_pickle(thing):
    return pickle.loads(pickle.dumps(thing))


@pytest.fixture(params=[through_pickle, copy.deepcopy], ids=["pickle", "deepcopy"])
def again(request):
    return request.param


class TestExpressions:
    def test_variables_keep_name_and_type(self, again):
        x = T.tensor("float32", shape=(None, 3), name="x")
        other = again(x)
        assert other is not x
        assert (other.name, other.dtype, other.ndim, other.shape[1]) == ("x", "float32", 2, 3)

    def test_expressions_with_their_inputs(self, again):
        x, w = T.dmatrix("x"), T.dmatrix("w")
        y = T.softmax(T.dot(x, w) / x.shape[0])
        y.name = "y"
        a, b, z = again([x, w, y])
        assert z.name == "y"
        arrays = np.ones((2, 3)), np.arange(12.0).reshape(3, 4)
        np.testing.assert_allclose(ct.function([a, b], z)(*arrays), ct.function([x, w], y)(*arrays))

    def test_what_they_share_stays_shared(self, again):
        x = T.dvector("x")
        y = T.exp(x)
        first, second = again([y + 1, y * 2])
        assert first.owner.inputs[0] is second.owner.inputs[0]
        assert first.owner.inputs[0] is not y

    def test_a_name_given_after_an_earlier_pickle(self, again):
        y = T.exp(T.dvector("x"))
        z = y + 1
        again(z)
        y.name = "late"
        assert again(z).owner.inputs[0].name == "late"

    def test_gradients_and_loops(self, again):
        x, a = T.dvector("x"), T.dvector("a")
        last, _ = ct.scan_loop(lambda s, e: (T.tanh(s * a) + e, None), x, T.constant(np.ones((4, 1))))
        b, c, slope = again([x, a, ct.grad(T.sum(last), x)])
        expected = ct.function([x, a], ct.grad(T.sum(last), x))(V, V)
        np.testing.assert_allclose(ct.function([b, c], slope)(V, V), expected)

    def test_sizes_found_while_running(self, again):
        x = T.dvector("x")
        y, kept = again([x, T.sum(x[x > 1.5]) / x[x > 1.5].shape[0]])
        assert float(ct.function([y], kept)(V)) == 2.5

    def test_calls_of_graphs(self, again):
        x, a = T.dvector("x"), T.dvector("a")
        b, y = again([a, ct.OpFromGraph([x], [x * x])(a)])
        np.testing.assert_allclose(ct.function([b], y)(V), V * V)

    def test_deep_expressions(self, again):
        x = y = T.dscalar("x")
        for _ in range(3000):
            y = y + 1.0
        a, b = again([x, y])
        assert float(ct.function([a], b, mode="interpret")(0.0)) == 3000

    def test_many_values_of_one_expression_make_a_small_pickle(self):
        values = [T.dvector("x")]
        for _ in range(100):
            values.append(T.exp(values[-1]))
        assert len(pickle.dumps(values)) < sum(len(pickle.dumps(value)) for value in values) / 10

    def test_equations_and_graphs(self, again):
        x = T.dvector("x")
        whole = Graph.of([x], [T.exp(x) + 1])
        other, equation = again((whole, whole.equations[0]))
        assert other.equations[0] is equation
        assert [e.op.name for e in other.equations] == ["exp", "add"]
        assert other.outputs[0] is other.equations[1].outputs[0]

    def test_shallow_copies_are_the_value_itself(self):
        y = T.exp(T.dvector("x"))
        assert copy.copy(y) is y
        assert copy.copy(y.owner) is y.owner

    def test_constants(self, again):
        c = again(T.constant(V, "c"))
        assert c.name == "c"
        np.testing.assert_array_equal(c.data, V)
        assert not c.data.flags.writeable


def test_dimensions_stay_canonical():
    """Symbols are made anew in the order in which they are met, which may be another one."""
    m, n = dims.symbol("m"), dims.symbol("n")
    product, back, front = through_pickle((m * n + m * m, n, m))
    assert product == back * front + front * front
    assert hash(product) == hash(back * front + front * front)


class TestSharedVariables:
    def test_keep_value_name_and_open_sizes(self, again):
        w = ct.shared(V, "w", shape=(None,))
        other = again(w)
        assert other.name == "w"
        other.set_value(np.ones(5))
        np.testing.assert_array_equal(w.get_value(), V)
        assert other.get_value().shape == (5,)

    def test_twice_in_one_structure_is_one_variable(self, again):
        w = ct.shared(V, "w")
        first, second, doubled = again([w, w, w * 2])
        assert first is second
        assert graph.inputs([doubled])[0] is first


class TestFunctions:
    def test_compute_the_same(self, again):
        x, w = T.dvector("x"), ct.shared(V, "w")
        function = ct.function([x], {"sum": T.sum(x * w)}, updates=[(w, w + x)], name="step")
        other = again(function)
        assert other.name == "step"
        assert function(V)["sum"] == other(V)["sum"] == 14
        assert function(V)["sum"] == 28  # each has a variable of its own
        assert other(V)["sum"] == 28

    def test_share_variables_with_what_goes_with_them(self, again):
        w = ct.shared(2.0, "w")
        function, other = again((ct.function([], w * 2), w))
        other.set_value(5.0)
        assert float(function()) == 10

    def test_defaults_and_modes(self, again):
        x = T.dscalar("x")
        function = ct.function([ct.In(x, value=3.0)], x * x, mode="interpret")
        assert float(again(function)()) == 9

    def test_in_another_process(self, tmp_path):
        x = T.dvector("x")
        (tmp_path / "function").write_bytes(pickle.dumps(ct.function([x], T.exp(x))))
        code = "import pickle, sys; print(float(pickle.load(open(sys.argv[1], 'rb'))([0.0])[0]))"
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "function")],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() == "1.0"

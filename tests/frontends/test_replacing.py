"""Copies of expressions with variables replaced, and walks over them."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.gof import graph
from croton.graph.errors import DTypeError, MissingInputError, ShapeError

V = np.array([1.0, 2.0])


class TestClone:
    def test_replaces_variables(self):
        x, y = T.dvectors("x", "y")
        z = T.exp(x) + T.sum(x)
        other = ct.clone(z, replace={x: 2 * y})
        np.testing.assert_allclose(ct.function([y], other)(V), np.exp(2 * V) + 6)

    def test_replaces_intermediate_values_and_shared_variables(self):
        x, w = T.dvector("x"), ct.shared(3.0, "w")
        inner = x * w
        other = ct.clone([inner + 1, inner * inner], replace=[(inner, x), (w, T.constant(5.0))])
        found = ct.function([x], other)(V)
        np.testing.assert_allclose(found, [V + 1, V * V])

    def test_sizes_follow(self):
        x, y = T.dvector("x"), T.dvector("y")
        means = ct.clone(T.sum(x) / x.shape[0] + T.zeros(x.shape[0]), replace={x: T.concatenate([y, y])})
        np.testing.assert_allclose(ct.function([y], means)(V), np.full(4, 1.5))

    def test_of_nothing_is_the_same_program(self):
        x = T.dvector("x")
        assert graph.is_same_graph(ct.clone(T.exp(x)), T.exp(x))

    def test_new_inputs(self):
        x, w = T.dvector("x"), ct.shared(V, "w")
        other = ct.clone({"product": x * w}, share_inputs=False)["product"]
        fresh, kept = graph.inputs([other])
        assert kept is w
        assert fresh is not x
        assert fresh.name == "x"
        with pytest.raises(MissingInputError):
            ct.function([x], other, on_unused_input="ignore")
        np.testing.assert_allclose(ct.function([fresh], other)([1, 2, 3][:2]), V * V)

    def test_dtypes_must_agree_if_strict(self):
        x, n = T.dvector("x"), T.ivector("n")
        with pytest.raises(DTypeError, match="clone: replacements replace x"):
            ct.clone(x * 2, {x: n})
        np.testing.assert_allclose(ct.function([n], ct.clone(x / 2, {x: n}, strict=False))([1, 2]), V / 2)

    def test_bad_input(self):
        x = T.dvector("x")
        with pytest.raises(ShapeError, match="clone: replacements replace x"):
            ct.clone(x, {x: T.dmatrix()})
        with pytest.raises(TypeError, match="replace variables, got int"):
            ct.clone(x, {3: x})
        with pytest.raises(TypeError, match="clone: expected variables, got int"):
            ct.clone(3)


class TestGraphReplace:
    def test_replaces(self):
        x, y = T.dvectors("x", "y")
        np.testing.assert_allclose(ct.function([y], ct.graph_replace(x * x, {x: y}))(V), V * V)
        assert isinstance(ct.graph_replace([x * x], {x: y}), list)

    def test_what_to_replace_must_occur(self):
        x, y = T.dvectors("x", "y")
        with pytest.raises(ValueError, match="y does not occur"):
            ct.graph_replace(x * x, {y: x})
        kept = ct.graph_replace(x * x, {y: x}, strict=False)
        np.testing.assert_allclose(ct.function([x], kept)(V), V * V)


class TestWalks:
    def test_inputs_and_ancestors(self):
        x, w = T.dvector("x"), ct.shared(V, "w")
        y = x * w
        z = y + x
        assert set(graph.inputs([z])) == {x, w}
        assert set(graph.ancestors([z])) == {x, w, y, z}
        assert graph.inputs([z], blockers=[y]) == [x]
        assert T.constant(1.0) not in graph.graph_inputs([z])

    def test_nodes_come_after_those_they_depend_on(self):
        x = T.dvector("x")
        y = T.exp(x)
        z = T.sin(y)
        assert [node.op.name for node in graph.nodes([x], [z])] == ["exp", "sin"]
        assert graph.nodes([y], [z]) == [z.owner]
        assert set(graph.variables([x], [z])) == {x, y, z}
        assert graph.is_in_ancestors(z.owner, y.owner)
        assert not graph.is_in_ancestors(y.owner, z.owner)
        assert not graph.is_in_ancestors(x.owner, y.owner)

    def test_deep_expressions(self):
        x = y = T.dscalar("x")
        for _ in range(5000):
            y = y * 0.5
        assert x in graph.inputs([y])
        assert len(graph.nodes([x], [y])) == 5000

    def test_equal_programs(self):
        x, y, w = T.dvectors("x", "y", "w")
        assert graph.is_same_graph(T.exp(x) * 2 + y, T.exp(x) * 2 + y)
        assert not graph.is_same_graph(T.exp(x) * 2 + y, T.exp(x) * 3 + y)
        assert not graph.is_same_graph(x - y, y - x)
        assert not graph.is_same_graph(T.exp(x), T.exp(w))
        assert graph.is_same_graph(T.exp(x), T.exp(w), givens={x: w})

        def loop(factor):
            return ct.scan_loop(lambda s, e: (s * factor + e, None), T.constant(0.0), x)[0]

        assert graph.is_same_graph(loop(2.0), loop(2.0))
        assert not graph.is_same_graph(loop(2.0), loop(3.0))


class TestSizesFoundWhileRunning:
    """They belong to the number they come from, and follow it when that is replaced."""

    @pytest.mark.parametrize("mode", ["compile", "interpret"])
    def test_follow_what_they_are_computed_from(self, mode):
        x, n, m = T.dvector("x"), T.lscalar("n"), T.lscalar("m")
        head = T.sum(x[:n]) + T.sum(T.ones(n))
        function = ct.function([x, n, m], [head, ct.clone(head, {n: m})], mode=mode)
        np.testing.assert_array_equal(function(np.arange(5.0), 2, 4), [1 + 2, 6 + 4])
        given = ct.function([x, m], head, givens={n: m + 1}, mode=mode)
        assert float(given(np.arange(5.0), 2)) == 3 + 3

    def test_are_one_for_parts_that_are_cut_alike(self):
        x, y, n = T.tensor("float64", (9, 2)), T.tensor("float64", (9,)), T.lscalar("n")
        assert x[n : n + 3].shape[0] == y[n : n + 3].shape[0]
        assert x[n : n + 3].shape[0] != y[n : n + 4].shape[0]

    @pytest.mark.parametrize("mode", ["compile", "interpret"])
    def test_may_be_required_to_be_equal(self, mode):
        x, y, n, m = T.dmatrix("x"), T.dvector("y"), T.lscalar("n"), T.lscalar("m")
        picked = T.sum(T.neq(T.argmax(x[:n], axis=1), y[m:]))
        function = ct.function([x, y, n, m], picked, mode=mode)
        assert int(function(np.eye(4), np.arange(5.0), 3, 2)) == 3
        with pytest.raises(ShapeError):
            function(np.eye(4), np.arange(5.0), 3, 1)

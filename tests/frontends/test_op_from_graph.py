"""`OpFromGraph`: calls, derivatives, overrides, shared variables, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton import gradient
from croton.graph.errors import (
    DisconnectedInputError,
    DTypeError,
    MissingInputError,
    NullTypeGradError,
    ShapeError,
)


def product_and_sum(**options):
    x, y = T.dvectors("x", "y")
    return ct.OpFromGraph([x, y], [x * y, x + y], **options)


def run(output, **values):
    """The value of an expression of variables known by name."""
    outputs = output if isinstance(output, list) else [output]
    found = []
    for mode in ("compile", "interpret"):
        inputs = [v for v in ct.gof.graph.inputs(outputs) if v.name in values]
        function = ct.function(inputs, outputs, mode=mode)
        found.append(function(*(values[v.name] for v in inputs)))
    for left, right in zip(*found, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12)
    return found[0] if isinstance(output, list) else found[0][0]


A, B = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 4.0])


class TestCalls:
    @pytest.mark.parametrize("inline", [False, True])
    def test_the_graph_on_other_inputs(self, inline):
        a, b = T.dvectors("a", "b")
        p, s = product_and_sum(inline=inline)(a, T.exp(b))
        found = run([p, s], a=A, b=B)
        np.testing.assert_allclose(found[0], A * np.exp(B))
        np.testing.assert_allclose(found[1], A + np.exp(B))

    def test_compiled_functions_hold_no_call(self):
        a, b = T.dvectors("a", "b")
        function = ct.function([a, b], product_and_sum()(a, b)[0])
        assert [equation.op.name for equation in function.graph().equations] == ["multiply"]

    def test_expressions_are_stabilised_across_the_call(self):
        x, a = T.dvector("x"), T.dvector("a")
        exponential = ct.OpFromGraph([x], [T.exp(x)])
        function = ct.function([a], T.log(T.sum(exponential(a))), mode="compile")
        assert float(function([1000.0, 0.0])) == 1000

    def test_other_sizes_in_every_call(self):
        op = product_and_sum()
        a, m = T.dvector("a"), T.dmatrix("m")
        output = T.sum(op(a, a)[0]) + T.sum(op(m[0], m[1])[1])
        assert float(run(output, a=A, m=np.ones((2, 5)))) == 24

    def test_arrays_are_computed_at_once(self):
        p, s = product_and_sum()(A, B)
        np.testing.assert_array_equal(p.data, A * B)
        np.testing.assert_array_equal(s.data, A + B)

    def test_python_numbers_take_the_dtype(self):
        x = T.fscalar("x")
        assert ct.OpFromGraph([x], [x * 2])(3).data == 6

    def test_shared_variables_inside(self):
        w = ct.shared(B, "w")
        x, a = T.dvector("x"), T.dvector("a")
        op = ct.OpFromGraph([x], [w * x])
        output = op(a)
        function = ct.function([a], [output, ct.grad(output.sum(), w)])
        np.testing.assert_allclose(function(A)[0], A * B)
        w.set_value(2 * B)
        found = function(A)
        np.testing.assert_allclose(found[0], 2 * A * B)
        np.testing.assert_allclose(found[1], A)

    def test_inside_one_another(self):
        x, a = T.dvector("x"), T.dvector("a")
        inner = ct.OpFromGraph([x], [x * x])
        outer = ct.OpFromGraph([x], [inner(x) + 1, inner(inner(x))])
        found = run([*outer(a), ct.grad(T.sum(outer(a)[1]), a)], a=A)
        np.testing.assert_allclose(found[0], A**2 + 1)
        np.testing.assert_allclose(found[1], A**4)
        np.testing.assert_allclose(found[2], 4 * A**3)

    def test_names(self):
        op = product_and_sum(name="pair")
        assert repr(op) == "pair"
        assert "pair" in ct.debugprint(op(T.dvector("a"), T.dvector("b"))[0], file="str")


class TestDerivatives:
    def test_are_those_of_the_graph_to_any_order(self):
        a, b = T.dvectors("a", "b")
        p, _ = product_and_sum()(a * a, b)
        first = ct.grad(p.sum(), a)
        second = ct.grad(first.sum(), a)
        found = run([first, second], a=A, b=B)
        np.testing.assert_allclose(found[0], 2 * A * B)
        np.testing.assert_allclose(found[1], 2 * B)

    def test_along_directions(self):
        a, b, v = T.dvectors("a", "b", "v")
        result = ct.Rop(product_and_sum()(a, b)[0], a, v)
        np.testing.assert_allclose(run(result, b=B, v=A), A * B)

    def test_one_function_for_all_inputs(self):
        def gradients(inputs, outputs, output_gradients):
            assert len(outputs) == 2
            return [output_gradients[0] * 10, inputs[0] * output_gradients[0]]

        a, b = T.dvectors("a", "b")
        cost = product_and_sum(lop_overrides=gradients)(a, b)[0].sum()
        found = run([*ct.grad(cost, [a, b]), a + b], a=A, b=B)
        np.testing.assert_allclose(found[0], [10, 10, 10])
        np.testing.assert_allclose(found[1], A)

    def test_one_entry_for_each_input(self):
        def doubled(inputs, output_gradients):
            return 2 * inputs[0] * output_gradients[0]

        a, b = T.dvectors("a", "b")
        cost = product_and_sum(grad_overrides=["default", doubled])(a, b)[0].sum()
        found = run(ct.grad(cost, [a, b]), a=A, b=B)
        np.testing.assert_allclose(found[0], B)
        np.testing.assert_allclose(found[1], 2 * A)

    def test_another_call_as_override(self):
        x, y, p, s, gp, gs = T.dvectors(6)
        rule = ct.OpFromGraph([x, y, p, s, gp, gs], [gp * p, gs + x])
        a, b = T.dvectors("a", "b")
        cost = product_and_sum(lop_overrides=rule)(a, b)[0].sum()
        found = run(ct.grad(cost, [a, b]), a=A, b=B)
        np.testing.assert_allclose(found[0], A * B)
        np.testing.assert_allclose(found[1], A)

    def test_none_flows_or_none_is_defined(self):
        a, b = T.dvectors("a", "b")
        missing = gradient.grad_undefined("pair", 1, b)
        op = product_and_sum(lop_overrides=[gradient.DisconnectedType()(), missing])
        cost = op(a, b)[0].sum()
        with pytest.raises(DisconnectedInputError):
            ct.grad(cost, a)
        with pytest.raises(NullTypeGradError, match="mathematically undefined"):
            ct.grad(cost, b)

    def test_forward_rules(self):
        a, b, v = T.dvectors("a", "b", "v")
        op = product_and_sum(rop_overrides=[lambda inputs, directions: 7 * directions[0], "default"])
        found = run(ct.Rop(op(a, b), [a], [v]), v=A)
        np.testing.assert_allclose(found[0], 7 * A)
        np.testing.assert_allclose(found[1], A)

    def test_shared_variables_keep_their_derivative(self):
        w = ct.shared(B, "w")
        x, a = T.dvector("x"), T.dvector("a")
        op = ct.OpFromGraph([x], [w * x], lop_overrides=lambda i, o, g: [g[0] * 5])
        found = run([*ct.grad(op(a).sum(), [a, w]), a], a=A)
        np.testing.assert_allclose(found[0], [5, 5, 5])
        np.testing.assert_allclose(found[1], A)

    def test_overrides_hold_when_inlined(self):
        a, b = T.dvectors("a", "b")
        op = product_and_sum(inline=True, grad_overrides=lambda i, g: [g[0] * 0 + 9, g[0]])
        np.testing.assert_allclose(run(ct.grad(op(a, b)[0].sum(), a) + a, a=A), 9 + A)


class TestBadInput:
    def test_when_made(self):
        x = T.dvector("x")
        with pytest.raises(TypeError, match="input 0 must be a variable"):
            ct.OpFromGraph([3.0], [x])
        with pytest.raises(TypeError, match="outputs must be a list"):
            ct.OpFromGraph([x], x)
        with pytest.raises(TypeError, match="lop_overrides must be functions"):
            ct.OpFromGraph([x], [x], lop_overrides=3)
        with pytest.raises(ValueError, match="grad_overrides must have 1 entries, got 2"):
            ct.OpFromGraph([x], [x], grad_overrides=[None, None])
        with pytest.raises(ValueError, match="not both"):
            ct.OpFromGraph([x], [x], grad_overrides=min, lop_overrides=min)

    def test_when_called(self):
        op = product_and_sum(name="pair")
        x = T.dvector("x")
        with pytest.raises(TypeError, match="pair: expected 2 inputs, got 1"):
            op(x)
        with pytest.raises(DTypeError, match="pair: input 1 is int32, expected float64"):
            op(x, T.ivector())
        with pytest.raises(ShapeError, match="pair: input 0 has 2 axes, expected 1"):
            op(T.dmatrix(), x)
        with pytest.raises(ShapeError, match=r"multiply.*do not broadcast"):
            ct.function([x], product_and_sum()(x, x[1:])[0])([1.0, 2.0])

    def test_a_variable_that_is_not_an_input(self):
        x, y = T.dvectors("x", "y")
        with pytest.raises(MissingInputError):
            ct.function([x], ct.OpFromGraph([x], [x * y])(x))

    def test_a_rule_that_returns_something_else(self):
        a, b = T.dvectors("a", "b")
        with pytest.raises(TypeError, match="expected 2 arrays, got 1"):
            ct.grad(product_and_sum(lop_overrides=lambda i, o, g: g[0])(a, b)[0].sum(), a)
        rank = product_and_sum(grad_overrides=lambda i, g: [g[0].sum(), g[0]])
        with pytest.raises(ShapeError, match="gradient 0 has 0 axes, expected 1"):
            ct.grad(rank(a, b)[0].sum(), a)

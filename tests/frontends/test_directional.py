"""`Rop`, `Lop`, Hessian-vector products: values, the work they do, and what they refuse."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton import gradient
from croton.graph.errors import DisconnectedInputError, DTypeError, NullTypeGradError, ShapeError

random = np.random.default_rng(3)
X, W = random.standard_normal((4, 3)), random.standard_normal((3, 5))
DX, DW = random.standard_normal((4, 3)), random.standard_normal((3, 5))


def operations(function):
    """How often each operation occurs in a compiled function, bodies of loops included."""
    found = Counter()

    def count(graph):
        for equation in graph.equations:
            found[equation.op.name] += 1
            for body in equation.op.graphs():
                count(body)

    count(function.graph())
    return found


def along(formula, step=1e-6):
    """The central difference of formula(X, W) along (DX, DW)."""
    return (formula(X + step * DX, W + step * DW) - formula(X - step * DX, W - step * DW)) / (2 * step)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def matrices():
    return T.dmatrix("x"), T.dmatrix("W"), T.dmatrix("dx"), T.dmatrix("dW")


class TestRop:
    def test_products_and_softmax_along_a_direction(self, matrices):
        x, w, dx, dw = matrices
        outputs = [T.dot(x, w), T.softmax(T.dot(x, w)), T.sum(T.tanh(x) ** 2) * T.prod(w, axis=0)]
        found = ct.function([*matrices], ct.Rop(outputs, [x, w], [dx, dw]))(X, W, DX, DW)
        formulas = [
            lambda x, w: x @ w,
            lambda x, w: softmax(x @ w),
            lambda x, w: np.sum(np.tanh(x) ** 2) * np.prod(w, axis=0),
        ]
        for result, formula in zip(found, formulas, strict=True):
            np.testing.assert_allclose(result, along(formula), rtol=1e-6, atol=1e-7)

    def test_one_expression_one_variable(self):
        x = T.dvector("x")
        result = ct.Rop(x**2, x, T.ones_like(x))
        np.testing.assert_allclose(ct.function([x], result)([1.0, 3.0]), [2.0, 6.0])

    def test_results_come_as_the_expressions_were_given(self):
        x = T.dvector("x")
        assert isinstance(ct.Rop([x * x], x, x), list)
        assert isinstance(ct.Rop((x * x, x), [x], [x]), tuple)

    def test_a_direction_of_none_is_zero(self):
        x, y = T.dvector("x"), T.dvector("y")
        result = ct.Rop(x * y, [x, y], [None, T.ones_like(y)])
        np.testing.assert_allclose(ct.function([x], result)([1.0, 3.0]), [1.0, 3.0])

    def test_with_respect_to_shared_variables_and_intermediate_values(self):
        w = ct.shared(np.array([0.5, 2.0]))
        y = T.exp(w)
        found = ct.function([], ct.Rop([y * y, w * y], [y], [T.ones_like(y)]))()
        np.testing.assert_allclose(found[0], 2 * np.exp([0.5, 2.0]))
        np.testing.assert_allclose(found[1], [0.5, 2.0])

    def test_a_product_costs_one_more_product_for_each_factor(self, matrices):
        x, w, dx, dw = matrices
        one = ct.function([x, w, dw], ct.Rop(T.dot(x, w), w, dw), on_unused_input="ignore")
        assert operations(one)["contract"] == 1
        both = ct.function([*matrices], ct.Rop(T.dot(x, w), [x, w], [dx, dw]))
        assert operations(both)["contract"] == 2

    def test_softmax_of_a_product_is_computed_once(self, matrices):
        x, w, _, dw = matrices
        logits = T.dot(x, w)
        both = ct.function([x, w, dw], [T.softmax(logits), ct.Rop(T.softmax(logits), w, dw)])
        counts = operations(both)
        assert counts["contract"] == 2
        assert counts["exp"] == 1
        assert counts["divide"] == 1

    def test_a_loop_carries_its_tangents_along(self):
        h, a, dh, da = T.dvector("h"), T.dmatrix("a"), T.dvector("dh"), T.dmatrix("da")
        last, states = ct.scan_loop(lambda s, e: (T.tanh(T.dot(a, s)) + e, s), h, T.constant(np.ones(6)))
        function = ct.function([h, a, dh, da], ct.Rop([last, states], [h, a], [dh, da]))
        counts = operations(function)
        assert counts["scan"] == 1
        assert counts["contract"] == 3

        def run(h, a):
            seen = []
            for _ in range(6):
                seen.append(h)
                h = np.tanh(a @ h) + 1
            return h, np.stack(seen)

        at, direction = random.standard_normal((3,)), random.standard_normal((3,))
        matrix, change = random.standard_normal((3, 3)), random.standard_normal((3, 3))
        step = 1e-6
        high, low = (run(at + s * direction, matrix + s * change) for s in (step, -step))
        for result, up, down in zip(function(at, matrix, direction, change), high, low, strict=True):
            np.testing.assert_allclose(result, (up - down) / (2 * step), rtol=1e-6, atol=1e-8)

    def test_a_state_that_depends_on_the_direction_only_after_a_step(self):
        x, dx = T.dscalar("x"), T.dscalar("dx")
        last, _ = ct.scan_loop(lambda s, _: (s * x + 1, None), T.constant(2.0), length=3)
        # 2x^3 + x^2 + x + 1
        np.testing.assert_allclose(ct.function([x, dx], ct.Rop(last, x, dx))(2.0, 1.0), 6 * 4 + 2 * 2 + 1)

    def test_while_loops_and_branches(self):
        x, dx = T.dvector("x"), T.dvector("dx")
        grown = ct.while_loop(lambda v: T.sum(v) < 100, lambda v: v * x, x)
        chosen = ct.cond(T.sum(x) > 0, lambda v: v * v, lambda v: x, x)
        function = ct.function([x, dx], ct.Rop([grown, chosen], x, dx))
        found = function([2.0, 3.0], [1.0, 10.0])
        np.testing.assert_allclose(found[0], [5 * 2.0**4, 10 * 5 * 3.0**4])  # x^5 after four steps
        np.testing.assert_allclose(found[1], [4.0, 60.0])
        np.testing.assert_allclose(function([-2.0, 1.0], [1.0, 10.0])[1], [1.0, 10.0])
        assert operations(function)["while_loop"] == 1

    def test_twice(self):
        x = T.dscalar("x")
        one = T.constant(1.0)
        second = ct.Rop(ct.Rop(T.sin(x) * x, x, one), x, one)
        np.testing.assert_allclose(ct.function([x], second)(0.7), 2 * np.cos(0.7) - 0.7 * np.sin(0.7))

    def test_complex_values(self):
        z, dz = T.zvector("z"), T.zvector("dz")
        at, direction = np.array([1 + 2j, -0.5j]), np.array([0.3 - 1j, 2 + 1j])
        found = ct.function([z, dz], ct.Rop([z * z, T.abs(z)], z, dz))(at, direction)
        np.testing.assert_allclose(found[0], 2 * at * direction)
        np.testing.assert_allclose(found[1], np.real(np.conj(at) * direction) / np.abs(at))

    def test_an_own_operation_with_its_own_rule(self):
        class Doubled(ct.Op):
            itypes = otypes = (T.dvector,)

            def perform(self, node, inputs, output_storage):
                output_storage[0][0] = 2 * inputs[0]

            def R_op(self, inputs, directions):
                return [directions[0] * 2]

        x, dx = T.dvector("x"), T.dvector("dx")
        np.testing.assert_allclose(ct.function([x, dx], ct.Rop(Doubled()(x), x, dx))([1.0], [3.0]), [6.0])

    def test_an_own_operation_with_only_a_gradient(self):
        class Squared(ct.Op):
            itypes = otypes = (T.dvector,)

            def perform(self, node, inputs, output_storage):
                output_storage[0][0] = inputs[0] ** 2

            def grad(self, inputs, output_gradients):
                return [2 * inputs[0] * output_gradients[0]]

        x, dx = T.dvector("x"), T.dvector("dx")
        np.testing.assert_allclose(ct.function([x, dx], ct.Rop(Squared()(x), x, dx))([5.0], [3.0]), [30.0])

    def test_sizes_that_differ_are_found_when_called(self):
        x, dx = T.dvector("x"), T.dvector("dx")
        function = ct.function([x, dx], ct.Rop(x * x, x, dx))
        with pytest.raises(ShapeError, match="Rop: eval_points: axis 0"):
            function([1.0, 2.0], [1.0])

    def test_what_does_not_depend(self):
        x, y = T.dvector("x"), T.dvector("y")
        with pytest.raises(DisconnectedInputError, match="Rop"):
            ct.Rop(y, x, x)
        assert ct.Rop(y, x, x, disconnected_outputs="ignore", return_disconnected="none") is None
        with pytest.warns(UserWarning, match="does not depend"):
            zero = ct.Rop(y, x, x, disconnected_outputs="warn")
        np.testing.assert_array_equal(ct.function([y], zero)([1.0, 2.0]), [0.0, 0.0])

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (lambda x: (x * x, x, [x, x]), ValueError, "must be 1 arrays, got 2"),
            (lambda x: (x * x, x, T.dmatrix()), ShapeError, "eval_points: expected"),
            (lambda x: (T.ivector(), x, x), DTypeError, "expression must be of a floating dtype"),
            (lambda x: (x, T.ivector(), x), DTypeError, "wrt must be of a floating dtype"),
            (lambda x: ("x", x, x), TypeError, "expression must be a variable"),
        ],
    )
    def test_bad_input(self, arguments, error, message):
        with pytest.raises(error, match=message):
            ct.Rop(*arguments(T.dvector("x")))


class TestLop:
    def test_is_the_gradient_of_a_weighted_sum(self, matrices):
        x, w, _, _ = matrices
        u = T.dmatrix("u")
        gx, gw = ct.Lop(T.tanh(T.dot(x, w)), [x, w], u)
        weights = random.standard_normal((4, 5))
        found = ct.function([x, w, u], [gx, gw])(X, W, weights)
        inner = weights * (1 - np.tanh(X @ W) ** 2)
        np.testing.assert_allclose(found[0], inner @ W.T)
        np.testing.assert_allclose(found[1], X.T @ inner)

    def test_of_several_expressions(self):
        x = T.dvector("x")
        result = ct.Lop([x * x, x, 3 * x], x, [T.ones_like(x), None, x])
        np.testing.assert_allclose(ct.function([x], result)([2.0]), [4 + 6.0])

    def test_constants_and_disconnected_inputs(self):
        x, y = T.dvector("x"), T.dvector("y")
        z = T.exp(x)
        np.testing.assert_allclose(
            ct.function([x], ct.Lop(z * x, x, T.ones_like(x), consider_constant=[z]))([1.0]), [np.e]
        )
        with pytest.raises(DisconnectedInputError, match="Lop"):
            ct.Lop(x, y, x)
        assert ct.Lop(x, [y], x, disconnected_inputs="ignore", return_disconnected="none") == [None]

    def test_bad_input(self):
        x = T.dvector("x")
        with pytest.raises(ValueError, match="must be 2 arrays"):
            ct.Lop([x, x], x, x)


class TestHessianVectorProducts:
    def test_equal_the_hessian_times_vectors(self):
        x, y, p, q = (T.dvector(name) for name in "xypq")
        cost = T.sum(T.exp(x * y)) + T.sum(x) ** 3
        values = [random.standard_normal(3) for _ in range(4)]
        found = ct.function([x, y, p, q], gradient.hessian_vector_product(cost, [x, y], [p, q]))(*values)
        a, b, c, d = values
        e = np.exp(a * b)
        np.testing.assert_allclose(found[0], e * (b * b * c + (1 + a * b) * d) + 6 * a.sum() * c.sum())
        np.testing.assert_allclose(found[1], e * ((1 + a * b) * c + a * a * d))

    def test_forward_over_reverse_and_reverse_over_reverse_agree(self):
        x, v, w = T.dmatrix("x"), T.dmatrix("v"), T.dmatrix("W")
        cost = T.sum(T.log(T.softmax(T.dot(x, w))) ** 2)
        slope = ct.grad(cost, w)
        forward = ct.Rop(slope, w, v)
        backward = ct.grad(T.sum(slope * v), w)
        left, right = ct.function([x, w, v], [forward, backward])(X, W, DW)
        np.testing.assert_allclose(left, right, rtol=1e-10)

    def test_of_one_variable(self):
        x = T.dvector("x")
        product = gradient.hessian_vector_product(T.sum(x**3), x, x)
        np.testing.assert_allclose(ct.function([x], product)([2.0]), [24.0])


class TestPartsOfAGraph:
    def test_stops_at_the_end_and_starts_from_what_is_known(self):
        x, y = T.dvector("x"), T.dvector("y")
        middle = x * x
        cost = T.sum(middle * y)
        upper, ends = gradient.subgraph_grad(wrt=[y], end=[middle], cost=cost)
        lower, _ = gradient.subgraph_grad(wrt=[x], end=[], start={middle: ends[0]})
        found = ct.function([x, y], [*upper, *lower, ct.grad(cost, x)])([3.0], [5.0])
        np.testing.assert_allclose(found, [[9.0], [30.0], [30.0]])

    def test_does_not_go_behind_the_end(self):
        x = T.dvector("x")
        middle = x * x
        (found,), _ = gradient.subgraph_grad(wrt=[x], end=[middle], cost=T.sum(middle * x))
        np.testing.assert_allclose(ct.function([x], found)([3.0]), [9.0])

    def test_details(self):
        x = T.dvector("x")
        y = x * x
        _, _, start, cost = gradient.subgraph_grad([x], [], {y: T.ones_like(y)}, T.sum(x), details=True)
        np.testing.assert_allclose(ct.function([x], [*start, *cost])([3.0]), [[6.0], [1.0]])

    def test_needs_something_to_start_from(self):
        with pytest.raises(ValueError, match="give start or cost"):
            gradient.subgraph_grad([T.dvector()], [])


def test_what_an_operation_declares_to_have_no_gradient():
    class Rounded(ct.Op):
        itypes = (T.dvector, T.dvector)
        otypes = (T.dvector,)

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = np.rint(inputs[0]) * inputs[1]

        def grad(self, inputs, output_gradients):
            first = gradient.grad_undefined(self, 0, inputs[0], "it is flat")
            return [first, gradient.DisconnectedType()()]

    x, y = T.dvector("x"), T.dvector("y")
    made = Rounded()(x, y).sum()
    with pytest.raises(NullTypeGradError, match="mathematically undefined: it is flat"):
        ct.grad(made, x)
    with pytest.raises(NullTypeGradError, match="mathematically undefined"):
        ct.Rop(made, x, x)
    with pytest.raises(DisconnectedInputError):
        ct.grad(made, y)


@pytest.mark.parametrize("mode", ["compile", "interpret"])
def test_variables_of_which_only_sizes_matter_need_not_be_inputs(mode):
    w, v, x = T.dmatrix("W"), T.dvector("v"), T.dvector("x")
    pulled, pushed = ct.Lop(T.dot(x, w), w, v), ct.Rop(T.dot(x, w), x, x)
    found = ct.function([v, x], pulled, mode=mode)([2, 3], [0, 1, 4])
    np.testing.assert_array_equal(found, np.outer([0, 1, 4], [2, 3]))
    np.testing.assert_array_equal(ct.function([w, x], pushed, mode=mode)(np.eye(2), [3, 4]), [3, 4])


class TestLoopsOfScan:
    """Against reverse mode, for every kind of loop."""

    def both(self, build, *arrays):
        x, v = T.dvector("x"), T.dvector("v")
        output = build(x)
        pair = [ct.Rop(output, x, v), T.sum(ct.grad(output, x) * v)]
        forward, backward = ct.function([x, v], pair)(*arrays)
        np.testing.assert_allclose(forward, backward, rtol=1e-10)
        return forward

    @pytest.mark.parametrize(
        "options",
        [{}, {"go_backwards": True}, {"truncate_gradient": 2}],
        ids=["all", "backwards", "truncated"],
    )
    def test_results_and_last_states(self, options):
        def build(x):
            out, _ = ct.scan(lambda e, h: T.tanh(h * e + 1), x, T.constant(0.5), **options)
            return T.sum(out**2) + out[-1]

        assert self.both(build, random.standard_normal(6), random.standard_normal(6)) != 0

    def test_loops_that_stop(self):
        def build(x):
            def step(e, h):
                return T.tanh(h * e + 1), ct.until(h > 0.9)

            out, _ = ct.scan(step, x, T.constant(0.5))
            return T.sum(out**2)

        assert self.both(build, np.full(6, 2.0), random.standard_normal(6)) != 0

    def test_branches(self):
        def build(x):
            return ct.ifelse(T.sum(x) > 0, T.sum(x**2), T.sum(x))

        assert self.both(build, np.ones(3), np.arange(3.0)) == 6
        assert self.both(build, -np.ones(3), np.arange(3.0)) == 3

"""ifelse: only the branch taken is computed, in values and in derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError
from croton.ifelse import ifelse

from .loop_results import results, slope

V = np.array([0.5, -1.0, 2.0])


class Refuses(ct.Op):
    """An identity that cannot be computed, nor can its derivative."""

    __props__ = ()

    def make_node(self, x):
        return ct.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        raise ZeroDivisionError("computed after all")

    def infer_shape(self, fgraph, node, shapes):
        return shapes

    def grad(self, inputs, gradients):
        return [Refuses()(gradients[0])]


def refused(x):
    return Refuses()(x)


X, C = T.dvector("x"), T.iscalar("c")


class TestValues:
    def test_one_of_two(self):
        f = ct.function([C, X], ct.ifelse(C, X + 1, X * 10))
        np.testing.assert_array_equal(f(1, V), V + 1)
        np.testing.assert_array_equal(f(-3, V), V + 1)
        np.testing.assert_array_equal(f(0, V), V * 10)

    def test_conditions_of_any_kind(self):
        greater = T.gt(X[0], 0)
        outputs = [ifelse(greater, 1.0, X[1]), ifelse(X[2] - 2, X[0], 0.0), ct.ifelse(True, X[0], X[1])]
        np.testing.assert_allclose(results([X], outputs, V), [1.0, 0.0, 0.5])

    def test_lists(self):
        a, b = ct.ifelse(C, [X + 1, X.sum()], (X * 2, X.max()))
        for c, expected in ((1, (V + 1, V.sum())), (0, (V * 2, V.max()))):
            found = results([C, X], [a, b], c, V)
            np.testing.assert_allclose(found[0], expected[0])
            np.testing.assert_allclose(found[1], expected[1])
        assert ct.ifelse(C, [], []) == []

    def test_nested(self):
        inner = ct.ifelse(T.gt(X[0], 0), T.exp(X), refused(X))
        outer = ct.ifelse(C, inner, ct.ifelse(T.gt(X[1], 0), refused(X), X - 1))
        f = ct.function([C, X], outer)
        np.testing.assert_allclose(f(1, V), np.exp(V))
        np.testing.assert_allclose(f(0, V), V - 1)
        with pytest.raises(ZeroDivisionError):
            f(1, -V)

    def test_a_name(self):
        assert ct.ifelse(C, X, X * 2, name="chosen").name == "chosen"

    def test_eager_arrays(self):
        out = ct.ifelse(ct.Tensor(V)[0] > 0, ct.Tensor(V), ct.Tensor(V) * 2)
        assert isinstance(out, ct.Tensor)
        np.testing.assert_array_equal(out, V)

    def test_tapes(self):
        x, w = ct.Tensor(V), ct.Variable(0.5)
        with ct.GradientTape() as tape:
            tape.watch(x)
            cost = ct.ifelse(T.sum(x) > 1, T.sum(x * w), T.sum(x))
        by_x, by_w = tape.gradient(cost, [x, w])
        np.testing.assert_allclose(by_x, np.full(3, 0.5))
        np.testing.assert_allclose(by_w, V.sum())

    def test_inside_a_jitted_function(self):
        @ct.jit
        def halved(x):
            return ct.ifelse(T.sum(x) > 1, x / 2, refused(x))

        np.testing.assert_allclose(halved(V), V / 2)

    def test_shared_variables_and_updates(self):
        w = ct.shared(V, "w")
        f = ct.function([C], w.sum(), updates={w: ct.ifelse(C, w * 2, refused(w))})
        assert f(1) == V.sum()
        np.testing.assert_array_equal(w.get_value(), V * 2)
        with pytest.raises(ZeroDivisionError):
            f(0)
        np.testing.assert_array_equal(w.get_value(), V * 2)

    def test_switch_is_elementwise(self):
        np.testing.assert_array_equal(
            results([X], [T.switch(X > 0, X, X * 10)], V)[0], np.where(V > 0, V, V * 10)
        )


class TestSizes:
    def test_that_depend_on_the_branch_taken(self):
        y = T.dmatrix("y")
        pick = ct.ifelse(C, [X, y], [T.exp(X[1:]), y[:, :1]])
        total = T.sum(pick[0] * T.arange(1, pick[0].shape[0] + 1)) + T.sum(pick[1] ** 2)
        outputs = [*pick, total, *ct.grad(total, [X, y])]
        array = np.arange(6.0).reshape(2, 3)
        found = results([C, X, y], outputs, 1, V, array)
        np.testing.assert_array_equal(found[0], V)
        np.testing.assert_array_equal(found[1], array)
        np.testing.assert_allclose(found[2], V @ [1, 2, 3] + np.sum(array**2))
        np.testing.assert_allclose(found[3], [1, 2, 3])
        np.testing.assert_allclose(found[4], 2 * array)
        found = results([C, X, y], outputs, 0, V, array)
        np.testing.assert_allclose(found[0], np.exp(V[1:]))
        np.testing.assert_array_equal(found[1], array[:, :1])
        np.testing.assert_allclose(found[3], np.exp(V) * [0, 1, 2])
        np.testing.assert_allclose(found[4], 2 * array * [1, 0, 0])

    def test_of_inputs_that_nothing_else_relates(self):
        y = T.dvector("y")
        f = ct.function([C, X, y], [ct.ifelse(C, X, y), ct.grad(ct.ifelse(C, X, y).sum(), y)])
        for c, expected, slopes in ((1, V, [0, 0]), (0, V[:2], [1, 1])):
            found = f(c, V, V[:2])
            np.testing.assert_array_equal(found[0], expected)
            np.testing.assert_array_equal(found[1], slopes)

    def test_only_the_branch_taken_is_computed_here_too(self):
        f = ct.function([C, X], ct.ifelse(C, X, refused(X[1:])))
        np.testing.assert_array_equal(f(1, V), V)
        with pytest.raises(ZeroDivisionError):
            f(0, V)

    def test_known_sizes_and_results_that_must_fit_others(self):
        two, three = T.zeros((2,)), T.ones((3,))
        f = ct.function([C, X], ct.ifelse(C, two, three) + X)
        np.testing.assert_array_equal(f(0, V), V + 1)
        with pytest.raises(ShapeError, match="add: shapes"):
            f(1, V)


class TestLaziness:
    @pytest.mark.parametrize("depth", [1, 3])
    def test_the_other_branch_costs_nothing(self, depth):
        costly = X
        for _ in range(depth):
            costly = T.tanh(refused(costly)) + 1
        f = ct.function([C, X], ct.ifelse(C, T.sin(X), costly.sum() * X))
        np.testing.assert_allclose(f(1, V), np.sin(V))
        with pytest.raises(ZeroDivisionError):
            f(0, V)

    def test_nor_does_its_derivative(self):
        y = ct.ifelse(C, X**2, refused(T.sin(X)))
        first = ct.grad(T.sum(y**2), X)
        second = ct.grad(T.sum(first * V), X)
        f = ct.function([C, X], [y, first, second])
        for found, expected in zip(f(1, V), [V**2, 4 * V**3, 12 * V**3], strict=True):
            np.testing.assert_allclose(found, expected)
        with pytest.raises(ZeroDivisionError):
            f(0, V)

    def test_what_others_read_too_is_computed_once_outside(self):
        shared = T.exp(X)
        f = ct.function([C, X], [ct.ifelse(C, shared * 2, X), shared])
        np.testing.assert_allclose(f(0, V), [V, np.exp(V)])
        np.testing.assert_allclose(f(1, V), [np.exp(V) * 2, np.exp(V)])

    def test_sizes_found_while_running(self):
        positive = X[T.nonzero(X > 0)[0]]
        n = T.cast(T.sum(X > 0), "int64")
        y = ct.ifelse(C, T.sum(positive**2), T.sum(T.ones((n,))) * X.sum())
        gradient = ct.grad(y, X)
        for c, expected in ((1, (4.25, [1, 0, 4])), (0, (3.0, [2, 2, 2]))):
            found = results([C, X], [y, gradient], c, V)
            np.testing.assert_allclose(found[0], expected[0])
            np.testing.assert_allclose(found[1], expected[1])

    def test_inside_a_loop(self):
        out, _ = ct.scan(lambda e: ct.ifelse(e > 0, T.sqrt(e), T.sum(refused(X * e))), X)
        f = ct.function([X], [out, ct.grad(out.sum(), X)])
        found = f(np.abs(V))
        np.testing.assert_allclose(found, [np.sqrt(np.abs(V)), 0.5 / np.sqrt(np.abs(V))])
        with pytest.raises(ZeroDivisionError):
            f(V)


class TestDerivatives:
    def test_of_both_branches_and_what_they_share(self):
        w = T.dscalar("w")
        shared = T.sin(X * w)
        y = ct.ifelse(w > 0.5, T.sum(shared**2) * w, T.sum(T.exp(shared)))
        first = ct.grad(y, [X, w])
        second = ct.grad(T.sum(first[0] * V[::-1]) + first[1], [X, w])

        def run(x, w):
            s = np.sin(x * w)
            return np.sum(s**2) * w if w > 0.5 else np.sum(np.exp(s))

        along = ct.function([X, w], T.sum(first[0] * V[::-1]) + first[1])
        for at in (0.9, 0.2):
            found = results([X, w], [y, *first, *second], V, at)
            np.testing.assert_allclose(found[0], run(V, at))
            np.testing.assert_allclose(found[1], slope(lambda a, at=at: run(a, at), V), atol=1e-7)
            np.testing.assert_allclose(found[2], slope(lambda a: run(V, a), np.array(at)), atol=1e-7)
            np.testing.assert_allclose(found[3], slope(lambda a, at=at: along(a, at), V), atol=1e-6)

    def test_with_respect_to_a_value_in_a_branch(self):
        inner = T.exp(X)
        y = ct.ifelse(C, T.sum(inner**2), T.sum(X))
        found = ct.function([C, X], ct.grad(y, inner))
        np.testing.assert_allclose(found(1, V), 2 * np.exp(V))
        np.testing.assert_allclose(found(0, V), np.zeros(3))


class TestWhatItRefuses:
    def test_conditions_that_are_no_scalars(self):
        with pytest.raises(ShapeError, match="ifelse: the condition must be a scalar, got shape"):
            ct.ifelse(X > 0, X, X)

    def test_branches_that_differ(self):
        with pytest.raises(DTypeError, match="result 0 is float64 in one branch and float32 in the other"):
            ct.ifelse(C, X, T.fvector())
        with pytest.raises(ShapeError, match="result 0 has 1 axes in one branch and 0 in the other"):
            ct.ifelse(C, X, X.sum())
        with pytest.raises(ValueError, match="one branch has 2 results, the other 1"):
            ct.ifelse(C, [X, X], [X])
        with pytest.raises(TypeError, match="both branches must be arrays, or both lists"):
            ct.ifelse(C, [X], X)

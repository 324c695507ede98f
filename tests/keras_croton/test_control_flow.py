"""Branches, loops and maps: compiled they give what they give eagerly, and so do their gradients."""

import keras
import numpy as np
import pytest
from keras import ops
from tests.keras_croton.checks import both, gradient

import croton as ct

V = np.array([0.5, -1.0, 2.0], np.float32)
M = np.arange(12, dtype=np.float32).reshape(4, 3) / 10


class TestCond:
    def test_takes_one_of_two_branches(self):
        def function(x):
            return ops.cond(ops.sum(x) > 0, lambda: {"a": x * 2, "b": None}, lambda: {"a": x - 1, "b": None})

        np.testing.assert_allclose(both(function, V)["a"], V * 2)
        np.testing.assert_allclose(both(function, -V)["a"], -V - 1)

    def test_of_a_known_predicate_is_only_the_branch_taken(self):
        assert ops.cond(True, lambda: "yes", lambda: 1 / 0) == "yes"
        assert ct.jit(lambda x: ops.cond(np.bool_(False), lambda: 1 / 0, lambda: x))(V).tolist() == V.tolist()

    def test_has_the_gradient_of_the_branch(self):
        def cost(x):
            return ops.cond(ops.sum(x) > 0, lambda: ops.sum(x * x), lambda: ops.sum(x))

        np.testing.assert_allclose(gradient(cost, V), 2 * V)
        np.testing.assert_allclose(gradient(cost, -V), [1, 1, 1])

    def test_assigns_variables_in_the_branch_taken(self):
        variable = keras.Variable(np.zeros(3, np.float32))

        @ct.jit
        def step(x):
            ops.cond(ops.sum(x) > 0, lambda: variable.assign_add(x), lambda: variable.assign(x - 1))

        step(V)
        step(V)
        np.testing.assert_allclose(variable.numpy(), 2 * V)
        step(-V)
        np.testing.assert_allclose(variable.numpy(), -V - 1)


class TestSwitch:
    @pytest.mark.parametrize(("index", "expected"), [(-5, 1), (0, 1), (1, 2), (2, 3), (9, 3)])
    def test_takes_the_nearest_branch(self, index, expected):
        branches = [lambda x: x * 1, lambda x: x * 2, lambda x: x * 3]
        result = both(lambda number, x: ops.switch(number, branches, x), np.int32(index), V)
        np.testing.assert_allclose(result, expected * V)


class TestWhileLoop:
    def test_carries_nested_state_in_its_dtypes(self):
        def function(x):
            def body(count, state):
                return count + 1, {"x": state["x"] * 2.0, "seen": state["seen"] + ops.cast(count, "int8")}

            state = {"x": x, "seen": ops.zeros((), "int8")}
            return ops.while_loop(lambda count, state: ops.sum(state["x"]) < 20, body, (0, state))

        count, state = both(function, V)
        assert int(count) == 4
        assert state["seen"].dtype == "int8"
        np.testing.assert_allclose(state["x"], V * 16)

    def test_ends_after_the_maximum(self):
        def function(x):
            return ops.while_loop(lambda x: True, lambda x: x + 1, x, maximum_iterations=3)

        np.testing.assert_allclose(both(function, V), V + 3)

    def test_has_a_gradient(self):
        def cost(x):
            return ops.sum(ops.while_loop(lambda y: ops.sum(y) < 10, lambda y: y * y + x, x))

        found = gradient(cost, np.array([0.5, 1.0], np.float32))
        assert np.isfinite(found).all()


class TestForiLoop:
    def test_of_known_bounds(self):
        result = both(lambda x: ops.fori_loop(2, 5, lambda i, y: y * ops.cast(i, "float32"), x), V)
        np.testing.assert_allclose(result, V * 24)

    def test_of_computed_bounds(self):
        def function(n, x):
            return ops.fori_loop(n - 2, n, lambda i, y: y + ops.cast(i, "float32"), x)

        np.testing.assert_allclose(both(function, np.int32(5), V), V + 7)

    def test_has_a_gradient(self):
        slope = gradient(lambda x: ops.sum(ops.fori_loop(0, 3, lambda i, y: y * x, x)), V)
        np.testing.assert_allclose(slope, 4 * V**3, rtol=1e-6)


class TestScan:
    def test_of_nested_structures(self):
        def function(x):
            def step(carry, element):
                total = carry["total"] + element["x"]
                return {"total": total}, (total * element["y"], None)

            return ops.scan(step, {"total": ops.zeros(3)}, {"x": x, "y": x[:, 0]})

        carry, (result, nothing) = both(function, M)
        assert nothing is None
        np.testing.assert_allclose(carry["total"], M.sum(0), rtol=1e-6)
        np.testing.assert_allclose(result, M.cumsum(0) * M[:, :1], rtol=1e-6)

    def test_backwards(self):
        carry, result = both(lambda x: ops.scan(lambda c, x: (c + x, c), ops.zeros(3), x, reverse=True), M)
        np.testing.assert_allclose(carry, M.sum(0), rtol=1e-6)
        np.testing.assert_allclose(result, M[::-1].cumsum(0)[::-1] - M, atol=1e-6)

    def test_without_sequences(self):
        carry, result = both(lambda x: ops.scan(lambda c, _: (c * 2, c[0]), x, length=3), V)
        np.testing.assert_allclose(carry, V * 8)
        np.testing.assert_allclose(result, [0.5, 1, 2])

    def test_of_no_elements(self):
        carry, result = both(lambda x: ops.scan(lambda c, x: (c + x, c * 2), ops.ones(3), x[:0]), M)
        np.testing.assert_allclose(carry, np.ones(3))
        assert result.shape == (0, 3)

    def test_has_a_gradient(self):
        def cost(x):
            return ops.sum(ops.scan(lambda c, x: (c * x, c), ops.ones(()), x)[0])

        np.testing.assert_allclose(gradient(cost, V), V.prod() / V)

    def test_assigns_variables(self):
        count = keras.Variable(0, dtype="int32")

        def step(carry, element):
            count.assign_add(1)
            return carry + element, count.value

        for run in (lambda f: f, ct.jit):
            count.assign(0)
            _, counts = run(lambda x: ops.scan(step, ops.zeros(()), x))(ops.convert_to_tensor(V))
            assert np.array(counts).tolist() == [1, 2, 3]
            assert int(count.value) == 3

    def test_refuses_lengths_that_differ(self):
        with pytest.raises(ValueError, match=r"one length.*\[3, 4\]"):
            ops.scan(lambda c, x: (c, None), ops.zeros(()), (ops.zeros(3), ops.zeros(4)))

    def test_of_a_size_only_known_when_called(self):
        @ct.jit
        def total(x):
            return ops.scan(lambda c, x: (c + x, None), ops.zeros(()), x)[0]

        assert [float(total(np.ones(size, np.float32))) for size in (0, 3, 7, 8, 9)] == [0, 3, 7, 8, 9]


class TestMap:
    @pytest.mark.parametrize("map", [ops.map, ops.vectorized_map])
    def test_of_nested_structures(self, map):
        result = both(lambda x: map(lambda e: {"sum": ops.sum(e["x"]) + e["y"]}, {"x": x, "y": x[:, 0]}), M)
        np.testing.assert_allclose(result["sum"], M.sum(1) + M[:, 0], rtol=1e-6)

    @pytest.mark.parametrize("map", [ops.map, ops.vectorized_map])
    def test_has_a_gradient(self, map):
        np.testing.assert_allclose(
            gradient(lambda x: ops.sum(map(lambda row: row * row[0], x)), M)[:, 1], M[:, 0]
        )

    def test_of_random_numbers_draws_new_ones_for_each_element(self):
        seed = keras.random.SeedGenerator(3)
        draw = ct.jit(lambda x: ops.map(lambda e: e * 0 + keras.random.uniform((), seed=seed), x))
        numbers = [*np.array(draw(V)), *np.array(draw(V))]
        assert len(set(numbers)) == 6


class TestAssociativeScan:
    @pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8])
    @pytest.mark.parametrize("reverse", [False, True])
    def test_gives_prefixes_in_order(self, size, reverse):
        matrices = np.random.default_rng(0).normal(size=(size, 2, 2)).astype(np.float32)
        result = both(lambda x: ops.associative_scan(lambda a, b: ops.matmul(a, b), x, reverse), matrices)
        ordered = matrices[::-1] if reverse else matrices
        prefix, expected = np.eye(2), []
        for matrix in ordered:
            prefix = prefix @ matrix
            expected.append(prefix)
        np.testing.assert_allclose(result, expected[::-1] if reverse else expected, rtol=1e-4, atol=1e-5)

    def test_along_another_axis_of_structures(self):
        def combine(first, second):
            return second[0] * first[0], second[0] * first[1] + second[1]

        _, found = both(lambda x: ops.associative_scan(combine, (x, x), axis=-1), M)
        state, expected = np.zeros(4), []
        for column in M.T:
            state = column * state + column
            expected.append(state)
        np.testing.assert_allclose(found, np.transpose(expected), rtol=1e-5)

    def test_has_a_gradient(self):
        slope = gradient(lambda x: ops.sum(ops.associative_scan(lambda a, b: a + b, x)), V)
        np.testing.assert_allclose(slope, [3, 2, 1])

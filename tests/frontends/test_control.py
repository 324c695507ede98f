"""Branches and loops: values, derivatives, and what they refuse; compiled and interpreted alike."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

V = np.array([0.5, -1.0, 2.0])


def value(inputs, outputs, *arrays):
    """The result, after checking that compiled and interpreted agree."""
    results = [
        ct.function(inputs, outputs, mode=mode, on_unused_input="ignore")(*arrays)
        for mode in ("compile", "interpret")
    ]
    for left, right in zip(*(r if isinstance(r, list) else [r] for r in results), strict=True):
        assert left.shape == right.shape
        np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)
    return results[0]


def slope(cost, array, step=1e-6):
    """The derivative by central differences."""
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        moved = array.copy()
        moved[place] += step
        above = cost(moved)
        moved[place] -= 2 * step
        found[place] = (above - cost(moved)) / (2 * step)
    return found


class Refuses(ct.Op):
    """An identity that cannot be computed."""

    __props__ = ()

    def make_node(self, x):
        return ct.Apply(self, [x], [T.dvector()])

    def perform(self, node, inputs, output_storage):
        raise ZeroDivisionError("computed after all")

    def infer_shape(self, fgraph, node, shapes):
        return shapes


class TestCond:
    @pytest.mark.parametrize("test", [True, False])
    def test_one_of_two(self, test):
        b, x = T.scalar("b", dtype="bool"), T.dvector("x")
        result = value([b, x], ct.cond(b, lambda x: x + 1, lambda x: x * 10, x), test, V)
        np.testing.assert_array_equal(result, V + 1 if test else V * 10)

    @pytest.mark.parametrize("mode", ["compile", "interpret"])
    def test_only_the_branch_taken_is_computed(self, mode):
        b, x = T.scalar("b", dtype="bool"), T.dvector("x")
        f = ct.function([b, x], ct.cond(b, lambda x: Refuses()(x), lambda x: x * 2, x), mode=mode)
        np.testing.assert_array_equal(f(False, V), V * 2)
        with pytest.raises(ZeroDivisionError, match="computed after all"):
            f(True, V)
        np.testing.assert_array_equal(f(False, V), V * 2)

    def test_several_results_and_captured_values(self):
        s, x, y = T.dscalar("s"), T.dvector("x"), T.dvector("y")
        made = ct.cond(s > 0, lambda a: [a + y, a.sum()], lambda a: [a - y * y, y[0]], x)
        for number in (1.0, -1.0):
            first, second = value([s, x, y], made, number, V, V + 1)
            np.testing.assert_allclose(first, V + V + 1 if number > 0 else V - (V + 1) ** 2)
            np.testing.assert_allclose(second, V.sum() if number > 0 else V[0] + 1)

    def test_derivatives_of_both_kinds_of_operands(self):
        s, x, y = T.dscalar("s"), T.dvector("x"), T.dvector("y")
        cost = T.sum(ct.cond(s > 0, lambda a: a * a * y, lambda a: T.sin(a) + y, x))
        for number in (1.0, -1.0):
            dx, dy = value([s, x, y], ct.grad(cost, [x, y]), number, V, V + 1)
            np.testing.assert_allclose(dx, 2 * V * (V + 1) if number > 0 else np.cos(V))
            np.testing.assert_allclose(dy, V * V if number > 0 else np.ones(3))

    def test_branches_must_agree(self):
        b, x = T.scalar("b", dtype="bool"), T.dvector("x")
        with pytest.raises(DTypeError, match="cond: result 0 is float64 at first and bool"):
            ct.cond(b, lambda x: x, lambda x: x > 0, x)
        with pytest.raises(ShapeError, match="cond: result 0 has 1 axes"):
            ct.cond(b, lambda x: x, lambda x: x.sum(), x)
        with pytest.raises(ShapeError, match="one branch has 2 results, the other 1"):
            ct.cond(b, lambda x: [x, x], lambda x: [x], x)
        with pytest.raises(DTypeError, match="predicate must be a bool scalar"):
            ct.cond(x > 0, lambda x: x, lambda x: x, x)


class TestWhile:
    def test_until_a_condition_fails(self):
        x = T.dscalar("x")
        assert value([x], ct.while_loop(lambda a: a < 100, lambda a: a * 2, x), 3.0) == 192

    def test_no_step_at_all(self):
        x = T.dscalar("x")
        last = ct.while_loop(lambda a: a < 100, lambda a: a * 2, x)
        assert value([x], [last, ct.grad(last, x)], 300.0) == [300, 1]

    def test_at_most_so_many_steps(self):
        x, n = T.dscalar("x"), T.dvector("v")
        last = ct.while_loop(lambda a: a < 100, lambda a: a * 2, x, maximum_iterations=3)
        assert value([x], last, 3.0) == 24
        assert value([x], ct.grad(last, x), 3.0) == 8
        both = ct.while_loop(lambda a, v: a < 100, lambda a, v: [a * 2, v + a], [x, n], maximum_iterations=0)
        assert value([x, n], both, 3.0, V)[0] == 3

    def test_state_of_several_arrays(self):
        n, v = T.lscalar("n"), T.dvector("v")
        count, last = ct.while_loop(
            lambda i, a: i < n, lambda i, a: (i + 1, a[::-1] * 2), (T.zeros_like(n), v)
        )
        assert value([n, v], count, 5, V) == 5
        np.testing.assert_array_equal(value([n, v], last, 5, V), V[::-1] * 32)

    def test_derivative(self):
        x, w = T.dscalar("x"), T.dscalar("w")
        last = ct.while_loop(lambda a: a < 50, lambda a: a * a + w, x)
        dx, dw = value([x, w], ct.grad(last, [x, w]), 2.0, 0.5)

        def run(x, w):
            while x < 50:
                x = x * x + w
            return x

        np.testing.assert_allclose(dx, (run(2 + 1e-7, 0.5) - run(2 - 1e-7, 0.5)) / 2e-7, rtol=1e-5)
        np.testing.assert_allclose(dw, (run(2, 0.5 + 1e-7) - run(2, 0.5 - 1e-7)) / 2e-7, rtol=1e-5)

    def test_what_it_refuses(self):
        x = T.dvector("x")
        with pytest.raises(DTypeError, match="condition must be a bool scalar"):
            ct.while_loop(lambda a: a > 0, lambda a: a, x)
        with pytest.raises(ShapeError, match="state 0 has 1 axes"):
            ct.while_loop(lambda a: T.sum(a) > 0, lambda a: a.sum(), x)


class TestScan:
    def test_sum_and_running_sums(self):
        x = T.dvector("x")
        total, every = ct.scan_loop(lambda s, e: (s + e, s + e), T.constant(0.0), x)
        final, sums = value([x], [total, every], V)
        np.testing.assert_allclose(final, V.sum())
        np.testing.assert_allclose(sums, np.cumsum(V))

    def test_backwards(self):
        x = T.dvector("x")
        _, every = ct.scan_loop(lambda s, e: (s + e, s + e), T.constant(0.0), x, reverse=True)
        np.testing.assert_allclose(value([x], every, V), np.cumsum(V[::-1])[::-1])

    def test_no_results(self):
        x = T.dvector("x")
        total, nothing = ct.scan_loop(lambda s, e: (s * e, None), T.constant(1.0), x)
        assert nothing is None
        np.testing.assert_allclose(value([x], total, V), V.prod())

    def test_several_states_sequences_and_results(self):
        x, y = T.dmatrix("x"), T.dvector("y")

        def step(state, elements):
            a, b = state
            row, number = elements
            return [a + row, b * number], [a * 2, row.sum(), b]

        start = [T.zeros_like(x[0]), T.constant(1.0)]
        states, results = ct.scan_loop(step, start, [x, y])
        a, b, doubled, sums, before = value([x, y], [*states, *results], np.arange(6.0).reshape(3, 2), V)
        np.testing.assert_allclose(a, [6, 9])
        np.testing.assert_allclose(b, V.prod())
        np.testing.assert_allclose(doubled, [[0, 0], [0, 2], [4, 8]])
        np.testing.assert_allclose(sums, [1, 5, 9])
        np.testing.assert_allclose(before, [1, V[0], V[0] * V[1]])

    def test_swapping_states(self):
        x, y = T.dvector("x"), T.dvector("y")
        (a, b), _ = ct.scan_loop(lambda s, _: ([s[1], s[0] + 1], None), [x, y], length=3)
        first, second = value([x, y], [a, b], V, V * 10)
        np.testing.assert_allclose(first, V * 10 + 1)
        np.testing.assert_allclose(second, V + 2)

    @pytest.mark.parametrize("length", [0, 1, 7])
    def test_a_length_given_when_called(self, length):
        n, x = T.lscalar("n"), T.dvector("x")
        last, every = ct.scan_loop(lambda s, _: (s * 2, s), x, length=n)
        final, before = value([n, x], [last, every], length, V)
        np.testing.assert_allclose(final, V * 2**length)
        assert before.shape == (length, 3)
        np.testing.assert_allclose(value([n, x], ct.grad(last.sum(), x), length, V), np.full(3, 2.0**length))

    def test_nothing_to_run_over(self):
        x = T.dmatrix("x")
        last, every = ct.scan_loop(lambda s, e: (s + e, s * e), T.ones_like(x.sum(axis=0)), x)
        final, empty = value([x], [last, every], np.zeros((0, 4)))
        np.testing.assert_array_equal(final, np.ones(4))
        assert empty.shape == (0, 4)

    def test_one_function_for_many_lengths(self):
        x = T.dvector("x")
        total, _ = ct.scan_loop(lambda s, e: (s + e, None), T.constant(0.0), x)
        f = ct.function([x], total)
        for length in (0, 1, 5, 1000):
            assert f(np.ones(length)) == length

    def test_large_captured_values(self):
        x, w = T.dmatrix("x"), T.dmatrix("w")
        table = np.linspace(-1, 1, 40 * 40).reshape(40, 40)
        last, _ = ct.scan_loop(lambda s, e: (T.tanh(s @ w + e @ table), None), T.zeros_like(x[0]), x)
        rows, weights = np.cos(np.arange(200.0)).reshape(5, 40), table[::-1] / 10
        state = np.zeros(40)
        for row in rows:
            state = np.tanh(state @ weights + row @ table)
        np.testing.assert_allclose(value([x, w], last, rows, weights), state, rtol=1e-10)

    def test_inside_another(self):
        x = T.dmatrix("x")

        def row(total, line):
            inner, _ = ct.scan_loop(lambda s, e: (s * 0.5 + T.sin(e), None), total, line)
            return inner, inner

        last, every = ct.scan_loop(row, T.constant(1.0), x)
        array = np.arange(6.0).reshape(2, 3) / 3

        def run(array):
            total = 1.0
            for line in array:
                for e in line:
                    total = total * 0.5 + np.sin(e)
            return total

        np.testing.assert_allclose(value([x], last, array), run(array))
        np.testing.assert_allclose(value([x], ct.grad(last, x), array), slope(run, array), atol=1e-8)
        assert value([x], every, array).shape == (2,)

    def test_derivatives_of_start_sequence_and_captured_values(self):
        s0, x, w = T.dvector("s0"), T.dmatrix("x"), T.dmatrix("w")
        last, every = ct.scan_loop(lambda s, e: (T.tanh(s @ w) + e, s * e), s0, x)
        cost = T.sum(last**2) + T.sum(every)

        def run(start, rows, weights):
            total, s = 0.0, start
            for row in rows:
                total, s = total + (s * row).sum(), np.tanh(s @ weights) + row
            return total + (s**2).sum()

        rows, weights = np.sin(np.arange(12.0)).reshape(4, 3), np.cos(np.arange(9.0)).reshape(3, 3)
        start, seq, matrix = value([s0, x, w], ct.grad(cost, [s0, x, w]), V, rows, weights)
        np.testing.assert_allclose(start, slope(lambda a: run(a, rows, weights), V), atol=1e-7)
        np.testing.assert_allclose(seq, slope(lambda a: run(V, a, weights), rows), atol=1e-7)
        np.testing.assert_allclose(matrix, slope(lambda a: run(V, rows, a), weights), atol=1e-7)

    def test_second_derivatives(self):
        x, w = T.dvector("x"), T.dscalar("w")
        last, _ = ct.scan_loop(lambda s, e: (T.sin(s * w) + e, None), T.constant(0.3), x)
        second = ct.grad(ct.grad(last, w), w)

        def run(w):
            s = 0.3
            for e in V:
                s = np.sin(s * w) + e
            return s

        h = 1e-4
        np.testing.assert_allclose(
            value([x, w], second, V, 0.8), (run(0.8 + h) - 2 * run(0.8) + run(0.8 - h)) / h**2, rtol=1e-5
        )

    def test_updates_from_a_loop(self):
        w = ct.shared(V, "w")
        x = T.dmatrix("x")
        last, _ = ct.scan_loop(lambda s, e: (s * 0.5 + e, None), w, x)
        f = ct.function([x], last.sum(), updates=[(w, last)])
        rows = np.ones((2, 3))
        expected = V
        for _ in range(3):
            expected = (expected * 0.5 + 1) * 0.5 + 1
            np.testing.assert_allclose(f(rows), expected.sum())
            np.testing.assert_allclose(w.get_value(), expected)

    def test_what_it_refuses(self):
        x, y = T.dvector("x"), T.dmatrix("y")
        with pytest.raises(ValueError, match="give sequences or a length"):
            ct.scan_loop(lambda s, e: (s, None), x)
        with pytest.raises(ShapeError, match="state 0 has 1 axes"):
            ct.scan_loop(lambda s, e: (s.sum(), None), x, y)
        f = ct.function([x, y], ct.scan_loop(lambda s, e: (s + e[0] + e[1], None), x.sum(), [x, y[:, 0]])[0])
        with pytest.raises(ShapeError, match=r"length of sequence 1.*\b(3|2)\b"):
            f(V, np.zeros((2, 1)))


class TestEagerVariables:
    """Bodies read variables as operands: results are eager, and tapes see the variables."""

    def test_in_a_scan(self):
        w = ct.Variable(0.5)
        with ct.GradientTape() as tape:
            total, _ = ct.scan_loop(lambda s, e: (s * w + e, None), ct.Tensor(0.0), ct.Tensor(V))
        assert isinstance(total, ct.Tensor)
        np.testing.assert_allclose(total, V[0] * 0.25 + V[1] * 0.5 + V[2])
        np.testing.assert_allclose(tape.gradient(total, w), V[0] + V[1])

    def test_in_a_while_loop(self):
        w = ct.Variable(2.0)
        with ct.GradientTape() as tape:
            last = ct.while_loop(lambda a: a < w * 10, lambda a: a * w, ct.Tensor(1.0))
        assert float(last) == 32
        assert float(tape.gradient(last, w)) == 5 * 2.0**4

    def test_in_a_branch(self):
        w, v = ct.Variable(2.0), ct.Variable(3.0)
        with ct.GradientTape() as tape:
            result = ct.cond(w > 1, lambda x: x * w, lambda x: x * v, ct.Tensor(V))
            total = T.sum(result)
        np.testing.assert_allclose(result, V * 2)
        by_w, by_v = tape.gradient(total, [w, v])
        np.testing.assert_allclose([by_w, by_v], [V.sum(), 0])

    def test_in_a_symbolic_program(self):
        w, x = ct.Variable(2.0), T.dvector("x")
        total, _ = ct.scan_loop(lambda s, e: (s + e * w, None), T.constant(0.0), x)
        f = ct.function([x], total)
        np.testing.assert_allclose(f(V), V.sum() * 2)
        w.assign(3.0)
        np.testing.assert_allclose(f(V), V.sum() * 3)


class TestAssignedVariables:
    """What bodies assign in a traced function: after a loop or branch, variables have the values it left."""

    def test_in_one_branch(self):
        w, v = ct.Variable(1.0), ct.Variable(10.0)

        @ct.jit
        def step(x):
            return ct.cond(x > 0, lambda: w.assign_add(x).value() * 2, lambda: v.assign(w * x).value()) + w

        assert float(step(3.0)) == 4 * 2 + 4
        assert [float(w), float(v)] == [4, 10]
        assert float(step(-1.0)) == -4 + 4
        assert [float(w), float(v)] == [4, -4]

    def test_in_both_branches(self):
        w = ct.Variable(1.0)

        @ct.jit
        def step(x):
            ct.cond(x > 0, lambda: w.assign(x).value(), lambda: w.assign_sub(x).value())
            return w * 1

        assert [float(step(x)) for x in (3.0, -4.0)] == [3, 7]

    def test_in_a_scan(self):
        count, last = ct.Variable(np.int32(0)), ct.Variable(0.0)

        @ct.jit
        def total(x):
            def step(sum, element):
                count.assign_add(1)
                last.assign(element)
                return sum + element * count.value(), count.value()

            return ct.scan_loop(step, T.zeros(()), x)

        final, counts = total(V)
        np.testing.assert_allclose(final, V @ [1, 2, 3])
        np.testing.assert_array_equal(counts, [1, 2, 3])
        assert [int(count), float(last)] == [3, 2]

    def test_in_a_while_loop_whose_condition_reads_them(self):
        w = ct.Variable(1.0)

        @ct.jit
        def doubled(limit):
            def body(steps):
                w.assign(w * 2)
                return steps + 1

            return ct.while_loop(lambda steps: w < limit, body, T.constant(np.int64(0)))

        assert int(doubled(10.0)) == 4
        assert float(w) == 16
        assert int(doubled(10.0)) == 0

    def test_in_a_loop_within_a_branch_within_a_loop(self):
        w = ct.Variable(0.0)

        @ct.jit
        def run(x):
            def inner(state, element):
                w.assign_add(element)
                return state, None

            def outer(state, element):
                ct.cond(element > 0, lambda: ct.scan_loop(inner, element, x)[0], lambda: element)
                return state + w.value(), None

            return ct.scan_loop(outer, T.zeros(()), x)[0]

        assert float(run(V)) == V.sum() * (1 + 1 + 2)
        assert float(w) == 2 * V.sum()

    def test_derivatives_see_the_values_read(self):
        w = ct.Variable(2.0)

        @ct.jit
        def slope(x):
            with ct.GradientTape() as tape:
                tape.watch(x)

                def step(state, _):
                    w.assign(w * x)
                    return state + w.value(), None

                total, _ = ct.scan_loop(step, T.zeros(()), length=3)
            return tape.gradient(total, x)

        assert float(slope(3.0)) == 2 * (1 + 2 * 3 + 3 * 9)

    def test_the_derivative_of_a_while_loop_in_a_traced_function(self):
        def slope(x):
            with ct.GradientTape() as tape:
                tape.watch(x)
                y = T.sum(ct.while_loop(lambda y: T.sum(y) < 10, lambda y: y * y + x, x))
            return tape.gradient(y, x)

        x = np.array([0.5, 1.0])
        np.testing.assert_allclose(ct.jit(slope)(x), slope(ct.Tensor(x)), rtol=1e-12)

    def test_random_numbers_differ_from_step_to_step(self):
        @ct.jit
        def draws():
            return ct.scan_loop(lambda s, _: (s, T.random.uniform(())), T.zeros(()), length=4)[1]

        first, second = draws(), draws()
        assert len({*first.tolist(), *second.tolist()}) == 8


INTERRUPTED = """
import os, signal, threading, time
import numpy as np
import croton as ct, croton.tensor as T
x = T.dscalar("x")
w = ct.shared(np.float64(7), "w")
f = ct.function([x], None, updates=[(w, {loop})])
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
started = time.perf_counter()
try:
    f(1.0)
    print("returned")
except KeyboardInterrupt:
    print("interrupted", time.perf_counter() - started < 10, float(w.get_value()))
"""


@pytest.mark.parametrize(
    "loop",
    [
        "ct.while_loop(lambda a: a > 0, lambda a: a * 0.5 + 1, x)",
        "ct.scan_loop(lambda s, _: (T.sin(s) + x, None), x, length=10**11)[0]",
    ],
)
def test_ctrl_c_ends_a_long_loop_and_changes_nothing(loop):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(loop=loop)],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ),
    )
    assert done.stdout.split() == ["interrupted", "True", "7.0"], done.stderr

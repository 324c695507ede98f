"""scan: what a step sees of sequences and of earlier outputs, how many steps there are, what comes out."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

from .loop_results import results

V = np.array([0.5, -1.0, 2.0, 3.0, -0.25, 1.5])
M = np.arange(12.0).reshape(4, 3) / 10


class TestSequences:
    def test_one_several_and_none(self):
        x, y = T.dvector("x"), T.dmatrix("y")
        doubled, _ = ct.scan(lambda e: e * 2, sequences=x)
        both, _ = ct.scan(lambda a, b: a + b, sequences=[y, x[:4]])
        powers, _ = ct.scan(lambda p: p * 3, outputs_info=T.constant(1.0), n_steps=4)
        found = results([x, y], [doubled, both, powers], V, M)
        np.testing.assert_array_equal(found[0], V * 2)
        np.testing.assert_array_equal(found[1], M + V[:4, None])
        np.testing.assert_array_equal(found[2], [3, 9, 27, 81])

    def test_the_shortest_decides(self):
        x, y = T.dvector("x"), T.dvector("y")
        sums, _ = ct.scan(lambda a, b, i: a + b * i, sequences=[x, y, T.arange(1000)])
        f = ct.function([x, y], sums)
        for n, m in ((3, 5), (5, 3), (4, 4), (0, 2)):
            expected = V[:n][: min(n, m)] + V[:m][: min(n, m)] * np.arange(min(n, m))
            np.testing.assert_allclose(f(V[:n], V[:m]), expected)

    def test_taps_reach_around_the_present_element(self):
        x = T.dvector("x")
        near, _ = ct.scan(lambda a, b, c: [a, b, c], sequences=dict(input=x, taps=[-1, 0, 2]))
        before, _ = ct.scan(lambda a: a, sequences=dict(input=x, taps=[-2]))
        after, _ = ct.scan(lambda a: a, sequences=dict(input=x, taps=1))
        found = results([x], [*near, before, after], V)
        np.testing.assert_array_equal(found[0], V[0:3])
        np.testing.assert_array_equal(found[1], V[1:4])
        np.testing.assert_array_equal(found[2], V[3:6])
        np.testing.assert_array_equal(found[3], V[:4])
        np.testing.assert_array_equal(found[4], V[1:])

    def test_taps_come_in_the_order_they_are_given(self):
        x = T.dvector("x")
        difference, _ = ct.scan(lambda new, old: new - old, sequences=[dict(input=x, taps=[0, -1])])
        np.testing.assert_allclose(results([x], [difference], V)[0], np.diff(V))

    def test_backwards(self):
        x = T.dvector("x")
        sums, _ = ct.scan(lambda e, s: e + s, x, T.constant(0.0), go_backwards=True)
        pairs, _ = ct.scan(lambda a, b: [a, b], dict(input=x, taps=[-1, 0]), go_backwards=True, n_steps=2)
        shortest, _ = ct.scan(lambda a, b: a * b, [x, x[:3]], go_backwards=True)
        found = results([x], [sums, *pairs, shortest], V)
        np.testing.assert_allclose(found[0], np.cumsum(V[::-1]))
        np.testing.assert_array_equal(found[1], V[::-1][1:3])
        np.testing.assert_array_equal(found[2], V[::-1][:2])
        np.testing.assert_array_equal(found[3], V[::-1][:3] * V[2::-1])

    def test_fewer_steps_than_elements(self):
        x, n = T.dvector("x"), T.iscalar("n")
        fixed, _ = ct.scan(lambda e: e + 1, x, n_steps=2)
        counted, _ = ct.scan(lambda e: e + 1, x, n_steps=n)
        backwards, _ = ct.scan(lambda e: e + 1, x, n_steps=-2)
        forwards, _ = ct.scan(lambda e: e + 1, x, n_steps=-2, go_backwards=True)
        found = results([x, n], [fixed, counted, backwards, forwards], V, 3)
        np.testing.assert_array_equal(found[0], V[:2] + 1)
        np.testing.assert_array_equal(found[1], V[:3] + 1)
        np.testing.assert_array_equal(found[2], V[::-1][:2] + 1)
        np.testing.assert_array_equal(found[3], V[:2] + 1)


class TestFeedback:
    def test_a_state_and_outputs_that_are_none(self):
        x = T.dmatrix("x")

        def step(row, total):
            return row.sum(), total + row, row[0] * 2

        (sums, totals, firsts), updates = ct.scan(step, x, outputs_info=[None, T.zeros((3,)), None])
        assert updates == {}
        found = results([x], [sums, totals, firsts], M)
        np.testing.assert_allclose(found[0], M.sum(1))
        np.testing.assert_allclose(found[1], np.cumsum(M, 0))
        np.testing.assert_allclose(found[2], M[:, 0] * 2)

    @pytest.mark.parametrize("taps", [[-1, -2], [-2, -1], [-2], [-3, -1], [-1, -3, -2]])
    def test_taps_see_earlier_outputs(self, taps):
        start, x = T.dmatrix("start"), T.dvector("x")

        def step(e, *earlier):
            return sum(weight * value for weight, value in enumerate(earlier, 1)) * 0.5 + e

        out, _ = ct.scan(step, x, dict(initial=start, taps=taps))
        history = [row.copy() for row in M[: -min(taps)]]
        for e in V:
            history.append(step(e, *(history[tap] for tap in taps)))
        np.testing.assert_allclose(results([start, x], [out], M, V)[0], history[-min(taps) :])

    def test_fibonacci(self):
        start, n = T.lvector("start"), T.lscalar("n")
        numbers, _ = ct.scan(lambda a, b: a + b, None, dict(initial=start, taps=[-2, -1]), n_steps=n)
        np.testing.assert_array_equal(
            results([start, n], [numbers], np.array([0, 1]), 8)[0], [1, 2, 3, 5, 8, 13, 21, 34]
        )

    def test_two_recurrences_that_see_each_other(self):
        x = T.dvector("x")
        info = [dict(initial=x[:2], taps=[-2, -1]), T.constant(1.0)]
        (a, b), _ = ct.scan(lambda a2, a1, b: [a2 + b, a1 * b * 0.5], None, info, n_steps=5)
        left, right = list(V[:2]), [1.0]
        for _ in range(5):
            left, right = [*left, left[-2] + right[-1]], [*right, left[-1] * right[-1] * 0.5]
        found = results([x], [a, b], V)
        np.testing.assert_allclose(found[0], left[2:])
        np.testing.assert_allclose(found[1], right[1:])

    def test_a_safe_cast_to_the_dtype_of_the_state(self):
        x = T.fvector("x")
        out, _ = ct.scan(lambda e, s: s + e.astype("float32"), x, T.constant(np.float64(0)))
        assert out.dtype == "float64"
        np.testing.assert_allclose(results([x], [out], V.astype("float32"))[0], np.cumsum(V))

    def test_non_sequences_are_passed_last(self):
        x, w = T.dmatrix("x"), T.dmatrix("w")
        out, _ = ct.scan(
            lambda row, s, w, c: T.tanh(T.dot(s, w) + row) * c, x, T.zeros((3,)), non_sequences=[w, 0.5]
        )
        weights = np.eye(3) * 0.3
        state, expected = np.zeros(3), []
        for row in M:
            state = np.tanh(state @ weights + row) * 0.5
            expected.append(state)
        np.testing.assert_allclose(results([x, w], [out], M, weights)[0], expected)


class TestSteps:
    @pytest.mark.parametrize("count", [0, 1, 5])
    def test_any_number_and_none_at_all(self, count):
        n, x = T.lscalar("n"), T.dvector("x")
        (doubled, sums), _ = ct.scan(lambda a: [a * 2, a.sum()], None, [x, None], n_steps=n)
        found = results([x, n], [doubled, sums], V, count)
        expected = V * 2.0 ** np.arange(count + 1)[:, None]
        np.testing.assert_allclose(found[0], expected[1:])
        np.testing.assert_allclose(found[1], expected[:-1].sum(1))

    def test_a_size_found_while_running(self):
        x = T.dvector("x")
        positive = x[T.nonzero(x > 0)[0]]
        doubled, _ = ct.scan(lambda s: s * 2, None, positive, n_steps=3)
        ones, _ = ct.scan(lambda e: e * T.ones((T.cast(T.sum(x > 0), "int64"),)), x)
        above, _ = ct.scan(lambda e: T.sum(x[T.nonzero(x > e)[0]]), x)
        found = results([x], [doubled, ones, above], V)
        np.testing.assert_allclose(found[0], V[V > 0] * np.array([[2], [4], [8]]))
        np.testing.assert_allclose(found[1], V[:, None] * np.ones(4))
        np.testing.assert_allclose(found[2], [V[e < V].sum() for e in V])

    def test_as_many_steps_as_a_number_computed_while_running_says(self):
        x = T.dvector("x")
        out, _ = ct.scan(lambda s: s * 2, None, T.constant(1.0), n_steps=T.sum(x > 0))
        np.testing.assert_array_equal(results([x], [out], V)[0], [2, 4, 8, 16])


class TestWhatComesOut:
    def test_one_output_a_list_of_several_or_none(self):
        x = T.dvector("x")
        single, _ = ct.scan(lambda e: e, x)
        several, _ = ct.scan(lambda e: [e, e * 2], x)
        listed, _ = ct.scan(lambda e: e, x, return_list=True)
        state = ct.shared(1.0)
        nothing, updates = ct.scan(lambda: {state: state * 2}, n_steps=3)
        assert isinstance(single, type(x.sum()))
        assert [type(several), len(several), type(listed), len(listed)] == [list, 2, list, 1]
        assert nothing is None
        assert list(updates) == [state]

    def test_outputs_may_be_constants_and_arrays(self):
        x = T.dvector("x")
        outs, _ = ct.scan(lambda e: [e, 1.0, np.arange(2)], x)
        found = results([x], outs, V)
        np.testing.assert_array_equal(found[1], np.ones(6))
        np.testing.assert_array_equal(found[2], np.tile([0, 1], (6, 1)))

    def test_name_is_given_to_outputs(self):
        assert ct.scan(lambda e: e, T.dvector("x"), name="steps")[0].name == "steps"

    def test_map(self):
        x, y = T.dvector("x"), T.dvector("y")
        out, updates = ct.map(lambda a, b, c: a * b + c, [x, y], non_sequences=2.0)
        backwards, _ = ct.map(lambda a: a * 2, x, go_backwards=True)
        found = results([x, y], [out, backwards], V, V[::-1].copy())
        assert updates == {}
        np.testing.assert_allclose(found[0], V * V[::-1] + 2)
        np.testing.assert_allclose(found[1], V[::-1] * 2)

    def test_reduce_and_folds_give_the_last_output(self):
        x = T.dvector("x")
        last, _ = ct.reduce(lambda e, s: s * 0.5 + e, x, T.constant(0.0))
        left, _ = ct.foldl(lambda e, s: s * 0.5 + e, x, T.constant(0.0))
        right, _ = ct.foldr(lambda e, s: s * 0.5 + e, x, T.constant(0.0))
        two, _ = ct.reduce(lambda e, a, b: [a + e, b * e], x, [T.constant(0.0), T.constant(1.0)])
        found = results([x], [last, left, right, *two], V)
        forwards = backwards = 0.0
        for e in V:
            forwards = forwards * 0.5 + e
        for e in V[::-1]:
            backwards = backwards * 0.5 + e
        np.testing.assert_allclose(found[:3], [forwards, forwards, backwards])
        np.testing.assert_allclose(found[3:], [V.sum(), V.prod()])

    def test_the_module_of_theanos_name(self):
        for name in ("scan", "map", "reduce", "foldl", "foldr", "until"):
            assert getattr(ct.scan_module, name) is getattr(ct, name)


class TestEagerArrays:
    def test_values(self):
        x = ct.Tensor(V)
        out, updates = ct.scan(lambda e, s: s * 0.5 + e, x, ct.Tensor(0.0))
        assert isinstance(out, ct.Tensor)
        assert updates == {}
        expected, s = [], 0.0
        for e in V:
            s = s * 0.5 + e
            expected.append(s)
        np.testing.assert_allclose(out, expected)
        fibonacci, _ = ct.scan(
            lambda a, b: a + b, None, dict(initial=np.array([0, 1]), taps=[-2, -1]), n_steps=4
        )
        np.testing.assert_array_equal(fibonacci, [1, 2, 3, 5])
        stopped, _ = ct.scan(lambda e: (e * 2, ct.until(e > 1)), x)
        np.testing.assert_array_equal(stopped, V[:3] * 2)

    def test_tapes_see_variables_and_tensors_that_the_step_reads(self):
        w, b = ct.Variable(np.eye(3) * 0.5), ct.Tensor(np.ones(3))
        with ct.GradientTape() as tape:
            tape.watch(b)
            out, _ = ct.scan(lambda row, s: T.dot(s, w) + row * b, ct.Tensor(M), T.zeros((3,)))
            loss = T.sum(out[-1])
        slope_w, slope_b = tape.gradient(loss, [w, b])
        sw, sb, x = T.dmatrix(), T.dvector(), T.dmatrix()
        symbolic, _ = ct.scan(lambda row, s: T.dot(s, sw) + row * sb, x, T.zeros((3,)))
        expected = ct.function([x, sw, sb], ct.grad(T.sum(symbolic[-1]), [sw, sb]))(M, w.numpy(), np.ones(3))
        np.testing.assert_allclose(slope_w, expected[0])
        np.testing.assert_allclose(slope_b, expected[1])

    def test_inside_a_jitted_function(self):
        w = ct.Variable(2.0)

        @ct.jit
        def last(x):
            out, _ = ct.scan(lambda e, s: s * w + e, x, T.zeros_like(x[0]))
            return out[-1]

        for n in (1, 4, 6):
            expected = 0.0
            for e in V[:n]:
                expected = expected * 2 + e
            np.testing.assert_allclose(last(V[:n]), expected)


class TestRandomNumbers:
    def test_every_step_draws_anew(self):
        x = T.dvector("x")
        noise, _ = ct.scan(lambda e: T.random.normal((2,)) + e, x)
        both, _ = ct.scan(
            lambda s: T.random.uniform(()) + T.random.uniform(()) + s * 0, None, x[0], n_steps=4
        )
        found = results([x], [noise, both], np.zeros(5))
        assert len(np.unique(found[0])) == 10
        assert len(np.unique(found[1])) == 4

    def test_eager_loops_follow_the_global_seed(self):
        def draw():
            T.random.seed(7)
            out, _ = ct.scan(lambda e: T.random.uniform((3,)) * e, ct.Tensor(np.ones(4)))
            return out.numpy(), T.random.uniform((2,)).numpy()

        first, second = draw(), draw()
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])
        assert len(np.unique(first[0])) == 12

    def test_in_a_loop_in_a_loop(self):
        m = T.dmatrix("m")
        out, _ = ct.map(lambda row: ct.map(lambda e: T.random.uniform(()) + e, row)[0], m)
        assert len(np.unique(results([m], [out], np.zeros((3, 4)))[0])) == 12

    def test_keys_that_are_given_stay(self):
        key = T.random.key(3)
        out, _ = ct.scan(lambda e: T.random.uniform((), key=key) + e, T.dvector("x"))
        found = ct.function([out.owner.inputs[0]], out)(np.zeros(3))
        assert len(np.unique(found)) == 1


def test_a_sequence_shorter_than_n_steps_is_found_when_called():
    x, n = T.dvector("x"), T.lscalar("n")
    out, _ = ct.scan(lambda e: e * 2, x, n_steps=n)
    lagged, _ = ct.scan(lambda a, b: a * b, dict(input=x, taps=[-2, 0]))
    for mode in ("compile", "interpret"):
        f = ct.function([x, n], out, mode=mode)
        with pytest.raises(ShapeError, match="sequence 0: number of rows: expected at least 7, got 6"):
            f(V, 7)
        g = ct.function([x], lagged, mode=mode)
        assert g(V[:2]).shape == (0,)
        with pytest.raises(ShapeError, match="scan: sequence 0: number of steps"):
            g(V[:1])

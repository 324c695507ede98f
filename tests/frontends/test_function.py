"""`ct.function`: what goes in, what comes out, what stays."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, MissingInputError, ShapeError, UnusedInputError

MODES = pytest.mark.parametrize("mode", ["compile", "interpret"])
A = np.arange(6.0).reshape(2, 3)


@MODES
class TestOutputs:
    def test_one_output_is_an_array(self, mode):
        x = T.dmatrix("x")
        result = ct.function([x], x * 2, mode=mode)(A)
        assert isinstance(result, np.ndarray)
        np.testing.assert_array_equal(result, A * 2)

    @pytest.mark.parametrize("container", [list, tuple])
    def test_several_outputs_are_a_list(self, mode, container):
        x = T.dmatrix("x")
        result = ct.function([x], container([x + 1, x.sum()]), mode=mode)(A)
        assert isinstance(result, list)
        np.testing.assert_array_equal(result[0], A + 1)
        assert result[1] == 15

    def test_a_dict_of_outputs_is_a_dict_in_the_same_order(self, mode):
        x = T.dmatrix("x")
        result = ct.function([x], {"twice": x * 2, "sum": x.sum()}, mode=mode)(A)
        assert list(result) == ["twice", "sum"]
        assert result["sum"] == 15

    def test_no_outputs_give_none(self, mode):
        w = ct.shared(np.zeros(3), "w")
        assert ct.function([], None, updates=[(w, w + 1)], mode=mode)() is None
        np.testing.assert_array_equal(w.get_value(), 1)

    def test_an_empty_list_of_outputs_is_an_empty_list(self, mode):
        assert ct.function([], [], mode=mode)() == []

    def test_an_output_that_is_an_input_is_a_copy(self, mode):
        x = T.dmatrix("x")
        given = A.copy()
        result = ct.function([x], x, mode=mode)(given)
        np.testing.assert_array_equal(result, given)
        assert not np.shares_memory(result, given)

    def test_an_output_may_be_a_constant(self, mode):
        one, many = ct.function([], [T.constant(3.0), T.constant(A)], mode=mode)()
        assert one == 3.0
        np.testing.assert_array_equal(many, A)

    def test_constants_cannot_be_changed_through_a_result(self, mode):
        f = ct.function([], T.constant(A), mode=mode)
        f()[...] = -1
        np.testing.assert_array_equal(f(), A)

    def test_the_same_value_twice_gives_two_arrays(self, mode):
        x = T.dmatrix("x")
        y = x * 2
        first, second = ct.function([x], [y, y], mode=mode)(A)
        first[...] = 0
        np.testing.assert_array_equal(second, A * 2)

    def test_a_reshape_of_an_input_is_a_copy(self, mode):
        x = T.dmatrix("x")
        given = A.copy()
        result = ct.function([x], x.reshape((-1,)), mode=mode)(given)
        np.testing.assert_array_equal(result, given.ravel())
        assert not np.shares_memory(result, given)

    def test_a_value_and_its_reshape_do_not_share_memory(self, mode):
        x = T.dmatrix("x")
        y = x * 2
        first, second = ct.function([x], [y, y.reshape((-1,))], mode=mode)(A)
        first[...] = 0
        np.testing.assert_array_equal(second, A.ravel() * 2)

    def test_a_shared_variable_as_output_is_a_copy_of_its_old_value(self, mode):
        w = ct.shared(A, "w")
        result = ct.function([], w, updates=[(w, w + 1)], mode=mode)()
        np.testing.assert_array_equal(result, A)
        np.testing.assert_array_equal(w.get_value(), A + 1)

    def test_a_number_is_an_output_too(self, mode):
        assert ct.function([], 3, mode=mode)() == 3


@MODES
class TestUpdates:
    def run(self, updates, mode, outputs=None):
        return ct.function([], outputs, updates=updates, mode=mode)()

    def test_pairs_and_dicts_mean_the_same(self, mode):
        for kind in (list, dict):
            w = ct.shared(A, "w")
            self.run(kind([(w, w * 2)]), mode)
            np.testing.assert_array_equal(w.get_value(), A * 2)

    def test_updates_read_old_values(self, mode):
        a, b = ct.shared(np.arange(5.0), "a"), ct.shared(np.arange(5.0) + 10, "b")
        self.run([(a, b), (b, a)], mode)
        np.testing.assert_array_equal(a.get_value(), np.arange(5.0) + 10)
        np.testing.assert_array_equal(b.get_value(), np.arange(5.0))

    def test_updates_that_mix_old_values(self, mode):
        a, b = ct.shared(np.arange(5.0), "a"), ct.shared(np.full(5, 2.0), "b")
        for _ in range(3):
            self.run([(a, a + b), (b, a * b)], mode)
        left, right = np.arange(5.0), np.full(5, 2.0)
        for _ in range(3):
            left, right = left + right, left * right
        np.testing.assert_array_equal(a.get_value(), left)
        np.testing.assert_array_equal(b.get_value(), right)

    def test_outputs_see_old_values(self, mode):
        w = ct.shared(np.ones(4), "w")
        np.testing.assert_array_equal(self.run([(w, w + 1)], mode, w * 10), 10)

    @pytest.mark.parametrize(
        ("new", "expected"),
        [
            (lambda w: w.T, lambda w: w.T),
            (lambda w: w + w.T, lambda w: w + w.T),
            (lambda w: w[::-1] + 1, lambda w: w[::-1] + 1),
            (lambda w: w - w.sum(axis=0), lambda w: w - w.sum(axis=0)),
            (lambda w: w / w.sum(axis=1, keepdims=True), lambda w: w / w.sum(axis=1, keepdims=True)),
            (lambda w: w - w.mean(), lambda w: w - w.mean()),
            (lambda w: w[np.array([2, 0, 1])], lambda w: w[[2, 0, 1]]),
            (lambda w: T.roll(w, 1, 0) * w, lambda w: np.roll(w, 1, 0) * w),
            (lambda w: T.concatenate([w[1:], w[:1]], axis=0), lambda w: np.concatenate([w[1:], w[:1]])),
            (lambda w: w @ w, lambda w: w @ w),
            (lambda w: T.cumsum(w, axis=0), lambda w: np.cumsum(w, axis=0)),
            (lambda w: T.set_subtensor(w[0], w[1]), lambda w: np.stack([w[1], w[1], w[2]])),
            (lambda w: w + w[0, 0], lambda w: w + w[0, 0]),
            (lambda w: w.reshape((9,))[::-1].reshape((3, 3)), lambda w: w[::-1, ::-1]),
        ],
    )
    def test_an_update_may_read_its_variable_anywhere(self, mode, new, expected):
        """Where other elements are read than the one written, the old value must not be overwritten."""
        start = np.array([[3.0, 1, 2], [7, 5, 4], [9, 11, 6]])
        w = ct.shared(start, "w")
        f = ct.function([], None, updates=[(w, new(w))], mode=mode)
        f()
        np.testing.assert_allclose(w.get_value(), expected(start), rtol=1e-14)
        f()
        np.testing.assert_allclose(w.get_value(), expected(expected(start)), rtol=1e-14)

    def test_another_update_may_read_what_is_overwritten(self, mode):
        a, b = ct.shared(np.arange(6.0), "a"), ct.shared(np.zeros(()), "b")
        self.run([(a, a * 2), (b, a.sum())], mode)
        assert b.get_value() == 15
        np.testing.assert_array_equal(a.get_value(), np.arange(6.0) * 2)

    def test_adam_like(self, mode):
        start = np.linspace(-1, 1, 7)
        w, m, v, t = (ct.shared(value) for value in (start, start * 0, start * 0, np.float64(0)))
        g = T.dvector("g")
        count = t + 1
        first, second = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        step = 0.1 * (first / (1 - 0.9**count)) / (T.sqrt(second / (1 - 0.99**count)) + 1e-8)
        train = ct.function([g], None, updates={w: w - step, m: first, v: second, t: count}, mode=mode)
        expected, em, ev = start.copy(), start * 0, start * 0
        for number in range(1, 6):
            slope = np.cos(np.arange(7.0) * number)
            train(slope)
            em, ev = 0.9 * em + 0.1 * slope, 0.99 * ev + 0.01 * slope * slope
            expected -= 0.1 * (em / (1 - 0.9**number)) / (np.sqrt(ev / (1 - 0.99**number)) + 1e-8)
        np.testing.assert_allclose(w.get_value(), expected, rtol=1e-12)
        assert t.get_value() == 5

    def test_an_array_somebody_kept_keeps_its_contents(self, mode):
        w = ct.shared(np.zeros(3), "w")
        kept = w.get_value(borrow=True)
        self.run([(w, w + 1)], mode)
        np.testing.assert_array_equal(kept, 0)

    def test_a_narrower_dtype_is_widened(self, mode):
        w = ct.shared(np.zeros(3), "w")
        x = T.fvector("x")
        ct.function([x], None, updates=[(w, x)], mode=mode)(np.ones(3, "float32"))
        assert w.get_value().dtype == np.float64

    def test_a_constant_and_an_input_as_new_value(self, mode):
        w, u = ct.shared(np.zeros(3), "w"), ct.shared(np.zeros(3), "u")
        x = T.dvector("x")
        given = np.arange(3.0)
        ct.function([x], None, updates=[(w, x), (u, T.constant(np.ones(3)))], mode=mode)(given)
        given[...] = -1
        np.testing.assert_array_equal(w.get_value(), [0, 1, 2])
        np.testing.assert_array_equal(u.get_value(), 1)

    def test_a_size_left_free_may_change(self, mode):
        w = ct.shared(np.ones((1, 2)), "w", shape=(None, 2))
        f = ct.function([], w.sum(), updates=[(w, T.concatenate([w, w], axis=0))], mode=mode)
        assert [float(f()) for _ in range(3)] == [2, 4, 8]
        assert w.get_value().shape == (8, 2)


class TestBadUpdates:
    def test_not_a_shared_variable(self):
        x = T.dvector("x")
        with pytest.raises(TypeError, match="updates change shared variables, got x"):
            ct.function([x], x, updates=[(x, x + 1)])

    def test_not_pairs(self):
        with pytest.raises(TypeError, match="updates must be pairs"):
            ct.function([], None, updates=[ct.shared(np.zeros(2))])

    def test_twice(self):
        w = ct.shared(np.zeros(2), "w")
        with pytest.raises(ValueError, match=r"w.*twice"):
            ct.function([], None, updates=[(w, w + 1), (w, w + 2)])

    def test_of_another_rank(self):
        w = ct.shared(np.zeros(2), "w")
        with pytest.raises(ShapeError, match="update of w has 0 axes, expected 1"):
            ct.function([], None, updates=[(w, w.sum())])

    def test_of_another_size(self):
        w = ct.shared(np.zeros(2), "w")
        with pytest.raises(ShapeError, match="update of w has size 4 on axis 0, expected 2"):
            ct.function([], None, updates=[(w, T.concatenate([w, w]))])

    @MODES
    def test_of_a_size_found_wrong_when_called(self, mode):
        w = ct.shared(np.zeros(2), "w")
        x = T.dvector("x")
        f = ct.function([x], None, updates=[(w, x)], mode=mode)
        with pytest.raises(ShapeError, match=r"w.*\b(2|3)\b.*\b(2|3)\b"):
            f(np.zeros(3))
        np.testing.assert_array_equal(w.get_value(), np.zeros(2))

    def test_of_a_dtype_that_loses(self):
        w = ct.shared(np.zeros(2, "float32"), "w")
        with pytest.raises(DTypeError, match=r'w is float64, expected float32.*astype\("float32"\)'):
            ct.function([], None, updates=[(w, w.astype("float64"))])


@MODES
class TestGivens:
    def test_a_value_replaces_a_variable(self, mode):
        x, y = T.dvector("x"), T.dvector("y")
        f = ct.function([y], (x * 2).sum(), givens=[(x, y + 1)], mode=mode)
        assert f(np.zeros(3)) == 6

    def test_a_dict_and_a_shared_variable(self, mode):
        x = T.dmatrix("x")
        data = ct.shared(A, "data")
        assert ct.function([], x.sum(), givens={x: data}, mode=mode)() == 15

    def test_sizes_change_with_the_value(self, mode):
        x, i = T.dmatrix("x"), T.lscalar("i")
        data = ct.shared(np.arange(20.0).reshape(10, 2), "data")
        f = ct.function([i], x.sum(axis=0) / x.shape[0], givens={x: data[i * 3 : (i + 1) * 3]}, mode=mode)
        np.testing.assert_allclose(f(0), [2, 3])
        np.testing.assert_allclose(f(3), [18, 19])

    def test_givens_reach_updates(self, mode):
        w = ct.shared(np.float64(1), "w")
        x = T.dscalar("x")
        ct.function([], None, updates=[(w, w + x)], givens={x: T.constant(4.0)}, mode=mode)()
        assert w.get_value() == 5

    def test_of_another_rank(self, mode):
        x = T.dvector("x")
        with pytest.raises(ShapeError, match="givens replace x"):
            ct.function([], x.sum(), givens={x: T.constant(A)}, mode=mode)


class TestInputs:
    def test_unused_inputs(self):
        x, y = T.dvector("x"), T.dvector("y")
        with pytest.raises(UnusedInputError, match=r'input y is not used.*on_unused_input="ignore"'):
            ct.function([x, y], x)
        with pytest.warns(UserWarning, match="input y is not used"):
            ct.function([x, y], x, on_unused_input="warn")
        np.testing.assert_array_equal(ct.function([x, y], x, on_unused_input="ignore")(A[0], A[1]), A[0])
        with pytest.raises(ValueError, match=r'"raise", "warn" or "ignore", got .never.'):
            ct.function([x], x, on_unused_input="never")

    def test_an_input_used_for_its_size_only_is_used(self):
        x = T.dvector("x")
        np.testing.assert_array_equal(
            ct.function([x], T.zeros((x.shape[0], 2)))(np.zeros(3)), np.zeros((3, 2))
        )

    def test_missing_inputs_are_named(self):
        x, y = T.dvector("x"), T.dvector("weights")
        with pytest.raises(MissingInputError, match="weights"):
            ct.function([x], x + y)

    def test_the_same_input_twice(self):
        x = T.dvector("x")
        with pytest.raises(ValueError, match="input x is given twice"):
            ct.function([x, x], x)

    @pytest.mark.parametrize("entry", [3.0, "x", None, np.zeros(2)])
    def test_not_a_variable(self, entry):
        with pytest.raises(TypeError, match="input 0 must be a variable, got"):
            ct.function([entry], T.constant(1.0))

    def test_a_shared_variable_or_constant_is_no_input(self):
        for entry in (ct.shared(np.zeros(2), "w"), T.constant(1.0)):
            with pytest.raises(TypeError, match="has a value of its own; use givens"):
                ct.function([entry], entry)

    def test_inputs_must_be_a_list(self):
        x = T.dvector("x")
        with pytest.raises(TypeError, match="inputs must be a list"):
            ct.function(x, x)

    def test_an_intermediate_value_may_be_an_input(self):
        x = T.dvector("x")
        y = x * 2
        np.testing.assert_array_equal(ct.function([y], y + 1)(np.ones(2)), [2, 2])

    def test_wrong_mode(self):
        with pytest.raises(ValueError, match=r"mode must be one of 'compile', 'interpret'.*got 'fast'"):
            ct.function([], T.constant(1.0), mode="fast")

    @MODES
    def test_names_and_defaults(self, mode):
        x, y = T.dvector("x"), T.dscalar("y")
        f = ct.function([x, ct.In(y, value=2)], x * y, mode=mode)
        np.testing.assert_array_equal(f(np.ones(2)), 2)
        np.testing.assert_array_equal(f(np.ones(2), 3.0), 3)
        np.testing.assert_array_equal(f(y=4.0, x=np.ones(2)), 4)
        g = ct.function([ct.In(x, name="left"), y], x * y, mode=mode)
        np.testing.assert_array_equal(g(left=np.ones(2), y=5), 5)

    @MODES
    def test_wrong_arguments(self, mode):
        x, y = T.dvector("x"), T.dscalar("y")
        f = ct.function([x, y], x * y, name="scale", mode=mode)
        with pytest.raises(TypeError, match="scale"):
            f(np.ones(2))
        with pytest.raises(TypeError, match="scale"):
            f(np.ones(2), 1.0, 2.0)
        with pytest.raises(TypeError, match="z"):
            f(np.ones(2), z=1.0)
        with pytest.raises(TypeError, match="x"):
            f(np.ones(2), 1.0, x=np.ones(2))


@MODES
class TestConversions:
    def test_what_loses_nothing_is_converted(self, mode):
        x = T.dvector("x")
        f = ct.function([x], x * 2, mode=mode)
        for given in ([1, 2], (1.0, 2.0), np.array([1, 2], "int32"), np.array([1, 2], "float32")):
            np.testing.assert_array_equal(f(given), [2, 4])

    def test_memory_order_does_not_matter(self, mode):
        x = T.dmatrix("x")
        f = ct.function([x], x * 2, mode=mode)
        wide = np.arange(24.0).reshape(4, 6)
        for given in (wide.T, wide[::2, ::3], wide[::-1], np.broadcast_to(wide[0], (3, 6))):
            np.testing.assert_array_equal(f(given), given * 2)
        unaligned = np.zeros(8 * 4 + 1, "uint8")[1:].view("float64").reshape(2, 2)
        np.testing.assert_array_equal(f(unaligned), unaligned)

    def test_downcasts(self, mode):
        x, s = T.fvector("x"), T.fscalar("s")
        wide = np.array([0.1, 0.2])
        usual = ct.function([x, s], x * s, mode=mode)
        with pytest.raises(
            DTypeError, match=r"'x': expected float32, got float64.*allow_input_downcast=True"
        ):
            usual(wide, 1.0)
        assert usual(wide.astype("f"), 0.5).dtype == np.float32  # a Python number is no wide float
        allowed = ct.function([x, s], x * s, allow_input_downcast=True, mode=mode)
        np.testing.assert_array_equal(allowed(wide, np.float64(2)), wide.astype("f") * 2)
        strict = ct.function([x, s], x * s, allow_input_downcast=False, mode=mode)
        with pytest.raises(DTypeError, match="'s': expected float32"):
            strict(wide.astype("f"), np.float64(0.5))

    def test_downcasts_of_one_input(self, mode):
        x, y = T.fvector("x"), T.fvector("y")
        f = ct.function([ct.In(x, allow_downcast=True), y], x + y, mode=mode)
        assert f(np.zeros(2), np.zeros(2, "f")).dtype == np.float32
        with pytest.raises(DTypeError, match="'y'"):
            f(np.zeros(2), np.zeros(2))

    def test_integers(self, mode):
        n = T.bscalar("n")
        f = ct.function([n], n + 1, mode=mode)
        assert f(5) == 6
        with pytest.raises(DTypeError, match="expected int8"):
            f(1000)
        with pytest.raises(DTypeError, match="expected int8, got float64"):
            f(1.5)

    def test_eager_tensors_are_arrays(self, mode):
        x = T.dvector("x")
        np.testing.assert_array_equal(ct.function([x], x, mode=mode)(ct.convert_to_tensor(np.ones(2))), 1)

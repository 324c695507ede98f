"""Assertions and printing inside programs."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.values import EagerValue
from croton.ops.checks import Assert, Print

MODES = pytest.mark.parametrize("mode", ["compile", "interpret"])
A = np.array([[1.0, 2], [3, 4]])


@MODES
class TestAssert:
    def test_returns_the_value_where_conditions_hold(self, mode):
        x, n = T.dmatrix("x"), T.lvector("n")
        checked = Assert("wrong")(x, x.sum() > 0, n > 1, T.shape(x)[0] >= 1)
        empty = T.assert_(n[:0], n[:0] > 0)
        f = ct.function([x, n], [checked * 2, empty], mode=mode)
        first, second = f(A, [2, 3])
        np.testing.assert_array_equal(first, A * 2)
        assert second.shape == (0,)

    def test_raises_with_the_message_where_one_does_not(self, mode):
        x, n = T.dmatrix("x"), T.lvector("n")
        f = ct.function([x, n], Assert("all above one")(x, x.sum() > 0, n > 1), mode=mode, name="f")
        for wrong in ((-A, [2]), (A, [2, 1])):
            with pytest.raises(AssertionError, match="all above one"):
                f(*wrong)
        np.testing.assert_array_equal(f(A, [2]), A)

    def test_a_condition_known_to_be_false_raises_when_called(self, mode):
        x = T.dvector("x")
        f = ct.function([x], T.assert_(x, False, "never"), mode=mode)
        with pytest.raises(AssertionError, match="never"):
            f(np.ones(2))

    def test_state_stays_as_it_was(self, mode):
        x, w = T.dvector("x"), ct.shared(np.ones(2), "w")
        f = ct.function([x], None, updates=[(w, T.assert_(w + x, x > 0, "no"))], mode=mode)
        with pytest.raises(AssertionError):
            f(-np.ones(2))
        np.testing.assert_array_equal(w.get_value(), 1)

    @pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float32", "complex128"])
    def test_any_dtype(self, mode, dtype):
        x = T.tensor(dtype, shape=(None,))
        given = np.array([0, 1, 1], dtype)
        result = ct.function([x], T.assert_(x, [True, T.shape(x)[0] > 2]), mode=mode)(given)
        assert result.dtype == given.dtype
        np.testing.assert_array_equal(result, given)


def test_a_failed_assertion_names_the_function_and_the_line():
    x = T.dvector("x")
    f = ct.function([x], T.assert_(x, x > 0, "positive"), name="train")
    with pytest.raises(
        AssertionError, match=r"(?s)train: positive.*float64\[1\].*test_checks\.py\", line \d+"
    ):
        f([-1.0])


def test_eager_values_are_checked_at_once():
    np.testing.assert_array_equal(T.assert_(EagerValue.factory(A), A > 0).data, A)
    with pytest.raises(AssertionError, match="big"):
        T.assert_(EagerValue.factory(A), A > 2, "big")


def test_a_message_has_to_be_a_string():
    x = T.dvector("x")
    with pytest.raises(TypeError, match="message must be a string, got int"):
        T.assert_(x, x > 0, 3)
    with pytest.raises(TypeError, match="message must be a string, got Tensor"):
        T.print_(x, x)


@MODES
class TestPrint:
    def test_prints_each_time_and_returns_the_value(self, mode, capsys):
        x = T.dvector("x")
        f = ct.function([x], Print("x is")(x) + 1, mode=mode)
        assert capsys.readouterr().out == ""
        np.testing.assert_array_equal(f([1.0, 2]), [2, 3])
        f([3.0])
        assert capsys.readouterr().out == "x is __str__ = [1. 2.]\nx is __str__ = [3.]\n"

    def test_prints_in_the_order_of_the_program(self, mode, capsys):
        x = T.dvector("x")
        first = T.print_(x, "first")
        second = T.print_(T.cumsum(first), "second", "shape")
        third = T.print_(second * 2, "third", ("sum", "max"))
        ct.function([x], third, mode=mode)([1.0, 2])
        printed = capsys.readouterr().out.splitlines()
        assert printed == [
            "first __str__ = [1. 2.]",
            "second shape = (2,)",
            "third sum = 8.0",
            "third max = 6.0",
        ]

    def test_prints_in_every_step_of_a_loop(self, mode, capsys):
        x = T.dscalar("x")
        final, _ = ct.scan_loop(lambda s, _: (T.print_(s * 2, "s"), None), x, length=3)
        assert ct.function([x], final, mode=mode)(1.0) == 8
        assert capsys.readouterr().out == "s __str__ = 2.0\ns __str__ = 4.0\ns __str__ = 8.0\n"

    def test_derivatives_pass_through(self, mode, capsys):
        x = T.dvector("x")
        f = ct.function([x], ct.grad(T.sum(T.print_(x, "x") ** 2), x), mode=mode)
        np.testing.assert_array_equal(f([1.0, 3]), [2, 6])
        assert capsys.readouterr().out == "x __str__ = [1. 3.]\n"

    def test_a_function_may_show_instead(self, mode, capsys):
        seen = []
        x = T.dvector("x")
        printed = Print("mine", global_fn=lambda op, array: seen.append((op.message, array.sum())))(x)
        ct.function([x], printed, mode=mode)([1.0, 2])
        assert seen == [("mine", 3.0)]
        assert capsys.readouterr().out == ""


def test_attributes_have_to_exist():
    with pytest.raises(TypeError, match="no attribute 'nope'"):
        T.print_(T.dvector("x"), "x", ("nope",))

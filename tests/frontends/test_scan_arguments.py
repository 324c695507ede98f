"""What scan refuses, and how it says so."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, MissingInputError, ShapeError

X = T.dvector("x")
ROWS = T.dmatrix("rows")


def same(e, *_):
    return e


class TestFunction:
    def test_not_a_function(self):
        with pytest.raises(TypeError, match="scan: fn must be a function, got int"):
            ct.scan(3, X)

    @pytest.mark.parametrize("returned", [None, [], (), ([], {}), [[X], [X]], (X, None), ct.until(X[0])])
    def test_returns_nothing_or_something_unknown(self, returned):
        with pytest.raises(TypeError, match="scan: fn must return outputs, updates"):
            ct.scan(lambda e: returned, X)

    def test_returns_what_is_no_array(self):
        with pytest.raises(DTypeError, match=r"dtype.* is not supported"):
            ct.scan(lambda e: "abc", X)

    def test_updates_of_what_is_not_shared(self):
        with pytest.raises(TypeError, match="updates change shared variables"):
            ct.scan(lambda e: (e, {e: e + 1}), X)

    def test_another_number_of_outputs_than_described(self):
        with pytest.raises(ValueError, match="fn returned 2 outputs, outputs_info describes 1"):
            ct.scan(lambda e, s: [e, s], X, T.constant(0.0))
        with pytest.raises(ValueError, match="fn returned 1 outputs, outputs_info describes 2"):
            ct.scan(lambda e, s: e, X, [T.constant(0.0), None])

    def test_another_number_of_arguments_than_it_takes(self):
        with pytest.raises(TypeError, match="positional argument"):
            ct.scan(lambda: 1.0, X)

    def test_condition_that_is_no_scalar(self):
        with pytest.raises(ShapeError, match="until: the condition must be a scalar"):
            ct.scan(lambda row: (row, ct.until(row > 0)), ROWS)


class TestSequences:
    def test_a_scalar(self):
        with pytest.raises(ShapeError, match="sequence 1: a scalar has no elements"):
            ct.scan(same, [X, T.dscalar()])

    def test_dicts_that_are_wrong(self):
        with pytest.raises(ValueError, match=r"sequence 0: dict.* lacks the input"):
            ct.scan(same, dict(taps=[0]))
        with pytest.raises(ValueError, match="sequence 0: expected the keys input, taps, got 'tap'"):
            ct.scan(same, dict(input=X, tap=[0]))
        with pytest.raises(TypeError, match=r"sequence 0: taps must be integers, got 0\.5"):
            ct.scan(same, dict(input=X, taps=[0.5]))
        with pytest.raises(ValueError, match="sequence 0: taps is empty"):
            ct.scan(same, dict(input=X, taps=[]))

    def test_too_short(self):
        short = T.tensor("float64", shape=(3,))
        with pytest.raises(ShapeError, match="sequence 0: number of rows: expected at least 4, got 3"):
            ct.scan(same, short, n_steps=4)
        with pytest.raises(
            ShapeError, match="scan: sequence 0: number of steps: expected at least 0, got -1"
        ):
            ct.scan(same, dict(input=short, taps=[-2, 2]))


class TestOutputsInfo:
    def test_taps_that_are_not_negative(self):
        with pytest.raises(ValueError, match=r"output 0: taps must be negative.*got \[0\]"):
            ct.scan(same, X, dict(initial=X, taps=[0]))
        with pytest.raises(TypeError, match="output 0: taps must be integers, got '-1'"):
            ct.scan(same, X, dict(initial=X, taps="-1"))

    def test_no_history(self):
        with pytest.raises(ValueError, match=r"output 0: taps \[-2, -1\] need initial="):
            ct.scan(same, X, dict(taps=[-2, -1]))
        with pytest.raises(ValueError, match="output 0: expected the keys initial, taps"):
            ct.scan(same, X, dict(start=X))
        with pytest.raises(ShapeError, match=r"output 0: taps \[-2\] need an initial array of 2 values"):
            ct.scan(same, X, dict(initial=T.dscalar(), taps=[-2]))

    def test_too_short_a_history(self):
        info = dict(initial=T.tensor("float64", shape=(2,)), taps=[-3])
        with pytest.raises(ShapeError, match=r"output 0: the initial array: .* expected at least 3, got 2"):
            ct.scan(same, X, info)
        start = T.dvector("start")
        out, _ = ct.scan(lambda e, s: e + s, X, dict(initial=start, taps=[-3]))
        f = ct.function([X, start], out)
        with pytest.raises(ShapeError, match=r"output 0: the initial array: .* expected at least 3, got 1"):
            f(np.ones(4), np.ones(1))

    def test_a_state_that_changes(self):
        with pytest.raises(DTypeError, match="output 0 starts as int64, but a step makes float64; start"):
            ct.scan(lambda e, s: s + e, X, T.constant(0))
        with pytest.raises(DTypeError, match="output 0 starts as float32, but a step makes float64"):
            ct.scan(lambda e, s: s + e, X, T.constant(np.float32(0)))
        with pytest.raises(ShapeError, match=r"output 0 starts with 0 axes .*, but a step makes float64"):
            ct.scan(lambda row, s: s + row, ROWS, T.constant(0.0))
        with pytest.raises(
            ShapeError, match="output 0 starts with size 2 on axis 0, but a step makes size 3"
        ):
            ct.scan(lambda e, s: T.zeros((3,)), X, T.zeros((2,)))

    def test_a_state_whose_size_turns_out_to_change(self):
        start = T.dvector("start")
        out, _ = ct.scan(lambda row, s: row * 2, ROWS, start)
        f = ct.function([ROWS, start], out)
        np.testing.assert_array_equal(f(np.ones((2, 3)), np.ones(3)), np.full((2, 3), 2))
        with pytest.raises(ShapeError, match="state 0 changes size on axis 0"):
            f(np.ones((2, 3)), np.ones(4))

    def test_results_whose_size_differs_from_step_to_step(self):
        with pytest.raises(ShapeError, match=r"output 0 has shape .*, which each step finds anew"):
            ct.scan(lambda e: X[T.nonzero(e < X)[0]], X)


class TestSteps:
    def test_nothing_says_how_many(self):
        with pytest.raises(ValueError, match="give sequences or n_steps"):
            ct.scan(lambda s: s, None, T.constant(0.0))

    @pytest.mark.parametrize("steps", [1.5, "3", X, T.dscalar("n"), True])
    def test_no_integer_scalar(self, steps):
        with pytest.raises(TypeError, match="n_steps must be an integer scalar"):
            ct.scan(lambda s: s, None, T.constant(0.0), n_steps=steps)

    def test_negative_when_called(self):
        n = T.lscalar("n")
        out, _ = ct.scan(lambda s: s * 2, None, T.constant(1.0), n_steps=n)
        for mode in ("compile", "interpret"):
            f = ct.function([n], out, mode=mode)
            with pytest.raises(ShapeError, match="a size must not be negative, got -2"):
                f(-2)

    def test_truncate_gradient_is_an_int(self):
        with pytest.raises(TypeError, match=r"truncate_gradient must be an int, got 0\.5"):
            ct.scan(same, X, truncate_gradient=0.5)


def test_a_variable_that_is_no_input_is_named():
    y = T.dvector("y")
    out, _ = ct.scan(lambda e: e * y, X)
    with pytest.raises(MissingInputError, match="need y"):
        ct.function([X], out)


def test_derivative_with_respect_to_a_value_inside():
    inside = []
    out, _ = ct.scan(lambda e: (inside.append(e), e * 2)[1], X)
    with pytest.raises(ValueError, match="does not depend on"):
        ct.grad(out.sum(), inside[0])

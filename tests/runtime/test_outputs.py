"""What a call returns, and how failures before and during the run are reported."""

from __future__ import annotations

import numpy as np
import pytest

TWO = dict(
    prepare="out[0][0] = 2;",
    run="((double *)out[0])[0] = 1; ((double *)out[0])[1] = 2; *(ct_int *)out[1] = 7;",
)
TWO_OUTPUTS = [("fresh", "float64", 1), ("fresh", "int64", 0)]


def test_outputs_are_returned_as_a_list_in_their_order(make_function, nanoseconds):
    first, second = make_function([], TWO_OUTPUTS, **TWO, nanoseconds=nanoseconds, returns="list")()
    np.testing.assert_array_equal(first, [1.0, 2.0])
    assert second.dtype == np.int64 and second == 7


def test_outputs_may_be_wrapped_by_a_callable(make_function):
    f = make_function([], TWO_OUTPUTS, **TWO, returns=lambda outputs: {"b": outputs[1], "a": outputs[0]})
    assert f()["b"] == 7


def test_returning_nothing(make_function):
    assert make_function([], [], returns="none")() is None
    assert make_function([], [], returns="list")() == []


@pytest.mark.parametrize("returns", ["several", 3, None])
def test_unknown_ways_of_returning_are_refused(make_function, returns):
    with pytest.raises((TypeError, ValueError), match="returns"):
        make_function([], TWO_OUTPUTS, returns=returns)


def test_returning_a_single_output_needs_exactly_one(make_function):
    with pytest.raises(ValueError, match="'single' needs one returned output, there are 2"):
        make_function([], TWO_OUTPUTS, returns="single")


def test_every_call_returns_new_arrays(add):
    first = add(1.0, 2.0)
    second = add(5.0, 6.0)
    assert first == 3.0 and second == 11.0


def test_large_outputs_are_aligned_writeable_and_outlive_the_function(make_function):
    f = make_function(
        [], [("fresh", "float32", 2)], prepare="out[0][0] = 64; out[0][1] = 100;", returns="single"
    )
    array = f()
    del f
    assert array.ctypes.data % 64 == 0
    assert array.flags.c_contiguous and array.flags.aligned and array.flags.writeable
    array[:] = 1
    assert array.sum() == 6400


def test_an_output_of_impossible_size_is_a_memory_error(make_function):
    for size in ("1L << 62", "1L << 45"):
        f = make_function([], [("fresh", "float64", 2)], prepare=f"out[0][0] = {size}; out[0][1] = 16;")
        with pytest.raises(MemoryError):
            f()


def test_a_negative_size_is_an_error_and_no_crash(make_function):
    f = make_function([], [("fresh", "float64", 1)], prepare="out[0][0] = -5;")
    with pytest.raises(ValueError, match="output 0 would have size -5 along axis 0"):
        f()


def test_an_arena_of_impossible_size_is_a_memory_error(make_function):
    for size in ("-1", "1L << 62"):
        f = make_function([], [], prepare=f"summary[0] = {size};")
        with pytest.raises(MemoryError, match="intermediate values"):
            f()


class TestOutputsOfUnknownShape:
    """Outputs whose shape is only known while running."""

    GIVE = """
        static const double numbers[6] = {1, 2, 3, 4, 5, 6};
        ct_int shape[2] = {2, *(ct_int *)in[0]};
        return context->give_output(context, 0, numbers, 2, shape);
    """

    def make(self, make_function, run=GIVE, **options):
        return make_function(
            [("argument", "columns", "int64", 0)],
            [("unknown", "float64", 2)],
            prepare="out[0][0] = out[0][1] = -1;",
            run=run,
            returns="single",
            **options,
        )

    def test_they_get_the_shape_that_was_given(self, make_function, nanoseconds):
        f = self.make(make_function, nanoseconds=nanoseconds)
        np.testing.assert_array_equal(f(3), [[1, 2, 3], [4, 5, 6]])
        np.testing.assert_array_equal(f(1), [[1], [2]])
        assert f(0).shape == (2, 0)

    def test_the_last_one_given_counts(self, make_function):
        f = self.make(
            make_function,
            run="""
            double a[2] = {1, 2}, b[4] = {3, 4, 5, 6};
            ct_int first[2] = {2, 1}, second[2] = {1, 4};
            context->give_output(context, 0, a, 2, first);
            context->give_output(context, 0, b, 2, second);
            """,
        )
        np.testing.assert_array_equal(f(0), [[3, 4, 5, 6]])

    def test_one_never_given_is_an_error(self, make_function):
        with pytest.raises(RuntimeError, match="output 0 was never given"):
            self.make(make_function, run="")(1)

    @pytest.mark.parametrize(
        "call",
        [
            "ct_int shape[1] = {2}; return context->give_output(context, 0, in[0], 1, shape);",
            "ct_int shape[2] = {0, 0}; return context->give_output(context, 1, in[0], 2, shape);",
            "ct_int shape[2] = {0, 0}; return context->give_output(context, -1, in[0], 2, shape);",
            "ct_int shape[2] = {-1, 1}; return context->give_output(context, 0, in[0], 2, shape);",
            "ct_int s[2] = {1L << 40, 1L << 40}; return context->give_output(context, 0, in[0], 2, s);",
        ],
        ids=["rank", "number", "negative number", "negative size", "overflow"],
    )
    def test_wrong_shapes_are_errors(self, make_function, call):
        with pytest.raises((RuntimeError, MemoryError)):
            self.make(make_function, run=call)(1)

    def test_a_returned_output_of_known_shape_cannot_be_given(self, make_function):
        f = make_function(
            [],
            [("fresh", "float64", 0)],
            run="double x = 1; return context->give_output(context, 0, &x, 0, &dims[0]);",
        )
        with pytest.raises(RuntimeError):
            f()


class TestFailing:
    """Codes other than CT_OK become exceptions."""

    @pytest.mark.parametrize(
        ("code", "error", "message"),
        [
            ("CT_FAILED_GUARD", ValueError, r"f\(\): sizes do not agree: 3 and 4 \(guard 9\)"),
            ("CT_OUT_OF_MEMORY", MemoryError, "out of memory"),
            ("CT_INTERRUPTED", KeyboardInterrupt, "^$"),
            ("CT_OUT_OF_RANGE", IndexError, "index 4 is out of range for axis 3 of size 5"),
            ("CT_RUNTIME_ERROR", RuntimeError, "code 6 in equation 9"),
            ("CT_CALLBACK_RAISED", RuntimeError, "code 4"),
            ("77", RuntimeError, "code 77"),
        ],
    )
    @pytest.mark.parametrize("where", ["prepare", "run"])
    def test_each_code_has_its_exception(self, make_function, nanoseconds, where, code, error, message):
        facts = "context->error[0] = 9; context->error[1] = 3; context->error[2] = 4; context->error[3] = 5;"
        f = make_function([], [], **{where: f"{facts} return {code};"}, nanoseconds=nanoseconds)
        with pytest.raises(error, match=message):
            f()

    def test_fail_makes_the_exception_from_code_facts_and_dims(self, make_function, nanoseconds):
        seen = []

        def fail(code, facts, dims, inputs):
            seen.append((code, facts, dims))
            return ZeroDivisionError("made by fail")

        f = make_function(
            [],
            [],
            prepare="dims[0] = 11; dims[1] = 12;",
            run="context->error[0] = 5; context->error[7] = -1; return CT_RUNTIME_ERROR;",
            dims=2,
            fail=fail,
            nanoseconds=nanoseconds,
        )
        with pytest.raises(ZeroDivisionError, match="made by fail"):
            f()
        assert seen == [(6, [5, 0, 0, 0, 0, 0, 0, -1], [11, 12])]

    def test_what_fail_raises_comes_through(self, make_function):
        def fail(code, facts, dims, inputs):
            raise LookupError("raised in fail")

        with pytest.raises(LookupError, match="raised in fail"):
            make_function([], [], run="return 1;", fail=fail)()

    def test_fail_has_to_return_an_exception(self, make_function):
        with pytest.raises(TypeError, match="not an exception"):
            make_function([], [], run="return 1;", fail=lambda code, facts, dims, inputs: "oops")()

    def test_a_failed_call_does_not_spoil_the_next(self, make_function):
        f = make_function(
            [("argument", "x", "int64", 0)],
            [("fresh", "int64", 0)],
            run="if (*(ct_int *)in[0] < 0) { return 1; } *(ct_int *)out[0] = *(ct_int *)in[0];",
            returns="single",
        )
        for value in range(5):
            with pytest.raises(ValueError, match="sizes"):
                f(-1)
            assert f(value) == value
        assert f.calls == 5


def test_plan_says_what_a_call_would_do(make_function):
    f = make_function(
        [("argument", "x", "float64", 2)],
        [("fresh", "float64", 2), ("unknown", "float64", 1)],
        prepare="""
        dims[0] = in[0][0]; out[0][0] = in[0][1]; out[0][1] = in[0][0]; out[1][0] = -1;
        summary[0] = 4096; summary[1] = 123;
        """,
        run="return CT_RUNTIME_ERROR;",
        dims=1,
    )
    assert f.plan(np.zeros((3, 5))) == ([3], [(5, 3), (-1,)], 4096, 123)
    assert f.plan(x=np.zeros((2, 7)))[1] == [(7, 2), (-1,)]

"""Python functions called from generated code."""

from __future__ import annotations

import threading

import ml_dtypes
import numpy as np
import pytest

from croton.runtime import Cell

# Calls callback 0 with the vector x and expects an array of the same shape in the output.
CALL = """
    ct_int in_shape[1] = {dims[0]}, out_shape[1] = {dims[0]};
    ct_array input = {in[0], 0, 1, in_shape}, output = {out[0], 0, 1, out_shape};
    if (context->callback(context, 0, &input, 1, &output, 1)) { return CT_CALLBACK_RAISED; }
"""


@pytest.fixture
def calling(make_function):
    """calling(callback): the compiled function that hands a float64 vector to the callback."""

    def make(callback, **options):
        return make_function(
            [("argument", "x", "float64", 1)],
            [("fresh", "float64", 1)],
            prepare="dims[0] = out[0][0] = in[0][0];",
            dims=1,
            callbacks=[callback],
            **{"run": CALL, "dtypes": ["float64"], "returns": "single", **options},
        )

    return make


@pytest.mark.parametrize(
    "callback",
    [
        lambda x: x * 2,
        lambda x: (x * 2,),
        lambda x: [x * 2],
        lambda x: (x * 2)[::-1][::-1],
        lambda x: (x * 2).astype(np.float32),
        lambda x: (x * 2).astype(np.int64),
    ],
    ids=["array", "tuple", "list", "strided", "float32", "int64"],
)
def test_what_it_returns_becomes_the_output(calling, callback):
    np.testing.assert_array_equal(calling(callback)(np.arange(4.0)), [0, 2, 4, 6])


def test_it_may_keep_and_change_what_it_was_given(calling):
    kept = []

    def callback(x):
        kept.append(x)
        x += 1
        return x

    f = calling(callback)
    x = np.arange(3.0)
    for _ in range(3):
        np.testing.assert_array_equal(f(x), [1, 2, 3])
    np.testing.assert_array_equal(x, [0, 1, 2])
    assert all(np.array_equal(array, [1, 2, 3]) for array in kept)


def test_its_exception_comes_through_with_its_traceback(calling):
    def callback(x):
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback") as caught:
        calling(callback)(np.zeros(3))
    assert caught.traceback[-1].name == "callback"


def test_its_exception_counts_even_when_the_generated_code_forgets_it(calling):
    def callback(x):
        raise LookupError("from the callback")

    with pytest.raises(LookupError):
        calling(callback, run=CALL.replace("return CT_CALLBACK_RAISED;", ""))(np.zeros(3))


def test_the_first_of_several_exceptions_counts(calling):
    messages = iter(["first", "second"])

    def callback(x):
        raise LookupError(next(messages))

    twice = CALL.replace("if (context", "context->callback(context, 0, &input, 1, &output, 1); if (context")
    with pytest.raises(LookupError, match="first"):
        calling(callback, run=twice)(np.zeros(3))


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (np.zeros(4), ValueError, r"callback 0 returned shape \(4,\) where \(3,\) was promised"),
        (np.zeros((3, 1)), ValueError, "callback 0 returned rank 2 where 1 was promised"),
        (np.zeros(3, complex), TypeError, "callback 0 returned dtype complex128 where float64 was promised"),
        (np.array(["a", "b", "c"]), TypeError, "was promised"),
        ((np.zeros(3), np.zeros(3)), ValueError, "callback 0 has to return 1 arrays, got tuple"),
        (None, TypeError, "was promised"),
    ],
    ids=["shape", "rank", "dtype", "text", "count", "None"],
)
def test_what_it_returns_is_checked(calling, result, error, message):
    with pytest.raises(error, match=message):
        calling(lambda x: result)(np.zeros(3))


def test_several_outputs_some_of_a_shape_it_decides(make_function):
    f = make_function(
        [("argument", "x", "float32", 1)],
        [("fresh", "int64", 0), ("unknown", "float32", 2)],
        prepare="dims[0] = in[0][0]; out[1][0] = out[1][1] = -1;",
        run="""
        ct_int shape[1] = {dims[0]}, decided[2];
        ct_array input = {in[0], 1, 1, shape};
        ct_array outputs[2] = {{out[0], 0, 0, 0}, {0, 1, 2, decided}};
        if (context->callback(context, 1, &input, 1, outputs, 2)) { return CT_CALLBACK_RAISED; }
        return context->give_output(context, 1, outputs[1].data, 2, decided);
        """,
        dims=1,
        callbacks=[lambda: None, lambda x: (x.size, np.outer(x, x))],
        dtypes=["int64", np.float32],
    )
    size, product = f(np.array([1, 2, 3], np.float32))
    assert size == 3
    assert product.dtype == np.float32
    np.testing.assert_array_equal(product, np.outer([1, 2, 3], [1, 2, 3]))


def test_no_outputs_and_no_inputs(make_function):
    calls = []
    f = make_function(
        [],
        [],
        run="return context->callback(context, 0, 0, 0, 0, 0) ? CT_CALLBACK_RAISED : CT_OK;",
        callbacks=[lambda: calls.append(1)],
        returns="none",
    )
    f()
    f()
    assert calls == [1, 1]


def test_dtypes_of_ml_dtypes_pass(make_function):
    f = make_function(
        [("argument", "x", ml_dtypes.bfloat16, 1)],
        [("fresh", ml_dtypes.bfloat16, 1)],
        prepare="dims[0] = out[0][0] = in[0][0];",
        run=CALL,
        dims=1,
        callbacks=[lambda x: x + x],
        dtypes=[ml_dtypes.bfloat16],
        returns="single",
    )
    result = f(np.array([1.5], ml_dtypes.bfloat16))
    assert result.dtype == ml_dtypes.bfloat16 and result[0] == 3.0


@pytest.mark.parametrize(
    ("replace", "message"),
    [
        (("context, 0,", "context, 5,"), "no callback 5"),
        (("{in[0], 0,", "{in[0], 9,"), "dtype number 9 of 1"),
    ],
)
def test_wrong_numbers_in_generated_code_are_errors_and_no_crash(calling, replace, message):
    with pytest.raises(SystemError, match=message):
        calling(lambda x: x, run=CALL.replace(*replace))(np.zeros(3))


def test_a_callback_may_call_the_same_function_again(calling):
    def callback(x):
        return f(x - 1) + 1 if x[0] > 0 else x

    f = calling(callback)
    assert f(np.array([5.0])) == [5.0]


def test_callbacks_from_many_threads(calling):
    f = calling(lambda x: x + threading.get_ident() % 1000)
    wrong = []

    def body():
        for _ in range(50):
            if f(np.zeros(2))[0] != threading.get_ident() % 1000:
                wrong.append(1)

    threads = [threading.Thread(target=body) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_callback_from_a_worker_of_the_pool(make_function):
    f = make_function(
        [],
        [("fresh", "float64", 1)],
        prepare="out[0][0] = 16;",
        helpers="""
        static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
        {
            ct_context *context = pointers[1];
            (void)integers; (void)end;
            double number = (double)begin;
            ct_array input = {&number, 0, 0, 0}, output = {(double *)pointers[0] + begin, 0, 0, 0};
            context->callback(context, 0, &input, 1, &output, 1);
        }
        """,
        run="void *pointers[2] = {out[0], context}; context->parallel(context, body, pointers, dims, 16, 1);",
        callbacks=[lambda x: np.sqrt(x)],
        dtypes=["float64"],
        returns="single",
    )
    for _ in range(20):
        np.testing.assert_array_equal(f(), np.sqrt(np.arange(16.0)))


class TestCellsInCallbacks:
    """A callback runs in the middle of an update."""

    @pytest.fixture
    def updating(self, make_function):
        def make(cell, kind, callback):
            return make_function(
                [("cell", cell)],
                [(kind, cell)],
                run="""
                ct_array nothing;
                if (context->callback(context, 0, &nothing, 0, &nothing, 0)) { return CT_CALLBACK_RAISED; }
                *(double *)out[0] = *(double *)in[0] + 1;
                """,
                callbacks=[callback],
                returns="none",
            )

        return make

    def test_reading_what_is_updated_in_place_is_an_error_and_no_deadlock(self, updating):
        cell = Cell(np.array(1.0), "w")
        f = updating(cell, "in_place", lambda: print(cell.array))
        with pytest.raises(
            RuntimeError, match="shared variable 'w' is being updated by the call in progress"
        ):
            f()
        assert cell.array == 1.0

    def test_reading_what_will_be_replaced_gives_the_old_value(self, updating):
        cell = Cell(np.array(1.0), "w")
        seen = []
        f = updating(cell, "replace", lambda: seen.append(float(cell.array)))
        f()
        f()
        assert seen == [1.0, 2.0] and cell.array == 3.0

    def test_writing_is_an_error(self, updating):
        cell = Cell(np.array(1.0), "w")

        def callback():
            cell.array = np.array(7.0)

        for kind in ("in_place", "replace"):
            with pytest.raises(RuntimeError, match="cannot write it"):
                updating(cell, kind, callback)()
        assert cell.array == 1.0

    def test_other_cells_are_free(self, updating):
        cell, other = Cell(np.array(1.0), "w"), Cell(np.array(5.0), "v")

        def callback():
            other.array = np.asarray(other.array + 1)

        updating(cell, "in_place", callback)()
        assert (cell.array, other.array) == (2.0, 6.0)

"""How Python arguments reach a compiled function, and what is said about those that cannot."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

COPY = "for (ct_int i = 0; i < dims[0]; i++) ((double *)out[0])[i] = ((double *)in[0])[i];"
SAME_SIZE = "dims[0] = out[0][0] = in[0][0];"


def refuse(position, value):
    raise TypeError(f"argument {position} refused: {type(value).__name__}")


@pytest.fixture
def copy(make_function):
    """A copy of a float64 vector."""
    return make_function(
        [("argument", "x", "float64", 1)],
        [("fresh", "float64", 1)],
        prepare=SAME_SIZE,
        run=COPY,
        dims=1,
        returns="single",
        name="copy",
    )


def scalar_identity(make_function, dtype, c_type, **options):
    return make_function(
        [("argument", "x", dtype, 0)],
        [("fresh", dtype, 0)],
        run=f"*({c_type} *)out[0] = *({c_type} *)in[0];",
        returns="single",
        **options,
    )


def test_arguments_may_be_given_by_position_or_by_name(add):
    for result in (add(1.0, 2.0), add(1.0, y=2.0), add(y=2.0, x=1.0)):
        assert result == 3.0


def test_results_are_zero_dimensional_arrays(add):
    result = add(np.array(1.0), np.array(2.5))
    assert isinstance(result, np.ndarray)
    assert result.shape == () and result.dtype == np.float64 and result == 3.5


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, r"add\(\) missing argument 'x' \(position 0\)"),
        ((1.0,), {}, r"add\(\) missing argument 'y' \(position 1\)"),
        ((1.0, 2.0, 3.0), {}, r"add\(\) takes 2 arguments but 3 were given"),
        ((1.0,), {"z": 2.0}, r"add\(\) got an unexpected keyword argument 'z'"),
        ((1.0,), {"x": 2.0}, r"add\(\) got multiple values for argument 'x'"),
        ((1.0,), {"x": 2.0, "y": 3.0}, r"add\(\) got multiple values for argument 'x'"),
    ],
)
def test_wrong_calls_raise_what_a_python_function_raises(add, args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        add(*args, **kwargs)


def test_keywords_that_are_equal_but_not_interned_are_found(add):
    assert add(1.0, **{"".join(["", "y"]): 2.0}) == 3.0
    assert add(**{str(np.str_("x")): 1.0, str(np.str_("y")): 2.0}) == 3.0


def test_arguments_without_a_name_are_positional_only(make_function):
    f = make_function(
        [("argument", None, "float64", 0)],
        [("fresh", "float64", 0)],
        run="*(double *)out[0] = *(double *)in[0];",
        returns="single",
    )
    assert f(2.0) == 2.0
    with pytest.raises(TypeError, match="missing argument at position 0"):
        f()
    with pytest.raises(TypeError, match="unexpected keyword argument 'x'"):
        f(x=2.0)


def test_defaults_fill_in_for_missing_arguments(make_function):
    f = make_function(
        [("argument", "x", "float64", 0), ("argument", "y", "float64", 0)],
        [("fresh", "float64", 0)],
        run="*(double *)out[0] = *(double *)in[0] - *(double *)in[1];",
        returns="single",
        defaults={"x": 10.0, "y": np.array(1.0)},
    )
    assert [float(value) for value in (f(), f(5.0), f(y=2.0), f(3, 3))] == [9.0, 4.0, 8.0, 0.0]


def test_defaults_for_unknown_names_are_refused(make_function):
    with pytest.raises(ValueError, match="defaults"):
        make_function([("argument", "x", "float64", 0)], [], defaults={"z": 1.0})


@pytest.mark.parametrize("value", [0.1, -0.0, float("inf"), float("nan"), 3])
@pytest.mark.parametrize(("dtype", "c_type"), [("float64", "double"), ("float32", "float")])
def test_python_numbers_are_taken_for_float_scalars(make_function, dtype, c_type, value):
    f = scalar_identity(make_function, dtype, c_type, coerce=refuse)
    expected = np.array(value, dtype)
    np.testing.assert_array_equal(f(value), expected)
    assert np.signbit(f(value)) == np.signbit(expected)


def test_python_ints_are_taken_for_int64_scalars_as_far_as_they_fit(make_function):
    f = scalar_identity(make_function, "int64", "ct_int", coerce=refuse)
    assert f(2**63 - 1) == 2**63 - 1 and f(-(2**63)) == -(2**63)
    for value in (2**63, 1.0, True, "1"):
        with pytest.raises(TypeError, match="argument 0 refused"):
            f(value)


def test_python_ints_are_taken_for_int32_scalars_as_far_as_they_fit(make_function):
    f = scalar_identity(make_function, "int32", "int", coerce=refuse)
    for value in (0, -7, 2**31 - 1, -(2**31)):
        assert f(value) == value
    for value in (2**31, -(2**31) - 1, 2**70, 1.5, True):
        with pytest.raises(TypeError, match="argument 0 refused"):
            f(value)


@pytest.mark.parametrize(
    ("dtype", "c_type"),
    [("float64", "double"), ("float32", "float"), ("int64", "ct_int"), ("int32", "int"), ("bool", "_Bool")],
)
def test_numpy_scalars_of_the_dtype_are_taken(make_function, dtype, c_type):
    f = scalar_identity(make_function, dtype, c_type, coerce=refuse)
    value = np.dtype(dtype).type(1)
    assert f(value) == 1 and f(value).dtype == dtype
    with pytest.raises(TypeError, match="argument 0 refused"):
        f(np.complex128(1))


def test_python_bools_are_taken_for_bool_scalars(make_function):
    f = scalar_identity(make_function, "bool", "_Bool", coerce=refuse)
    assert f(True) and not f(False)
    with pytest.raises(TypeError, match="argument 0 refused: int"):
        f(1)


def test_an_int_too_large_for_a_float_goes_to_coerce(make_function):
    f = scalar_identity(make_function, "float64", "double", coerce=refuse)
    with pytest.raises(TypeError, match="argument 0 refused: int"):
        f(10**400)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(3.0, dtype=np.float32),
        np.arange(6.0)[::2],
        np.arange(3.0).astype(">f8"),
        np.zeros((3, 1)),
        np.frombuffer(b"\0" * 25, np.uint8)[1:].view(np.float64),
        np.ma.masked_array([1.0], [True]),
        [1.0, 2.0],
        None,
    ],
    ids=["dtype", "strided", "byte order", "rank", "unaligned", "subclass", "list", "None"],
)
def test_anything_but_the_exact_layout_goes_to_coerce(make_function, value):
    seen = []

    def coerce(position, given):
        seen.append((position, given))
        return np.array([7.0])

    f = make_function(
        [("argument", "x", "float64", 1)],
        [("fresh", "float64", 1)],
        prepare=SAME_SIZE,
        run=COPY,
        dims=1,
        coerce=coerce,
        returns="single",
    )
    np.testing.assert_array_equal(f(value), [7.0])
    assert len(seen) == 1 and seen[0][0] == 0 and seen[0][1] is value


def test_without_coerce_the_argument_and_what_it_should_be_are_named(copy):
    with pytest.raises(
        TypeError, match=r"copy\(\) argument 'x' \(position 0\): expected .* float64 and rank 1, got list"
    ):
        copy([1.0])
    with pytest.raises(TypeError, match="an array of another dtype, rank or layout"):
        copy(np.zeros((2, 2)))


@pytest.mark.parametrize("made", [[1.0], np.zeros(2, np.float32), np.zeros((2, 2)), np.zeros(4)[::2]])
def test_what_coerce_returns_is_checked_too(make_function, made):
    f = make_function(
        [("argument", "x", "float64", 1)],
        [("fresh", "float64", 1)],
        prepare=SAME_SIZE,
        run=COPY,
        dims=1,
        coerce=lambda position, value: made,
    )
    with pytest.raises(TypeError, match=r"argument 'x' \(position 0\)"):
        f("anything")


def test_an_exception_from_coerce_comes_through(make_function):
    f = make_function([("argument", "x", "float64", 1)], [], coerce=refuse, returns="none")
    with pytest.raises(TypeError, match="argument 0 refused: str"):
        f("text")


def test_what_coerce_does_to_other_arguments_is_noticed(make_function):
    def coerce(position, value):
        x.resize((3, 4), refcheck=False)
        return np.zeros(1)

    f = make_function(
        [("argument", "x", "float64", 1), ("argument", "y", "float64", 1)],
        [("fresh", "float64", 1)],
        prepare=SAME_SIZE,
        run=COPY,
        dims=1,
        coerce=coerce,
    )
    x = np.zeros(5)
    with pytest.raises(TypeError, match="argument 'x'"):
        f(x, "anything")


def test_coerced_arrays_live_until_the_call_has_ended(make_function, nanoseconds):
    f = make_function(
        [("argument", "x", "float64", 1)],
        [("fresh", "float64", 1)],
        prepare=SAME_SIZE,
        run=COPY,
        dims=1,
        nanoseconds=nanoseconds,
        coerce=lambda position, value: np.asarray(value, np.float64),
        returns="single",
    )
    for size in (1, 1000, 100000):
        np.testing.assert_array_equal(f(list(range(size))), np.arange(size))


def test_read_only_and_empty_arrays_are_fine(copy):
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    np.testing.assert_array_equal(copy(frozen), [0, 1, 2])
    assert copy(np.zeros(0)).shape == (0,)


def test_bfloat16_is_recognised_by_its_dtype(make_function):
    f = make_function(
        [("argument", "x", ml_dtypes.bfloat16, 1)],
        [("fresh", ml_dtypes.bfloat16, 1)],
        prepare=SAME_SIZE,
        run="for (ct_int i = 0; i < dims[0]; i++) ((short *)out[0])[i] = ((short *)in[0])[i];",
        dims=1,
        returns="single",
    )
    x = np.array([1.5, -2.0, np.inf], ml_dtypes.bfloat16)
    result = f(x)
    assert result.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(result, x)
    with pytest.raises(TypeError, match="bfloat16"):
        f(x.astype(np.float16))


def test_equal_integer_types_of_other_names_are_accepted(make_function):
    f = scalar_identity(make_function, np.dtype("int64"), "ct_int", coerce=refuse)
    value = np.array(5, np.longlong)
    assert value.dtype.itemsize == 8
    if value.dtype.num != np.dtype("int64").num:
        with pytest.raises(TypeError, match="refused"):
            f(value)
    else:
        assert f(value) == 5


def test_one_array_may_be_given_twice(add):
    x = np.array(2.0)
    assert add(x, x) == 4.0


def test_constants_are_inputs_that_nobody_gives(make_function):
    f = make_function(
        [("constant", np.array([3.0, 4.0])), ("argument", "x", "float64", 0)],
        [("fresh", "float64", 0)],
        prepare="if (in[0][0] != 2) return CT_RUNTIME_ERROR;",
        run="*(double *)out[0] = ((double *)in[0])[1] * *(double *)in[1];",
        returns="single",
    )
    assert f.arguments == ("x",)
    assert f(2.0) == 8.0 and f(x=3.0) == 12.0


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ([("nonsense", "x", "float64", 0)], ValueError),
        (["argument"], TypeError),
        ([()], TypeError),
        ([("argument", "x", "float64")], TypeError),
        ([("argument", 3, "float64", 0)], TypeError),
        ([("argument", "x", object, 0)], TypeError),
        ([("argument", "x", ">f8", 0)], TypeError),
        ([("argument", "x", "float64", -1)], ValueError),
        ([("argument", "x", "float64", 1000)], ValueError),
        ([("cell", np.zeros(3))], TypeError),
        ([("constant", [1.0])], TypeError),
        ([("constant", np.zeros(4)[::2])], TypeError),
        (None, TypeError),
    ],
)
def test_wrong_descriptions_are_refused(make_function, inputs, error):
    with pytest.raises(error):
        make_function(inputs, [])

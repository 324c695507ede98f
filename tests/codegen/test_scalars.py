"""C for scalars: every function of the table has some, literals keep their bits, casts are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.codegen import vector_maths
from croton.codegen.scalars import ScalarPrinter, c_type, literal, storage_type, suffix
from croton.codegen.templates import template
from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.ops.elementwise import FUNCTIONS


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_every_scalar_function_has_c(dtype: dtypes.DType) -> None:
    for name, function in FUNCTIONS.items():
        if function.accepts(dtype):
            printer = ScalarPrinter()
            assert printer.call(name, dtype, list("abc")[: function.arity])
            assert set(printer.needed) <= vector_maths.available(), name


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="no C for no_such_function of float64"):
        ScalarPrinter().call("no_such_function", dtypes.FLOAT64, ["x"])


def test_halves_calculate_in_float_and_are_stored_in_16_bits() -> None:
    for dtype in (dtypes.FLOAT16, dtypes.BFLOAT16):
        assert c_type(dtype) == "float"
        assert storage_type(dtype) == "unsigned short"
        assert suffix(dtype) == "f32"


def test_a_function_exact_in_halves_is_preferred() -> None:
    printer = ScalarPrinter()
    assert printer.call("nextafter", dtypes.FLOAT16, ["x", "y"]) == "ct_nextafter_f16(x, y)"


@pytest.mark.parametrize("number", [0.1, -0.0, 1e300, 5e-324, 1.0, -2.5e-7, np.pi])
def test_literals_are_exact(number: float) -> None:
    text = literal(np.float64(number).tobytes(), dtypes.FLOAT64).strip("()")
    back = float.fromhex(text) if "0x" in text else float(text)
    assert np.float64(back).tobytes() == np.float64(number).tobytes()


def test_literals_of_what_c_cannot_write() -> None:
    assert literal(np.float32(np.inf).tobytes(), dtypes.FLOAT32) == "__builtin_inff()"
    assert literal(np.float64(-np.inf).tobytes(), dtypes.FLOAT64) == "(-__builtin_inf())"
    assert literal(np.float64(np.nan).tobytes(), dtypes.FLOAT64) == '__builtin_nan("")'
    assert literal(np.int64(-(2**63)).tobytes(), dtypes.INT64) == "(-0x7fffffffffffffffLL - 1)"


def test_truth_becomes_a_number_by_a_choice_which_compilers_vectorise() -> None:
    printer = ScalarPrinter()
    assert printer.cast("x", dtypes.BOOL, dtypes.FLOAT32) == "(x ? 1.0f : 0.0f)"
    truth, number = T.vector(dtype="bool"), T.vector()
    every = [truth.astype(dtype) for dtype in ("float16", "bfloat16", "float32", "float64")]
    found = ct.function([truth, number], [*every, truth * number])(np.array([True, False]), [3.0, 4.0])
    for result, expected in zip(found, [*[[1, 0]] * 4, [3, 0]], strict=True):
        np.testing.assert_array_equal(result.astype(float), expected)


def test_small_products_do_not_overflow_int() -> None:
    assert template("multiply", np.dtype(np.uint16)) == "({T})(1u * ({U}){0} * ({U}){1})"


@pytest.mark.parametrize("source", dtypes.ALL, ids=str)
def test_casts_are_those_of_numpy(source: dtypes.DType) -> None:
    numbers = np.array([0, 1, 2, 3.7, 100.25, 127, 2049.5, 65000]) if source.kind != "b" else np.array([0, 1])
    if source.kind not in "bu":
        numbers = np.concatenate([numbers, -numbers])
    if source.kind in "iu":
        numbers = numbers[np.abs(numbers) <= np.iinfo(source).max]
    array = numbers.astype(source)
    x = T.tensor(source.name, shape=(None,))
    outputs = [T.cast(x, dtype.name) for dtype in dtypes.ALL]
    compiled, interpreted = (ct.function([x], outputs, mode=mode)(array) for mode in ("compile", "interpret"))
    for dtype, computed, expected in zip(dtypes.ALL, compiled, interpreted, strict=True):
        assert computed.dtype == dtype
        np.testing.assert_array_equal(computed, expected, err_msg=dtype.name)


class TestQuotientsByConstants:
    """x / c is computed by multiplication, with the quotient's bits."""

    DIVISORS = (3.0, -7.0, 0.1, np.sqrt(2), 1e100, 1e-100, 49.0, 1.0 + 2**-52, 2.0 - 2**-52)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_bits_are_those_of_the_division(self, dtype: str) -> None:
        x = T.vector("x", dtype=dtype)
        divisors = [
            np.dtype(dtype).type(d) for d in self.DIVISORS if dtype == "float64" or 1e-20 < abs(d) < 1e20
        ]
        function = ct.function([x], [x / divisor for divisor in divisors])
        random = np.random.default_rng(3)
        numbers = random.normal(size=20_000) * 10.0 ** random.integers(-15, 15, 20_000)
        numbers = np.concatenate([numbers, [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(dtype)
        for divisor, found in zip(divisors, function(numbers), strict=True):
            np.testing.assert_array_equal(found, numbers / divisor)
            np.testing.assert_array_equal(np.signbit(found), np.signbit(numbers / divisor))

    def test_powers_of_two_become_their_reciprocal(self) -> None:
        printer = ScalarPrinter()
        assert printer.quotient(dtypes.FLOAT64, "x", np.float64(8).tobytes()) == "(x * 0.125)"

    @pytest.mark.parametrize("divisor", [0.0, np.inf, np.nan, 1e-300, 1e300])
    def test_others_are_divided(self, divisor: float) -> None:
        assert ScalarPrinter().quotient(dtypes.FLOAT64, "x", np.float64(divisor).tobytes()) is None

    def test_integers_are_divided(self) -> None:
        assert ScalarPrinter().quotient(dtypes.INT64, "x", np.int64(3).tobytes()) is None


class TestStoredDtypes:
    """Floats of 8 bits are cast to and from other dtypes, and moved; nothing else is done with them."""

    @pytest.mark.parametrize("dtype", dtypes.STORED, ids=str)
    def test_every_number_is_what_it_is_in_numpy(self, dtype: dtypes.DType) -> None:
        codes = np.arange(256, dtype=np.uint8).view(dtype)
        x = T.tensor(dtype.name, shape=(None,))
        wider = ("float16", "float32", "float64")
        function = ct.function([x], [*(T.cast(x, name) for name in wider), T.concatenate([x[::-1], x[:2]])])
        *found, moved = function(codes)
        for name, result in zip(wider, found, strict=True):
            np.testing.assert_array_equal(result, codes.astype(name))
        assert moved.dtype == dtype
        expected = np.concatenate([codes[::-1], codes[:2]])
        np.testing.assert_array_equal(moved.astype(np.float32), expected.astype(np.float32))

    @pytest.mark.parametrize("source", ["float16", "bfloat16", "float32", "float64", "int32", "bool"])
    @pytest.mark.parametrize("dtype", dtypes.STORED, ids=str)
    def test_rounding_is_that_of_numpy(self, dtype: dtypes.DType, source: str) -> None:
        known = np.arange(256, dtype=np.uint8).view(dtype).astype(np.float64)
        known = np.unique(known[np.isfinite(known)])
        between = (known[1:] + known[:-1]) / 2
        random = np.random.default_rng(0)
        spread = random.normal(size=10_000) * 10.0 ** random.integers(-12, 7, 10_000)
        special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, 448, 463.9, 464, 465, 57344, 61439, 61440]
        near = [np.nextafter(between, end) for end in (np.inf, -np.inf)]
        with np.errstate(all="ignore"):
            numbers = np.concatenate([known, between, *near, spread, special]).astype(dtypes.as_dtype(source))
        x = T.tensor(source, shape=(None,))
        narrow = T.cast(x, dtype.name)
        found, back = ct.function([x], [narrow, T.cast(narrow, "float32")])(numbers)
        expected = numbers.astype(dtype)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.astype(np.float32), expected.astype(np.float32))
        np.testing.assert_array_equal(np.signbit(back), np.signbit(expected.astype(np.float32)))
        np.testing.assert_array_equal(back, expected.astype(np.float32))

    def test_functions_are_refused(self) -> None:
        x = T.tensor("float8_e5m2", shape=(None,))
        with pytest.raises(
            DTypeError, match="add is not defined for dtype float8_e5m2; cast to float32 before"
        ):
            T.add(x, x)
        for function in (T.sort, T.argsort, T.max, T.min, T.argmax, T.argmin, T.round, T.trunc, T.floor):
            with pytest.raises(DTypeError, match="not defined for dtype float8_e5m2; cast to float32"):
                function(x)
            with pytest.raises(DTypeError, match="not defined for dtype float8_e5m2; cast to float32"):
                function(np.ones(3, "float8_e5m2"))
        with pytest.raises(DTypeError, match="float8_e5m2 and float32 have no common dtype"):
            T.add(x, T.vector(dtype="float32"))

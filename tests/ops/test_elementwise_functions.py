"""What the public elementwise functions promise beyond their entry in the table."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T


def value(expression: Any) -> Any:
    return ct.function([], expression)()


def at(function: Any, *arrays: Any) -> Any:
    """The function compiled for arguments of these arrays' types and called with them."""
    converted = [np.asarray(array) for array in arrays]
    variables = [T.tensor(array.dtype.name, shape=(None,) * array.ndim) for array in converted]
    return ct.function(variables, function(*variables))(*converted)


def slope(function: Any, points: Any) -> Any:
    x = T.dvector("x")
    return ct.function([x], ct.grad(T.sum(function(x)), x))(np.asarray(points))


class TestPower:
    def test_integers_stay_integers_and_wrap(self) -> None:
        x = np.array([0, 1, -2, 3, 10], np.int32)
        np.testing.assert_array_equal(at(lambda v: v**3, x), x**3)
        np.testing.assert_array_equal(at(lambda v: v**41, x), x**41)

    def test_a_constant_negative_power_of_integers_is_refused(self) -> None:
        with pytest.raises(ValueError, match="integers to negative integer powers"):
            T.power(T.ivector("x"), -1)

    @pytest.mark.parametrize("mode", ["compile", "interpret"])
    def test_negative_powers_in_an_array_round_to_zero(self, mode: str) -> None:
        x, n = T.lvector("x"), T.lvector("n")
        function = ct.function([x, n], x**n, mode=mode)
        np.testing.assert_array_equal(
            function(np.array([2, 1, -1, -1, 0, 5]), np.array([-1, -3, -3, -2, -1, 2])), [0, 1, -1, 1, 0, 25]
        )

    @pytest.mark.parametrize("exponent", [-1, 0, 0.5, 1, 2, 3, -2.5])
    def test_constant_powers(self, exponent: float) -> None:
        x = np.array([0.3, 1.0, 2.7])
        np.testing.assert_allclose(at(lambda v: v**exponent, x), x**exponent, rtol=1e-15)
        if exponent == 0:
            return
        np.testing.assert_allclose(
            slope(lambda v: v**exponent, x), exponent * x ** (exponent - 1.0), rtol=1e-15
        )

    def test_square_of_zero_is_smooth(self) -> None:
        np.testing.assert_array_equal(slope(lambda v: v**2, [0.0, -3.0]), [0.0, -6.0])
        np.testing.assert_array_equal(slope(lambda v: T.power(2.0, v) * 0 + v**1, [0.0]), [1.0])

    def test_by_the_exponent_of_zero(self) -> None:
        np.testing.assert_array_equal(slope(lambda v: T.power(0.0 * v, v), [2.0]), [0.0])

    def test_float_power_is_double(self) -> None:
        np.testing.assert_array_equal(at(lambda v: T.float_power(v, 2), np.array([3], np.int8)), [9.0])


class TestKinks:
    def test_relu_is_flat_at_zero(self) -> None:
        np.testing.assert_array_equal(slope(T.relu, [-1.0, 0.0, 2.0]), [0, 0, 1])

    def test_absolute_is_flat_at_zero(self) -> None:
        np.testing.assert_array_equal(slope(T.abs, [-1.0, 0.0, 2.0]), [-1, 0, 1])

    def test_maximum_shares_between_equals(self) -> None:
        np.testing.assert_array_equal(slope(lambda v: T.maximum(v, 1.0), [0.0, 1.0, 2.0]), [0, 0.5, 1])

    def test_clip_passes_at_its_limits(self) -> None:
        np.testing.assert_array_equal(
            slope(lambda v: T.clip(v, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0]), [0, 1, 1, 1, 0]
        )

    def test_clip_without_a_limit(self) -> None:
        x = np.array([-2.0, 0.5, 3.0])
        np.testing.assert_array_equal(at(lambda v: T.clip(v, None, 1), x), np.clip(x, None, 1))
        np.testing.assert_array_equal(at(lambda v: T.clip(v, min=0), x), np.clip(x, 0, None))

    def test_infinite_slopes_are_not_hidden(self) -> None:
        np.testing.assert_array_equal(slope(T.sqrt, [0.0]), [np.inf])
        np.testing.assert_array_equal(slope(T.cbrt, [0.0]), [np.inf])
        np.testing.assert_array_equal(slope(T.arcsin, [1.0]), [np.inf])


class TestExtremePoints:
    def test_tanh_slope_keeps_its_digits(self) -> None:
        np.testing.assert_allclose(
            slope(T.tanh, [20.0, -300.0]), [4 * np.exp(-40.0), 4 * np.exp(-600.0)], rtol=1e-14
        )

    def test_hypot_and_arctan2_are_flat_at_the_origin(self) -> None:
        x, y = T.dvector("x"), T.dvector("y")
        for function in (T.hypot, T.arctan2):
            zero = np.zeros(1)
            for gradient in ct.function([x, y], ct.grad(T.sum(function(x, y)), [x, y]))(zero, zero):
                np.testing.assert_array_equal(gradient, [0.0])

    def test_hypot_and_arctan2_do_not_overflow(self) -> None:
        x, y = T.dvector("x"), T.dvector("y")
        gradients = ct.grad(T.sum(T.hypot(x, y)), [x, y]) + ct.grad(T.sum(T.arctan2(x, y)), [x, y])
        a, b, c, d = ct.function([x, y], gradients)(np.array([3e200]), np.array([4e200]))
        np.testing.assert_allclose([a[0], b[0], c[0], d[0]], [0.6, 0.8, 1.6e-201, -1.2e-201], rtol=1e-15)

    def test_inverse_hyperbolic_sine_far_out(self) -> None:
        np.testing.assert_allclose(slope(T.arcsinh, [1e200, -1e200]), [1e-200, 1e-200], rtol=1e-15)

    def test_logaddexp_of_infinities(self) -> None:
        np.testing.assert_array_equal(slope(lambda v: T.logaddexp(v, v), [np.inf, -np.inf]), [1.0, 1.0])


class TestRounding:
    @pytest.mark.parametrize("decimals", [0, 1, 3, -1])
    @pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64"])
    def test_round(self, decimals: int, dtype: str) -> None:
        """Half precision rounds in single, where NumPy loses digits."""
        x = np.array([15.25, -25.75, 0.125, 2.5, 14.5]).astype(dtype)
        expected = (
            np.round(x.astype(np.float32), decimals).astype(dtype)
            if dtype == "float16"
            else np.round(x, decimals)
        )
        np.testing.assert_array_equal(at(lambda v: T.round(v, decimals), x), expected)

    def test_decimals_must_be_an_int(self) -> None:
        with pytest.raises(TypeError, match=r"decimals must be an int, got 1\.5"):
            T.round(T.dvector("x"), 1.5)  # type: ignore[arg-type]

    def test_iround_is_int64(self) -> None:
        np.testing.assert_array_equal(at(T.iround, np.array([0.5, 1.5, -2.6])), np.array([0, 2, -3]))


class TestComparisons:
    def test_signed_against_unsigned_is_exact(self) -> None:
        signed = np.array([-1, 2**53, 2**63 - 1, 5])
        unsigned = np.array([2**64 - 1, 2**53 + 1, 2**63, 5], np.uint64)
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
            for pair in ((signed, unsigned), (unsigned, signed)):
                np.testing.assert_array_equal(at(getattr(T, name), *pair), getattr(np, name)(*pair))

    def test_python_ints_out_of_range(self) -> None:
        x = np.array([0, 255], np.uint8)
        np.testing.assert_array_equal(at(lambda v: T.less(v, 300), x), [True, True])
        np.testing.assert_array_equal(at(lambda v: T.equal(v, -1), x), [False, False])
        np.testing.assert_array_equal(at(lambda v: T.greater(300, v), x), [True, True])

    def test_isclose(self) -> None:
        a = np.array([1.0, 1.0, np.inf, np.nan, np.inf, 1e-9])
        b = np.array([1.0 + 1e-6, 1.1, np.inf, np.nan, -np.inf, 0.0])
        for equal_nan in (False, True):
            np.testing.assert_array_equal(
                at(functools.partial(T.isclose, equal_nan=equal_nan), a, b),
                np.isclose(a, b, equal_nan=equal_nan),
            )

    def test_nan_to_num(self) -> None:
        x = np.array([1.5, np.nan, np.inf, -np.inf], np.float32)
        np.testing.assert_array_equal(at(T.nan_to_num, x), np.nan_to_num(x))
        np.testing.assert_array_equal(
            at(lambda v: T.nan_to_num(v, 1, 2, 3), x), np.nan_to_num(x, True, 1, 2, 3)
        )
        z = np.array([complex(np.nan, 1), complex(2, np.inf)])
        np.testing.assert_array_equal(at(T.nan_to_num, z), np.nan_to_num(z))


class TestComplex:
    def test_parts_are_put_together_without_arithmetic(self) -> None:
        z = at(T.complex, np.array([np.inf, -0.0]), np.array([-0.0, np.nan]))
        np.testing.assert_array_equal(z.real, [np.inf, -0.0])
        np.testing.assert_array_equal(np.signbit(z.imag), [True, False])

    def test_angle_of_real_numbers(self) -> None:
        x = np.array([-2.0, 0.0, -0.0, 3.0])
        np.testing.assert_array_equal(at(T.angle, x), np.angle(x))
        np.testing.assert_array_equal(at(lambda v: T.angle(v, deg=True), x), np.angle(x, deg=True))


class TestLdexp:
    def test_is_rounded_once_and_saturates(self) -> None:
        x = np.array([1.5, 1.0, 1.0, -3.0])
        n = np.array([-1074, 5000, -5000, 4])
        np.testing.assert_array_equal(at(T.ldexp, x, n), np.ldexp(x, n))

    def test_the_exponent_must_be_an_integer(self) -> None:
        with pytest.raises(TypeError, match="exponent must be an integer, got dtype float64"):
            T.ldexp(1.0, T.dvector("n"))


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu(approximate: bool) -> None:
    from scipy import special

    x = np.array([-8.0, -1.0, 0.0, 0.5, 3.0])
    cubic = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    computed = at(lambda v: T.gelu(v, approximate), x)
    np.testing.assert_allclose(
        computed, cubic if approximate else x * special.ndtr(x), rtol=1e-12, atol=1e-16
    )


def test_elu_and_selu_do_not_overflow() -> None:
    np.testing.assert_array_equal(at(T.elu, np.array([1e4, 0.0])), [1e4, 0.0])
    np.testing.assert_array_equal(slope(T.selu, [1e4]), [1.0507009873554805])


def test_divmod_pairs_quotient_and_remainder() -> None:
    x, y = np.array([7.5, -7.5, 7.5]), np.array([2.0, 2.0, -2.0])
    for computed, expected in zip(at(lambda u, v: list(T.divmod(u, v)), x, y), np.divmod(x, y), strict=True):
        np.testing.assert_array_equal(computed, expected)


class TestOperators:
    """Python's operators and NumPy's methods on symbolic and on eager arrays."""

    a = np.array([5, -3, 12])
    b = np.array([3, 6, 2])

    @pytest.mark.parametrize("name", ["and", "or", "xor", "lshift", "rshift", "pow", "floordiv", "mod"])
    def test_binary(self, name: str) -> None:
        operator = getattr(__import__("operator"), f"{name}_" if name in ("and", "or") else name)
        np.testing.assert_array_equal(at(operator, self.a, self.b), operator(self.a, self.b))
        np.testing.assert_array_equal(at(lambda v: operator(7, v), self.b), operator(7, self.b))

    def test_unary(self) -> None:
        np.testing.assert_array_equal(at(lambda v: ~v, self.a), ~self.a)
        np.testing.assert_array_equal(at(lambda v: v.clip(0, 6), self.a), self.a.clip(0, 6))
        np.testing.assert_array_equal(at(lambda v: v.round(1), self.a / 7), (self.a / 7).round(1))
        z = self.a + 2j
        for name in ("real", "imag"):
            np.testing.assert_array_equal(at(lambda v, name=name: getattr(v, name), z), getattr(z, name))
        np.testing.assert_array_equal(at(lambda v: v.conj(), z), z.conj())

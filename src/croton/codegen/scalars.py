"""C for scalars: types, literals, sizes, and every scalar function by name and dtype."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from croton.codegen import vector_maths
from croton.codegen.templates import C_NAMES, WIDE_INTEGER, template
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Symbol
from croton.graph.dtypes import DType

_TYPES = {
    "bool": "_Bool",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "ct_int",
    "uint8": "unsigned char",
    "uint16": "unsigned short",
    "uint32": "unsigned int",
    "uint64": "unsigned __INT64_TYPE__",
    "float8_e4m3fn": "float",
    "float8_e5m2": "float",
    "float16": "float",
    "bfloat16": "float",
    "float32": "float",
    "float64": "double",
    "complex64": "float _Complex",
    "complex128": "double _Complex",
}
_STORAGE = {
    "bool": "unsigned char",
    "float8_e4m3fn": "unsigned char",
    "float8_e5m2": "unsigned char",
    "float16": "unsigned short",
    "bfloat16": "unsigned short",
}
# What vector maths calls the dtypes that are calculated with in float32.
_NARROW = {"float8_e4m3fn": "e4m3", "float8_e5m2": "e5m2", "float16": "f16", "bfloat16": "bf16"}
_SUFFIX = {
    "float8_e4m3fn": "f32",
    "float8_e5m2": "f32",
    "float16": "f32",
    "bfloat16": "f32",
    "float32": "f32",
    "float64": "f64",
    "complex64": "c64",
    "complex128": "c128",
    "bool": "bool",
}
_UNSIGNED = {"int8": "unsigned char", "int16": "unsigned short", "int32": "unsigned int"}


def c_type(dtype: DType) -> str:
    """The C type in which a scalar of this dtype is calculated."""
    return _TYPES[dtype.name].replace("unsigned __INT64_TYPE__", "ct_unsigned")


def storage_type(dtype: DType) -> str:
    """The C type of an array's elements in memory."""
    return _STORAGE.get(dtype.name, c_type(dtype))


def suffix(dtype: DType) -> str:
    """The ending of the names of vector maths functions for this dtype: f32, i64, c128, ..."""
    if dtypes.is_integer(dtype):
        return f"{'u' if dtype.kind == 'u' else 'i'}{dtype.itemsize * 8}"
    return _SUFFIX[dtype.name]


class ScalarPrinter:
    """Prints scalar calls and remembers which vector maths functions they need."""

    def __init__(self) -> None:
        self.needed: dict[str, None] = {}

    def need(self, name: str) -> str:
        self.needed[name] = None
        return name

    def loaded(self, dtype: DType, place: str) -> str:
        """An element in memory as a number to calculate with."""
        if dtypes.is_bool(dtype):
            return f"({place} != 0)"
        if dtype.name in _NARROW:
            return f"{self.need(f'ct_f32_from_{_NARROW[dtype.name]}')}({place})"
        return place

    def stored(self, dtype: DType, number: str) -> str:
        """A number as an element to put in memory."""
        if dtype.name in _NARROW:
            return f"{self.need(f'ct_{_NARROW[dtype.name]}_from_f32')}({number})"
        return number

    def cast(self, operand: str, source: DType, target: DType) -> str:
        """astype: rounds to half precisions, truncates to integers, drops imaginary parts."""
        if target == source:
            return operand
        if source in dtypes.STORED:
            source = dtypes.FLOAT32
        if dtypes.is_bool(target):
            return f"({operand} != 0)"
        if dtypes.is_complex(source) and not dtypes.is_complex(target):
            real = dtypes.real_dtype(source)
            return self.cast(f"__real__ {operand}", real, target)
        if dtypes.is_bool(source) and dtypes.is_float(target):
            one, zero = (_float_literal(number, target) for number in (1.0, 0.0))
            return f"({operand} ? {one} : {zero})"  # GCC vectorises a choice, but no conversion of _Bool
        if target.name in _NARROW:
            direct = f"ct_{_NARROW[target.name]}_from_f64"  # others round to float32 first, as ml_dtypes does
            exact = source == dtypes.FLOAT64 and direct in vector_maths.available()
            single = exact and f"{self.need(direct)}({operand})"
            return self.loaded(target, single or self.stored(target, f"(float){operand}"))
        if dtypes.is_float(source) and dtypes.is_integer(target):
            return f"{self.need(f'ct_{suffix(target)}_from_{suffix(source)}')}({operand})"
        converter = f"ct_{_SUFFIX.get(target.name)}_from_{suffix(source)}"
        if dtypes.is_float(target) and dtypes.is_integer(source) and converter in vector_maths.available():
            return f"{self.need(converter)}({operand})"
        return f"({c_type(target)}){operand}"

    def quotient(self, dtype: DType, operand: str, divisor: bytes) -> str | None:
        """An operand divided by a constant, by multiplication; None where that would not be as exact."""
        if not dtypes.is_float(dtype):
            return None
        parts = _reciprocal(float(np.frombuffer(divisor, dtype)[0]), c_type(dtype) == "double")
        if parts is None:
            return None
        wide = dtypes.FLOAT64 if c_type(dtype) == "double" else dtypes.FLOAT32
        number, high, low = (_float_literal(part, wide) for part in parts)
        if parts[2] == 0:
            return f"({operand} * {high})"
        return f"{self.need(f'ct_divide_by_{suffix(dtype)}')}({operand}, {number}, {high}, {low})"

    def call(self, function: str, dtype: DType, operands: list[str]) -> str:
        """A scalar function applied to operands that are names or literals.

        dtype: of the last operand, which is the one that decides.
        """
        text = template(function, dtype)
        if text is not None:
            return text.format(*operands, T=c_type(dtype), U=_unsigned(dtype))
        c_name = C_NAMES.get(function, function)
        if dtypes.is_integer(dtype) and function in WIDE_INTEGER:
            wide = "u64" if dtype.kind == "u" else "i64"
            return f"({c_type(dtype)}){self.need(f'ct_{c_name}_{wide}')}({', '.join(operands)})"
        name = f"ct_{c_name}_{suffix(dtype)}"
        if dtype in (dtypes.FLOAT16, dtypes.BFLOAT16):
            own = f"ct_{c_name}_{'f16' if dtype == dtypes.FLOAT16 else 'bf16'}"
            name = own if own in vector_maths.available() else name
        if name not in vector_maths.available():
            raise NotImplementedError(f"no C for {function} of {dtype.name}")
        return f"{self.need(name)}({', '.join(operands)})"


def _unsigned(dtype: DType) -> str:
    return _UNSIGNED.get(dtype.name, "ct_unsigned" if dtype.name == "int64" else c_type(dtype))


def _reciprocal(number: float, double: bool) -> tuple[float, float, float] | None:
    """number, and the two parts of its reciprocal: `high` rounded toward zero, and the rest."""
    smallest, largest, kind = (1e-280, 1e280, np.float64) if double else (1e-25, 1e25, np.float32)
    if not smallest < abs(number) < largest:
        return None
    exact = 1 / Fraction(number)
    high = kind(float(exact))
    if abs(Fraction(float(high))) > abs(exact):
        high = np.nextafter(high, kind(0))
    low = kind(float(exact - Fraction(float(high))))
    return number, float(high), float(low)


def literal(data: bytes, dtype: DType) -> str:
    """A constant as C, exact to the bit for finite numbers."""
    number = np.frombuffer(data, dtype)[0]
    if dtypes.is_bool(dtype):
        return "1" if number else "0"
    if dtypes.is_integer(dtype):
        return _integer_literal(int(number), dtype)
    if dtypes.is_complex(dtype):
        real, imaginary = (
            _float_literal(float(part), dtypes.real_dtype(dtype)) for part in (number.real, number.imag)
        )
        return f"__builtin_complex({real}, {imaginary})"
    return _float_literal(float(number), dtype)


def _integer_literal(number: int, dtype: DType) -> str:
    if dtype == dtypes.UINT64:
        return f"{number}ULL"
    if number == -(2**63):
        return "(-0x7fffffffffffffffLL - 1)"
    if dtype == dtypes.INT64:
        return f"{number}LL" if number >= 0 else f"({number}LL)"
    return f"(({c_type(dtype)}){number}{'u' if dtype == dtypes.UINT32 else ''})"


def _float_literal(number: float, dtype: DType) -> str:
    double = dtype == dtypes.FLOAT64
    if math.isnan(number):
        return '__builtin_nan("")' if double else '__builtin_nanf("")'
    if math.isinf(number):
        text = "__builtin_inf()" if double else "__builtin_inff()"
        return text if number > 0 else f"(-{text})"
    text = (
        repr(number)
        if float(repr(number)) == number and abs(number) < 1e16 and number == round(number, 6)
        else number.hex()
    )
    text += "" if double else "f"
    return f"({text})" if math.copysign(1.0, number) < 0 else text


def size_text(dim: Dim, names: dict[Symbol, str]) -> str:
    """A size as a C expression of ct_int variables."""
    if isinstance(dim, int):
        return str(dim)
    parts = []
    for monomial, coefficient in dim.terms:
        factors = [_atom_text(atom, names) for atom in monomial]
        if coefficient != 1 or not factors:
            factors.insert(0, str(coefficient))
        parts.append(" * ".join(factors))
    text = " + ".join(parts)
    return text if len(dim.terms) == 1 and len(dim.terms[0][0]) == 1 and dim.terms[0][1] == 1 else f"({text})"


def _atom_text(atom: dims.Atom, names: dict[Symbol, str]) -> str:
    if isinstance(atom, Symbol):
        return names[atom]
    left, right = size_text(atom.left, names), size_text(atom.right, names)
    return f"ct_size_{atom.kind}({left}, {right})"


def bytes_text(size: Dim, names: dict[Symbol, str]) -> str:
    """A number of bytes as a C expression: -1 where it would overflow, which no allocator grants."""
    text = size_text(size, names)
    return text if isinstance(size, int) else f"({_estimate(size, names)} < 4e18 ? {text} : -1)"


def _estimate(dim: Dim, names: dict[Symbol, str]) -> str:
    """About the same size as a C expression of doubles."""
    if isinstance(dim, int):
        return f"{dim}.0"
    terms = [
        " * ".join([f"{coefficient}.0", *(_estimated_atom(atom, names) for atom in monomial)])
        for monomial, coefficient in dim.terms
    ]
    return f"({' + '.join(terms)})"


def _estimated_atom(atom: dims.Atom, names: dict[Symbol, str]) -> str:
    if isinstance(atom, Symbol):
        return f"(double){names[atom]}"
    left, right = _estimate(atom.left, names), _estimate(atom.right, names)
    if atom.kind in ("max", "min"):
        return f"__builtin_f{atom.kind}({left}, {right})"
    return right if atom.kind == "mod" else f"({right} != 0 ? {left} / {right} : 0)"


PRELUDE = """\
typedef unsigned __INT64_TYPE__ ct_unsigned;
static inline ct_int ct_size_floordiv(ct_int a, ct_int b)
{
    return b ? a / b - (a % b != 0 && (a < 0) != (b < 0)) : 0;
}
static inline ct_int ct_size_mod(ct_int a, ct_int b) { return b ? a - b * ct_size_floordiv(a, b) : 0; }
static inline ct_int ct_size_max(ct_int a, ct_int b) { return a > b ? a : b; }
static inline ct_int ct_size_min(ct_int a, ct_int b) { return a < b ? a : b; }
"""

"""How each scalar function reads in C, where it is not a function of the vector maths.

In a template {0}, {1}, {2} are the operands, T the C type they are computed in and U its unsigned type.
"""

from __future__ import annotations

from croton.graph import dtypes
from croton.graph.dtypes import DType

# What C calls by another name than NumPy.
C_NAMES = {
    "power": "pow",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "gammaln": "lgamma",
    "absolute": "abs",
    "ldexp": "ldexp_whole",
}
# Integer functions that compute in 64 bits whatever the dtype.
WIDE_INTEGER = frozenset({"gcd", "lcm"})

_MAXIMUM = "(({0} > {1} || {0} != {0}) ? {0} : {1})"
_MINIMUM = "(({0} < {1} || {0} != {0}) ? {0} : {1})"
_LARGER = "({0} > {1} ? {0} : {1})"
_SMALLER = "({0} < {1} ? {0} : {1})"
_ANY = {
    "equal": "({0} == {1})",
    "not_equal": "({0} != {1})",
    "less": "({0} < {1})",
    "less_equal": "({0} <= {1})",
    "greater": "({0} > {1})",
    "greater_equal": "({0} >= {1})",
    "where": "({0} ? {1} : {2})",
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "negative": "(-{0})",
    "square": "({0} * {0})",
    "index_add": "({0} + {1})",
    "index_subtract": "({0} - {1})",
    "index_multiply": "({0} * {1})",
    "index_remainder": "({1} ? {0} % {1} : 0)",
    "index_divide": "({1} ? {0} / {1} : 0)",
    "identity": "{0}",
}
_BOOL = {
    "logical_and": "({0} & {1})",
    "logical_or": "({0} | {1})",
    "logical_xor": "({0} ^ {1})",
    "logical_not": "(!{0})",
    "bitwise_and": "({0} & {1})",
    "bitwise_or": "({0} | {1})",
    "bitwise_xor": "({0} ^ {1})",
    "bitwise_not": "(!{0})",
    "add": "({0} | {1})",
    "multiply": "({0} & {1})",
    "maximum": "({0} | {1})",
    "minimum": "({0} & {1})",
    "fmax": "({0} | {1})",
    "fmin": "({0} & {1})",
    "clip": "(({0} | {1}) & {2})",
}
_INTEGER = {
    "add": "({T})(({U}){0} + ({U}){1})",
    "subtract": "({T})(({U}){0} - ({U}){1})",
    "multiply": "({T})(({U})1 * ({U}){0} * ({U}){1})",
    "negative": "({T})(({U})0 - ({U}){0})",
    "square": "({T})(({U})1 * ({U}){0} * ({U}){0})",
    "maximum": _LARGER,
    "minimum": _SMALLER,
    "fmax": _LARGER,
    "fmin": _SMALLER,
    "clip": _SMALLER.format(_LARGER, "{2}"),
    "relu": "({0} > 0 ? {0} : 0)",
    "absolute": "({T})({0} < 0 ? ({U})0 - ({U}){0} : ({U}){0})",
    "sign": "({T})(({0} > 0) - ({0} < 0))",
    "bitwise_and": "({T})({0} & {1})",
    "bitwise_or": "({T})({0} | {1})",
    "bitwise_xor": "({T})({0} ^ {1})",
    "bitwise_not": "({T})(~{0})",
}
_FLOAT = {
    "divide": "({0} / {1})",
    "reciprocal": "(1 / {0})",
    "maximum": _MAXIMUM,
    "minimum": _MINIMUM,
    "fmax": "(({0} > {1} || {1} != {1}) ? {0} : {1})",
    "fmin": "(({0} < {1} || {1} != {1}) ? {0} : {1})",
    "clip": _MINIMUM.format(_MAXIMUM, "{2}"),
    "relu": "(({0} > 0 || {0} != {0}) ? {0} : 0)",
    "isnan": "({0} != {0})",
    "isinf": "({absolute}({0}) == __builtin_inf())",
    "isfinite": "({absolute}({0}) < __builtin_inf())",
    "absolute": "{absolute}({0})",
    "sign": "({0} != {0} ? {0} : ({T})(({0} > 0) - ({0} < 0)))",
    "signbit": "({copysign}(1, {0}) < 0)",
    "heaviside": "({0} > 0 ? ({T})1 : ({0} < 0 ? ({T})0 : ({0} == 0 ? {1} : {0})))",
    "complex": "__builtin_complex({0}, {1})",
}
_BUILTIN = frozenset({"sqrt", "floor", "ceil", "trunc", "rint"})
_COMPLEX_MISSING = frozenset({"multiply", "divide", "square"})
_FIRST = (
    "(__real__ {0} {sign} __real__ {1} || (__real__ {0} == __real__ {1} && __imag__ {0} {last} __imag__ {1}))"
)


def _lexicographic(sign: str, last: str) -> str:
    """NumPy's order of complex numbers: by real parts, then by imaginary parts; no NaN is in order."""
    ordered = "__imag__ {0} == __imag__ {0} && __imag__ {1} == __imag__ {1} && " if last != "unused" else ""
    return "(" + ordered + _FIRST.replace("{sign}", sign).replace("{last}", last) + ")"


_COMPLEX_NAN = "(__real__ {0} != __real__ {0} || __imag__ {0} != __imag__ {0})"
_COMPLEX = {
    "conj": "(~{0})",
    "real": "(__real__ {0})",
    "imag": "(__imag__ {0})",
    "less": _lexicographic("<", "<"),
    "less_equal": _lexicographic("<", "<="),
    "greater": _lexicographic(">", ">"),
    "greater_equal": _lexicographic(">", ">="),
    "maximum": f"({_COMPLEX_NAN} || {_lexicographic('>', '>=')} ? {{0}} : {{1}})",
    "minimum": f"({_COMPLEX_NAN} || {_lexicographic('<', '<=')} ? {{0}} : {{1}})",
    "fmax": f"({_COMPLEX_NAN.replace('{0}', '{1}')} || {_lexicographic('>', '>=')} ? {{0}} : {{1}})",
    "fmin": f"({_COMPLEX_NAN.replace('{0}', '{1}')} || {_lexicographic('<', '<=')} ? {{0}} : {{1}})",
    "rint": "__builtin_complex({rint}(__real__ {0}), {rint}(__imag__ {0}))",
    "isnan": _COMPLEX_NAN,
    "isinf": "({absolute}(__real__ {0}) == __builtin_inf() || {absolute}(__imag__ {0}) == __builtin_inf())",
    "isfinite": "({absolute}(__real__ {0}) < __builtin_inf() && {absolute}(__imag__ {0}) < __builtin_inf())",
}


def template(function: str, dtype: DType) -> str | None:
    """The C of a scalar function for operands of a dtype; None where it is a vector maths function."""
    if dtypes.is_bool(dtype):
        return _BOOL.get(function) or _ANY.get(function)
    if dtypes.is_integer(dtype):
        return _integer(function, dtype) or _ANY.get(function)
    text = _COMPLEX.get(function) if dtypes.is_complex(dtype) else _float(function)
    if text is None:
        return None if dtypes.is_complex(dtype) and function in _COMPLEX_MISSING else _ANY.get(function)
    suffix = "" if dtypes.real_dtype(dtype) == dtypes.FLOAT64 else "f"
    for name, builtin in (
        ("absolute", "fabs"),
        ("copysign", "copysign"),
        ("rint", "rint"),
        ("builtin", function),
    ):
        text = text.replace("{" + name + "}", f"__builtin_{builtin}{suffix}")
    return text


def _float(function: str) -> str | None:
    return "{builtin}({0})" if function in _BUILTIN else _FLOAT.get(function)


def _integer(function: str, dtype: DType) -> str | None:
    unsigned = dtype.kind == "u"
    if function == "reciprocal":
        least = (
            "0"
            if unsigned or dtype.itemsize < 4
            else "(({T})(({U})1 << " + str(dtype.itemsize * 8 - 1) + "))"
        )
        return (
            "({0} == 1 ? ({T})1 : {0} == 0 ? "
            + least
            + (" : 0)" if unsigned else " : {0} == -1 ? ({T})-1 : 0)")
        )
    if unsigned and function in ("absolute", "relu"):
        return "{0}"
    if unsigned and function == "sign":
        return "({T})({0} > 0)"
    text = _INTEGER.get(function)
    # 16-bit products overflow int when promoted: multiply in 32 unsigned bits.
    return text and text.replace("({U})1 *", "1u *" if dtype.itemsize < 4 else "")

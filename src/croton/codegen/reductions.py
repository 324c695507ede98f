"""How reductions accumulate: the types, first values and combinations of their accumulators.

In a register, the maximum and minimum of floating-point numbers are those of integer keys, which compilers
vectorise.
"""

from __future__ import annotations

import numpy as np

from croton.codegen.scalars import ScalarPrinter, c_type, literal, suffix
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import DType
from croton.loops.members import Member

# Whether a range begins a piece, or goes on with one whose earlier ranges have been accumulated.
PIECE_BEGINS = "begin % grain == 0"


def partial_size(member: Member) -> Dim:
    return dims.product(member.domain[axis] for axis in member.kept)


def accumulator_type(member: Member) -> str:
    dtype = member.value.type.dtype
    if dtype in dtypes.SIGNED and member.reduction in ("sum", "prod"):
        return (
            "unsigned " + {"signed char": "char"}.get(c_type(dtype), c_type(dtype))
            if dtype.itemsize < 8
            else "ct_unsigned"
        )
    return c_type(dtype)


def identity_literal(member: Member) -> str:
    """The number that changes nothing under the member's reduction."""
    return identity_of(str(member.reduction), member.value.type.dtype)


def identity_of(kind: str, dtype: DType) -> str:
    """The number that changes nothing under a reduction of this kind."""
    if kind in ("sum", "any"):
        return "0"
    if kind in ("prod", "all"):
        return "1"
    if dtypes.is_bool(dtype):
        return "0" if kind == "max" else "1"
    if dtypes.is_float(dtype):
        infinity = "__builtin_inf()" if dtype == dtypes.FLOAT64 else "__builtin_inff()"
        return f"-{infinity}" if kind == "max" else infinity
    limits = np.iinfo(dtype)
    number = limits.min if kind == "max" else limits.max
    return literal(np.asarray(number, dtype).tobytes(), dtype)


def combine_text(member: Member, left: str, right: str) -> str:
    """C for left combined with right."""
    kind, dtype = member.reduction, member.value.type.dtype
    if kind == "sum":
        return f"{left} + ({accumulator_type(member)}){right}"
    if kind == "prod":
        return f"{left} * ({accumulator_type(member)}){right}"
    if kind in ("any", "all"):
        return f"{left} {'|' if kind == 'any' else '&'} {right}"
    sign = ">" if kind == "max" else "<"
    nan = f" || {right} != {right}" if dtypes.is_float(dtype) else ""
    return f"({right} {sign} {left}{nan}) ? {right} : {left}"


class Register:
    """The accumulator of a member's reduction in a C variable."""

    def __init__(self, member: Member, printer: ScalarPrinter) -> None:
        self._member = member
        self._printer = printer
        dtype = member.value.type.dtype
        self._suffix = suffix(dtype)
        self._keyed = dtypes.is_float(dtype) and member.reduction in ("max", "min")

    def declaration(self, name: str, earlier: str | None = None) -> str:
        """Its declaration, with the number that changes nothing.

        earlier: where to find what earlier ranges of the same piece came to.
        """
        first, type = identity_literal(self._member), accumulator_type(self._member)
        if self._keyed:
            first, type = self._key(first), self._key_type
        if earlier is not None:
            first = f"{PIECE_BEGINS} ? {first} : {self._key(earlier) if self._keyed else earlier}"
        return f"{type} {name} = {first};"

    def accumulate(self, name: str, number: str) -> list[str]:
        """Statements that take in one more number."""
        if not self._keyed:
            return [f"{name} = {combine_text(self._member, name, number)};"]
        sign = ">" if self._member.reduction == "max" else "<"
        key = f"k{name}"
        return [
            f"const {self._key_type} {key} = {self._key(number)};",
            f"{name} = {key} {sign} {name} ? {key} : {name};",
        ]

    def result(self, name: str) -> str:
        """What has been accumulated."""
        return f"{self._printer.need(f'ct_number_of_key_{self._suffix}')}({name})" if self._keyed else name

    @property
    def clause(self) -> str:
        """The operator by which OpenMP combines the accumulators of vector lanes."""
        kind = str(self._member.reduction)
        if dtypes.is_bool(self._member.value.type.dtype):
            kind = {"max": "any", "min": "all"}.get(kind, kind)
        return {"sum": "+", "prod": "*", "any": "|", "all": "&"}.get(kind, kind)

    @property
    def _key_type(self) -> str:
        return "ct_i64" if self._suffix == "f64" else "ct_i32"

    def _key(self, number: str) -> str:
        return f"{self._printer.need(f'ct_{self._member.reduction}_key_{self._suffix}')}({number})"

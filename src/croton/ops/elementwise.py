"""Elementwise operations: the machinery that every scalar function shares, and casts.

A scalar function is stated once, as an entry of `FUNCTIONS` made by `define` in the file of its family:
dtype rule, NumPy evaluation, derivative. Its C is the scalar function of the same name in codegen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.dtypes import BOOL, DType
from croton.graph.errors import DTypeError
from croton.graph.frozen import Frozen
from croton.graph.values import Constant, NDArray, TensorType, Value
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one

Derivative = Callable[[Sequence[Array], Array, Array], Sequence[Array | None]]
_INT8: DType = np.dtype(np.int8)


class ScalarFunction(Frozen):
    """A function of scalars, applied to every element with broadcasting.

    kinds: the dtype kinds accepted, as a string of "b" (bool), "i" (integers), "f" (floats), "c" (complex),
        "U" (uint64 alone).
    result: "same" (as the operands), "bool", "real" (the real dtype of complex operands) or "complex".
    bool_as_int8: bool operands become int8, as they do in NumPy where only integers are defined.
    widens: bfloat16 operands are evaluated in float32 and rounded.
    derivative: operands, output, cotangent -> cotangents of the operands at the output's shape.
    cost: rough nanoseconds per element, which decides whether recomputing beats storing.
    """

    name: str
    arity: int
    evaluate: Callable[..., Any]
    kinds: str
    result: str
    bool_as_int8: bool
    widens: bool
    derivative: Derivative | None
    cost: float

    def accepts(self, dtype: DType) -> bool:
        """Whether it is defined for operands of this dtype."""
        return kind_of(dtype) in self.kinds or ("U" in self.kinds and dtype == dtypes.UINT64)

    def result_dtype(self, dtype: DType) -> DType:
        """The dtype of the result for operands of this dtype."""
        if self.result == "bool":
            return BOOL
        if self.result == "real":
            return dtypes.real_dtype(dtype)
        return dtypes.complex_dtype(dtype) if self.result == "complex" else dtype


FUNCTIONS: dict[str, ScalarFunction] = {}


def kind_of(dtype: DType) -> str:
    """One letter for what a dtype is: b, i, f or c, and s for those that are only stored."""
    if dtype in dtypes.STORED:
        return "s"
    if dtypes.is_bool(dtype):
        return "b"
    if dtypes.is_integer(dtype):
        return "i"
    return "c" if dtypes.is_complex(dtype) else "f"


def define(
    name: str,
    arity: int,
    evaluate: Callable[..., Any],
    *,
    kinds: str = "ifc",
    result: str = "same",
    bool_as_int8: bool = False,
    widens: bool = True,
    derivative: Derivative | None = None,
    cost: float = 0.1,
) -> ScalarFunction:
    """Adds a scalar function to the table."""
    function = ScalarFunction(name, arity, evaluate, kinds, result, bool_as_int8, widens, derivative, cost)
    FUNCTIONS[name] = function
    return function


class Elementwise(ElementOperation):
    """A scalar function applied to every element of operands of one dtype that broadcast together."""

    function: str

    @property
    def name(self) -> str:
        return self.function

    def __str__(self) -> str:
        return self.function

    @property
    def scalar(self) -> ScalarFunction:
        return FUNCTIONS[self.function]

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        scalar = self.scalar
        if len(operands) != scalar.arity:
            raise TypeError(f"{self.function} takes {scalar.arity} operands, got {len(operands)}")
        dtype = operands[0].dtype
        if any(operand.dtype != dtype for operand in operands):
            found = ", ".join(operand.dtype.name for operand in operands)
            raise DTypeError(f"{self.function}: operands must have one dtype, got {found}")
        if not scalar.accepts(dtype):
            raise dtypes.undefined(self.function, dtype)
        shape = dims.broadcast([operand.shape for operand in operands], self.function)
        return (TensorType(scalar.result_dtype(dtype), shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        scalar = self.scalar
        dtype = operands[0].dtype
        wide = operands
        if dtype == dtypes.BFLOAT16 and scalar.widens:
            wide = tuple(operand.astype(np.float32) for operand in operands)
        result = np.asarray(scalar.evaluate(*wide))
        return (result.astype(scalar.result_dtype(dtype), copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        scalar = self.scalar
        if scalar.derivative is None:
            return [None] * len(operands)
        mask = masked(cotangents[0])
        parts = scalar.derivative(operands, outputs[0], cotangents[0] if mask is None else mask.chosen)
        if mask is not None:
            parts = [None if part is None else mask.apply(part) for part in parts]
        return [
            None if part is None else unbroadcast(part, base.shape_of(operand))
            for operand, part in zip(operands, parts, strict=True)
        ]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        nodes = [broadcast_element(builder, operand, index) for operand in operands]
        return builder.call(self.function, output.dtype, *nodes)


class Mask(Frozen):
    """A cotangent that is `chosen` where every condition has the truth paired with it, and zero elsewhere."""

    conditions: tuple[tuple[Value, bool], ...]
    chosen: Array

    def apply(self, part: Array) -> Array:
        """`part` where the cotangent flows, exactly zero elsewhere."""
        from croton.ops.arithmetic import where

        zero = base.cast(0, base.dtype_of(part))
        for condition, side in reversed(self.conditions):
            part = where(condition, part, zero) if side else where(condition, zero, part)
        return part

    def same_as(self, other: Mask) -> bool:
        """Whether both let the same elements through."""
        return len(self.conditions) == len(other.conditions) and all(
            side == other_side and _same_value(condition, other_condition)
            for (condition, side), (other_condition, other_side) in zip(
                self.conditions, other.conditions, strict=True
            )
        )


def masked(cotangent: Array) -> Mask | None:
    """What is known of where a symbolic cotangent is zero.

    Rules work on what the mask lets through and mask the result, so that an infinite derivative in a branch
    not taken never meets a zero: where(x > 0, log(x), 0) has derivative 0 at 0, not 0 * inf = NaN.
    """
    from croton.ops.arithmetic import Where, add

    if not isinstance(cotangent, Value) or cotangent.owner is None:
        return None
    op, inputs = cotangent.owner.op, cotangent.owner.inputs
    if isinstance(op, Where):
        condition, first, second = inputs
        if not _is_scalar_zero(second) and not _is_scalar_zero(first):
            return None
        side = _is_scalar_zero(second)
        chosen = first if side else second
        inner = masked(chosen)
        if inner is None:
            return Mask(((condition, side),), chosen)
        return Mask(((condition, side), *inner.conditions), inner.chosen)
    if op == Elementwise("add"):
        left = masked(inputs[0])
        right = masked(inputs[1]) if left is not None else None
        if left is None or right is None or not left.same_as(right):
            return None
        return Mask(left.conditions, add(left.chosen, right.chosen))
    return None


def _same_value(first: Value, second: Value) -> bool:
    """Whether two conditions are one: the same value, or the same operation on the same values."""
    if first is second:
        return True
    if isinstance(first, Constant) and isinstance(second, Constant):
        return first.type == second.type and first.data.tobytes() == second.data.tobytes()
    if (
        first.owner is None
        or second.owner is None
        or first.owner.op != second.owner.op
        or not first.owner.op.pure
    ):
        return False
    pairs = zip(first.owner.inputs, second.owner.inputs, strict=False)
    return first.index == second.index and all(
        a is b or (isinstance(a, Constant) and isinstance(b, Constant) and _same_value(a, b))
        for a, b in pairs
    )


def _is_scalar_zero(value: Value) -> bool:
    return isinstance(value, Constant) and value.type.rank == 0 and not value.data.any()


def broadcast_element(builder: Builder, operand: Operand, index: Sequence[Node]) -> Node:
    """The operand's element that lines up with `index` of a result it broadcasts to."""
    shape = operand.type.shape
    aligned = index[len(index) - len(shape) :]
    zero = builder.integer(0)
    return operand.at(
        [zero if size == 1 else position for size, position in zip(shape, aligned, strict=True)]
    )


def unbroadcast(cotangent: Array, shape: Shape) -> Array:
    """The cotangent of an operand of this shape from that of its broadcast: summed where stretched."""
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import reshape

    full = base.shape_of(cotangent)
    extra = len(full) - len(shape)
    axes = list(range(extra))
    axes += [axis + extra for axis, size in enumerate(shape) if size == 1 and full[axis + extra] != 1]
    if not axes:
        return cotangent
    summed = sum_over(cotangent, axis=tuple(axes))
    return summed if len(axes) == extra else reshape(summed, shape)


class Cast(ElementOperation):
    """Conversion to another dtype, as NumPy's astype."""

    dtype: DType
    name = "cast"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(self.dtype, operands[0].shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        source = operands[0]
        if dtypes.is_complex(source.dtype) and not dtypes.is_complex(self.dtype) and self.dtype != BOOL:
            source = source.real
        return (source.astype(self.dtype),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        dtype = base.dtype_of(operands[0])
        if not dtypes.is_inexact(dtype) or not dtypes.is_inexact(self.dtype):
            return [None]
        return [base.cast(cotangents[0], dtype)]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return builder.cast(operands[0].at(index), self.dtype)


def elementwise(name: str, *operands: object, dtype: DType | None = None) -> Array:
    """Applies a scalar function after promoting the operands to one dtype (`dtype` where given).

    Raises:
        DTypeError: the function is not defined for that dtype.
        ShapeError: the operands do not broadcast together.
    """
    converted = base.as_operands(*operands, dtype=dtype)
    if dtypes.is_bool(base.dtype_of(converted[0])) and FUNCTIONS[name].bool_as_int8:
        converted = [base.cast(operand, _INT8) for operand in converted]
    return apply_one(Elementwise(name), *converted)


def elementwise_inexact(name: str, *operands: object) -> Array:
    """Applies a scalar function whose arguments NumPy converts to floating point first."""
    converted = [op if isinstance(op, base.PYTHON_SCALARS) else base.as_array(op) for op in operands]
    return elementwise(name, *converted, dtype=inexact_dtype(converted))


def inexact_dtype(operands: Sequence[Array]) -> DType:
    """The dtype of NumPy's floating-point functions for these operands: each array's own, promoted.

    Python numbers are weak: an int takes the arrays' dtype, a float makes integers float64; either
    outranks bool.
    """
    arrays = [operand for operand in operands if not isinstance(operand, base.PYTHON_SCALARS)]
    if not arrays:
        return dtypes.inexact(base.common_dtype(operands))
    dtype = dtypes.promote(*(dtypes.inexact(base.dtype_of(array)) for array in arrays))
    common = dtypes.promote(*(base.dtype_of(array) for array in arrays))
    for scalar in operands:
        if isinstance(scalar, base.PYTHON_SCALARS) and not isinstance(scalar, bool):
            outranked = dtypes.is_bool(common) or not (isinstance(scalar, int) or dtypes.is_inexact(common))
            dtype = dtypes.promote_scalar(
                dtypes.promote(dtype, dtypes.FLOAT64) if outranked else dtype, scalar
            )
    return dtype


def conjugate(array: Array) -> Array:
    """The complex conjugate; real arrays pass through (cotangents of complex functions need it)."""
    return elementwise("conj", array) if dtypes.is_complex(base.dtype_of(array)) else array


def in_single(function: Callable[..., Array], *operands: Array) -> Array:
    """function(*operands), where half precisions calculate in float32 and are rounded once at the end.

    For functions composed of others, whose constants a half precision would spoil.
    """
    dtype = base.dtype_of(operands[0])
    if dtypes.compute_dtype(dtype) == dtype:
        return function(*operands)
    return base.cast(function(*(base.cast(operand, dtypes.FLOAT32) for operand in operands)), dtype)


def inexact_operands(*operands: object) -> list[Array]:
    """Operands converted to the floating dtype in which NumPy's functions would evaluate them."""
    converted = [op if isinstance(op, base.PYTHON_SCALARS) else base.as_array(op) for op in operands]
    return base.as_operands(*converted, dtype=inexact_dtype(converted))

"""Making expressions: sums and products written out, and shorthands that keep them small."""

from __future__ import annotations

import math

import numpy as np

from croton.graph import dtypes
from croton.graph.dtypes import DType
from croton.graph.operation import Operation
from croton.graph.values import Constant, Value, owner_of
from croton.ops import arithmetic, base
from croton.ops.comparison import less
from croton.ops.elementwise import FUNCTIONS, elementwise
from croton.rewrite.views import Product, Sum


def available(*names: str) -> bool:
    """Whether scalar functions of these names exist."""
    return all(name in FUNCTIONS for name in names)


def number(value: float, dtype: DType) -> Constant:
    """A scalar constant of a dtype."""
    with np.errstate(all="ignore"):
        return Constant.factory_constant(np.asarray(value, np.float64).astype(dtype))


def applied(operation: Operation, *operands: Value) -> Value:
    """The only output of an operation."""
    result: Value = base.apply_one(operation, *operands)
    return result


def call(function: str, *operands: Value) -> Value:
    """A scalar function of operands of one dtype."""
    result: Value = elementwise(function, *operands)
    return result


def negative(value: Value) -> Value:
    """-value; the operand itself of a value that is a negation, and the other way round for differences."""
    owner = value.owner
    if isinstance(value, Constant):
        return Constant.factory_constant(-value.data)
    if owner is not None and owner.op.name == "negative":
        return owner.inputs[0]
    return call("negative", value)


def scaled(value: Value, factor: float) -> Value:
    """factor * value."""
    if factor == 1.0:
        return value
    return negative(value) if factor == -1.0 else call("multiply", value, number(factor, value.type.dtype))


def add(left: Value, right: Value) -> Value:
    owner = right.owner
    if owner is not None and owner.op.name == "negative":
        return call("subtract", left, owner.inputs[0])
    return call("add", left, right)


def subtract(left: Value, right: Value) -> Value:
    owner = right.owner
    if owner is not None and owner.op.name == "negative":
        return call("add", left, owner.inputs[0])
    return call("subtract", left, right)


def where_negative(tested: Value, result: Value) -> Value:
    """NaN where `tested` is below zero, else the result: what a logarithm or a root made of it."""
    zero = number(0.0, tested.type.dtype)
    chosen: Value = arithmetic.where(less(tested, zero), number(math.nan, result.type.dtype), result)
    return chosen


def where(condition: Value, chosen: Value, other: Value) -> Value:
    result: Value = arithmetic.where(condition, chosen, other)
    return result


def write_sum(summed: Sum, dtype: DType) -> Value:
    """The sum as an expression: positive terms first, in order."""
    ordered = sorted(summed.terms.items(), key=lambda item: item[1] < 0)
    result: Value | None = None
    for term, coefficient in ordered:
        if result is None:
            result = scaled(term, coefficient)
        elif coefficient < 0:
            result = subtract(result, scaled(term, -coefficient))
        else:
            result = add(result, scaled(term, coefficient))
    if result is None:
        return number(summed.constant, dtype)
    if summed.constant > 0:
        if _is_negation(result):
            return call("subtract", number(summed.constant, dtype), owner_of(result).inputs[0])
        return call("add", result, number(summed.constant, dtype))
    if summed.constant:  # negative or NaN
        return call("subtract", result, number(-summed.constant, dtype))
    return result


def _is_negation(value: Value) -> bool:
    return value.owner is not None and value.owner.op.name == "negative"


def power(base_: Value, exponent: float) -> Value:
    """base ** exponent by the cheapest exact operations."""
    if exponent == 1.0:
        return base_
    if exponent == 2.0:
        return call("square", base_)
    if exponent == 0.5:
        return call("sqrt", base_)
    if exponent == -1.0:
        return call("divide", number(1.0, base_.type.dtype), base_)
    if exponent == 3.0:
        return call("multiply", call("square", base_), base_)
    if exponent == 4.0:
        return call("square", call("square", base_))
    if exponent == 1.5:
        return call("multiply", base_, call("sqrt", base_))
    if exponent < 0 and (-exponent in (2.0, 3.0, 4.0, 0.5)):
        return call("divide", number(1.0, base_.type.dtype), power(base_, -exponent))
    return call("power", base_, number(exponent, base_.type.dtype))


def _times(result: Value, factor: Value, exponent: float) -> Value:
    """result * factor ** exponent; small whole powers one by one, since factor**2 may overflow on its own."""
    name = "multiply" if exponent > 0 else "divide"
    size = abs(exponent)
    if size not in (2.0, 3.0):
        return call(name, result, power(factor, size))
    for _ in range(int(size)):
        result = call(name, result, factor)
    return result


def write_product(product: Product, dtype: DType) -> Value:
    """The product as an expression: factors in order, dividing as it goes, so that extremes meet early."""
    result: Value | None = None
    sign = 1.0
    coefficient = product.coefficient
    if coefficient < 0:
        sign, coefficient = -1.0, -coefficient
    pending = coefficient
    ordered = sorted(product.factors.items(), key=lambda item: item[1] < 0)
    for factor, exponent in ordered:
        if result is None:
            if exponent > 0:
                result = power(factor, exponent)
            else:
                result = call("divide", number(pending, dtype), power(factor, -exponent))
                pending = 1.0
        else:
            result = _times(result, factor, exponent)
    if result is None:
        return number(product.coefficient, dtype)
    if pending != 1.0:
        result = call("multiply", result, number(pending, dtype))
    for factor in product.restricted:
        exponent = product.factors.get(factor, 0.0)
        if exponent.is_integer():
            result = where_negative(factor, result)
    return negative(result) if sign < 0 else result


def full(value: float, like: Value) -> Value:
    """A number in the dtype and shape of a value."""
    result: Value = base.symbolic(broadcast(number(value, like.type.dtype), like))
    return result


def broadcast(value: Value, like: Value) -> Value:
    """A value stretched to the shape of another."""
    from croton.ops.shape import broadcast_to

    result: Value = broadcast_to(value, like.type.shape)
    return result


def as_type(value: Value, like: Value) -> Value | None:
    """A value in the dtype and shape of the one it replaces, or None if it does not fit."""
    if value.type.dtype != like.type.dtype:
        if not (dtypes.is_inexact(value.type.dtype) and dtypes.is_inexact(like.type.dtype)):
            return None
        cast: Value = base.cast(value, like.type.dtype)
        value = cast
    if value.type.shape == like.type.shape:
        return value
    return broadcast(value, like) if value.type.rank <= like.type.rank else None

"""One form for what can be typed in several ways: fewer operations, fewer forms for other rules to know."""

from __future__ import annotations

import math

from croton.graph import dtypes
from croton.graph.values import Value, owner_of
from croton.ops.base import cast
from croton.ops.elementwise import Cast
from croton.ops.shape import BroadcastTo, Concatenate, Reshape, Transpose
from croton.rewrite import build
from croton.rewrite.engine import Rewriter, Rule


def _product_with_itself(rewriter: Rewriter, value: Value) -> Value | None:
    """x * x."""
    left, right = owner_of(value).inputs
    if left is not right or dtypes.is_bool(value.type.dtype):
        return None
    return build.call("square", left)


def _neutral(rewriter: Rewriter, value: Value) -> Value | None:
    """x * 1, x / 1, x - 0; x + 0 only where x cannot be -0.0, which adding 0.0 turns into 0.0."""
    owner = owner_of(value)
    left, right = owner.inputs
    name = owner.op.name
    number = rewriter.views.number(right)
    if number is not None and dtypes.is_inexact(value.type.dtype):
        if name in ("multiply", "divide") and number == 1.0:
            return left
        if number == 0.0 and (name == "subtract" and not math.copysign(1.0, number) < 0):
            return left
        if number == 0.0 and name == "add" and _without_minus_zero(rewriter, left, number):
            return left
    number = rewriter.views.number(left) if name in ("add", "multiply") else None
    if number is not None and dtypes.is_inexact(value.type.dtype):
        if name == "multiply" and number == 1.0:
            return right
        if name == "add" and number == 0.0 and _without_minus_zero(rewriter, right, number):
            return right
    if name == "multiply":
        return _minus_one(rewriter, left, right)
    return None


def _without_minus_zero(rewriter: Rewriter, operand: Value, zero: float) -> bool:
    """Whether adding this zero changes nothing: it is -0.0, or the operand is never -0.0."""
    name = rewriter.views.name(operand)
    return math.copysign(1.0, zero) < 0 or name in ("exp", "square", "absolute", "softmax", "sigmoid", "add")


def _minus_one(rewriter: Rewriter, left: Value, right: Value) -> Value | None:
    """x * -1 is -x."""
    for operand, other in ((left, right), (right, left)):
        if rewriter.views.number(other) == -1.0 and dtypes.is_inexact(operand.type.dtype):
            return build.negative(operand)
    return None


def _double_negation(rewriter: Rewriter, value: Value) -> Value | None:
    """-(-x)."""
    operands = rewriter.views.operands(owner_of(value).inputs[0], "negative")
    return None if operands is None else operands[0]


def _power(rewriter: Rewriter, value: Value) -> Value | None:
    """x ** 1, x ** 2, x ** 0.5, x ** -1: the operation of that name. Infinities agree with power."""
    owner = owner_of(value)
    base_, exponent = owner.inputs
    number = rewriter.views.number(exponent)
    if number is None or not dtypes.is_inexact(value.type.dtype) or dtypes.is_complex(value.type.dtype):
        return None
    if number == 0.0:
        return build.full(1.0, value)
    if number == 1.0:
        return base_
    if number == 2.0:
        return build.call("square", base_)
    if number == -1.0:
        return build.call("divide", build.number(1.0, value.type.dtype), base_)
    return None


def _division_by_power_of_two(rewriter: Rewriter, value: Value) -> Value | None:
    """x / 2**k is x * 2**-k exactly."""
    left, right = owner_of(value).inputs
    number = rewriter.views.number(right)
    if number is None or not dtypes.is_float(value.type.dtype) or not math.isfinite(number) or number == 0:
        return None
    mantissa, exponent = math.frexp(number)
    if abs(mantissa) != 0.5 or abs(exponent) > 14:  # half precision holds these
        return None
    return build.call("multiply", left, build.number(1.0 / number, value.type.dtype))


def _nested_view(rewriter: Rewriter, value: Value) -> Value | None:
    """reshape(reshape(x)), transpose(transpose(x)), broadcast_to(broadcast_to(x)) are one of their kind."""
    owner = owner_of(value)
    inner = rewriter.views.equation(owner.inputs[0])
    source = inner.inputs[0] if inner is not None and inner.inputs else None
    if isinstance(owner.op, (Reshape, BroadcastTo)) and owner.inputs[0].type.shape == owner.op.shape:
        return owner.inputs[0]
    if source is None or inner is None or type(inner.op) is not type(owner.op):
        return None
    if isinstance(owner.op, Transpose) and isinstance(inner.op, Transpose):
        order = tuple(inner.op.permutation[axis] for axis in owner.op.permutation)
        if order == tuple(range(len(order))):
            return source
        return build.applied(Transpose(order), source)
    if isinstance(owner.op, Reshape) and source.type.shape == owner.op.shape:
        return source
    return build.applied(owner.op, source)


def _transposed_parts(rewriter: Rewriter, value: Value) -> Value | None:
    """transpose(concatenate(parts)), which would find out for each element whose part it is in."""
    owner = owner_of(value)
    joined = rewriter.views.equation(owner.inputs[0])
    if joined is None or not isinstance(joined.op, Concatenate) or not isinstance(owner.op, Transpose):
        return None
    parts = [build.applied(owner.op, part) for part in joined.inputs]
    return build.applied(Concatenate(owner.op.permutation.index(joined.op.axis)), *parts)


def _needless_cast(rewriter: Rewriter, value: Value) -> Value | None:
    """A cast to the same dtype, or back from one that holds every number of the first."""
    owner = owner_of(value)
    operand = owner.inputs[0]
    if operand.type.dtype == value.type.dtype:
        return operand
    inner = rewriter.views.equation(operand)
    if inner is None or not isinstance(inner.op, Cast):
        return None
    source = inner.inputs[0]
    import numpy as np

    if not np.can_cast(source.type.dtype, operand.type.dtype, "safe") or dtypes.BFLOAT16 in (
        source.type.dtype,
        operand.type.dtype,
        value.type.dtype,
    ):
        return None
    result: Value = cast(source, value.type.dtype)
    return result


CANONICAL: tuple[Rule, ...] = (
    Rule("square", "x * x is square(x)", frozenset(("multiply",)), _product_with_itself, "x * x", -2),
    Rule(
        "neutral-element",
        "x * 1, x / 1, x + 0 and x - 0 are x; x * -1 is -x",
        frozenset(("add", "subtract", "multiply", "divide")),
        _neutral,
        "x * 1.0",
        -2,
    ),
    Rule(
        "named-power",
        "x**0, x**1, x**2 and x**-1 need no power function",
        frozenset(("power",)),
        _power,
        "power(x, const([2.0]))",
    ),
    Rule(
        "division-by-power-of-two",
        "x / 2**k is x * 2**-k, exactly, and multiplying is faster",
        frozenset(("divide",)),
        _division_by_power_of_two,
        "x / 4.0",
        -2,
    ),
    Rule("double-negation", "two signs cancel", frozenset(("negative",)), _double_negation, "-(-x)", -2),
    Rule(
        "nested-view",
        "a reshape of a reshape, or a transpose of a transpose, is one",
        frozenset(("reshape", "transpose", "broadcast_to")),
        _nested_view,
        "reshape(reshape(x, (3, 1)), (1, 3))",
    ),
    Rule(
        "transposed-parts",
        "parts are put together one by one along the axis that they have in the result",
        frozenset(("transpose",)),
        _transposed_parts,
        "transpose(stack([exp(x), y]))",
    ),
    Rule(
        "needless-cast",
        "a cast there and back loses nothing",
        frozenset(("cast",)),
        _needless_cast,
        "cast(cast(cast(10 * x, 'int32'), 'int64'), 'float64')",
    ),
)

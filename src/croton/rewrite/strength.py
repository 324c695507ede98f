"""Cheaper operations for the same result. Applied last, when no rule looks for what they replace."""

from __future__ import annotations

from croton.graph import dtypes
from croton.graph.graph import Graph
from croton.graph.values import Value, owner_of
from croton.rewrite import build
from croton.rewrite.engine import Rewriter, Rule, RuleSet, rewrite


def _chain(base: Value, exponent: int) -> Value:
    """base ** exponent by squaring, for exponents from 1 to 8."""
    if exponent == 1:
        return base
    half = _chain(base, exponent // 2)
    squared = build.call("square", half)
    return squared if exponent % 2 == 0 else build.call("multiply", squared, base)


def _whole_power(rewriter: Rewriter, value: Value) -> Value | None:
    base, exponent = owner_of(value).inputs
    number = rewriter.views.number(exponent)
    if number is None or not number.is_integer() or not 2 <= abs(number) <= 8:
        return None
    if not dtypes.is_inexact(value.type.dtype):
        return None
    chain = _chain(base, int(abs(number)))
    return chain if number > 0 else build.call("divide", build.number(1.0, value.type.dtype), chain)


def _sigmoid_slope(rewriter: Rewriter, value: Value) -> Value | None:
    arguments = []
    for factor in owner_of(value).inputs:
        if factor.owner is None or factor.owner.op.name != "sigmoid":
            return None
        arguments.append(factor.owner.inputs[0])
    first, second = arguments
    if _is_negative_of(first, second):
        return build.call("logistic_density", second)
    return build.call("logistic_density", first) if _is_negative_of(second, first) else None


def _is_negative_of(value: Value, other: Value) -> bool:
    return value.owner is not None and value.owner.op.name == "negative" and value.owner.inputs[0] is other


STRENGTH: tuple[Rule, ...] = (
    Rule(
        "whole-power",
        "x**n by products for whole n up to 8: several times faster than the power function",
        frozenset(("power",)),
        _whole_power,
        "power(x, const([5.0]))",
    ),
    Rule(
        "sigmoid-slope",
        "sigmoid(x) sigmoid(-x) from one exponential and one quotient: the derivative of sigmoid and of tanh",
        frozenset(("multiply",)),
        _sigmoid_slope,
        "sigmoid(x) * sigmoid(-x)",
        low=-2,
    ),
)


_RULES = RuleSet([STRENGTH])


def reduce_strength(graph: Graph) -> Graph:
    """The graph with powers written as products, and slopes of sigmoids as one function."""
    names = {equation.op.name for equation in graph.equations}
    if "power" not in names and not names >= {"sigmoid", "multiply"}:
        return graph
    return rewrite(graph, _RULES)

"""Expressions as sums of exponentials: what sigmoids, hyperbolic functions and softplus are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from croton.graph.dtypes import DType
from croton.graph.frozen import Frozen
from croton.graph.values import Value
from croton.rewrite import build
from croton.rewrite.views import Sum, Views, add_sums, scaled_sum

MOST_EXPONENTIALS = 4


class Exponential(Frozen):
    """coefficient * exp(exponent); a constant is one with the exponent 0."""

    coefficient: float
    exponent: Sum

    @property
    def is_constant(self) -> bool:
        return not self.exponent.terms and not self.exponent.constant


def exponentials(views: Views, value: Value) -> list[Exponential] | None:
    """A value as a sum of multiples of exponentials and constants, or None if it is not one."""
    summed = views.sum(value)
    found = [Exponential(summed.constant, Sum({}))] if summed.constant else []
    for term, coefficient in summed.terms.items():
        parts = _of_term(views, term, coefficient)
        if parts is None:
            return None
        for part in parts:
            _merge(found, part)
    kept = [part for part in found if part.coefficient]
    return kept if kept and len(kept) <= MOST_EXPONENTIALS else None


def _merge(found: list[Exponential], part: Exponential) -> None:
    """Adds a part, to one of the same exponent if there is one."""
    for position, other in enumerate(found):
        difference = add_sums(part.exponent, other.exponent, -1.0)
        if not difference.terms and not difference.constant:
            found[position] = Exponential(other.coefficient + part.coefficient, other.exponent)
            return
    found.append(part)


def _of_term(views: Views, term: Value, coefficient: float) -> list[Exponential] | None:
    name = views.name(term)
    owner = views.equation(term)
    if owner is None:
        return None
    if name == "exp":
        return [Exponential(coefficient, views.sum(owner.inputs[0]))]
    if name == "expm1":
        return [Exponential(coefficient, views.sum(owner.inputs[0])), Exponential(-coefficient, Sum({}))]
    if name == "exp_difference":
        upper, lower = (views.sum(operand) for operand in owner.inputs)
        return [Exponential(coefficient, upper), Exponential(-coefficient, lower)]
    if name in ("cosh", "sinh"):
        inner = views.sum(owner.inputs[0])
        sign = 1.0 if name == "cosh" else -1.0
        half = coefficient / 2
        return [Exponential(half, inner), Exponential(sign * half, scaled_sum(inner, -1.0))]
    if name in ("multiply", "divide"):
        return _of_product(views, term, coefficient)
    return None


def _of_product(views: Views, term: Value, coefficient: float) -> list[Exponential] | None:
    """c * exp(a) ** p * exp(b) ** q ... is one exponential."""
    product = views.product(term)
    exponent = Sum({})
    for factor, power in product.factors.items():
        operands = views.operands(factor, "exp")
        if operands is None:
            return None
        exponent = add_sums(exponent, views.sum(operands[0]), power)
    return [Exponential(coefficient * product.coefficient, exponent)]


def shifted(exponent: Sum, coefficient: float) -> Sum:
    """The exponent of a positive multiple of an exponential, with the multiple inside."""
    return Sum(exponent.terms, exponent.constant + math.log(coefficient))


def difference(left: Exponential, right: Exponential) -> Sum:
    """log of the ratio of the sizes of two exponentials."""
    inner = add_sums(left.exponent, right.exponent, -1.0)
    return Sum(
        inner.terms, inner.constant + math.log(abs(left.coefficient)) - math.log(abs(right.coefficient))
    )


def written(summed: Sum, dtype: DType) -> Value:
    if summed.is_single:
        return next(iter(summed.terms))
    return build.write_sum(summed, dtype)


def ordered(parts: Sequence[Exponential]) -> list[Exponential]:
    """Constants last."""
    return sorted(parts, key=lambda part: part.is_constant)

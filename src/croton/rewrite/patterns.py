"""The pattern language: formulas that match however they were typed.

A pattern is a formula in Python's syntax: `"log(1 + exp(x))"`. Names are variables, each standing for one
expression; calls are scalar functions by name; sums and products match in any order, with subtraction,
negation, division, roots and powers seen as what they are (see `croton.rewrite.views`). A pattern that is a
sum also matches any multiple of it among other terms, and one that is a product any whole power of it
among other factors.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeAlias

from croton.graph.dtypes import DType
from croton.graph.frozen import Frozen
from croton.graph.values import Value
from croton.rewrite import build
from croton.rewrite.views import Product, Sum, Views, add_sums, multiply_products, raised_product, scaled_sum


class Variable(Frozen):
    """Any expression, the same wherever the name occurs."""

    name: str


class Call(Frozen):
    """A scalar function of patterns."""

    function: str
    arguments: tuple[Pattern, ...]


class SumPattern(Frozen):
    """constant + sum of coefficient * pattern."""

    terms: tuple[tuple[Pattern, float], ...]
    constant: float


class ProductPattern(Frozen):
    """coefficient * product of pattern ** exponent."""

    factors: tuple[tuple[Pattern, float], ...]
    coefficient: float


Pattern: TypeAlias = Variable | Call | SumPattern | ProductPattern
Bindings: TypeAlias = Mapping[str, Value]


def close(left: float, right: float) -> bool:
    """Whether two numbers that a user typed or that follow from typed ones are meant to be equal."""
    return left == right or abs(left - right) <= 4e-16 * max(abs(left), abs(right))


@cache
def parse(text: str) -> Pattern:
    """The pattern that a formula states.

    Raises:
        ValueError: the formula uses anything but names, numbers, + - * / ** and calls.
    """
    return _convert(ast.parse(text, mode="eval").body)


def _convert(node: ast.expr) -> Pattern:
    number = _number(node)
    if number is not None:
        return SumPattern((), number)
    if isinstance(node, ast.Name):
        return Variable(node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arguments = tuple(_convert(argument) for argument in node.args)
        if node.func.id == "sqrt":
            return ProductPattern(((arguments[0], 0.5),), 1.0)
        return Call(node.func.id, arguments)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _times(_convert(node.operand), -1.0)
    if isinstance(node, ast.BinOp):
        return _binary(node)
    raise ValueError(f"not a pattern: {ast.unparse(node)}")


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in ("pi",):
        return math.pi
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return None


def _binary(node: ast.BinOp) -> Pattern:
    left, right = _convert(node.left), _convert(node.right)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        first, second = _as_sum(left), _as_sum(right)
        sign = 1.0 if isinstance(node.op, ast.Add) else -1.0
        terms = (*first.terms, *((term, sign * coefficient) for term, coefficient in second.terms))
        return SumPattern(terms, first.constant + sign * second.constant)
    right_number = _number(node.right)
    if isinstance(node.op, ast.Pow) and right_number is not None:
        return _raised(left, right_number)
    if isinstance(node.op, (ast.Mult, ast.Div)):
        sign = 1.0 if isinstance(node.op, ast.Mult) else -1.0
        left_number = _number(node.left)
        if right_number is not None:
            return _times(left, right_number**sign)
        if left_number is not None and sign > 0:
            return _times(right, left_number)
        first_, second_ = _as_product(left), _as_product(right)
        factors = (*first_.factors, *((factor, sign * power) for factor, power in second_.factors))
        return ProductPattern(factors, first_.coefficient * second_.coefficient**sign)
    raise ValueError(f"not a pattern: {ast.unparse(node)}")


def _as_sum(pattern: Pattern) -> SumPattern:
    return pattern if isinstance(pattern, SumPattern) else SumPattern(((pattern, 1.0),), 0.0)


def _as_product(pattern: Pattern) -> ProductPattern:
    if isinstance(pattern, ProductPattern):
        return pattern
    if isinstance(pattern, SumPattern) and not pattern.terms:
        return ProductPattern((), pattern.constant)
    if isinstance(pattern, SumPattern) and len(pattern.terms) == 1 and not pattern.constant:
        (term, coefficient) = pattern.terms[0]
        inner = _as_product(term)
        return ProductPattern(inner.factors, inner.coefficient * coefficient)
    return ProductPattern(((pattern, 1.0),), 1.0)


def _times(pattern: Pattern, factor: float) -> Pattern:
    if isinstance(pattern, ProductPattern):
        return ProductPattern(pattern.factors, pattern.coefficient * factor)
    summed = _as_sum(pattern)
    return SumPattern(tuple((term, c * factor) for term, c in summed.terms), summed.constant * factor)


def _raised(pattern: Pattern, exponent: float) -> ProductPattern:
    inner = _as_product(pattern)
    factors = tuple((factor, power * exponent) for factor, power in inner.factors)
    return ProductPattern(factors, inner.coefficient**exponent)


def root_names(pattern: Pattern) -> frozenset[str]:
    """The operations at which a pattern can match."""
    if isinstance(pattern, SumPattern):
        return frozenset(("add", "subtract"))
    if isinstance(pattern, ProductPattern):
        if len(pattern.factors) == 1:
            return frozenset(("multiply", "divide", "square", "sqrt", "power", "reciprocal", "rsqrt"))
        return frozenset(("multiply", "divide"))
    if isinstance(pattern, Call):
        return frozenset((pattern.function,))
    raise ValueError("a pattern must be more than a variable")


def required_names(pattern: Pattern) -> frozenset[str]:
    """Operations that must be among the terms and their factors of what a sum or product pattern matches."""
    if isinstance(pattern, Call):
        return frozenset()
    names: set[str] = set()
    parts = pattern.terms if isinstance(pattern, SumPattern) else getattr(pattern, "factors", ())
    for part, _ in parts:
        if isinstance(part, Call):
            names.add(part.function)
        elif isinstance(part, ProductPattern):
            names.update(factor.function for factor, _ in part.factors if isinstance(factor, Call))
    return frozenset(names)


class Match(Frozen):
    """A pattern found: what its variables stand for, and what surrounds it.

    The whole is scale * pattern + rest for a sum, coefficient * pattern ** power * rest for a product.
    """

    bindings: Bindings
    scale: float = 1.0
    rest: Sum | Product | None = None


class Matcher:
    """Finds patterns in expressions of one graph."""

    def __init__(self, views: Views) -> None:
        self.views = views

    def root(self, pattern: Pattern, value: Value) -> Iterator[Match]:
        """Every way in which a value is a multiple or a power of the pattern beside other things."""
        if isinstance(pattern, SumPattern):
            yield from self._root_sum(pattern, value)
        elif isinstance(pattern, ProductPattern):
            yield from self._root_product(pattern, value)
        else:
            for bindings in self.match(pattern, value, {}):
                yield Match(bindings)

    def match(self, pattern: Pattern, value: Value, bindings: Bindings) -> Iterator[Bindings]:
        """Every way to extend `bindings` so that the whole value is the pattern."""
        if isinstance(pattern, Variable):
            bound = bindings.get(pattern.name)
            if bound is None:
                yield {**bindings, pattern.name: value}
            elif self.same(bound, value):
                yield bindings
        elif isinstance(pattern, Call):
            operands = self.views.operands(value, pattern.function)
            if operands is not None and len(operands) == len(pattern.arguments):
                yield from self._all(list(zip(pattern.arguments, operands, strict=True)), bindings)
        elif isinstance(pattern, SumPattern):
            for found, rest in self._sum(pattern, self.views.sum(value), bindings, value.type.dtype):
                if not rest.terms and not rest.constant:
                    yield found
        else:
            for found, remaining in self._product(
                pattern, self.views.product(value), 1.0, bindings, value.type.dtype
            ):
                if not remaining.factors and close(remaining.coefficient, 1.0):
                    yield found

    def _all(self, pairs: list[tuple[Pattern, Value]], bindings: Bindings) -> Iterator[Bindings]:
        if not pairs:
            yield bindings
            return
        # Arguments that are bare variables last: the others say what they stand for.
        (pattern, value), *rest = pairs
        for extended in self.match(pattern, value, bindings):
            yield from self._all(rest, extended)

    def same(self, left: Value, right: Value) -> bool:
        """Whether two expressions are one, or equal as sums."""
        if left is right:
            return True
        if left.type.dtype != right.type.dtype:
            return False
        difference = add_sums(self.views.sum(left), self.views.sum(right), -1.0)
        return not difference.terms and difference.constant == 0

    def _root_sum(self, pattern: SumPattern, value: Value) -> Iterator[Match]:
        subject = self.views.sum(value)
        lead, weight = pattern.terms[0]
        for term, coefficient in subject.terms.items():
            if isinstance(lead, Call) and self.views.name(term) != lead.function:
                continue
            scale = coefficient / weight
            if isinstance(lead, ProductPattern):
                scale *= self.views.product(term).coefficient / lead.coefficient
            if not math.isfinite(scale) or not scale:
                continue
            unit = scaled_sum(subject, 1.0 / scale) if scale != 1.0 else subject
            for bindings, rest in self._sum(pattern, unit, {}, value.type.dtype):
                if rest.constant and pattern.constant:
                    continue
                yield Match(bindings, scale, scaled_sum(rest, scale))

    def _sum(
        self, pattern: SumPattern, subject: Sum, bindings: Bindings, dtype: DType
    ) -> Iterator[tuple[Bindings, Sum]]:
        """Ways to find all the terms of a pattern in a sum, and what is left of it."""
        constant = subject.constant - pattern.constant
        if close(subject.constant, pattern.constant):
            constant = 0.0
        elif pattern.constant and constant:
            return
        yield from self._terms(list(pattern.terms), Sum(subject.terms, constant), bindings, dtype)

    def _terms(
        self, terms: list[tuple[Pattern, float]], subject: Sum, bindings: Bindings, dtype: DType
    ) -> Iterator[tuple[Bindings, Sum]]:
        if not terms:
            yield bindings, subject
            return
        position = _next_part(terms, bindings)
        pattern, weight = terms[position]
        others = [*terms[:position], *terms[position + 1 :]]
        if isinstance(pattern, Variable):
            bound = bindings.get(pattern.name)
            if bound is not None:
                for rest in _without(subject, scaled_sum(self.views.sum(bound), weight)):
                    yield from self._terms(others, rest, bindings, dtype)
            elif subject.terms and not others:
                taken = scaled_sum(subject, 1.0 / weight)
                yield {**bindings, pattern.name: self.written(taken, dtype)}, Sum({})
            return
        for term, coefficient in subject.terms.items():
            factor = coefficient
            if isinstance(pattern, ProductPattern):
                factor *= self.views.product(term).coefficient / pattern.coefficient
            elif isinstance(pattern, Call) and self.views.name(term) != pattern.function:
                continue
            if not close(factor, weight):
                continue
            rest = Sum({t: c for t, c in subject.terms.items() if t is not term}, subject.constant)
            for extended in self._term(pattern, term, bindings):
                yield from self._terms(others, rest, extended, dtype)

    def _term(self, pattern: Pattern, term: Value, bindings: Bindings) -> Iterator[Bindings]:
        if not isinstance(pattern, ProductPattern):
            yield from self.match(pattern, term, bindings)
            return
        subject = self.views.product(term)
        for found, rest in self._product(pattern, subject, 1.0, bindings, term.type.dtype):
            if not rest.factors:
                yield found

    def _root_product(self, pattern: ProductPattern, value: Value) -> Iterator[Match]:
        subject = self.views.product(value)
        lead, exponent = pattern.factors[0]
        for factor, total in subject.factors.items():
            if isinstance(lead, Call) and self.views.name(factor) != lead.function:
                continue
            power = math.trunc(total / exponent)
            if not power:
                continue
            for bindings, rest in self._product(pattern, subject, float(power), {}, value.type.dtype):
                yield Match(bindings, float(power), rest)

    def _product(
        self, pattern: ProductPattern, subject: Product, power: float, bindings: Bindings, dtype: DType
    ) -> Iterator[tuple[Bindings, Product]]:
        """Ways to find all the factors of a pattern, to a power, in a product, and what is left of it."""
        coefficient = subject.coefficient / pattern.coefficient**power
        start = Product(subject.factors, coefficient, subject.restricted)
        parts = [(factor, exponent * power) for factor, exponent in pattern.factors]
        yield from self._factors(parts, start, bindings, dtype)

    def _factors(
        self, parts: list[tuple[Pattern, float]], subject: Product, bindings: Bindings, dtype: DType
    ) -> Iterator[tuple[Bindings, Product]]:
        if not parts:
            yield bindings, subject
            return
        position = _next_part(parts, bindings)
        pattern, exponent = parts[position]
        others = [*parts[:position], *parts[position + 1 :]]
        if isinstance(pattern, Variable) and pattern.name in bindings:
            taken = raised_product(self.views.product(bindings[pattern.name]), exponent)
            rest = _divided(subject, taken)
            if rest is not None:
                yield from self._factors(others, rest, bindings, dtype)
            return
        for factor, total in subject.factors.items():
            if total * exponent < 0 or abs(total) < abs(exponent):
                continue
            if isinstance(pattern, Call) and self.views.name(factor) != pattern.function:
                continue
            rest = multiply_products(subject, Product({factor: exponent}), -1.0)
            for extended in self.match(pattern, factor, bindings):
                yield from self._factors(others, rest, extended, dtype)

    def written(self, summed: Sum, dtype: DType) -> Value:
        """A sum as an expression."""
        if summed.is_single:
            return next(iter(summed.terms))
        return build.write_sum(summed, dtype)


def _next_part(parts: list[tuple[Pattern, float]], bindings: Bindings) -> int:
    """Calls and formulas first, then variables that are bound, then those that are not."""

    def rank(position: int) -> tuple[int, int]:
        pattern = parts[position][0]
        if not isinstance(pattern, Variable):
            return (0 if isinstance(pattern, Call) else 1, position)
        return (2 if pattern.name in bindings else 3, position)

    return min(range(len(parts)), key=rank)


def _without(subject: Sum, taken: Sum) -> Iterator[Sum]:
    """The sum without some of its terms, all of which it must have."""
    for term, coefficient in taken.terms.items():
        if term not in subject.terms or not close(subject.terms[term], coefficient):
            return
    rest = {term: coefficient for term, coefficient in subject.terms.items() if term not in taken.terms}
    yield Sum(rest, subject.constant - taken.constant)


def _divided(subject: Product, taken: Product) -> Product | None:
    """The product without some of its factors, all of which it must have to these powers or more."""
    for factor, exponent in taken.factors.items():
        total = subject.factors.get(factor, 0.0)
        if total * exponent <= 0 or abs(total) < abs(exponent):
            return None
    return multiply_products(subject, taken, -1.0)


def write(pattern: Pattern, bindings: Bindings, dtype: DType) -> Value:
    """The expression that a pattern states, with its variables replaced."""
    if isinstance(pattern, Variable):
        return bindings[pattern.name]
    if isinstance(pattern, Call):
        from croton.rewrite.derived import DERIVED

        operands = [write(argument, bindings, dtype) for argument in pattern.arguments]
        made = DERIVED.get(pattern.function)
        return made(*operands) if made is not None else build.call(pattern.function, *operands)
    if isinstance(pattern, SumPattern):
        terms: dict[Value, float] = {}
        for part, coefficient in pattern.terms:
            term = write(part, bindings, dtype)
            terms[term] = terms.get(term, 0.0) + coefficient
        return build.write_sum(Sum(terms, pattern.constant), dtype)
    factors: dict[Value, float] = {}
    for part, exponent in pattern.factors:
        factor = write(part, bindings, dtype)
        factors[factor] = factors.get(factor, 0.0) + exponent
    return build.write_product(Product(factors, pattern.coefficient), dtype)

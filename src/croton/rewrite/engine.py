"""Applying tables of rules to a graph until none fires, in one walk from the inputs to the outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from croton.graph.frozen import Frozen
from croton.graph.graph import Graph, copy_equation
from croton.graph.values import Constant, Equation, Location, Value, owner_of
from croton.ops.base import building_graphs
from croton.rewrite import build, patterns
from croton.rewrite.patterns import Matcher, Pattern
from croton.rewrite.views import Product, Sum, Views, add_sums, multiply_products, raised_product, scaled_sum

LARGEST_MERGED = 64  # elements of a constant that is compared with others by its numbers


class Rule(Frozen):
    """One entry of a table: what becomes what, and why.

    roots: operations at which it can fire. required, any_of: operations of which each, or one, must be among
    the terms and factors there, checked before trying. apply: the replacement of a value, or None. example: a
    formula on which it fires, for arguments between `low` and `high`, where it preserves the value.
    """

    name: str
    reason: str
    roots: frozenset[str]
    apply: Callable[[Rewriter, Value], Value | None]
    example: str
    low: float = 0.3
    high: float = 2.0
    required: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()


def formula(
    name: str,
    pattern: str,
    replacement: str,
    reason: str,
    *,
    example: str | None = None,
    low: float = 0.3,
    high: float = 2.0,
    inverse: bool = True,
) -> Rule:
    """A rule from one formula to another, in the language of `croton.rewrite.patterns`.

    inverse: whether a pattern that is a product also matches its reciprocal and negative powers.
    """
    searched, made = patterns.parse(pattern), patterns.parse(replacement)

    def apply(rewriter: Rewriter, value: Value) -> Value | None:
        if not _all_exist(made):
            return None
        for match in rewriter.matcher.root(searched, value):
            if not inverse and match.scale < 0:
                continue
            return _assemble(match, patterns.write(made, match.bindings, value.type.dtype), value)
        return None

    return Rule(
        name,
        reason,
        patterns.root_names(searched),
        apply,
        example or pattern,
        low,
        high,
        patterns.required_names(searched),
    )


@cache
def _all_exist(pattern: Pattern) -> bool:
    from croton.rewrite.derived import DERIVED

    if isinstance(pattern, patterns.Call):
        known = pattern.function in DERIVED or build.available(pattern.function)
        return known and all(_all_exist(argument) for argument in pattern.arguments)
    if isinstance(pattern, patterns.SumPattern):
        return all(_all_exist(term) for term, _ in pattern.terms)
    if isinstance(pattern, patterns.ProductPattern):
        return all(_all_exist(factor) for factor, _ in pattern.factors)
    return True


def _assemble(match: patterns.Match, made: Value, value: Value) -> Value:
    """The replacement in the place of what matched: with its multiple or power, beside the rest."""
    dtype = value.type.dtype
    if isinstance(match.rest, Sum):
        if match.scale == 1.0 and not match.rest.terms and not match.rest.constant:
            return made
        single = scaled_sum(Sum({made: 1.0}), match.scale)
        return build.write_sum(add_sums(single, match.rest), dtype)
    if isinstance(match.rest, Product):
        powered = raised_product(Product({made: 1.0}), match.scale)
        return build.write_product(multiply_products(powered, match.rest), dtype)
    return made


Tables = Iterable[Sequence[Rule]]


class RuleSet:
    """Rules of several tables, in order, found by the operation they can fire at."""

    def __init__(self, tables: Tables, disabled: Sequence[str] = ()) -> None:
        self.rules = [rule for table in tables for rule in table if rule.name not in disabled]
        self.by_root: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for root in rule.roots:
                self.by_root.setdefault(root, []).append(rule)


class Rewriter:
    """One walk over a graph.

    fired: names of the rules that fired, in order.
    """

    def __init__(self, graph: Graph, rules: RuleSet) -> None:
        self.graph = graph
        self.rules = rules
        self.views = Views(graph.inputs)
        self.matcher = Matcher(self.views)
        self.fired: list[str] = []
        self._final: dict[Value, Value] = {}
        self._known: dict[Any, Equation] = {}
        self._constants: dict[Any, Constant] = {}
        self._own = set(graph.equations)
        self._origin: Location | None = None
        self._fuel = 100 + 10 * len(graph.equations)

    def run(self) -> Graph:
        """The graph after rewriting; the same object if nothing changed."""
        outputs = tuple(self.settle(output) for output in self.graph.outputs)
        if all(new is old for new, old in zip(outputs, self.graph.outputs, strict=True)):
            return self.graph
        binders = [equation for equation in self.graph.equations if equation.bound_symbols()]
        settled = [self.settle(output).owner for equation in binders for output in equation.outputs]
        return Graph.of(self.graph.inputs, outputs, [owner for owner in settled if owner is not None])

    def settle(self, root: Value) -> Value:
        """The value that replaces this one, with everything it is computed from settled."""
        stack = [root]
        final, stops = self._final, self.views.stops
        while stack:
            value = stack[-1]
            if value in final:
                stack.pop()
                continue
            owner = None if value in stops else value.owner
            if owner is None:
                final[value] = self._constant(value) if isinstance(value, Constant) else value
                stack.pop()
                continue
            pending = [operand for operand in owner.inputs if operand not in final]
            if pending:
                stack.extend(reversed(pending))
                continue
            stack.pop()
            self._finish(owner)
        return final[root]

    def _constant(self, value: Constant) -> Constant:
        """The first constant seen with the same numbers."""
        if value.data.size > LARGEST_MERGED:
            return value
        return self._constants.setdefault((value.type, value.data.tobytes()), value)

    def _finish(self, equation: Equation) -> None:
        operands = [self._final[operand] for operand in equation.inputs]
        if equation not in self._own:
            equation.location = self._origin
        renewed = self._interned(equation, operands)
        if len(renewed.outputs) != 1:
            for old, new in zip(equation.outputs, renewed.outputs, strict=True):
                self._final[old] = self._final[new] = new
            return
        (old,), (new,) = equation.outputs, renewed.outputs
        known = self._final.get(new)
        if known is None:
            self._final[old] = self._final[new] = new  # its own replacement may contain it, as it is
            known = self._improved(new)
        self._final[old] = self._final[new] = known

    def _interned(self, equation: Equation, operands: list[Value]) -> Equation:
        """The equation on settled operands, or an equal one seen before."""
        changed = any(new is not old for new, old in zip(operands, equation.inputs, strict=True))
        if not equation.op.pure:
            return copy_equation(equation, operands) if changed else equation
        types = tuple(output.type for output in equation.outputs)
        key = (equation.op.__class__, equation.op, tuple(operands), types)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = copy_equation(equation, operands) if changed else equation
        return known

    def _improved(self, value: Value) -> Value:
        owner = owner_of(value)
        rules = self.rules.by_root.get(owner.op.name)
        if not rules or self._fuel <= 0:
            return value
        names: set[str] | None = None
        for rule in rules:
            if rule.required or rule.any_of:
                if names is None:
                    names = self._names(value, owner.op.name)
                if not rule.required <= names or (rule.any_of and names.isdisjoint(rule.any_of)):
                    continue
            made = rule.apply(self, value)
            if made is None or made is value:
                continue
            fitting = build.as_type(made, value)
            if fitting is None:
                continue
            self._fuel -= 1
            self.fired.append(rule.name)
            outer, self._origin = self._origin, owner.location
            try:
                return self.settle(fitting)
            finally:
                self._origin = outer
        return value

    def _names(self, value: Value, name: str) -> set[str]:
        """Operations of the terms of a sum and of their factors, or of the factors of a product."""
        views = self.views
        parts: set[Value] = set()
        if name in ("add", "subtract"):
            for term in views.sum(value).terms:
                parts.add(term)
                parts.update(views.product(term).factors)
        else:
            parts.update(views.product(value).factors)
        names = set()
        for part in parts:
            owner = views.equation(part)
            while owner is not None:
                names.add(owner.op.name)
                owner = (
                    views.equation(owner.inputs[0]) if owner.op.name in ("reshape", "broadcast_to") else None
                )
        return names


def rewrite(graph: Graph, rules: RuleSet) -> Graph:
    """The graph after applying rules until none fires, equal equations merged."""
    with building_graphs():
        return Rewriter(graph, rules).run()

"""Products and other costly work of a scan that no step has to wait for, done for all steps at once.

Before the loop: what depends on elements of sequences alone. After it: what only feeds results.
"""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.graph import Graph, transform
from croton.graph.values import Constant, Equation, Value
from croton.ops.contraction import Contract
from croton.ops.reduction import Reduce
from croton.rewrite.batching import Batcher, Stacked, can_batch
from croton.rewrite.scan_parts import ScanParts, dependents, is_plain, needed_by

ENOUGH_ROWS = 16  # of a product that is efficient by itself: keeping those of all steps costs more
EXPENSIVE = 0.9  # nanoseconds per element
FEW_ELEMENTS = 64  # in a step: elementwise functions of so few leave vectors empty


def batch_before(graph: Graph) -> Graph:
    """The graph with what scans compute from elements of sequences computed before them."""
    return transform(graph, _batch_before)


def batch_after(graph: Graph) -> Graph:
    """The graph with products that scans only need for their results computed after them."""
    return transform(graph, _batch_after)


def is_costly(equation: Equation) -> bool:
    """Whether all steps at once take less time than one by one."""
    if isinstance(equation.op, Contract):
        rows = equation.outputs[0].type.shape[1]
        return not (isinstance(rows, int) and rows >= ENOUGH_ROWS)
    if isinstance(equation.op, Reduce):
        return True
    size = equation.outputs[0].type.size
    cost = float(getattr(getattr(equation.op, "scalar", None), "cost", 0.0))
    return cost >= EXPENSIVE and isinstance(size, int) and size < FEW_ELEMENTS


def known_outside(parts: ScanParts) -> dict[Value, Stacked]:
    """What stands outside for each input of the body but its states."""
    known = {entry.inner: Stacked(entry.outer, True) for entry in parts.sequences}
    known.update({entry.inner: Stacked(entry.outer, False) for entry in parts.captured})
    return known


def computable(body: Graph, known: Sequence[Value], varying: set[Value]) -> set[Value]:
    """Values of the body that can be computed outside from what is known there."""
    found = set(known)
    for equation in body.equations:
        operands = all(isinstance(o, Constant) or o in found for o in equation.inputs)
        if operands and equation.op.pure and can_batch(equation, lambda value: value in varying):
            found.update(equation.outputs)
    return found


def _batch_before(equation: Equation) -> Sequence[Value] | None:
    if not is_plain(equation):
        return None
    parts = ScanParts.of(equation)
    body = parts.op.body
    known = known_outside(parts)
    varying = dependents(body.equations, [entry.inner for entry in parts.sequences])
    outside = computable(body, list(known), varying)
    chosen = [
        output
        for made in body.equations
        for output in made.outputs
        if output in outside and output in varying and is_costly(made)
    ]
    if not chosen:
        return None
    batcher = Batcher(parts.length, known)
    parts.substitute({value: parts.read_elements(batcher.compute(value)) for value in chosen})
    return parts.built().outputs


class AfterLoop:
    """What is to be computed after a scan, and what the scan must stack for it."""

    def __init__(self, parts: ScanParts) -> None:
        self.parts = parts
        self.body = parts.body()
        self.known = known_outside(parts)
        self.varying = dependents(
            self.body.equations,
            [state.before for state in parts.states] + [entry.inner for entry in parts.sequences],
        )
        self.leaves: dict[Value, None] = {}
        self._outside = computable(self.body, list(self.known), self.varying)

    def provide(self, value: Value) -> None:
        """Sees to it that a value of the body can be had after the loop, if need be by stacking it."""
        if value in self.known or value in self._outside or isinstance(value, Constant):
            return
        owner = value.owner
        if value not in self.parts.results and owner is not None and self._is_view(owner):
            self.provide(owner.inputs[0])
            return
        self.leaves[value] = None

    def _is_view(self, equation: Equation) -> bool:
        return equation.op.name in ("reshape", "transpose") and len(equation.inputs) == 1

    def built(self) -> tuple[Equation, Batcher]:
        """The scan with what it must stack among its results, and what computes the rest."""
        positions = {leaf: self.parts.stack(leaf) for leaf in self.leaves}
        built = self.parts.built()
        stacked = self.parts.stacked(built)
        batcher = Batcher(self.parts.length, self.known)
        for leaf, position in positions.items():
            batcher.known[leaf] = Stacked(stacked[position], True)
        return built, batcher


def _batch_after(equation: Equation) -> Sequence[Value] | None:
    if not is_plain(equation):
        return None
    parts = ScanParts.of(equation)
    after = AfterLoop(parts)
    late = _late_equations(parts, after)
    if not late:
        return None
    made_late = {output for late_equation in late for output in late_equation.outputs}
    for late_equation in late:
        for operand in late_equation.inputs:
            if operand not in made_late:
                after.provide(operand)
    results = list(parts.results)
    parts.results = [result for result in results if result not in made_late]
    built, batcher = after.built()
    stacked = dict(zip(parts.results, parts.stacked(built), strict=True))
    return [
        *parts.finals(built),
        *(batcher.compute(result) if result in made_late else stacked[result] for result in results),
    ]


def _is_product(equation: Equation) -> bool:
    return isinstance(equation.op, Contract) and is_costly(equation)


def _late_equations(parts: ScanParts, after: AfterLoop) -> list[Equation]:
    """Costly equations that no state needs, and all that depends on them, if all of it can be done later."""
    early = needed_by([state.after for state in parts.states])
    late: dict[Equation, None] = {}
    for equation in after.body.equations:
        if any(output in early for output in equation.outputs) or not _is_product(equation):
            continue
        if equation.outputs[0] not in after.varying:
            continue
        values = dependents(after.body.equations, equation.outputs)
        following = [e for e in after.body.equations if any(output in values for output in e.outputs)]
        if all(e.op.pure and can_batch(e, lambda v: v in after.varying) for e in following):
            late.update(dict.fromkeys(following))
    return [equation for equation in after.body.equations if equation in late]

"""The identity through which no derivative flows."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one


class StopGradient(ElementOperation):
    """Its operand, unconnected for derivatives."""

    name = "stop_gradient"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (operands[0],)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        return [None]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return operands[0].at(index)


def stop_gradient(x: object) -> Array:
    """x, as a constant for derivatives."""
    return apply_one(StopGradient(), base.as_array(x))

"""Results of a branch whose sizes depend on which branch is taken."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph.dims import Shape
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one


class OfShape(ElementOperation):
    """The operand itself, under other names for its sizes: in the branch taken they are the same numbers."""

    shape: Shape
    name = "of_shape"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(operands[0].dtype, self.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (operands[0],)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        return [apply_one(OfShape(base.shape_of(operands[0])), cotangents[0])]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return operands[0].at(index)

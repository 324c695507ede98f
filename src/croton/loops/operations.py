"""What lowering reads of operations: a protocol for each kind that it treats in its own way.

Operations lie above, and are reached through the equations alone. Of which kind an equation is, steps know
(`program.py`), and before there are steps, `members.py`; they see its operation as one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from croton.graph.dims import Dim
from croton.graph.values import TensorType
from croton.loops.expressions import Builder, Node, Operand


class ElementOperation(Protocol):
    """Element by element, an expression of elements of the operands."""

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node: ...


class ReductionOperation(Protocol):
    """All elements along some axes become one."""

    kind: str
    axes: tuple[int, ...]


class JoiningOperation(Protocol):
    """Operands one after the other along an axis."""

    axis: int


class ProductOperation(Protocol):
    """A batched matrix product, of matrices that may lie transposed."""

    transpose_left: bool
    transpose_right: bool


class FunctionOperation(Protocol):
    """A C function over whole arrays; `codegen/functions.py` asks for it."""

    def flops(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> Dim | None: ...


class LoopOperation(Protocol):
    """A loop: the first operands and outputs are its state."""

    states: int


class ScanOperation(LoopOperation, Protocol):
    """A loop over the elements of sequences, which follow the state among the operands."""

    length: Dim
    sequences: int
    reverse: bool


class FullScanOperation(ScanOperation, Protocol):
    """A scan that takes all its steps. What its fields mean is said there."""

    kept: tuple[Dim, ...]
    reads: tuple[tuple[Dim, int], ...]
    flushes: bool


class StoppingScanOperation(ScanOperation, Protocol):
    """A scan that may stop early."""

    only_last: tuple[bool, ...]

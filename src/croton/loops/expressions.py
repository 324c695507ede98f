"""Scalar expressions: what one element of an array is, as a graph of typed nodes.

Nodes are interned by their builder, so equal expressions are one object and are computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.dtypes import BOOL, INT64, DType
from croton.graph.values import TensorType, Value


class Node:
    """One scalar. `kind` is one of

    - constant: `data` is the number
    - index: `data` names a loop variable (int64)
    - dimension: `data` is a symbolic size (int64)
    - load: `data` is the value read, `operands` its index, one per axis; with `guarded` in the data of a
      conditional load the last operand is the condition under which memory is touched (else 0 is read)
    - local: `data` is a (value, ) computed earlier in the same iteration, kept in a register
    - call: `data` names a scalar function
    - cast: to `dtype`
    """

    __slots__ = ("data", "dtype", "kind", "loads", "operands", "variables")

    loads: tuple[Node, ...]  # set when first asked for: see `members.loads`

    def __init__(self, kind: str, dtype: DType, operands: tuple[Node, ...], data: Any) -> None:
        self.kind = kind
        self.dtype = dtype
        self.operands = operands
        self.data = data
        own: frozenset[str] = frozenset((data,)) if kind == "index" else frozenset()
        self.variables: frozenset[str] = own.union(*(operand.variables for operand in operands))

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.operands))
        return f"{self.kind}:{self.data}({shown})" if shown else f"{self.kind}:{self.data}"


def _is_index(node: Node) -> bool:
    """Whether a node is made of loop variables and sizes alone."""
    if node.kind == "call":
        return (
            isinstance(node.data, str)
            and node.data.startswith("index_")
            and all(map(_is_index, node.operands))
        )
    return node.kind in ("index", "dimension", "constant")


class Operand(Protocol):
    """An input of an operation, readable at any index."""

    type: TensorType

    def at(self, index: Sequence[Node]) -> Node:
        """The element at `index` (one int64 node per axis)."""
        ...

    def at_if(self, condition: Node, index: Sequence[Node]) -> Node:
        """The element at `index` where `condition` holds, else 0; touches memory only where it holds."""
        ...


class Builder:
    """Makes interned nodes and simplifies index arithmetic on the way."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[Any, ...], Node] = {}

    def _make(self, kind: str, dtype: DType, operands: tuple[Node, ...] = (), data: Any = None) -> Node:
        key = (kind, dtype, operands, data, type(data))
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(kind, dtype, operands, data)
        return node

    def constant(self, number: object, dtype: DType) -> Node:
        """A number of this dtype. NaNs and signed zeros keep their bits."""
        data = np.asarray(number).astype(dtype)
        return self._make("constant", dtype, (), data.tobytes())

    def integer(self, number: int) -> Node:
        return self.constant(number, INT64)

    def index(self, name: str) -> Node:
        return self._make("index", INT64, (), name)

    def dimension(self, dim: Dim) -> Node:
        return self.integer(dim) if isinstance(dim, int) else self._make("dimension", INT64, (), dim)

    def load(self, value: Value, index: Sequence[Node], dtype: DType) -> Node:
        return self._make("load", dtype, tuple(index), value)

    def load_if(self, condition: Node, value: Value, index: Sequence[Node], dtype: DType) -> Node:
        return self._make("load_if", dtype, (*index, condition), value)

    def local(self, value: Value, dtype: DType) -> Node:
        return self._make("local", dtype, (), value)

    def call(self, function: str, dtype: DType, *operands: Node) -> Node:
        """A scalar function applied to nodes; `dtype` is that of the result."""
        return self._make("call", dtype, operands, function)

    def cast(self, operand: Node, dtype: DType) -> Node:
        return operand if operand.dtype == dtype else self._make("cast", dtype, (operand,))

    def select(self, condition: Node, chosen: Node, other: Node) -> Node:
        return self.call("where", chosen.dtype, condition, chosen, other)

    # Index arithmetic.

    def number_of(self, node: Node) -> int | None:
        """The integer an int64 node is, when it is constant."""
        if node.kind == "constant" and node.dtype == INT64:
            return int(np.frombuffer(node.data, np.int64)[0])
        if node.kind == "dimension" and isinstance(node.data, int):
            return node.data
        return None

    def plus(self, left: Node, right: Node) -> Node:
        first, second = self.number_of(left), self.number_of(right)
        if first == 0:
            return right
        if second == 0:
            return left
        if first is not None and second is not None:
            return self.integer(first + second)
        if left.kind == "dimension" and right.kind == "dimension":
            return self.dimension(dims.add(left.data, right.data))
        return self._arithmetic("add", left, right)

    def minus(self, left: Node, right: Node) -> Node:
        first, second = self.number_of(left), self.number_of(right)
        if second == 0:
            return left
        if first is not None and second is not None:
            return self.integer(first - second)
        if left is right:
            return self.integer(0)
        return self._arithmetic("subtract", left, right)

    def times(self, left: Node, right: Node) -> Node:
        first, second = self.number_of(left), self.number_of(right)
        if first == 0 or second == 0:
            return self.integer(0)
        if first == 1:
            return right
        if second == 1:
            return left
        if first is not None and second is not None:
            return self.integer(first * second)
        return self._arithmetic("multiply", left, right)

    def _arithmetic(self, function: str, left: Node, right: Node) -> Node:
        """Indices stay in range, so what is made of them alone cannot overflow: C sees neighbours."""
        own = _is_index(left) and _is_index(right)
        return self.call(f"index_{function}" if own else function, INT64, left, right)

    def quotient(self, left: Node, right: Node) -> Node:
        """Floor division of non-negative indices (C division)."""
        if self.number_of(right) == 1:
            return left
        return self.call("index_divide", INT64, left, right)

    def remainder(self, left: Node, right: Node) -> Node:
        """Remainder of non-negative indices (C remainder)."""
        if self.number_of(right) == 1:
            return self.integer(0)
        return self.call("index_remainder", INT64, left, right)

    def less(self, left: Node, right: Node) -> Node:
        return self.call("less", BOOL, left, right)

    def both(self, left: Node, right: Node) -> Node:
        return self.call("logical_and", BOOL, left, right)

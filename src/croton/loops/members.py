"""What gets computed as a unit of its own, and each unit's scalar expression.

Element operations are written into the expressions of whoever reads them unless they are worth keeping:
graph outputs, operands of matrix products and other kernels, and expensive values read more than once.
What is kept, and every reduction, is a `Member`: a value with a domain of loops and an expression.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.graph import Graph
from croton.graph.values import Constant, Equation, TensorType, Value
from croton.loops.expressions import Builder, Node
from croton.loops.operations import ElementOperation, JoiningOperation, ReductionOperation

STORE_COST = 0.6  # nanoseconds per element beyond which a value read twice is computed once
SPREAD_COST = 0.4  # the same for a value read along an axis it does not have
DEEPEST = 80  # operations written into one expression, one inside the other


@dataclass(frozen=True)
class Window:
    """Where a part lies in the array it is a part of: `start` elements along an axis.

    part: the value that is joined there, which lies in memory of its own only if it is kept.
    """

    whole: Value
    axis: int
    start: Dim
    part: Value


@dataclass(eq=False)
class Member:
    """value[kept axes] = expression over `domain`, reduced over `reduced` axes by `reduction`.

    window: where the value is stored, if it is a part of another.
    """

    value: Value
    equation: Equation
    domain: tuple[Dim, ...]
    reduction: str | None
    reduced: tuple[int, ...]
    expression: Node
    cost: float
    window: Window | None = None

    @property
    def memory(self) -> Value:
        """The value in whose memory the result is stored."""
        return self.value if self.window is None else self.window.whole

    @property
    def computed(self) -> Value:
        """The value of the graph that the member computes."""
        return self.value if self.window is None else self.window.part

    @property
    def kept(self) -> tuple[int, ...]:
        return tuple(axis for axis in range(len(self.domain)) if axis not in self.reduced)


def is_element(equation: Equation) -> bool:
    return hasattr(equation.op, "element")


def is_reduction(equation: Equation) -> bool:
    return equation.op.name.startswith("reduce_") and hasattr(equation.op, "kind")


def is_joined(equation: Equation) -> bool:
    """Whether the output is put together from parts that can be computed one by one."""
    return equation.op.name == "concatenate"


def is_reshape(value: Value) -> bool:
    return value.owner is not None and value.owner.op.name == "reshape"


def _sizes(value: Value) -> list[Dim]:
    """The sizes of axes that have more than one element."""
    return [size for size in value.type.shape if size != 1]


def _repeats_rows(value: Value, reader: Equation) -> bool:
    """Whether a function of as many axes runs along one that the value lacks, outside one that it has."""
    output = reader.outputs[0]
    stretches = reader.op.name == "broadcast_to" or getattr(reader.op, "scalar", None) is not None
    if not stretches or output.type.rank != value.type.rank:
        return False
    lacks = False
    for size, wanted in zip(value.type.shape, output.type.shape, strict=True):
        if lacks and size != 1:
            return True
        lacks = lacks or (size == 1 and wanted != 1)
    return False


def _regroups(reader: Equation) -> bool:
    """Whether the reader is a reshape of which an index names elements only by dividing it."""
    return is_reshape(reader.outputs[0]) and _sizes(reader.inputs[0]) != _sizes(reader.outputs[0])


def index_name(axis: int) -> str:
    return f"i{axis}"


class Materializer:
    """Decides which values are kept, and resolves reshapes of kept values to the same memory."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.cost: dict[Value, float] = {}
        self._depth: dict[Value, int] = {}
        self._stretched: set[Value] = set()  # those whose expressions read operands of other shapes
        self.inputs = set(graph.inputs)
        self.kept: set[Value] = set(graph.inputs)
        self._decide()

    def root(self, value: Value) -> Value:
        """The value whose memory holds this one: itself, or what it is a reshape of."""
        while is_reshape(value) and value not in self.inputs:
            assert value.owner is not None
            value = value.owner.inputs[0]
        return value

    def is_kept(self, value: Value) -> bool:
        return self.root(value) in self.kept or (isinstance(self.root(value), Constant))

    def _keep(self, value: Value) -> None:
        self.kept.add(self.root(value))

    def _decide(self) -> None:
        for output in self.graph.outputs:
            self._keep(output)
        for equation in self.graph.equations:
            if not is_element(equation):
                self.kept.update(equation.outputs)
                if not is_reduction(equation):
                    for operand in equation.inputs:
                        self._keep(operand)
        for equation in self.graph.equations:
            self._decide_equation(equation)

    def _decide_equation(self, equation: Equation) -> None:
        own = float(getattr(getattr(equation.op, "scalar", None), "cost", 0.1))
        inlined = sum(
            self.cost.get(operand, 0.0)
            for operand in dict.fromkeys(equation.inputs)
            if not self.is_kept(operand)
        )
        depth = 1 + max((self._depth.get(o, 0) for o in equation.inputs if not self.is_kept(o)), default=0)
        stretched = any(self._stretches(operand, equation) for operand in equation.inputs)
        for output in equation.outputs:
            if stretched:
                self._stretched.add(output)
            self.cost[output] = own + inlined
            self._depth[output] = depth
            if is_element(equation) and output not in self.kept and not is_reshape(output):
                readers = self.graph.consumers.get(output, [])
                spread = any(self._spreads(output, reader) for reader in readers)
                total = self.cost[output]
                shared = len(set(readers)) > 1 and total > STORE_COST
                repeated = total > STORE_COST and self._is_repeated(output)
                divided = stretched and any(map(_regroups, readers))
                if shared or (spread and total > SPREAD_COST) or repeated or divided or depth > DEEPEST:
                    self.kept.add(output)

    def _is_repeated(self, value: Value) -> bool:
        """Whether a function reads the value, perhaps reshaped, again for every row."""
        return any(
            self._is_repeated(reader.outputs[0])
            if is_reshape(reader.outputs[0])
            else _repeats_rows(value, reader)
            for reader in self.graph.consumers.get(value, ())
        )

    def _stretches(self, operand: Value, reader: Equation) -> bool:
        """Whether an elementwise function repeats elements of an operand, or of what that is made of."""
        if operand.type.size == 1 or getattr(reader.op, "scalar", None) is None:
            return False
        if not self.is_kept(operand) and operand in self._stretched:
            return True
        return _sizes(operand) != _sizes(reader.outputs[0])

    def _spreads(self, value: Value, reader: Equation) -> bool:
        """Whether the reader reads elements of the value more than once."""
        if is_reduction(reader) or is_reshape(reader.outputs[0]):
            return False
        return reader.outputs[0].type.rank > value.type.rank or reader.op.name in ("broadcast_to", "gather")


class Reader:
    """An operand of an element operation: reads kept values from memory and writes others out."""

    def __init__(self, lowering: ExpressionLowering, value: Value) -> None:
        self._lowering = lowering
        self._value = value
        self.type: TensorType = value.type

    def at(self, index: Sequence[Node]) -> Node:
        return self._lowering.read(self._value, tuple(index))

    def at_if(self, condition: Node, index: Sequence[Node]) -> Node:
        return self._lowering.read_if(self._value, condition, tuple(index))


class ExpressionLowering:
    """Writes the scalar expression of a value's element, down to loads of kept values."""

    def __init__(self, materializer: Materializer, builder: Builder) -> None:
        self.materializer = materializer
        self.builder = builder
        self._memo: dict[tuple[Value, tuple[Node, ...], Node | None], Node] = {}
        self._condition: Node | None = None

    def read(self, value: Value, index: tuple[Node, ...]) -> Node:
        root = self.materializer.root(value)
        if isinstance(root, Constant) and root.data.size == 1:
            return self.builder.constant(root.data.reshape(()), value.type.dtype)
        if self.materializer.is_kept(value):
            direct = self._through_reshape(value, index)
            if direct is not None:
                return direct
            if self._condition is not None:
                return self.builder.load_if(self._condition, value, index, value.type.dtype)
            return self.builder.load(value, index, value.type.dtype)
        return self.element(value, index)

    def _through_reshape(self, value: Value, index: tuple[Node, ...]) -> Node | None:
        """A read of a reshape as one of what it reshapes, where axes only come and go with size 1."""
        if not is_reshape(value) or value in self.materializer.inputs:
            return None
        assert value.owner is not None
        source = value.owner.inputs[0]
        straight = unit_reshaped(index, value.type.shape, source.type.shape, self.builder)
        return None if straight is None else self.read(source, straight)

    def read_if(self, value: Value, condition: Node, index: tuple[Node, ...]) -> Node:
        """Reads under a condition: every load inside is guarded by it."""
        outer = self._condition
        self._condition = condition if outer is None else self.builder.both(outer, condition)
        try:
            return self.read(value, index)
        finally:
            self._condition = outer

    def element(self, value: Value, index: tuple[Node, ...]) -> Node:
        """The expression of one element, the value itself not being read from memory."""
        key = (value, index, self._condition)
        found = self._memo.get(key)
        if found is None:
            equation = value.owner
            assert equation is not None
            operands = [Reader(self, operand) for operand in equation.inputs]
            op = cast(ElementOperation, equation.op)
            found = op.element(self.builder, operands, index, value.type)
            self._memo[key] = found
        return found

    def member(self, equation: Equation) -> Member:
        """The member that computes a kept element value or a reduction."""
        value = equation.outputs[0]
        if is_reduction(equation):
            operand = equation.inputs[0]
            op, domain = cast(ReductionOperation, equation.op), operand.type.shape
            if all(domain[axis] == 1 for axis in op.axes):
                return self._without_unit_axes(equation)
            index = tuple(self.builder.index(index_name(axis)) for axis in range(len(domain)))
            expression = self.read(operand, index)
            cost = self._expression_cost(operand)
            return Member(value, equation, domain, op.kind, op.axes, expression, cost)
        domain = value.type.shape
        index = tuple(self.builder.index(index_name(axis)) for axis in range(len(domain)))
        expression = self.element(value, index)
        return Member(value, equation, domain, None, (), expression, self.materializer.cost.get(value, 0.1))

    def parts(self, equation: Equation) -> list[Member]:
        """The members that compute the operands of a kept concatenation, each where it belongs in it."""
        axis = cast(JoiningOperation, equation.op).axis
        start: Dim = 0
        members = []
        for operand in equation.inputs:
            shape = operand.type.shape
            index = tuple(self.builder.index(index_name(position)) for position in range(len(shape)))
            window = Window(equation.outputs[0], axis, start, operand)
            cost, expression = self._expression_cost(operand), self.read(operand, index)
            part = Value(operand.type)
            members.append(Member(part, equation, shape, None, (), expression, cost, window))
            start = dims.add(start, shape[axis])
        return members

    def _without_unit_axes(self, equation: Equation) -> Member:
        """A reduction over axes of size 1 only: the elements themselves."""
        value, operand = equation.outputs[0], equation.inputs[0]
        names = iter([self.builder.index(index_name(axis)) for axis in range(value.type.rank)])
        reduced = cast(ReductionOperation, equation.op).axes
        zero = self.builder.integer(0)
        index = tuple(zero if axis in reduced else next(names) for axis in range(operand.type.rank))
        expression = self.read(operand, index)
        return Member(value, equation, value.type.shape, None, (), expression, self._expression_cost(operand))

    def _expression_cost(self, operand: Value) -> float:
        return 0.1 + (0.0 if self.materializer.is_kept(operand) else self.materializer.cost.get(operand, 0.1))


def register_axis(member: Member) -> int | None:
    """The reduced axis from which on the loops accumulate in a register: no kept axis of size > 1 follows."""
    found = None
    for axis in range(len(member.domain) - 1, -1, -1):
        if axis in member.reduced:
            found = axis
        elif member.domain[axis] != 1:
            break
    inner = [axis for axis in member.reduced if found is not None and axis >= found]
    if found != min(member.reduced, default=None) and all(member.domain[axis] == 1 for axis in inner):
        return None  # only axes without a loop lie inside
    return found


def accumulates_in_memory(member: Member) -> bool:
    """Whether the member's reduction goes on while kept loops run inside it."""
    return bool(member.reduced) and register_axis(member) != member.reduced[0]


def unit_reshaped(
    index: tuple[Node, ...], shape: tuple[Dim, ...], target: tuple[Dim, ...], builder: Builder
) -> tuple[Node, ...] | None:
    """The index under `target`, when both shapes have the same sizes apart from ones."""
    if [size for size in shape if size != 1] != [size for size in target if size != 1]:
        return None
    kept = iter([node for node, size in zip(index, shape, strict=True) if size != 1])
    return tuple(builder.integer(0) if size == 1 else next(kept) for size in target)


def loads(node: Node) -> tuple[Node, ...]:
    """Every load in an expression, each once; remembered by the node, which never changes."""
    try:
        return node.loads
    except AttributeError:
        node.loads = _found_loads(node)
        return node.loads


def _found_loads(node: Node) -> tuple[Node, ...]:
    return tuple(current for current in _nodes(node) if current.kind in ("load", "load_if"))


def sizes_named(node: Node) -> list[Dim]:
    """The sizes that an expression reads as numbers."""
    return [current.data for current in _nodes(node) if current.kind == "dimension"]


def _nodes(node: Node) -> Iterator[Node]:
    """Every node of an expression, each once."""
    seen: set[Node] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        yield current
        stack.extend(current.operands)

"""What the forward loop saves for the backward one, and what the backward loop computes again.

Either choice costs something for every value: a store and a load, or the operation once more. The cheapest
choice for all values together is a minimum cut of the graph between them (as in Jain et al., Checkmate,
2020, with costs per value instead of a memory limit).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from croton.graph import dims
from croton.graph.graph import Graph
from croton.graph.values import Constant, Equation, Value
from croton.ops.base import ElementOperation

TYPICAL_SIZE = 256  # what a size only known when the function is called is taken to be
MEMORY_COST = 150  # picoseconds for a byte stored and loaded again
VIEW_COST = 50  # picoseconds for an element of an operation that only moves elements
SHORT = 8  # elements that fill no vector: each takes as long as SHORT / 2 in a row
OPAQUE_COST = 10**6  # the same for products and kernels: not to be done twice if anything can be saved
UNLIMITED = 10**18


def choose_saved(
    needed: Sequence[Value], body: Graph, states: int, found: Collection[dims.Symbol] = ()
) -> list[Value]:
    """Values to save so that all that are `needed` can be had again from them and the inputs of the body.

    states: how many inputs of the body are state, which is gone unless saved; as many outputs are the new
    state, the others are stored anyway. found: sizes that the body finds, with which nothing can be saved.
    """
    return _Choice(body, states, frozenset(found)).saved(needed)


class _Choice:
    """The flow network: a value saved is an edge cut between its two nodes."""

    def __init__(self, body: Graph, states: int, found: frozenset[dims.Symbol]) -> None:
        self.states = set(body.inputs[:states])
        self.free = set(body.inputs[states:])
        self.stored = set(body.outputs[states:])
        self.computed = {output for equation in body.equations for output in equation.outputs}
        self.found = found
        self.flow = _Flow()

    def saved(self, needed: Sequence[Value]) -> list[Value]:
        """The values whose edges the cheapest cut goes through."""
        order: dict[Value, None] = {}
        stack = [value for value in needed if not self._is_free(value)]
        for value in stack:
            self.flow.connect((value, "out"), "sink", UNLIMITED)
        while stack:
            value = stack.pop()
            if value in order:
                continue
            order[value] = None
            self.flow.connect((value, "in"), (value, "out"), self._saving(value))
            self.flow.connect("source", (value, "in"), self._repeating(value))
            if value.owner is not None and value not in self.states:
                for operand in value.owner.inputs:
                    if not self._is_free(operand):
                        self.flow.connect((operand, "out"), (value, "in"), UNLIMITED)
                        stack.append(operand)
        behind = self.flow.sink_side()
        return [value for value in order if (value, "in") not in behind and (value, "out") in behind]

    def _is_free(self, value: Value) -> bool:
        return value in self.free or isinstance(value, Constant) or _is_made_of_nothing(value)

    def _saving(self, value: Value) -> int:
        """Picoseconds to store and load a value."""
        if dims.runtime_symbols(value.type.shape) & self.found:
            return UNLIMITED
        if value in self.stored:
            return 1
        return 1 + _elements(value) * value.type.dtype.itemsize * MEMORY_COST

    def _repeating(self, value: Value) -> int:
        """Picoseconds to compute a value again from its operands."""
        if value in self.states:
            return UNLIMITED
        assert value.owner is not None
        if not isinstance(value.owner.op, ElementOperation):
            return OPAQUE_COST * _elements(value)
        if value not in self.computed:
            return 0  # only the derivative needs it: it costs the same in either loop
        return _operation_cost(value.owner)


def _operation_cost(equation: Equation) -> int:
    value = equation.outputs[0]
    size, width = _elements(value), value.type.dtype.itemsize
    scalar = getattr(equation.op, "scalar", None)
    if scalar is None:
        return size * VIEW_COST
    whole_vectors = size * width * width / 64  # half as many elements in a vector take twice as long or more
    return round(float(scalar.cost) * 1000 * (whole_vectors if size >= SHORT else size * SHORT / 2))


def _is_made_of_nothing(value: Value) -> bool:
    """Whether a value only spreads a constant."""
    return value.owner is not None and all(isinstance(operand, Constant) for operand in value.owner.inputs)


def _elements(value: Value) -> int:
    symbols = dims.symbols(value.type.size)
    return max(1, dims.evaluate(value.type.size, dict.fromkeys(symbols, TYPICAL_SIZE)))


Node = object


class _Flow:
    """A network with capacities, and its maximum flow by shortest augmenting paths (Edmonds, Karp 1972)."""

    def __init__(self) -> None:
        self.capacity: dict[Node, dict[Node, int]] = {"source": {}, "sink": {}}

    def connect(self, start: Node, end: Node, capacity: int) -> None:
        """An edge; edges between the same nodes add up."""
        forward = self.capacity.setdefault(start, {})
        forward[end] = forward.get(end, 0) + capacity
        self.capacity.setdefault(end, {}).setdefault(start, 0)

    def sink_side(self) -> set[Node]:
        """The nodes behind the minimum cut that is nearest to the sink."""
        while True:
            path = self._path()
            if path is None:
                break
            least = min(self.capacity[start][end] for start, end in path)
            for start, end in path:
                self.capacity[start][end] -= least
                self.capacity[end][start] += least
        found: set[Node] = {"sink"}
        queue: deque[Node] = deque(("sink",))
        while queue:
            node = queue.popleft()
            for before in self.capacity[node]:
                if before not in found and self.capacity[before][node] > 0:
                    found.add(before)
                    queue.append(before)
        return found

    def _path(self) -> list[tuple[Node, Node]] | None:
        """The edges of a shortest path with room from source to sink."""
        reached: dict[Node, Node] = {"source": "source"}
        queue: deque[Node] = deque(("source",))
        while queue and "sink" not in reached:
            node = queue.popleft()
            for following, room in self.capacity[node].items():
                if room > 0 and following not in reached:
                    reached[following] = node
                    queue.append(following)
        if "sink" not in reached:
            return None
        path: list[tuple[Node, Node]] = []
        node = "sink"
        while node != "source":
            path.append((reached[node], node))
            node = reached[node]
        return path

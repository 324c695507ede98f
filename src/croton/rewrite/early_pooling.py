"""The largest of a window is found before a bias is added and a function that never falls is applied.

max(relu(x + b)) is relu(max(x) + b) where b is the same all over a window: what is added, applied and, in
derivatives, masked and summed is then one element for each window. Rounding never falls either, so values are
the same; of elements that a bias makes equal by rounding the gradient goes to the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from croton.graph import dims
from croton.graph.dims import Shape
from croton.graph.graph import Graph, transform
from croton.graph.operation import Operation
from croton.graph.values import Equation, TensorType, Value
from croton.ops.elementwise import Elementwise
from croton.ops.pooling.primitive import Pool
from croton.ops.shape import Reshape

# Functions of one operand that never fall, whose derivative is the same wherever their values are.
NEVER_FALLING = frozenset(("relu", "tanh", "sigmoid"))


class _Source(NamedTuple):
    """What a pooling reads: a value, and its axes that are pooled."""

    value: Value
    axes: range


def pool_early(graph: Graph) -> Graph:
    """The graph with maxima of windows taken before functions that never fall."""
    pools = [equation for equation in graph.equations if _shrinks(equation)]
    if not pools:
        return graph
    lengths = {pool: _functions_before(graph, pool) for pool in pools}
    originals = iter(graph.equations)

    def move(equation: Equation) -> Sequence[Value] | None:
        length = lengths.get(next(originals), 0)
        return [_moved(equation, length)] if length else None

    return transform(graph, move)


def _shrinks(equation: Equation) -> bool:
    op = equation.op
    return isinstance(op, Pool) and op.kind == "max" and any(step > 1 for step in op.windows.strides)


def _source(pool: Equation) -> _Source:
    """What is pooled, before a reshape that only joins other axes."""
    value = pool.inputs[0]
    axes = range(1, value.type.rank - 1)
    owner = value.owner
    if owner is None or not isinstance(owner.op, Reshape):
        return _Source(value, axes)
    pooled, inner = value.type.shape[1:-1], value.type.shape[-1]
    shape = owner.inputs[0].type.shape
    for first in range(len(shape) - len(pooled) + 1):
        last = first + len(pooled)
        if shape[first:last] == pooled and dims.product(shape[last:]) == inner:
            return _Source(owner.inputs[0], range(first, last))
    return _Source(value, axes)


def _functions_before(graph: Graph, pool: Equation) -> int:
    """How many functions that never fall a pooling can go before: what they give is read by nothing else."""
    source, count = _source(pool), 0
    value = source.value
    if value is not pool.inputs[0] and not _read_once(graph, pool.inputs[0]):
        return 0
    while _read_once(graph, value):
        position = _position(value, source.axes)
        if position is None or value.owner is None:
            break
        count, value = count + 1, value.owner.inputs[position]
    return count


def _read_once(graph: Graph, value: Value) -> bool:
    return (
        len(graph.consumers.get(value, ())) == 1 and value not in graph.outputs and value not in graph.inputs
    )


def _position(value: Value, axes: range) -> int | None:
    """The operand of which a value is a function that never falls, the same for every place in a window."""
    owner = value.owner
    if owner is None or not isinstance(owner.op, Elementwise):
        return None
    name, shape = owner.op.function, value.type.shape
    whole = [position for position, operand in enumerate(owner.inputs) if operand.type.shape == shape]
    if name in NEVER_FALLING:
        return 0
    if name == "add" and len(whole) == 1:
        position = whole[0]
    elif name == "subtract" and whole == [0]:
        position = 0
    else:
        return None
    other = owner.inputs[1 - position].type.shape
    missing = len(shape) - len(other)
    return position if all(axis < missing or other[axis - missing] == 1 for axis in axes) else None


def _moved(pool: Equation, length: int) -> Value:
    """The functions applied to what is left after pooling their operand."""
    source = _source(pool)
    functions: list[tuple[Equation, int]] = []
    value = source.value
    for _ in range(length):
        position = _position(value, source.axes)
        assert position is not None and value.owner is not None
        functions.append((value.owner, position))
        value = value.owner.inputs[position]
    whole, few = source.value.type.shape, pool.outputs[0].type.shape
    shape = (*whole[: source.axes.start], *few[1:-1], *whole[source.axes.stop :])
    made = _equation(pool.op, [_reshaped(value, pool.inputs[0].type.shape, pool)], few, pool)
    made = _reshaped(made, shape, pool)
    for function, position in reversed(functions):
        operands = list(function.inputs)
        operands[position] = made
        made = _equation(function.op, operands, shape, function)
    return _reshaped(made, few, pool)


def _reshaped(value: Value, shape: Shape, origin: Equation) -> Value:
    return value if value.type.shape == shape else _equation(Reshape(shape), [value], shape, origin)


def _equation(op: Operation, operands: Sequence[Value], shape: Shape, origin: Equation) -> Value:
    type = TensorType(operands[0].type.dtype, shape)
    return Equation(op, operands, [type], origin.guards, origin.location).outputs[0]

"""The NumPy interpreter: every operation's reference evaluation, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from croton.graph import dims
from croton.graph.dims import Symbol
from croton.graph.graph import Graph
from croton.graph.values import Constant, NDArray, Value


def interpret(
    graph: Graph, inputs: Sequence[NDArray], sizes: Mapping[Symbol, int] | None = None
) -> list[NDArray]:
    """The outputs of a graph for these inputs, computed by NumPy.

    Raises:
        ShapeError: sizes that must be equal differ.
    """
    known: dict[Symbol, int] = dict(sizes or {})
    values: dict[Value, NDArray] = {}
    for value, array in zip(graph.inputs, inputs, strict=True):
        values[value] = array
        bind_sizes(value, array, known)
    with np.errstate(all="ignore"):
        for equation in graph.equations:
            for guard in equation.guards:
                left, right = dims.evaluate(guard.left, known), dims.evaluate(guard.right, known)
                if not guard.holds(left, right):
                    raise guard.error(left, right)
            operands = [_array(operand, values) for operand in equation.inputs]
            op = equation.op.substitute(known) if equation.op.parameter_dims() else equation.op
            results = op.evaluate(*operands)
            for output, result in zip(equation.outputs, results, strict=True):
                values[output] = np.asarray(result)
                bind_sizes(output, values[output], known)
            size = getattr(equation.op, "symbol", None)
            if size is not None:
                symbol = dims.single_symbol(size)
                if symbol is not None:
                    known[symbol] = int(results[-1])
    return [_array(output, values) for output in graph.outputs]


def bind_sizes(value: Value, array: NDArray, known: dict[Symbol, int]) -> None:
    """Learns from an array the sizes that its value's type names."""
    for size, actual in zip(value.type.shape, array.shape, strict=True):
        symbol = dims.single_symbol(size)
        if symbol is not None:
            known.setdefault(symbol, actual)


def _array(value: Value, values: Mapping[Value, NDArray]) -> NDArray:
    return value.data if isinstance(value, Constant) else values[value]

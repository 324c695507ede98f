"""A convolution whose outputs are only pooled becomes one operation, and so do its derivatives.

Its outputs are then pooled while they are in the cache, and what is known of a cotangent of theirs, that all
but one element of a window is zero, is made use of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.graph import Graph, transform
from croton.graph.operation import Operation
from croton.graph.values import Equation, Value
from croton.ops.convolution.geometry import Geometry
from croton.ops.convolution.pooled import (
    PooledConvolution,
    PooledConvolutionInput,
    PooledConvolutionKernel,
    can_pool,
    can_scatter,
)
from croton.ops.convolution.primitive import Convolution, ConvolutionInput, ConvolutionKernel
from croton.ops.pooling.geometry import Windows
from croton.ops.pooling.primitive import Pool, ScatterToMaximum
from croton.ops.shape import Reshape


class _Found(NamedTuple):
    """A convolution that is only pooled: the poolings, and derivatives with the scattering that they read."""

    convolution: Equation
    windows: Windows
    pools: list[Equation]
    derivatives: list[tuple[Equation, Equation]]


def pool_convolutions(graph: Graph) -> Graph:
    """The graph with convolutions pooled as they are computed."""
    if not any(isinstance(equation.op, Pool) for equation in graph.equations):
        return graph
    found = [made for equation in graph.equations if (made := _pooled_only(graph, equation)) is not None]
    if not found:
        return graph
    return _Replacing(found).run(graph)


def _pooled_only(graph: Graph, equation: Equation) -> _Found | None:
    op = equation.op
    if not isinstance(op, Convolution) or equation.outputs[0].type.dtype not in (
        dtypes.FLOAT32,
        dtypes.FLOAT64,
    ):
        return None
    shape = _flat(op, equation.outputs[0].type.shape)
    pools: list[Equation] = []
    derivatives: list[tuple[Equation, Equation]] = []
    windows: set[Windows] = set()
    for reader, position in _readers(graph, equation.outputs[0]):
        if reader is None or reader.inputs[position].type.shape != shape:
            return None
        if isinstance(reader.op, Pool) and reader.op.kind == "max":
            pools.append(reader)
        elif isinstance(reader.op, ScatterToMaximum) and position == 0:
            for derivative, place in _readers(graph, reader.outputs[0]):
                if derivative is None or not _is_derivative(derivative, place, equation, op.geometry):
                    return None
                derivatives.append((derivative, reader))
        else:
            return None
        windows.add(reader.op.windows)
    if len(windows) != 1 or not pools or not can_pool(op.geometry, *windows):
        return None
    return _Found(equation, windows.pop(), pools, derivatives)


def _flat(op: Convolution, shape: Shape) -> Shape:
    """The shape under which outputs are pooled."""
    if op.geometry.channels_last:
        return shape
    return (dims.multiply(shape[0], shape[1]), *shape[2:], 1)


def _readers(graph: Graph, value: Value) -> Iterator[tuple[Equation | None, int]]:
    """Who reads a value, perhaps reshaped, and as which operand; None: whoever called the function."""
    if value in graph.outputs:
        yield None, 0
    for equation in dict.fromkeys(graph.consumers.get(value, ())):
        if isinstance(equation.op, Reshape):
            yield from _readers(graph, equation.outputs[0])
            continue
        for position, operand in enumerate(equation.inputs):
            if operand is value:
                yield equation, position


def _is_derivative(reader: Equation, position: int, convolution: Equation, geometry: Geometry) -> bool:
    op = reader.op
    if reader.inputs[position].type.shape != convolution.outputs[0].type.shape:
        return False
    if isinstance(op, ConvolutionInput):
        return position == 0 and op.geometry == geometry and can_scatter(geometry)
    return isinstance(op, ConvolutionKernel) and position == 1 and op.geometry == geometry


class _Replacing:
    """Replaces what was found, by the equations of the graph it was found in."""

    def __init__(self, found: list[_Found]) -> None:
        self.convolutions = {each.convolution: each for each in found}
        self.pools = {pool: each for each in found for pool in each.pools}
        self.derivatives = {derivative: each for each in found for derivative, _ in each.derivatives}
        self.made: dict[Equation, Equation] = {}  # by the convolution it stands for

    def run(self, graph: Graph) -> Graph:
        originals = iter(graph.equations)
        return transform(graph, lambda equation: self._replacement(next(originals), equation))

    def _replacement(self, original: Equation, equation: Equation) -> Sequence[Value] | None:
        if original in self.convolutions:
            found = self.convolutions[original]
            assert isinstance(equation.op, Convolution)
            op = PooledConvolution(equation.op.geometry, found.windows, bool(found.derivatives))
            self.made[original] = _equation(op, equation.inputs, equation)
        elif original in self.pools:
            made = self.made[self.pools[original].convolution]
            return [_reshaped(made.outputs[0], equation.outputs[0].type.shape, equation)]
        elif original in self.derivatives:
            return self._derivative(self.derivatives[original], equation)
        return None

    def _derivative(self, found: _Found, equation: Equation) -> Sequence[Value]:
        op, made = equation.op, self.made[found.convolution]
        values, places = made.outputs
        position = 0 if isinstance(op, ConvolutionInput) else 1
        cotangent = _reshaped(_scattered(equation.inputs[position]), values.type.shape, equation)
        if isinstance(op, ConvolutionInput):
            by_input = PooledConvolutionInput(op.geometry, found.windows, op.size)
            return _equation(by_input, [cotangent, places, equation.inputs[1]], equation).outputs
        assert isinstance(op, ConvolutionKernel)
        by_kernel = PooledConvolutionKernel(op.geometry, found.windows, op.taps)
        return _equation(by_kernel, [equation.inputs[0], cotangent, places], equation).outputs


def _scattered(value: Value) -> Value:
    """What was scattered to places of an array, perhaps reshaped."""
    while value.owner is not None and isinstance(value.owner.op, Reshape):
        value = value.owner.inputs[0]
    assert value.owner is not None and isinstance(value.owner.op, ScatterToMaximum)
    return value.owner.inputs[1]


def _reshaped(value: Value, shape: Shape, origin: Equation) -> Value:
    return value if value.type.shape == shape else _equation(Reshape(shape), [value], origin).outputs[0]


def _equation(op: Operation, operands: Sequence[Value], origin: Equation) -> Equation:
    types = op.infer(*(operand.type for operand in operands))
    return Equation(op, operands, types, origin.guards, origin.location)

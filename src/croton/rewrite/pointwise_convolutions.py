"""Convolutions with kernels of one tap are products of matrices: of all pixels, by the channels."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.graph import Graph, transform
from croton.graph.operation import Operation
from croton.graph.values import Equation, TensorType, Value
from croton.ops.contraction import Contract
from croton.ops.convolution.geometry import Geometry
from croton.ops.convolution.primitive import Convolution, ConvolutionInput, ConvolutionKernel
from croton.ops.shape import Reshape


def multiply_pixels(graph: Graph) -> Graph:
    """The graph with such convolutions, and their derivatives, written as products."""
    return transform(graph, _product)


def _product(equation: Equation) -> Sequence[Value] | None:
    op = equation.op
    if isinstance(op, Convolution):
        x, w = equation.inputs
        if _is_pointwise(op.geometry, op.geometry.taps(w.type.shape)):
            return [_contracted(equation, Contract(), _pixels(x, equation), _matrix(w, equation))]
    elif isinstance(op, ConvolutionInput):
        y, w = equation.inputs
        if _is_pointwise(op.geometry, op.geometry.taps(w.type.shape)):
            return [_contracted(equation, Contract(False, True), _pixels(y, equation), _matrix(w, equation))]
    elif isinstance(op, ConvolutionKernel) and _is_pointwise(op.geometry, op.taps):
        x, y = equation.inputs
        return [_contracted(equation, Contract(True, False), _pixels(x, equation), _pixels(y, equation))]
    return None


def _is_pointwise(geometry: Geometry, taps: Sequence[Dim]) -> bool:
    """Whether every output is made of the channels of one pixel, the one in its place."""
    return (
        geometry.channels_last
        and geometry.groups == 1
        and all(tap == 1 for tap in taps)
        and all(stride == 1 for stride in geometry.strides)
        and all(isinstance(padding, str) or padding == (0, 0) for padding in geometry.padding)
    )


def _pixels(value: Value, origin: Equation) -> Value:
    """An array as a matrix with a row for each pixel."""
    *pixels, channels = value.type.shape
    return _reshaped(value, (1, dims.product(pixels), channels), origin)


def _matrix(kernel: Value, origin: Equation) -> Value:
    return _reshaped(kernel, (1, *kernel.type.shape[-2:]), origin)


def _contracted(equation: Equation, op: Contract, left: Value, right: Value) -> Value:
    output = equation.outputs[0]
    (type,) = op.infer(left.type, right.type)
    return _reshaped(_equation(op, [left, right], type, equation), output.type.shape, equation)


def _reshaped(value: Value, shape: Sequence[Dim], origin: Equation) -> Value:
    return _equation(Reshape(tuple(shape)), [value], TensorType(value.type.dtype, tuple(shape)), origin)


def _equation(op: Operation, operands: Sequence[Value], type: TensorType, origin: Equation) -> Value:
    return Equation(op, operands, [type], origin.guards, origin.location).outputs[0]

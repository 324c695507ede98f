"""Pooling of arrays (outer, *pooled axes, inner), and the operations that its derivatives are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Shape
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.pooling.c_text import source_text
from croton.ops.pooling.geometry import Windows


class _Pooling(KernelOperation):
    """What the operations share: the windows, and the C that walks over them."""

    windows: Windows

    def _check(self, operand: TensorType) -> None:
        rank = len(self.windows.sizes) + 2
        if operand.rank != rank:
            raise ShapeError(
                f"{self.name}: expected {rank} axes, got shape {dims.format_shape(operand.shape)}"
            )
        if dtypes.is_complex(operand.dtype) or operand.dtype in (dtypes.FLOAT16, dtypes.BFLOAT16):
            raise DTypeError(f"{self.name} is not defined for dtype {operand.dtype.name}")

    def _pooled(self, shape: Shape) -> Shape:
        return (shape[0], *self.windows.counts(shape[1:-1], self.name), shape[-1])

    def _check_pooled(self, whole: Shape, pooled: Shape) -> None:
        for axis, (found, expected) in enumerate(zip(pooled, self._pooled(whole), strict=True)):
            dims.require_equal(found, expected, f"{self.name}: windows on axis {axis}")

    def _bounds(self, sizes: tuple[int, ...]) -> Iterator[tuple[Any, Any]]:
        """(index of a window's element, index of the elements in it), window by window."""
        counts = self.windows.counts(sizes, self.name)
        for number in np.ndindex(*cast("tuple[int, ...]", counts)):
            bounds = (self.windows.bounds(axis, size, number[axis]) for axis, size in enumerate(sizes))
            elements = (slice(first, last) for first, last in bounds)
            yield (slice(None), *number), (slice(None), *elements)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        inner = operands[0].shape[-1]
        channels = inner if isinstance(inner, int) else None
        name, source = source_text(self.c_kind(), self.windows, outputs[0].dtype, channels)
        return CFunction(name, source, cost=0.2 * math.prod(self.windows.sizes))

    def c_kind(self) -> str:
        """Which of the C functions computes this."""
        raise NotImplementedError(f"{type(self).__name__}.c_kind")


class Pool(_Pooling):
    """One number for every window: its largest element ("max"), its sum ("sum"), or its mean.

    kind "mean" divides by the elements that a window has, "padded_mean" by the size of windows.
    """

    kind: str
    name = "pool"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        self._check(operands[0])
        if self.kind != "max" and not (self.kind == "sum" and dtypes.is_integer(operands[0].dtype)):
            _check_float(self.name, operands[0])
        return (TensorType(operands[0].dtype, self._pooled(operands[0].shape)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        (x,) = operands
        axes = tuple(range(1, x.ndim - 1))
        result = np.empty(cast("tuple[int, ...]", self._pooled(x.shape)), x.dtype)
        for number, elements in self._bounds(x.shape[1:-1]):
            window = x[elements]
            value = window.max(axes) if self.kind == "max" else window.sum(axes, x.dtype)
            result[number] = value / _divisor(self, window.shape) if "mean" in self.kind else value
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        if self.kind == "max":
            return [apply_one(ScatterToMaximum(self.windows), operands[0], cotangents[0])]
        size = base.shape_of(operands[0])[1:-1]
        return [apply_one(SpreadOverWindows(self.windows, self.kind, size), cotangents[0])]

    def c_kind(self) -> str:
        return self.kind


class SpreadOverWindows(_Pooling):
    """Every element added to all places of its window: Pool of a sum or mean, transposed.

    size: sizes of the pooled axes of the result.
    """

    kind: str
    size: Shape
    name = "spread over windows"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (pooled,) = operands
        self._check(pooled)
        _check_float(self.name, pooled)
        whole = (pooled.shape[0], *self.size, pooled.shape[-1])
        self._check_pooled(whole, pooled.shape)
        return (TensorType(pooled.dtype, whole),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        (g,) = operands
        size = cast("tuple[int, ...]", self.size)
        result = np.zeros((g.shape[0], *size, g.shape[-1]), g.dtype)
        for number, elements in self._bounds(size):
            place = result[elements]
            part = g[number] / _divisor(self, place.shape) if "mean" in self.kind else g[number]
            place += part.reshape(g.shape[0], *(1,) * len(size), g.shape[-1])
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [apply_one(Pool(self.windows, self.kind), cotangents[0])]

    def c_kind(self) -> str:
        return f"spread_{self.kind}"


class ScatterToMaximum(_Pooling):
    """Zeros of x's shape, and every g added where the first largest element of its window in x is."""

    name = "scatter to maximum"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        x, g = operands
        self._check(x)
        _check_float(self.name, g)
        self._check_pooled(x.shape, g.shape)
        return (x,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x, g = operands
        result = np.zeros_like(x)
        for number, elements in self._bounds(x.shape[1:-1]):
            found = _first_maximum(x[elements])
            _set_at(result[elements], found, _at(result[elements], found) + g[number])
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [None, apply_one(SelectAtMaximum(self.windows), operands[0], cotangents[0])]

    def c_kind(self) -> str:
        return "scatter"


class SelectAtMaximum(_Pooling):
    """For every window, the element of v where the first largest element of the window in x is."""

    name = "select at maximum"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        x, v = operands
        self._check(x)
        _check_float(self.name, v)
        for axis, (found, expected) in enumerate(zip(v.shape, x.shape, strict=True)):
            dims.require_equal(found, expected, f"{self.name}: axis {axis}")
        return (TensorType(v.dtype, self._pooled(x.shape)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        x, v = operands
        result = np.empty(cast("tuple[int, ...]", self._pooled(x.shape)), v.dtype)
        for number, elements in self._bounds(x.shape[1:-1]):
            result[number] = _at(v[elements], _first_maximum(x[elements]))
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [None, apply_one(ScatterToMaximum(self.windows), operands[0], cotangents[0])]

    def c_kind(self) -> str:
        return "select"


def _check_float(name: str, operand: TensorType) -> None:
    if not dtypes.is_float(operand.dtype):
        raise DTypeError(f"{name} is not defined for dtype {operand.dtype.name}")


def _divisor(op: Pool | SpreadOverWindows, window: tuple[int, ...]) -> int:
    return math.prod(op.windows.sizes if op.kind == "padded_mean" else window[1:-1])


def _first_maximum(window: NDArray) -> tuple[NDArray, ...]:
    """Index arrays of the first largest element, for each first and last index."""
    outer, inner = window.shape[0], window.shape[-1]
    flat = np.moveaxis(window, -1, 1).reshape(outer, inner, math.prod(window.shape[1:-1]))
    found = np.unravel_index(flat.argmax(-1), window.shape[1:-1])
    return (np.arange(outer)[:, None], *found, np.arange(inner)[None, :])


def _at(window: NDArray, index: tuple[NDArray, ...]) -> NDArray:
    return cast(NDArray, window[index])


def _set_at(window: NDArray, index: tuple[NDArray, ...], values: NDArray) -> None:
    window[index] = values

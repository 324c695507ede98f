"""The windows of a pooling: where they lie, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.frozen import Frozen

Padding: TypeAlias = str | tuple[int, int]


class Windows(Frozen):
    """One entry per pooled axis: window number o begins at o * stride - (elements of padding before).

    padding: (before, after), smaller than the window; "same" (as many windows as elements, divided by the
        stride and rounded up; an odd element goes after); "border" (windows that stick out at the end too).
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[Padding, ...]

    def low(self, axis: int, size: Dim) -> Dim:
        """Padding before an axis of this size."""
        padding, window, stride = self.padding[axis], self.sizes[axis], self.strides[axis]
        if not isinstance(padding, str):
            return padding[0]
        if padding == "border":
            return 0
        reached = dims.add(dims.multiply(dims.subtract(_rounded_up(size, stride), 1), stride), window)
        return dims.floordiv(dims.maximum(dims.subtract(reached, size), 0), 2)

    def count(self, axis: int, size: Dim, operation: str) -> Dim:
        """Windows along an axis.

        Raises:
            ShapeError: the axis is empty, or shorter with its padding than a window.
        """
        padding, window, stride = self.padding[axis], self.sizes[axis], self.strides[axis]
        dims.require_at_least(size, 1, f"{operation}: size of pooled axis {axis}")
        if padding == "same":
            return _rounded_up(size, stride)
        if padding == "border":
            if stride >= window:
                return _rounded_up(size, stride)
            later = dims.floordiv(dims.subtract(dims.add(size, stride - 1), window), stride)
            return dims.add(dims.maximum(later, 0), 1)
        assert not isinstance(padding, str)
        padded = dims.add(size, sum(padding))
        dims.require_at_least(padded, window, f"{operation}: padded size of pooled axis {axis}")
        return dims.add(dims.floordiv(dims.subtract(padded, window), stride), 1)

    def counts(self, sizes: Sequence[Dim], operation: str) -> Shape:
        """Windows along all pooled axes."""
        return tuple(self.count(axis, size, operation) for axis, size in enumerate(sizes))

    def bounds(self, axis: int, size: int, number: int) -> tuple[int, int]:
        """First element of a window, and the one after its last."""
        begin = number * self.strides[axis] - int(self.low(axis, size))
        return max(begin, 0), min(begin + self.sizes[axis], size)


def _rounded_up(size: Dim, stride: int) -> Dim:
    return dims.floordiv(dims.add(size, stride - 1), stride)

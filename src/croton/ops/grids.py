"""`mgrid` and `ogrid`: coordinates of grids, written as slices."""

from __future__ import annotations

from typing import Any

from croton.ops import base
from croton.ops.base import Array
from croton.ops.creation import arange, linspace
from croton.ops.shape import broadcast_to, reshape

__all__ = ["mgrid", "ogrid"]


class Grid:
    """T.mgrid[0:3, 0:n]: the coordinates along each axis.

    A step such as 5j is a number of points, ends included. Bounds may be symbolic.
    dense: whether all coordinates have the shape of the whole grid.
    """

    def __init__(self, dense: bool) -> None:
        self.dense = dense

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _points(key)
        if not isinstance(key, tuple) or not all(isinstance(entry, slice) for entry in key):
            raise IndexError(f"{'mgrid' if self.dense else 'ogrid'}: expected slices, got {key!r}")
        lines = [_points(entry) for entry in key]
        lines = base.as_operands(*lines)
        sizes = [base.shape_of(line)[0] for line in lines]
        placed = [
            reshape(line, tuple(size if axis == own else 1 for axis, size in enumerate(sizes)))
            for own, line in enumerate(lines)
        ]
        return [broadcast_to(line, tuple(sizes)) for line in placed] if self.dense else placed


def _points(bounds: slice) -> Array:
    start = 0 if bounds.start is None else bounds.start
    if bounds.stop is None:
        raise IndexError("grids: every slice needs an end")
    if isinstance(bounds.step, complex):
        return linspace(start, bounds.stop, int(abs(bounds.step)))
    return arange(start, bounds.stop, 1 if bounds.step is None else bounds.step)


mgrid = Grid(dense=True)
ogrid = Grid(dense=False)

"""Theano's ways to put arrays together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph import dims
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.base import Array
from croton.ops.shape import concatenate, stack

__all__ = ["broadcast_shape", "horizontal_stack", "join", "stacklists", "vertical_stack"]


def join(axis: int, *arrays: object) -> Array:
    """The arrays joined along an axis they all have."""
    return concatenate(arrays, axis)


def horizontal_stack(*matrices: object) -> Array:
    """Matrices side by side.

    Raises:
        ShapeError: one has not two axes.
    """
    return concatenate(_matrices(matrices, "horizontal_stack"), 1)


def vertical_stack(*matrices: object) -> Array:
    """Matrices below one another.

    Raises:
        ShapeError: one has not two axes.
    """
    return concatenate(_matrices(matrices, "vertical_stack"), 0)


def _matrices(arrays: Sequence[object], caller: str) -> list[Array]:
    converted = [base.as_array(array) for array in arrays]
    for position, array in enumerate(converted):
        if base.rank_of(array) != 2:
            raise ShapeError(
                f"{caller}: expected matrices, operand {position} has {base.rank_of(array)} axes"
            )
    return converted


def stacklists(arrays: Any) -> Array:
    """Nested lists of arrays of one shape as an array with an axis in front for every level of nesting."""
    if isinstance(arrays, (list, tuple)):
        return stack([stacklists(entry) for entry in arrays])
    return base.as_array(arrays)


def broadcast_shape(*arrays: object) -> tuple[dims.Dim, ...]:
    """The shape that arrays have together.

    Raises:
        ShapeError: they do not broadcast.
    """
    return dims.broadcast([base.shape_of(base.as_array(array)) for array in arrays], "broadcast_shape")

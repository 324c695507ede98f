"""Parts of arrays at positions that may be computed: read, replaced, added to."""

from __future__ import annotations

import builtins
from typing import Any

from croton.graph.dims import Expression
from croton.graph.values import EagerValue
from croton.ops import arithmetic, base, comparison, creation, slicing
from croton.ops.dimension import dim_of
from croton.ops.indexing import index_update
from keras_croton.conversion import convert_to_tensor
from keras_croton.conversion import shape as shape_of

# What Croton calls the reductions of Keras.
_REDUCTIONS = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of a shape with `values` added at `indices`, whose last axis has positions along the first axes.

    Raises:
        IndexError: a position is outside.
    """
    values = convert_to_tensor(values)
    zeros = creation.zeros(base.as_dims(shape), base.dtype_of(values))
    return index_update(zeros, _positions(indices), values, "add")


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with `updates` in the place of the elements at `indices`, or their sum, product, max or min.

    Positions may repeat: without a reduction the last of the updates stays.

    Raises:
        ValueError: no such reduction. IndexError: a position is outside.
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(f"Unsupported reduction: {reduction}")
    update = _REDUCTIONS[reduction]
    return index_update(convert_to_tensor(inputs), _positions(indices), convert_to_tensor(updates), update)


def _positions(indices: Any) -> tuple[Any, ...]:
    """One array of positions for each of the first axes."""
    indices = convert_to_tensor(indices)
    return tuple(indices[..., axis] for axis in range(shape_of(indices)[-1]))


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The part of `inputs` of a shape that starts at `start_indices`; -1 in the shape is all that remains.

    Starts may be computed. Negative ones count from the end; all are moved so that the part lies inside.
    """
    inputs = convert_to_tensor(inputs)
    starts = _starts(start_indices, inputs)
    sizes = [
        limit - dim_of(start) if isinstance(size, int) and size == -1 else size
        for size, start, limit in zip(base.as_dims(shape), starts, shape_of(inputs), strict=True)
    ]
    return slicing.dynamic_slice(inputs, starts, sizes)


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with the part that starts at `start_indices` replaced; starts are moved as in `slice`."""
    inputs = convert_to_tensor(inputs)
    return slicing.dynamic_update_slice(inputs, convert_to_tensor(updates), _starts(start_indices, inputs))


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis, as a list of `num` tensors of one axis less.

    Raises:
        ValueError: the size of the axis is not known, and `num` is not given.
    """
    x = convert_to_tensor(x)
    position = base.normalize_axis(axis, base.rank_of(x), "unstack")
    size = shape_of(x)[position] if num is None else num
    if not isinstance(size, int):
        raise ValueError(f"unstack: the size of axis {axis} is only known later. Received: num={num}")
    before = (builtins.slice(None),) * position
    return [x[(*before, number)] for number in range(size)]


def _starts(starts: Any, inputs: Any) -> list[Any]:
    """One start for each axis, from the beginning."""
    return [
        _from_beginning(start, size) for start, size in zip(_listed(starts), shape_of(inputs), strict=True)
    ]


def _from_beginning(start: Any, size: Any) -> Any:
    if isinstance(start, int):
        return start + size if start < 0 else start
    if isinstance(start, Expression):  # a size, or a position computed from sizes
        return start
    position = convert_to_tensor(start)
    return arithmetic.where(comparison.less(position, 0), arithmetic.add(position, size), position)


def _listed(starts: Any) -> list[Any]:
    """One start for each axis: a number, a size or a scalar."""
    if isinstance(starts, (list, tuple)):
        return list(starts)
    vector = convert_to_tensor(starts)
    if isinstance(vector, EagerValue):
        return list(vector.data.tolist())
    return [vector[axis] for axis in range(shape_of(vector)[0])]

"""Pooling to a given number of windows, whose sizes follow from that.

Window i of n over an axis of size s holds the elements from floor(i s / n) up to ceil((i + 1) s / n).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.src import backend

import croton.tensor as T
from croton.ops import base
from croton.ops.gathering import gather, iota_beside
from keras_croton.conversion import convert_to_tensor
from keras_croton.nn import pooling
from keras_croton.nn.arguments import floating


def adaptive_average_pool(
    inputs: Any, output_size: int | Sequence[int], data_format: str | None = None
) -> Any:
    """The mean of every window.

    inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first"; 1 to 3 spatial
        axes. output_size: the number of windows, one int or one per spatial axis.

    Raises:
        ValueError: another number of axes.
    """
    return _adaptive_pool("average", floating(inputs), output_size, data_format)


def adaptive_max_pool(inputs: Any, output_size: int | Sequence[int], data_format: str | None = None) -> Any:
    """The largest element of every window; arguments as for `adaptive_average_pool`."""
    return _adaptive_pool("max", convert_to_tensor(inputs), output_size, data_format)


def _adaptive_pool(kind: str, inputs: Any, output_size: int | Sequence[int], data_format: str | None) -> Any:
    layout = backend.standardize_data_format(data_format)
    rank = base.rank_of(inputs) - 2
    if not 1 <= rank <= 3:
        raise ValueError(f"adaptive_{kind}_pool supports only 1D/2D/3D inputs, got shape {inputs.shape}")
    counts = (output_size,) * rank if isinstance(output_size, int) else tuple(output_size)
    if len(counts) != rank:
        raise ValueError(
            f"adaptive_{kind}_pool: output_size must have {rank} entries, received: {output_size}"
        )
    first = 1 if layout == "channels_last" else 2
    sizes = inputs.shape[first : first + rank]
    if all(isinstance(size, int) and size % count == 0 for size, count in zip(sizes, counts, strict=True)):
        windows = tuple(size // count for size, count in zip(sizes, counts, strict=True))
        pool = pooling.max_pool if kind == "max" else pooling.average_pool
        return pool(inputs, windows, windows, "valid", layout)
    for axis, count in enumerate(counts, first):
        inputs = _pooled_axis(kind, inputs, axis, count)
    return inputs


def _pooled_axis(kind: str, inputs: Any, axis: int, count: int) -> Any:
    """Windows of one size that end where theirs do, or repeat the last element where they are shorter."""
    size = inputs.shape[axis]
    number = T.expand_dims(iota_beside(count, inputs), 1)
    first = number * size // count
    last = ((number + 1) * size + (count - 1)) // count - 1
    place = first + iota_beside((size + count - 1) // count + 1, inputs)
    index = T.minimum(place, last)
    windows = gather(inputs, (axis,), axis, [index])
    if kind == "max":
        return T.max(windows, axis + 1)
    number = base.cast(last - first + 1, base.dtype_of(inputs))
    share = T.where(T.less_equal(place, last), T.reciprocal(number), 0)
    column = tuple(
        index.shape[other - axis] if axis <= other <= axis + 1 else 1 for other in range(len(windows.shape))
    )
    return T.sum(windows * T.reshape(share, column), axis + 1)

"""Pooling as Keras names it, as Theano does, and the form that both come down to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph import dims, dtypes
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import widened
from croton.ops.convolution.general import layout, per_axis, spatial_rank
from croton.ops.pooling.geometry import Padding, Windows
from croton.ops.pooling.primitive import Pool
from croton.ops.shape import reshape

# Theano's modes.
MODES = {"max": "max", "sum": "sum", "average_inc_pad": "padded_mean", "average_exc_pad": "mean"}


def pooled(kind: str, array: Array, windows: Windows, first: int) -> Array:
    """Pools the axes from `first` on, as many as the windows have.

    Half precisions are calculated in float32; means of integers are float64.
    """
    dtype = base.dtype_of(array)
    if "mean" in kind and not dtypes.is_float(dtype):
        array = base.cast(array, dtypes.FLOAT64)
    shape = base.shape_of(array)
    last = first + len(windows.sizes)
    outer, inner = dims.product(shape[:first]), dims.product(shape[last:])
    result = apply_one(Pool(windows, kind), reshape(widened(array), (outer, *shape[first:last], inner)))
    counts = base.shape_of(result)[1:-1]
    whole = reshape(result, (*shape[:first], *counts, *shape[last:]))
    return base.cast(whole, base.dtype_of(array))


def _keras_pool(
    kind: str,
    operation: str,
    inputs: object,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
) -> Array:
    array = base.as_array(inputs)
    rank, last = spatial_rank(array, operation), layout(data_format, operation)
    sizes = per_axis(pool_size, rank, operation, "pool_size")
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"{operation}: padding must be 'valid' or 'same', got {padding!r}")
    every: Padding = "same" if name == "same" else (0, 0)
    steps = sizes if strides is None else per_axis(strides, rank, operation, "strides")
    return pooled(kind, array, Windows(sizes, steps, (every,) * rank), 1 if last else 2)


def max_pool(
    inputs: object,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The largest element of every window, over 1, 2 or 3 spatial axes.

    inputs: (batch, *spatial, channels), or (batch, channels, *spatial) if data_format is "channels_first".
    strides: the pool size if None. padding: "valid" or "same". NaN counts as largest.

    The gradient goes to the first of several largest elements, in C order.

    Raises:
        ShapeError: the input is smaller than a window. ValueError: no such padding or format.
    """
    return _keras_pool("max", "max_pool", inputs, pool_size, strides, padding, data_format)


def average_pool(
    inputs: object,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The mean of every window, of the elements that lie inside; see `max_pool`."""
    return _keras_pool("mean", "average_pool", inputs, pool_size, strides, padding, data_format)


def _theano_windows(
    rank: int, operation: str, ws: Any, ignore_border: bool | None, stride: Any, pad: Any
) -> Windows:
    if ws is None:
        raise TypeError(f"{operation}: ws, the size of the windows, is missing")
    sizes = per_axis(ws, rank, operation, "ws")
    steps = sizes if stride is None else per_axis(stride, rank, operation, "stride")
    pads = tuple(pad) if isinstance(pad, (tuple, list)) else (pad,) * rank
    if len(pads) != rank or any(isinstance(p, bool) or not isinstance(p, int) or p < 0 for p in pads):
        raise ValueError(f"{operation}: pad must be {rank} ints of 0 or more, got {pad!r}")
    if any(p >= size for p, size in zip(pads, sizes, strict=True)):
        raise ValueError(f"{operation}: pad must be smaller than ws, got {pad!r} and {ws!r}")
    if ignore_border:
        return Windows(sizes, steps, tuple((int(p), int(p)) for p in pads))
    if any(pads):
        raise ValueError(f"{operation}: padding works only with ignore_border=True")
    return Windows(sizes, steps, ("border",) * rank)


def _theano_pool(
    rank: int,
    operation: str,
    input: object,
    ws: Any,
    ignore_border: bool | None,
    stride: Any,
    pad: Any,
    mode: str,
) -> Array:
    array = base.as_array(input)
    if base.rank_of(array) < rank:
        raise ShapeError(f"{operation}: input must have at least {rank} axes, got {base.rank_of(array)}")
    if mode not in MODES:
        raise ValueError(f"{operation}: mode must be one of {', '.join(MODES)}, got {mode!r}")
    windows = _theano_windows(rank, operation, ws, ignore_border, stride, pad)
    # A window that sticks out at the border is not padded: its mean is that of what it has.
    kind = MODES[mode] if ignore_border else MODES[mode].replace("padded_", "")
    return pooled(kind, array, windows, base.rank_of(array) - rank)


def _renamed(operation: str, name: str, value: Any, older: str, older_value: Any) -> Any:
    """What was given under either name of an argument."""
    if value is not None and older_value is not None:
        raise ValueError(f"{operation}: {older} is an older name of {name}; give one of them")
    return older_value if value is None else value


def pool_2d(
    input: object,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Array:
    """Theano's pooling over the last two axes.

    ws: rows and columns of a window. ignore_border: whether windows that stick out at the end are left out
    (None: no). stride: ws if None. pad: zeros around the input, smaller than ws, which never are a maximum.
    mode: "max", "sum", "average_inc_pad" (padding counts as elements) or "average_exc_pad".
    ds, st, padding: older names of ws, stride and pad.

    The gradient of a maximum goes to the first of several largest elements, in C order.

    Raises:
        ValueError: no such mode, padding that is too large or without ignore_border, or both names of one.
    """
    ws, stride = _renamed("pool_2d", "ws", ws, "ds", ds), _renamed("pool_2d", "stride", stride, "st", st)
    pad = pad if padding is None else padding
    return _theano_pool(2, "pool_2d", input, ws, ignore_border, stride, pad, mode)


def pool_3d(
    input: object,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Array:
    """As `pool_2d`, over the last three axes."""
    ws, stride = _renamed("pool_3d", "ws", ws, "ds", ds), _renamed("pool_3d", "stride", stride, "st", st)
    pad = pad if padding is None else padding
    return _theano_pool(3, "pool_3d", input, ws, ignore_border, stride, pad, mode)


def max_pool_2d(
    input: object,
    ds: Any,
    ignore_border: bool | None = None,
    st: Any = None,
    padding: Any = (0, 0),
    mode: str = "max",
) -> Array:
    """`pool_2d` under the argument names of Theano's old `signal.downsample`."""
    return pool_2d(input, ds, ignore_border, st, padding, mode)


def max_pool_2d_same_size(input: object, patch_size: Sequence[int]) -> Array:
    """The input, zero wherever it is not the (first) largest element of its patch: patches do not overlap.

    patch_size: rows and columns of a patch; patches at the end may stick out.
    """
    from croton.ops.pooling.primitive import ScatterToMaximum

    array = base.as_array(input)
    rank = base.rank_of(array)
    if rank < 2:
        raise ShapeError(f"max_pool_2d_same_size: input must have at least 2 axes, got {rank}")
    windows = _theano_windows(2, "max_pool_2d_same_size", patch_size, False, None, 0)
    shape = base.shape_of(array)
    flat = widened(reshape(array, (dims.product(shape[:-2]), *shape[-2:], 1)))
    kept = apply_one(ScatterToMaximum(windows), flat, apply_one(Pool(windows, "max"), flat))
    return base.cast(reshape(kept, shape), base.dtype_of(array))


def global_max_pool(inputs: object, data_format: str | None = None, keepdims: bool = False) -> Array:
    """The largest element of every channel; the gradient is shared evenly by all that attain it."""
    from croton.ops.reduction import max

    return max(inputs, _spatial_axes(inputs, data_format, "global_max_pool"), keepdims)


def global_average_pool(inputs: object, data_format: str | None = None, keepdims: bool = False) -> Array:
    """The mean of every channel."""
    from croton.ops.reduction import mean

    return mean(inputs, _spatial_axes(inputs, data_format, "global_average_pool"), keepdims=keepdims)


def _spatial_axes(inputs: object, data_format: str | None, operation: str) -> tuple[int, ...]:
    rank = spatial_rank(base.as_array(inputs), operation)
    first = 1 if layout(data_format, operation) else 2
    return tuple(range(first, first + rank))

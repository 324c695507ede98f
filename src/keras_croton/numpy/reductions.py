"""Sums, products, means and extremes over axes, running sums, and where extremes are.

`axis` is None (all axes), an axis or several of them; `keepdims` keeps the reduced axes with size 1.
"""

from __future__ import annotations

from typing import Any

from croton.graph import dtypes
from croton.graph.dtypes import DType, as_dtype
from croton.ops import argmax as arguments
from croton.ops import base, cumulative
from croton.ops import reduction as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.arithmetic import maximum, minimum
from keras_croton.numpy.promotion import floating_dtype, index_dtype, operand, typed

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "max",
    "mean",
    "min",
    "prod",
    "ptp",
    "sum",
]

_NARROW_SIGNED = tuple(as_dtype(name) for name in ("bool", "int8", "int16"))
_NARROW_UNSIGNED = tuple(as_dtype(name) for name in ("uint8", "uint16"))


def accumulation_dtype(dtype: DType) -> DType:
    """In what integers and bools are added up: no less than 32 bits."""
    if dtype in _NARROW_SIGNED:
        return dtypes.INT32
    return dtypes.UINT32 if dtype in _NARROW_UNSIGNED else dtype


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over axes; integers in no less than 32 bits."""
    array = convert_to_tensor(x)
    return ops.sum(array, axis, accumulation_dtype(base.dtype_of(array)), keepdims)


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product over axes, in `dtype` or, for integers, in no less than 32 bits."""
    array = convert_to_tensor(x)
    own = accumulation_dtype(base.dtype_of(array)) if dtype is None else as_dtype(dtype)
    return ops.prod(array, axis, own, keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over axes, of integers and bools in floatx."""
    array = convert_to_tensor(x)
    return ops.mean(array, axis, floating_dtype(base.dtype_of(array)), keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest element over axes, and not less than `initial`.

    Raises:
        ValueError: there are no elements and no `initial`.
    """
    array = convert_to_tensor(x)
    if initial is None:
        return ops.max(array, axis, keepdims)
    return maximum(ops.reduce("max", array, axis, keepdims, empty=True), _initial(initial, array))


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest element over axes, and not more than `initial`.

    Raises:
        ValueError: there are no elements and no `initial`.
    """
    array = convert_to_tensor(x)
    if initial is None:
        return ops.min(array, axis, keepdims)
    return minimum(ops.reduce("min", array, axis, keepdims, empty=True), _initial(initial, array))


def _initial(initial: Any, array: Any) -> Any:
    return typed(operand(initial), base.dtype_of(array))


def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element over axes."""
    return max(x, axis, keepdims)


def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element over axes."""
    return min(x, axis, keepdims)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest less the smallest element over axes."""
    return ops.ptp(convert_to_tensor(x), axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements are not 0, bool."""
    return ops.all(convert_to_tensor(x), axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether some element is not 0, bool."""
    return ops.any(convert_to_tensor(x), axis, keepdims)


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not 0, int32."""
    truth = base.cast(convert_to_tensor(x), dtypes.BOOL)
    return ops.sum(truth, axis, dtypes.INT32)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The int32 position of the first largest element along an axis (of the flattened x when None)."""
    return index_dtype(arguments.argmax(convert_to_tensor(x), axis, keepdims))


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The int32 position of the first smallest element along an axis (of the flattened x when None)."""
    return index_dtype(arguments.argmin(convert_to_tensor(x), axis, keepdims))


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums along an axis (of the flattened x when None), in `dtype`; of bools in int32."""
    array = convert_to_tensor(x)
    return cumulative.cumsum(array, axis, running_dtype(array, dtype))


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products along an axis (of the flattened x when None), in `dtype`; of bools in int32."""
    array = convert_to_tensor(x)
    return cumulative.cumprod(array, axis, running_dtype(array, dtype))


def running_dtype(array: Any, dtype: Any) -> DType:
    """In what running sums and products are: their own dtype or the one asked for; bools in int32."""
    own = base.dtype_of(array) if dtype is None else as_dtype(dtype)
    return dtypes.INT32 if dtypes.is_bool(own) else own

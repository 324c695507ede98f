"""Between Keras's world and Croton's: tensors, dtypes, shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras.src.backend import config
from keras.src.backend.common import KerasVariable, standardize_dtype
from keras.src.backend.common.keras_tensor import KerasTensor

from croton.frontends.eager import Tensor
from croton.graph.dims import Expression
from croton.graph.dtypes import as_dtype
from croton.graph.values import Constant, EagerValue, Value
from croton.ops import base


def is_tensor(x: object) -> bool:
    """Whether it is a tensor of this backend: eager, or symbolic while a function is traced."""
    return isinstance(x, (EagerValue, Value))


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """The value as a dense tensor of `dtype`; without one, tensors and arrays keep theirs.

    Python floats, and lists of them, become floatx; Python ints int32, or int64 where they do not fit.
    Sparse tensors and matrices, of this backend and of other libraries, get their zeros.

    Raises:
        ValueError: ragged tensors are asked for, or it is not an array.
    """
    if isinstance(x, (EagerValue, Value)):
        if isinstance(x, Constant) and not base.building.symbolic:
            x = Tensor(x.data)
        return x if dtype is None else base.cast(x, standardize_dtype(dtype))
    if ragged:
        raise ValueError("`ragged=True` is not supported with croton backend")
    if dtype is not None:
        dtype = standardize_dtype(dtype)
    if isinstance(x, KerasVariable):
        return convert_to_tensor(x.value, dtype)
    if isinstance(x, Expression):
        return base.cast(x, dtype or "int32")
    if isinstance(x, KerasTensor):
        raise ValueError(f"a symbolic Keras tensor has no value yet: {x}")
    if hasattr(x, "todense"):
        return convert_to_tensor(x.todense(), dtype)
    if _holds_tensors(x):
        from croton.ops.shape import stack

        parts = [convert_to_tensor(item) for item in x]
        return convert_to_tensor(stack(parts), dtype)
    return Tensor(_as_array(x, dtype))


def _holds_tensors(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and any(
        isinstance(item, (EagerValue, Value, KerasVariable, Expression)) or _holds_tensors(item) for item in x
    )


def _as_array(x: Any, dtype: str | None) -> np.ndarray[Any, Any]:
    """A new array, of `dtype` or of the dtype Keras has for such a value."""
    typed = hasattr(x, "dtype")
    array = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if array.dtype == object or array.dtype.kind in "SUMm":
        raise ValueError(
            f"cannot convert {type(x).__name__} {x!r} to a tensor: it is not an array of numbers"
        )
    if dtype is None and not typed:
        if array.dtype == np.float64:
            dtype = config.floatx()
        elif array.dtype == np.int64:
            fits = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
            dtype = "int32" if fits else "int64"
        elif array.dtype == np.complex128:
            dtype = "complex64"
    with np.errstate(all="ignore"):
        return np.array(array, dtype=as_dtype(dtype) if dtype is not None else None, order="C", copy=True)


def convert_to_numpy(x: Any) -> np.ndarray[Any, Any]:
    """The numbers as a NumPy array of the caller's own.

    Raises:
        TypeError: the tensor is symbolic, so that its numbers are only known when the function runs.
    """
    if isinstance(x, KerasVariable):
        x = x.value
    if isinstance(x, Value):
        if not isinstance(x, Constant):
            raise TypeError(
                f"the numbers of {x!r} are only known when the compiled function runs; "
                "inside of a model use keras.ops, or compile with run_eagerly=True"
            )
        return np.array(x.data)
    return np.array(x)


def cast(x: Any, dtype: Any) -> Any:
    """The value converted to `dtype`."""
    return convert_to_tensor(x, dtype)


def shape(x: Any) -> tuple[Any, ...]:
    """Sizes: ints and, while a function is traced, symbolic sizes that can be used wherever ints can."""
    if is_tensor(x):
        return tuple(base.shape_of(x))
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)

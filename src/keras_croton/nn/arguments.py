"""What functions of neural networks do with their arguments before anything else."""

from __future__ import annotations

from typing import Any

from keras.src import backend

from croton.graph import dtypes
from croton.ops import base
from keras_croton.conversion import cast, convert_to_tensor


def dtype_name(x: Any) -> str:
    """The name of a tensor's dtype, eager or symbolic."""
    return base.dtype_of(x).name


def floating(x: Any) -> Any:
    """A tensor of floats: integers and booleans become what Keras makes of them beside a Python float."""
    tensor = convert_to_tensor(x)
    if dtypes.is_inexact(base.dtype_of(tensor)):
        return tensor
    return cast(tensor, backend.result_type(dtype_name(tensor), float))


def number(x: Any) -> Any:
    """A tensor of which booleans are int32."""
    tensor = convert_to_tensor(x)
    return cast(tensor, dtypes.INT32) if dtypes.is_bool(base.dtype_of(tensor)) else tensor


def in_common_dtype(*tensors: Any) -> list[Any]:
    """Tensors in the floating dtype that Keras promotes them to."""
    converted = [convert_to_tensor(tensor) for tensor in tensors]
    names = [dtype_name(tensor) for tensor in converted]
    same = len(set(names)) == 1 and dtypes.is_inexact(base.dtype_of(converted[0]))
    common = names[0] if same else backend.result_type(*names, float)
    return [cast(tensor, common) for tensor in converted]


def dense_only(sparse: bool) -> None:
    """Refuses sparse results.

    Raises:
        ValueError: `sparse` is set.
    """
    if sparse:
        raise ValueError("Unsupported value `sparse=True` with croton backend: there are no sparse tensors")

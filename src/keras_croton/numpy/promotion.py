"""Dtypes by Keras's rules: what operands of different dtypes become before an operation is applied to them.

Python numbers, and sizes of symbolic shapes, are weak: they take the dtype of the arrays beside them. 64 bits
come only from operands that have them: Keras's rule would never give more than 32.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from keras.src.backend import config
from keras.src.backend.common.dtypes import result_type

from croton.graph import dtypes
from croton.graph.dims import Expression
from croton.graph.dtypes import DType, as_dtype
from croton.graph.values import EagerValue, Value
from croton.ops import base
from croton.ops.elementwise import Elementwise
from keras_croton.conversion import convert_to_tensor

Kind = DType | type  # an array's dtype, or int, float or complex of a weak number

# What a result of 32 bits is instead, if an operand has one of these dtypes.
_WIDER: dict[str, tuple[str, tuple[str, ...]]] = {
    "int32": ("int64", ("int64",)),
    "uint32": ("uint64", ("uint64",)),
    "float32": ("float64", ("float64",)),
    "complex64": ("complex128", ("complex128", "float64")),
}


def operand(x: Any) -> Any:
    """A tensor of anything but Python numbers and sizes, which stay weak."""
    if isinstance(x, (EagerValue, Value, int, float, complex, Expression)):
        return x
    return convert_to_tensor(x)


def kind(x: Any) -> Kind:
    """What counts of an operand for the dtype of a result."""
    if isinstance(x, EagerValue):
        return as_dtype(x.data.dtype)
    if isinstance(x, Value):
        return x.type.dtype if x.weak is None else kind(x.weak)
    if isinstance(x, bool):
        return dtypes.BOOL
    if isinstance(x, (int, Expression)):
        return int
    return float if isinstance(x, float) else complex


@lru_cache(maxsize=4096)
def promoted(kinds: tuple[Kind, ...], floatx: str) -> DType:
    """The dtype of a result of operands of these kinds.

    Raises:
        ValueError: Keras has no implicit promotion for them.
    """
    arrays = {entry for entry in kinds if isinstance(entry, np.dtype)}
    if len(arrays) == 1 and len(arrays) == len(set(kinds)):
        return as_dtype(arrays.pop())
    names = {entry.name for entry in arrays}
    result: str = result_type(*(_named(entry) for entry in kinds))
    wide, because = _WIDER.get(result, (result, ()))
    if names.intersection(because):
        return as_dtype(wide)
    if result == "float32" and not any("float" in name or name == "complex64" for name in names):
        return as_dtype(floatx)
    return as_dtype(result)


def _named(entry: Kind) -> Any:
    if isinstance(entry, np.dtype):
        return entry.name
    return "complex64" if entry is complex else entry


def common_dtype(*operands: Any) -> DType:
    """The dtype that operands (see `operand`) have together."""
    return promoted(tuple([kind(x) for x in operands]), config.floatx())


def typed(x: Any, dtype: DType) -> Any:
    """An operand in a dtype; integers that do not fit wrap around, as in other backends."""
    if isinstance(x, int) and dtypes.is_integer(dtype):
        limits = np.iinfo(dtype)
        if not limits.min <= x <= limits.max:
            x = int(np.asarray(x).astype(dtype))
    return base.cast(x, dtype)


def operands(*values: Any) -> Sequence[Any]:
    """Operands of an operation, all in their common dtype."""
    if all([isinstance(x, EagerValue) for x in values]):  # the way of most calls outside of compiled code
        dtype = values[0].data.dtype
        if all([x.data.dtype is dtype for x in values]):
            return values
    known = [operand(x) for x in values]
    dtype = common_dtype(*known)
    return [typed(x, dtype) for x in known]


def floating_operands(*values: Any) -> list[Any]:
    """Operands of an operation on floating or complex numbers, all in their common dtype."""
    known = [operand(x) for x in values]
    dtype = promoted((*(kind(x) for x in known), float), config.floatx())
    return [typed(x, dtype) for x in known]


def floating_dtype(dtype: DType) -> DType:
    """The dtype in which a function of floating numbers takes an argument: floatx for integers and bools."""
    return dtype if dtypes.is_inexact(dtype) else as_dtype(config.floatx())


def floating(x: Any) -> Any:
    """The tensor in floating or complex numbers."""
    tensor = convert_to_tensor(x)
    dtype = base.dtype_of(tensor)
    return tensor if dtypes.is_inexact(dtype) else base.cast(tensor, as_dtype(config.floatx()))


@cache
def _operation(function: str) -> Elementwise:
    return Elementwise(function)


def elementwise(function: str, *operands: Any) -> Any:
    """One of Croton's scalar functions of operands in one dtype, for which it is defined."""
    return base.apply_one(_operation(function), *operands)


def index_dtype(x: Any) -> Any:
    """Positions and counts, which Croton has in int64, in the int32 of Keras."""
    return base.cast(x, dtypes.INT32)

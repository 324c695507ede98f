"""Constructors of symbolic variables: Theano's names for ranks and dtypes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from croton.frontends.config import config
from croton.frontends.variables import TensorVariable
from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.dtypes import as_dtype
from croton.graph.errors import ShapeError
from croton.graph.values import Constant, EagerValue, TensorType


def tensor(
    dtype: object = None,
    shape: tuple[int | None, ...] | None = None,
    name: str | None = None,
    *,
    broadcastable: tuple[bool, ...] | None = None,
) -> TensorVariable:
    """A symbolic array: `None` in `shape` is a size known when a function is called.

    broadcastable: Theano's way to say which axes have size 1, instead of `shape`.

    Raises:
        ValueError: neither shape nor broadcastable is given, or a size is negative.
    """
    if shape is None:
        if broadcastable is None:
            raise ValueError("tensor: give shape=, such as (None, 3)")
        shape = tuple(1 if flag else None for flag in broadcastable)
    sizes: list[Dim] = []
    for axis, size in enumerate(shape):
        if isinstance(size, int) and size < 0:
            raise ValueError(f"tensor: size {size} of axis {axis} is negative")
        sizes.append(dims.symbol(f"{name or 'x'}.shape[{axis}]") if size is None else size)
    return TensorVariable(TensorType(as_dtype(dtype or config.floatX), tuple(sizes)), name=name)


def constant(x: object, name: str | None = None, ndim: int | None = None, dtype: object = None) -> Constant:
    """A symbolic array whose numbers are known: a copy of `x`.

    ndim: the number of axes it must have. dtype: what to convert to, that of the array if None.

    Raises:
        DTypeError: not an array of a supported dtype. ShapeError: it has another number of axes than `ndim`.
    """
    data = x.data if isinstance(x, (EagerValue, Constant)) else np.asarray(x)
    array = np.array(data, dtype=None if dtype is None else as_dtype(dtype), order="C", copy=True)
    if ndim is not None and array.ndim != ndim:
        raise ShapeError(f"constant: expected {ndim} axes, got shape {array.shape}")
    array.flags.writeable = False
    return Constant.factory_constant(array, name)


def _constructor(
    kind: str, shape: tuple[int | None, ...], fixed: str | None
) -> Callable[..., TensorVariable]:
    def make(
        name: str | None = None, dtype: object = None, shape: tuple[int | None, ...] = shape
    ) -> TensorVariable:
        return tensor(fixed or dtype, shape, name)

    make.__name__ = kind
    make.__doc__ = f"A symbolic {kind}" + (
        f" of {fixed}." if fixed else ", of config.floatX unless `dtype` is given."
    )
    return make


_KINDS: dict[str, tuple[int | None, ...]] = {
    "scalar": (),
    "vector": (None,),
    "row": (1, None),
    "col": (None, 1),
    "matrix": (None, None),
    "tensor3": (None,) * 3,
    "tensor4": (None,) * 4,
    "tensor5": (None,) * 5,
}
_PREFIXES = {
    "": None,
    "b": "int8",
    "w": "int16",
    "i": "int32",
    "l": "int64",
    "f": "float32",
    "d": "float64",
    "c": "complex64",
    "z": "complex128",
}
CONSTRUCTORS: dict[str, Callable[..., TensorVariable]] = {
    prefix + kind: _constructor(prefix + kind, shape, dtype)
    for kind, shape in _KINDS.items()
    for prefix, dtype in _PREFIXES.items()
}


def _several(kind: str) -> Callable[..., list[TensorVariable]]:
    make = CONSTRUCTORS[kind]

    def several(*names: str | int) -> list[TensorVariable]:
        if len(names) == 1 and isinstance(names[0], int):
            return [make() for _ in range(names[0])]
        return [make(name) for name in names]

    several.__name__ = kind + "s"
    several.__doc__ = f"Several of `{kind}`: one per name, or a number of unnamed ones."
    return several


PLURALS: dict[str, Callable[..., list[TensorVariable]]] = {
    kind + "s" if not kind.endswith("x") else kind[:-2] + "ices": _several(kind)
    for kind in CONSTRUCTORS
    if not kind.endswith(("row", "col", "3", "4", "5"))
}

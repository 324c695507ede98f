"""Constructors of symbolic variables: Theano's names for ranks and dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from croton.frontends.config import config
from croton.frontends.variables import TensorVariable
from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.dtypes import as_dtype
from croton.graph.errors import ShapeError
from croton.graph.values import Constant, EagerValue, TensorType
from croton.ops import base


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

    ndim: the number of axes it must have. dtype: what to convert to, if None that of the array, and
    config.floatX for Python's floats. These and small whole numbers take the dtype of arrays that they meet,
    as numbers do that are not made constants.

    Raises:
        DTypeError: not an array of a supported dtype. ShapeError: it has another number of axes than `ndim`.
    """
    weak = dtype is None and (type(x) is float or (type(x) is int and 0 <= x < 128))
    if weak and type(x) is float:
        dtype = config.floatX
    data = x.data if isinstance(x, (EagerValue, Constant)) else np.asarray(x)
    array = np.array(data, dtype=None if dtype is None else as_dtype(dtype), order="C", copy=True)
    if ndim is not None and array.ndim != ndim:
        raise ShapeError(f"constant: expected {ndim} axes, got shape {array.shape}")
    array.flags.writeable = False
    made = Constant.factory_constant(array, name)
    if weak:
        vars(made)["weak"] = x
    return made


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> Any:
    """x as an array of the symbolic world: variables and tensors as they are, all else as a constant.

    name: for a constant. ndim: the number of axes to have: axes of size 1 are added or dropped in front.

    Raises:
        DTypeError: x is not an array of a supported dtype. ShapeError: it has more axes than `ndim`.
    """
    from croton.ops.rearranging import shape_padleft
    from croton.ops.shape import squeeze

    array = constant(x) if type(x) in (int, float) else base.as_array(x)
    if name is not None and isinstance(array, Constant):
        array = Constant.factory_constant(array.data, name)
    if ndim is None or base.rank_of(array) == ndim:
        return array
    surplus = base.rank_of(array) - ndim
    if surplus < 0:
        return shape_padleft(array, -surplus)
    if any(size != 1 for size in base.shape_of(array)[:surplus]):
        raise ShapeError(f"as_tensor_variable: expected {ndim} axes, got {base.rank_of(array)}")
    return squeeze(array, tuple(range(surplus)))


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
    "tensor6": (None,) * 6,
    "tensor7": (None,) * 7,
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
    kind + "s" if not kind.endswith("x") else kind[:-2] + "ices": _several(kind) for kind in CONSTRUCTORS
}

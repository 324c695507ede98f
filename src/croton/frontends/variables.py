"""Symbolic variables: the values a user sees, and the shared ones that live between calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from croton.frontends.operators import ArrayMethods
from croton.graph.dtypes import as_dtype
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value
from croton.ops import base
from croton.ops.test_values import Tag
from croton.runtime import Cell


class SymbolicMethods(ArrayMethods):
    """What symbolic variables and constants have in common."""

    __slots__ = ()

    @property
    def tag(self) -> Any:
        """Where a user notes something on the variable, such as `x.tag.test_value = array`."""
        return self.__dict__.setdefault("_tag", Tag(self.type))  # type: ignore[attr-defined]

    # Identity, as in Theano, but elementwise while a function is traced, as its author means it.
    def __eq__(self, other: object) -> Any:
        if not base.building.elementwise_equality or other is None or isinstance(other, str):
            return NotImplemented
        from croton.ops.comparison import equal

        return equal(self, other)

    def __ne__(self, other: object) -> Any:
        if not base.building.elementwise_equality or other is None or isinstance(other, str):
            return NotImplemented
        from croton.ops.comparison import not_equal

        return not_equal(self, other)

    __hash__ = object.__hash__


class TensorVariable(SymbolicMethods, Value):
    """A symbolic array."""

    @property
    def dtype(self) -> str:
        """The name of the dtype, as in Theano."""
        return self.type.dtype.name

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth of {self._described()} is only known when the function is called, "
            "so Python cannot branch on it; use ct.ifelse, T.where or ct.cond"
        )

    def __float__(self) -> float:
        raise TypeError(
            f"{self._described()} is symbolic and has no number yet; compile a function and call it"
        )

    __int__ = __index__ = __complex__ = __float__

    def __array__(self, *_: Any, **__: Any) -> NDArray:
        raise TypeError(
            f"{self._described()} is symbolic and has no numbers for NumPy yet; "
            "use functions of croton.tensor"
        )

    def _described(self) -> str:
        location = self.owner.location if self.owner is not None else None
        return f"{self!r} (made at {location})" if location is not None else repr(self)

    def __repr__(self) -> str:
        if self.name:
            return self.name
        return f"<{self.owner.op} -> {self.type}>" if self.owner else f"<{self.type}>"


class TensorConstant(SymbolicMethods, Constant):
    """A symbolic array whose numbers are known."""

    dtype = TensorVariable.dtype

    def __repr__(self) -> str:
        return self.name or f"constant({self.data!r})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return np.asarray(self.data, dtype=dtype)


class SharedVariable(TensorVariable):
    """A variable with a value that lives between calls; `updates` of functions change it.

    default_update: its new value after every call of a function that reads it, unless `updates` say another.
    """

    default_update: Value | None

    def __init__(self, value: NDArray, name: str | None, shape: tuple[int | None, ...] | None) -> None:
        array = np.array(value, order="C", copy=True)
        dtype = as_dtype(array.dtype)
        sizes = (
            array.shape
            if shape is None
            else tuple(
                _symbol(f"{name or 'shared'}.shape[{axis}]") if size is None else size
                for axis, size in enumerate(shape)
            )
        )
        super().__init__(TensorType(dtype, sizes), name=name)
        self.cell = Cell(array, name)
        self.default_update = None

    def get_value(self, borrow: bool = False) -> NDArray:
        """The current value: a copy, or with `borrow` the buffer itself."""
        array = self.cell.array
        return array if borrow else array.copy()

    def set_value(self, value: object, borrow: bool = False) -> None:
        """Gives the variable a new value of its dtype and rank.

        Raises:
            ShapeError: rank, or a size fixed when it was made, differs.
            DTypeError: the dtype cannot be converted safely.
        """
        array = np.asarray(value)
        if not np.can_cast(array.dtype, self.type.dtype, "same_kind") and array.dtype != self.type.dtype:
            raise DTypeError(f"{self}: expected {self.type.dtype.name}, got {array.dtype.name}")
        if array.ndim != self.type.rank:
            raise ShapeError(f"{self}: expected {self.type.rank} axes, got {array.ndim}")
        for axis, (size, actual) in enumerate(zip(self.type.shape, array.shape, strict=True)):
            if isinstance(size, int) and size != actual:
                raise ShapeError(
                    f"{self}: axis {axis} has size {size}, got {actual}; give shape=(None, ...) to change it"
                )
        self.cell.array = np.array(array, dtype=self.type.dtype, order="C", copy=not borrow or None)


def _symbol(name: str) -> Any:
    from croton.graph import dims

    return dims.symbol(name)


def shared(
    value: object,
    name: str | None = None,
    *,
    dtype: object = None,
    shape: tuple[int | None, ...] | None = None,
    borrow: bool = False,
    strict: bool = False,
    allow_downcast: bool | None = None,
    broadcastable: object = None,
) -> Any:
    """A variable whose value lives between calls of functions; a sparse one for a SciPy sparse matrix.

    Sizes are fixed to those of the value, which makes faster code; `shape=(None, 3)` leaves some free.
    `borrow`, `strict`, `allow_downcast` and `broadcastable` are accepted for Theano's sake: the value is
    always copied.

    Raises:
        DTypeError: the value is not an array of a supported dtype.
    """
    if type(value).__module__.startswith("scipy.sparse"):
        from croton.frontends.sparse.variable import shared_sparse

        return shared_sparse(value, name)
    data = value.data if isinstance(value, (EagerValue, Constant)) else np.asarray(value)
    if dtype is not None:
        data = data.astype(as_dtype(dtype))
    as_dtype(data.dtype)
    return SharedVariable(data, name, shape)


Value.factory = TensorVariable
Constant.factory_constant = TensorConstant

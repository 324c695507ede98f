"""Theano's `TensorType`: a dtype and which axes have size 1; calling it makes a variable."""

from __future__ import annotations

from collections.abc import Sequence

from croton.frontends.constructors import tensor
from croton.frontends.function import as_argument
from croton.frontends.variables import TensorVariable
from croton.graph import values
from croton.graph.dtypes import as_dtype
from croton.graph.errors import ShapeError
from croton.graph.values import NDArray


class _AnyTensorType(type):
    """Types of variables count as instances too: `isinstance(x.type, T.TensorType)`."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, values.TensorType) or super().__instancecheck__(instance)


class TensorType(metaclass=_AnyTensorType):
    """The type of arrays of a dtype and rank: `TensorType("float32", (False, True))("x")` is a variable.

    broadcastable: for each axis whether its size is 1. shape: sizes, None where open, instead of that.
    Unlike the type of a variable it names no sizes: each variable it makes has sizes of its own.

    Raises:
        DTypeError: there is no such dtype. ValueError: neither broadcastable nor shape is given.
    """

    def __init__(
        self,
        dtype: object,
        broadcastable: Sequence[bool] | None = None,
        name: str | None = None,
        shape: Sequence[int | None] | None = None,
    ) -> None:
        if shape is None:
            if broadcastable is None:
                raise ValueError("TensorType: give broadcastable= or shape=")
            shape = [1 if flag else None for flag in broadcastable]
        self.dtype = as_dtype(dtype).name
        self.shape = tuple(shape)
        self.name = name

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """Which axes have size 1."""
        return tuple(size == 1 for size in self.shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __call__(self, name: str | None = None) -> TensorVariable:
        """A new variable of this type."""
        return tensor(self.dtype, self.shape, name or self.name)

    make_variable = __call__

    def filter(self, value: object, strict: bool = False, allow_downcast: bool | None = None) -> NDArray:
        """The array that a value is under this type, as functions take their arguments.

        Raises:
            TypeError, DTypeError, ShapeError: it is none of this type.
        """
        if strict and str(getattr(value, "dtype", None)) != self.dtype:
            raise TypeError(f"{self}: expected an array of {self.dtype}, got {type(value).__name__}")
        array = as_argument(value, self().type, str(self), allow_downcast)
        for axis, (size, actual) in enumerate(zip(self.shape, array.shape, strict=True)):
            if size is not None and size != actual:
                raise ShapeError(f"{self}: axis {axis} has size {actual}, expected {size}")
        return array

    def is_valid_value(self, value: object) -> bool:
        """Whether `filter` takes a value as it is."""
        try:
            self.filter(value, strict=True)
        except (TypeError, ValueError):
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return type(other) is TensorType and (self.dtype, self.shape) == (other.dtype, other.shape)

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    def __repr__(self) -> str:
        return f"TensorType({self.dtype}, {self.shape})"

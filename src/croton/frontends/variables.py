"""Symbolic variables: the values a user sees, and the shared ones that live between calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from croton.frontends.config import config
from croton.frontends.operators import ArrayMethods, Binary
from croton.graph.dtypes import DType, as_dtype
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.pickling import notes
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value
from croton.ops import base
from croton.ops.test_values import Tag
from croton.runtime import Cell, empty


class SymbolicMethods(ArrayMethods):
    """What symbolic variables and constants have in common."""

    __slots__ = ()

    def eval(self, inputs_to_values: Mapping[Any, Any] | None = None, **options: Any) -> NDArray:
        """The value for arrays in place of variables, a dict by variable or by name; for trying things out.

        options: as for `function`.

        Raises:
            MissingInputError: it depends on a variable that is not given.
        """
        from croton.frontends.constant_values import evaluated

        return evaluated(cast(Value, self), inputs_to_values, options)

    def get_scalar_constant_value(self) -> NDArray:
        """The number that this is whatever the inputs are.

        Raises:
            NotScalarConstantError: it depends on a variable or has axes.
        """
        from croton.frontends.constant_values import get_scalar_constant_value

        return get_scalar_constant_value(self)

    @property
    def tag(self) -> Any:
        """Where a user notes something on the variable, such as `x.tag.test_value = array`."""
        return vars(self).setdefault("_tag", Tag(cast(Value, self).type))

    # Identity, as in Theano, but elementwise while a function is traced, as its author means it.
    def __eq__(self, other: object) -> Any:
        if not base.building.elementwise_equality or other is None or isinstance(other, str):
            return NotImplemented
        return Binary.equal(self, other)

    def __ne__(self, other: object) -> Any:
        if not base.building.elementwise_equality or other is None or isinstance(other, str):
            return NotImplemented
        return Binary.not_equal(self, other)

    __hash__ = object.__hash__


class TensorVariable(SymbolicMethods, Value):
    """A symbolic array."""

    @property
    def dtype(self) -> str:
        """The name of the dtype, as in Theano."""
        return self.type.dtype.name

    def clone(self, name: str | None = None) -> Any:
        """A variable of the same type and name that nothing computes."""
        return type(self)(self.type, name=name or self.name)

    def __bool__(self) -> bool:
        # Theano's programs ask `if input:` where an argument may be None. Nobody can mean the numbers of an
        # array by that, as of a comparison or of a single number.
        if self.type.rank > 0 and self.type.dtype != np.bool_ and not base.building.elementwise_equality:
            return True
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


def aligned_copy(value: object, dtype: DType | None = None) -> NDArray:
    """A copy in C order that begins where a line of the cache does.

    NumPy's own arrays begin anywhere, so that most vectors which a kernel reads from them lie in two lines:
    products with one row took half as long again.
    """
    array = np.asarray(value, dtype=dtype)
    copy: NDArray = empty(array.shape, array.dtype)
    copy[...] = array
    return copy


class SharedVariable(TensorVariable):
    """A variable with a value that lives between calls; `updates` of functions change it.

    default_update: its new value after every call of a function that reads it, unless `updates` say another.
    """

    default_update: Value | None

    def __init__(self, value: NDArray, name: str | None, shape: tuple[int | None, ...] | None) -> None:
        array = np.asarray(value)
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
        self.cell = Cell(aligned_copy(array), name)
        self.default_update = None

    def __reduce__(self) -> tuple[Any, ...]:
        further = notes(self) or {}
        further.pop("cell")
        return _restored_shared, (type(self), self.cell.array, self.name, self.type), further or None

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> NDArray:
        """The current value: a copy, or with `borrow` the buffer itself.

        return_internal_type: accepted for Theano's sake; values are NumPy arrays in any case.
        """
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
                    f"{self}: axis {axis} has size {size}, got {actual}; make it with shape=(None, ...) "
                    'or set config.shared_sizes = "free" to change sizes'
                )
        if borrow:
            self.cell.array = np.array(array, dtype=self.type.dtype, order="C", copy=None)
        else:
            self.cell.array = aligned_copy(array, self.type.dtype)

    def zero(self, borrow: bool = False) -> None:
        """Sets all numbers to zero."""
        self.set_value(np.zeros_like(self.cell.array), borrow=True)

    def clone(self, name: str | None = None) -> SharedVariable:
        """Another variable over the same buffer."""
        made = SharedVariable(self.cell.array, name or self.name, None)
        made.type, made.cell = self.type, self.cell
        return made

    @property
    def container(self) -> Cell:
        """The buffer."""
        return self.cell


def _restored_shared(
    kind: type[SharedVariable], value: NDArray, name: str | None, type: TensorType
) -> SharedVariable:
    shared = kind.__new__(kind)  # the rest of what a subclass sets comes with the state
    SharedVariable.__init__(shared, value, name, None)
    shared.type = type
    return shared


def _symbol(name: str) -> Any:
    from croton.graph import dims

    return dims.symbol(name)


def shared(
    value: object,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    *,
    dtype: object = None,
    shape: tuple[int | None, ...] | None = None,
    borrow: bool = False,
    broadcastable: Sequence[bool] | None = None,
) -> Any:
    """A variable whose value lives between calls of functions; a sparse one for a SciPy sparse matrix.

    Sizes are fixed to those of the value, which makes faster code; `shape=(None, 3)` leaves some free, and
    `config.shared_sizes = "free"` all that are not told. broadcastable: Theano's way to tell which axes have
    size 1; all others are free.
    `strict`, `allow_downcast` and `borrow` are accepted for Theano's sake: the value is always copied.

    Raises:
        DTypeError: the value is not an array of a supported dtype.
        ShapeError: it has another shape than told.
    """
    if type(value).__module__.startswith("scipy.sparse"):
        from croton.frontends.sparse.variable import shared_sparse

        return shared_sparse(value, name)
    data = value.data if isinstance(value, (EagerValue, Constant)) else np.asarray(value)
    if dtype is not None:
        data = data.astype(as_dtype(dtype))
    as_dtype(data.dtype)
    if shape is None and broadcastable is not None:
        shape = tuple(1 if flag else None for flag in broadcastable)
    if shape is None and config.shared_sizes == "free":
        shape = (None,) * data.ndim
    if shape is not None and not _has_shape(data, shape):
        raise ShapeError(f"shared: the value has shape {data.shape}, expected {tuple(shape)}")
    return SharedVariable(data, name, shape)


def _has_shape(data: NDArray, shape: Sequence[int | None]) -> bool:
    """Whether an array has this shape; None is any size."""
    return len(shape) == data.ndim and all(
        size is None or size == actual for size, actual in zip(shape, data.shape, strict=True)
    )


Value.factory = TensorVariable
Constant.factory_constant = TensorConstant

"""Eager arrays: tensors that exist at once, and variables whose value can be assigned."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from croton.frontends.operators import ArrayMethods, Binary, ShapeTuple
from croton.frontends.variables import SharedVariable, aligned_copy
from croton.graph import dtypes
from croton.graph.dtypes import DType, as_dtype
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value
from croton.ops import base
from croton.ops.base import Array
from croton.ops.elementwise import kind_of


class EagerMethods(ArrayMethods):
    """What tensors and variables have in common: they hold numbers that Python and NumPy can read."""

    __slots__ = ()

    data: NDArray

    @property
    def dtype(self) -> str:
        """The name of the dtype, as for symbolic variables."""
        return as_dtype(self.data.dtype).name

    @property
    def shape(self) -> tuple[int, ...]:
        return ShapeTuple(self.data.shape)

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def nbytes(self) -> int:
        return self.data.nbytes

    @property
    def type(self) -> TensorType:
        """Dtype and shape; calling it makes a symbolic variable of that type."""
        return TensorType(as_dtype(self.data.dtype), self.data.shape)

    def numpy(self) -> NDArray:
        """The numbers as a NumPy array of the caller's own."""
        return np.array(self.data, copy=True)

    def item(self, *position: int) -> Any:
        """An element (the only one without a position) as a Python number."""
        return self.data.item(*position)

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self.data.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        if copy:
            return np.array(self.data, dtype=dtype, copy=True)
        if dtype is not None and np.dtype(dtype) != self.data.dtype:
            if copy is False:
                raise ValueError(
                    f"a {self.dtype} tensor cannot be seen as {np.dtype(dtype).name} without a copy"
                )
            return self.data.astype(dtype)
        view = self.data.view()
        view.flags.writeable = False
        return view

    def __dlpack__(self, **options: Any) -> Any:
        data = self.data if self.data.flags.writeable else self.data.copy()
        return data.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.data.__dlpack_device__()

    def __bool__(self) -> bool:
        return bool(self.data)

    def __int__(self) -> int:
        return int(self.data)

    def __float__(self) -> float:
        return float(self.data)

    def __complex__(self) -> complex:
        return complex(self.data)

    def __index__(self) -> int:
        if self.data.ndim != 0 or not dtypes.is_integer(as_dtype(self.data.dtype)):
            raise TypeError(f"only an integer scalar can be an index, got {self.type}")
        return int(self.data)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.data.item(), digits)

    def __format__(self, specification: str) -> str:
        return format(self.data.item() if self.data.ndim == 0 else self.data, specification)

    def __str__(self) -> str:
        return repr(self)

    # Elementwise, as in NumPy and TensorFlow; hashed by identity, so that tensors can be keys.
    def __eq__(self, other: object) -> Any:
        return self._compare(Binary.equal, other)

    def __ne__(self, other: object) -> Any:
        return self._compare(Binary.not_equal, other)

    def _compare(self, function: Any, other: object) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        try:
            operand = other if base.weak_number(other) is not None else base.as_array(other)
        except (DTypeError, TypeError):
            return NotImplemented
        return function(self, operand)

    __hash__ = object.__hash__


class Tensor(EagerMethods, EagerValue):
    """An array whose numbers are known and never change.

    Made by every function of `croton.tensor` from NumPy arrays, Python numbers, variables and tensors. What
    others attach to it, such as Keras its masks, stays with this object.
    """

    __slots__ = ("__dict__",)

    def __init__(self, data: object, dtype: object = None) -> None:
        """data: anything array-like; a copy is kept of what others could still write to."""
        if not isinstance(data, np.ndarray) or dtype is not None:
            data = _owned(data, None if dtype is None else as_dtype(dtype))
        super().__init__(data)

    def __repr__(self) -> str:
        return f"Tensor(shape={self.data.shape}, dtype={self.dtype}, numpy={_shown(self.data)})"

    def __reduce__(self) -> Any:
        return _restore_tensor, (np.ascontiguousarray(self.data).reshape(self.data.shape),)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return self

    def ref(self) -> Tensor:
        """A key for sets and dicts, for the sake of TensorFlow programs; tensors are keys themselves."""
        return self


def _restore_tensor(data: NDArray) -> Tensor:
    return Tensor(data)


def _shown(data: NDArray) -> str:
    text = np.array2string(data, separator=", ", threshold=100, prefix="numpy=")
    return text if "\n" not in text else "\n" + text


def _owned(value: object, dtype: DType | None) -> NDArray:
    """A new C-ordered array of a supported dtype with the numbers of `value`."""
    array = base.as_array(value)
    if isinstance(array, Value) and not isinstance(array, Constant):
        raise TypeError(f"expected an array, got the symbolic {value!r}")
    data: NDArray = array.data
    target = as_dtype(data.dtype) if dtype is None else dtype
    if dtypes.is_complex(as_dtype(data.dtype)) and not dtypes.is_complex(target):
        raise DTypeError(
            f"cannot convert {data.dtype.name} to {target.name} without losing the imaginary part"
        )
    return np.array(data, dtype=target, order="C", copy=True)


def convert_to_tensor(value: object, dtype: object = None) -> Array:
    """The value as a tensor: arrays, numbers and nested lists are copied, symbolic values stay symbolic.

    Raises:
        DTypeError: it cannot be seen as an array of a supported dtype.
    """
    array = base.as_array(value)
    if isinstance(array, Constant) and not base.building.symbolic:
        array = Tensor(array.data)
    return array if dtype is None else base.cast(array, dtype)


class VariableReading(Tensor):
    """What a variable held when an operation read it; in a symbolic graph, the variable itself."""

    __slots__ = ("live",)

    def __init__(self, data: NDArray, live: SharedVariable) -> None:
        super().__init__(data)
        self.live = live


class Variable(EagerMethods):
    """An array with a name whose value can be assigned; it can be used wherever a tensor can.

    Functions made by `ct.jit` update it in place. A tensor read from it never changes afterwards.
    """

    __array_priority__ = 1000

    def __init__(
        self,
        initial_value: object,
        trainable: bool = True,
        *,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        """initial_value: array-like, or a function of no arguments that returns it.

        Raises:
            DTypeError: the value is not an array of a supported dtype.
            TypeError: it depends on arguments of the function being traced.
        """
        value = initial_value() if callable(initial_value) else initial_value
        data = _owned(_known(value, name), None if dtype is None else as_dtype(dtype))
        self.shared = SharedVariable(data, name, None)
        self.cell = self.shared.cell
        self.trainable = trainable
        self._reading: weakref.ref[VariableReading] | None = None

    @property
    def name(self) -> str | None:
        return self.shared.name

    @property
    def data(self) -> NDArray:  # type: ignore[override]
        """The current numbers; kept arrays keep their numbers when the variable changes."""
        return self.cell.array

    # Fixed when the variable is made, so known without waiting for a call that is updating it.
    @property
    def dtype(self) -> str:
        return self.shared.type.dtype.name

    @property
    def shape(self) -> tuple[int, ...]:
        return ShapeTuple(self.shared.type.shape)

    @property
    def ndim(self) -> int:
        return self.shared.type.rank

    @property
    def type(self) -> TensorType:
        return self.shared.type

    def value(self) -> Array:
        """The current value, which later assignments leave alone."""
        trace = base.building.trace
        value = self._read() if trace is None else trace.read(self)
        for recorder in base.recorders.active:
            recorder.read(self, value)
        return value

    read_value = value

    def _read(self) -> VariableReading:
        """The same object until the variable changes, as long as someone keeps it."""
        array = self.cell.array
        reading = None if self._reading is None else self._reading()
        if reading is None or reading.data is not array:
            reading = VariableReading(array, self.shared)
            self._reading = weakref.ref(reading)
        return reading

    def assign(self, value: object) -> Variable:
        """Gives the variable a new value; while a function is traced, the change is part of the function.

        Raises:
            ShapeError: the shape differs.
            DTypeError: the dtype is of a wider kind (complex to real, real to integer).
        """
        new = base.as_array(value)
        self._check(new)
        trace = base.building.trace
        if trace is not None:
            trace.assign(self, base.symbolic(base.cast(new, self.shared.type.dtype)))
        elif isinstance(new, Value) and not isinstance(new, Constant):
            raise TypeError(
                f"{self._shown()}: cannot assign the symbolic {new!r}; use updates= of ct.function"
            )
        else:
            self.cell.array = aligned_copy(new.data, self.shared.type.dtype)
        return self

    def assign_add(self, delta: object) -> Variable:
        """Adds to the variable, in its dtype."""
        return self.assign(self + delta)

    def assign_sub(self, delta: object) -> Variable:
        """Subtracts from the variable, in its dtype."""
        return self.assign(self - delta)

    def _check(self, new: Array) -> None:
        shape, dtype = base.shape_of(new), base.dtype_of(new)
        expected = self.shared.type
        fits = len(shape) == expected.rank and all(
            size == wanted or not isinstance(size, int)
            for size, wanted in zip(shape, expected.shape, strict=True)
        )
        if not fits:
            raise ShapeError(
                f"{self._shown()}: expected a value of shape {expected.shape}, got {tuple(shape)}"
            )
        if "bifc".index(kind_of(dtype)) > "bifc".index(kind_of(expected.dtype)):
            raise DTypeError(f"{self._shown()}: expected a value of {expected.dtype.name}, got {dtype.name}")

    def _shown(self) -> str:
        return f"variable {self.name!r}" if self.name else "variable"

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Variable({name}shape={tuple(self.shape)}, dtype={self.dtype}, numpy={_shown(self.data)})"

    def __reduce__(self) -> Any:
        return _restore_variable, (self.numpy(), self.trainable, self.name)

    def ref(self) -> Variable:
        """A key for sets and dicts, for the sake of TensorFlow programs; variables are keys themselves."""
        return self


def _restore_variable(data: NDArray, trainable: bool, name: str | None) -> Variable:
    return Variable(data, trainable, name=name)


def _known(value: object, name: str | None) -> object:
    """The numbers of an initial value, which inside a trace may be an expression of constants."""
    if not isinstance(value, Value) or isinstance(value, Constant):
        return value
    from croton.graph.graph import Graph
    from croton.graph.interpreter import interpret

    graph = Graph.of((), [value])
    if graph.free_values() or graph.free_dims():
        raise TypeError(
            f"the initial value of variable {name or ''!r} depends on the arguments of the function "
            "being traced; make the variable outside"
        )
    return interpret(graph, [])[0]


# Variables of other libraries: their class, and how the variable of Croton in one is found.
holders: list[tuple[type, Callable[[Any], Variable | None]]] = []


def unwrapped(leaf: Any) -> Any:
    """The variable that an object of another library's holds; everything else as it is."""
    for kind, held in holders:
        if isinstance(leaf, kind):
            return held(leaf)
    return leaf


EagerValue.factory = Tensor
base.converters.append((Variable, Variable.value))

"""Values and the equations that make them: the nodes of every program."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim, Guard, Shape
from croton.graph.dtypes import DType, as_dtype

if TYPE_CHECKING:
    from croton.graph.operation import Operation

NDArray = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class TensorType:
    """What is known of a value before any run: dtype and shape (ints and symbolic dimensions)."""

    dtype: DType
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)

    ndim = rank

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """Which axes are known to have size 1."""
        return tuple(size == 1 for size in self.shape)

    @property
    def size(self) -> Dim:
        return dims.product(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype.name}{list(self.shape)}"

    def __call__(self, name: str | None = None) -> Value:
        """A new variable of this type."""
        return Value.factory(self, name=name)


class Location(NamedTuple):
    """The user's line that made something, and the part of the user's model that it belongs to."""

    filename: str
    line: int
    function: str
    part: str = ""

    def __str__(self) -> str:
        line = f'File "{self.filename}", line {self.line}, in {self.function}'
        return f"{line}, {self.part}" if self.part else line


_PACKAGE = str(Path(__file__).resolve().parent.parent) + "/"
_not_the_users: tuple[str, ...] = (_PACKAGE, contextlib.__file__, functools.__file__)
_naming_part: list[Callable[[], str]] = []


def not_the_users(*paths: str, part: Callable[[], str]) -> None:
    """Code below these paths is not the user's; `part` names what an equation belongs to, if anything.

    For libraries that build programs out of what their users give them.
    """
    global _not_the_users
    _not_the_users = (*_not_the_users, *paths)
    _naming_part.append(part)


def user_location() -> Location | None:
    """The innermost frame of the user's: outside this package and the decorators that the package uses."""
    frame = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(_not_the_users):
            part = _naming_part[0]() if _naming_part else ""
            return Location(filename, frame.f_lineno, frame.f_code.co_name, part)
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


class Value:
    """A symbolic array: an input, a constant, or an output of the equation `owner`.

    Compared by identity. The front end installs its subclass with operators and methods as `factory`.
    """

    __slots__ = ("__weakref__", "index", "name", "owner", "type")

    factory: ClassVar[type[Value]]
    weak: ClassVar[bool | int | float | complex | None] = None  # set where a value stands for a Python number
    __array_priority__ = 1000  # NumPy arrays and scalars leave binary operators to us

    def __init__(
        self, type: TensorType, owner: Equation | None = None, index: int = 0, name: str | None = None
    ):
        self.type = type
        self.owner = owner
        self.index = index
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        from croton.graph.pickling import notes, reduce_value

        if self.owner is None:
            return type(self), (self.type, None, 0, self.name), notes(self)
        return reduce_value(self)

    def __copy__(self) -> Value:
        return self


class Constant(Value):
    """A value known now. `data` is read-only and in C order."""

    __slots__ = ("data",)

    factory_constant: ClassVar[type[Constant]]

    def __init__(self, data: NDArray, name: str | None = None) -> None:
        as_dtype(data.dtype)
        super().__init__(TensorType(as_dtype(data.dtype), tuple(data.shape)), name=name)
        if data.flags.writeable or not (data.flags.c_contiguous and data.flags.aligned):
            data = data.copy(order="C")  # compiled code reads constants in C order
            data.flags.writeable = False
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return Constant.factory_constant, (self.data, self.name), getattr(self, "__dict__", None) or None


class EagerValue:
    """An array that exists: what eager functions take and return. `data` is never written to."""

    __slots__ = ("__weakref__", "data")

    factory: ClassVar[type[EagerValue]]
    __array_priority__ = 1000

    def __init__(self, data: NDArray) -> None:
        self.data = data


class Equation:
    """outputs = op(*inputs): one line of a graph in single-assignment form."""

    __slots__ = ("__weakref__", "guards", "inputs", "location", "op", "outputs")

    def __init__(
        self,
        op: Operation,
        inputs: Sequence[Value],
        types: Sequence[TensorType],
        guards: Sequence[Guard] = (),
        location: Location | None = None,
    ) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.outputs: tuple[Value, ...] = tuple(
            Value.factory(type, self, index) for index, type in enumerate(types)
        )
        self.guards = tuple(guards)
        self.location = location
        for symbol in self.bound_symbols():
            if symbol.binder is None:  # copies of this equation bind the symbol in graphs of their own
                symbol.binder = self

    def bound_symbols(self) -> list[dims.Symbol]:
        """The runtime sizes that this equation finds: named in its outputs and not in its inputs."""
        made = {symbol: None for output in self.outputs for symbol in _runtime(output.type.shape)}
        own = dims.single_symbol(getattr(self.op, "symbol", 0))
        if own is not None:
            made[own] = None
        if not made:
            return []
        known = {symbol for operand in self.inputs for symbol in _runtime(operand.type.shape)}
        known.update(
            symbol for dim in self.op.parameter_dims() for symbol in _runtime((dim,)) if symbol is not own
        )
        return sorted((symbol for symbol in made if symbol not in known), key=lambda symbol: symbol.uid)

    def __reduce__(self) -> tuple[Any, ...]:
        from croton.graph.pickling import reduce_equation

        return reduce_equation(self)

    def __copy__(self) -> Equation:
        return self

    def __repr__(self) -> str:
        return f"<Equation {self.op}>"


def owner_of(value: Value) -> Equation:
    """The equation that makes a value, which is known to be neither an input nor a constant."""
    assert value.owner is not None
    return value.owner


def _runtime(shape: Shape) -> set[dims.Symbol]:
    return dims.runtime_symbols(shape) if any(not isinstance(size, int) for size in shape) else set()


Value.factory = Value
Constant.factory_constant = Constant
EagerValue.factory = EagerValue


def constant(data: object, dtype: DType | None = None) -> Constant:
    """A constant value holding a copy of `data` where it could still be written to."""
    return Constant.factory_constant(np.asarray(data, dtype=dtype))

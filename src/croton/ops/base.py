"""Applying operations to symbolic and eager values alike, and the kinds of lowering an operation can have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim, Expression
from croton.graph.dtypes import DType, as_dtype, promote, promote_scalar, scalar_dtype
from croton.graph.errors import DTypeError
from croton.graph.operation import Operation
from croton.graph.values import (
    Constant,
    EagerValue,
    Equation,
    NDArray,
    TensorType,
    Value,
    constant,
    user_location,
)
from croton.loops.expressions import Builder, Node, Operand

Array = Any  # a Value or an EagerValue: operations treat both alike
PYTHON_SCALARS = (bool, int, float, complex)


class ElementOperation(Operation):
    """An operation whose output element is an expression of input elements: it fuses into any loop."""

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        """The output's element at `index` (one int64 node per axis of the output)."""
        raise NotImplementedError(f"{type(self).__name__}.element")


class Recorder(Protocol):
    """Something that wants to know of every operation and of every variable read: a gradient tape."""

    def record(self, op: Operation, operands: Sequence[Array], outputs: Sequence[Array]) -> None: ...

    def read(self, variable: Any, value: Array) -> None: ...

    def tracks(self, array: Array) -> bool: ...


class _Recorders(threading.local):
    def __init__(self) -> None:
        self.active: list[Recorder] = []


recorders = _Recorders()

# What is told of every equation a user writes: `croton.ops.test_values` when test values are computed.
watching: list[Callable[[Sequence[Value]], None]] = []


class Trace(Protocol):
    """The running trace of a jitted function: it knows what variables hold by now."""

    def constant_of(self, array: EagerValue) -> Value: ...

    def next_key(self) -> Value: ...

    def read(self, variable: Any) -> Value: ...

    def assign(self, variable: Any, value: Value) -> None: ...

    def body(self, start: Mapping[Any, Value]) -> AbstractContextManager[Mapping[Any, Value]]: ...


class Captures(Protocol):
    """Notes the eager arrays that the body of a loop or branch reads while it is built."""

    def stand_in(self, array: EagerValue) -> Value: ...


class _Building(threading.local):
    """Whether operations become equations even where all operands are known.

    elementwise_equality: whether == of symbolic values is an operation (while user code is traced) instead of
    identity.
    """

    def __init__(self) -> None:
        self.symbolic = False
        self.elementwise_equality = False
        self.trace: Trace | None = None
        self.captures: Captures | None = None


building = _Building()


@contextmanager
def building_graphs() -> Iterator[None]:
    """Inside, operations always build equations; for code that works on graphs, not on a user's behalf.

    Outside, an operation on nothing but constants is computed at once, which is what an eager user of
    `T.exp(array)` expects and what a symbolic program cannot tell from a constant of its own.
    """
    outer = building.symbolic, building.elementwise_equality
    building.symbolic, building.elementwise_equality = True, False
    try:
        yield
    finally:
        building.symbolic, building.elementwise_equality = outer


@contextmanager
def recording_paused() -> Iterator[None]:
    """Inside, no tape records what this thread does."""
    outer = recorders.active
    recorders.active = []
    try:
        yield
    finally:
        recorders.active = outer


@contextmanager
def outside_of_traces() -> Iterator[None]:
    """Inside, operations are computed at once and variables are read and assigned as they are now, even
    while a function is traced: for what it makes once and for all when it first runs.
    """
    outer = building.symbolic, building.elementwise_equality, building.trace, building.captures
    building.symbolic, building.elementwise_equality = False, False
    building.trace, building.captures = None, None
    try:
        with recording_paused():
            yield
    finally:
        building.symbolic, building.elementwise_equality, building.trace, building.captures = outer


def apply(op: Operation, *operands: Array) -> tuple[Array, ...]:
    """The outputs of `op`: an equation if any operand or size is symbolic, else arrays computed at once.

    Raises:
        ShapeError, DTypeError: the operands do not fit the operation.
    """
    if (
        building.symbolic
        or any(isinstance(operand, Value) and not isinstance(operand, Constant) for operand in operands)
        or op.parameter_dims()
    ):
        return apply_symbolic(op, [symbolic(operand) for operand in operands])
    return apply_eager(op, [eager(operand) for operand in operands])


def apply_one(op: Operation, *operands: Array) -> Array:
    """The only output of `op`."""
    return apply(op, *operands)[0]


def apply_symbolic(op: Operation, operands: Sequence[Value]) -> tuple[Value, ...]:
    with dims.recorded_guards() as guards:
        types = op.infer(*(operand.type for operand in operands))
    outputs = Equation(op, operands, types, guards, user_location()).outputs
    for recorder in recorders.active:
        recorder.record(op, operands, outputs)
    if watching and not building.symbolic:
        watching[0](outputs)
    return outputs


def apply_eager(op: Operation, operands: Sequence[EagerValue]) -> tuple[EagerValue, ...]:
    arrays = [operand.data for operand in operands]
    op.infer(*(TensorType(as_dtype(array.dtype), array.shape) for array in arrays))
    with np.errstate(all="ignore"):
        results = op.evaluate(*arrays)
    outputs = tuple(EagerValue.factory(np.asarray(result)) for result in results)
    for recorder in recorders.active:
        recorder.record(op, operands, outputs)
    return outputs


def symbolic(operand: Array) -> Value:
    """The operand as a node of a graph; eager values become constants."""
    if isinstance(operand, Value):
        return operand
    if not isinstance(operand, EagerValue):
        return constant(operand)
    if building.trace is not None:
        return building.trace.constant_of(operand)
    if building.captures is not None:
        return building.captures.stand_in(operand)
    live = getattr(operand, "live", None)  # a reading of an eager variable: graphs read it anew in every call
    return live if live is not None else frozen(operand.data)


def frozen(data: NDArray) -> Value:
    """An array that nobody writes to as a node of a graph, without a copy where its memory allows that."""
    from croton.ops.shape import BroadcastTo

    if data.size > 1 and not any(data.strides):  # one number in every place, such as zeros
        number = constant(np.asarray(data[(0,) * data.ndim]))
        return apply_symbolic(BroadcastTo(data.shape), [number])[0]
    view = np.ascontiguousarray(data).reshape(data.shape).view()
    view.flags.writeable = False
    return constant(view)


def eager(operand: Array) -> EagerValue:
    if isinstance(operand, EagerValue):
        return operand
    data = operand.data if isinstance(operand, Constant) else operand
    return EagerValue.factory(np.asarray(data))


# What the front ends add to the list of things that can be operands (shared variables, dimensions, ...).
converters: list[tuple[type, Callable[[Any], Array]]] = []


def as_array(operand: object, dtype: DType | None = None) -> Array:
    """A value from anything array-like: values, arrays, numbers, dimensions, nested sequences of them.

    Numbers and arrays become constants.

    Raises:
        DTypeError: it cannot be seen as an array of a supported dtype.
    """
    if isinstance(operand, (Value, EagerValue)):
        return operand
    for kind, convert in converters:
        if isinstance(operand, kind):
            return convert(operand)
    if isinstance(operand, PYTHON_SCALARS):
        return constant(np.asarray(operand, dtype or scalar_dtype(operand)))
    if isinstance(operand, (list, tuple)) and _holds_values(operand):
        return stack_sequence([as_array(item) for item in operand])
    try:
        data = np.asarray(operand, dtype=dtype)
    except (ValueError, TypeError) as error:
        raise DTypeError(f"cannot make an array from {type(operand).__name__}: {error}") from error
    if data.dtype == object:
        raise DTypeError(f"cannot make an array from {type(operand).__name__} {operand!r}")
    return constant(data.astype(as_dtype(data.dtype), copy=False))


def _holds_values(sequence: Sequence[object]) -> bool:
    kinds = (Value, EagerValue, *(kind for kind, _ in converters))
    return any(
        isinstance(item, kinds) or (isinstance(item, (list, tuple)) and _holds_values(item))
        for item in sequence
    )


def stack_sequence(items: Sequence[Array]) -> Array:
    """Set by the shape operations: joins arrays along a new first axis."""
    from croton.ops.shape import stack

    return stack(items)


def dtype_of(operand: Array) -> DType:
    return operand.type.dtype if isinstance(operand, Value) else as_dtype(operand.data.dtype)


def shape_of(operand: Array) -> tuple[Dim, ...]:
    """Sizes: ints and, of symbolic values, symbolic dimensions."""
    return operand.type.shape if isinstance(operand, Value) else operand.data.shape


def rank_of(operand: Array) -> int:
    return len(shape_of(operand))


def common_dtype(operands: Sequence[object]) -> DType:
    """The dtype NumPy would give to these together; Python numbers are weak, traced ones too."""
    weak = [weak_number(operand) for operand in operands]
    scalars = [number for number in weak if number is not None]
    if len(scalars) == len(operands):
        floating = [scalar for scalar in scalars if isinstance(scalar, (float, complex))]
        return promote(*(scalar_dtype(scalar) for scalar in floating or scalars))
    arrays = [operand for operand, number in zip(operands, weak, strict=True) if number is None]
    dtype = promote(*(dtype_of(as_array(array)) for array in arrays))
    for scalar in scalars:
        dtype = promote_scalar(dtype, scalar)
    return dtype


def weak_number(operand: object) -> bool | int | float | complex | None:
    """A Python number of the kind that the operand is or stands for; None for arrays."""
    if isinstance(operand, PYTHON_SCALARS):
        return operand
    return operand.weak if isinstance(operand, Value) else None


def as_operands(*operands: object, dtype: DType | None = None) -> list[Array]:
    """Operands as arrays of one dtype: the given one, or the one NumPy would promote them to."""
    own = _shared_dtype(operands)
    if own is not None and (dtype is None or dtype is own):
        return list(operands)
    converted = [
        operand if isinstance(operand, PYTHON_SCALARS) else as_array(operand) for operand in operands
    ]
    common = dtype or common_dtype(converted)
    return [cast(operand, common) for operand in converted]


def _shared_dtype(operands: Sequence[object]) -> DType | None:
    """The dtype that operands have if they all are arrays of one and the same; None otherwise."""
    shared: DType | None = None
    for operand in operands:
        if isinstance(operand, EagerValue):
            own = operand.data.dtype
        elif isinstance(operand, Value) and operand.weak is None:
            own = operand.type.dtype
        else:
            return None
        if shared is None:
            shared = own
        elif own is not shared:
            return None
    return shared


def cast(operand: object, dtype: object) -> Array:
    """The operand converted to `dtype`, as NumPy's astype does."""
    from croton.ops.elementwise import Cast

    target = as_dtype(dtype)
    if isinstance(operand, PYTHON_SCALARS):
        with np.errstate(all="ignore"):
            return constant(
                np.asarray(operand).astype(target)
                if not isinstance(operand, int)
                else _integer(operand, target)
            )
    array = as_array(operand)
    if dtype_of(array) == target:
        return array
    if isinstance(array, Constant):
        with np.errstate(all="ignore"):
            return constant(array.data.astype(target))
    return apply_one(Cast(target), array)


def _integer(number: int, dtype: DType) -> NDArray:
    try:
        return np.asarray(number, dtype=dtype)
    except OverflowError as error:
        raise DTypeError(f"the number {number} does not fit dtype {dtype.name}") from error


def normalize_axis(axis: object, rank: int, operation: str) -> int:
    """A non-negative axis.

    Raises:
        ValueError: out of range; the message names the operation.
        TypeError: not an integer.
    """
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{operation}: axis must be an int, got {axis!r}")
    if not -rank <= axis < rank:
        raise ValueError(f"{operation}: axis {axis} is out of range for an array of rank {rank}")
    return int(axis) % rank


def normalize_axes(axes: object, rank: int, operation: str) -> tuple[int, ...]:
    """Sorted distinct non-negative axes; None means all.

    Raises:
        ValueError: out of range or repeated.
    """
    if axes is None:
        return tuple(range(rank))
    listed = axes if isinstance(axes, (tuple, list)) else (axes,)
    normalized = [normalize_axis(axis, rank, operation) for axis in listed]
    if len(set(normalized)) != len(normalized):
        raise ValueError(f"{operation}: axes {tuple(listed)} repeat an axis")
    return tuple(sorted(normalized))


def as_dims(shape: object) -> tuple[Dim, ...]:
    """A shape from an int, a dimension, a vector of integers whose length is known, or a sequence of ints,
    dimensions and scalar integer values.

    Raises:
        TypeError: an entry is none of these. ShapeError: the number of axes is not known.
    """
    from croton.ops.dimension import dim_of, dims_of_vector

    if isinstance(shape, (Value, EagerValue, np.ndarray)) and rank_of(as_array(shape)) == 1:
        return dims_of_vector(as_array(shape))
    listed = shape if isinstance(shape, (tuple, list)) else (shape,)
    return tuple(entry if isinstance(entry, Expression) else dim_of(entry) for entry in listed)

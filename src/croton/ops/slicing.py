"""Slices: reading a regular part of an array, and writing one. Both fuse into any loop.

`Slice` reads and `Place` writes; each is what the other's gradient needs, so every order of derivative
exists. On each axis a slice is (start, size, step): `start` is a size expression, or None for a start that
is only known as the value of a scalar operand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Shape
from croton.graph.dtypes import BOOL, INT64
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import EagerValue, NDArray, TensorType, constant
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.dimension import dim_of

Starts = tuple[Dim | None, ...]


def _check_inside(start: Dim, size: Dim, step: int, limit: Dim, axis: int) -> None:
    """Asks that a slice of a known number of elements lies inside its axis; the caller clips others."""
    if not isinstance(size, int) or size <= 0:
        return
    last = dims.add(start, (size - 1) * step)
    low, high = (start, last) if step > 0 else (last, start)
    for end in (low,) if low == high else (low, high):
        if not is_nonnegative(end) or not at_most(dims.add(end, 1), limit):
            dims.require_in_range(end, limit, f"axis {axis}")


def _check_starts(
    starts: Starts, steps: tuple[int, ...], operands: Sequence[TensorType], rank: int, what: str
) -> None:
    if len(starts) != rank or len(steps) != rank:
        raise ShapeError(f"{what}: {len(starts)} starts and {len(steps)} steps for {rank} axes")
    dynamic = [start for start in starts if start is None]
    if len(operands) != len(dynamic):
        raise TypeError(f"{what}: {len(dynamic)} starts are operands, got {len(operands)}")
    if any(operand.dtype != INT64 or operand.rank != 0 for operand in operands):
        raise DTypeError(
            f"{what}: starts must be int64 scalars, got {[str(operand) for operand in operands]}"
        )


def _known_starts(
    starts: Starts,
    sizes: Sequence[int],
    steps: Sequence[int],
    shape: Sequence[int],
    operands: Sequence[NDArray],
) -> list[int]:
    """Every start as a number; those that are operands are moved so that the slice stays inside."""
    given = iter(operands)
    known = []
    for start, size, step, limit in zip(starts, sizes, steps, shape, strict=True):
        if start is not None:
            known.append(int(start))
            continue
        low, high = dims.numbers(_start_range(size, step, limit))
        known.append(max(low, min(int(next(given)), high)))
    return known


def _start_range(size: Dim, step: int, limit: Dim) -> tuple[Dim, Dim]:
    """Where a slice of `size` elements may start to lie inside an axis."""
    span = dims.multiply(dims.subtract(size, 1), abs(step))
    last = dims.subtract(limit, 1)
    return (0, dims.subtract(last, span)) if step > 0 else (span, last)


def _start_nodes(
    builder: Builder,
    starts: Starts,
    sizes: Shape,
    steps: Sequence[int],
    shape: Shape,
    operands: Sequence[Operand],
) -> list[Node]:
    """The start on each axis as a node, those that are operands clipped as in `_known_starts`."""
    given = iter(operands)
    nodes = []
    for start, size, step, limit in zip(starts, sizes, steps, shape, strict=True):
        if start is not None:
            nodes.append(builder.dimension(start))
            continue
        low, high = _start_range(size, step, limit)
        clipped = builder.call("minimum", INT64, next(given).at(()), builder.dimension(high))
        nodes.append(builder.call("maximum", INT64, builder.dimension(low), clipped))
    return nodes


def _require_room(size: Dim, step: int, limit: Dim, axis: int) -> None:
    low, high = _start_range(size, step, limit)
    dims.require_at_least(dims.subtract(high, low), 0, f"axis {axis} is shorter than the slice")


def _region(starts: Sequence[int], sizes: Sequence[int], steps: Sequence[int]) -> tuple[slice, ...]:
    """The NumPy slices of a region that lies inside its array."""
    slices = []
    for start, size, step in zip(starts, sizes, steps, strict=True):
        stop = start + size * step
        slices.append(slice(0, 0) if size <= 0 else slice(start, stop if stop >= 0 else None, step))
    return tuple(slices)


class Slice(ElementOperation):
    """operand[start + i * step for i < size] on every axis; starts that are None are int64 scalar operands.

    Starts given by operands are moved, as little as possible, so that the slice stays inside the array.
    The caller sees to it that other starts and sizes lie inside.
    """

    starts: Starts
    sizes: Shape
    steps: tuple[int, ...]
    name = "slice"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        _check_starts(self.starts, self.steps, operands[1:], operand.rank, "slice")
        for axis, (start, size, step, limit) in enumerate(
            zip(self.starts, self.sizes, self.steps, operand.shape, strict=True)
        ):
            if start is None:
                _require_room(size, step, limit, axis)
            else:
                _check_inside(start, size, step, limit, axis)
        return (TensorType(operand.dtype, self.sizes),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        sizes: list[int] = [int(size) for size in self.sizes]
        starts = _known_starts(self.starts, sizes, self.steps, operands[0].shape, operands[1:])
        return (operands[0][_region(starts, sizes, self.steps)],)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        zeros = zeros_of(cotangents[0], base.shape_of(operands[0]))
        placed = apply_one(Place(self.starts, self.steps, "set"), zeros, cotangents[0], *operands[1:])
        return [placed, *[None] * (len(operands) - 1)]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        starts = _start_nodes(
            builder, self.starts, self.sizes, self.steps, operands[0].type.shape, operands[1:]
        )
        return operands[0].at(
            [
                builder.plus(builder.times(position, builder.integer(step)), start)
                for position, start, step in zip(index, starts, self.steps, strict=True)
            ]
        )


class Place(ElementOperation):
    """The first operand with a slice of it set to the second ("set"), or with the second added there ("add").

    The slice is start + i * step for i < the second operand's size on every axis; starts as in `Slice`.
    """

    starts: Starts
    steps: tuple[int, ...]
    kind: str
    name = "place"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        whole, part = operands[:2]
        if whole.dtype != part.dtype:
            raise DTypeError(f"place: dtypes {whole.dtype.name} and {part.dtype.name} differ")
        if whole.rank != part.rank:
            raise ShapeError(f"place: ranks {whole.rank} and {part.rank} differ")
        _check_starts(self.starts, self.steps, operands[2:], whole.rank, "place")
        for axis, (start, size, step, limit) in enumerate(
            zip(self.starts, part.shape, self.steps, whole.shape, strict=True)
        ):
            if start is None:
                _require_room(size, step, limit, axis)
            else:
                _check_inside(start, size, step, limit, axis)
        return (whole,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        whole, part = operands[:2]
        starts = _known_starts(self.starts, part.shape, self.steps, whole.shape, operands[2:])
        region = _region(starts, part.shape, self.steps)
        result = whole.copy()
        if self.kind == "set":
            result[region] = part
        else:
            result[region] += part
        return (result,)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        cotangent = cotangents[0]
        sizes = base.shape_of(operands[1])
        part = apply_one(Slice(self.starts, sizes, self.steps), cotangent, *operands[2:])
        if self.kind == "set":
            cotangent = apply_one(self, cotangent, zeros_of(cotangent, sizes), *operands[2:])
        return [cotangent, part, *[None] * (len(operands) - 2)]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        sizes = operands[1].type.shape
        starts = _start_nodes(builder, self.starts, sizes, self.steps, output.shape, operands[2:])
        inside: Node | None = None
        source = []
        for axis, position in enumerate(index):
            start, step = self.starts[axis], self.steps[axis]
            if start == 0 and step == 1 and sizes[axis] == output.shape[axis]:
                source.append(position)
                continue
            offset, condition = _slice_position(builder, position, starts[axis], step, sizes[axis])
            inside = condition if inside is None else builder.both(inside, condition)
            source.append(offset)
        if inside is None:
            part = operands[1].at(source)
            return (
                part if self.kind == "set" else builder.call("add", output.dtype, operands[0].at(index), part)
            )
        part = operands[1].at_if(inside, source)
        whole = operands[0].at(index)
        changed = part if self.kind == "set" else builder.call("add", output.dtype, whole, part)
        return builder.select(inside, changed, whole)


def _slice_position(builder: Builder, position: Node, start: Node, step: int, size: Dim) -> tuple[Node, Node]:
    """Which element of the slice lies at a position of the array, and whether one does."""
    zero = builder.integer(0)
    offset = builder.minus(position, start) if step > 0 else builder.minus(start, position)
    condition = builder.call("greater_equal", BOOL, offset, zero)
    if abs(step) != 1:
        stride = builder.integer(abs(step))
        exact = builder.call("equal", BOOL, builder.remainder(offset, stride), zero)
        condition = builder.both(condition, exact)
        offset = builder.quotient(offset, stride)
    return offset, builder.both(condition, builder.less(offset, builder.dimension(size)))


def zeros_of(like: Array, shape: Shape) -> Array:
    """Zeros of a shape, of the dtype of `like`, existing if it exists."""
    from croton.ops.shape import broadcast_to

    dtype = base.dtype_of(like)
    if isinstance(like, EagerValue):
        return EagerValue.factory(np.broadcast_to(np.zeros((), dtype), dims.numbers(shape)))
    return broadcast_to(base.cast(0, dtype), shape)


# Python's slices over sizes that may be symbolic.


def is_nonnegative(size: Dim) -> bool:
    """Whether an expression of sizes is provably not negative."""
    if isinstance(size, int):
        return size >= 0
    return all(
        coefficient >= 0 and all(_nonnegative_atom(atom) for atom in monomial)
        for monomial, coefficient in size.terms
    )


def _nonnegative_atom(atom: dims.Atom) -> bool:
    if isinstance(atom, dims.Symbol):
        return True
    left, right = is_nonnegative(atom.left), is_nonnegative(atom.right)
    return left or right if atom.kind == "max" else left and right


def at_least_zero(size: Dim) -> Dim:
    """max(size, 0), where needed."""
    if is_nonnegative(size):
        return size
    inner = _shifted_maximum(size)
    return dims.maximum(inner if inner is not None else size, 0)


def _shifted_maximum(size: Dim) -> Dim | None:
    """a - c when `size` is max(a, 0) - c with a positive number c: both have the same positive part."""
    if isinstance(size, int) or len(size.terms) != 2:
        return None
    (monomial, coefficient), (constant, number) = size.terms
    if constant != () or number >= 0 or coefficient != 1 or len(monomial) != 1:
        return None
    atom = monomial[0]
    if isinstance(atom, dims.Compound) and atom.kind == "max" and atom.right == 0:
        return dims.add(atom.left, number)
    return None


def at_most(first: Dim, second: Dim) -> bool:
    """Whether first <= second provably."""
    return is_nonnegative(dims.subtract(second, first))


def smaller(first: Dim, second: Dim) -> Dim:
    """The minimum, simplified where the order is known."""
    return (
        first if at_most(first, second) else second if at_most(second, first) else dims.minimum(first, second)
    )


def counted(bound: Dim, size: Dim, step: int = 1) -> Dim:
    """A slice bound counted from the front: `size` is added where it is negative."""
    if is_nonnegative(bound):
        return bound
    difference = dims.subtract(bound, size)
    if isinstance(bound, int) or (isinstance(difference, int) and (-2 if step > 0 else -1) <= difference < 0):
        # size - 1 only turns negative where counting from the end gives nothing either; forwards, so does
        # size - 2.
        return bound if not isinstance(bound, int) else dims.add(bound, size)
    negative = dims.floordiv(bound, 2**62)  # -1 where negative, else 0
    return dims.subtract(bound, dims.multiply(size, negative))


def slice_range(start: Dim | None, stop: Dim | None, step: int, size: Dim) -> tuple[Dim, Dim]:
    """(first element, number of elements) of Python's slice(start, stop, step) of an axis.

    The first element is only meaningful where the number is positive.
    """
    if step > 0:
        if isinstance(start, int) and start < 0 and stop is None:
            return at_least_zero(dims.add(size, start)), _steps(smaller(-start, size), step)
        first = at_least_zero(counted(start, size)) if start is not None else 0
        end = smaller(counted(stop, size), size) if stop is not None else size
        return first, _steps(at_least_zero(dims.subtract(end, first)), step)
    last = dims.subtract(size, 1)
    first = smaller(counted(start, size, step), last) if start is not None else last
    end = -1 if stop is None else _at_least_minus_one(counted(stop, size, step))
    return first, _steps(at_least_zero(dims.subtract(first, end)), -step)


def _at_least_minus_one(bound: Dim) -> Dim:
    return bound if is_nonnegative(dims.add(bound, 1)) else dims.maximum(bound, -1)


def _steps(length: Dim, step: int) -> Dim:
    return length if step == 1 else dims.floordiv(dims.add(length, step - 1), step)


def slice_axis(x: object, axis: int, start: Dim | None, stop: Dim | None, step: int = 1) -> Array:
    """x[start:stop:step] on one axis, with Python's rules for what lies outside."""
    array = base.as_array(x)
    shape = base.shape_of(array)
    first, count = slice_range(start, stop, step, shape[axis])
    if first == 0 and step == 1 and count == shape[axis]:
        return array
    starts: list[Dim] = [0] * len(shape)
    sizes, steps = list(shape), [1] * len(shape)
    starts[axis], sizes[axis], steps[axis] = first, count, step
    return apply_one(Slice(tuple(starts), tuple(sizes), tuple(steps)), array)


def scalar_start(number: object, what: str) -> Dim | Array:
    """A start as a size expression where it is one, else as an int64 scalar value.

    Raises:
        TypeError: not an integer scalar.
    """
    array = number if isinstance(number, (int, np.integer, dims.Expression)) else base.as_array(number)
    if isinstance(array, (int, np.integer, dims.Expression)) and not isinstance(array, bool):
        return dim_of(array)
    if base.rank_of(array) != 0 or not dtypes.is_integer(base.dtype_of(array)):
        raise TypeError(f"{what}: a start must be an integer scalar, got {number!r}")
    return dim_of(array) if hasattr(array, "data") else base.cast(array, INT64)


def _dynamic_starts(
    starts: Sequence[object], shape: Shape, sizes: Shape, what: str
) -> tuple[Starts, list[Array]]:
    """Starts as the operations want them; numbers are clipped here, values when the program runs."""
    if len(starts) != len(shape):
        raise ShapeError(f"{what}: {len(starts)} starts for {len(shape)} axes")
    fixed: list[Dim | None] = []
    values: list[Array] = []
    for start, limit, size in zip(starts, shape, sizes, strict=True):
        found = scalar_start(start, what)
        last = dims.subtract(limit, size)
        if isinstance(found, int) and isinstance(last, int):
            fixed.append(max(0, min(found, last)))
        elif isinstance(found, (int, dims.Expression)) and (found == 0 or found == last):
            fixed.append(found)
        else:
            fixed.append(None)
            values.append(base.as_array(found) if not isinstance(found, int) else constant(np.asarray(found)))
    return tuple(fixed), [base.cast(value, INT64) for value in values]


def dynamic_slice(x: object, start_indices: Sequence[object], slice_sizes: Sequence[object]) -> Array:
    """The part of x with these sizes that starts at `start_indices`, which may be computed while running.

    Starts are moved so that the part lies inside x, as in XLA; none is counted from the end.

    Raises:
        ShapeError: a size exceeds that of x (at call time where it is symbolic).
    """
    array = base.as_array(x)
    shape = base.shape_of(array)
    sizes = base.as_dims(tuple(slice_sizes))
    if len(sizes) != len(shape):
        raise ShapeError(f"dynamic_slice: {len(sizes)} sizes for {len(shape)} axes")
    for axis, (size, limit) in enumerate(zip(sizes, shape, strict=True)):
        if isinstance(size, int) and (size < 0 or (isinstance(limit, int) and size > limit)):
            raise ShapeError(f"dynamic_slice: size {size} does not fit axis {axis} of size {limit}")
    starts, values = _dynamic_starts(start_indices, shape, sizes, "dynamic_slice")
    return apply_one(Slice(starts, sizes, (1,) * len(shape)), array, *values)


def dynamic_update_slice(x: object, update: object, start_indices: Sequence[object]) -> Array:
    """x with the part that starts at `start_indices` replaced; starts are moved as in `dynamic_slice`."""
    array = base.as_array(x)
    part = base.cast(update, base.dtype_of(array))
    shape, sizes = base.shape_of(array), base.shape_of(part)
    if len(sizes) != len(shape):
        raise ShapeError(f"dynamic_update_slice: the update has {len(sizes)} axes, the array {len(shape)}")
    starts, values = _dynamic_starts(start_indices, shape, sizes, "dynamic_update_slice")
    return apply_one(Place(starts, (1,) * len(shape), "set"), array, part, *values)

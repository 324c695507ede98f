"""Shape work: reshape, transpose, broadcast, concatenate, and arrays made of one number or of indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Shape
from croton.graph.dtypes import INT64, DType, as_dtype
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.elementwise import broadcast_element, unbroadcast


class Reshape(ElementOperation):
    """The same elements in C order under another shape."""

    shape: Shape
    name = "reshape"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        size, wanted = operand.size, dims.product(self.shape)
        if size != wanted:
            shown = f"{dims.format_shape(operand.shape)} to {dims.format_shape(self.shape)}"
            dims.require_equal(size, wanted, f"reshape: {shown} changes the size")
        return (TensorType(operand.dtype, self.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (operands[0].reshape(self.shape),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        return [reshape(cotangents[0], base.shape_of(operands[0]))]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return operands[0].at(reshaped_index(builder, index, output.shape, operands[0].type.shape))


class CheckedShape(Reshape):
    """The operand, whose sizes are checked to be these."""

    what: str = "specify_shape"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if operand.rank != len(self.shape):
            raise ShapeError(f"{self.what}: expected {len(self.shape)} axes, got {operand.rank}")
        for axis, (size, wanted) in enumerate(zip(operand.shape, self.shape, strict=True)):
            dims.require_equal(size, wanted, f"{self.what}: axis {axis}")
        return (TensorType(operand.dtype, self.shape),)


def reshaped_index(builder: Builder, index: Sequence[Node], shape: Shape, target: Shape) -> list[Node]:
    """The index into an array of shape `target` of the element that `index` means under `shape`.

    Runs of axes with equal sizes on both sides go straight through; the rest is divided out.
    """
    result: list[Node] = []
    first, second = 0, 0
    while first < len(shape) or second < len(target):
        if first < len(shape) and shape[first] == 1:
            first += 1
            continue
        if second < len(target) and target[second] == 1:
            result.append(builder.integer(0))
            second += 1
            continue
        if first == len(shape) or second == len(target):
            break
        start, begin = first, second
        left, right = shape[first], target[second]
        first, second = first + 1, second + 1
        while left != right and (first < len(shape) or second < len(target)):
            if second == len(target) or (first < len(shape) and _fewer(left, right)):
                left = dims.multiply(left, shape[first])
                first += 1
            else:
                right = dims.multiply(right, target[second])
                second += 1
        result += _regroup(builder, index[start:first], shape[start:first], target[begin:second])
    result += [builder.integer(0)] * (len(target) - len(result))
    return result


def _fewer(left: Dim, right: Dim) -> bool:
    """Whether the left group should take another axis: its product is a proper divisor of the right one's."""
    if isinstance(left, int) and isinstance(right, int):
        return left < right
    quotient = dims.exact_quotient(right, left)
    return quotient is not None and quotient != 1


def _regroup(builder: Builder, index: Sequence[Node], shape: Shape, target: Shape) -> list[Node]:
    linear = index[0]
    for size, position in zip(shape[1:], index[1:], strict=True):
        linear = builder.plus(builder.times(linear, builder.dimension(size)), position)
    if len(target) == 1:
        return [linear]
    result = []
    for axis in range(len(target) - 1, 0, -1):
        extent = builder.dimension(target[axis])
        result.append(builder.remainder(linear, extent))
        linear = builder.quotient(linear, extent)
    return [linear, *reversed(result)]


class Transpose(ElementOperation):
    """Axes in another order: axis a of the output is axis permutation[a] of the operand."""

    permutation: tuple[int, ...]
    name = "transpose"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if sorted(self.permutation) != list(range(operand.rank)):
            raise ShapeError(f"transpose: {self.permutation} is not an order of the {operand.rank} axes")
        return (TensorType(operand.dtype, tuple(operand.shape[axis] for axis in self.permutation)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (operands[0].transpose(self.permutation),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        return [transpose(cotangents[0], tuple(int(axis) for axis in np.argsort(self.permutation)))]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        source = [index[0]] * len(index)
        for position, axis in enumerate(self.permutation):
            source[axis] = index[position]
        return operands[0].at(source)


class BroadcastTo(ElementOperation):
    """The operand stretched to a shape by NumPy's rule."""

    shape: Shape
    name = "broadcast_to"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        shown = f"broadcast_to: {dims.format_shape(operand.shape)} to {dims.format_shape(self.shape)}"
        if operand.rank > len(self.shape):
            raise ShapeError(f"{shown}: the result has fewer axes")
        for size, wanted in zip(reversed(operand.shape), reversed(self.shape), strict=False):
            if size != 1:
                dims.require_equal(size, wanted, shown)
        return (TensorType(operand.dtype, self.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.broadcast_to(operands[0], dims.numbers(self.shape)),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        return [unbroadcast(cotangents[0], base.shape_of(operands[0]))]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return broadcast_element(builder, operands[0], index)


class Iota(ElementOperation):
    """An int64 vector 0, 1, 2, ... of a size."""

    size: Dim
    name = "iota"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(INT64, (self.size,)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.arange(int(self.size), dtype=np.int64),)

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return index[0]


class Concatenate(ElementOperation):
    """Operands of one dtype joined along an axis."""

    axis: int
    name = "concatenate"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        first = operands[0]
        shape = list(first.shape)
        for operand in operands[1:]:
            if operand.dtype != first.dtype:
                raise DTypeError(f"concatenate: dtypes {first.dtype.name} and {operand.dtype.name} differ")
            if operand.rank != first.rank:
                raise ShapeError(f"concatenate: ranks {first.rank} and {operand.rank} differ")
            for axis, size in enumerate(operand.shape):
                if axis == self.axis:
                    shape[axis] = dims.add(shape[axis], size)
                else:
                    shape[axis] = dims.require_equal(shape[axis], size, f"concatenate: sizes on axis {axis}")
        return (TensorType(first.dtype, tuple(shape)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.concatenate(operands, axis=self.axis),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        from croton.ops.slicing import slice_axis

        parts = []
        start: Dim = 0
        for operand in operands:
            stop = dims.add(start, base.shape_of(operand)[self.axis])
            parts.append(slice_axis(cotangents[0], self.axis, start, stop))
            start = stop
        return parts

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        position = index[self.axis]
        starts: list[Dim] = [0]
        for operand in operands:
            starts.append(dims.add(starts[-1], operand.type.shape[self.axis]))
        result: Node | None = None
        for operand, start, stop in reversed(list(zip(operands, starts[:-1], starts[1:], strict=True))):
            source = list(index)
            source[self.axis] = builder.minus(position, builder.dimension(start))
            after = builder.call("greater_equal", dtypes.BOOL, position, builder.dimension(start))
            inside = builder.both(after, builder.less(position, builder.dimension(stop)))
            element = operand.at_if(inside, source)
            result = element if result is None else builder.select(inside, element, result)
        assert result is not None
        return result


def reshape(x: object, shape: object, ndim: int | None = None) -> Array:
    """x under another shape, one entry of which may be -1.

    shape: a tuple of sizes, or an integer vector. ndim: how many entries it has, where that is not known of a
    vector.

    Raises:
        ShapeError: the number of elements differs (at call time where sizes are symbolic).
    """
    array = base.as_array(x)
    if ndim is not None and isinstance(shape, Value):
        vector = base.as_array(shape)
        shape = [vector[position] for position in range(ndim)]
    wanted = list(base.as_dims(shape))
    if ndim is not None and len(wanted) != ndim:
        raise ShapeError(f"reshape: expected {ndim} sizes, got {len(wanted)}")
    unknown = [axis for axis, size in enumerate(wanted) if isinstance(size, int) and size < 0]
    if len(unknown) > 1 or any(wanted[axis] != -1 for axis in unknown):
        raise ShapeError(
            f"reshape: at most one size may be -1 and none otherwise negative, got {tuple(wanted)}"
        )
    if unknown:
        known = dims.product(size for axis, size in enumerate(wanted) if axis != unknown[0])
        total = dims.product(base.shape_of(array))
        if known == 0:
            raise ShapeError(f"reshape: -1 is ambiguous beside a size of 0 in {tuple(wanted)}")
        wanted[unknown[0]] = dims.floordiv(total, known)
    if tuple(wanted) == base.shape_of(array):
        return array
    return apply_one(Reshape(tuple(wanted)), array)


def transpose(x: object, axes: Sequence[int] | None = None) -> Array:
    """x with its axes reversed, or in the order given."""
    array = base.as_array(x)
    rank = base.rank_of(array)
    order = (
        tuple(range(rank))[::-1]
        if axes is None
        else tuple(base.normalize_axis(a, rank, "transpose") for a in axes)
    )
    return array if order == tuple(range(rank)) else apply_one(Transpose(order), array)


def broadcast_to(x: object, shape: object) -> Array:
    """x stretched to a shape by NumPy's rule."""
    array = base.as_array(x)
    wanted = base.as_dims(shape)
    return array if base.shape_of(array) == wanted else apply_one(BroadcastTo(wanted), array)


def expand_dims(x: object, axis: int | Sequence[int]) -> Array:
    """x with axes of size 1 inserted at these positions of the result."""
    array = base.as_array(x)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    inserted = base.normalize_axes(axis, base.rank_of(array) + count, "expand_dims")
    rest = iter(base.shape_of(array))
    shape = tuple(
        1 if position in inserted else next(rest) for position in range(base.rank_of(array) + count)
    )
    return reshape(array, shape)


def squeeze(x: object, axis: int | Sequence[int] | None = None) -> Array:
    """x without axes of size 1: the ones given, or all that are known to be 1.

    Raises:
        ShapeError: a given axis has another size (at call time where it is symbolic).
    """
    array = base.as_array(x)
    shape = base.shape_of(array)
    dropped = (
        tuple(a for a, size in enumerate(shape) if size == 1)
        if axis is None
        else base.normalize_axes(axis, len(shape), "squeeze")
    )
    for position in dropped:
        if isinstance(shape[position], int) and shape[position] != 1:
            raise ShapeError(f"squeeze: axis {position} has size {shape[position]}, not 1")
    return reshape(array, tuple(size for position, size in enumerate(shape) if position not in dropped))


def concatenate(arrays: Sequence[object], axis: int = 0) -> Array:
    """Arrays joined along an axis they all have."""
    if not arrays:
        raise ValueError("concatenate: needs at least one array")
    operands = base.as_operands(*arrays)
    rank = base.rank_of(operands[0])
    position = base.normalize_axis(axis, rank, "concatenate")
    return operands[0] if len(operands) == 1 else apply_one(Concatenate(position), *operands)


def specify_shape(x: object, shape: Any) -> Array:
    """x, checked to have this shape; sizes of None are left open.

    Raises:
        ShapeError: it has another shape (at call time where sizes are symbolic).
    """
    array = base.as_array(x)
    sizes = base.shape_of(array)
    wanted = shape if isinstance(shape, (tuple, list)) else base.as_dims(shape)
    if len(wanted) != len(sizes):
        raise ShapeError(f"specify_shape: expected {len(wanted)} axes, got {len(sizes)}")
    pairs = zip(sizes, wanted, strict=True)
    told = tuple(size if entry is None else base.as_dims(entry)[0] for size, entry in pairs)
    return array if told == sizes else apply_one(CheckedShape(told), array)


def stack(arrays: Sequence[object], axis: int = 0) -> Array:
    """Arrays of one shape joined along a new axis."""
    operands = base.as_operands(*arrays)
    position = base.normalize_axis(axis, base.rank_of(operands[0]) + 1, "stack")
    return concatenate([expand_dims(operand, position) for operand in operands], position)


def full(shape: object, fill: object, dtype: object = None) -> Array:
    """An array of one number."""
    number = base.as_array(fill) if dtype is None else base.cast(fill, dtype)
    return broadcast_to(number, shape)


def full_like(x: object, fill: object, dtype: object = None) -> Array:
    """An array of one number with the shape of x, and its dtype unless given."""
    array = base.as_array(x)
    number = base.cast(fill, as_dtype(dtype) if dtype is not None else base.dtype_of(array))
    shape = base.shape_of(array)
    if isinstance(array, EagerValue) and isinstance(number, Constant):
        return EagerValue.factory(np.broadcast_to(number.data, dims.numbers(shape)))
    return broadcast_to(number, shape)


def zeros_like(x: object, dtype: object = None) -> Array:
    return full_like(x, 0, dtype)


def ones_like(x: object, dtype: object = None) -> Array:
    return full_like(x, 1, dtype)


def iota(size: object, dtype: DType = INT64) -> Array:
    """0, 1, 2, ... up to a size, int64 unless given."""
    (count,) = base.as_dims(size)
    return base.cast(apply_one(Iota(count)), dtype)

"""Gathering: reading elements of an array at computed positions.

`Gather` fuses into any loop and reads memory without looking back, so its indices must be known to lie
inside. What a user gives as indices goes through `CheckedIndex` first, a scan that counts negative indices
from the end and refuses those outside.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.codegen.scalars import storage_type
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Shape
from croton.graph.dtypes import INT64
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value, constant
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.elementwise import broadcast_element
from croton.ops.kernel import CFunction, KernelOperation

MODES = ("raise", "clip", "wrap")

_ADJUSTED = {
    "raise": "i + (i < 0 ? size : 0)",
    "clip": "i < 0 ? 0 : i >= size ? size - 1 : i",
    "wrap": "i % size + (i % size < 0 ? size : 0)",
    "label": "i",
}
# The first loop has no exits, so that it vectorises; the one that finds the culprit runs only if needed.
_CHECKED_INDEX = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const {type} *restrict index = pointers[0];
    const ct_int size = *(const ct_int *)pointers[1];
    ct_int *restrict out = pointers[2];
    ct_int count = 1, outside = 0, culprit = 0;
    for (int axis = 0; axis < {rank}; ++axis) count *= sizes[axis];
    if (size <= 0) outside = count > 0;
    for (ct_int p = 0; p < count && size > 0; ++p) {{
        const ct_int i = {wide};
        const ct_int adjusted = {adjusted};
        outside |= (adjusted < 0) | (adjusted >= size);
        out[p] = adjusted;
    }}
    if (!outside) return CT_OK;
    for (ct_int p = 0; p < count; ++p) {{
        const ct_int i = {wide};
        culprit = i;
        if (i < {least} || i >= size) break;
    }}
    context->error[1] = {axis};
    context->error[2] = culprit;
    context->error[3] = size;
    return CT_OUT_OF_RANGE;
}}
"""
_LARGE = (
    "index[p] > 0x7fffffffffffffffULL ? 0x7fffffffffffffffLL : (ct_int)index[p]"  # must not turn negative
)


class CheckedIndex(KernelOperation):
    """Indices into an axis, made int64 and counted from the front.

    Operands: the indices, of any integer dtype, and the size of the axis, an int64 scalar. What lies
    outside is an IndexError ("raise"), moved to the nearest end ("clip") or taken modulo the size ("wrap").
    """

    mode: str
    axis: int  # of the array indexed, for the message
    name = "checked_index"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        index = operands[0]
        if not dtypes.is_integer(index.dtype):
            raise DTypeError(f"indices must be integers, got {index.dtype.name}")
        return (TensorType(INT64, index.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (checked(operands[0], int(operands[1]), self.axis, self.mode),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None, None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        dtype, rank = operands[0].dtype, operands[0].rank
        name = f"ct_checked_index_{self.mode}_{dtype.name}_{rank}_{self.axis}"
        source = _CHECKED_INDEX.format(
            name=name,
            type=storage_type(dtype),
            rank=rank,
            axis=self.axis,
            wide=_LARGE if dtype == dtypes.UINT64 else "(ct_int)index[p]",
            adjusted=_ADJUSTED[self.mode],
            least="0" if self.mode == "label" else "-size",
        )
        return CFunction(name, source, cost=0.6, fallible=True)


def checked(index: NDArray, size: int, axis: int, mode: str) -> NDArray:
    """Indices counted from the front, as int64.

    Raises:
        IndexError: one lies outside (mode "raise"), or the axis is empty.
    """
    if index.size and size <= 0:
        raise IndexError(f"index {index.flat[0]} is out of range for axis {axis} of size {size}")
    if mode == "clip":
        return np.clip(index, 0, max(size - 1, 0)).astype(np.int64)
    if mode == "wrap":
        return np.asarray(np.mod(index, np.asarray(size)) if index.size else index).astype(np.int64)
    outside = (index >= size) | (index < -size)
    if outside.any():
        raise IndexError(f"index {index[outside].flat[0]} is out of range for axis {axis} of size {size}")
    wide = index.astype(np.int64)
    return np.asarray(np.where(wide < 0, wide + size, wide))


class CheckedLabel(CheckedIndex):
    """Labels of classes, made int64; an IndexError where one is negative or too large.

    Operands: the labels and the number of classes. of: the operation that the message names.
    """

    of: str = ""
    name = "checked_label"

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        label, classes = operands[0], int(operands[1])
        outside = (label < 0) | (label >= classes)
        if outside.any():
            raise self.failure((self.axis, int(label[outside].flat[0]), classes))
        return (label.astype(np.int64),)

    def failure(self, facts: Sequence[int]) -> IndexError:
        """The error for what the C function reports: the axis, the label and the number of classes."""
        return IndexError(f"{self.of}: label {facts[1]} is out of range for {facts[2]} classes")


def checked_label(labels: Array, classes: Dim, of: str) -> Array:
    """Labels as int64, all of them of one of the classes; an IndexError that names `of` where not."""
    return apply_one(CheckedLabel("label", 0, of), labels, number_beside(classes, labels))


class Gather(ElementOperation):
    """operand[..., i1, ..., i2, ...] with index arrays on `axes`, all int64 and known to lie inside.

    Index arrays have one shape; its axes come out at `position` among the axes not indexed.
    """

    axes: tuple[int, ...]
    position: int
    name = "gather"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand, *indices = operands
        if len(indices) != len(self.axes):
            raise TypeError(f"gather: {len(self.axes)} axes are indexed, got {len(indices)} index arrays")
        shape = list(indices[0].shape)
        for index in indices:
            if index.dtype != INT64:
                raise DTypeError(f"gather: indices must be int64, got {index.dtype.name}")
            if index.rank != len(shape):
                raise ShapeError(f"gather: index arrays have {len(shape)} and {index.rank} axes")
            for axis, size in enumerate(index.shape):
                shape[axis] = dims.require_equal(
                    shape[axis], size, f"gather: axis {axis} of the index arrays"
                )
        kept = [size for axis, size in enumerate(operand.shape) if axis not in self.axes]
        return (TensorType(operand.dtype, (*kept[: self.position], *shape, *kept[self.position :])),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        operand, *indices = operands
        front = np.moveaxis(operand, self.axes, range(len(self.axes)))
        gathered = np.asarray(front[tuple(indices)])
        rank = indices[0].ndim
        return (np.moveaxis(gathered, range(rank), range(self.position, self.position + rank)),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        from croton.ops.scattering import scatter_zero

        shape = base.shape_of(operands[0])
        placed = scatter_zero("add", shape, self.axes, self.position, cotangents[0], operands[1:])
        return [placed, *[None] * len(self.axes)]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        rank = operands[1].type.rank
        inner = index[self.position : self.position + rank]
        kept = iter([*index[: self.position], *index[self.position + rank :]])
        given = dict(zip(self.axes, operands[1:], strict=True))
        source = [
            broadcast_element(builder, given[axis], inner) if axis in given else next(kept)
            for axis in range(operands[0].type.rank)
        ]
        return operands[0].at(source)


def checked_index(index: object, size: Dim, axis: int, mode: str = "raise") -> Array:
    """Indices into an axis of a size as int64, all inside; checked at once where both are known.

    Raises:
        IndexError: an index known now is outside. DTypeError: not integers. ValueError: no such mode.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}, got {mode!r}")
    array = base.as_array(index)
    dtype = base.dtype_of(array)
    if not dtypes.is_integer(dtype):
        raise IndexError(f"indices must be integers or bools, got {dtype.name}")
    if isinstance(array, Constant) and isinstance(size, int):
        return constant(checked(array.data, size, axis, mode))
    if isinstance(array, EagerValue) and isinstance(size, int):
        return EagerValue.factory(checked(array.data, size, axis, mode))
    return apply_one(CheckedIndex(mode, axis), array, number_beside(size, array))


def gather(x: Array, axes: Sequence[int], position: int, indices: Sequence[Array]) -> Array:
    """Elements at int64 indices known to lie inside, which broadcast together; see `Gather`."""
    shape = dims.broadcast([base.shape_of(index) for index in indices], "index arrays")
    return apply_one(Gather(tuple(axes), position), x, *(spread(index, shape) for index in indices))


def number_beside(size: Dim, beside: Array) -> Array:
    """A size as an int64 number."""
    from croton.ops.dimension import size_as_number

    if isinstance(beside, EagerValue) and isinstance(size, int):
        return EagerValue.factory(np.asarray(size, np.int64))
    return size_as_number(size)


def spread(index: Array, shape: Shape) -> Array:
    from croton.ops.shape import broadcast_to

    return broadcast_to(index, shape)


def take(x: object, indices: object, axis: int | None = None, mode: str = "raise") -> Array:
    """Elements, or slices along an axis, at these positions.

    axis: None takes from the flattened array. mode: what happens to indices outside: "raise" an
    IndexError, "clip" to the ends, or "wrap" around; only "raise" counts negative ones from the end.

    Raises:
        IndexError: an index is outside (when the function runs, where it is computed).
    """
    from croton.ops.shape import reshape

    array = base.as_array(x)
    if axis is None:
        array, axis = reshape(array, (-1,)) if base.rank_of(array) != 1 else array, 0
    position = base.normalize_axis(axis, base.rank_of(array), "take")
    index = checked_index(indices, base.shape_of(array)[position], position, mode)
    return gather(array, (position,), position, [index])


def take_along_axis(x: object, indices: object, axis: int | None = -1) -> Array:
    """x[..., indices, ...]: for every position along the other axes, elements along `axis`.

    x and indices have as many axes and broadcast against each other on the others.

    Raises:
        IndexError: an index is outside. ShapeError: the axes do not fit.
    """
    from croton.ops.shape import reshape

    array, given = base.as_array(x), base.as_array(indices)
    if axis is None:
        if base.rank_of(given) != 1:
            raise ShapeError(
                f"take_along_axis: indices must have one axis where axis is None, got {base.rank_of(given)}"
            )
        return take(reshape(array, (-1,)), given, 0)
    rank = base.rank_of(array)
    if base.rank_of(given) != rank:
        raise ShapeError(f"take_along_axis: x has {rank} axes and indices {base.rank_of(given)}")
    position = base.normalize_axis(axis, rank, "take_along_axis")
    return gather(array, range(rank), 0, along_axis_indices(array, given, position, "take_along_axis"))


def along_axis_indices(array: Array, given: Array, axis: int, what: str) -> list[Array]:
    """Index arrays, one per axis of the array, that broadcast to the positions `given` along an axis."""
    shape, index_shape = base.shape_of(array), base.shape_of(given)
    indices = []
    for other, size in enumerate(shape):
        if other == axis:
            indices.append(checked_index(given, size, axis))
            continue
        wanted = index_shape[other]
        if size == 1 and wanted != 1:
            indices.append(_along(zero_index(given), other, len(shape)))
            continue
        if wanted != 1:
            dims.broadcast([(size,), (wanted,)], what)
        indices.append(_along(iota_beside(size, given), other, len(shape)))
    full = dims.broadcast([base.shape_of(index) for index in indices], what)
    return [spread(index, full) for index in indices]


def iota_beside(size: Dim, beside: Array) -> Array:
    """0, 1, 2, ... up to a size: existing where `beside` exists, else symbolic."""
    from croton.ops.shape import iota

    if isinstance(beside, EagerValue) and isinstance(size, int):
        return EagerValue.factory(np.arange(size, dtype=np.int64))
    return iota(size)


def zero_index(beside: Array) -> Array:
    """A vector of one index 0."""
    zero = np.zeros(1, np.int64)
    return EagerValue.factory(zero) if isinstance(beside, EagerValue) else constant(zero)


def _along(vector: Array, axis: int, rank: int) -> Array:
    """A vector laid along one of `rank` axes."""
    from croton.ops.shape import reshape

    (size,) = base.shape_of(vector)
    return reshape(vector, tuple(size if other == axis else 1 for other in range(rank)))


_NONZERO = """\
static int ct_nonzero(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    (void)context;
    const unsigned char *restrict mask = pointers[0];
    ct_int *restrict out = pointers[1];
    ct_int *found = pointers[2];
    ct_int count = 0;
    for (ct_int i = 0; i < sizes[0]; ++i) {
        out[count] = i; /* overwritten by the next unless it counts: no branch to mispredict */
        count += mask[i] != 0;
    }
    *found = count;
    return CT_OK;
}
"""


class Nonzero(KernelOperation):
    """Positions where a bool vector is true, in order: int64, as many as the equation finds while running."""

    count: Dim  # a runtime symbol, or the number itself where the program runs eagerly
    name = "nonzero"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        mask = operands[0]
        if not dtypes.is_bool(mask.dtype) or mask.rank != 1:
            raise DTypeError(f"nonzero: expected a bool vector, got {mask}")
        return (TensorType(INT64, (self.count,)),)

    def parameter_dims(self) -> list[Dim]:
        """None: the equation finds the count, it does not need it."""
        return []

    def size_bounds(self, operands: Sequence[TensorType]) -> dict[dims.Symbol, Dim]:
        """The largest that each size found while running can be."""
        symbol = dims.single_symbol(self.count)
        return {} if symbol is None else {symbol: operands[0].shape[0]}

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.flatnonzero(operands[0]).astype(np.int64),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        return CFunction("ct_nonzero", _NONZERO, cost=1.0)


# The positions found for a mask, so that x[mask] and y[mask] have the same size.
_found: weakref.WeakKeyDictionary[Value, weakref.ref[Value]] = weakref.WeakKeyDictionary()


def flatnonzero(x: object) -> Array:
    """Positions in the flattened x of elements that are not zero, in order."""
    from croton.ops.shape import reshape

    array = base.as_array(x)
    if isinstance(array, (Constant, EagerValue)):
        known = np.flatnonzero(array.data).astype(np.int64)
        return constant(known) if isinstance(array, Constant) else EagerValue.factory(known)
    source = _mask_source(array)
    earlier = _found.get(source)
    positions = earlier() if earlier is not None else None
    if positions is None:
        mask = reshape(base.cast(array, dtypes.BOOL), (-1,))
        positions = apply_one(Nonzero(dims.symbol("count", runtime=True)), mask)
        _found[source] = weakref.ref(positions)
    return positions


def _mask_source(mask: Value) -> Value:
    """The value a mask is a reshape or cast of: what has the same nonzero positions."""
    while mask.owner is not None and mask.owner.op.name == "reshape":
        mask = mask.owner.inputs[0]
    return mask


def nonzero(x: object, return_matrix: bool = False) -> Any:
    """Index arrays, one per axis, of the elements that are not zero, in C order.

    return_matrix: whether to return them as the rows of a matrix.
    """
    from croton.ops.arithmetic import floor_divide, remainder
    from croton.ops.shape import stack

    array = base.as_array(x)
    if return_matrix:
        return stack(nonzero(array))
    shape = base.shape_of(array)
    positions = flatnonzero(array)
    if len(shape) <= 1:
        return (positions,)
    indices = []
    for size in reversed(shape[1:]):
        number = number_beside(size, positions)
        indices.append(remainder(positions, number))
        positions = floor_divide(positions, number)
    return (positions, *reversed(indices))


def argwhere(x: object) -> Array:
    """The indices of elements that are not zero: (count, rank)."""
    from croton.ops.shape import stack

    return stack(nonzero(x), axis=1)


def compress(condition: object, x: object, axis: int | None = None) -> Array:
    """The slices along an axis (or the elements of the flattened x) where the vector `condition` is true."""
    from croton.ops.shape import reshape

    array, chosen = base.as_array(x), base.as_array(condition)
    if base.rank_of(chosen) != 1:
        raise ShapeError(f"compress: the condition must be a vector, got {base.rank_of(chosen)} axes")
    if axis is None:
        array, axis = reshape(array, (-1,)), 0
    return take(array, flatnonzero(chosen), axis)


def extract(condition: object, x: object) -> Array:
    """The elements of x, in C order, where condition, an array of the same size, is true."""
    from croton.ops.shape import reshape

    return compress(reshape(base.as_array(condition), (-1,)), x)


def choose(a: object, choices: Any, mode: str = "raise") -> Array:
    """At every place the element of choices[a]; a and all choices broadcast together.

    Raises:
        IndexError: a number in `a` is not that of a choice (mode "raise").
    """
    from croton.ops.arithmetic import where
    from croton.ops.comparison import equal

    listed = (
        list(choices) if isinstance(choices, (tuple, list)) else [choices[i] for i in range(len(choices))]
    )
    if not listed:
        raise ValueError("choose: needs at least one choice")
    operands = base.as_operands(*listed)
    array = base.as_array(a)
    if dtypes.is_bool(base.dtype_of(array)):
        array = base.cast(array, INT64)
    # As unsigned numbers negative ones are too large, which choose, unlike indexing, does not count back.
    index = checked_index(
        base.cast(array, dtypes.UINT64) if mode == "raise" else array, len(operands), 0, mode
    )
    result = operands[-1]
    for number in range(len(operands) - 2, -1, -1):
        result = where(equal(index, number), operands[number], result)
    return spread(result, dims.broadcast([base.shape_of(o) for o in (index, *operands)], "choose"))


def select(condlist: Sequence[object], choicelist: Sequence[object], default: object = 0) -> Array:
    """At every place the element of the first choice whose condition holds there, else of the default."""
    from croton.ops.arithmetic import where

    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            f"select: needs as many conditions as choices, got {len(condlist)} and {len(choicelist)}"
        )
    *choices, result = base.as_operands(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        result = where(condition, choice, result)
    return result

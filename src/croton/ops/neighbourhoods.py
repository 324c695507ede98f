"""Images as tables of neighbourhoods, one patch per row, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.errors import ShapeError
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.gathering import gather, iota_beside
from croton.ops.padding import pad
from croton.ops.shape import expand_dims, reshape, transpose

MODES = ("valid", "ignore_borders", "wrap_centered", "half", "full")


class OfSize(ElementOperation):
    """An array as it is, once it is known that one size equals another: `reason` says why it must."""

    left: Dim
    right: Dim
    reason: str
    name = "of_size"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        dims.require_equal(self.left, self.right, self.reason)
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (operands[0],)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [cotangents[0]]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return operands[0].at(index)


def _pair(name: str, given: Any) -> tuple[Dim, Dim]:
    sizes = base.as_dims(given)
    if len(sizes) != 2:
        raise ShapeError(f"images2neibs: expected 2 entries in {name}, got {len(sizes)}")
    for size in sizes:
        if isinstance(size, int) and size < 1:
            raise ValueError(f"images2neibs: {name} must be positive, got {size}")
    return sizes[0], sizes[1]


def images2neibs(ten4: object, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> Array:
    """Every neighbourhood of images (batch, channels, rows, columns) as a row of a matrix.

    neib_shape: rows and columns of a neighbourhood. neib_step: from one to the next; neib_shape when None.
    mode: "valid" (they must fit exactly), "ignore_borders" (what is left over is dropped), "wrap_centered"
        (one around every step-th place, wrapped at the edges; odd sizes), "half" and "full" (valid, after
        padding by half a neighbourhood, or by all but one row and column, with zeros).

    Rows are ordered by image, channel, row and column; entries of a row by row and column.

    Raises:
        ShapeError: not 4 axes, or the neighbourhoods do not fit. ValueError: no such mode, even sizes.
    """
    if mode not in MODES:
        raise ValueError(f"images2neibs: mode must be one of {MODES}, got {mode!r}")
    images = base.as_array(ten4)
    if base.rank_of(images) != 4:
        raise ShapeError(f"images2neibs: expected 4 axes, got {base.rank_of(images)}")
    shape = _pair("neib_shape", neib_shape)
    step = shape if neib_step is None else _pair("neib_step", neib_step)
    if mode in ("half", "full"):
        margins = [size // 2 if mode == "half" else size - 1 for size in shape]
        images = pad(images, [(0, 0), (0, 0), *((margin, margin) for margin in margins)])
    counts = []
    for axis in (0, 1):
        images, count = _count(images, axis, shape[axis], step[axis], mode)
        counts.append(count)
    patches = _patches(images, counts, shape, step, mode)
    sizes = base.shape_of(patches)
    return reshape(patches, (dims.product(sizes[:4]), dims.product(sizes[4:])))


def _count(images: Array, axis: int, size: Dim, step: Dim, mode: str) -> tuple[Array, Dim]:
    """The images, once they are known to fit, and how many neighbourhoods there are along rows or columns."""
    length = base.shape_of(images)[2 + axis]
    what = ("rows", "columns")[axis]
    if mode == "wrap_centered":
        if isinstance(size, int) and size % 2 == 0:
            raise ValueError(f"images2neibs: wrap_centered needs odd neighbourhoods, got {size} {what}")
        if isinstance(length, int) and isinstance(size, int) and length < size:
            raise ShapeError(f"images2neibs: neighbourhoods of {size} {what} in images of {length}")
        return images, (length + step - 1) // step
    if isinstance(length, int) and isinstance(size, int) and length < size:
        raise ShapeError(f"images2neibs: neighbourhoods of {size} {what} in images of {length}")
    if mode != "ignore_borders":
        rest = dims.modulo(length - size, step)
        reason = f"images2neibs: {what} left over by neighbourhoods of {size} with step {step} in {length}"
        if rest != 0:
            images = apply_one(OfSize(rest, 0, reason), images)
    return images, (length - size) // step + 1


def _patches(images: Array, counts: Sequence[Dim], shape: Shape, step: Shape, mode: str) -> Array:
    """Neighbourhoods of images, checked: (batch, channels, count rows, count columns, rows, columns)."""
    batch, channels, rows, columns = base.shape_of(images)
    if shape == step and mode != "wrap_centered":
        from croton.ops.slicing import slice_axis

        whole = slice_axis(slice_axis(images, 2, 0, counts[0] * shape[0]), 3, 0, counts[1] * shape[1])
        apart = reshape(whole, (batch, channels, counts[0], shape[0], counts[1], shape[1]))
        return transpose(apart, (0, 1, 2, 4, 3, 5))
    indices = []
    for axis, length in ((0, rows), (1, columns)):
        position = _positions(images, counts[axis], shape[axis], step[axis], length, mode)
        indices.append(expand_dims(position, (1, 3) if axis == 0 else (0, 2)))
    return gather(images, (2, 3), 2, indices)


def _positions(images: Array, count: Dim, size: Dim, step: Dim, length: Dim, mode: str) -> Array:
    """Where the entries of neighbourhoods lie along an axis: (count, size)."""
    from croton.ops.arithmetic import add, multiply, remainder, subtract

    starts = multiply(iota_beside(count, images), base.as_array(step))
    position = add(expand_dims(starts, 1), expand_dims(iota_beside(size, images), 0))
    if mode != "wrap_centered":
        return position
    return remainder(subtract(position, base.as_array(size // 2)), base.as_array(length))


def neibs2images(neibs: object, neib_shape: Any, original_shape: Any, mode: str = "valid") -> Array:
    """Images of a shape from their neighbourhoods, as `images2neibs` lists them where step and shape agree.

    mode: "valid", or "ignore_borders": what the neighbourhoods do not reach is zero.

    Raises:
        ShapeError: the numbers of entries do not agree. ValueError: no such mode.
    """
    if mode not in ("valid", "ignore_borders"):
        raise ValueError(f'neibs2images: mode must be "valid" or "ignore_borders", got {mode!r}')
    table = base.as_array(neibs)
    if base.rank_of(table) != 2:
        raise ShapeError(f"neibs2images: expected a matrix, got {base.rank_of(table)} axes")
    shape = _pair("neib_shape", neib_shape)
    original = base.as_dims(original_shape)
    if len(original) != 4:
        raise ShapeError(f"neibs2images: expected an original shape of 4 sizes, got {len(original)}")
    batch, channels, *sizes = original
    counts = [length // size for length, size in zip(sizes, shape, strict=True)]
    apart = reshape(table, (batch, channels, *counts, *shape))
    inner = [count * size for count, size in zip(counts, shape, strict=True)]
    whole = reshape(transpose(apart, (0, 1, 2, 4, 3, 5)), (batch, channels, *inner))
    if mode == "valid":
        return whole if tuple(inner) == tuple(sizes) else reshape(whole, original)
    rest = [(0, length - known) for length, known in zip(sizes, inner, strict=True)]
    return pad(whole, [(0, 0), (0, 0), *rest])

"""Sorting: sorted arrays, the order that sorts them, and the largest or smallest elements.

Sorting is stable and puts NaN last, as in NumPy, whatever its sign. Complex numbers are ordered by real
parts, then by imaginary parts; those with a NaN come last, a NaN in the real part after all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.codegen.kernels import shared_kernel
from croton.codegen.prebuilt import KernelUnit
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import INT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.composite import widened_data
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import around_axis

__all__ = [
    "argpartition",
    "argsort",
    "argtopk",
    "lexsort",
    "partition",
    "sort",
    "top_k",
    "topk",
    "topk_and_argtopk",
]

SHORT_ROW = 64  # up to which sorting all is quicker than finding the largest

_INFINITY_BITS = {
    dtypes.FLOAT16: "0x7c00",
    dtypes.BFLOAT16: "0x7f80",
    dtypes.FLOAT32: "0x7f800000",
    dtypes.FLOAT64: "0x7ff0000000000000LL",
}


def ordered_kernel(name: str, file: str, dtype: DType, **definitions: object) -> KernelUnit:
    """A kernel that compares elements of a dtype by their keys, see codegen/kernels/keys.c."""
    described: dict[str, object] = {"WIDTH": dtype.itemsize * 8, **definitions}
    if dtype in _INFINITY_BITS:
        described["INFINITY_BITS"] = _INFINITY_BITS[dtype]
    elif dtype.kind in "bu":
        described["UNSIGNED"] = 1
    return shared_kernel(f"{name}_{dtype.name}", ("keys.c", file), described)


_CALL = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    {sizes}
    const ct_int shape[] = {{outer, n, inner{more}}};
    return {kernel}(context, pointers, shape);
}}
"""


def _along_axis(kernel: KernelUnit, rank: int, axis: int, more: str = "", cost: float = 10.0) -> CFunction:
    """The call of a kernel that works on rows along an axis of its first operand."""
    name = f"{kernel.name}_{axis}_of_{rank}"
    source = _CALL.format(name=name, sizes=around_axis(rank, axis), kernel=kernel.call, more=more)
    return CFunction(name, source, cost=cost, kernels=(kernel,))


def check_real(name: str, operand: TensorType) -> None:
    if dtypes.is_complex(operand.dtype) or operand.dtype in dtypes.STORED:
        raise dtypes.undefined(name, operand.dtype)


class Sort(KernelOperation):
    """The elements in ascending order along an axis."""

    axis: int
    name = "sort"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_real(self.name, operands[0])
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        ordered = np.sort(widened_data(operands[0]), axis=self.axis, kind="stable")
        return (ordered.astype(operands[0].dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        order = apply_one(Order(self.axis), operands[0])
        return [_put_back(cotangents[0], order, self.axis)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        kernel = ordered_kernel("ct_sort", "sort.c", operands[0].dtype)
        return _along_axis(kernel, operands[0].rank, self.axis)


class Order(KernelOperation):
    """The int64 positions along an axis of the elements in ascending order; equal ones stay in order.

    descending: from the largest, NaN first, to the smallest; equal ones stay in order here too.
    """

    axis: int
    descending: bool = False
    name = "argsort"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_real(self.name, operands[0])
        return (TensorType(INT64, operands[0].shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (_evaluate_order(operands[0], self.axis, self.descending),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        name = "ct_order_down" if self.descending else "ct_order"
        chosen = {"ORDER": 1, "DESCENDING": 1} if self.descending else {"ORDER": 1}
        kernel = ordered_kernel(name, "sort.c", operands[0].dtype, **chosen)
        return _along_axis(kernel, operands[0].rank, self.axis, cost=15.0)


def _evaluate_order(operand: NDArray, axis: int, descending: bool) -> NDArray:
    x = widened_data(operand)
    if not descending:
        return np.argsort(x, axis=axis, kind="stable").astype(np.int64, copy=False)
    # Backwards twice, so that equal elements stay in order.
    order = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return np.asarray(x.shape[axis] - 1 - np.flip(order, axis), np.int64)


class TopPositions(KernelOperation):
    """The int64 positions of the `count` largest elements along an axis, the largest first.

    smallest: of the smallest, the smallest first, NaN last. Of equal elements the first ones are taken.
    """

    count: Dim
    axis: int
    smallest: bool = False
    name = "argtopk"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_real(self.name, operands[0])
        shape = list(operands[0].shape)
        size = shape[self.axis]
        dims.require_at_least(self.count, 0, "topk: number of elements to take")
        dims.require_at_least(
            dims.subtract(size, self.count), 0, f"topk: elements on axis {self.axis} less those to take"
        )
        shape[self.axis] = self.count
        return (TensorType(INT64, tuple(shape)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        order = _evaluate_order(operands[0], self.axis, not self.smallest)
        return (np.moveaxis(np.moveaxis(order, self.axis, 0)[: self.count], 0, self.axis),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        rank = operands[0].rank
        name, chosen = ("ct_bottom", {"SMALLEST": 1}) if self.smallest else ("ct_top", {})
        kernel = ordered_kernel(name, "topk.c", operands[0].dtype, **chosen)
        return _along_axis(kernel, rank, self.axis, more=f", sizes[{rank + self.axis}]", cost=2.0)


def _places(shape: Sequence[Dim], order: Array, axis: int) -> list[Array]:
    """Index arrays, one per axis, of the elements at positions `order` along an axis."""
    from croton.ops.gathering import iota_beside
    from croton.ops.shape import broadcast_to, reshape

    rank, own = len(shape), base.shape_of(order)
    indices = []
    for other in range(rank):
        if other == axis:
            indices.append(order)
            continue
        column = tuple(own[other] if a == other else 1 for a in range(rank))
        indices.append(broadcast_to(reshape(iota_beside(own[other], order), column), own))
    return indices


def take_order(x: Array, order: Array, axis: int) -> Array:
    """Elements at int64 positions along an axis that are known to lie inside."""
    from croton.ops.gathering import gather

    shape = base.shape_of(x)
    return gather(x, range(len(shape)), 0, _places(shape, order, axis))


def _put_back(values: Array, order: Array, axis: int) -> Array:
    """The array that `values` are when its elements are taken in this order, a permutation."""
    from croton.ops.scattering import scatter_zero

    shape = base.shape_of(values)
    return scatter_zero("add", shape, range(len(shape)), 0, values, _places(shape, order, axis))


def _flat_or_axis(x: object, axis: int | None, what: str) -> tuple[Array, int]:
    from croton.ops.shape import reshape

    array = base.as_array(x)
    if axis is None:
        return (array if base.rank_of(array) == 1 else reshape(array, (-1,))), 0
    return array, base.normalize_axis(axis, base.rank_of(array), what)


def _refuse_order(order: object, what: str) -> None:
    if order is not None:
        raise TypeError(f"{what}: order= names fields of structured arrays, which there are none of here")


def _ordering_keys(array: Array) -> list[Array]:
    """Real arrays that order this one, the most important last."""
    from croton.ops.arithmetic import add
    from croton.ops.comparison import isnan
    from croton.ops.complex_numbers import imag, real

    if not dtypes.is_complex(base.dtype_of(array)):
        return [array]
    first, second = real(array), imag(array)
    missing = add(base.cast(isnan(first), "int8"), base.cast(isnan(first), "int8"))
    return [second, first, add(missing, base.cast(isnan(second), "int8"))]


def sort(
    x: object, axis: int | None = -1, kind: object = None, order: object = None, *, stable: object = None
) -> Array:
    """The elements in ascending order along an axis (of the flattened array when None), NaN last.

    kind, stable: accepted for NumPy's sake; sorting is stable. The gradient of each element goes to where
    it came from.

    Raises:
        TypeError: `order` is given.
    """
    _refuse_order(order, "sort")
    array, position = _flat_or_axis(x, axis, "sort")
    if dtypes.is_complex(base.dtype_of(array)):
        return take_order(array, argsort(array, position), position)
    return apply_one(Sort(position), array)


def argsort(
    x: object, axis: int | None = -1, kind: object = None, order: object = None, *, stable: object = None
) -> Array:
    """The int64 positions that sort along an axis (of the flattened array when None); see `sort`.

    Equal elements, both zeros and all NaNs stay in the order in which they are.
    """
    _refuse_order(order, "argsort")
    array, position = _flat_or_axis(x, axis, "argsort")
    return lexsort(_ordering_keys(array), position)


def lexsort(keys: Any, axis: int = -1) -> Array:
    """The int64 positions that sort along an axis by the last of several keys, then by the one before, ...

    keys: a sequence of arrays of one shape, or an array whose first axis counts them.

    Raises:
        ValueError: there are no keys. ShapeError: their shapes differ.
    """
    from croton.ops.shape import broadcast_to

    listed = [base.as_array(key) for key in keys]
    if not listed:
        raise ValueError("lexsort: needs at least one key")
    rank = base.rank_of(listed[0])
    if any(base.rank_of(key) != rank for key in listed):
        raise ShapeError(f"lexsort: keys have {[base.rank_of(key) for key in listed]} axes")
    position = base.normalize_axis(axis, rank, "lexsort")
    parts = [part for key in listed for part in _ordering_keys(key)]
    found = apply_one(Order(position), parts[0])
    for other in parts[1:]:
        part = broadcast_to(other, base.shape_of(found))
        found = take_order(found, apply_one(Order(position), take_order(part, found, position)), position)
    return found


def partition(x: object, kth: object, axis: int | None = -1) -> Array:
    """The elements along an axis so that those before position `kth` are not larger, those after not smaller.

    Here all of them are sorted, which is such an order for every kth.
    """
    return sort(x, axis)


def argpartition(x: object, kth: object, axis: int | None = -1) -> Array:
    """The positions of `partition`."""
    return argsort(x, axis)


def _top(x: object, kth: object, axis: int | None) -> tuple[Array, Array, int]:
    """x, the positions of its largest (kth > 0) or smallest elements, the best first, and the axis."""
    from croton.ops.slicing import slice_axis

    array, position = _flat_or_axis(x, axis, "topk")
    (count,) = base.as_dims(kth)
    if count == 0:
        raise ValueError("topk: kth must not be 0")
    smallest = isinstance(count, int) and count < 0
    taken = -count if smallest and isinstance(count, int) else count
    size = base.shape_of(array)[position]
    if isinstance(size, int) and isinstance(taken, int) and taken <= size <= SHORT_ROW:
        order = apply_one(Order(position, not smallest), array)
        return array, slice_axis(order, position, 0, taken), position
    return array, apply_one(TopPositions(taken, position, smallest), array), position


def topk(x: object, kth: object, axis: int | None = -1, sorted: bool = True) -> Array:
    """The kth largest elements along an axis in ascending order; for negative kth the -kth smallest ones.

    kth: an integer, or an integer scalar known while running, which must be positive. axis: None for the
    flattened array. sorted: accepted for Theano's sake; the elements always are in order.

    Raises:
        ValueError: kth is 0. ShapeError: there are fewer elements.
    """
    return topk_and_argtopk(x, kth, axis, sorted)[0]


def argtopk(
    x: object, kth: object, axis: int | None = -1, sorted: bool = True, idx_dtype: object = "int64"
) -> Array:
    """The positions of `topk`, in an integer dtype. Of equal elements the first ones are taken."""
    return topk_and_argtopk(x, kth, axis, sorted, idx_dtype)[1]


def topk_and_argtopk(
    x: object, kth: object, axis: int | None = -1, sorted: bool = True, idx_dtype: object = "int64"
) -> tuple[Array, Array]:
    """The elements of `topk` and their positions."""
    from croton.ops.rearranging import flip

    dtype = dtypes.as_dtype(idx_dtype)
    if not dtypes.is_integer(dtype):
        raise DTypeError(f"topk: idx_dtype must be an integer dtype, got {dtype.name}")
    array, order, position = _top(x, kth, axis)
    if not (isinstance(kth, (int, np.integer)) and kth < 0):
        order = flip(order, position)
    return take_order(array, order, position), base.cast(order, dtype)


def top_k(x: object, k: object, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest elements along the last axis, the largest first, and their int32 positions, as in Keras.

    sorted: whether the order matters; they come in this order in any case.
    """
    array, order, position = _top(x, k, -1)
    return take_order(array, order, position), base.cast(order, "int32")

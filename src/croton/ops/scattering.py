"""Scattering: writing, adding or otherwise combining elements at computed positions.

Kernels see every scatter as rows: an array (batch, rows, row length), one row number per row of values
(batch, count, row length). Rows are combined in the order of their numbers' positions, on one thread per
batch entry, so results with repeated positions are the same in every run: the last one wins for "set".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.codegen.scalars import ScalarPrinter, c_type, storage_type
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Shape
from croton.graph.dtypes import BOOL, INT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.frozen import Frozen
from croton.graph.values import EagerValue, NDArray, TensorType, constant
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation

KINDS = ("set", "add", "multiply", "max", "min")

_SCATTER = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    (void)context;
    const {type} *restrict values = pointers[{first}];
    const ct_int *restrict rows = pointers[{first} + 1];
    {type} *restrict out = pointers[{first} + 2];
    const ct_int *const shape = sizes + {out_sizes};
    const ct_int batch = shape[0], height = shape[1], length = shape[2], count = sizes[{count_position}];
{start}
    for (ct_int b = 0; b < batch; ++b, out += height * length) {{
        for (ct_int p = 0; p < count; ++p, values += length) {{
            {type} *restrict row = out + rows[p] * length;
{loop}
        }}
    }}
    return CT_OK;
}}
"""
_LOOP = """\
            if (length == 1) {{
                {one}
                continue;
            }}
#pragma omp simd
            for (ct_int j = 0; j < length; ++j) {{
                {each}
            }}"""


def _combination(kind: str, dtype: DType, old: str, new: str) -> str:
    """C for what the element becomes."""
    if kind == "set":
        return new
    if dtypes.is_bool(dtype):
        return f"({old} {'|' if kind in ('add', 'max') else '&'} {new})"
    if kind in ("add", "multiply"):
        sign = "+" if kind == "add" else "*"
        if dtypes.is_integer(dtype):
            return f"({c_type(dtype)})((ct_unsigned){old} {sign} (ct_unsigned){new})"
        return f"({old} {sign} {new})"
    sign = ">" if kind == "max" else "<"
    nan = f" || {new} != {new}" if dtypes.is_float(dtype) else ""
    return f"(({new} {sign} {old}{nan}) ? {new} : {old})"


_AT: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "multiply": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


class Scatter(KernelOperation):
    """An array (batch, height, length) with rows of values combined into it.

    Operands: the array, unless `height` says that it is one of zeros with so many rows; the values
    (batch, count, length); the row numbers (count,), int64 and known to lie inside.

    The second derivative of "multiply" is exact except between two factors of one element that are both
    repeated there and of which one is zero.
    """

    kind: str
    height: Dim | None = None
    name = "scatter"

    @property
    def overwrites(self) -> int | None:
        """The array, where there is one."""
        return 0 if self.height is None else None

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        values, rows = operands[-2:]
        if values.rank != 3 or rows.rank != 1 or rows.dtype != INT64:
            raise ShapeError(
                f"scatter: expected values of 3 axes and int64 rows of 1, got {values} and {rows}"
            )
        dims.require_equal(values.shape[1], rows.shape[0], "scatter: number of rows")
        if self.height is not None:
            return (TensorType(values.dtype, (values.shape[0], self.height, values.shape[2])),)
        whole = operands[0]
        if whole.dtype != values.dtype:
            raise DTypeError(f"scatter: dtypes {whole.dtype.name} and {values.dtype.name} differ")
        if self.kind in ("max", "min") and dtypes.is_complex(whole.dtype):
            raise DTypeError(f"scatter: {self.kind} is not defined for dtype {whole.dtype.name}")
        for axis in (0, 2):
            dims.require_equal(whole.shape[axis], values.shape[axis], f"scatter: axis {axis}")
        return (whole,)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        values, rows = operands[-2:]
        if self.height is None:
            out = operands[0].copy()
        else:
            out = np.zeros((values.shape[0], self.height, values.shape[2]), values.dtype)
        if self.kind == "set":
            out[:, rows] = values
            return (out,)
        wide = out.astype(np.float32) if out.dtype == dtypes.BFLOAT16 else out
        function = _AT[self.kind]
        for position, row in enumerate(rows):  # NumPy's ufunc.at, but on rows, and rounding at each step
            wide[:, row] = function(wide[:, row], values[:, position].astype(wide.dtype)).astype(out.dtype)
        return (wide.astype(out.dtype),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        values, rows = operands[-2:]
        cotangent, out = cotangents[0], outputs[0]
        whole = operands[0] if self.height is None else None
        if self.kind == "add":
            parts = (cotangent, gather_rows(cotangent, rows))
        elif self.kind == "set":
            parts = self._set_vjp(cotangent, values, rows)
        elif self.kind == "multiply":
            parts = _multiply_vjp(whole, values, rows, cotangent)
        else:
            parts = _extreme_vjp(whole, values, rows, out, cotangent)
        return [*([parts[0]] if whole is not None else []), parts[1], None]

    def _set_vjp(self, cotangent: Array, values: Array, rows: Array) -> tuple[Array, Array]:
        """Nothing flows to what was overwritten, be it the array's or an earlier value for the same row."""
        from croton.ops.arithmetic import where
        from croton.ops.comparison import equal
        from croton.ops.gathering import gather, iota_beside
        from croton.ops.shape import reshape
        from croton.ops.slicing import zeros_of

        (count,) = base.shape_of(rows)
        height = base.shape_of(cotangent)[1]
        number = iota_beside(count, rows)
        winner = apply_one(Scatter("set", height), reshape(number, (1, count, 1)), rows)
        won = equal(gather(reshape(winner, (height,)), (0,), 0, [rows]), number)
        zero = zeros_of(cotangent, ())
        kept = where(reshape(won, (1, count, 1)), gather_rows(cotangent, rows), zero)
        return apply_one(Scatter("set"), cotangent, zeros_of(cotangent, base.shape_of(values)), rows), kept

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        dtype = outputs[0].dtype
        printer = ScalarPrinter()
        fresh = self.height is not None
        name = f"ct_scatter_{self.kind}_{dtype.name}{'_fresh' if fresh else ''}"

        def change(place: str, value: str) -> str:
            if self.kind == "set":
                return f"{place} = {value};"
            new = _combination(self.kind, dtype, printer.loaded(dtype, place), printer.loaded(dtype, value))
            return f"{place} = {printer.stored(dtype, new)};"

        total = f"(unsigned long)(batch * height * length) * {dtype.itemsize}"
        start = (
            f"    __builtin_memset(out, 0, {total});"
            if fresh
            else f"    if ((void *)out != pointers[0]) __builtin_memcpy(out, pointers[0], {total});"
        )
        source = _SCATTER.format(
            name=name,
            type=storage_type(dtype),
            first=0 if fresh else 1,
            out_sizes=4 if fresh else 7,
            count_position=3 if fresh else 6,
            start=start,
            loop=_LOOP.format(one=change("*row", "*values"), each=change("row[j]", "values[j]")),
        )
        return CFunction(name, source, tuple(printer.needed), cost=0.5)


def gather_rows(array: Array, rows: Array) -> Array:
    """Rows of an array (batch, height, length) at int64 row numbers known to lie inside."""
    from croton.ops.gathering import gather

    return gather(array, (1,), 1, [rows])


def _multiply_vjp(whole: Array | None, values: Array, rows: Array, cotangent: Array) -> tuple[Array, Array]:
    """Cotangents times the product of all other factors of the same element, right where some are zero."""
    from croton.ops.arithmetic import divide, multiply, where
    from croton.ops.comparison import equal, logical_and
    from croton.ops.elementwise import conjugate
    from croton.ops.shape import ones_like

    if whole is None:
        return cotangent, zeros_like_array(values)
    is_zero = equal(values, 0)
    safe = where(is_zero, base.cast(1, base.dtype_of(values)), values)
    product = apply_one(Scatter("multiply"), ones_like(whole), values, rows)
    nonzero = gather_rows(apply_one(Scatter("multiply"), whole, safe, rows), rows)
    height = base.shape_of(whole)[1]
    zeros = gather_rows(apply_one(Scatter("add", height), base.cast(is_zero, INT64), rows), rows)
    single = where(logical_and(equal(zeros, 1), is_zero), nonzero, zeros_like_array(values))
    others = where(equal(zeros, 0), divide(nonzero, safe), single)
    return (
        multiply(cotangent, conjugate(product)),
        multiply(gather_rows(cotangent, rows), conjugate(others)),
    )


def _extreme_vjp(
    whole: Array | None, values: Array, rows: Array, out: Array, cotangent: Array
) -> tuple[Array, Array]:
    """Cotangents shared evenly among all that attain the extreme."""
    from croton.ops.arithmetic import add, divide, where
    from croton.ops.comparison import equal

    dtype = base.dtype_of(cotangent)
    height = base.shape_of(out)[1]
    attained = equal(values, gather_rows(out, rows))
    mine = equal(out, whole if whole is not None else base.cast(0, dtype))
    count = add(apply_one(Scatter("add", height), base.cast(attained, dtype), rows), base.cast(mine, dtype))
    share = divide(cotangent, where(equal(count, 0), base.cast(1, dtype), count))
    zero = base.cast(0, dtype)
    return where(mine, share, zero), where(attained, gather_rows(share, rows), zero)


def zeros_like_array(array: Array) -> Array:
    from croton.ops.slicing import zeros_of

    return zeros_of(array, base.shape_of(array))


# From indexed axes of any array to rows.


class _Layout(Frozen):
    """How an array with index arrays on some axes becomes (batch, height, length), and back."""

    shape: Shape
    axes: tuple[int, ...]
    position: int

    @property
    def leading(self) -> int:
        """Axes before the indexed ones that need not move."""
        adjacent = self.axes == tuple(range(self.axes[0], self.axes[0] + len(self.axes)))
        return self.axes[0] if adjacent else 0

    @property
    def order(self) -> tuple[int, ...]:
        kept = [axis for axis in range(len(self.shape)) if axis not in self.axes]
        return (*kept[: self.leading], *self.axes, *kept[self.leading :])

    @property
    def row_shape(self) -> tuple[Dim, Dim, Dim]:
        ordered = [self.shape[axis] for axis in self.order]
        first, last = self.leading, self.leading + len(self.axes)
        return dims.product(ordered[:first]), dims.product(ordered[first:last]), dims.product(ordered[last:])

    def to_rows(self, array: Array) -> Array:
        from croton.ops.shape import reshape, transpose

        return reshape(transpose(array, self.order), self.row_shape)

    def from_rows(self, rows: Array) -> Array:
        from croton.ops.shape import reshape, transpose

        ordered = reshape(rows, tuple(self.shape[axis] for axis in self.order))
        return transpose(ordered, tuple(int(axis) for axis in np.argsort(self.order)))

    def values_to_rows(self, values: Array, index_rank: int, count: Dim) -> Array:
        """Values, with the index axes at `position`, as (batch, count, length)."""
        from croton.ops.shape import reshape, transpose

        kept = len(self.shape) - len(self.axes)
        inner = list(range(self.position, self.position + index_rank))
        outer = [axis for axis in range(kept + index_rank) if axis not in inner]
        order = (*outer[: self.leading], *inner, *outer[self.leading :])
        batch, _, length = self.row_shape
        return reshape(transpose(values, order), (batch, count, length))

    def row_numbers(self, indices: Sequence[Array]) -> Array:
        from croton.ops.arithmetic import add, multiply
        from croton.ops.gathering import number_beside
        from croton.ops.shape import reshape

        linear: Array | None = None
        for axis, index in zip(self.axes, indices, strict=True):
            size = self.shape[axis]
            linear = index if linear is None else add(multiply(linear, number_beside(size, index)), index)
        assert linear is not None
        return reshape(linear, (dims.product(base.shape_of(linear)),))


def scatter_zero(
    kind: str, shape: Shape, axes: Sequence[int], position: int, values: Array, indices: Sequence[Array]
) -> Array:
    """Zeros of a shape with values combined at int64 indices known to lie inside: the transpose of Gather.

    Half precisions add up in float32.
    """
    layout = _Layout(shape, tuple(axes), position)
    rows = layout.row_numbers(indices)
    dtype = base.dtype_of(values)
    wide = base.cast(values, dtypes.compute_dtype(dtype)) if kind == "add" else values
    given = layout.values_to_rows(wide, base.rank_of(indices[0]), base.shape_of(rows)[0])
    return base.cast(layout.from_rows(apply_one(Scatter(kind, layout.row_shape[1]), given, rows)), dtype)


def scatter(
    kind: str, x: Array, axes: Sequence[int], position: int, values: Array, indices: Sequence[Array]
) -> Array:
    """x with values combined at int64 indices known to lie inside; values have the shape Gather gives."""
    layout = _Layout(base.shape_of(x), tuple(axes), position)
    rows = layout.row_numbers(indices)
    given = layout.values_to_rows(values, base.rank_of(indices[0]), base.shape_of(rows)[0])
    return layout.from_rows(apply_one(Scatter(kind), layout.to_rows(x), given, rows))


# Segments: rows of one array combined by a number each.


def _segment(
    kind: str, data: object, segment_ids: object, num_segments: object, start: Callable[[DType], Any]
) -> Array:
    from croton.ops.gathering import checked_index
    from croton.ops.shape import full

    array, ids = base.as_array(data), base.as_array(segment_ids)
    if base.rank_of(ids) != 1 or base.rank_of(array) == 0:
        raise ShapeError(
            f"segment_{kind}: one id per row expected: {base.shape_of(ids)} for {base.shape_of(array)}"
        )
    (count,) = base.as_dims(num_segments)
    rows = checked_index(ids, count, 0)
    shape = (count, *base.shape_of(array)[1:])
    if kind == "add":
        return scatter_zero("add", shape, (0,), 0, array, [rows])
    dtype = base.dtype_of(array)
    first = constant(np.asarray(start(dtype), dtype))
    if isinstance(array, EagerValue):
        whole: Array = EagerValue.factory(np.broadcast_to(first.data, dims.numbers(shape)))
    else:
        whole = full(shape, first)
    return scatter(kind, whole, (0,), 0, array, [rows])


def _lowest(dtype: DType) -> Any:
    return False if dtype == BOOL else np.iinfo(dtype).min if dtypes.is_integer(dtype) else -np.inf


def _highest(dtype: DType) -> Any:
    return True if dtype == BOOL else np.iinfo(dtype).max if dtypes.is_integer(dtype) else np.inf


def segment_sum(data: object, segment_ids: object, num_segments: object) -> Array:
    """Row i of the result is the sum of the rows of data whose id is i.

    data: (rows, ...). segment_ids: integers (rows,), in any order. num_segments: rows of the result.

    Raises:
        IndexError: an id is outside.
    """
    return _segment("add", data, segment_ids, num_segments, lambda dtype: 0)


def segment_prod(data: object, segment_ids: object, num_segments: object) -> Array:
    """As `segment_sum`, the product: 1 where no row has the id."""
    return _segment("multiply", data, segment_ids, num_segments, lambda dtype: 1)


def segment_max(data: object, segment_ids: object, num_segments: object) -> Array:
    """As `segment_sum`, the largest: the lowest number of the dtype where no row has the id."""
    return _segment("max", data, segment_ids, num_segments, _lowest)


def segment_min(data: object, segment_ids: object, num_segments: object) -> Array:
    """As `segment_sum`, the smallest: the highest number of the dtype where no row has the id."""
    return _segment("min", data, segment_ids, num_segments, _highest)

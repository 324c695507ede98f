"""Running sums, products and extremes along an axis, and the linear recurrence that their derivatives are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.dims import require_equal
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.elementwise import conjugate
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import ElementText, around_axis

_UFUNCS: dict[str, Any] = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}
_COMBINE = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}


class Accumulate(KernelOperation):
    """out[i] = x[0] op ... op x[i] along an axis, for op one of sum, prod, max, min.

    reverse: from the last element back. exclusive: without x[i] itself (sum and prod only).
    """

    kind: str
    axis: int
    reverse: bool = False
    exclusive: bool = False

    @property
    def name(self) -> str:
        return f"cumulative_{self.kind}"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        if self.kind in ("max", "min") and dtypes.is_complex(operands[0].dtype):
            raise DTypeError(f"{self.name} is not defined for dtype {operands[0].dtype.name}")
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        operand = operands[0]
        wide = operand.astype(dtypes.compute_dtype(operand.dtype), copy=False)
        if self.reverse:
            wide = np.flip(wide, self.axis)
        result = _UFUNCS[self.kind].accumulate(wide, axis=self.axis, dtype=wide.dtype)
        if self.exclusive and result.shape[self.axis]:
            moved = np.moveaxis(result, self.axis, 0)
            shifted = np.empty_like(moved)
            shifted[0] = 0 if self.kind == "sum" else 1
            shifted[1:] = moved[:-1]
            result = np.moveaxis(shifted, 0, self.axis)
        return ((np.flip(result, self.axis) if self.reverse else result).astype(operand.dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        x, y, g = operands[0], outputs[0], cotangents[0]
        back = not self.reverse
        if self.kind == "sum":
            return [apply_one(Accumulate("sum", self.axis, back, self.exclusive), g)]
        if self.kind == "prod":
            return [self._product_vjp(x, g)]
        starts = _starts_run(x, y, self.axis, self.reverse)
        dtype = base.dtype_of(g)
        from croton.ops.arithmetic import where

        zero, one = base.cast(0, dtype), base.cast(1, dtype)
        gathered = apply_one(Recurrence(self.axis, back, True), where(starts, zero, one), g)
        return [where(starts, gathered, zero)]

    def _product_vjp(self, x: Array, g: Array) -> Array:
        """The product of the elements before x[k], times the sum of g[i] times those between k and i."""
        from croton.ops.arithmetic import multiply

        factors = conjugate(x)
        before = apply_one(Accumulate("prod", self.axis, self.reverse, True), factors)
        back = not self.reverse
        if self.exclusive:
            after = apply_one(
                Shift(self.axis, back), apply_one(Recurrence(self.axis, back, False), factors, g)
            )
        else:
            after = apply_one(Recurrence(self.axis, back, True), factors, g)
        return multiply(before, after)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        flags = ("_back" if self.reverse else "") + ("_exclusive" if self.exclusive else "")
        rank = operands[0].rank
        name = f"ct_{self.name}{flags}_{element.dtype.name}_{self.axis}_of_{rank}"
        combined = element.call(_COMBINE[self.kind], "total", "item")
        identity = element.constant(1 if self.kind == "prod" else 0)
        write = element.store("y[at]", "total")
        if self.exclusive:
            following = f"{write} total = {combined};"
        else:
            following = f"total = t ? {combined} : item; {write}"
        body = _SCAN.format(
            name=name,
            sizes=around_axis(rank, self.axis),
            storage=element.storage,
            number=element.number,
            identity=identity,
            item=element.load("x[at]"),
            step="n - 1 - t" if self.reverse else "t",
            row=following,
            block=following.replace("total", "totals[j]"),
        )
        return CFunction(name, body, element.functions, cost=1.0)


# Rows are scanned one after the other where the axis is innermost; otherwise whole blocks of the inner
# axes advance together, which vectorises.
_SCAN = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    (void)context;
    {sizes}
    const {storage} *restrict x = pointers[0];
    {storage} *restrict y = pointers[1];
    if (inner == 1) {{
        for (ct_int o = 0; o < outer; ++o) {{
            {number} total = {identity};
            for (ct_int t = 0; t < n; ++t) {{
                const ct_int at = o * n + {step};
                const {number} item = {item};
                {row}
            }}
        }}
        return CT_OK;
    }}
    for (ct_int o = 0; o < outer; ++o)
        for (ct_int first = 0; first < inner; first += 64) {{
            {number} totals[64];
            const ct_int width = inner - first < 64 ? inner - first : 64;
            for (ct_int j = 0; j < 64; ++j) totals[j] = {identity};
            for (ct_int t = 0; t < n; ++t) {{
                const ct_int start = (o * n + {step}) * inner + first;
                #pragma omp simd
                for (ct_int j = 0; j < width; ++j) {{
                    const ct_int at = start + j;
                    const {number} item = {item};
                    {block}
                }}
            }}
        }}
    return CT_OK;
}}
"""


def _starts_run(x: Array, y: Array, axis: int, reverse: bool) -> Array:
    """Where a running extreme takes a new element: at the first, and where it changes."""
    from croton.ops.comparison import equal, logical_or, not_equal
    from croton.ops.shape import iota, reshape

    shape = base.shape_of(x)
    position = iota(shape[axis])
    first = shape[axis] - 1 if reverse else 0
    column = tuple(shape[axis] if a == axis else 1 for a in range(len(shape)))
    return logical_or(
        reshape(equal(position, first), column), not_equal(y, apply_one(Shift(axis, reverse), y))
    )


class Recurrence(KernelOperation):
    """h[t] = b[t] + a[t] h[t-1] along an axis, h[-1] = 0; operands a and b of one shape and dtype.

    reverse: t runs from the last element back, so that h[t-1] is the element after. lagged: the coefficient
    is that of the previous step, h[t] = b[t] + a[t-1] h[t-1].
    """

    axis: int
    reverse: bool = False
    lagged: bool = False
    name = "recurrence"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        a, b = operands
        if a.dtype != b.dtype or a.rank != b.rank:
            raise DTypeError(f"recurrence: operands {a} and {b} differ in dtype or rank")
        shape = tuple(
            require_equal(m, n, "recurrence: shapes") for m, n in zip(a.shape, b.shape, strict=True)
        )
        return (TensorType(b.dtype, shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        wide = [operand.astype(dtypes.compute_dtype(operand.dtype), copy=False) for operand in operands]
        a, b = (np.moveaxis(operand, self.axis, 0) for operand in wide)
        if self.reverse:
            a, b = a[::-1], b[::-1]
        h = np.empty_like(b)
        for t in range(len(b)):
            h[t] = b[t] if t == 0 else b[t] + a[t - 1 if self.lagged else t] * h[t - 1]
        result = np.moveaxis(h[::-1] if self.reverse else h, 0, self.axis)
        return (result.astype(operands[0].dtype, copy=False),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        from croton.ops.arithmetic import multiply

        back = not self.reverse
        of_b = apply_one(Recurrence(self.axis, back, not self.lagged), conjugate(operands[0]), cotangents[0])
        h = conjugate(outputs[0])
        if self.lagged:
            of_a = multiply(apply_one(Shift(self.axis, back), of_b), h)
        else:
            of_a = multiply(of_b, apply_one(Shift(self.axis, self.reverse), h))
        return [of_a, of_b]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        rank = operands[0].rank
        flags = ("_back" if self.reverse else "") + ("_lagged" if self.lagged else "")
        name = f"ct_recurrence{flags}_{element.dtype.name}_{self.axis}_of_{rank}"
        previous = "(at + inner)" if self.reverse else "(at - inner)"
        coefficient = element.load(f"a[{previous if self.lagged else 'at'}]")
        product = element.call("multiply", "factor", "before")
        body = _RECURRENCE.format(
            name=name,
            sizes=around_axis(rank, self.axis),
            storage=element.storage,
            number=element.number,
            step="n - 1 - t" if self.reverse else "t",
            item=element.load("b[at]"),
            factor=coefficient,
            before=element.load(f"h[{previous}]"),
            first=element.store("h[at]", "item"),
            following=element.store("h[at]", element.call("add", "item", product)),
        )
        return CFunction(name, body, element.functions, cost=1.5)


_RECURRENCE = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    (void)context;
    {sizes}
    const {storage} *restrict a = pointers[0];
    const {storage} *restrict b = pointers[1];
    {storage} *h = pointers[2];
    for (ct_int o = 0; o < outer; ++o)
        for (ct_int t = 0; t < n; ++t) {{
            const ct_int start = (o * n + {step}) * inner;
            if (t == 0) {{
                for (ct_int at = start; at < start + inner; ++at) {{
                    const {number} item = {item};
                    {first}
                }}
                continue;
            }}
            #pragma omp simd
            for (ct_int at = start; at < start + inner; ++at) {{
                const {number} item = {item};
                const {number} factor = {factor};
                const {number} before = {before};
                {following}
            }}
        }}
    return CT_OK;
}}
"""


class Shift(ElementOperation):
    """out[i] = x[i - 1] along an axis, 0 first; `reverse`: out[i] = x[i + 1], 0 last."""

    axis: int
    reverse: bool = False
    name = "shift"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        source = np.moveaxis(operands[0], self.axis, 0)
        result = np.zeros_like(source)
        if self.reverse:
            result[:-1] = source[1:]
        else:
            result[1:] = source[:-1]
        return (np.moveaxis(result, 0, self.axis),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [apply_one(Shift(self.axis, not self.reverse), cotangents[0])]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        source = list(index)
        position = index[self.axis]
        if self.reverse:
            source[self.axis] = builder.plus(position, builder.integer(1))
            inside = builder.less(source[self.axis], builder.dimension(output.shape[self.axis]))
        else:
            source[self.axis] = builder.minus(position, builder.integer(1))
            inside = builder.less(builder.integer(0), position)
        return builder.select(inside, operands[0].at_if(inside, source), builder.constant(0, output.dtype))


def accumulate(kind: str, x: Array, axis: int, reverse: bool = False, exclusive: bool = False) -> Array:
    """A running sum, prod, max or min along a non-negative axis."""
    return apply_one(Accumulate(kind, axis, reverse, exclusive), x)


def _along(kind: str, x: object, axis: int | None, dtype: object = None, reverse: bool = False) -> Array:
    from croton.ops.reduction import accumulation_dtype
    from croton.ops.shape import reshape

    array = base.as_array(x)
    if kind in ("sum", "prod"):
        array = base.cast(array, dtype if dtype is not None else accumulation_dtype(base.dtype_of(array)))
    if axis is None:
        array, axis = reshape(array, (-1,)), 0
    return accumulate(kind, array, base.normalize_axis(axis, base.rank_of(array), f"cum{kind}"), reverse)


def cumsum(x: object, axis: int | None = None, dtype: object = None, reverse: bool = False) -> Array:
    """Running sums along an axis, of the flattened array when None; small integers in 64 bits.

    reverse: from the last element back.
    """
    return _along("sum", x, axis, dtype, reverse)


def cumprod(x: object, axis: int | None = None, dtype: object = None, reverse: bool = False) -> Array:
    """Running products along an axis, of the flattened array when None; gradients are right with zeros."""
    return _along("prod", x, axis, dtype, reverse)


def cummax(x: object, axis: int | None = None, reverse: bool = False) -> Array:
    """Running maxima along an axis; the gradient goes to the first element that attains each."""
    return _along("max", x, axis, None, reverse)


def cummin(x: object, axis: int | None = None, reverse: bool = False) -> Array:
    """Running minima along an axis; the gradient goes to the first element that attains each."""
    return _along("min", x, axis, None, reverse)


def linear_recurrence(coefficients: object, inputs: object, axis: int = 0, reverse: bool = False) -> Array:
    """h[t] = inputs[t] + coefficients[t] * h[t-1] along an axis, starting from h[-1] = 0."""
    a, b = base.as_operands(coefficients, inputs)
    return apply_one(
        Recurrence(base.normalize_axis(axis, base.rank_of(b), "linear_recurrence"), reverse), a, b
    )

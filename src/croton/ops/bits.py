"""Bits of integers, shifts, divisibility, and numbers read anew from their bytes: no derivatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph import dims
from croton.graph.dtypes import DType, as_dtype, is_bool
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.elementwise import define, elementwise
from croton.ops.kernel import CFunction, KernelOperation

__all__ = [
    "bitcast",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "invert",
    "lcm",
    "left_shift",
    "right_shift",
]

define("bitwise_and", 2, np.bitwise_and, kinds="bi")
define("bitwise_or", 2, np.bitwise_or, kinds="bi")
define("bitwise_xor", 2, np.bitwise_xor, kinds="bi")
define("bitwise_not", 1, np.bitwise_not, kinds="bi")
define("left_shift", 2, np.left_shift, kinds="i", bool_as_int8=True)
define("right_shift", 2, np.right_shift, kinds="i", bool_as_int8=True)
define("gcd", 2, np.gcd, kinds="i", cost=20.0)
define("lcm", 2, np.lcm, kinds="i", cost=20.0)


def bitwise_and(x: object, y: object) -> Array:
    """Bits set in both."""
    return elementwise("bitwise_and", x, y)


def bitwise_or(x: object, y: object) -> Array:
    """Bits set in either."""
    return elementwise("bitwise_or", x, y)


def bitwise_xor(x: object, y: object) -> Array:
    """Bits set in exactly one."""
    return elementwise("bitwise_xor", x, y)


def bitwise_not(x: object) -> Array:
    """Every bit turned over; logical not for bool."""
    return elementwise("bitwise_not", x)


invert = bitwise_invert = bitwise_not


def left_shift(x: object, y: object) -> Array:
    """x 2^y in the bits of x's dtype; 0 when y is the width or more."""
    return elementwise("left_shift", x, y)


def right_shift(x: object, y: object) -> Array:
    """x / 2^y rounded down; 0 or -1 when y is the width or more."""
    return elementwise("right_shift", x, y)


bitwise_left_shift = left_shift
bitwise_right_shift = right_shift


def gcd(x: object, y: object) -> Array:
    """Greatest common divisor of |x| and |y|; integers only."""
    return elementwise("gcd", x, y)


def lcm(x: object, y: object) -> Array:
    """Least common multiple of |x| and |y|; integers only."""
    return elementwise("lcm", x, y)


_COPY = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    (void)context;
    ct_int bytes = {itemsize};
    for (int axis = 0; axis < {rank}; ++axis) bytes *= sizes[axis];
    __builtin_memcpy(pointers[1], pointers[0], (unsigned long)bytes);
    return CT_OK;
}}
"""


class Bitcast(KernelOperation):
    """The bytes of an array as numbers of another dtype; the last axis changes with the size of one."""

    dtype: DType
    name = "bitcast"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        if is_bool(self.dtype) or is_bool(operand.dtype):
            raise DTypeError("bitcast is not defined for dtype bool")
        old, new = operand.dtype.itemsize, self.dtype.itemsize
        if old == new:
            return (TensorType(self.dtype, operand.shape),)
        if operand.rank == 0:
            raise ShapeError(
                f"bitcast: a scalar of {operand.dtype.name} has not the size of a {self.dtype.name}"
            )
        *rest, last = operand.shape
        if old > new:
            return (TensorType(self.dtype, (*rest, dims.multiply(last, old // new))),)
        size = dims.floordiv(last, new // old)
        dims.require_equal(
            dims.multiply(size, new // old),
            last,
            f"bitcast: the last axis of {operand.dtype.name} must hold whole numbers of {self.dtype.name}",
        )
        return (TensorType(self.dtype, (*rest, size)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (np.ascontiguousarray(operands[0]).reshape(operands[0].shape).view(self.dtype),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[None]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        itemsize, rank = operands[0].dtype.itemsize, operands[0].rank
        name = f"ct_copy_{itemsize}_{rank}"
        return CFunction(name, _COPY.format(name=name, itemsize=itemsize, rank=rank), cost=0.3)


def bitcast(x: object, dtype: object) -> Array:
    """The bytes of x as numbers of another dtype, as NumPy's `view`: no derivative flows through.

    Where their sizes differ, so does the last axis: (..., n) of int32 is (..., 2 n) of int16.

    Raises:
        DTypeError: from or to bool. ShapeError: the last axis does not hold whole numbers of the dtype.
    """
    array, target = base.as_array(x), as_dtype(dtype)
    return array if base.dtype_of(array) == target else apply_one(Bitcast(target), array)

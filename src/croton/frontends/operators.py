"""Operators and methods that symbolic variables and eager tensors share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from croton.frontends.composite import Composite
from croton.frontends.elementwise_methods import ElementwiseMethods
from croton.frontends.shape_methods import ShapeMethods
from croton.graph import dims
from croton.graph.dims import Dim
from croton.ops import (
    argmax,
    arithmetic,
    base,
    bits,
    comparison,
    complex_numbers,
    contraction,
    cumulative,
    exponential,
    norms,
    reduction,
    rounding,
    shape,
    statistics,
)
from croton.ops.base import Array


class ShapeTuple(tuple[Any, ...]):
    """A shape: ints and symbolic sizes. Behaves as a tuple and, in arithmetic, as an int64 vector."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return ShapeTuple(item) if isinstance(key, slice) else item

    def prod(self) -> Any:
        """The number of elements, a dimension."""
        return dims.product(self)


Function = Callable[[Any, Any], Any]


class Binary:
    """What Python's binary operators stand for: NumPy's functions, unless a front end sets others in their
    place, which know dtypes and operands of its own.

    A function returns NotImplemented for what it leaves to the other operand.
    """

    add: Function = staticmethod(arithmetic.add)
    subtract: Function = staticmethod(arithmetic.subtract)
    multiply: Function = staticmethod(arithmetic.multiply)
    divide: Function = staticmethod(arithmetic.divide)
    floor_divide: Function = staticmethod(arithmetic.floor_divide)
    remainder: Function = staticmethod(arithmetic.remainder)
    power: Function = staticmethod(exponential.power)
    matmul: Function = staticmethod(contraction.matmul)
    bitwise_and: Function = staticmethod(bits.bitwise_and)
    bitwise_or: Function = staticmethod(bits.bitwise_or)
    bitwise_xor: Function = staticmethod(bits.bitwise_xor)
    left_shift: Function = staticmethod(bits.left_shift)
    right_shift: Function = staticmethod(bits.right_shift)
    less: Function = staticmethod(comparison.less)
    less_equal: Function = staticmethod(comparison.less_equal)
    greater: Function = staticmethod(comparison.greater)
    greater_equal: Function = staticmethod(comparison.greater_equal)
    equal: Function = staticmethod(comparison.equal)
    not_equal: Function = staticmethod(comparison.not_equal)


class ArrayMethods(ElementwiseMethods, ShapeMethods):
    """Python's operators and NumPy's methods in terms of the operations.

    Sparse matrices, which do what they do with dense ones in their own way, come first.
    """

    __slots__ = ()

    @property
    def shape(self) -> tuple[Dim, ...]:
        """Sizes; symbolic ones stand for numbers known when a function is called."""
        return ShapeTuple(base.shape_of(self))

    @property
    def ndim(self) -> int:
        return base.rank_of(self)

    @property
    def size(self) -> Dim:
        return dims.product(base.shape_of(self))

    @property
    def T(self) -> Array:
        """The array with its axes reversed."""
        return shape.transpose(self)

    def __len__(self) -> int:
        sizes = base.shape_of(self)
        if not sizes:
            raise TypeError("len() of a scalar")
        if not isinstance(sizes[0], int):
            raise TypeError(
                f"the length {sizes[0]} is only known when the function is called; use x.shape[0]"
            )
        return sizes[0]

    def __iter__(self) -> Any:
        for position in range(len(self)):
            yield self[position]

    def __add__(self, other: Any) -> Array:
        return NotImplemented if isinstance(other, Composite) else Binary.add(self, other)

    def __radd__(self, other: Any) -> Array:
        return Binary.add(other, self)

    def __sub__(self, other: Any) -> Array:
        return NotImplemented if isinstance(other, Composite) else Binary.subtract(self, other)

    def __rsub__(self, other: Any) -> Array:
        return Binary.subtract(other, self)

    def __mul__(self, other: Any) -> Array:
        return NotImplemented if isinstance(other, Composite) else Binary.multiply(self, other)

    def __rmul__(self, other: Any) -> Array:
        return Binary.multiply(other, self)

    def __truediv__(self, other: Any) -> Array:
        return Binary.divide(self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return Binary.divide(other, self)

    def __floordiv__(self, other: Any) -> Array:
        return Binary.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Array:
        return Binary.floor_divide(other, self)

    def __mod__(self, other: Any) -> Array:
        return Binary.remainder(self, other)

    def __rmod__(self, other: Any) -> Array:
        return Binary.remainder(other, self)

    def __divmod__(self, other: Any) -> tuple[Array, Array]:
        return Binary.floor_divide(self, other), Binary.remainder(self, other)

    def __pow__(self, other: Any) -> Array:
        return Binary.power(self, other)

    def __rpow__(self, other: Any) -> Array:
        return Binary.power(other, self)

    def __matmul__(self, other: Any) -> Array:
        return NotImplemented if isinstance(other, Composite) else Binary.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return Binary.matmul(other, self)

    def __neg__(self) -> Array:
        return arithmetic.negative(self)

    def __pos__(self) -> Array:
        return self

    def __abs__(self) -> Array:
        return arithmetic.absolute(self)

    def __and__(self, other: Any) -> Array:
        return Binary.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Array:
        return Binary.bitwise_and(other, self)

    def __or__(self, other: Any) -> Array:
        return Binary.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Array:
        return Binary.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Array:
        return Binary.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Array:
        return Binary.bitwise_xor(other, self)

    def __lshift__(self, other: Any) -> Array:
        return Binary.left_shift(self, other)

    def __rlshift__(self, other: Any) -> Array:
        return Binary.left_shift(other, self)

    def __rshift__(self, other: Any) -> Array:
        return Binary.right_shift(self, other)

    def __rrshift__(self, other: Any) -> Array:
        return Binary.right_shift(other, self)

    def __invert__(self) -> Array:
        return bits.bitwise_not(self)

    def __round__(self, decimals: int = 0) -> Array:
        return rounding.round(self, decimals)

    def round(self, decimals: Any = 0, mode: str | None = None) -> Array:
        return rounding.round(self, decimals, mode)

    def clip(self, min: Any = None, max: Any = None) -> Array:
        return arithmetic.clip(self, min, max)

    def conj(self) -> Array:
        return complex_numbers.conj(self)

    conjugate = conj

    @property
    def real(self) -> Array:
        """The real part."""
        return complex_numbers.real(self)

    @property
    def imag(self) -> Array:
        """The imaginary part; zeros for real arrays."""
        return complex_numbers.imag(self)

    def __lt__(self, other: Any) -> Array:
        return Binary.less(self, other)

    def __le__(self, other: Any) -> Array:
        return Binary.less_equal(self, other)

    def __gt__(self, other: Any) -> Array:
        return Binary.greater(self, other)

    def __ge__(self, other: Any) -> Array:
        return Binary.greater_equal(self, other)

    def astype(self, dtype: object) -> Array:
        """Converted to a dtype, as in NumPy."""
        return base.cast(self, dtype)

    def dot(self, other: Any) -> Array:
        return contraction.dot(self, other)

    def reshape(self, *new_shape: Any, ndim: int | None = None) -> Array:
        return shape.reshape(self, new_shape[0] if len(new_shape) == 1 else new_shape, ndim)

    def transpose(self, *axes: Any) -> Array:
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        return shape.transpose(self, order or None)

    def sum(
        self, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
    ) -> Array:
        return reduction.sum(self, axis, dtype, keepdims, acc_dtype)

    def prod(
        self, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
    ) -> Array:
        return reduction.prod(self, axis, dtype, keepdims, acc_dtype)

    def mean(
        self, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None
    ) -> Array:
        return reduction.mean(self, axis, dtype, keepdims, acc_dtype)

    def max(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction.max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction.min(self, axis, keepdims)

    def std(self, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> Array:
        return statistics.std(self, axis, dtype, ddof, keepdims)

    def var(self, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> Array:
        return statistics.var(self, axis, dtype, ddof, keepdims)

    def argmax(self, axis: Any = None, keepdims: bool = False) -> Array:
        return argmax.argmax(self, axis, keepdims)

    def argmin(self, axis: Any = None, keepdims: bool = False) -> Array:
        return argmax.argmin(self, axis, keepdims)

    def cumsum(self, axis: Any = None, dtype: Any = None) -> Array:
        return cumulative.cumsum(self, axis, dtype)

    def cumprod(self, axis: Any = None, dtype: Any = None) -> Array:
        return cumulative.cumprod(self, axis, dtype)

    def ptp(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction.ptp(self, axis, keepdims)

    def norm(self, L: Any = 2, axis: Any = None, keepdims: bool = False) -> Array:
        """The L-norm of all elements, or along an axis."""
        flat = shape.reshape(self, (-1,)) if axis is None and base.rank_of(self) != 1 else self
        return norms.norm(flat, L, axis, keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction.any(self, axis, keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> Array:
        return reduction.all(self, axis, keepdims)

    def sort(self, axis: Any = -1, kind: Any = None, order: Any = None) -> Array:
        from croton.ops import sorting

        return sorting.sort(self, axis, kind, order)

    def argsort(self, axis: Any = -1, kind: Any = None, order: Any = None) -> Array:
        from croton.ops import sorting

        return sorting.argsort(self, axis, kind, order)

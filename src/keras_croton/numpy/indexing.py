"""Elements at positions, and positions of elements; positions are int32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from croton.ops import base
from croton.ops import gathering as ops
from keras_croton.conversion import convert_to_tensor
from keras_croton.numpy.promotion import index_dtype, operands

__all__ = [
    "nonzero",
    "select",
    "take",
    "take_along_axis",
    "unravel_index",
    "vectorize",
]


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements, or slices along an axis (None: of the flattened x), at these positions.

    Negative positions count from the end.

    Raises:
        IndexError: a position is outside.
    """
    return ops.take(convert_to_tensor(x), convert_to_tensor(indices), axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """For every place along the other axes, elements along `axis` (None: of the flattened x)."""
    return ops.take_along_axis(convert_to_tensor(x), convert_to_tensor(indices), axis)


def nonzero(x: Any) -> Any:
    """The positions of the elements that are not 0: an int32 vector for each axis."""
    return tuple(index_dtype(positions) for positions in ops.nonzero(convert_to_tensor(x)))


def unravel_index(indices: Any, shape: Any) -> Any:
    """Positions in a flattened array as positions along the axes of its shape: an array for each axis.

    Raises:
        IndexError: a position is outside.
    """
    from croton.ops.index_arithmetic import unravel_index as unravelled

    given = convert_to_tensor(indices)
    dtype = base.dtype_of(given)
    return tuple(base.cast(positions, dtype) for positions in unravelled(given, tuple(shape)))


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """At every place the element of the first choice whose condition holds there, else of the default."""
    *choices, otherwise = operands(*choicelist, default)
    return ops.select([convert_to_tensor(c, "bool") for c in condlist], choices, otherwise)


def vectorize(pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None) -> Any:
    """A function that applies `pyfunc` to each element, or to each array of a signature as "(n,n)->(n)"."""
    from keras.src.backend.common.backend_utils import vectorize_impl

    return vectorize_impl(pyfunc, _mapped, excluded=excluded, signature=signature)


def _mapped(function: Callable[..., Any], in_axes: Sequence[int | None]) -> Callable[..., Any]:
    """The function for each element along the first axis of those arguments whose axis is not None."""

    def call(*arguments: Any) -> Any:
        from keras_croton.control_flow import vectorized_map

        def one(parts: Any) -> Any:
            rest = iter(parts)
            return function(
                *(a if axis is None else next(rest) for a, axis in zip(arguments, in_axes, strict=True))
            )

        moving = [a for a, axis in zip(arguments, in_axes, strict=True) if axis is not None]
        return vectorized_map(one, moving)

    return call

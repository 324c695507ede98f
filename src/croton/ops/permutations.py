"""Permutations of rows: their inverses, and elements put in their order."""

from __future__ import annotations

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.ops import base
from croton.ops.base import Array
from croton.ops.gathering import take_along_axis
from croton.ops.indexing import index_update
from croton.ops.shape import broadcast_to, iota, zeros_like

__all__ = ["inverse_permutation", "permute_row_elements"]


def inverse_permutation(perm: object) -> Array:
    """The permutation q with q[perm[i]] = i, for a vector, or for every row of an array of permutations.

    Raises:
        DTypeError: not of an integer dtype.
    """
    rows = _integers(perm, "inverse_permutation")
    shape = base.shape_of(rows)
    numbers = broadcast_to(base.cast(iota(shape[-1]), base.dtype_of(rows)), shape)
    if len(shape) == 1:
        return index_update(zeros_like(rows), rows, numbers)
    from croton.ops.creation import indices

    leading = tuple(indices(shape)[axis] for axis in range(len(shape) - 1))
    return index_update(zeros_like(rows), (*leading, rows), numbers)


def permute_row_elements(x: object, y: object, inverse: bool = False) -> Array:
    """x with the elements of its last axis in the order that y says: out[..., i] = x[..., y[..., i]].

    y: permutations, one for all rows or one for each. inverse: out[..., y[..., i]] = x[..., i] instead.

    Raises:
        DTypeError: y is not of an integer dtype.
    """
    array, order = base.as_array(x), _integers(y, "permute_row_elements")
    if inverse:
        order = inverse_permutation(order)
    from croton.ops.rearranging import broadcast_arrays

    array, order = broadcast_arrays(array, order)
    return take_along_axis(array, order, -1)


def _integers(perm: object, caller: str) -> Array:
    array = base.as_array(perm)
    if not dtypes.is_integer(base.dtype_of(array)):
        raise DTypeError(f"{caller}: permutations must be integers, got {base.dtype_of(array).name}")
    return array

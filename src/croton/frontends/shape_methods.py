"""Methods of arrays that index, change and rearrange, as NumPy and Theano have them."""

from __future__ import annotations

from typing import Any

from croton.ops import aliases, base, creation, gathering, indexing, rearranging, shape
from croton.ops.base import Array


class ShapeMethods:
    """Shape work as methods, mixed into symbolic variables and eager tensors."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Array:
        return indexing.getitem(self, key)

    @property
    def at(self) -> indexing.Parts:
        """Changed copies: x.at[1:3].set(0), .add, .multiply, .max, .min."""
        return indexing.Parts(self)

    def set(self, y: Any) -> Array:
        """x[1:3].set(y): x with that part replaced."""
        return indexing.set_subtensor(self, y)

    def inc(self, y: Any) -> Array:
        """x[1:3].inc(y): x with y added to that part."""
        return indexing.inc_subtensor(self, y)

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """Which axes are known to have size 1."""
        return tuple(size == 1 for size in base.shape_of(self))

    @property
    def mT(self) -> Array:
        """The matrix, or every matrix of a stack, transposed."""
        return rearranging.swapaxes(self, -1, -2)

    def dimshuffle(self, *pattern: Any) -> Array:
        return rearranging.dimshuffle(self, *pattern)

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        return rearranging.swapaxes(self, axis1, axis2)

    def flatten(self, ndim: Any = 1, outdim: Any = None) -> Array:
        """As a vector, or with the last axes joined so that `ndim` axes remain (`outdim`: the same)."""
        return rearranging.flatten(self, ndim, outdim)

    def copy(self, name: str | None = None) -> Array:
        """The array itself: arrays are never changed, so that nobody needs a copy."""
        return self

    def transfer(self, target: str) -> Array:
        """The array itself: `target` can only be "cpu".

        Raises:
            ValueError: it is something else.
        """
        if target != "cpu":
            raise ValueError(f'transfer: target must be "cpu", got {target!r}')
        return self

    def ravel(self) -> Array:
        return rearranging.ravel(self)

    def squeeze(self, axis: Any = None) -> Array:
        return shape.squeeze(self, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Array:
        return rearranging.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise") -> Array:
        return gathering.take(self, indices, axis, mode)

    def choose(self, choices: Any, mode: str = "raise") -> Array:
        return gathering.choose(self, choices, mode)

    def compress(self, condition: Any, axis: int | None = None) -> Array:
        return gathering.compress(condition, self, axis)

    def nonzero(self, return_matrix: bool = False) -> Any:
        """Index arrays of the elements that are not zero, or with `return_matrix` one row per axis."""
        return gathering.nonzero(self, return_matrix)

    def nonzero_values(self) -> Array:
        """The elements that are not zero."""
        return aliases.nonzero_values(self)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        return creation.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Array:
        return creation.trace(self, offset, axis1, axis2, dtype)

    def fill(self, value: Any) -> Array:
        """An array like this one of one number."""
        return shape.full_like(self, value)

    def zeros_like(self, dtype: Any = None) -> Array:
        return shape.zeros_like(self, dtype)

    def ones_like(self, dtype: Any = None) -> Array:
        return shape.ones_like(self, dtype)

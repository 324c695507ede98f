"""x[...] and changed copies: `getitem`, `index_update`, `x.at[...]`, set_subtensor, inc_subtensor."""

from __future__ import annotations

import weakref
from typing import Any

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.errors import ShapeError
from croton.graph.values import Value
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.gathering import gather
from croton.ops.scattering import scatter
from croton.ops.selection import Selection, select
from croton.ops.shape import broadcast_to, reshape
from croton.ops.slicing import Place, Slice

UPDATES = ("set", "add", "multiply", "max", "min")

# What x[key] was made of, for set_subtensor(x[key], v).
_origin: weakref.WeakKeyDictionary[Value, tuple[Value, object]] = weakref.WeakKeyDictionary()


def getitem(x: object, key: object) -> Array:
    """x[key] by NumPy's rules: integers, slices, None, Ellipsis, arrays of integers, masks of bools.

    Integers and slice bounds may be sizes or integer scalars computed while running.

    Raises:
        IndexError: too many indices, a dtype that cannot index, or an index outside its axis (while
            running, where index or size are only known then).
    """
    array = base.as_array(x)
    selection = select(array, key)
    result = _sliced(array, selection)
    result = reshape(result, tuple(selection.shape))
    if selection.axes:
        result = gather(result, selection.axes, selection.position, selection.indices)
    if isinstance(array, Value) and isinstance(result, Value):
        if result is array:  # a value of its own, so that set_subtensor(x[:], v) knows what to set
            result = _whole(array)
        _origin[result] = (array, key)
    return result


def _sliced(array: Array, selection: Selection) -> Array:
    if not selection.slices(base.shape_of(array)):
        return array
    op = Slice(selection.frozen_starts, tuple(selection.sizes), tuple(selection.steps))
    return apply_one(op, array, *selection.values)


def _whole(array: Array) -> Array:
    shape = base.shape_of(array)
    return apply_one(Slice((0,) * len(shape), shape, (1,) * len(shape)), array)


def index_update(x: object, key: object, v: object, op: str = "set") -> Array:
    """x with x[key] replaced by v ("set"), or by the sum, product, maximum or minimum of it and v.

    v broadcasts to the shape of x[key] and is cast to the dtype of x. Where an index array names an
    element twice, the last of v is set, and all of v are added, multiplied or compared.

    Raises:
        IndexError: as x[key]. ShapeError: v does not broadcast. ValueError: no such op.
    """
    if op not in UPDATES:
        raise ValueError(f"index_update: op must be one of {UPDATES}, got {op!r}")
    array = base.as_array(x)
    selection = select(array, key)
    given = base.cast(v, base.dtype_of(array))
    if selection.mask is not None and _same_for_all(selection, given):
        return _masked_update(array, selection, given, op)
    if not selection.axes:
        return _slice_update(array, selection, given, op)
    part = reshape(_sliced(array, selection), tuple(selection.shape))
    wanted = _selected_shape(selection)
    changed = scatter(op, part, selection.axes, selection.position, _fitted(given, wanted), selection.indices)
    return _put_back(array, selection, changed, "set")


def _selected_shape(selection: Selection) -> tuple[Dim, ...]:
    kept = [size for axis, size in enumerate(selection.shape) if axis not in selection.axes]
    inner = base.shape_of(selection.indices[0]) if selection.indices else ()
    return (*kept[: selection.position], *inner, *kept[selection.position :])


def _fitted(given: Array, shape: tuple[Dim, ...]) -> Array:
    """v at the shape of what it replaces; leading axes of size 1 too many fall away, as in NumPy."""
    own = base.shape_of(given)
    extra = len(own) - len(shape)
    if extra > 0:
        if any(size != 1 for size in own[:extra]):
            shown = f"{dims.format_shape(own)} to {dims.format_shape(shape)}"
            raise ShapeError(f"index_update: v does not broadcast from {shown}")
        given = reshape(given, own[extra:])
    return broadcast_to(given, shape)


def _slice_update(array: Array, selection: Selection, given: Array, op: str) -> Array:
    part = _fitted(given, tuple(selection.shape))
    if op in ("set", "add"):
        return _put_back(array, selection, part, op)
    changed = _combined(op, reshape(_sliced(array, selection), tuple(selection.shape)), part)
    return _put_back(array, selection, changed, "set")


def _put_back(array: Array, selection: Selection, part: Array, kind: str) -> Array:
    """The array with the selected slice set to, or increased by, `part`."""
    sliced = reshape(part, tuple(selection.sizes))
    if kind == "set" and not selection.slices(base.shape_of(array)):
        return sliced
    op = Place(selection.frozen_starts, tuple(selection.steps), kind)
    return apply_one(op, array, sliced, *selection.values)


def _combined(op: str, old: Array, new: Array) -> Array:
    from croton.ops import arithmetic

    if op == "set":
        return new
    names = {"add": "add", "multiply": "multiply", "max": "maximum", "min": "minimum"}
    return getattr(arithmetic, names[op])(old, new)


def _same_for_all(selection: Selection, given: Array) -> bool:
    """Whether v says the same for every element a mask selects: it then needs no count of them."""
    behind = len(selection.shape) - 1 - selection.position  # result axes after the mask's
    own = base.shape_of(given)
    return len(own) <= behind or own[len(own) - 1 - behind] == 1


def _masked_update(array: Array, selection: Selection, given: Array, op: str) -> Array:
    from croton.ops.arithmetic import where

    shape = tuple(selection.shape)
    part = reshape(_sliced(array, selection), shape)
    position = selection.position
    wanted = (*shape[:position], 1, *shape[position + 1 :])
    new = _combined(op, part, _fitted(given, wanted))
    assert selection.mask is not None
    chosen = reshape(selection.mask, tuple(size if a == position else 1 for a, size in enumerate(shape)))
    return _put_back(array, selection, where(chosen, new, part), "set")


def set_subtensor(x: Array, y: object, **_: Any) -> Array:
    """The array that `x` is a part of, with that part replaced by y: set_subtensor(a[1:3], 0).

    `inplace` and `tolerate_inplace_aliasing` are accepted for Theano's sake: the compiler decides.

    Raises:
        TypeError: x is not an indexed array. ShapeError: y does not fit.
    """
    return _update_part(x, y, "set", "set_subtensor")


def inc_subtensor(x: Array, y: object, **options: Any) -> Array:
    """As `set_subtensor`, with y added; elements that an index array names twice are increased twice.

    set_instead_of_inc: replace instead, as `set_subtensor` does.
    """
    return _update_part(x, y, "set" if options.get("set_instead_of_inc") else "add", "inc_subtensor")


def _update_part(x: Array, y: object, op: str, what: str) -> Array:
    made = _origin.get(x) if isinstance(x, Value) else None
    if made is None:
        raise TypeError(
            f"{what}: expected an indexed symbolic array such as x[1:3], got {x!r}; or use x.at[1:3]"
        )
    return index_update(made[0], made[1], y, op)


class Part:
    """x.at[key]: part of an array, to make a changed copy of the array with."""

    __slots__ = ("_array", "_key")

    def __init__(self, array: Array, key: object) -> None:
        self._array = array
        self._key = key

    def get(self) -> Array:
        """x[key]."""
        return getitem(self._array, self._key)

    def set(self, v: object) -> Array:
        """x with x[key] replaced by v."""
        return index_update(self._array, self._key, v, "set")

    def add(self, v: object) -> Array:
        """x with v added to x[key]."""
        return index_update(self._array, self._key, v, "add")

    def multiply(self, v: object) -> Array:
        """x with x[key] multiplied by v."""
        return index_update(self._array, self._key, v, "multiply")

    mul = multiply

    def max(self, v: object) -> Array:
        """x with x[key] replaced by the maximum of it and v."""
        return index_update(self._array, self._key, v, "max")

    def min(self, v: object) -> Array:
        """x with x[key] replaced by the minimum of it and v."""
        return index_update(self._array, self._key, v, "min")


class Parts:
    """x.at: indexed, it gives a `Part`."""

    __slots__ = ("_array",)

    def __init__(self, array: Array) -> None:
        self._array = array

    def __getitem__(self, key: object) -> Part:
        return Part(self._array, key)

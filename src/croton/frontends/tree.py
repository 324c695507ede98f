"""Nested structures (lists, tuples, dicts, dataclasses, None) taken apart into leaves and put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Structure:
    """What a nested structure is apart from its leaves. Equal structures compare equal.

    kind: the container's type, or None for a leaf. keys: of a dict, fields of a dataclass.
    """

    kind: type | None
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()

    @property
    def is_leaf(self) -> bool:
        return self.kind is None


LEAF = Structure(None)
_NONE = Structure(type(None))


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a structure in order, and the structure without them. None has no leaves."""
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Structure:
    if tree is None:
        return _NONE
    kind = type(tree)
    if isinstance(tree, (list, tuple)):
        return Structure(kind, (), tuple(_flatten(item, leaves) for item in tree))
    if isinstance(tree, dict):
        return Structure(kind, tuple(tree), tuple(_flatten(item, leaves) for item in tree.values()))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = tuple(field.name for field in dataclasses.fields(tree) if field.init)
        return Structure(kind, names, tuple(_flatten(getattr(tree, name), leaves) for name in names))
    leaves.append(tree)
    return LEAF


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The structure with these leaves.

    Raises:
        ValueError: there are not as many leaves as the structure has.
    """
    rest = iter(leaves)
    try:
        tree = _unflatten(structure, rest)
    except StopIteration:
        raise ValueError(f"the structure has more leaves than the {len(leaves)} given") from None
    if next(rest, rest) is not rest:
        raise ValueError(f"the structure has fewer leaves than the {len(leaves)} given")
    return tree


def _unflatten(structure: Structure, leaves: Iterator[Any]) -> Any:
    kind: Any = structure.kind
    if kind is None:
        return next(leaves)
    if kind is type(None):
        return None
    children = []
    for child in structure.children:  # a comprehension would turn StopIteration into RuntimeError
        children.append(_unflatten(child, leaves))
    if issubclass(kind, dict):
        return kind(zip(structure.keys, children, strict=True))
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        return make(**dict(zip(structure.keys, children, strict=True)))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The structure with `function` of each leaf."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [function(leaf) for leaf in leaves])

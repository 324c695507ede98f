"""Variables that are several arrays, such as sparse matrices, as the rest sees them."""

from __future__ import annotations

from typing import Any


class Composite:
    """A variable made of several arrays. Functions take, return and update it as one."""

    __slots__ = ()

    def differentiable(self) -> Any:
        """The part that gradients are taken by."""
        raise NotImplementedError(f"{type(self).__name__}.differentiable")

    def with_gradient(self, gradient: Any) -> Any:
        """What the gradient by this variable is, given that by its differentiable part."""
        raise NotImplementedError(f"{type(self).__name__}.with_gradient")


def any_composite(*groups: Any) -> bool:
    """Whether a composite variable is among these entries, lists, tuples and dicts of them, and `In`s."""
    for group in groups:
        if isinstance(group, dict):
            if any_composite(*group, *group.values()):
                return True
        elif isinstance(group, (list, tuple)):
            if any_composite(*group):
                return True
        elif isinstance(group, Composite) or isinstance(getattr(group, "variable", None), Composite):
            return True
    return False


def differentiable_parts(wrt: Any) -> Any:
    """What to differentiate by: of composite variables the part that gradients are taken by."""
    if isinstance(wrt, (list, tuple)):
        return [differentiable_parts(variable) for variable in wrt]
    return wrt.differentiable() if isinstance(wrt, Composite) else wrt

"""Immutable records compared by their fields, without generated code.

They do what frozen dataclasses do; but making a hundred of those takes 60 ms of every import, since each
compiles methods of its own.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Frozen:
    """A record whose fields are the annotated names of the class and its bases, in that order.

    Records are equal when their classes and fields are. `uncompared`: fields that do not count for that.
    """

    field_names: ClassVar[tuple[str, ...]] = ()
    compared: ClassVar[tuple[str, ...]] = ()
    uncompared: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherited = [name for base in reversed(cls.__mro__[1:]) for name in vars(base).get("field_names", ())]
        own = [
            name
            for name, annotation in vars(cls).get("__annotations__", {}).items()
            if not str(annotation).startswith(("ClassVar", "typing.ClassVar"))
        ]
        cls.field_names = tuple(dict.fromkeys([*inherited, *own]))
        cls.compared = tuple(name for name in cls.field_names if name not in cls.uncompared)

    def __init__(self, *values: Any, **named: Any) -> None:
        names = self.field_names
        if len(values) == len(names) and not named:
            self.__dict__.update(zip(names, values, strict=True))
            return
        if len(values) > len(names):
            raise TypeError(f"{type(self).__name__}: {len(names)} fields, got {len(values)} values")
        given = {**dict(zip(names, values, strict=False)), **named}
        for name in names:
            if name not in given:
                if not hasattr(type(self), name):
                    raise TypeError(f"{type(self).__name__}: {name} is missing")
                given[name] = getattr(type(self), name)
        if len(given) != len(names) or len(values) + len(named) > len(names):
            raise TypeError(f"{type(self).__name__}: fields are {', '.join(names)}, got {', '.join(given)}")
        self.__dict__.update(given)

    def changed(self, **changes: Any) -> Self:
        """This record with some fields replaced."""
        fields = {name: getattr(self, name) for name in self.field_names}
        return type(self)(**{**fields, **changes})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be assigned")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.compared)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.compared)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.field_names)
        return f"{type(self).__qualname__}({fields})"

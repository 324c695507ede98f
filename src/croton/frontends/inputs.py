"""Inputs and outputs of functions with options."""

from __future__ import annotations

from typing import Any

from croton.graph.values import Value


class In:
    """An input with options.

    name: to pass it by, that of the variable if None. value: what it is when it is not passed.
    update: an expression of its value for the next call; the input then is a state of the function, which
        starts with `value` and is not passed.
    allow_downcast: whether arguments may lose precision; None: Python's floats only.
    strict: whether arguments must have its dtype already.
    `mutable`, `borrow`, `autoname`, `implicit` and `shared` are accepted for Theano's sake: arguments are
    never written to.

    Raises:
        TypeError: not a variable. ValueError: an update without a value to start from.
    """

    def __init__(
        self,
        variable: Value,
        name: str | None = None,
        value: object = None,
        update: object = None,
        mutable: bool | None = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        autoname: bool = True,
        implicit: bool | None = None,
        borrow: bool | None = None,
        shared: bool = False,
    ) -> None:
        if update is not None and value is None:
            raise ValueError(f"In: the update of {variable!r} needs a value to start from")
        self.variable = variable
        self.name = name or getattr(variable, "name", None)
        self.value = value
        self.update = update
        self.strict = strict
        self.allow_downcast = allow_downcast


Param = In


class Out:
    """An output. borrow: accepted for Theano's sake; results are always the caller's own."""

    def __init__(self, variable: Any, borrow: bool = False) -> None:
        self.variable = variable
        self.borrow = borrow

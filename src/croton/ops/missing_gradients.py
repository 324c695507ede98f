"""What the derivative rule of an operation returns for an operand that has no derivative."""

from __future__ import annotations

from typing import Any


class DisconnectedType:
    """The type of derivatives that do not exist: `DisconnectedType()()` says that no derivative flows.

    The same as None, under Theano's name.
    """

    def __call__(self, name: str | None = None) -> Disconnected:
        return Disconnected(self)

    def __eq__(self, other: object) -> bool:
        return type(other) is DisconnectedType

    def __hash__(self) -> int:
        return hash(DisconnectedType)

    def __str__(self) -> str:
        return "DisconnectedType"


class Disconnected:
    """A derivative that does not exist, since nothing depends on the operand."""

    def __init__(self, type: DisconnectedType) -> None:
        self.type = type


class MissingGradient:
    """A derivative that is not known or not defined; asking for it is an error with this message."""

    def __init__(self, message: str) -> None:
        self.message = message


def grad_undefined(op: Any, x_pos: int, x: Any, comment: str = "") -> MissingGradient:
    """For rules of own operations: the derivative by operand `x_pos` is mathematically undefined."""
    return MissingGradient(_message(op, x_pos, x, "is mathematically undefined", comment))


def grad_not_implemented(op: Any, x_pos: int, x: Any, comment: str = "") -> MissingGradient:
    """For rules of own operations: nobody has written the derivative by operand `x_pos`."""
    return MissingGradient(_message(op, x_pos, x, "is not implemented", comment))


def _message(op: Any, position: int, x: Any, what: str, comment: str) -> str:
    text = f"the gradient of {op} by its input {position} ({x!r}) {what}"
    return f"{text}: {comment}" if comment else text

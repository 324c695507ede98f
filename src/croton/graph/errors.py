"""The exceptions Croton raises about a user's program, each a subclass of the built-in one would expect."""

from __future__ import annotations


class ShapeError(ValueError):
    """Shapes do not fit the operation; the message names the operation and both shapes."""


class DTypeError(TypeError):
    """A dtype is not one the operation accepts, or cannot be converted safely."""


class DisconnectedInputError(ValueError):
    """A gradient was asked for something the cost does not depend on."""


class UnusedInputError(ValueError):
    """An input of a function is not used by any of its outputs."""


class MissingInputError(ValueError):
    """An output depends on a variable that is neither an input, a shared variable nor a constant."""


class NotDifferentiableError(TypeError):
    """A gradient was asked through an operation that has none."""


class MissingTestValueError(AttributeError):
    """A variable has no test value although `config.compute_test_value` asks for one."""

"""The exceptions Croton raises about a user's program, each a subclass of the built-in one would expect."""

from __future__ import annotations

from typing import Any


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


class NullTypeGradError(NotDifferentiableError):
    """A gradient was asked for something that an operation declares to have none."""


class MissingTestValueError(AttributeError):
    """A variable has no test value although `config.compute_test_value` asks for one."""


class DebugError(AssertionError):
    """Compiled code computed something else than NumPy does; raised by functions of mode "debug".

    equation: what was computed. inputs: the arrays it was computed from. expected: the result of NumPy.
    found: that of the compiled code.
    """

    def __init__(self, message: str, equation: Any, inputs: Any, expected: Any, found: Any) -> None:
        super().__init__(message)
        self.equation = equation
        self.inputs = inputs
        self.expected = expected
        self.found = found


class NanGuardError(FloatingPointError):
    """A number that is not wanted came out of wanted ones; raised by functions of mode "nan-guard".

    equation: the operation that made it. inputs: its operands. found: its result.
    """

    def __init__(self, message: str, equation: Any, inputs: Any, found: Any) -> None:
        super().__init__(message)
        self.equation = equation
        self.inputs = inputs
        self.found = found

"""Operations that return what they are given and meanwhile check or print it: assertions and `print_`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.errors import DTypeError
from croton.graph.operation import Operation
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation

__all__ = ["assert_", "print_"]


class Assertion(KernelOperation):
    """Its first operand, provided that all elements of the others are true."""

    message: str
    name = "assert"
    pure = False  # never evaluated while a program is compiled

    def __str__(self) -> str:
        return f"assert({self.message!r})"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        for position, condition in enumerate(operands[1:]):
            if not dtypes.is_bool(condition.dtype):
                raise DTypeError(f"assert_: condition {position} is {condition.dtype.name}, expected bool")
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if not all(condition.all() for condition in operands[1:]):
            raise AssertionError(self.message)
        return (operands[0],)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [cotangents[0], *(None for _ in operands[1:])]

    def failure(self, facts: Sequence[int]) -> AssertionError:
        return AssertionError(self.message)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        ranks = [operand.rank for operand in operands]
        itemsize = operands[0].dtype.itemsize
        name = f"ct_assert_{itemsize}_{'_'.join(map(str, ranks))}"
        lines = []
        first = 0
        for position, rank in enumerate(ranks):
            size = " * ".join(f"sizes[{first + axis}]" for axis in range(rank)) or "1"
            first += rank
            if position == 0:
                lines.append(f"const ct_int bytes = {itemsize} * {size};")
                continue
            lines += [
                f"for (ct_int i = 0, size = {size}; i < size; ++i)",
                f"    if (!((const unsigned char *)pointers[{position}])[i]) return CT_RUNTIME_ERROR;",
            ]
        lines.append(f"__builtin_memcpy(pointers[{len(ranks)}], pointers[0], (unsigned long)bytes);")
        body = "\n".join(f"    {line}" for line in ["(void)context, (void)sizes;", *lines, "return CT_OK;"])
        heading = f"static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)"
        return CFunction(name, f"{heading}\n{{\n{body}\n}}\n", cost=0.1, fallible=True)


class PrintOperation(Operation):
    """Its operand, which it prints: a message, and what each of `attributes` is of the array.

    show: called with the operation and the array instead.
    """

    message: str
    attributes: tuple[str, ...]
    show: Callable[[Any, NDArray], object] | None = None
    name = "print"
    pure = False

    def __str__(self) -> str:
        return f"print({self.message!r})"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if self.show is not None:
            self.show(self, operands[0])
        else:
            self._print(operands[0])
        return (operands[0],)

    def _print(self, array: NDArray) -> None:
        for attribute in self.attributes:
            found = getattr(array, attribute)
            shown = found() if callable(found) else found
            label = f"{self.message} {attribute} =".lstrip()
            print(label, shown, file=sys.stdout)
        sys.stdout.flush()

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        return [cotangents[0]]


def assert_(value: object, condition: object, message: str = "an assertion failed") -> Array:
    """value, after checking when it is computed that all elements of `condition` are true.

    condition: bools of any shape, or a list of such; numbers are true unless they are 0. The check is made
    only where the result is used. Derivatives pass through to `value`.

    Raises:
        AssertionError: with the message, when the result is computed.
        TypeError: the message is not a string.
    """
    conditions = condition if isinstance(condition, (list, tuple)) else [condition]
    return asserted(value, conditions, message)


def asserted(value: object, conditions: Sequence[object], message: str) -> Array:
    """value, after checking several conditions."""
    if not isinstance(message, str):
        raise TypeError(f"assert_: message must be a string, got {type(message).__name__}")
    checked = [base.cast(base.as_array(condition), dtypes.BOOL) for condition in conditions]
    return apply_one(Assertion(message), base.as_array(value), *checked)


def print_(
    value: object,
    message: str = "",
    attributes: Sequence[str] = ("__str__",),
    show: Callable[[Any, NDArray], object] | None = None,
) -> Array:
    """value, printed to standard output each time it is computed, in compiled functions too.

    message: what the line starts with. attributes: what is printed of the NumPy array: names of its
    attributes and methods without arguments, a line for each, such as "shape", "mean" or "__str__".
    show: called as show(operation, array) instead of printing. Derivatives pass through.

    Raises:
        TypeError: the message is not a string, or NumPy arrays have no such attribute.
    """
    if not isinstance(message, str):
        raise TypeError(f"print_: message must be a string, got {type(message).__name__}")
    names = (attributes,) if isinstance(attributes, str) else tuple(attributes)
    for name in names:
        if not hasattr(np.ndarray, name):
            raise TypeError(f"print_: arrays have no attribute {name!r}")
    return apply_one(PrintOperation(message, names, show), base.as_array(value))


class Print:
    """`Print(message)(x)` is x, printed each time it is computed; in the manner of Theano.

    attrs: attributes and methods of the array to print. global_fn: called as global_fn(operation, array)
    instead of printing.
    """

    def __init__(
        self,
        message: str = "",
        attrs: Sequence[str] = ("__str__",),
        global_fn: Callable[[Any, NDArray], object] | None = None,
    ) -> None:
        self.message = message
        self.attrs = attrs
        self.global_fn = global_fn

    def __call__(self, x: object) -> Array:
        return print_(x, self.message, self.attrs, self.global_fn)


class Assert:
    """`Assert(message)(value, *conditions)` is the value, provided that all conditions hold; as in Theano."""

    def __init__(self, msg: str = "an assertion failed") -> None:
        self.msg = msg

    def __call__(self, value: object, *conditions: object) -> Array:
        return asserted(value, conditions, self.msg)

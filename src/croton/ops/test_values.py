"""Test values: numbers for symbolic variables, with which operations are computed as they are written.

A mistake in shapes then shows at the line that makes it. `x.tag.test_value = array` gives a variable its
value; what is computed from it has one too.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

import numpy as np

from croton.graph import dims
from croton.graph.dims import Symbol
from croton.graph.errors import MissingTestValueError
from croton.graph.graph import sorted_equations
from croton.graph.interpreter import evaluate
from croton.graph.reporting import bind_sizes, type_text
from croton.graph.values import Constant, Equation, NDArray, TensorType, Value, owner_of
from croton.ops import base

_sizes: WeakKeyDictionary[Symbol, int] = WeakKeyDictionary()  # what test values say of sizes
_policy = "off"


class Tag:
    """What a user notes on a variable of this type; `test_value` is its value for tests."""

    def __init__(self, type: TensorType) -> None:
        self._type = type
        self._test_value: Any = None

    @property
    def test_value(self) -> Any:
        return self._test_value

    @test_value.setter
    def test_value(self, value: Any) -> None:
        self._test_value = value
        if np.ndim(value) == self._type.rank:
            bind_sizes(self._type, np.asarray(value), _sizes, renew=True)


class _Tagged(Protocol):
    """A value as the front end makes them."""

    tag: Tag


def _tag(value: Value) -> Tag:
    return cast(_Tagged, value).tag


def set_policy(policy: str) -> None:
    """How to compute test values from now on: "off", "ignore", "warn" or "raise"."""
    global _policy
    _policy = policy
    base.watching[:] = [] if policy == "off" else [_watch]


def _watch(outputs: Sequence[Value]) -> None:
    """Computes the test values of what was just written."""
    owner = owner_of(outputs[0])
    try:
        _compute(owner)
    except MissingTestValueError as error:
        if _policy == "raise":
            raise
        if _policy == "warn":
            place = owner.location
            filename, line = (place.filename, place.line) if place else ("<unknown>", 1)
            warnings.warn_explicit(str(error), UserWarning, filename, line)


def _compute(equation: Equation) -> None:
    operands = [_test_value(operand) for operand in equation.inputs]
    for size in equation.op.parameter_dims():
        for symbol in dims.symbols(size):
            if symbol not in _sizes and symbol not in equation.bound_symbols():
                raise MissingTestValueError(f"no test value says what the size {symbol} is")
    with np.errstate(all="ignore"):
        results = evaluate(equation, operands, _sizes)
    for output, result in zip(equation.outputs, results, strict=True):
        _tag(output).test_value = result


def _test_value(value: Value) -> NDArray:
    """The value's array, computed now if it was not when its equation was made (gradients are not)."""
    if isinstance(value, Constant):
        return value.data
    tag = _tag(value)
    if tag.test_value is None and value.owner is not None:
        for equation in sorted_equations([value]):
            if any(_tag(output).test_value is None for output in equation.outputs):
                _compute(equation)
    cell = getattr(value, "cell", None)
    array = cell.array if cell is not None and tag.test_value is None else tag.test_value
    if array is None:
        raise MissingTestValueError(
            f"{value.name or 'a variable without a name'} ({type_text(value.type)}) has no test value; "
            "give it one with `variable.tag.test_value = array`"
        )
    checked = _checked(value, np.asarray(array))
    bind_sizes(value.type, checked, _sizes, renew=value.owner is None)  # what a shared variable has by now
    return checked


def pass_on(operands: Sequence[Any], stand_ins: Sequence[Value], elements: bool = False) -> None:
    """Gives what stands for operands in the body of a loop or branch the operands' test values.

    elements: the stand-ins are the operands' first elements along axis 0.
    """
    if not base.watching:
        return
    for operand, stand_in in zip(operands, stand_ins, strict=True):
        try:
            array = _test_value(base.symbolic(operand))
        except MissingTestValueError:  # said when the body uses it
            continue
        if not elements:
            _tag(stand_in).test_value = array
        elif len(array):
            _tag(stand_in).test_value = array[0]


def _checked(value: Value, array: NDArray) -> NDArray:
    shown = f"test value of {value.name or 'a variable without a name'}"
    if array.ndim != value.type.rank:
        raise ValueError(f"{shown}: expected {value.type.rank} axes, got shape {array.shape}")
    for axis, (size, actual) in enumerate(zip(value.type.shape, array.shape, strict=True)):
        if isinstance(size, int) and size != actual:
            raise ValueError(f"{shown}: axis {axis} should have size {size}, got {actual}")
    if not np.can_cast(array.dtype, value.type.dtype, "same_kind"):
        raise TypeError(f"{shown}: expected {value.type.dtype.name}, got {array.dtype.name}")
    return np.ascontiguousarray(array, value.type.dtype).reshape(array.shape)

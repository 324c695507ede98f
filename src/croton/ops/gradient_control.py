"""The identity with another derivative than its own: none, zero, clipped, scaled, or an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph.errors import NullTypeGradError
from croton.graph.values import NDArray, TensorType, Value
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.arithmetic import clip, multiply
from croton.ops.base import Array, ElementOperation, apply_one
from croton.ops.shape import zeros_like

__all__ = [
    "consider_constant",
    "disconnected_grad",
    "grad_clip",
    "grad_scale",
    "stop_gradient",
    "undefined_grad",
    "zero_grad",
]


class Unchanged(ElementOperation):
    """Its operand; subclasses say what its derivative is."""

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (operands[0],)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return (operands[0],)

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        return operands[0].at(index)


class StopGradient(Unchanged):
    """Unconnected for derivatives."""

    name = "stop_gradient"

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        return [None]


class ZeroGradient(Unchanged):
    """Connected, with a derivative of zero."""

    name = "zero_grad"

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        return [zeros_like(cotangents[0])]


class UndefinedGradient(Unchanged):
    """An error for derivatives."""

    comment: str = ""
    name = "undefined_grad"

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        raise NullTypeGradError(self.comment or "the gradient is undefined here (undefined_grad)")


class ClipGradient(Unchanged):
    """The derivative by it is clipped on its way to the operand."""

    lower: float
    upper: float
    name = "grad_clip"

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        return [clip(cotangents[0], self.lower, self.upper)]

    def jvp(
        self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Sequence[Value | None]
    ) -> tuple[Sequence[Value], list[Any]]:
        """Clipped in this direction too, where the reverse rule has no transpose: it is not linear."""
        return outputs, [clip(tangents[0], self.lower, self.upper)]


class ScaleGradient(Unchanged):
    """The derivative by it is multiplied by a number on its way to the operand."""

    multiplier: float
    name = "grad_scale"

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array | None]:
        return [multiply(cotangents[0], self.multiplier)]


def stop_gradient(x: object) -> Array:
    """x, as a constant for derivatives: what depends on other variables only through it is unconnected."""
    return apply_one(StopGradient(), base.as_array(x))


disconnected_grad = stop_gradient


def zero_grad(x: object) -> Array:
    """x, with a derivative of zero; unlike after `stop_gradient`, a cost depends on what x depends on."""
    return apply_one(ZeroGradient(), base.as_array(x))


consider_constant = zero_grad


def undefined_grad(x: object) -> Array:
    """x, of which no derivative may be asked.

    Raises (when a derivative is asked for):
        NullTypeGradError.
    """
    return apply_one(UndefinedGradient(), base.as_array(x))


def grad_clip(x: object, lower_bound: float, upper_bound: float) -> Array:
    """x, whose derivative is clipped to the bounds, element by element.

    Raises:
        ValueError: the lower bound is above the upper one.
    """
    if not lower_bound <= upper_bound:
        raise ValueError(f"grad_clip: lower_bound {lower_bound} is not below upper_bound {upper_bound}")
    return apply_one(ClipGradient(float(lower_bound), float(upper_bound)), base.as_array(x))


def grad_scale(x: object, multiplier: float) -> Array:
    """x, whose derivative is multiplied by a number: -1 turns it around."""
    return apply_one(ScaleGradient(float(multiplier)), base.as_array(x))

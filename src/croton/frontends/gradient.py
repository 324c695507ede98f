"""Derivatives of symbolic expressions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from croton.autodiff import cotangents_of
from croton.graph import dtypes
from croton.graph.errors import DisconnectedInputError, DTypeError, ShapeError
from croton.graph.values import Value
from croton.ops import base
from croton.ops.shape import ones_like, zeros_like
from croton.rewrite.pipeline import stabilize


@base.building_graphs()
def grad(
    cost: Value | None,
    wrt: Any,
    *,
    consider_constant: Sequence[Value] | None = None,
    disconnected_inputs: str = "raise",
    known_grads: Mapping[Value, Any] | None = None,
    return_disconnected: str = "zero",
) -> Any:
    """The derivative of a scalar cost with respect to one variable or a list of them.

    known_grads: derivatives of the cost with respect to intermediate variables, to start from (cost may
        then be None).
    consider_constant: variables no derivative flows through.
    disconnected_inputs: "raise", "warn" or "ignore" for variables the cost does not depend on, whose
        derivative is zero.
    return_disconnected: "zero" or "none": what stands for such a derivative.

    Raises:
        ShapeError: the cost is not a scalar.
        DTypeError: the cost is not a floating number, or a variable is of an integer dtype.
        DisconnectedInputError: the cost does not depend on a variable.
    """
    if callable(cost):
        raise TypeError(
            "grad: cost must be a symbolic variable, got a function; differentiate eager code with ct.GradientTape"
        )
    if disconnected_inputs not in ("raise", "warn", "ignore"):
        raise ValueError(f'disconnected_inputs must be "raise", "warn" or "ignore", got {disconnected_inputs!r}')
    single = isinstance(wrt, Value)
    variables: list[Value] = [wrt] if single else list(wrt)
    for variable in variables:
        if not isinstance(variable, Value):
            raise TypeError(f"grad: wrt must be variables, got {type(variable).__name__}")
    outputs, seeds = _seeds(cost, known_grads)
    found = cotangents_of(outputs, seeds, variables, list(consider_constant or ()), stabilize)
    results = [
        _result(variable, cotangent, disconnected_inputs, return_disconnected)
        for variable, cotangent in zip(variables, found, strict=True)
    ]
    if single:
        return results[0]
    return tuple(results) if isinstance(wrt, tuple) else results


def _seeds(cost: Value | None, known_grads: Mapping[Value, Any] | None) -> tuple[list[Value], list[Value]]:
    outputs: list[Value] = []
    seeds: list[Value] = []
    if cost is not None:
        if not isinstance(cost, Value):
            raise TypeError(f"grad: cost must be a variable, got {type(cost).__name__}")
        if cost.type.rank != 0:
            raise ShapeError(f"grad: cost must be a scalar, got {cost.type}; sum or average it first")
        if not dtypes.is_inexact(cost.type.dtype):
            raise DTypeError(f"grad: cost must be of a floating dtype, got {cost.type.dtype.name}")
        outputs.append(cost)
        seeds.append(base.symbolic(ones_like(cost)))
    for value, cotangent in (known_grads or {}).items():
        outputs.append(value)
        seeds.append(base.symbolic(base.cast(base.as_array(cotangent), value.type.dtype)))
    if not outputs:
        raise ValueError("grad: give a cost or known_grads")
    return outputs, seeds


def _result(variable: Value, cotangent: Value | None, disconnected: str, returned: str) -> Any:
    if cotangent is not None:
        return cotangent
    message = f"grad: the cost does not depend on {variable!r} in a differentiable way"
    if disconnected == "raise":
        raise DisconnectedInputError(f'{message}; pass disconnected_inputs="ignore" for a zero derivative')
    if disconnected == "warn":
        warnings.warn(message, stacklevel=3)
    return None if returned.lower() == "none" else zeros_like(variable)

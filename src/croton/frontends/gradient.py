"""Derivatives of symbolic expressions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from croton.autodiff import cotangents_of
from croton.frontends.composite import Composite, differentiable_parts
from croton.frontends.control import scan_loop
from croton.graph import dtypes
from croton.graph.errors import DisconnectedInputError, DTypeError, ShapeError
from croton.graph.values import Value
from croton.ops import base
from croton.ops.comparison import equal
from croton.ops.creation import arange
from croton.ops.missing_gradients import DisconnectedType
from croton.ops.shape import ones_like, reshape, zeros_like


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
    return_disconnected: "zero", "none" or "disconnected": what stands for such a derivative.

    Raises:
        ShapeError: the cost is not a scalar.
        DTypeError: the cost is not a floating number, or a variable is of an integer dtype.
        DisconnectedInputError: the cost does not depend on a variable.
    """
    if callable(cost):
        raise TypeError(
            "grad: cost must be a symbolic variable, got a function; "
            "differentiate eager code with ct.GradientTape"
        )
    variables = differentiable_variables(differentiable_parts(wrt), disconnected_inputs, "grad")
    outputs, seeds = starting_points(cost, known_grads, "grad")
    found = cotangents_of(outputs, seeds, variables, list(consider_constant or ()))
    results = [
        result_of(
            variable, cotangent, disconnected_inputs, return_disconnected, _unconnected(variable, "grad")
        )
        for variable, cotangent in zip(variables, found, strict=True)
    ]
    return like_given(wrt, results)


@base.building_graphs()
def jacobian(
    expression: Value,
    wrt: Any,
    *,
    consider_constant: Sequence[Value] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """The derivatives of every element of an expression with respect to one variable or a list of them.

    Each has the axes of the expression, then those of the variable. The rows are computed one by one in a
    loop; what they share is computed once.

    Raises:
        DTypeError: the expression is not of a floating dtype, or a variable is of an integer dtype.
        DisconnectedInputError: the expression does not depend on a variable (see `grad`).
    """
    check_expression(expression, "jacobian")
    variables = differentiable_variables(wrt, disconnected_inputs, "jacobian")
    constants = list(consider_constant or ())
    flat = base.symbolic(reshape(expression, (-1,)))
    places = arange(base.shape_of(flat)[0])

    def row(state: list[Value], place: Value) -> tuple[list[Value], list[Value]]:
        seed = base.symbolic(base.cast(equal(places, place), flat.type.dtype))
        found = cotangents_of([flat], [seed], variables, constants)
        return state, [
            result_of(variable, cotangent, disconnected_inputs, "zero", _unconnected(variable, "jacobian"))
            for variable, cotangent in zip(variables, found, strict=True)
        ]

    _, rows = scan_loop(row, [], places)
    return like_given(
        wrt,
        [
            reshape(stacked, (*expression.type.shape, *variable.type.shape))
            for stacked, variable in zip(rows, variables, strict=True)
        ],
    )


def hessian(
    cost: Value,
    wrt: Any,
    *,
    consider_constant: Sequence[Value] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """The second derivatives of a scalar cost with respect to one variable or each of a list of them.

    Each has the axes of the variable twice.

    Raises:
        ShapeError: the cost is not a scalar. The rest as `grad` and `jacobian`.
    """
    options: dict[str, Any] = {
        "consider_constant": consider_constant,
        "disconnected_inputs": disconnected_inputs,
    }
    variables = differentiable_variables(wrt, disconnected_inputs, "hessian")
    slopes = grad(cost, variables, **options)
    return like_given(
        wrt, [jacobian(slope, variable, **options) for slope, variable in zip(slopes, variables, strict=True)]
    )


def differentiable_variables(wrt: Any, disconnected: str, caller: str) -> list[Value]:
    """What to differentiate with respect to, as a list."""
    check_disconnected(disconnected, "disconnected_inputs")
    variables: list[Any] = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    for variable in variables:
        if not isinstance(variable, Value):
            raise TypeError(f"{caller}: wrt must be variables, got {type(variable).__name__}")
        if not dtypes.is_inexact(variable.type.dtype):
            raise DTypeError(
                f"{caller}: wrt must be of a floating dtype, got {variable!r} of {variable.type.dtype.name}"
            )
    return variables


def like_given(wrt: Any, results: list[Any]) -> Any:
    """The results as `wrt` was given: one, a list or a tuple; sparse for sparse variables."""
    asked = wrt if isinstance(wrt, (list, tuple)) else [wrt]
    results = [
        variable.with_gradient(result) if isinstance(variable, Composite) else result
        for variable, result in zip(asked, results, strict=True)
    ]
    if not isinstance(wrt, (list, tuple)):
        return results[0]
    return tuple(results) if isinstance(wrt, tuple) else results


def check_expression(expression: object, caller: str) -> None:
    if not isinstance(expression, Value):
        raise TypeError(f"{caller}: expression must be a variable, got {type(expression).__name__}")
    if not dtypes.is_inexact(expression.type.dtype):
        raise DTypeError(
            f"{caller}: expression must be of a floating dtype, got {expression.type.dtype.name}"
        )


def starting_points(
    cost: Value | None, known_grads: Mapping[Value, Any] | None, caller: str
) -> tuple[list[Value], list[Value]]:
    """The values that derivatives start from, and the cotangents there."""
    outputs: list[Value] = []
    seeds: list[Value] = []
    if cost is not None:
        if not isinstance(cost, Value):
            raise TypeError(f"{caller}: cost must be a variable, got {type(cost).__name__}")
        if cost.type.rank != 0:
            raise ShapeError(f"{caller}: cost must be a scalar, got {cost.type}; sum or average it first")
        if not dtypes.is_inexact(cost.type.dtype):
            raise DTypeError(f"{caller}: cost must be of a floating dtype, got {cost.type.dtype.name}")
        outputs.append(cost)
        seeds.append(base.symbolic(ones_like(cost)))
    for value, cotangent in (known_grads or {}).items():
        outputs.append(value)
        seeds.append(base.symbolic(base.cast(base.as_array(cotangent), value.type.dtype)))
    if not outputs:
        raise ValueError(f"{caller}: give a cost or known_grads")
    return outputs, seeds


def _unconnected(variable: Value, caller: str) -> str:
    return f"{caller}: the cost does not depend on {variable!r} in a differentiable way"


def result_of(value: Value, found: Value | None, disconnected: str, returned: str, message: str) -> Any:
    """A derivative of the shape of `value`, or what stands for it where there is none."""
    if returned.lower() not in ("zero", "none", "disconnected"):
        raise ValueError(f'return_disconnected must be "zero", "none" or "disconnected", got {returned!r}')
    if found is not None:
        return found
    if disconnected == "raise":
        raise DisconnectedInputError(f'{message}; pass "ignore" for a zero derivative')
    if disconnected == "warn":
        warnings.warn(message, stacklevel=4)
    if returned.lower() == "disconnected":
        return DisconnectedType()()
    return None if returned.lower() == "none" else zeros_like(value)


def check_disconnected(policy: str, name: str) -> None:
    if policy not in ("raise", "warn", "ignore"):
        raise ValueError(f'{name} must be "raise", "warn" or "ignore", got {policy!r}')

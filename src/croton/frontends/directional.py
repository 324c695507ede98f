"""Derivatives along directions (`Rop`, `Lop`, products of a Hessian with vectors) and of parts of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from croton.autodiff import cotangents_of, tangents_of
from croton.frontends.gradient import (
    check_disconnected,
    check_expression,
    differentiable_variables,
    grad,
    like_given,
    result_of,
    starting_points,
)
from croton.graph.errors import ShapeError
from croton.graph.values import TensorType, Value
from croton.ops import base
from croton.ops.shape import CheckedShape, zeros_like


@base.building_graphs()
def Rop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    *,
    disconnected_outputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:
    """The derivatives of `f` along a direction: the Jacobian of f by `wrt`, times `eval_points`.

    f, wrt, eval_points: an expression or a list of them; a direction of None is zero. Each result has the
    shape of its expression. It is computed forward, along with the values, in one pass.
    disconnected_outputs: "raise", "warn" or "ignore" for expressions that depend on none of `wrt`.
    return_disconnected: "zero" or "none": what stands for such a derivative.

    Raises:
        ValueError: there are not as many directions as variables.
        ShapeError: a direction has another rank than its variable.
        DTypeError: an expression or a variable is not of a floating dtype.
        DisconnectedInputError: an expression depends on none of the variables.
        NotDifferentiableError: an operation has no derivative.
    """
    check_disconnected(disconnected_outputs, "disconnected_outputs")
    expressions = _expressions(f, "Rop")
    variables = differentiable_variables(wrt, "raise", "Rop")
    directions = _matching(eval_points, variables, "Rop: eval_points")
    found = tangents_of(expressions, variables, directions)
    results = [
        result_of(
            expression,
            tangent,
            disconnected_outputs,
            return_disconnected,
            f"Rop: {expression!r} does not depend on the variables in a differentiable way",
        )
        for expression, tangent in zip(expressions, found, strict=True)
    ]
    return like_given(f, results)


@base.building_graphs()
def Lop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    *,
    consider_constant: Sequence[Value] | None = None,
    disconnected_inputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:
    """`eval_points` times the Jacobian of `f` by `wrt`: the derivative of sum(f * eval_points).

    f, eval_points, wrt: an expression or a list of them. Each result has the shape of its variable.

    Raises:
        ValueError: there are not as many eval_points as expressions.
        ShapeError: one has another rank than its expression. The rest as `grad`.
    """
    expressions = _expressions(f, "Lop")
    variables = differentiable_variables(wrt, disconnected_inputs, "Lop")
    seeds = _matching(eval_points, expressions, "Lop: eval_points")
    pairs = [(value, seed) for value, seed in zip(expressions, seeds, strict=True) if seed is not None]
    found = cotangents_of(
        [value for value, _ in pairs],
        [seed for _, seed in pairs],
        variables,
        list(consider_constant or ()),
    )
    results = [
        result_of(
            variable,
            cotangent,
            disconnected_inputs,
            return_disconnected,
            f"Lop: the expressions do not depend on {variable!r} in a differentiable way",
        )
        for variable, cotangent in zip(variables, found, strict=True)
    ]
    return like_given(wrt, results)


def hessian_vector_product(cost: Value, wrt: Any, p: Any, **options: Any) -> Any:
    """The second derivatives of a scalar cost times vectors: for each of `wrt`, the sum over all of `wrt` of
    the Hessian's block times the vector `p` of that variable.

    p: one vector for each of `wrt`, of its shape. options: as for `grad`. No Hessian is ever made.

    Raises:
        ValueError, ShapeError: `p` does not match `wrt`. The rest as `grad`.
    """
    slopes = grad(cost, wrt, **options)
    listed = slopes if isinstance(slopes, (list, tuple)) else [slopes]
    results = Rop(list(listed), wrt, p, disconnected_outputs="ignore")
    return like_given(wrt, results)


@base.building_graphs()
def subgraph_grad(
    wrt: Sequence[Value],
    end: Sequence[Value],
    start: Mapping[Value, Any] | None = None,
    cost: Value | None = None,
    details: bool = False,
) -> tuple[list[Any], ...]:
    """Derivatives by `wrt` and by `end` that go no further back than `end`: one part of a graph at a time.

    start: known derivatives to begin from, of variables, such as the second result of another call.
    cost: a scalar to differentiate as well. With `details`, the derivatives by `wrt` from `start` alone and
    from `cost` alone are returned too. Where nothing flows, a derivative is zero.

    Raises:
        ValueError: neither start nor cost is given. The rest as `grad`.
    """
    if cost is None and not start:
        raise ValueError("subgraph_grad: give start or cost")
    variables = differentiable_variables([*wrt, *end], "ignore", "subgraph_grad")

    def derivatives(cost: Value | None, start: Mapping[Value, Any] | None) -> list[Any]:
        outputs, seeds = starting_points(cost, start, "subgraph_grad")
        found = cotangents_of(outputs, seeds, variables, list(end))
        pairs = zip(variables, found, strict=True)
        return [zeros_like(variable) if value is None else value for variable, value in pairs]

    found = derivatives(cost, start)
    results = found[: len(wrt)], found[len(wrt) :]
    if not details:
        return results
    zeros = [zeros_like(variable) for variable in wrt]
    from_start = derivatives(None, start)[: len(wrt)] if start else zeros
    from_cost = zeros if cost is None else derivatives(cost, None)[: len(wrt)]
    return (*results, from_start, from_cost)


def _expressions(f: Any, caller: str) -> list[Value]:
    expressions = list(f) if isinstance(f, (list, tuple)) else [f]
    for expression in expressions:
        check_expression(expression, caller)
    return expressions


def _matching(given: Any, values: Sequence[Value], what: str) -> list[Value | None]:
    """One array of the dtype and shape of each value, or None."""
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    if len(listed) != len(values):
        raise ValueError(f"{what} must be {len(values)} arrays, got {len(listed)}")
    pairs = zip(listed, values, strict=True)
    return [None if entry is None else _of_type(entry, value.type, what) for entry, value in pairs]


def _of_type(entry: Any, type: TensorType, what: str) -> Value:
    """An array as a value of this type; sizes only known when called are compared then."""
    array = base.symbolic(base.cast(base.as_array(entry), type.dtype))
    if array.type.rank != type.rank:
        raise ShapeError(f"{what}: expected {type}, got {array.type}")
    return array if array.type == type else base.apply_symbolic(CheckedShape(type.shape, what), [array])[0]

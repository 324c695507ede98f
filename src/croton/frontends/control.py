"""Branches and loops as functions of Python functions: `cond`, `while_loop`, and `scan` over sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.frontends.captures import capturing
from croton.graph.dtypes import BOOL
from croton.graph.values import TensorType, Value
from croton.ops import base
from croton.ops.base import Array, apply
from croton.ops.control import Cond, Scan, While, close_over
from croton.ops.test_values import pass_on


def _listed(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (tuple, list)) else [results]


def _placeholders(operands: Sequence[Array]) -> list[Value]:
    made = [Value.factory(TensorType(base.dtype_of(operand), base.shape_of(operand))) for operand in operands]
    pass_on(operands, made)
    return made


def _values(results: Any) -> list[Value]:
    return [base.symbolic(base.as_array(result)) for result in _listed(results)]


def cond(predicate: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], *operands: Any) -> Any:
    """true_fn(*operands) if the bool scalar `predicate` holds, else false_fn(*operands).

    Only the branch taken is computed. Both must return the same number of arrays of the same dtypes and
    shapes. Returns what the functions return: an array or a list. While a function is traced, variables may be
    assigned in the branches.

    Raises:
        DTypeError, ShapeError: the predicate is not a scalar, or the branches differ.
    """
    arrays = [base.as_array(operand) for operand in operands]
    test = base.cast(base.as_array(predicate), BOOL)
    inside = _placeholders(arrays)
    with capturing() as captures:
        (first, changed), (second, changed_otherwise) = (
            _branch(function, inside) for function in (true_fn, false_fn)
        )
        variables = list(dict.fromkeys([*changed, *changed_otherwise]))
        before = {variable: base.symbolic(variable.value()) for variable in variables}
        chosen, captured_first = close_over(
            inside, [*_values(first), *(changed.get(v, before[v]) for v in variables)]
        )
        other, captured_second = close_over(
            inside, [*_values(second), *(changed_otherwise.get(v, before[v]) for v in variables)]
        )
    captured = list(dict.fromkeys([*captured_first, *captured_second]))
    branches = [
        _with_inputs(chosen, inside, captured_first, captured),
        _with_inputs(other, inside, captured_second, captured),
    ]
    results = apply(Cond(*branches), test, *arrays, *captures.operands(captured))
    returned = len(results) - len(variables)
    for variable, value in zip(variables, results[returned:], strict=True):
        variable.assign(value)
    return list(results[:returned]) if isinstance(first, (tuple, list)) else results[0]


def _branch(function: Callable[..., Any], inside: Sequence[Value]) -> tuple[Any, dict[Any, Value]]:
    """What a branch returns, and the variables that it assigns in a trace."""
    trace = base.building.trace
    if trace is None:
        return function(*inside), {}
    with trace.branch() as changes:
        result = function(*inside)
    return result, changes


def _with_inputs(
    graph: Any, inside: Sequence[Value], own: Sequence[Value], everything: Sequence[Value]
) -> Any:
    """The graph with inputs for all captured values, in one order for both branches."""
    from croton.graph.graph import Graph

    stand_in = dict(zip(own, graph.inputs[len(inside) :], strict=True))
    inputs = [stand_in[value] if value in stand_in else Value.factory(value.type) for value in everything]
    return Graph.of([*inside, *inputs], graph.outputs)


def while_loop(
    cond_fn: Callable[..., Any],
    body_fn: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeats loop_vars = body_fn(*loop_vars) while cond_fn(*loop_vars) holds.

    The arrays keep their dtypes and shapes. Returns the final arrays, a list if `loop_vars` is one.

    Raises:
        DTypeError, ShapeError: the condition is not a bool scalar, or the state changes its type.
    """
    single = not isinstance(loop_vars, (tuple, list))
    state = [base.as_array(variable) for variable in _listed(loop_vars)]
    if maximum_iterations is not None:
        return _bounded(cond_fn, body_fn, state, maximum_iterations, single)
    inside = _placeholders(state)
    with capturing() as captures:
        tests = _values(cond_fn(*inside))
        updated = [
            base.symbolic(base.cast(new, old.type.dtype))
            for new, old in zip(_values(body_fn(*inside)), inside, strict=True)
        ]
        condition, captured_first = close_over(inside, [base.symbolic(base.cast(tests[0], BOOL))])
        body, captured_second = close_over(inside, updated)
    captured = list(dict.fromkeys([*captured_first, *captured_second]))
    op = While(
        _with_inputs(condition, inside, captured_first, captured),
        _with_inputs(body, inside, captured_second, captured),
        len(state),
    )
    results = apply(op, *state, *captures.operands(captured))[: len(state)]
    return results[0] if single else list(results)


def _bounded(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], state: list[Array], most: int, single: bool
) -> Any:
    from croton.ops.arithmetic import add
    from croton.ops.comparison import less, logical_and

    def test(count: Array, *variables: Array) -> Array:
        return logical_and(less(count, most), cond_fn(*variables))

    def step(count: Array, *variables: Array) -> list[Array]:
        return [add(count, 1), *_listed(body_fn(*variables))]

    results = while_loop(test, step, [base.as_array(np.int64(0)), *state])[1:]
    return results[0] if single else results


def scan_loop(
    step_fn: Callable[..., Any],
    initial: Any,
    sequences: Any = (),
    length: Any = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """Runs (state, results) = step_fn(state, elements) along the first axis of `sequences`.

    initial: an array or a list of arrays, the state. sequences: likewise; may be empty if `length` is
    given. Returns the final state and the results stacked along a new first axis, each an array or a list
    as `step_fn` returned them (None for no results).

    Raises:
        ValueError: neither sequences nor a length. ShapeError: lengths differ, or the state changes shape.
    """
    single = not isinstance(initial, (tuple, list))
    state = [base.as_array(array) for array in _listed(initial)]
    one_sequence = not isinstance(sequences, (tuple, list))
    arrays = [base.as_array(array) for array in _listed(sequences)]
    if length is None and not arrays:
        raise ValueError("scan_loop: give sequences or a length")
    (count,) = base.as_dims(length) if length is not None else (base.shape_of(arrays[0])[0],)
    inside = _placeholders(state)
    elements = [Value.factory(TensorType(base.dtype_of(array), base.shape_of(array)[1:])) for array in arrays]
    pass_on(arrays, elements, elements=True)
    given = elements[0] if one_sequence else elements
    with capturing() as captures:
        new_state, results = step_fn(inside[0] if single else inside, given)
        outputs = [
            base.symbolic(base.cast(new, old.type.dtype))
            for new, old in zip(_values(new_state), inside, strict=True)
        ]
        made = [] if results is None else _values(results)
        body, captured = close_over([*inside, *elements], [*outputs, *made])
    op = Scan(body, count, len(state), len(arrays), reverse)
    final = apply(op, *state, *arrays, *captures.operands(captured))
    states, stacked = final[: len(state)], final[len(state) :]
    shown = None if results is None else list(stacked) if isinstance(results, (tuple, list)) else stacked[0]
    return (states[0] if single else list(states)), shown

"""Branches and loops as functions of Python functions: `cond`, `while_loop`, and `scan` over sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.frontends.captures import capturing
from croton.frontends.eager import Variable
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


# Variables that a body assigns while a function is traced are results of a branch, and state of a loop.


def _run(function: Callable[[], Any], start: dict[Variable, Value]) -> tuple[Any, dict[Variable, Value]]:
    """What a body returns, and the values it leaves in variables: those of `start`, and what it assigns."""
    trace = base.building.trace
    if trace is None:
        return function(), {}
    with trace.body(start) as assigned:
        result = function()
    return result, {**start, **assigned}


def _with_its_variables(
    build: Callable[[list[Variable]], tuple[Any, dict[Variable, Value]]],
) -> tuple[list[Variable], Any]:
    """The variables that the body of a loop assigns, and what `build` makes of the body with them as state.

    `build` returns that and what the body left in variables; it is called again while more of them turn up.
    """
    variables: list[Variable] = []
    while True:
        made, left = build(variables)
        if len(left) == len(variables):
            return variables, made
        variables = list(left)


def _current(variables: Sequence[Variable]) -> list[Value]:
    return [base.symbolic(variable.value()) for variable in variables]


def _assign(variables: Sequence[Variable], values: Sequence[Array]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _updated(old: Sequence[Value], new: Sequence[Value]) -> list[Value]:
    """The new state of a loop, in the dtypes of the old."""
    pairs = zip(old, new, strict=True)
    return [base.symbolic(base.cast(after, before.type.dtype)) for before, after in pairs]


def cond(predicate: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], *operands: Any) -> Any:
    """true_fn(*operands) if the bool scalar `predicate` holds, else false_fn(*operands).

    Only the branch taken is computed. Both must return the same number of arrays of the same dtypes and
    shapes. Returns what the functions return: an array or a list. Variables may be assigned in a branch.

    Raises:
        DTypeError, ShapeError: the predicate is not a scalar, or the branches differ.
    """
    arrays = [base.as_array(operand) for operand in operands]
    test = base.cast(base.as_array(predicate), BOOL)
    inside = _placeholders(arrays)
    with capturing() as captures:
        first, set_first = _run(lambda: true_fn(*inside), {})
        second, set_second = _run(lambda: false_fn(*inside), {})
        variables = list({**set_first, **set_second})
        old = dict(zip(variables, _current(variables), strict=True))
        chosen, captured_first = close_over(inside, [*_values(first), *{**old, **set_first}.values()])
        other, captured_second = close_over(inside, [*_values(second), *{**old, **set_second}.values()])
    captured = list(dict.fromkeys([*captured_first, *captured_second]))
    branches = [
        _with_inputs(chosen, inside, captured_first, captured),
        _with_inputs(other, inside, captured_second, captured),
    ]
    results = list(apply(Cond(*branches), test, *arrays, *captures.operands(captured)))
    count = len(results) - len(variables)
    _assign(variables, results[count:])
    return results[:count] if isinstance(first, (tuple, list)) else results[0]


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

    The arrays keep their dtypes and shapes. Returns the final arrays, a list if `loop_vars` is one. Variables
    may be assigned in the body.

    Raises:
        DTypeError, ShapeError: the condition is not a bool scalar, or the state changes its type.
    """
    single = not isinstance(loop_vars, (tuple, list))
    state = [base.as_array(variable) for variable in _listed(loop_vars)]
    if maximum_iterations is not None:
        return _bounded(cond_fn, body_fn, state, maximum_iterations, single)
    count = len(state)

    def build(variables: list[Variable]) -> Any:
        given = [*state, *_current(variables)]
        inside = _placeholders(given)
        start = dict(zip(variables, inside[count:], strict=True))
        with capturing() as captures:
            tests = _values(_run(lambda: cond_fn(*inside[:count]), start)[0])
            results, left = _run(lambda: body_fn(*inside[:count]), start)
            updated = _updated(inside, [*_values(results), *(left[variable] for variable in variables)])
            condition, captured_first = close_over(inside, [base.symbolic(base.cast(tests[0], BOOL))])
            body, captured_second = close_over(inside, updated)
        captured = list(dict.fromkeys([*captured_first, *captured_second]))
        op = While(
            _with_inputs(condition, inside, captured_first, captured),
            _with_inputs(body, inside, captured_second, captured),
            len(given),
        )
        return (op, given, captures.operands(captured)), left

    variables, (op, given, captured) = _with_its_variables(build)
    final = list(apply(op, *given, *captured))
    _assign(variables, final[count : len(given)])
    return final[0] if single else final[:count]


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
    as `step_fn` returned them (None for no results). Variables may be assigned in a step.

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
    states = len(state)
    shown: list[Any] = []

    def build(variables: list[Variable]) -> Any:
        given = [*state, *_current(variables)]
        inside = _placeholders(given)
        elements = [
            Value.factory(TensorType(base.dtype_of(array), base.shape_of(array)[1:])) for array in arrays
        ]
        pass_on(arrays, elements, elements=True)
        start = dict(zip(variables, inside[states:], strict=True))
        with capturing() as captures:
            (new_state, results), left = _run(
                lambda: step_fn(
                    inside[0] if single else inside[:states], elements[0] if one_sequence else elements
                ),
                start,
            )
            outputs = _updated(inside, [*_values(new_state), *(left[variable] for variable in variables)])
            made = [] if results is None else _values(results)
            body, captured = close_over([*inside, *elements], [*outputs, *made])
        shown[:] = [results]
        op = Scan(body, count, len(given), len(arrays), reverse)
        return (op, given, captures.operands(captured)), left

    variables, (op, given, captured) = _with_its_variables(build)
    final = list(apply(op, *given, *arrays, *captured))
    _assign(variables, final[states : len(given)])
    stacked = final[len(given) :]
    (results,) = shown
    if results is not None and not isinstance(results, (tuple, list)):
        return (final[0] if single else final[:states]), stacked[0]
    return (final[0] if single else final[:states]), None if results is None else stacked

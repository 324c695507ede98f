"""Numbers that expressions have whatever the inputs are; and expressions computed at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.graph.values import Constant, EagerValue, NDArray, Value
from croton.ops import base


class NotScalarConstantError(Exception):
    """An expression is not a number that is known when the program is written."""


def get_scalar_constant_value(
    v: object, elemwise: bool = True, only_process_constants: bool = False, max_recur: int = 10
) -> NDArray:
    """The number that a scalar expression of constants is, as an array without axes.

    only_process_constants: whether only numbers and constants count, and no expressions of them.
    `elemwise` and `max_recur` are accepted for Theano's sake.

    Raises:
        NotScalarConstantError: it depends on a variable or has axes.
    """
    array = base.as_array(v)
    if base.rank_of(array) != 0:
        raise NotScalarConstantError(f"{v!r} has {base.rank_of(array)} axes")
    if isinstance(array, (Constant, EagerValue)):
        return array.data
    graph = Graph.of((), [array])
    if only_process_constants or graph.free_values() or graph.free_dims():
        raise NotScalarConstantError(f"{v!r} is not a number that is known when the program is written")
    return interpret(graph, [])[0]


def evaluated(value: Value, inputs_to_values: Mapping[Any, Any] | None, options: dict[str, Any]) -> NDArray:
    """The value of an expression for arrays in place of its variables; compiled once for each set of them.

    Raises:
        TypeError: a key is not a variable or the name of one. MissingInputError: a variable is left open.
    """
    from croton.frontends.function import function
    from croton.frontends.walking import inputs

    given = dict(inputs_to_values or {})
    if any(isinstance(key, str) for key in given):
        named = {leaf.name: leaf for leaf in inputs([value]) if leaf.name}
        given = {_named(key, named): array for key, array in given.items()}
    for key in given:
        if not isinstance(key, Value):
            raise TypeError(f"eval: expected variables, got {type(key).__name__}")
    known: dict[Any, Any] = value.__dict__.setdefault("_evaluated", {})
    key = (*given, *sorted(options))
    if key not in known:
        known[key] = function(list(given), value, on_unused_input="ignore", **options)
    return np.asarray(known[key](*given.values()))


def _named(key: Any, named: Mapping[str, Value]) -> Any:
    if not isinstance(key, str):
        return key
    if key not in named:
        raise TypeError(f"eval: there is no variable named {key!r}; there are {', '.join(map(repr, named))}")
    return named[key]

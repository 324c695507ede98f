"""Graphs with some of their variables replaced: givens of functions, `clone`, `graph_replace`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from croton.frontends.variables import SharedVariable
from croton.graph import dims
from croton.graph.dims import Dim, Symbol
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import Constant, Value
from croton.ops import base


def replaced(
    roots: Sequence[Value], pairs: Sequence[tuple[Any, Any]], what: str, cast: bool = True
) -> list[Value]:
    """The expressions with each variable of `pairs` replaced by the expression beside it, all at once.

    Sizes of a variable that were not known become those of its replacement. cast: whether a replacement of
    another dtype is converted.

    Raises:
        TypeError: what is to be replaced is not a variable. ShapeError: ranks differ.
        DTypeError: dtypes differ and are not to be converted.
    """
    replacements: dict[Value, Value] = {}
    mapping: dict[Symbol, Dim] = {}
    for variable, expression in pairs:
        if not isinstance(variable, Value):
            raise TypeError(f"{what} replace variables, got {type(variable).__name__}")
        value = _replacement(variable, expression, what, cast)
        for old, new in zip(variable.type.shape, value.type.shape, strict=True):
            symbol = dims.single_symbol(old)
            if symbol is not None and old != new:
                mapping.setdefault(symbol, new)
        replacements[variable] = value
    graph = Graph.of((), roots)
    return list(copy_graph(graph, replacements, {**_other_sizes(graph, replacements), **mapping}).outputs)


def _other_sizes(graph: Graph, replacements: Mapping[Value, Value]) -> dict[Symbol, Dim]:
    """New symbols for the sizes that equations find while running from what is replaced."""
    touched: set[Value] = set(replacements)
    renewed: dict[Symbol, Dim] = {}
    for equation in graph.equations:
        sizes = [size for output in equation.outputs for size in output.type.shape]
        symbols = dims.runtime_symbols([*sizes, *equation.op.parameter_dims()])
        if touched.isdisjoint(equation.inputs) and symbols.isdisjoint(renewed):
            continue
        touched.update(equation.outputs)
        for symbol in equation.bound_symbols():
            renewed[symbol] = dims.symbol(symbol.name, runtime=True)
    return renewed


def _replacement(variable: Value, expression: Any, what: str, cast: bool) -> Value:
    value = base.symbolic(base.as_array(expression))
    wanted = variable.type.dtype
    if value.type.dtype != wanted and not cast:
        raise DTypeError(
            f"{what} replace {variable!r} ({wanted.name}) by {value.type.dtype.name}; pass strict=False"
        )
    value = base.symbolic(base.cast(value, wanted))
    if value.type.rank != variable.type.rank:
        raise ShapeError(f"{what} replace {variable!r} ({variable.type}) by {value.type}")
    return value


def clone(
    output: Any,
    replace: Any = None,
    strict: bool = True,
    share_inputs: bool = True,
    copy_inputs: Any = None,
) -> Any:
    """A copy of an expression, or of a list or dict of them, with some variables replaced.

    replace: pairs or a dict of variable -> expression. strict: whether dtypes must be equal; otherwise
    replacements are converted. share_inputs: whether the copy has the same inputs; otherwise it has new
    ones of their types, shared variables and constants apart. copy_inputs: accepted in place of share_inputs.

    Raises:
        TypeError, ShapeError, DTypeError: a replacement does not fit its variable.
    """
    if copy_inputs is not None:
        share_inputs = bool(copy_inputs)
    if isinstance(output, Mapping):
        made = clone(list(output.values()), replace, strict, share_inputs)
        return dict(zip(output, made, strict=True))
    roots = [_root(entry, "clone") for entry in (output if isinstance(output, (list, tuple)) else [output])]
    pairs = list(replace.items() if isinstance(replace, Mapping) else replace or ())
    if not share_inputs:
        given = {variable for variable, _ in pairs}
        pairs += [(leaf, _renewed(leaf)) for leaf in _own_inputs(roots) if leaf not in given]
    results = replaced(roots, pairs, "clone: replacements", cast=not strict)
    return results if isinstance(output, (list, tuple)) else results[0]


clone_replace = clone


def graph_replace(outputs: Any, replace: Any = None, *, strict: bool = True) -> Any:
    """Expressions with variables replaced; unlike `clone`, every variable must occur in them if `strict`.

    Raises:
        ValueError: a variable to replace does not occur. The rest as `clone`.
    """
    listed = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    roots = [_root(entry, "graph_replace") for entry in listed]
    pairs = list(replace.items() if isinstance(replace, Mapping) else replace or ())
    graph = Graph.of((), roots)
    known = {
        *graph.free_values(),
        *graph.outputs,
        *(o for e in graph.equations for o in (*e.inputs, *e.outputs)),
    }
    for variable, _ in pairs:
        if strict and variable not in known:
            raise ValueError(f"graph_replace: {variable!r} does not occur in the expressions")
    results = replaced(roots, pairs, "graph_replace: replacements")
    return results if isinstance(outputs, (list, tuple)) else results[0]


def _root(entry: Any, caller: str) -> Value:
    if not isinstance(entry, Value):
        raise TypeError(f"{caller}: expected variables, got {type(entry).__name__}")
    return entry


def _own_inputs(roots: Sequence[Value]) -> list[Value]:
    free = Graph.of((), roots).free_values()
    return [value for value in free if not isinstance(value, (SharedVariable, Constant))]


def _renewed(value: Value) -> Value:
    """A new variable of the same name and type, with sizes of its own."""
    from croton.frontends.constructors import tensor

    shape = tuple(size if isinstance(size, int) else None for size in value.type.shape)
    return tensor(value.type.dtype, shape, value.name)

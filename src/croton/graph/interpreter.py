"""The NumPy interpreter: every operation's reference evaluation, in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager

import numpy as np

from croton.graph import dims
from croton.graph.dims import Guard, Symbol
from croton.graph.graph import Graph
from croton.graph.reporting import annotated, bind_sizes, place
from croton.graph.values import Constant, Equation, NDArray, Value


class Observer:
    """What wants to know of everything that is interpreted, bodies of loops included."""

    def equation(self, equation: Equation, operands: Sequence[NDArray], results: Sequence[NDArray]) -> None:
        """An equation was evaluated."""

    def graph(self, graph: Graph, inputs: Sequence[NDArray], outputs: Sequence[NDArray]) -> None:
        """A graph was interpreted, after all its equations."""


class _Observers(threading.local):
    def __init__(self) -> None:
        self.active: list[Observer] = []


_observers = _Observers()


@contextmanager
def observed_by(observer: Observer | None) -> Iterator[None]:
    """Inside, this thread tells the observer, and nobody else, what it interprets."""
    outer = _observers.active
    _observers.active = [] if observer is None else [observer]
    try:
        yield
    finally:
        _observers.active = outer


def interpret(
    graph: Graph,
    inputs: Sequence[NDArray],
    sizes: Mapping[Symbol, int] | None = None,
) -> list[NDArray]:
    """The outputs of a graph for these inputs, computed by NumPy.

    Raises:
        ShapeError: sizes that must be equal differ. Whatever an operation raises, with a note that says
            which operation it was.
    """
    known: dict[Symbol, int] = dict(sizes or {})
    values: dict[Value, NDArray] = {}
    for value, array in zip(graph.inputs, inputs, strict=True):
        values[value] = array
        bind_sizes(value.type, array, known)
    with np.errstate(all="ignore"):
        for equation in graph.equations:
            operands = [_array(operand, values) for operand in equation.inputs]
            results = evaluate(equation, operands, known)
            values.update(zip(equation.outputs, results, strict=True))
            for observer in _observers.active:
                observer.equation(equation, operands, results)
    outputs = [_array(output, values) for output in graph.outputs]
    for observer in _observers.active:
        observer.graph(graph, inputs, outputs)
    return outputs


def evaluate(
    equation: Equation, operands: Sequence[NDArray], known: MutableMapping[Symbol, int]
) -> list[NDArray]:
    """The outputs of one equation; `known` are the sizes so far, to which those found here are added."""
    for guard in equation.guards:
        _learn_from(guard, known)
        left, right = dims.evaluate(guard.left, known), dims.evaluate(guard.right, known)
        if not guard.holds(left, right):
            raise guard.error(left, right, after=place(equation, known))
    op = equation.op.substitute(known) if equation.op.parameter_dims() else equation.op
    try:
        results = [np.asarray(result) for result in op.evaluate(*operands)]
    except Exception as error:
        annotated(error, equation, operands, known)
        raise
    for output, result in zip(equation.outputs, results, strict=True):
        bind_sizes(output.type, result, known)
    symbol = dims.single_symbol(getattr(equation.op, "symbol", 0))
    if symbol is not None:
        known[symbol] = int(results[-1])
    return results


def _learn_from(guard: Guard, known: MutableMapping[Symbol, int]) -> None:
    """A size that no array has told is what it is required to equal."""
    if guard.kind != "equal":
        return
    left, right = dims.substitute(guard.left, known), dims.substitute(guard.right, known)
    for one, other in ((left, right), (right, left)):
        symbols = dims.symbols(one)
        if len(symbols) != 1 or not isinstance(other, int):
            continue
        (symbol,) = symbols
        factor = dims.exact_quotient(one, dims.of_atom(symbol))
        if isinstance(factor, int) and factor and other % factor == 0:
            known.setdefault(symbol, other // factor)


def _array(value: Value, values: Mapping[Value, NDArray]) -> NDArray:
    return value.data if isinstance(value, Constant) else values[value]

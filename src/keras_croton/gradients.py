"""Derivatives that functions bring themselves, and those along a direction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from keras.src import tree
from keras.src.backend.common import KerasVariable

from croton.autodiff import tangents_of
from croton.frontends import custom
from croton.frontends.call import GraphCall
from croton.frontends.trace import tracing
from croton.graph.graph import Graph, copy_graph
from croton.graph.interpreter import interpret
from croton.graph.values import NDArray, TensorType, Value
from croton.ops import base, gradient_control
from croton.ops.shape import zeros_like
from keras_croton.conversion import convert_to_tensor

Function = Callable[..., Any]


def stop_gradient(variable: Any) -> Any:
    """The value, through which no gradient flows."""
    return gradient_control.stop_gradient(convert_to_tensor(variable))


def custom_gradient(fun: Function) -> Function:
    """A function with a derivative of its own.

    `fun(*args)` returns `(outputs, gradient)`; `gradient(*output_gradients)` returns the gradients of the
    positional arguments: one, or a list of them. Variables among the arguments are differentiated as their
    values are.
    """
    differentiable = custom.custom_gradient(fun)

    @functools.wraps(fun)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = tree.map_structure(
            lambda leaf: leaf.value if isinstance(leaf, KerasVariable) else leaf, (args, kwargs)
        )
        return differentiable(*args, **kwargs)

    return call


def remat(f: Function) -> Function:
    """The function itself: the compiler decides what derivatives keep and what they compute again."""
    return f


def jvp(fun: Function, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """fun(*primals) and its derivative along `tangents`, computed forward; and what else it returns.

    With `has_aux`, `fun` returns a pair of which only the first part is differentiated.

    Raises:
        ValueError: primals and tangents differ in structure.
    """
    given = [convert_to_tensor(leaf) for leaf in tree.flatten(primals)]
    directions = [convert_to_tensor(leaf) for leaf in tree.flatten(tangents)]
    if len(given) != len(directions):
        raise ValueError(
            "`primals` and `tangents` must have the same structure. "
            f"Received: primals={primals} and tangents={tangents}"
        )
    directions = [base.cast(d, base.dtype_of(x)) for d, x in zip(directions, given, strict=True)]
    inside = [Value.factory(TensorType(base.dtype_of(x), base.shape_of(x))) for x in [*given, *directions]]
    if base.building.symbolic:
        outputs, structure = _pushed(fun, primals, inside, has_aux)
        call, free = _call(inside, outputs)
    else:
        with tracing() as trace:
            outputs, structure = _pushed(fun, primals, inside, has_aux)
            call, free = _call(inside, outputs)
        free = [trace.variables[variable].value() for variable in free]
    return tree.pack_sequence_as(structure, base.apply(call, *given, *directions, *free))


def _call(inside: Sequence[Value], outputs: Sequence[Value]) -> tuple[_Call, list[Any]]:
    """A graph as one operation on its inputs and on what it reads from outside."""
    graph = Graph.of(inside, outputs)
    free = graph.free_values()
    stand_ins = {value: value.type() for value in free}
    renewed = copy_graph(graph, stand_ins).outputs
    return _Call(Graph.of([*inside, *stand_ins.values()], renewed), "jvp"), list(free)


class _Call(GraphCall):
    """A graph that is computed once: by NumPy."""

    transient = True

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return tuple(interpret(self.graph, operands))


def _pushed(fun: Function, primals: Any, inside: Sequence[Value], has_aux: bool) -> tuple[list[Value], Any]:
    """What `fun` returns for the first half of `inside` and along the second half: leaves and structure."""
    half = len(inside) // 2
    result = fun(*tree.pack_sequence_as(primals, inside[:half]))
    out, *aux = result if has_aux else (result,)
    leaves = [base.symbolic(convert_to_tensor(leaf)) for leaf in tree.flatten(out)]
    pushed = [
        zeros_like(leaf) if tangent is None else tangent
        for leaf, tangent in zip(leaves, tangents_of(leaves, inside[:half], inside[half:]), strict=True)
    ]
    further = [base.symbolic(convert_to_tensor(leaf)) for leaf in tree.flatten(aux)]
    return [*leaves, *pushed, *further], (out, out, *aux)

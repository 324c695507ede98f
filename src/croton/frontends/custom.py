"""`custom_gradient`: a function with a derivative written by hand, as in TensorFlow."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from croton.frontends import tree
from croton.frontends.call import GraphCall, inlined
from croton.frontends.derivation import is_differentiable
from croton.frontends.eager import Tensor, Variable
from croton.graph.errors import ShapeError
from croton.graph.graph import Graph, copy_graph
from croton.graph.operation import Operation, SingularOperation
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value
from croton.ops import base
from croton.ops.base import Array

GradientFunction = Callable[..., Any]


class _VariableReads:
    """Notes which trainable variables a function reads."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[Variable, Array]] = {}

    def record(self, op: Operation, operands: Sequence[Array], outputs: Sequence[Array]) -> None:
        pass

    def read(self, variable: Variable, value: Array) -> None:
        if variable.trainable:
            self.found.setdefault(id(variable), (variable, value))

    def tracks(self, array: Array) -> bool:
        return False


class _Rule:
    """A gradient function with what it needs to be called and checked."""

    def __init__(
        self, function: GradientFunction, name: str, arguments: int, variables: list[Variable]
    ) -> None:
        self.function = function
        self.name = name
        self.arguments = arguments
        self.variables = variables
        if variables and not _accepts_variables(function):
            raise TypeError(
                f"custom_gradient: {name} reads variables ({_listed_names(variables)}), so its "
                "gradient function must take variables= and return (gradients, variable_gradients)"
            )

    def __call__(self, cotangents: Sequence[Array], types: Sequence[TensorType]) -> list[Array | None]:
        """Cotangents of the arguments, then of the variables.

        Raises:
            TypeError, ShapeError: the gradient function returned something else.
        """
        if self.variables:
            pair = self.function(*cotangents, variables=self.variables)
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise TypeError(
                    f"gradient of {self.name}: expected (gradients, variable_gradients), got {pair!r}"
                )
            found = [*self._listed(pair[0], self.arguments), *self._listed(pair[1], len(self.variables))]
        else:
            found = self._listed(self.function(*cotangents), self.arguments)
        return [
            self._checked(value, type, n) for n, (value, type) in enumerate(zip(found, types, strict=True))
        ]

    def _listed(self, result: Any, count: int) -> list[Any]:
        listed = list(result) if isinstance(result, (list, tuple)) else [result]
        if len(listed) != count:
            raise TypeError(f"gradient of {self.name}: expected {count} gradients, got {len(listed)}")
        return listed

    def _checked(self, value: Any, type: TensorType, position: int) -> Array | None:
        if value is None:
            return None
        array = base.as_array(value)
        shape = base.shape_of(array)
        differ = len(shape) != type.rank or any(
            isinstance(size, int) and isinstance(wanted, int) and size != wanted
            for size, wanted in zip(shape, type.shape, strict=True)
        )
        if differ:
            raise ShapeError(
                f"gradient of {self.name}: gradient {position} has shape {shape}, expected {type.shape}"
            )
        return base.cast(array, type.dtype)


def _listed_names(variables: Sequence[Variable]) -> str:
    return ", ".join(variable.name or "unnamed" for variable in variables)


def _accepts_variables(function: GradientFunction) -> bool:
    parameters = inspect.signature(function).parameters
    return "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


class EagerCustom(SingularOperation):
    """What tapes record of an eager call: the gradient function is called with tensors."""

    transient = True  # made anew for every call, so that derivatives through it need not be remembered

    def __init__(self, rule: _Rule) -> None:
        self.rule = rule

    @property
    def name(self) -> str:
        return self.rule.name

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        types = tuple(operand.type for operand in operands)
        found = base.apply(_Pullback(self.rule, types), *cotangents)
        return [value if is_differentiable(value) else None for value in found]


class _Pullback(SingularOperation):
    """The gradient function itself, on arrays: what it computes is seen by outer tapes."""

    name = "custom_gradient"
    pure = False

    def __init__(self, rule: _Rule, types: tuple[TensorType, ...]) -> None:
        self.rule = rule
        self.types = types

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return self.types

    def call(self, cotangents: Sequence[Array]) -> list[Array]:
        from croton.ops.shape import full

        found = self.rule(cotangents, self.types)
        return [
            base.eager(full(type.shape, 0, type.dtype)) if value is None else value
            for value, type in zip(found, self.types, strict=True)
        ]

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        return tuple(base.eager(value).data for value in self.call([Tensor(operand) for operand in operands]))


class CustomGradient(GraphCall):
    """A call in a symbolic graph: the graph of the function, and a gradient function over its inputs."""

    name = "custom_gradient"
    forward_by_graph = False  # forward derivatives follow the gradient function too

    def __init__(
        self, graph: Graph, label: str, rule: _Rule, sources: Sequence[Value], variables: Sequence[Any]
    ) -> None:
        """sources: the values that the gradient function knows the operands by: its arguments, then what was
        read from outside. variables: for each of the latter, the number of the variable it is, or None.
        """
        super().__init__(graph, label)
        self.rule = rule
        self.sources = sources
        self.variables = variables

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        count = self.rule.arguments
        seeds = [output.type() for output in self.graph.outputs]
        types = [source.type for source in self.sources[:count]]
        found = self.rule(seeds, [*types, *(variable.type for variable in self.rule.variables)])
        chosen = [*found[:count], *(None if n is None else found[count + n] for n in self.variables)]
        results = [None if value is None else base.symbolic(value) for value in chosen]
        present = [value for value in results if value is not None]
        mapping = self.bind([operand.type for operand in operands])
        placed = inlined(Graph.of((*self.sources, *seeds), present), [*operands, *cotangents], mapping)
        done = dict(zip(present, placed, strict=True))
        return [
            done[value] if value is not None and is_differentiable(source) else None
            for value, source in zip(results, self.sources, strict=True)
        ]


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator for functions that bring their own derivative.

    `function(*args, **kwargs)` returns `(outputs, gradient)`; `gradient(*output_gradients)` returns the
    gradients of the positional arguments: one, or a list of them, None where none flows. If the function
    reads variables, `gradient` takes `variables=`, a list of them, and returns
    `(gradients, variable_gradients)`. Outputs may be a nested structure.

    The result works on tensors under any number of tapes, on symbolic variables, and inside `ct.jit`. If
    `gradient` is itself made of differentiable operations, higher orders exist.

    Raises:
        TypeError, ShapeError: function or gradient return something else than this.
    """
    name = getattr(function, "__name__", "function")

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree.flatten(list(args))
        operands = [base.as_array(leaf) for leaf in leaves]
        if base.building.symbolic or any(_is_symbolic(operand) for operand in operands):
            return _call_symbolic(function, name, structure, operands, kwargs)
        return _call_eager(function, name, structure, [base.eager(operand) for operand in operands], kwargs)

    return call


def _is_symbolic(operand: Array) -> bool:
    return isinstance(operand, Value) and not isinstance(operand, Constant)


def _run(
    function: Callable[..., Any],
    name: str,
    structure: tree.Structure,
    operands: Sequence[Array],
    kwargs: dict[str, Any],
) -> tuple[list[Array], tree.Structure, _Rule, list[Array]]:
    """Outputs, their structure, the gradient rule, and the readings of variables."""
    reads = _VariableReads()
    outer = base.recorders.active
    # Tapes see what happens inside, so that a gradient function can be differentiated through what it kept;
    # they do not connect it to the outputs, which are new tensors.
    base.recorders.active = [reads] if base.building.symbolic else [*outer, reads]
    try:
        result = function(*tree.unflatten(structure, operands), **kwargs)
    finally:
        base.recorders.active = outer
    if not isinstance(result, tuple) or len(result) != 2 or not callable(result[1]):
        raise TypeError(f"custom_gradient: {name} must return (outputs, gradient function), got {result!r}")
    leaves, shape = tree.flatten(result[0])
    variables = [variable for variable, _ in reads.found.values()]
    rule = _Rule(result[1], name, len(operands), variables)
    return [base.as_array(leaf) for leaf in leaves], shape, rule, [value for _, value in reads.found.values()]


def _call_eager(
    function: Callable[..., Any],
    name: str,
    structure: tree.Structure,
    operands: Sequence[EagerValue],
    kwargs: Any,
) -> Any:
    outputs, shape, rule, _ = _run(function, name, structure, operands, kwargs)
    for output in outputs:
        if _is_symbolic(output):
            raise TypeError(
                f"custom_gradient: {name} was called with arrays but returned the symbolic {output!r}"
            )
    fresh = [Tensor(base.eager(output).data) for output in outputs]  # an output may be an argument
    if base.recorders.active:
        readings = [variable.value() for variable in rule.variables]
        op = EagerCustom(rule)
        for recorder in base.recorders.active:
            recorder.record(op, [*operands, *readings], fresh)
    return tree.unflatten(shape, fresh)


def _call_symbolic(
    function: Callable[..., Any], name: str, structure: tree.Structure, operands: Sequence[Array], kwargs: Any
) -> Any:
    values = [base.symbolic(operand) for operand in operands]
    stand_ins = [value.type() for value in values]
    with base.building_graphs():
        base.building.elementwise_equality = base.building.trace is not None
        outputs, shape, rule, readings = _run(function, name, structure, stand_ins, kwargs)
        graph = Graph.of(stand_ins, [base.symbolic(output) for output in outputs])
    live = [base.symbolic(reading) for reading in readings]
    for recorder in base.recorders.active:
        for variable, reading in zip(rule.variables, live, strict=True):
            recorder.read(variable, reading)
    # Everything read from outside becomes an operand, variables even where the outputs do not need them.
    free = list(dict.fromkeys([*live, *graph.free_values()]))
    numbers = [next((n for n, value in enumerate(live) if value is outer), None) for outer in free]
    sources = [*stand_ins, *free]
    inputs = {outer: outer.type() for outer in free}
    closed = copy_graph(Graph.of(stand_ins, graph.outputs), inputs)
    closed = Graph.of((*stand_ins, *inputs.values()), closed.outputs)
    op = CustomGradient(closed, name, rule, sources, numbers)
    return tree.unflatten(shape, base.apply_symbolic(op, [*values, *free]))

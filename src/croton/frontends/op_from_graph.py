"""`OpFromGraph`: a part of a graph as one operation, with derivatives of its own if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from croton.frontends.call import GraphCall, inlined
from croton.graph import dtypes
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import Constant, TensorType, Value
from croton.ops import base
from croton.ops.base import Array
from croton.ops.missing_gradients import Disconnected, DisconnectedType, MissingGradient


class OpFromGraph:
    """Computes `outputs` from `inputs`; call it with arrays in place of the inputs.

    inputs: variables. outputs: a list of expressions of them, of shared variables and of constants.
    inline: whether a call puts the graph itself in place at once, if no derivative is overridden. Compilers
        see through calls in any case, so this changes what listings show and not what is computed.
    lop_overrides: replaces reverse rules: a function `(inputs, outputs, output_gradients)` that returns the
        gradients of all inputs; or a list with an entry for each input: a function with these arguments that
        returns the gradient of that input, "default" or None for the graph's own, `DisconnectedType()()` if
        none flows, or what `grad_undefined` returns.
    grad_overrides: the same with functions of `(inputs, output_gradients)`.
    rop_overrides: replaces forward rules: a function `(inputs, directions)` that returns the derivatives of
        all outputs, or a list with an entry for each output. Without it derivatives along directions are the
        graph's own. A direction is None where it is zero.
    connection_pattern: accepted for Theano's sake; what is connected is seen from the graph.
    name: for messages and listings.

    Another `OpFromGraph` may stand for any function: it takes what the function takes, one after the other.

    Raises:
        TypeError, ValueError: an input is not a variable, or an override is none of these.
        MissingInputError (when compiled): an output needs a variable that is neither an input nor shared.
    """

    def __init__(
        self,
        inputs: Sequence[Value],
        outputs: Sequence[Any],
        inline: bool = False,
        lop_overrides: Any = "default",
        grad_overrides: Any = "default",
        rop_overrides: Any = "default",
        connection_pattern: Any = None,
        name: str | None = None,
    ) -> None:
        for position, value in enumerate(inputs):
            if not isinstance(value, Value) or isinstance(value, Constant):
                raise TypeError(f"OpFromGraph: input {position} must be a variable, got {value!r}")
        if not isinstance(outputs, (list, tuple)):
            raise TypeError(f"OpFromGraph: outputs must be a list, got {type(outputs).__name__}")
        self.inputs = list(inputs)
        self.outputs = [base.symbolic(base.as_array(output)) for output in outputs]
        self.name = name or "OpFromGraph"
        self.is_inline = inline
        self.lop_overrides = lop_overrides
        self.grad_overrides = grad_overrides
        self.rop_overrides = rop_overrides
        open_graph = Graph.of(self.inputs, self.outputs)
        self.shared_inputs = open_graph.free_values()
        reverse = _overrides(lop_overrides, len(self.inputs), "lop_overrides")
        without = _overrides(grad_overrides, len(self.inputs), "grad_overrides")
        if reverse is not None and without is not None:
            raise ValueError("OpFromGraph: give lop_overrides or grad_overrides, not both")
        forward = _overrides(rop_overrides, len(self.outputs), "rop_overrides")
        rules = Rules(reverse if without is None else without, without is None, forward)
        stand_ins = {shared: shared.type() for shared in self.shared_inputs}
        outputs_inside = copy_graph(open_graph, stand_ins).outputs
        closed = Graph.of([*self.inputs, *stand_ins.values()], outputs_inside)
        self.operation = OverriddenCall(closed, self.name, len(self.inputs), rules)

    def __call__(self, *inputs: Any, return_list: bool = False) -> Any:
        """The outputs for these inputs: one, or a list.

        Raises:
            TypeError, DTypeError, ShapeError: they do not fit the inputs of the graph.
        """
        if len(inputs) != len(self.inputs):
            raise TypeError(f"{self.name}: expected {len(self.inputs)} inputs, got {len(inputs)}")
        pairs = zip(inputs, self.inputs, strict=True)
        operands = [_converted(value, wanted.type, n, self.name) for n, (value, wanted) in enumerate(pairs)]
        operands += self.shared_inputs
        results: Sequence[Array]
        if self.is_inline and self.operation.rules == NO_RULES:
            values = [base.symbolic(operand) for operand in operands]
            call = self.operation
            results = inlined(call.graph, values, call.bind([value.type for value in values]))
        else:
            results = base.apply(self.operation, *operands)
        return list(results) if return_list or len(results) != 1 else results[0]

    def __repr__(self) -> str:
        return self.name


class Rules(NamedTuple):
    """Derivatives given by the user: a function, a list of them, or None for the graph's own.

    with_outputs: whether reverse rules take the outputs too.
    """

    reverse: Any
    with_outputs: bool
    forward: Any


NO_RULES = Rules(None, True, None)
_MARKS = (Disconnected, DisconnectedType, MissingGradient)


class OverriddenCall(GraphCall):
    """The call of a graph, with derivatives that may be given.

    Operands after the first `arguments` are shared variables.
    """

    name = "op_from_graph"

    def __init__(self, graph: Graph, label: str, arguments: int, rules: Rules) -> None:
        super().__init__(graph, label)
        self.arguments = arguments
        self.rules = rules

    def __str__(self) -> str:
        return self.label

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.graph, self.label, self.arguments, self.rules)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        rules = self.rules
        if rules.reverse is None:
            return super().vjp(operands, outputs, cotangents)
        inputs = list(operands[: self.arguments])
        given = (
            [inputs, list(outputs), list(cotangents)] if rules.with_outputs else [inputs, list(cotangents)]
        )
        found = [*_found(rules.reverse, given, self.arguments, f"gradient of {self.label}")]
        found += [None] * (len(operands) - self.arguments)
        if any(value is None for value in found):
            own = super().vjp(operands, outputs, cotangents)
            found = [default if value is None else value for value, default in zip(found, own, strict=True)]
        pairs = zip(found, operands, strict=True)
        return [self._checked(value, operand, f"gradient {n}") for n, (value, operand) in enumerate(pairs)]

    def jvp(
        self, operands: Sequence[Value], outputs: Sequence[Value], tangents: Sequence[Value | None]
    ) -> tuple[Sequence[Value], Sequence[Any]]:
        if self.rules.forward is None:
            return self._pushed(operands, outputs, tangents)
        given: list[list[Any]] = [list(operands[: self.arguments]), list(tangents[: self.arguments])]
        found = _found(self.rules.forward, given, len(outputs), f"derivative of {self.label}")
        if any(value is None for value in found):
            _, own = self._pushed(operands, outputs, tangents)
            found = [default if value is None else value for value, default in zip(found, own, strict=True)]
        pairs = zip(found, outputs, strict=True)
        return outputs, [
            self._checked(value, output, f"output {n}") for n, (value, output) in enumerate(pairs)
        ]

    def _checked(self, value: Any, like: Array, what: str) -> Any:
        """A derivative in the dtype of what it belongs to; None where none flows."""
        if value is None or isinstance(value, (Disconnected, DisconnectedType)):
            return None
        if isinstance(value, MissingGradient):
            return value
        if not dtypes.is_inexact(base.dtype_of(like)):
            return None
        array = base.as_array(value)
        if base.rank_of(array) != base.rank_of(like):
            raise ShapeError(
                f"{self.label}: {what} has {base.rank_of(array)} axes, expected {base.rank_of(like)}"
            )
        return base.cast(array, base.dtype_of(like))


def _overrides(given: Any, count: int, what: str) -> Any:
    """A function, a list with one entry for each position (None: the graph's own), or None.

    Raises:
        TypeError: it is none of these. ValueError: the list has another length.
    """
    if given is None or (isinstance(given, str) and given == "default"):
        return None
    if isinstance(given, (list, tuple)):
        if len(given) != count:
            raise ValueError(f"OpFromGraph: {what} must have {count} entries, got {len(given)}")
        return [entry if isinstance(entry, _MARKS) else _overrides(entry, 0, what) for entry in given]
    if not callable(given) or isinstance(given, _MARKS):
        raise TypeError(f'OpFromGraph: {what} must be functions or "default", got {given!r}')
    return given


def _found(rule: Any, given: Sequence[list[Any]], count: int, what: str) -> list[Any]:
    """What a rule says for every position."""
    if isinstance(rule, list):
        return [
            entry if entry is None or isinstance(entry, _MARKS) else _called(entry, given) for entry in rule
        ]
    found = _called(rule, given)
    listed = list(found) if isinstance(found, (list, tuple)) else [found]
    if len(listed) != count:
        raise TypeError(f"{what}: expected {count} arrays, got {len(listed)}")
    return [Disconnected(DisconnectedType()) if value is None else value for value in listed]


def _called(rule: Any, given: Sequence[list[Any]]) -> Any:
    if isinstance(rule, OpFromGraph):
        return rule(*(value for values in given for value in values))
    return rule(*given)


def _converted(value: Any, type: TensorType, position: int, name: str) -> Array:
    """An operand of the dtype and rank of an input.

    Raises:
        DTypeError, ShapeError: it cannot be that.
    """
    is_number = base.weak_number(value) is not None
    array = base.cast(value, type.dtype) if is_number else base.as_array(value)
    if base.dtype_of(array) != type.dtype:
        raise DTypeError(
            f"{name}: input {position} is {base.dtype_of(array).name}, expected {type.dtype.name}"
        )
    if base.rank_of(array) != type.rank:
        raise ShapeError(f"{name}: input {position} has {base.rank_of(array)} axes, expected {type.rank}")
    return array

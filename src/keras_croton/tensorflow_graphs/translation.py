"""The walk over a graph, and the table of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from keras.src.utils.module_utils import tensorflow as tf

from croton.graph import dims
from croton.graph.dims import Dim, Expression, Symbol
from croton.graph.graph import Graph
from croton.graph.operation import Operation
from croton.graph.values import Constant, Equation, Value
from croton.ops import base

Tensor = Any  # one of TensorFlow
Rule = Callable[["Translation", Any, list[Tensor], Equation], Any]

RULES: dict[type[Operation], Rule] = {}


class UntranslatableError(NotImplementedError):
    """An operation has no counterpart in TensorFlow."""


def rule(*kinds: type[Operation]) -> Callable[[Rule], Rule]:
    """Registers a function as the rule for operations of these classes: operands to one or all outputs."""

    def register(function: Rule) -> Rule:
        for kind in kinds:
            RULES[kind] = function
        return function

    return register


class Translation:
    """Tensors of TensorFlow for the values of a graph, and for its symbolic sizes."""

    def __init__(self, values: Mapping[Value, Tensor], sizes: Mapping[Symbol, Tensor] | None = None) -> None:
        """values: tensors for inputs, and for variables read. sizes: for symbols that are known already."""
        self.sizes = dict(sizes or {})
        self.values: dict[Value, Tensor] = {}
        for value, tensor in values.items():
            self.bind(value, tensor)

    def bind(self, value: Value, tensor: Tensor) -> None:
        """Notes the tensor for a value, and sizes that it is the first to know."""
        self.values[value] = tensor
        for axis, size in enumerate(value.type.shape):
            symbol = dims.single_symbol(size)
            if symbol is not None and symbol not in self.sizes:
                self.sizes[symbol] = tf.shape(tensor, out_type="int64")[axis]
        tensor.set_shape([size if isinstance(size, int) else None for size in value.type.shape])

    def outputs(self, graph: Graph) -> list[Tensor]:
        """The tensors for a graph's outputs.

        Raises:
            UntranslatableError: an operation has no rule.
        """
        for equation in graph.equations:
            found = self._apply(equation)
            tensors = found if isinstance(found, (list, tuple)) else [found]
            for value, tensor in zip(equation.outputs, tensors, strict=True):
                self.bind(value, tensor)
        return [self.tensor(value) for value in graph.outputs]

    def _apply(self, equation: Equation) -> Any:
        op = equation.op
        found = next((RULES[kind] for kind in type(op).__mro__ if kind in RULES), None)
        if found is not None:
            return found(self, op, [self.tensor(value) for value in equation.inputs], equation)
        if not hasattr(op, "expand"):
            raise UntranslatableError(
                f"the operation {op} has no counterpart in TensorFlow, so that a model with it cannot be "
                "exported as a SavedModel"
            )
        with base.building_graphs():
            stand_ins = [Value.factory(value.type) for value in equation.inputs]
            parts = Graph.of(stand_ins, [base.symbolic(part) for part in op.expand(stand_ins)])
        operands = [self.tensor(value) for value in equation.inputs]
        return self.inner(parts, operands)

    def inner(self, graph: Graph, operands: Sequence[Tensor]) -> list[Tensor]:
        """The outputs of a graph within this one: a body or branch."""
        return Translation(dict(zip(graph.inputs, operands, strict=True)), self.sizes).outputs(graph)

    def tensor(self, value: Value) -> Tensor:
        """The tensor for a value that has one, or is a constant."""
        if value not in self.values and isinstance(value, Constant):
            self.values[value] = tf.constant(value.data)
        return self.values[value]

    # Sizes.

    def size(self, dim: Dim) -> Any:
        """A size as a Python int, or as an int64 scalar."""
        if not isinstance(dim, Expression):
            return int(dim)
        total: Any = 0
        for atoms, factor in dim.terms:
            product: Any = factor
            for atom in atoms:
                product = product * self._atom(atom)
            total = total + product
        return total

    def _atom(self, atom: Any) -> Any:
        if isinstance(atom, Symbol):
            return self.sizes[atom]
        left, right = (tf.cast(self.size(side), "int64") for side in (atom.left, atom.right))
        functions = {
            "floordiv": tf.math.floordiv,
            "mod": tf.math.floormod,
            "max": tf.maximum,
            "min": tf.minimum,
        }
        return functions[atom.kind](left, right)

    def shape(self, sizes: Sequence[Dim]) -> Any:
        """A shape as TensorFlow takes it."""
        known = [self.size(size) for size in sizes]
        if all(isinstance(size, int) for size in known):
            return known
        return tf.stack([tf.cast(size, "int64") for size in known])

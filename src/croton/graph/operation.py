"""The interface every operation implements: one class holds everything about it.

An operation is a frozen record whose fields are its parameters, so that equal operations compare
equal. It states its shape and dtype rule (`infer`), its NumPy evaluation (`evaluate`, the reference
that compiled code is tested against), its derivative (`vjp`, in terms of other operations) and its
lowering, by subclassing one of the kinds in `croton.ops.base`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from croton.graph import dims
from croton.graph.dims import Dim, Expression, Symbol
from croton.graph.errors import NotDifferentiableError
from croton.graph.frozen import Frozen

if TYPE_CHECKING:
    from croton.graph.graph import Graph
    from croton.graph.values import NDArray, TensorType


class Operation(Frozen):
    """One operation with its parameters."""

    @property
    def name(self) -> str:
        """What it is called in programs and messages; most classes have the name itself here."""
        return "operation"

    @property
    def pure(self) -> bool:
        """Whether equal calls may be merged and unused ones dropped."""
        return True

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        """Types of the outputs.

        Raises:
            ShapeError, DTypeError: the operands do not fit.
        """
        raise NotImplementedError(f"{type(self).__name__}.infer")

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        """The outputs, computed by NumPy or SciPy from C-ordered arrays of the operands' types."""
        raise NotImplementedError(f"{type(self).__name__}.evaluate")

    def vjp(
        self, operands: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
    ) -> Sequence[Any]:
        """Cotangents of the operands given those of the outputs (None: zero), None where none flows."""
        raise NotDifferentiableError(f"{self.name} has no gradient")

    def failure(self, facts: Sequence[int]) -> Exception | None:
        """The exception for a failure of compiled code, in the operation's own words; None: the usual ones.

        facts: what the C code left in `context->error` after the number of the equation.
        """
        return None

    def substitute(self, mapping: Mapping[Symbol, Dim]) -> Operation:
        """This operation with symbols replaced in its parameters."""
        if not self.field_names:
            return self
        changes = {}
        for field in self.field_names:
            old = getattr(self, field)
            new = substitute_parameter(old, mapping)
            if new is not old:
                changes[field] = new
        return self.changed(**changes) if changes else self

    def parameter_dims(self) -> list[Dim]:
        """Every symbolic dimension among the parameters."""
        found: list[Dim] = []
        for field in self.field_names:
            _collect_dims(getattr(self, field), found)
        return found

    def graphs(self) -> tuple[Graph, ...]:
        """The sub-graphs that are this operation's parameters: bodies of loops and branches."""
        return ()

    def map_graphs(self, change: Callable[[Graph], Graph]) -> Operation:
        """This operation with every sub-graph changed; itself when none does."""
        changes = {}
        for field in self.field_names:
            old = getattr(self, field)
            if any(old is graph for graph in self.graphs()):
                new = change(old)
                if new is not old:
                    changes[field] = new
        return self.changed(**changes) if changes else self

    def __str__(self) -> str:
        fields = self.field_names
        shown = ", ".join(f"{field}={getattr(self, field)}" for field in fields)
        return f"{self.name}({shown})" if shown else self.name


class SingularOperation(Operation):
    """An operation equal to itself alone, with attributes of its own: what only this process knows.

    Nothing compiled for it is remembered on disk.
    """

    def __init__(self) -> None:
        """Attributes are assigned by subclasses."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def substitute_parameter(parameter: Any, mapping: Mapping[Symbol, Dim]) -> Any:
    """The parameter itself when nothing in it changes."""
    if isinstance(parameter, Expression):
        new = dims.substitute(parameter, mapping)
        return parameter if new == parameter else new
    if isinstance(parameter, tuple) and parameter:
        items = [substitute_parameter(item, mapping) for item in parameter]
        if any(new is not old for new, old in zip(items, parameter, strict=True)):
            return type(parameter)(*items) if hasattr(parameter, "_fields") else tuple(items)
    if hasattr(parameter, "substitute_dims"):
        return parameter.substitute_dims(mapping)
    return parameter


def _collect_dims(parameter: Any, found: list[Dim]) -> None:
    if isinstance(parameter, Expression):
        found.append(parameter)
    elif isinstance(parameter, tuple):
        for item in parameter:
            _collect_dims(item, found)
    elif hasattr(parameter, "free_dims"):
        found.extend(parameter.free_dims())

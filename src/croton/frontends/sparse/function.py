"""Functions that take, return or update sparse matrices: each is several arrays on the way in and out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.frontends.composite import Composite
from croton.frontends.config import config
from croton.frontends.function import function
from croton.frontends.inputs import In
from croton.frontends.sparse.structure import converted
from croton.frontends.sparse.variable import (
    SharedSparse,
    SparseVariable,
    carrier,
    is_scipy,
    scipy_matrix,
    scipy_parts,
)
from croton.graph import dims
from croton.graph.errors import UnusedInputError
from croton.graph.graph import Graph
from croton.graph.values import NDArray
from croton.ops import base
from croton.runtime import Function


class _Argument:
    """An input as the user gave it, and the arrays it is passed as."""

    def __init__(self, entry: Any) -> None:
        self.given = entry if isinstance(entry, In) else In(entry)
        variable = self.given.variable
        self.sparse = variable if isinstance(variable, SparseVariable) else None
        self.name = self.given.name
        self.carrier = None if self.sparse is None else carrier(self.sparse)

    def variables(self) -> list[Any]:
        if self.sparse is None:
            return [self.given.variable]
        return [*self.sparse.parts(), self.carrier]

    def names(self) -> list[str | None]:
        """The names of the inputs that the function of arrays has for it."""
        if self.sparse is None:
            return [self.name]
        return [
            f"{self.name}.{part}" if self.name else None for part in ("data", "indices", "indptr", "shape")
        ]

    def inputs(self) -> list[Any]:
        """What takes its place among the inputs of the function of arrays."""
        if self.sparse is None:
            return [self.given]
        values = [None] * 4 if self.given.value is None else self.arrays(self.given.value)
        return [
            In(variable, name, value, allow_downcast=self.given.allow_downcast)
            for variable, name, value in zip(self.variables(), self.names(), values, strict=True)
        ]

    def arrays(self, value: Any) -> list[Any]:
        """What an argument is passed as.

        Raises:
            TypeError: not a sparse matrix.
        """
        if self.sparse is None:
            return [value]
        shown = f"argument {self.name!r}" if self.name else "argument"
        if isinstance(value, SparseVariable):
            value = value.to_scipy()
        index = base.dtype_of(self.sparse.indices)
        vectors, shape = scipy_parts(value, self.sparse.format, index, shown)
        return [*vectors, np.empty((*shape, 0), np.bool_)]


class _Result:
    """An output as the user asked for it, and how many arrays it is made of."""

    def __init__(self, entry: Any) -> None:
        self.sparse = entry if isinstance(entry, SparseVariable) else None
        self.values: list[Any] = [entry]
        if self.sparse is not None:
            self.values = [*self.sparse.parts(), base.as_array([base.as_array(n) for n in self.sparse.shape])]

    def rebuilt(self, arrays: Sequence[NDArray], as_array: bool) -> Any:
        if self.sparse is None:
            return arrays[0]
        rows, columns = (int(size) for size in arrays[3])
        return scipy_matrix(self.sparse.format, arrays[:3], (rows, columns), as_array)


class SparseFunction:
    """A compiled function whose arguments or results may be sparse matrices of SciPy.

    Results are of SciPy's newer kind (csr_array) if a sparse argument is, else csr_matrix. Everything else
    is as for the function of arrays that it calls, which is its attribute `inner`.
    """

    def __init__(self, inner: Function, arguments: list[_Argument], outputs: Any) -> None:
        self.inner = inner
        self._arguments = arguments
        self._by_name = {argument.name: argument for argument in arguments if argument.name}
        self._outputs = outputs

    def __call__(self, *values: Any, **named: Any) -> Any:
        if len(values) > len(self._arguments):
            raise TypeError(f"function: expected {len(self._arguments)} arguments, got {len(values)}")
        flat: list[Any] = []
        for argument, value in zip(self._arguments, values, strict=False):
            flat += argument.arrays(value)
        flat_named: dict[str, Any] = {}
        for name, value in named.items():
            known = self._by_name.get(name)
            if known is None:
                flat_named[name] = value
            else:
                flat_named.update(zip(map(str, known.names()), known.arrays(value), strict=True))
        results = self.inner(*flat, **flat_named)
        newer = any(_is_newer(value) for value in (*values, *named.values()))
        return _rebuilt(self._outputs, iter(results or ()), newer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def _is_newer(value: Any) -> bool:
    return is_scipy(value) and type(value).__name__.endswith("_array")


def _rebuilt(outputs: Any, arrays: Any, newer: bool) -> Any:
    if outputs is None:
        return None
    if isinstance(outputs, dict):
        return {key: _rebuilt(entry, arrays, newer) for key, entry in outputs.items()}
    if isinstance(outputs, list):
        return [_rebuilt(entry, arrays, newer) for entry in outputs]
    return outputs.rebuilt([next(arrays) for _ in outputs.values], newer)


def _results(outputs: Any) -> Any:
    """The outputs as results, structured as they are."""
    if outputs is None:
        return None
    if isinstance(outputs, dict):
        return {key: _Result(entry) for key, entry in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [_Result(entry) for entry in outputs]
    return _Result(outputs)


def _leaves(results: Any) -> list[_Result]:
    if results is None:
        return []
    listed = (
        results.values() if isinstance(results, dict) else results if isinstance(results, list) else [results]
    )
    return list(listed)


def _pairs(entries: Any, arguments: Sequence[_Argument], what: str) -> list[tuple[Any, Any]]:
    """Updates or givens with sparse ones as pairs of their arrays."""
    listed = list(entries.items()) if isinstance(entries, dict) else list(entries or ())
    carriers = {
        id(argument.sparse): argument.carrier for argument in arguments if argument.sparse is not None
    }
    pairs: list[tuple[Any, Any]] = []
    for old, new in listed:
        if not isinstance(old, Composite):
            pairs.append((old, new))
            continue
        if not isinstance(old, SparseVariable) or (what == "updates" and not isinstance(old, SharedSparse)):
            raise TypeError(f"function: {what} cannot change {old!r}")
        matrix = converted(new, old.format)
        index = base.dtype_of(old.indices)
        pairs.append((old.data, matrix.data))
        pairs += [
            (mine, base.cast(other, index))
            for mine, other in ((old.indices, matrix.indices), (old.indptr, matrix.indptr))
            if mine is not other
        ]
        if what == "givens":
            sizes = carriers.get(id(old)) or carrier(old)
            pairs.append((sizes, _carried(matrix)))
        else:
            for size, other in zip(old.shape, matrix.shape, strict=True):
                dims.require_equal(size, other, f"function: the update of {old!r} changes its shape")
    return pairs


def _carried(matrix: SparseVariable) -> Any:
    """An array without elements that has the sizes of a matrix."""
    from croton.ops.shape import full

    return full((*matrix.shape, 0), False)


def _check_unused(graph: Graph, arguments: Sequence[_Argument], policy: str) -> None:
    """As for functions of arrays; a sparse matrix is used if one of its arrays or sizes is."""
    if policy == "ignore":
        return
    sizes = {
        symbol
        for equation in graph.equations
        for dim in equation.op.parameter_dims()
        for symbol in dims.symbols(dim)
    }
    outputs = set(graph.outputs)
    for argument in arguments:
        variables = argument.variables()
        if any(graph.consumers.get(variable) or variable in outputs for variable in variables):
            continue
        if any(symbol in sizes for v in variables for dim in v.type.shape for symbol in dims.symbols(dim)):
            continue
        message = f"function: input {argument.given.variable!r} is not used by any output"
        message += '; pass on_unused_input="ignore" to allow it'
        if policy == "raise":
            raise UnusedInputError(message)
        warnings.warn(message, stacklevel=4)


def sparse_function(
    inputs: Sequence[Any],
    outputs: Any,
    updates: Any,
    givens: Any,
    on_unused_input: str | None,
    **options: Any,
) -> SparseFunction | Function:
    """`function` for inputs, outputs, updates or givens of which some are sparse."""
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(f"function: inputs must be a list, got {type(inputs).__name__}")
    policy = on_unused_input or config.on_unused_input
    if policy not in ("raise", "warn", "ignore"):
        raise ValueError(f'on_unused_input must be "raise", "warn" or "ignore", got {policy!r}')
    arguments = [_Argument(entry) for entry in inputs]
    results = _results(outputs)
    changes, replacements = _pairs(updates, arguments, "updates"), _pairs(givens, arguments, "givens")
    sparse_ones = [entry.sparse for entry in arguments] + [entry.sparse for entry in _leaves(results)]
    if all(entry is None for entry in sparse_ones):
        return function(
            inputs, outputs, updates=changes, givens=replacements, on_unused_input=policy, **options
        )
    inner = function(
        [entry for argument in arguments for entry in argument.inputs()],
        [value for result in _leaves(results) for value in result.values],
        updates=changes,
        givens=replacements,
        on_unused_input="ignore",
        **options,
    )
    _check_unused(inner.graph(optimized=False), arguments, policy)
    return SparseFunction(inner, arguments, results)

"""`jit`: an eager function, traced once and compiled, for arrays of any size of their first axis."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from croton.frontends import tree
from croton.frontends.call import GraphCall, closed_over
from croton.frontends.eager import Tensor, Variable
from croton.frontends.function import function
from croton.frontends.inputs import In
from croton.frontends.trace import ARRAY, ArrayPattern, NumberPattern, Pattern, Traced, trace
from croton.graph.dtypes import as_dtype
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import EagerValue, NDArray, Value
from croton.ops import base
from croton.ops.base import building, recorders
from croton.runtime import Function

if TYPE_CHECKING:
    from croton.compiler.profile import Profile

_MOST_REMEMBERED = 4096  # shapes whose compiled function is found at once
_MANY_STATIC = 16
_NDARRAY = np.ndarray
_NEW_TENSOR = Tensor.__new__
_NUMBERS = (bool, int, float, complex)


class _Compiled:
    """One trace and the function compiled from it."""

    def __init__(self, traced: Traced, names: Sequence[str], label: str) -> None:
        graph = traced.graph
        inputs = [In(value, name=name) for value, name in zip(graph.inputs, names, strict=True)]
        outputs = list(graph.outputs[: traced.returned])
        updates = [
            (variable.shared, value)
            for variable, value in zip(traced.updated, graph.outputs[traced.returned :], strict=True)
        ]
        self.single = traced.structure.is_leaf and traced.returned == 1
        self.function = function(
            inputs,
            outputs[0] if self.single else outputs,
            updates=updates,
            on_unused_input="ignore",
            name=label,
        )
        self.traced = traced
        self.label = label

    def matches(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return all(
            pattern.matches(shape) for pattern, shape in zip(self.traced.patterns, shapes, strict=True)
        )

    def wrap(self, arrays: Any) -> Any:
        """What the function returns, from the arrays that a call gave."""
        if self.single:
            return Tensor(arrays)
        return self.rebuild([Tensor(array) for array in arrays])

    def rebuild(self, tensors: Sequence[Any]) -> Any:
        rest = iter(tensors)
        leaves = [next(rest) if leaf is ARRAY else leaf for leaf in self.traced.leaves]
        return tree.unflatten(self.traced.structure, leaves)

    @functools.cached_property
    def pure(self) -> GraphCall:
        """The trace as an operation from arguments and variables to results and new values."""
        graph = closed_over(self.traced.graph)
        own = len(self.traced.graph.inputs)
        stand_ins = {value: value.type() for value in graph.inputs[own:]}
        copied = copy_graph(Graph.of(graph.inputs[:own], graph.outputs), stand_ins)
        return GraphCall(Graph.of((*graph.inputs[:own], *stand_ins.values()), copied.outputs), self.label)

    def recorded(self, operands: Sequence[Any]) -> Any:
        """A call that tapes record: the variables are operands too, and are assigned afterwards."""
        free = closed_over(self.traced.graph).inputs[len(operands) :]
        readings = [self.traced.variables[value].value() for value in free]
        results = base.apply(self.pure, *operands, *readings)
        for variable, value in zip(self.traced.updated, results[self.traced.returned :], strict=True):
            variable.assign(value)
        return self.rebuild(results[: self.traced.returned])


class _Family:
    """All compiled functions for calls that differ in nothing but sizes."""

    def __init__(self) -> None:
        self.general: list[_Compiled] = []
        self.exact: dict[tuple[tuple[int, ...], ...], _Compiled] = {}


@dataclass
class _Call:
    """The arguments of a call, taken apart.

    arrays: what the compiled function takes. leaves: all leaves of the dynamic arguments, of which those at
    `positions` are in `arrays`, with their `names` and `shapes`. fixed: the static arguments. key: what
    tells calls apart that need different traces, but for sizes.
    """

    bound: inspect.BoundArguments
    fixed: dict[str, Any]
    leaves: list[Any]
    structure: tree.Structure
    arrays: list[Any] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    shapes: tuple[tuple[int, ...], ...] = ()
    key: Any = None


class JittedFunction:
    """A function that is compiled when first called with arguments of new dtypes, ranks or structure.

    `traces` counts how often the Python function ran. What it does besides computing happens then only.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        static_argnames: str | Sequence[str] = (),
        name: str | None = None,
        shapes: Mapping[str, Sequence[int | None]] | None = None,
    ) -> None:
        if not callable(fn):
            raise TypeError(f"jit: expected a function, got {type(fn).__name__}")
        self._function = fn
        self._static = frozenset([static_argnames] if isinstance(static_argnames, str) else static_argnames)
        self._signature = inspect.signature(fn)
        unknown = self._static - set(self._signature.parameters)
        if unknown:
            raise ValueError(f"jit: the function has no parameter {', '.join(sorted(unknown))}")
        self._name = name or str(getattr(fn, "__name__", "function"))
        self._shapes = dict(shapes or {})
        self._fast: dict[Any, _Compiled] = {}
        self._families: dict[Any, _Family] = {}
        self._compiled: list[_Compiled] = []
        self._lock = threading.RLock()
        self._methods: dict[int, tuple[weakref.ref[Any], JittedFunction]] = {}
        self.traces = 0
        functools.update_wrapper(self, fn)

    def __repr__(self) -> str:
        return f"<jit of {self._name}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method: compiled for each object on its own."""
        if instance is None:
            return self
        known = self._methods.get(id(instance))
        if known is not None and known[0]() is instance:
            return JittedMethod(instance, known[1])
        number, methods = id(instance), self._methods

        def forget(_: Any) -> None:
            methods.pop(number, None)

        reference = weakref.ref(instance, forget)

        @functools.wraps(self._function)
        def method(*args: Any, **kwargs: Any) -> Any:
            return self._function(reference(), *args, **kwargs)

        del method.__wrapped__
        parameters = list(self._signature.parameters.values())[1:]
        method.__signature__ = self._signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        bound = JittedFunction(method, tuple(self._static), self._name, self._shapes)
        methods[number] = (reference, bound)
        return JittedMethod(instance, bound)

    # Calls.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if building.symbolic:
            return self._function(*args, **kwargs)
        if kwargs or recorders.active or self._static:
            return self._call(args, kwargs)
        key: list[Any] = []
        arrays = list(args)
        for position, argument in enumerate(args):
            kind = type(argument)
            if kind is Tensor:
                argument = arrays[position] = argument.data
            elif kind is not _NDARRAY:
                if kind is not float and kind is not int:
                    return self._call(args, kwargs)
                key.append(kind)
                continue
            key.append(argument.dtype.num)  # byte order is looked at by the compiled function
            key.append(argument.shape)
        remembered = tuple(key)
        compiled = self._fast.get(remembered)
        if compiled is None:
            return self._call(args, kwargs, remembered)
        try:
            result = compiled.function(*arrays)
        except ShapeError:
            return self._call(args, kwargs, remembered)
        if not compiled.single:
            return compiled.wrap(result)
        tensor = _NEW_TENSOR(Tensor)  # as Tensor(result), without its checks
        tensor.data = result
        return tensor

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], fast: Any = None) -> Any:
        call = self._take_apart(args, kwargs)
        if call is None:  # symbolic arguments: the function becomes part of their graph
            return self._function(*args, **kwargs)
        if recorders.active:
            return self._for_sizes(call, _recorded)[1]
        compiled, result = self._for_sizes(call, _computed)
        self._remember(fast, compiled)
        return compiled.wrap(result)

    def _for_sizes(self, call: _Call, run: Callable[[_Compiled, _Call], Any]) -> tuple[_Compiled, Any]:
        """What a compiled function makes of the call: the general one, or one for just these sizes."""
        compiled = self._find(call)
        try:
            return compiled, run(compiled, call)
        except ShapeError:
            if call.shapes in self._families[call.key].exact:
                raise
        compiled = self._exact(call)
        return compiled, run(compiled, call)

    def _remember(self, fast: Any, compiled: _Compiled) -> None:
        if fast is not None:
            if len(self._fast) >= _MOST_REMEMBERED:
                self._fast.clear()
            self._fast[fast] = compiled

    def on_arrays(self, *arrays: NDArray) -> tuple[_Compiled, Any]:
        """For callers in a hurry: the compiled function for some NumPy arrays, and what it returned as it is.

        The result is an array where the function returns a single one, else the list of all arrays in it;
        `wrap` of the compiled function makes of them what a call returns. No tape sees the call.
        """
        key = tuple([(array.dtype.num, array.shape) for array in arrays])
        compiled = self._fast.get(key)
        if compiled is not None:
            try:
                return compiled, compiled.function(*arrays)
            except ShapeError:
                pass
        call = self._take_apart(arrays, {})
        if call is None:
            raise TypeError(f"{self._name}: expected NumPy arrays, got symbolic values")
        compiled, result = self._for_sizes(call, _computed)
        self._remember(key, compiled)
        return compiled, result

    def on_batches(
        self,
        arrays: tuple[NDArray, ...],
        size: int,
        start: int = 0,
        order: NDArray | None = None,
        seconds: float = float("inf"),
    ) -> tuple[int, _Compiled, Any]:
        """As `on_arrays` on one batch after the other of rows of C-ordered arrays, all in one call.

        The arguments are those of `on_batches` of compiled functions.

        Returns:
            The row to go on with; the compiled function for the last batch, and what it returned.

        Raises:
            What a call on one of the batches raises. State is then as the batches before it left it.
        """
        count = min(size, len(arrays[0] if order is None else order) - start)
        compiled = self._fast.get(tuple([(array.dtype.num, (count, *array.shape[1:])) for array in arrays]))
        if compiled is not None and isinstance(compiled.function, Function):
            try:
                start, result, error = compiled.function.on_batches(arrays, size, start, order, seconds)
            except ShapeError:
                pass
            else:
                # A batch of other sizes: the next call looks for what was traced for them.
                if error is not None and not isinstance(error, ShapeError):
                    raise error
                return start, compiled, result
        rows: Any = slice(start, start + count) if order is None else order[start : start + count]
        return start + count, *self.on_arrays(*[array[rows] for array in arrays])

    def _take_apart(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call | None:
        bound = self._signature.bind(*args, **kwargs)
        dynamic = {name: value for name, value in bound.arguments.items() if name not in self._static}
        fixed = {name: value for name, value in bound.arguments.items() if name in self._static}
        leaves, structure = tree.flatten(dynamic)
        call = _Call(bound, fixed, leaves, structure)
        kinds: list[Any] = []
        shapes: list[tuple[int, ...]] = []
        paths = _paths(call.structure)
        for position, leaf in enumerate(call.leaves):
            if isinstance(leaf, Value):
                return None
            if isinstance(leaf, Variable):
                kinds.append(leaf)
                continue
            kind, shape, array = self._leaf(leaf, paths[position])
            kinds.append(kind)
            shapes.append(shape)
            call.arrays.append(array)
            call.positions.append(position)
            call.names.append(paths[position])
        call.shapes = tuple(shapes)
        call.key = (call.structure, tuple(kinds), tuple((n, type(v), v) for n, v in fixed.items()))
        try:
            hash(call.key)
        except TypeError:
            for name, value in fixed.items():
                if getattr(type(value), "__hash__", None) is None:
                    raise TypeError(
                        f"{self._name}: static argument {name!r} must be hashable, got {type(value).__name__}"
                    ) from None
            raise
        return call

    def _leaf(self, leaf: Any, path: str) -> tuple[Any, tuple[int, ...], Any]:
        """What tells apart the traces for a leaf, its shape, and what the compiled function takes for it."""
        if isinstance(leaf, _NUMBERS) and not isinstance(leaf, np.generic):
            kind = next(kind for kind in _NUMBERS if isinstance(leaf, kind))
            return NumberPattern(kind), (), leaf
        array = leaf.data if isinstance(leaf, EagerValue) else leaf
        if not isinstance(array, np.ndarray):
            if not hasattr(array, "__array__"):
                raise TypeError(
                    f"{self._name}: argument {path} is of type {type(leaf).__name__}, which is neither "
                    f"an array, a number nor a structure of them; name it in static_argnames"
                )
            array = np.asarray(array)
        try:
            dtype = as_dtype(array.dtype)
        except DTypeError as error:
            raise DTypeError(f"{self._name}: argument {path}: {error}") from None
        return (dtype, array.ndim), array.shape, array

    # Traces.

    def _find(self, call: _Call) -> _Compiled:
        with self._lock:
            family = self._families.setdefault(call.key, _Family())
            known = family.exact.get(call.shapes)
            if known is not None:
                return known
            for compiled in family.general:
                if compiled.matches(call.shapes):
                    return compiled
            patterns = _general_patterns(call, family, self._shapes)
            try:
                compiled = self._trace(call, patterns)
            except Exception:
                if not any(isinstance(p, ArrayPattern) and None in p.shape for p in patterns):
                    raise
                return self._exact(
                    call
                )  # the function may need the sizes; if not, this fails in the same way
            family.general.append(compiled)
            return compiled

    def _exact(self, call: _Call) -> _Compiled:
        """A function for just these sizes."""
        with self._lock:
            family = self._families[call.key]
            known = family.exact.get(call.shapes)
            if known is None:
                patterns = [_pattern(kind, shape) for kind, shape in _array_kinds(call)]
                known = family.exact[call.shapes] = self._trace(call, patterns)
                if len(family.exact) == _MANY_STATIC:
                    warnings.warn(
                        f"{self._name} was traced for {_MANY_STATIC} different sizes, since it depends "
                        "on them; each costs a compilation",
                        stacklevel=4,
                    )
            return known

    def _trace(self, call: _Call, patterns: Sequence[Pattern]) -> _Compiled:
        leaves = list(call.leaves)

        def run(stand_ins: Sequence[Any]) -> Any:
            for position, stand_in in zip(call.positions, stand_ins, strict=True):
                leaves[position] = stand_in
            arguments = {**tree.unflatten(call.structure, leaves), **call.fixed}
            ordered = {name: arguments[name] for name in call.bound.arguments}
            bound = inspect.BoundArguments(self._signature, OrderedDict(ordered))
            self.traces += 1
            return self._function(*bound.args, **bound.kwargs)

        compiled = _Compiled(trace(run, patterns, call.names), call.names, self._name)
        self._compiled.append(compiled)
        return compiled

    # What the function can tell of itself.

    def c_source(self) -> str:
        """The C of all traces so far.

        Raises:
            RuntimeError: the function has not been called.
        """
        return "\n".join(compiled.function.c_source() for compiled in self._called())

    def graph(self, path: str | PathLike[str] | None = None, *, optimized: bool = True) -> Graph:
        """The graph of the latest trace, after the compiler's rewriting unless optimized=False.

        path: where to draw it: see the method of compiled functions.

        Raises:
            RuntimeError: the function has not been called.
        """
        graph: Graph = self._called()[-1].function.graph(path, optimized=optimized)
        return graph

    def profile(self) -> Profile:
        """What calls of the latest trace took; with `config.profile` set before the first call.

        Raises:
            RuntimeError: the function has not been called. TypeError: it is not profiled.
        """
        profile: Profile = self._called()[-1].function.profile()
        return profile

    def _called(self) -> list[_Compiled]:
        if not self._compiled:
            raise RuntimeError(f"{self._name} has not been called yet, so there is no trace")
        return self._compiled


class JittedMethod:
    """A jitted function bound to an object, which it keeps alive."""

    __slots__ = ("__self__", "jitted")

    def __init__(self, instance: Any, jitted: JittedFunction) -> None:
        self.__self__ = instance
        self.jitted = jitted

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.jitted(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.jitted, name)


def _array_kinds(call: _Call) -> list[tuple[Any, tuple[int, ...]]]:
    kinds = [kind for kind in call.key[1] if not isinstance(kind, Variable)]
    return list(zip(kinds, call.shapes, strict=True))


def _pattern(kind: Any, shape: tuple[int, ...]) -> Pattern:
    return kind if isinstance(kind, NumberPattern) else ArrayPattern(kind[0], shape)


def _computed(compiled: _Compiled, call: _Call) -> Any:
    return compiled.function(*call.arrays)


def _recorded(compiled: _Compiled, call: _Call) -> Any:
    leaves = [call.leaves[position] for position in call.positions]
    operands = [
        base.cast(leaf, value.type.dtype)
        for leaf, value in zip(leaves, compiled.traced.graph.inputs, strict=True)
    ]
    return compiled.recorded(operands)


def _general_patterns(
    call: _Call, family: _Family, known: Mapping[str, Sequence[int | None]]
) -> list[Pattern]:
    """Any size of the first axes, of those said to be unknown, and of others that have already differed."""
    if family.general:
        latest = family.general[-1].traced.patterns
        return [pattern.merged(shape) for pattern, shape in zip(latest, call.shapes, strict=True)]
    patterns: list[Pattern] = []
    for name, (kind, shape) in zip(call.names, _array_kinds(call), strict=True):
        pattern = _pattern(kind, shape)
        if isinstance(pattern, ArrayPattern) and shape:
            pattern = ArrayPattern(pattern.dtype, (None, *shape[1:]))
            said = known.get(name, ())
            if len(said) == len(shape):
                sizes = (
                    size if told is not None else None for size, told in zip(pattern.shape, said, strict=True)
                )
                pattern = ArrayPattern(pattern.dtype, tuple(sizes))
        patterns.append(pattern)
    return patterns


def _paths(structure: tree.Structure, path: str = "") -> list[str]:
    """Where each leaf is, such as weights[0] or batch['x']."""
    if structure.is_leaf:
        return [path]
    found: list[str] = []
    for position, child in enumerate(structure.children):
        if not path:
            step = str(structure.keys[position])
        elif structure.keys:
            step = f"{path}[{structure.keys[position]!r}]"
        else:
            step = f"{path}[{position}]"
        found += _paths(child, step)
    return found


@overload
def jit(
    fn: Callable[..., Any],
    *,
    static_argnames: str | Sequence[str] = (),
    name: str | None = None,
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> JittedFunction: ...
@overload
def jit(
    fn: None = None,
    *,
    static_argnames: str | Sequence[str] = (),
    name: str | None = None,
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> Callable[[Callable[..., Any]], JittedFunction]: ...
def jit(
    fn: Callable[..., Any] | None = None,
    *,
    static_argnames: str | Sequence[str] = (),
    name: str | None = None,
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> Any:
    """Compiles an eager function; `@jit`, `@jit(static_argnames=...)` or `jit(fn)`.

    The first call runs `fn` on stand-ins for its arguments and compiles what it computes. Later calls run
    the compiled code, whatever the size of the first axes of the arrays; other dtypes, ranks, structures,
    and values of the arguments in `static_argnames` are traced anew. Python numbers are arguments like
    arrays and, as in eager code, do not widen dtypes. Variables that `fn` reads or assigns are read and
    updated in place. Arguments may be nested lists, tuples, dicts and dataclasses.

    shapes: for arguments by name ("x", "batch['x']"), sizes that will differ between calls as None, so that
    the first compilation serves them all; without it, such an axis (but the first) costs a second one.
    """
    if fn is None:
        return functools.partial(JittedFunction, static_argnames=static_argnames, name=name, shapes=shapes)
    return JittedFunction(fn, static_argnames, name, shapes)

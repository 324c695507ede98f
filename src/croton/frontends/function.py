"""`function`: symbolic inputs and outputs in, a compiled callable out."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from croton.frontends.composite import any_composite
from croton.frontends.config import config
from croton.frontends.function_view import Maker, copied, rebuilt, shared_variables
from croton.frontends.inputs import In
from croton.frontends.modes import Way, get_mode
from croton.frontends.replacing import replaced
from croton.frontends.variables import SharedVariable, TensorVariable
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Guard
from croton.graph.errors import DTypeError, MissingInputError, ShapeError, UnusedInputError
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.graph.values import Constant, EagerValue, Equation, NDArray, TensorType, Value, user_location
from croton.ops import base
from croton.ops.shape import Reshape
from croton.runtime import Function

if TYPE_CHECKING:
    from croton.compiler.compile import Executable, Lowered
    from croton.compiler.profile import Profile


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: bool | Sequence[SharedVariable] = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: bool | None = None,
    on_unused_input: str | None = None,
) -> Function:
    """A callable that computes `outputs` from `inputs` and then gives shared variables their updates.

    inputs: variables or `In`. outputs: a variable (or `Out`), a list, a tuple, a dict of them, or None.
    mode: "compile"; "interpret": NumPy, operation by operation; "debug": compiled, and every step compared
        with NumPy; "nan-guard" or a `NanGuardMode`: compiled, and the first step that makes NaN or infinity
        raises (the last two are slow); a `Mode`, or Theano's name for one.
    updates: pairs or a dict of shared variable -> expression of its new value.
    givens: pairs or a dict of variable -> expression that replaces it.
    on_unused_input: "raise", "warn" or "ignore".
    allow_input_downcast: whether arguments may lose precision: True, False, or None: Python floats only.
        For scalars, Python's numbers are taken in the dtype of the input in any case.
    profile: whether the function notes what its steps take, shown by `f.profile()`; None: as `config` says.
    no_default_updates: shared variables that keep their value though they have a `default_update`, as the
        states of random streams do: a list, or True for all.
    accept_inplace and rebuild_strict are accepted for Theano's sake.

    Raises:
        MissingInputError: an output needs a variable that is not an input.
        UnusedInputError: no output needs an input.
        TypeError, ShapeError, DTypeError: an update does not fit its shared variable.
    """
    if any_composite(inputs, outputs, updates, givens):
        composite = _composite_function(
            inputs,
            outputs,
            updates,
            givens,
            on_unused_input,
            allow_input_downcast=allow_input_downcast,
            name=name,
            mode=mode,
            profile=profile,
            no_default_updates=no_default_updates,
        )
        return cast(Function, composite)  # called as one is
    chosen = get_mode(mode)
    described, states, steps = _separate_states(_listed(inputs, "inputs"))
    flat, rebuild = _flatten_outputs(outputs)
    pairs = _pairs(updates, "updates") + steps
    roots = [*flat, *(expression for _, expression in pairs)]
    replacements = _pairs(givens, "givens") + states
    roots = replaced(roots, replacements, "function: givens") if replacements else roots
    flat, new_values = roots[: len(flat)], roots[len(flat) :]
    shareds = [shared for shared, _ in pairs]
    changes = dict(zip(shareds, _check_updates(shareds, new_values), strict=True))
    variables = [entry.variable for entry in described]
    _add_default_updates(changes, variables, flat, replacements, no_default_updates)
    updated = list(changes.values())
    graph = _assemble(variables, [*flat, *updated], list(changes))
    _check_unused(graph, variables, on_unused_input or config.on_unused_input)
    builder = FunctionBuilder(graph, described, list(changes), len(flat), rebuild)
    builder.downcast = allow_input_downcast
    builder.name = name or "function"
    builder.disabled = (*config.disabled_passes, *chosen.disabled)
    builder.profile = config.profile if profile is None else profile
    return builder.build(chosen.name)


def _separate_states(entries: list[Any]) -> tuple[list[In], list[tuple[Any, Any]], list[tuple[Any, Any]]]:
    """The inputs that are passed; and for those that have updates, which are states of the function, shared
    variables in their place and the updates of these."""
    described = [entry if isinstance(entry, In) else In(entry) for entry in entries]
    _check_inputs([entry.variable for entry in described])
    states: list[tuple[Any, Any]] = []
    steps: list[tuple[Any, Any]] = []
    for entry in described:
        if entry.update is not None:
            type, shown = entry.variable.type, f"function: the value of {entry.variable!r}"
            start = as_argument(entry.value, type, shown, True)
            shared = SharedVariable(start, entry.name, (None,) * type.rank)
            states.append((entry.variable, shared))
            steps.append((shared, entry.update))
    return [entry for entry in described if entry.update is None], states, steps


def _composite_function(*arguments: Any, **options: Any) -> Any:
    """The same for sparse matrices; they are imported where they are used."""
    from croton.frontends.sparse.function import sparse_function

    return sparse_function(*arguments, **options)


def _listed(entries: Any, what: str) -> list[Any]:
    if not isinstance(entries, (list, tuple)):
        raise TypeError(f"function: {what} must be a list, got {type(entries).__name__}")
    return list(entries)


def _flatten_outputs(outputs: Any) -> tuple[list[Value], Any]:
    """Outputs as a list, and what makes a call's result of the list of arrays."""
    if outputs is None:
        return [], "none"
    if isinstance(outputs, dict):
        keys = list(outputs)
        return [_output(outputs[key]) for key in keys], _Keyed(keys)
    if isinstance(outputs, (list, tuple)):
        return [_output(entry) for entry in outputs], "list"
    return [_output(outputs)], "single"


class _Keyed:
    """Makes a dict of the list of outputs."""

    def __init__(self, keys: list[Any]) -> None:
        self.keys = keys

    def __call__(self, arrays: Sequence[NDArray]) -> dict[Any, NDArray]:
        return dict(zip(self.keys, arrays, strict=True))


def _output(entry: Any) -> Value:
    variable = getattr(entry, "variable", entry)
    return base.symbolic(base.as_array(variable))


def _pairs(entries: Any, what: str) -> list[tuple[Any, Any]]:
    listed = list(entries.items()) if isinstance(entries, Mapping) else list(entries or ())
    pairs = []
    for entry in listed:
        if not isinstance(entry, (list, tuple)) or len(entry) != 2:
            raise TypeError(f"function: {what} must be pairs (variable, expression), got {entry!r}")
        pairs.append((entry[0], entry[1]))
    seen: set[int] = set()
    for variable, _ in pairs:
        if id(variable) in seen:
            raise ValueError(f"function: {what} name {variable!r} twice")
        seen.add(id(variable))
    return pairs


def _add_default_updates(
    changes: dict[Any, Value],
    variables: Sequence[Value],
    outputs: Sequence[Value],
    givens: list[tuple[Any, Any]],
    excluded: bool | Sequence[SharedVariable],
) -> None:
    """Adds the default updates of all shared variables that outputs or updates read to the changes."""
    if not isinstance(excluded, (bool, list, tuple, set)):
        raise TypeError(f"function: no_default_updates must be a bool or a list, got {excluded!r}")
    if excluded is True:
        return
    kept = set(excluded or ())
    while True:
        reached = Graph.of(variables, [*outputs, *changes.values()]).free_values()
        found = {
            value: value.default_update
            for value in reached
            if isinstance(value, SharedVariable)
            and value.default_update is not None
            and value not in changes
            and value not in kept
        }
        if not found:
            return
        new_values = _check_updates(list(found), replaced(list(found.values()), givens, "function: givens"))
        changes.update(zip(found, new_values, strict=True))


def _check_updates(shareds: Sequence[Any], values: Sequence[Value]) -> list[Value]:
    checked = []
    for shared, value in zip(shareds, values, strict=True):
        if not isinstance(shared, SharedVariable):
            raise TypeError(f"function: updates change shared variables, got {shared!r}")
        expected = shared.type
        if value.type.rank != expected.rank:
            raise ShapeError(
                f"function: the update of {shared!r} has {value.type.rank} axes, expected {expected.rank}"
            )
        for axis, (size, wanted) in enumerate(zip(value.type.shape, expected.shape, strict=True)):
            if isinstance(size, int) and isinstance(wanted, int) and size != wanted:
                raise ShapeError(
                    f"function: the update of {shared!r} has size {size} on axis {axis}, expected {wanted}"
                )
        if value.type.dtype != expected.dtype:
            if not np.can_cast(value.type.dtype, expected.dtype, "safe"):
                raise DTypeError(
                    f"function: the update of {shared!r} is {value.type.dtype.name}, "
                    f'expected {expected.dtype.name}; cast it with .astype("{expected.dtype.name}")'
                )
            value = base.symbolic(base.cast(value, expected.dtype))
        checked.append(_of_size(value, shared))
    return checked


def _of_size(value: Value, shared: SharedVariable) -> Value:
    """The new value, checked when called where its sizes are not known to be those the variable keeps."""
    shape = tuple(
        wanted if isinstance(wanted, int) else size
        for size, wanted in zip(value.type.shape, shared.type.shape, strict=True)
    )
    guards = [
        Guard(size, wanted, f"the update of {shared!r} changes the size of axis {axis}")
        for axis, (size, wanted) in enumerate(zip(value.type.shape, shape, strict=True))
        if size != wanted
    ]
    if not guards:
        return value
    kept = TensorType(value.type.dtype, shape)
    return Equation(Reshape(shape), [value], [kept], guards, user_location()).outputs[0]


def _check_inputs(variables: Sequence[Any]) -> None:
    for position, variable in enumerate(variables):
        if not isinstance(variable, Value):
            raise TypeError(f"function: input {position} must be a variable, got {type(variable).__name__}")
        if isinstance(variable, (Constant, SharedVariable)):
            raise TypeError(
                f"function: input {position} is {variable!r}, which has a value of its own; use givens"
            )
        if any(variable is other for other in variables[:position]):
            raise ValueError(f"function: input {variable!r} is given twice")


def _assemble(variables: Sequence[Value], outputs: Sequence[Value], updated: Sequence[Value]) -> Graph:
    """The graph whose inputs are the arguments and then every shared variable it reads or updates."""
    reached = Graph.of(variables, outputs)
    free = reached.free_values()
    missing = [value for value in free if not isinstance(value, SharedVariable)]
    if missing:
        names = ", ".join(repr(value) for value in missing)
        raise MissingInputError(
            f"function: the outputs need {names}, which is not among the inputs; add it, or use givens"
        )
    shareds = dict.fromkeys([*(value for value in free if isinstance(value, SharedVariable)), *updated])
    return Graph.of([*variables, *shareds], outputs)


@cache
def _warn_of_no_compiler() -> None:
    """Says once that functions will be slow."""
    warnings.warn(
        "no C compiler was found, so functions are interpreted by NumPy, which is slower; "
        "install gcc or clang, or name one in CROTON_CC; `croton doctor` tells what was tried",
        RuntimeWarning,
        stacklevel=5,
    )


def _check_unused(graph: Graph, variables: Sequence[Value], policy: str) -> None:
    if policy not in ("raise", "warn", "ignore"):
        raise ValueError(f'on_unused_input must be "raise", "warn" or "ignore", got {policy!r}')
    if policy == "ignore":
        return
    sizes = {symbol for dim in graph.free_dims() for symbol in dims.symbols(dim)}
    outputs = set(graph.outputs)
    needed = {s for e in graph.equations for d in e.op.parameter_dims() for s in dims.symbols(d)} & sizes
    for variable in variables:
        if graph.consumers.get(variable) or variable in outputs:
            continue
        if any(symbol in needed for dim in variable.type.shape for symbol in dims.symbols(dim)):
            continue
        message = f"function: input {variable!r} is not used by any output"
        message += '; pass on_unused_input="ignore" to allow it'
        if policy == "raise":
            raise UnusedInputError(message)
        warnings.warn(message, stacklevel=4)


class FunctionDetails:
    """What a compiled function can tell of itself; its methods are methods of the function."""

    def __init__(
        self, name: str, graph: Graph, executable: Executable | None, profile: Profile | None = None
    ) -> None:
        self._name = name
        self._graph = graph
        self._executable = executable
        self._profile = profile

    def remember(self, builder: FunctionBuilder, mode: Way) -> None:
        """Keeps what the function was made from."""
        self._builder, self._mode = builder, mode

    def reduce_function(self) -> tuple[Any, ...]:
        """A pickled function is what it was made from; loading it finds the compiled code in the cache."""
        return rebuilt, (self._builder, self._mode)

    def deepcopy_function(self, memo: dict[int, Any]) -> Function:
        """A function of deep copies of the shared variables."""
        return rebuilt(copy.deepcopy(self._builder, memo), self._mode)

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[Any, Any] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: bool = False,
    ) -> Function:
        """The function with some shared variables swapped for others of their type, or without its updates.

        share_memory and profile are accepted for Theano's sake.

        Raises:
            TypeError: something other than a shared variable of this function is swapped.
        """
        return copied(self._builder, self._mode, swap, delete_updates, name)

    @property
    def maker(self) -> Maker:
        """How the function was made, and the graph it runs, as Theano shows them."""
        return Maker(self._builder, self._mode, self.graph())

    @property
    def name(self) -> str:
        return self._builder.name

    def get_shared(self) -> list[SharedVariable]:
        """The shared variables that the function reads or updates."""
        return shared_variables(self._builder)

    def c_source(self) -> str:
        """The C that the function is, all translation units one after the other."""
        if self._executable is None:
            return "/* interpreted by NumPy: there is no C */\n"
        return "\n".join(self._executable.lowered.code.units)

    def graph(self, path: str | PathLike[str] | None = None, *, optimized: bool = True) -> Graph:
        """The graph, after the compiler's rewriting unless optimized=False.

        path: where to draw it: "name.html" is a page for browsers that shows the graph after every pass and,
            of each box, its line, its C and the time of its step in a profiled function; "name.svg" and
            "name.dot" hold the compiled program, or with optimized=False the graph as it was written.

        Raises:
            ValueError: the path has another ending.
        """
        if path is not None:
            from croton.frontends.drawing import draw

            draw(path, self._name, self._graph, self._executable, self._profile, optimized)
        return self._executable.lowered.graph if optimized and self._executable is not None else self._graph

    def lowered(self, self_contained: bool = False) -> Lowered:
        """The function as C text with what belongs to it: for tools that build the C in their own way.

        self_contained: the text includes the matrix kernels that are otherwise found in the package.
        """
        if self._executable is None:
            raise TypeError("an interpreted function has no C")
        if self_contained:
            return replace(self._executable.request, self_contained=True, profile=False).lowered
        return self._executable.lowered

    def profile(self) -> Profile:
        """What the calls so far took, step by step; print it, or ask for its `table()`, `trace(path)`.

        Raises:
            TypeError: the function was made without profile=True, or is interpreted.
        """
        if self._profile is None:
            raise TypeError("profile: only functions compiled with profile=True note what their steps take")
        return self._profile

    def export(self, directory: str | PathLike[str], name: str | None = None) -> list[Path]:
        """Writes the function as C that builds without Python: header, library, example program, Makefile.

        Values of shared variables and large constants go along. name: of the C function; else that of this
        function. Returns the files.

        Raises:
            TypeError: the function is interpreted, or calls Python back.
        """
        if self._executable is None:
            raise TypeError("export: an interpreted function has no C")
        from croton.frontends.exporting import export

        request = self._executable.request
        return export(directory, name or self._name, self._graph, self.lowered(True), request.state)

    def memory_plan(self) -> list[Dim]:
        """Bytes of each slot of the arena, in terms of input sizes where these are symbolic."""
        return [] if self._executable is None else list(self._executable.lowered.code.slots)


def _new_profile(name: str, executable: Executable) -> Profile:
    from croton.compiler.profile import Profile

    return Profile(name, executable)


def _failure(executable: Executable, name: str, *details: Any) -> BaseException:
    """The exception for what the compiled code reports."""
    from croton.compiler.errors import failure

    return failure(executable, name, *details)


class FunctionBuilder:
    """Turns a graph whose inputs are arguments and shared variables into a callable."""

    def __init__(
        self,
        graph: Graph,
        described: Sequence[In],
        updated: Sequence[SharedVariable],
        returned: int,
        rebuild: Any,
    ) -> None:
        self.graph = graph
        self.described = described
        self.updated = updated
        self.returned = returned
        self.rebuild = rebuild
        self.downcast: bool | None = None
        self.name = "function"
        self.disabled: tuple[str, ...] = ()
        self.profile = False

    def build(self, mode: Way) -> Function:
        """The function, which remembers what it was made from."""
        made = self._built(mode)
        made.details.remember(self, mode)
        return made

    def _built(self, mode: Way) -> Function:
        if mode != "interpret":
            from croton.toolchain.compilers import find_compiler  # late: the compiler is half of the package

            if find_compiler() is None:
                _warn_of_no_compiler()
                mode = "interpret"
        if mode == "compile":
            return self._compiled()
        return self._interpreted() if mode == "interpret" else self._checked(mode)

    def _compiled(self) -> Function:
        from croton.compiler.compile import compile_graph

        state = [
            (self.graph.inputs.index(shared), self.returned + position)
            for position, shared in enumerate(self.updated)
        ]
        executable = compile_graph(self.graph, self.disabled, state, self.profile)
        profile = _new_profile(self.name, executable) if self.profile else None
        inputs = [*self._inputs(), *(("constant", array) for array in executable.record.constants)]
        return Function(
            name=self.name,
            inputs=inputs,
            outputs=self._outputs(executable.record.in_place),
            prepare=executable.prepare,
            run=executable.run,
            owner=executable.library,
            dims=executable.record.sizes,
            returns=self.rebuild,
            defaults=self._defaults(),
            callbacks=executable.callbacks,
            dtypes=list(dtypes.KNOWN),
            coerce=self._coerce,
            fail=partial(_failure, executable, self.name),
            routines=executable.record.routines,
            details=FunctionDetails(self.name, self.graph, executable, profile),
            record=None if profile is None else profile.record,
            steps=executable.record.steps,
        )

    def _interpreted(self) -> Function:
        def evaluate(arrays: list[NDArray]) -> list[NDArray]:
            outputs = interpret(self.graph, arrays)
            return [np.ascontiguousarray(array).reshape(array.shape) for array in outputs]

        return self._evaluated(evaluate)

    def _checked(self, mode: Way) -> Function:
        """A function that is compiled step by step and looked at."""
        from croton.frontends.checking import checker

        return self._evaluated(checker(mode, self.graph, self.name, self.updated))

    def _evaluated(self, evaluate: Callable[[list[NDArray]], list[NDArray]]) -> Function:
        """A function whose outputs a Python callable computes from its inputs."""
        return Function(
            name=self.name,
            inputs=self._inputs(),
            outputs=self._outputs(),
            returns=self.rebuild,
            defaults=self._defaults(),
            coerce=self._coerce,
            interpret=evaluate,
            details=FunctionDetails(self.name, self.graph, None),
        )

    def _inputs(self) -> list[tuple[Any, ...]]:
        names = [entry.name for entry in self.described]
        arguments = [
            (
                "argument",
                name if names.count(name) == 1 else None,
                entry.variable.type.dtype,
                entry.variable.type.rank,
            )
            for name, entry in zip(names, self.described, strict=True)
        ]
        cells = [("cell", cast(SharedVariable, value).cell) for value in self.graph.inputs[len(arguments) :]]
        return [*arguments, *cells]

    def _outputs(self, in_place: Collection[int] = ()) -> list[tuple[Any, ...]]:
        described: list[tuple[Any, ...]] = []
        for output in self.graph.outputs[: self.returned]:
            kind = "unknown" if dims.runtime_symbols(output.type.shape) else "fresh"
            described.append((kind, output.type.dtype, output.type.rank))
        updates = zip(self.updated, self.graph.outputs[self.returned :], strict=True)
        for position, (shared, output) in enumerate(updates, self.returned):
            unknown = dims.runtime_symbols(output.type.shape)
            kind = "in_place" if position in in_place else "replace_unknown" if unknown else "replace"
            described.append((kind, shared.cell))
        return described

    def _defaults(self) -> dict[str, object] | None:
        found: dict[str, object] = {}
        for entry in self.described:
            if entry.value is not None:
                if entry.name is None:
                    raise ValueError("function: an input with a default value needs a name")
                found[entry.name] = as_argument(entry.value, entry.variable.type, entry.name, True)
        return found or None

    def _coerce(self, position: int, value: object) -> NDArray:
        entry = self.described[position]
        allowed = self.downcast if entry.allow_downcast is None else entry.allow_downcast
        shown = f"{self.name}: argument {entry.name!r}" if entry.name else f"{self.name}: argument {position}"
        if entry.strict and getattr(value, "dtype", None) != entry.variable.type.dtype:
            raise DTypeError(f"{shown} is strict: expected an array of {entry.variable.type.dtype.name}")
        return as_argument(value, entry.variable.type, shown, allowed)


def as_argument(value: object, type: TensorType, shown: str, downcast: bool | None) -> NDArray:
    """The array that an argument is, in the dtype and rank that a variable of this type takes.

    Raises:
        TypeError: not an array. DTypeError: a conversion would lose precision. ShapeError: wrong rank.
    """
    if isinstance(value, TensorVariable) and not isinstance(value, Constant):
        raise TypeError(f"{shown}: expected an array, got the symbolic {value!r}")
    array = _to_array(value, shown)
    if array.ndim != type.rank:
        raise ShapeError(f"{shown}: expected {type.rank} axes ({type}), got shape {array.shape}")
    if array.dtype != type.dtype:
        python_number = isinstance(value, (bool, int, float)) and dtypes.is_inexact(type.dtype)
        small = isinstance(value, int) and dtypes.is_integer(type.dtype) and _fits(value, type)
        safe = (np.can_cast(array.dtype, type.dtype, "safe") and not dtypes.is_complex(array.dtype)) or small
        if not (downcast or safe or (python_number and downcast is None) or _is_exact(value, array, type)):
            raise DTypeError(
                f"{shown}: expected {type.dtype.name}, got {array.dtype.name}; convert it, "
                "or make the function with allow_input_downcast=True"
            )
        array = array.astype(type.dtype)
    return np.require(array, requirements=["C", "A"]).reshape(array.shape)


def _is_exact(value: object, array: NDArray, type: TensorType) -> bool:
    """Whether the numbers of a Python list are also numbers of this dtype; arrays keep to their dtype."""
    if not isinstance(value, (list, tuple)) or not np.can_cast(array.dtype, type.dtype, "same_kind"):
        return False
    with np.errstate(all="ignore"):
        return np.array_equal(array.astype(type.dtype), array, equal_nan=dtypes.is_inexact(type.dtype))


def _fits(value: int, type: TensorType) -> bool:
    limits = np.iinfo(type.dtype)
    return bool(limits.min <= value <= limits.max)


def _to_array(value: object, shown: str) -> NDArray:
    if isinstance(value, (EagerValue, Constant)):
        return value.data
    try:
        array = np.asarray(value)
        dtypes.as_dtype(array.dtype)
    except (DTypeError, TypeError, ValueError) as error:
        raise TypeError(f"{shown}: expected an array, got {type(value).__name__} ({error})") from None
    return array

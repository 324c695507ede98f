"""`scan`: a loop over sequences with everything that Theano's has; `map`, `reduce`, `foldl` and `foldr`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.frontends.captures import capturing
from croton.frontends.scan_arguments import (
    OutputArgument,
    SequenceArgument,
    StepResults,
    listed,
    output_argument,
    sequence_argument,
    step_results,
    until,
)
from croton.frontends.step_keys import step_keys
from croton.frontends.updates import OrderedUpdates
from croton.frontends.variables import SharedVariable
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import BOOL
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph, copy_graph
from croton.graph.values import TensorType, Value, constant
from croton.ops import base
from croton.ops.arithmetic import add
from croton.ops.base import Array, apply
from croton.ops.comparison import not_equal
from croton.ops.control import Scan, close_over
from croton.ops.dimension import dim_of
from croton.ops.indexing import getitem
from croton.ops.rows import rows
from croton.ops.scan_until import ScanUntil
from croton.ops.slicing import smaller
from croton.ops.test_values import pass_on

__all__ = ["foldl", "foldr", "map", "reduce", "scan", "until"]


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: object = None,
    name: str | None = None,
    profile: object = False,
    allow_gc: object = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, OrderedUpdates]:
    """Calls `fn` once to learn what a step computes; the loop itself runs as compiled code.

    fn: takes the elements of each sequence (one per tap), the earlier values of each output that feeds back
        (one per tap), then the non-sequences; returns outputs, updates of shared variables, and
        `until(condition)`, each of which may be left out.
    sequences: arrays whose first axis is run over, or dict(input=array, taps=[0]); tap -1 is the element
        before the present one. The shortest decides how many steps there are, unless n_steps does.
    outputs_info: for each output None, what it starts with, or dict(initial=array, taps=[-1]). With other
        taps than -1, `initial` holds the values before the first step along its first axis, oldest first.
    n_steps: an int or an integer scalar; a negative int runs backwards.
    truncate_gradient: derivatives go back through so many of the last steps only; -1 for all.
    go_backwards: whether sequences are run over from their end; outputs are in the order of the steps.
    strict: whether every shared variable that `fn` reads must be among the arguments.
    return_list: whether a single output comes as a list, too.
    name: of the outputs. `mode`, `profile` and `allow_gc` are taken for Theano's sake.

    Random numbers that `fn` draws without a key are other ones in every step.

    Returns:
        Outputs with a first axis of one entry per step (an array, a list, or None if there are none), and
        updates of shared variables for `function(updates=...)`.

    Raises:
        TypeError, ValueError: an argument is not of these kinds, or fn returns something else.
        ShapeError, DTypeError: an output that feeds back changes its shape or dtype; a sequence is shorter
            than its taps or n_steps ask for (when called, where sizes are only known then).
    """
    if not callable(fn):
        raise TypeError(f"scan: fn must be a function, got {type(fn).__name__}")
    if isinstance(truncate_gradient, bool) or not isinstance(truncate_gradient, (int, np.integer)):
        raise TypeError(f"scan: truncate_gradient must be an int, got {truncate_gradient!r}")
    given = [sequence_argument(entry, position) for position, entry in enumerate(listed(sequences))]
    fed = [output_argument(entry, position) for position, entry in enumerate(listed(outputs_info))]
    length, backwards = _steps(n_steps, given, bool(go_backwards))
    loop = _Loop(fn, given, fed, [base.as_array(entry) for entry in listed(non_sequences)])
    loop.build(strict)
    outputs, updates = loop.run(length, backwards, int(truncate_gradient))
    for output in outputs:
        if name is not None and isinstance(output, Value):
            output.name = name
    if return_list or len(outputs) > 1:
        return outputs, updates
    return (outputs[0] if outputs else None), updates


def _steps(n_steps: Any, sequences: Sequence[SequenceArgument], backwards: bool) -> tuple[Dim, bool]:
    """How many steps there are at most, and whether they go backwards."""
    if n_steps is None:
        if not sequences:
            raise ValueError("scan: give sequences or n_steps, which say how many steps there are")
        length = sequences[0].steps()
        for sequence in sequences[1:]:
            length = smaller(length, sequence.steps())
        return length, backwards
    try:
        length = dim_of(n_steps)
    except TypeError:
        raise TypeError(f"scan: n_steps must be an integer scalar, got {n_steps!r}") from None
    if isinstance(length, int) and length < 0:
        return -length, not backwards
    return length, backwards


class _Loop:
    """A scan as it takes form: placeholders, what the step returned, shared variables as state."""

    def __init__(
        self,
        fn: Callable[..., Any],
        sequences: Sequence[SequenceArgument],
        fed: list[OutputArgument],
        others: list[Array],
    ) -> None:
        self.fn = fn
        self.sequences = sequences
        self.fed = fed
        self.others = others

    def build(self, strict: bool) -> None:
        """Calls the step, and makes the closed body of the loop of what it returned."""
        elements = self._placeholders()
        with capturing() as captures, step_keys() as keys:
            seen = [state for output in self.fed for state in output.seen()]
            results = step_results(self.fn(*elements, *seen, *self.others))
            self._match(results)
            outputs = [base.symbolic(output) for output in results.outputs]
            self._find_updates(results, outputs, strict)
            made = [*self._new_states(outputs), *self._new_shared()]
            shared = [_placeholder(variable, variable.name) for variable in self.updated]
            inside = [*(state for output in self.fed for state in output.states), *shared]
            self.counted = keys.used
            if self.counted:
                inside.append(keys.count)
                made.append(base.symbolic(add(keys.count, 1)))
            condition = [] if results.condition is None else [_truth(results.condition)]
            as_state: dict[Value, Value] = dict(zip(self.updated, shared, strict=True))
            renewed = copy_graph(Graph.of((), [*made, *outputs, *condition]), as_state).outputs
            self.body, captured = close_over([*inside, *elements], renewed)
        _check_sizes(self.body, len(inside), len(outputs))
        self.captured = captures.operands(captured)
        self.states, self.returned = len(inside), len(outputs)
        self.stops = bool(condition)

    def _placeholders(self) -> list[Value]:
        """What stands for the elements of the sequences inside; outputs are given their states."""
        self.starts = [output.starts() for output in self.fed]
        for output, starts in zip(self.fed, self.starts, strict=True):
            output.states = [_placeholder(start, output.name(back)) for back, start in enumerate(starts)]
        return [
            _element(sequence.array, sequence.name(tap))
            for sequence in self.sequences
            for tap in sequence.taps
        ]

    def _match(self, results: StepResults) -> None:
        """Pairs outputs with outputs_info; without any, nothing feeds back."""
        if not self.fed:
            self.fed = [OutputArgument(f"scan: output {n}") for n in range(len(results.outputs))]
            self.starts = [[] for _ in self.fed]
        elif len(self.fed) != len(results.outputs):
            raise ValueError(
                f"scan: fn returned {len(results.outputs)} outputs, outputs_info describes {len(self.fed)}; "
                "give None for an output that does not feed back"
            )

    def _find_updates(self, results: StepResults, outputs: Sequence[Value], strict: bool) -> None:
        """Shared variables that the step changes, by its updates or by default updates of their own."""
        updates = OrderedUpdates(results.updates)
        condition = [] if results.condition is None else [base.symbolic(results.condition)]
        while True:
            roots = [*outputs, *condition, *(base.symbolic(base.as_array(new)) for new in updates.values())]
            free = [value for value in Graph.of((), roots).free_values() if isinstance(value, SharedVariable)]
            defaults = {shared: getattr(shared, "default_update", None) for shared in free}
            added = {s: new for s, new in defaults.items() if new is not None and s not in updates}
            if not added:
                break
            updates.update(added)
        if strict:
            named = {*self.others, *(sequence.array for sequence in self.sequences), *updates}
            for shared in free:
                if shared not in named:
                    raise ValueError(
                        f"scan: fn reads the shared variable {shared!r}, which strict=True wants "
                        "among the non_sequences"
                    )
        self.updated = updates

    def _new_states(self, outputs: Sequence[Value]) -> list[Value]:
        """What the values that outputs feed back become in a step: each but the newest moves on by one."""
        made: list[Value] = []
        for output, value in zip(self.fed, outputs, strict=True):
            if output.states:
                made += [_kept(output.states[0].type, value, output.shown), *output.states[:-1]]
        return made

    def _new_shared(self) -> list[Value]:
        return [
            _kept(shared.type, base.symbolic(base.as_array(new)), f"scan: the update of {shared!r}")
            for shared, new in self.updated.items()
        ]

    def run(self, length: Dim, backwards: bool, truncate: int) -> tuple[list[Array], OrderedUpdates]:
        """The loop applied: outputs in the order of the steps, and updates."""
        initial = [start for starts in self.starts for start in starts]
        first, last = len(initial), len(initial) + len(self.updated)
        initial += [*self.updated, *([constant(np.asarray(0, np.int64))] if self.counted else [])]
        elements = [part for sequence in self.sequences for part in sequence.elements(length, backwards)]
        count = (len(initial), len(elements))
        operands = [*initial, *elements, *self.captured]
        if self.stops:
            taken = dims.symbol("steps", runtime=True)
            made = apply(ScanUntil(self.body, length, *count, taken, backwards, truncate), *operands)
        else:
            made = apply(Scan(self.body, length, *count, backwards, truncate), *operands)
        outputs = list(made[self.states : self.states + self.returned])
        if backwards and not self.stops:
            outputs = [rows(output, dims.subtract(length, 1), length, -1) for output in outputs]
        return outputs, OrderedUpdates(zip(self.updated, made[first:last], strict=True))


def _placeholder(array: Array, name: str | None) -> Value:
    made = Value.factory(TensorType(base.dtype_of(array), base.shape_of(array)), name=name)
    pass_on([array], [made])
    return made


def _element(array: Array, name: str | None) -> Value:
    """What stands for the elements of a sequence."""
    made = Value.factory(TensorType(base.dtype_of(array), base.shape_of(array)[1:]), name=name)
    pass_on([array], [made], elements=True)
    return made


def _truth(condition: Array) -> Value:
    if base.dtype_of(condition) != BOOL:
        condition = not_equal(condition, 0)
    return base.symbolic(condition)


def _kept(type: TensorType, value: Value, shown: str) -> Value:
    """The new value of a state, in the dtype that the state has.

    Raises:
        DTypeError, ShapeError: it would have to change.
    """
    if value.type.rank != type.rank:
        raise ShapeError(f"{shown} starts with {type.rank} axes ({type}), but a step makes {value.type}")
    for axis, (before, after) in enumerate(zip(type.shape, value.type.shape, strict=True)):
        if isinstance(before, int) and isinstance(after, int) and before != after:
            raise ShapeError(
                f"{shown} starts with size {before} on axis {axis}, but a step makes size {after}"
            )
    if value.type.dtype == type.dtype:
        return value
    if not np.can_cast(value.type.dtype, type.dtype, "safe") or dtypes.is_bool(value.type.dtype):
        raise DTypeError(
            f"{shown} starts as {type.dtype.name}, but a step makes {value.type.dtype.name}; "
            f'start with an array of that dtype, or let the step return .astype("{type.dtype.name}")'
        )
    return base.symbolic(base.cast(value, type.dtype))


def _check_sizes(body: Graph, states: int, returned: int) -> None:
    """Results of all steps are stacked, so their sizes must not be found anew in each step."""
    found = {symbol for equation in body.equations for symbol in equation.bound_symbols()}
    for position, output in enumerate(body.outputs[states : states + returned]):
        if found & dims.runtime_symbols(output.type.shape):
            raise ShapeError(
                f"scan: output {position} has shape {dims.format_shape(output.type.shape)}, which each step "
                "finds anew; outputs of all steps must have the same shape"
            )


def map(
    fn: Callable[..., Any],
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: object = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """fn of the elements of the sequences, stacked; see `scan`."""
    return scan(
        fn,
        sequences,
        None,
        non_sequences,
        truncate_gradient=truncate_gradient,
        go_backwards=go_backwards,
        mode=mode,
        name=name,
    )


def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    mode: object = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """The outputs of the last step of a `scan`; the others are not kept.

    Raises:
        IndexError: there is no step.
    """
    outputs, updates = scan(
        fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards, mode=mode, name=name
    )
    if isinstance(outputs, list):
        return [getitem(output, -1) for output in outputs], updates
    return (None if outputs is None else getitem(outputs, -1)), updates


def foldl(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: object = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """`reduce` from the first element to the last."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: object = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """`reduce` from the last element to the first."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)

"""Functions of mode "debug": each compiled step is compared with NumPy's evaluation of its equations.

The steps run compiled, with what each makes kept. Then NumPy computes every step again from the arrays that
the compiled step read, so the first difference is where it was made. Bodies of loops are compared step by
step where the whole loop differs. At last the function itself runs, in which memory is used again and state
is updated in place, and must agree with its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from croton.compiler.steps import SteppedGraph, StepValues
from croton.graph import dtypes
from croton.graph.errors import DebugError
from croton.graph.graph import Graph
from croton.graph.interpreter import Observer, interpret, observed_by
from croton.graph.reporting import place, summary
from croton.graph.values import NDArray, Value
from croton.loops.parts import step_name
from croton.loops.program import BindSize, Callback, Control, Step

# Differences allowed at once, relative to the largest result. Larger ones are looked at more closely.
_TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 3e-5, "complex64": 3e-5}
_EXACT_ENOUGH = 1e-10
_PERTURBATIONS = 3
_AMPLIFICATION = 100.0


class DebugChecker:
    """Computes a graph and checks all of it. `whole`: the function itself, from inputs to outputs."""

    def __init__(
        self,
        graph: Graph,
        name: str,
        disabled: Sequence[str] = (),
        whole: Callable[[list[NDArray]], list[NDArray]] | None = None,
    ) -> None:
        self.name = name
        self._stepped = SteppedGraph(graph, name, disabled, silent=True)
        self._disabled = disabled
        self._whole = whole

    def __call__(self, inputs: list[NDArray]) -> list[NDArray]:
        """The outputs.

        Raises:
            DebugError: compiled code and NumPy differ.
        """
        values = self._stepped.run(inputs)
        for step in self._stepped.program.steps:
            if isinstance(step, BindSize):
                self._bind(step, values)
            elif not isinstance(step, Callback):  # what is computed by NumPy anyway
                self._check(step, values)
        if self._whole is None:
            return values.outputs
        outputs = self._whole(inputs)
        self._check_whole(values, outputs)
        return outputs

    def _bind(self, step: BindSize, values: StepValues) -> None:
        (symbol,) = step.equation.bound_symbols()
        values.sizes[symbol] = int(values.of(step.equation.inputs[0]))

    def _check(self, step: Step, values: StepValues) -> None:
        graph, inputs, made = values.part(step)
        with observed_by(None):
            expected = interpret(graph, inputs, values.sizes)
        compared = zip(graph.outputs, made, expected, strict=True)
        for position, (output, found, right) in enumerate(compared):
            wrong = differing(found, right)
            if wrong.any():
                wrong &= ~_excused(graph, inputs, values, position, found, right)
            if not wrong.any():
                continue
            if isinstance(step, Control):
                self._check_bodies(graph, inputs, values)
            step_shown = step_name(step, values.program, values.sizes)
            title = f"{self.name}: compiled code and NumPy differ in {step_shown}"
            raise _error(title, output, graph, inputs, values, right, found, wrong)

    def _check_bodies(self, graph: Graph, inputs: list[NDArray], values: StepValues) -> None:
        """Checks each step of a loop, from the states that NumPy went through."""
        with observed_by(_BodyChecker(self.name, graph, self._disabled)):
            interpret(graph, inputs, values.sizes)

    def _check_whole(self, values: StepValues, outputs: list[NDArray]) -> None:
        graph = self._stepped.lowered.graph
        inputs = [values.of(value) for value in graph.inputs]
        for output, found, right in zip(graph.outputs, outputs, values.outputs, strict=True):
            wrong = differing(found, right)
            if wrong.any():
                title = f"{self.name}: the whole function and its steps, run one by one, differ"
                raise _error(title, output, graph, inputs, values, right, found, wrong)


class _BodyChecker(Observer):
    """Compares the bodies that an interpreted loop runs with the same bodies compiled."""

    def __init__(self, name: str, outermost: Graph, disabled: Sequence[str]) -> None:
        self._name = name
        self._outermost = outermost
        self._disabled = disabled
        self._checkers: dict[Graph, DebugChecker] = {}

    def graph(self, graph: Graph, inputs: Sequence[NDArray], outputs: Sequence[NDArray]) -> None:
        if graph is self._outermost:
            return
        checker = self._checkers.get(graph)
        if checker is None:
            name = f"body of a loop of {self._name}"
            checker = self._checkers[graph] = DebugChecker(graph, name, self._disabled)
        with observed_by(None):
            checker([np.ascontiguousarray(array).reshape(array.shape) for array in inputs])


def differing(found: NDArray, expected: NDArray) -> NDArray:
    """Where two arrays differ by more than rounding explains at first sight."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return np.ones(expected.shape or (1,), bool)
    if not dtypes.is_inexact(found.dtype):
        return np.asarray(found != expected)
    left, right = _wide(found), _wide(expected)
    with np.errstate(all="ignore"):
        finite = np.isfinite(left) & np.isfinite(right)
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        sizes = np.abs(right)
        largest = float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))
        limit = _TOLERANCE.get(expected.dtype.name, _EXACT_ENOUGH) * largest
        return np.asarray(~same & ~(finite & (np.abs(left - right) <= limit)))


def _wide(array: NDArray) -> NDArray:
    return array if dtypes.is_complex(array.dtype) else array.astype(np.float64)


def _excused(
    graph: Graph, inputs: list[NDArray], values: StepValues, position: int, found: NDArray, expected: NDArray
) -> NDArray:
    """Where the difference is no more than what tiny changes of the inputs make: ill-conditioned results."""
    if found.shape != expected.shape:
        return np.zeros(expected.shape or (1,), bool)
    random = np.random.default_rng(0)
    spread = np.zeros(expected.shape)
    flipped = np.zeros(expected.shape, bool)
    for _ in range(_PERTURBATIONS):
        with observed_by(None), np.errstate(all="ignore"):
            moved = interpret(graph, [_perturbed(array, random) for array in inputs], values.sizes)[position]
            if moved.shape != expected.shape:
                continue
            if dtypes.is_inexact(expected.dtype):
                change = np.abs(_wide(moved) - _wide(expected))
                spread = np.maximum(spread, np.where(np.isfinite(change), change, 0))
                flipped |= np.isfinite(moved) != np.isfinite(expected)
            else:
                flipped |= moved != expected
    if not dtypes.is_inexact(expected.dtype):
        return flipped
    with np.errstate(all="ignore"):
        return np.asarray(flipped | (np.abs(_wide(found) - _wide(expected)) <= _AMPLIFICATION * spread))


def _perturbed(array: NDArray, random: np.random.Generator) -> NDArray:
    """The array with its numbers changed by about the last bit."""
    if not dtypes.is_inexact(array.dtype):
        return array
    epsilon = {"float64": 2.0**-52, "complex128": 2.0**-52, "float16": 2.0**-10, "bfloat16": 2.0**-7}
    factor = 1 + epsilon.get(array.dtype.name, 2.0**-23) * random.standard_normal(array.shape)
    return np.asarray(_wide(array) * factor).astype(array.dtype)


def _error(
    title: str,
    output: Value,
    graph: Graph,
    inputs: list[NDArray],
    values: StepValues,
    expected: NDArray,
    found: NDArray,
    wrong: NDArray,
) -> DebugError:
    lines = [f"{title}{place(output.owner, values.sizes)}"]
    if found.shape == expected.shape:
        at = tuple(int(axis) for axis in np.argwhere(wrong)[0])
        first = f"at {at} NumPy has {expected[at]}, compiled code {found[at]}"
        lines.append(f"  {int(wrong.sum())} of {wrong.size} elements differ; {first}")
    lines += [f"  NumPy: {summary(expected)}", f"  compiled: {summary(found)}"]
    for number, (value, array) in enumerate(zip(graph.inputs, inputs, strict=True)):
        lines.append(f"  input {number}{f' ({value.name})' if value.name else ''}: {summary(array)}")
    return DebugError("\n".join(lines), output.owner, inputs, expected, found)

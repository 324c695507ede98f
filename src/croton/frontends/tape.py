"""GradientTape: records what happens to watched arrays and gives derivatives, with TensorFlow's semantics."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from croton.frontends import tree
from croton.frontends.derivation import Derivation, Record, is_differentiable
from croton.frontends.eager import Variable, unwrapped
from croton.graph import dims
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.operation import Operation
from croton.graph.values import EagerValue, Value
from croton.ops import base
from croton.ops.base import Array
from croton.ops.shape import reshape, stack, zeros_like


class GradientTape:
    """Records operations on variables and on watched tensors, to differentiate them afterwards.

    Works on eager tensors, inside functions traced by `ct.jit`, and on symbolic variables. Tapes nest:
    the gradient computed under an outer tape can be differentiated again.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        """persistent: whether gradients can be asked for more than once; what was recorded then lives as
        long as the tape. watch_accessed_variables: whether trainable variables are watched when read.
        """
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._recording = False
        self._used = False
        self.reset()

    def reset(self) -> None:
        """Forgets all that was recorded and watched."""
        self._records: list[Record] = []
        self._tracked: dict[int, Array] = {}  # by identity; keeps them alive, so that no identity is reused
        self._readings: dict[int, tuple[Variable, list[Array]]] = {}
        self._watched_variables: dict[int, Variable] = {}
        self._used = False

    # Recording.

    def __enter__(self) -> GradientTape:
        if self._recording:
            raise ValueError("the tape is already recording")
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        base.recorders.active = [*base.recorders.active, self]
        self._recording = True

    def _stop(self) -> None:
        base.recorders.active = [recorder for recorder in base.recorders.active if recorder is not self]
        self._recording = False

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Inside, the tape sees nothing.

        Raises:
            RuntimeError: the tape is not recording.
        """
        if not self._recording:
            raise RuntimeError("stop_recording: the tape is not recording")
        self._stop()
        try:
            yield
        finally:
            self._start()

    def record(self, op: Operation, operands: Sequence[Array], outputs: Sequence[Array]) -> None:
        """Called for every operation while the tape records."""
        tracked = self._tracked
        if not any(id(operand) in tracked for operand in operands):
            return
        differentiable = [output for output in outputs if is_differentiable(output)]
        if differentiable:
            self._records.append(Record(op, tuple(operands), tuple(outputs)))
            tracked.update((id(output), output) for output in differentiable)

    def read(self, variable: Variable, value: Array) -> None:
        """Called for every read of a variable while the tape records."""
        watched = id(variable) in self._watched_variables
        if not watched and self._watch_accessed and variable.trainable and is_differentiable(value):
            watched = True
            self._watched_variables[id(variable)] = variable
        if watched:
            readings = self._readings.setdefault(id(variable), (variable, []))[1]
            if not any(value is reading for reading in readings):
                readings.append(value)
            self._tracked[id(value)] = value

    def tracks(self, array: Array) -> bool:
        """Whether derivatives with respect to the array are being recorded."""
        return id(array) in self._tracked

    def watch(self, tensor: Any) -> None:
        """Records what is done to a tensor, a variable, or a structure of them, from now on.

        Raises:
            TypeError: there is something else among them.
        """
        for leaf in _flattened(tensor)[0]:
            if isinstance(leaf, Variable):
                self._watched_variables[id(leaf)] = leaf
            elif not isinstance(leaf, (EagerValue, Value)):
                raise TypeError(f"watch: expected a tensor or a variable, got {type(leaf).__name__}")
            elif not is_differentiable(leaf):
                warnings.warn(
                    f"watch: a tensor of dtype {base.dtype_of(leaf).name} has no gradient; "
                    "it must be floating",
                    stacklevel=2,
                )
            else:
                array = _as_recorded(leaf)
                self._tracked[id(array)] = array

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables watched, in the order of their first use."""
        return tuple(self._watched_variables.values())

    # Derivatives.

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The derivative of the sum of all elements of the targets, in the structure of `sources`.

        target: a tensor or a structure of them. sources: watched tensors or variables, or a structure.
        output_gradients: weights of the elements of the targets, in place of ones.
        unconnected_gradients: "none" or "zero", what stands for sources that no target depends on.

        Raises:
            RuntimeError: the tape is not persistent and has been used.
            TypeError: a target or source is neither tensor nor variable.
            ShapeError, DTypeError: output gradients do not fit their targets.
        """
        self._use("gradient")
        _check_policy(unconnected_gradients)
        targets, kept = self._targets(target, "gradient")
        leaves, structure = _flattened(sources)
        groups = [self._source(leaf, "gradient") for leaf in leaves]
        seeds = _seeds(output_gradients, target, targets, kept)
        flat = [array for group in groups for array in group]
        found = (
            Derivation(self._records, targets, flat).compute(seeds)
            if targets and flat
            else [None] * len(flat)
        )
        results = _per_source(leaves, groups, found, unconnected_gradients)
        self._release()
        return tree.unflatten(structure, results)

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """Derivatives of every element of one target: arrays of shape target.shape + source.shape.

        One pass back per element of the target.

        Raises:
            RuntimeError: the tape is not persistent and has been used.
            ShapeError: the target's shape is not known yet (while tracing).
        """
        shape = self._known_shape(target, "jacobian")
        seeds = np.eye(int(np.prod(shape, dtype=np.int64))).reshape(-1, *shape)
        return self._stacked(target, sources, unconnected_gradients, seeds, 0, shape)

    def batch_jacobian(self, target: Any, source: Any, unconnected_gradients: str = "none") -> Any:
        """Derivatives of target[i] with respect to source[i] for each i: shape (n, *target[i], *source[i]).

        Right where row i of the target depends on row i of the source only. One pass back per element of a
        row of the target.
        """
        shape = self._known_shape(target, "batch_jacobian")
        source_shape = base.shape_of(unwrapped(source))
        if not shape or not source_shape or shape[0] != source_shape[0]:
            raise ShapeError(f"batch_jacobian: first axes of shapes {shape} and {tuple(source_shape)} differ")
        columns = int(np.prod(shape[1:], dtype=np.int64))
        one = np.eye(columns).reshape(columns, 1, *shape[1:])
        seeds = np.broadcast_to(one, (columns, *shape))
        return self._stacked(target, source, unconnected_gradients, seeds, 1, shape)

    def _known_shape(self, target: Any, name: str) -> tuple[int, ...]:
        target = unwrapped(target)
        if not isinstance(target, (EagerValue, Value, Variable)):
            raise TypeError(f"{name}: the target must be a tensor, got {type(target).__name__}")
        shape = base.shape_of(target)
        if not all(isinstance(size, int) for size in shape):
            raise ShapeError(f"{name}: the target's shape {dims.format_shape(shape)} must be known")
        return dims.numbers(shape)

    def _stacked(
        self, target: Any, sources: Any, policy: str, seeds: Any, axis: int, shape: tuple[int, ...]
    ) -> Any:
        """One gradient per seed, stacked along an axis that is then given the target's shape."""
        self._use("jacobian")
        _check_policy(policy)
        targets, _ = self._targets(target, "jacobian")
        leaves, structure = _flattened(sources)
        groups = [self._source(leaf, "jacobian") for leaf in leaves]
        flat = [array for group in groups for array in group]
        rows: list[list[Array | None]] = []
        if targets and flat:
            derivation = Derivation(self._records, targets, flat)
            for seed in seeds:
                found = derivation.compute([base.cast(base.as_array(seed), base.dtype_of(targets[0]))])
                rows.append(_per_source(leaves, groups, found, "none"))
        results: list[Array | None] = []
        for position, leaf in enumerate(leaves):
            source_shape = base.shape_of(leaf)
            parts = [row[position] for row in rows]
            tail = source_shape[axis:]
            if parts and parts[0] is not None:
                results.append(reshape(stack(parts, axis), (*shape, *tail)))
            elif policy == "none":
                results.append(None)
            else:
                results.append(base.cast(np.zeros((*shape, *tail)), base.dtype_of(leaf)))
        self._release()
        return tree.unflatten(structure, results)

    def _use(self, name: str) -> None:
        if self._used and not self._persistent:
            raise RuntimeError(
                f"{name}: a non-persistent GradientTape can compute one set of gradients (or jacobians) "
                "only; make it with persistent=True"
            )
        if self._recording and not self._persistent:
            self._stop()
        self._used = True

    def _release(self) -> None:
        if not self._persistent:
            self.reset()
            self._used = True

    def _targets(self, target: Any, name: str) -> tuple[list[Array], list[int]]:
        """The targets that were recorded, and their positions among the leaves."""
        targets, kept = [], []
        for position, leaf in enumerate(_flattened(target)[0]):
            if not isinstance(leaf, (EagerValue, Value, Variable)):
                raise TypeError(f"{name}: a target must be a tensor or a variable, got {type(leaf).__name__}")
            if isinstance(leaf, Variable):
                found: list[Array] = self._readings.get(id(leaf), (leaf, []))[1][-1:]
            else:
                found = [_as_recorded(leaf)]
            if not is_differentiable(leaf):
                warnings.warn(
                    f"{name}: a target of dtype {base.dtype_of(leaf).name} has no gradient; "
                    "it must be floating",
                    stacklevel=4,
                )
            elif found and id(found[0]) in self._tracked:
                targets.append(found[0])
                kept.append(position)
        return targets, kept

    def _source(self, leaf: Any, name: str) -> list[Array]:
        """The recorded arrays that a source stands for: every value that was read, for a variable."""
        if isinstance(leaf, Variable):
            return list(self._readings.get(id(leaf), (leaf, []))[1])
        if not isinstance(leaf, (EagerValue, Value)):
            raise TypeError(f"{name}: a source must be a tensor or a variable, got {type(leaf).__name__}")
        if not is_differentiable(leaf):
            warnings.warn(
                f"{name}: a source of dtype {base.dtype_of(leaf).name} has no gradient; it must be floating",
                stacklevel=4,
            )
        array = _as_recorded(leaf)
        return [array] if id(array) in self._tracked else []


def _flattened(structure: Any) -> tuple[list[Any], tree.Structure]:
    """The leaves, with Croton's variables in place of those of other libraries that hold them."""
    leaves, rest = tree.flatten(structure)
    return [unwrapped(leaf) for leaf in leaves], rest


def _as_recorded(leaf: Array) -> Array:
    """The object that records name: inside a trace, an eager tensor's constant."""
    return base.symbolic(leaf) if base.building.symbolic else leaf


def _check_policy(unconnected: str) -> None:
    if unconnected not in ("none", "zero"):
        raise ValueError(f'unconnected_gradients must be "none" or "zero", got {unconnected!r}')


def _seeds(weights: Any, target: Any, targets: Sequence[Array], kept: Sequence[int]) -> list[Array | None]:
    if weights is None:
        return [None] * len(targets)
    count = len(tree.flatten(target)[0])
    listed = (
        list(weights) if isinstance(weights, (list, tuple)) and isinstance(target, (list, tuple)) else None
    )
    flat = (
        tree.flatten(weights)[0]
        if listed is None and count != 1
        else listed
        if listed is not None
        else [weights]
    )
    if len(flat) != count:
        raise ValueError(f"gradient: {count} targets but {len(flat)} output_gradients")
    seeds: list[Array | None] = []
    for array, position in zip(targets, kept, strict=True):
        seeds.append(None if flat[position] is None else _seed(flat[position], array))
    return seeds


def _seed(weight: Any, target: Array) -> Array:
    array = base.as_array(weight)
    if base.rank_of(array) != base.rank_of(target) or any(
        isinstance(size, int) and isinstance(wanted, int) and size != wanted
        for size, wanted in zip(base.shape_of(array), base.shape_of(target), strict=True)
    ):
        raise ShapeError(
            f"gradient: output_gradients of shape {dims.format_shape(base.shape_of(array))} for a target "
            f"of shape {dims.format_shape(base.shape_of(target))}"
        )
    if not np.can_cast(base.dtype_of(array), base.dtype_of(target), "same_kind") and base.dtype_of(
        array
    ) != base.dtype_of(target):
        raise DTypeError(
            f"gradient: output_gradients of dtype {base.dtype_of(array).name} for a target of dtype "
            f"{base.dtype_of(target).name}"
        )
    return base.cast(array, base.dtype_of(target))


def _per_source(
    leaves: Sequence[Any], groups: Sequence[Sequence[Array]], found: Sequence[Array | None], policy: str
) -> list[Array | None]:
    """The cotangent of each source: the sum over all readings of it."""
    rest = iter(found)
    results: list[Array | None] = []
    for leaf, group in zip(leaves, groups, strict=True):
        total: Array | None = None
        for cotangent in [next(rest) for _ in group]:
            if cotangent is not None:
                total = cotangent if total is None else total + cotangent
        if total is None and policy == "zero":
            total = zeros_like(leaf)
        if total is not None and not isinstance(total, EagerValue) and not base.building.symbolic:
            total = _settled(total)
        results.append(total)
    return results


def _settled(total: Array) -> Array:
    """Constants as tensors, for an eager caller."""
    from croton.graph.values import Constant

    return base.eager(total) if isinstance(total, Constant) else total

"""One epoch: steps over all batches, with the callbacks that want to know of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keras.src.trainers.epoch_iterator import EpochIterator

from keras_croton.batches import Rows, batches_of
from keras_croton.callback_hooks import CallbackHooks
from keras_croton.step import CompiledStep, Eagerly


class BatchIterator(EpochIterator):  # type: ignore[misc]
    """Keras's iterator over the batches of epochs, with a short way for arrays in memory."""

    def __next__(self) -> Any:
        return next(self._epoch_iterator)

    def _get_iterator(self) -> Any:
        return batches_of(self.data_adapter)

    def rows(self) -> Rows | None:
        """All rows of an epoch, where an epoch is the data once and the data are arrays in memory."""
        batches = None if self.steps_per_epoch else batches_of(self.data_adapter)
        return batches if isinstance(batches, Rows) else None


class Steps:
    """`count` steps for each call with an iterator over batches; `combine` makes one result of theirs."""

    def __init__(self, step: CompiledStep | Eagerly, count: int, combine: Callable[[list[Any]], Any]) -> None:
        self.step = step
        self._count = count
        self._combine = combine

    def __call__(self, batches: Iterator[Any]) -> Any:
        """Raises StopIteration if there is no batch at all."""
        first = self.step(next(batches))
        if self._count == 1:
            return first
        rest = [self.step(data) for _, data in zip(range(self._count - 1), batches, strict=False)]
        return self._combine([first, *rest])


def run_epoch(
    batches: BatchIterator, function: Any, callbacks: Any, phase: str, stopped: Callable[[], bool]
) -> Any:
    """Calls `function`, which takes an iterator over batches, until there are none left.

    phase: "train" or "test", which callbacks are told. stopped: asked after each call. Where no callback
    looks at single batches, one call goes through many. Returns what the last call returned.
    """
    hooks = CallbackHooks(callbacks, phase)
    if not hooks.each_batch and isinstance(function, Steps) and isinstance(function.step, CompiledStep):
        rows = batches.rows()
        if rows is not None:
            return _run_rows(rows, function.step, hooks, stopped)
    logs: Any = {}
    with batches.catch_stop_iteration():
        for begin_step, end_step, iterator in batches:
            hooks.begin(begin_step)
            logs = function(iterator)
            hooks.end(end_step, logs)
            if stopped():
                break
    return logs


def _run_rows(rows: Rows, step: CompiledStep, hooks: CallbackHooks, stopped: Callable[[], bool]) -> Any:
    logs: Any = {}
    while rows.start < rows.count:
        logs = step.on_rows(rows)
        hooks.end(rows.steps - 1, logs)
        if stopped():
            break
    return logs

"""Calls of callbacks for single batches, left out where no callback looks at single batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.src import utils


class CallbackHooks:
    """`begin(step)` and `end(step, logs)` for the batches of training ("train"), evaluation or prediction."""

    begin: Callable[[int], None]
    end: Callable[[int, Any], None]

    def __init__(self, callbacks: Any, phase: str) -> None:
        self.begin = getattr(callbacks, f"on_{phase}_batch_begin")
        self.end = getattr(callbacks, f"on_{phase}_batch_end")
        if not any(_overridden(callback, phase, "begin") for callback in callbacks.callbacks):
            self.begin = _nothing
        if not any(_overridden(callback, phase, "end") for callback in callbacks.callbacks):
            self.end = _nothing


def _overridden(callback: Any, phase: str, moment: str) -> bool:
    names = [f"on_{phase}_batch_{moment}"]
    if phase == "train":
        names.append(f"on_batch_{moment}")
    return any(not utils.is_default(getattr(callback, name)) for name in names)


def _nothing(*arguments: Any) -> None:
    """Nobody wants to know."""

"""Calls of callbacks for single batches, left out where no callback looks at single batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.src import utils
from keras.src.callbacks import BackupAndRestore, ModelCheckpoint, ProgbarLogger


class CallbackHooks:
    """`begin(step)` and `end(step, logs)` for the batches of training ("train"), evaluation or prediction.

    `each_batch`: whether some callback has to be told of every single batch. Progress bars have not, they are
    drawn from time to time; nor have those of Keras that save models at the ends of epochs.
    """

    begin: Callable[[int], None]
    end: Callable[[int, Any], None]

    def __init__(self, callbacks: Any, phase: str) -> None:
        self.begin = getattr(callbacks, f"on_{phase}_batch_begin")
        self.end = getattr(callbacks, f"on_{phase}_batch_end")
        beginning = [each for each in callbacks.callbacks if _overridden(each, phase, "begin")]
        ending = [each for each in callbacks.callbacks if _overridden(each, phase, "end")]
        if not beginning:
            self.begin = _nothing
        if not ending:
            self.end = _nothing
        self.each_batch = bool(beginning) or not all(map(_content_with_some, ending))


def _overridden(callback: Any, phase: str, moment: str) -> bool:
    names = [f"on_{phase}_batch_{moment}"]
    if phase == "train":
        names.append(f"on_batch_{moment}")
    return any(not utils.is_default(getattr(callback, name)) for name in names)


def _content_with_some(callback: Any) -> bool:
    saves_epochs = type(callback) in (ModelCheckpoint, BackupAndRestore) and callback.save_freq == "epoch"
    return saves_epochs or type(callback) is ProgbarLogger


def _nothing(*arguments: Any) -> None:
    """Nobody wants to know."""

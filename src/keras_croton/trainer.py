"""Training, evaluation and prediction of Keras models, each step one compiled call."""

from __future__ import annotations

from keras.src.trainers import trainer as base_trainer


class CrotonTrainer(base_trainer.Trainer):  # type: ignore[misc]
    """The trainer of `keras.Model`."""

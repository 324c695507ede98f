"""The base of Keras's optimisers: their updates are traced into the training step, and fused there."""

from __future__ import annotations

from keras.src.optimizers import base_optimizer


class CrotonOptimizer(base_optimizer.BaseOptimizer):  # type: ignore[misc]
    """Keras's own arithmetic; the compiler turns it into one pass over each variable."""

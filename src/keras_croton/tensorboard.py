"""What Keras's TensorBoard callback asks of a backend's own profiler."""

from __future__ import annotations


def start_trace(logdir: str) -> None:
    """Starts a profile of the whole program: compiled functions have their own (`profile=True`)."""


def stop_trace(save: bool) -> None:
    """Ends it."""


def start_batch_trace(batch: int) -> None:
    """Names a batch in the profile."""


def stop_batch_trace(batch_trace_context: None) -> None:
    """Ends a batch."""

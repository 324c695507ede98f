"""Connectionist temporal classification: losses and decoding of sequences without alignment."""

from __future__ import annotations

from typing import Any

from croton.ops import base, ctc
from keras_croton.conversion import cast, convert_to_tensor
from keras_croton.nn.arguments import dtype_name, floating


def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Any:
    """Minus the log-probability of the targets, (batch,), in float32 at least.

    target: labels (batch, most labels). output: (batch, steps, classes), before the softmax. target_length,
    output_length: how many count, (batch,). mask_index: the blank class.

    Raises:
        ValueError, IndexError: lengths or labels are out of range.
    """
    labels, steps = convert_to_tensor(target_length, "int64"), convert_to_tensor(output_length, "int64")
    return ctc.ctc_loss(convert_to_tensor(target, "int64"), _scores(output), labels, steps, mask_index)


def _scores(given: Any) -> Any:
    """In float32 at least."""
    scores = floating(given)
    if base.rank_of(scores) != 3:
        raise ValueError(f"expected (batch, steps, classes), received: shape {scores.shape}")
    return cast(scores, "float32") if dtype_name(scores) in ("float16", "bfloat16") else scores

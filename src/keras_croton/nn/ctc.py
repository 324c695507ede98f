"""Connectionist temporal classification: losses and decoding of sequences without alignment."""

from __future__ import annotations

from typing import Any

import croton.tensor as T
from croton.ops import base, ctc, ctc_beams
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


def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Any, Any]:
    """The most probable labels: (paths, batch, steps), int32, -1 after the last; and scores (batch, paths).

    inputs: (batch, steps, classes). sequence_lengths: steps that count, (batch,). strategy: "greedy", one
    path made of the best class at every step, scored by minus the sum of inputs; or "beam_search", the best
    `top_paths` found when `beam_width` are followed, scored by their log-probability. merge_repeated: for
    "greedy". mask_index: the blank class, the last one if None.

    Raises:
        ValueError: no such strategy.
    """
    scores = _scores(inputs)
    lengths = convert_to_tensor(sequence_lengths, "int64")
    blank = scores.shape[2] - 1 if mask_index is None else mask_index
    if strategy == "greedy":
        labels, score = ctc.ctc_decode(scores, lengths, merge_repeated, blank)
        return cast(T.expand_dims(labels, 0), "int32"), T.expand_dims(score, 1)
    if strategy == "beam_search":
        paths, score = ctc_beams.ctc_beam_search(scores, lengths, beam_width, top_paths, blank)
        return cast(T.transpose(paths, (1, 0, 2)), "int32"), score
    raise ValueError(f"Invalid strategy {strategy}. Supported values are 'greedy' and 'beam_search'.")


def _scores(given: Any) -> Any:
    """In float32 at least."""
    scores = floating(given)
    if base.rank_of(scores) != 3:
        raise ValueError(f"expected (batch, steps, classes), received: shape {scores.shape}")
    return cast(scores, "float32") if dtype_name(scores) in ("float16", "bfloat16") else scores

"""What `ctc_text` computes, in NumPy: one entry of a batch after the other."""

from __future__ import annotations

import numpy as np

from croton.graph.values import NDArray


def fault(scores: NDArray, labels: NDArray, steps: NDArray, counts: NDArray) -> tuple[int, int, int] | None:
    """The first operand out of range: number of the message, value, limit."""
    _, most_steps, classes = scores.shape
    most_labels = labels.shape[1]
    for entry, (step, count) in enumerate(zip(steps.tolist(), counts.tolist(), strict=True)):
        if not 0 <= step <= most_steps:
            return 0, step, most_steps
        if not 0 <= count <= most_labels:
            return 1, count, most_labels
        for label in labels[entry, :count].tolist():
            if not 0 <= label < classes:
                return 2, label, classes
    return None


def alignment(
    scores: NDArray,
    labels: NDArray,
    steps: NDArray,
    counts: NDArray,
    blank: int,
    direction: NDArray | None = None,
) -> tuple[NDArray, NDArray, NDArray]:
    """The loss of each entry, its derivative, and its second derivative times a direction."""
    wide = scores.astype(np.float64)
    along = np.zeros_like(wide) if direction is None else direction.astype(np.float64)
    loss, slope, curvature = np.zeros(len(wide)), np.zeros_like(wide), np.zeros_like(wide)
    for entry, (step, count) in enumerate(zip(steps.tolist(), counts.tolist(), strict=True)):
        states = np.full(2 * count + 1, blank)
        states[1::2] = labels[entry, :count]
        loss[entry], visits, change = _paths(wide[entry, :step], along[entry, :step], states)
        for state, label in enumerate(states):
            slope[entry, :step, label] -= visits[:, state]
            curvature[entry, :step, label] -= change[:, state]
    return loss, slope, curvature


def _paths(scores: NDArray, along: NDArray, states: NDArray) -> tuple[float, NDArray, NDArray]:
    """Loss; probability of each state at each step; change of that along the direction."""
    steps, count = len(scores), len(states)
    none = np.zeros((steps, count))
    if steps == 0:
        return (0.0 if count == 1 else np.inf), none, none
    emitted, moved = scores[:, states], along[:, states]
    skips = np.full(count, -np.inf)  # added where a state would be reached from the last but one before it
    skips[2:] = np.where(states[2:] != states[:-2], 0, -np.inf)
    forward, before = np.full((steps, count), -np.inf), np.zeros((steps, count))
    forward[0, :2], before[0] = emitted[0, :2], moved[0]
    for step in range(1, steps):
        total, mean = _combined(_shifted(forward[step - 1], 1), skips, _shifted(before[step - 1], 1, fill=0))
        forward[step], before[step] = emitted[step] + total, moved[step] + mean
    backward, after = np.full((steps, count), -np.inf), np.zeros((steps, count))
    backward[-1, -2:] = 0
    ahead = np.append(skips, [-np.inf, -np.inf])[2:]
    for step in range(steps - 2, -1, -1):
        following = _shifted(emitted[step + 1] + backward[step + 1], -1)
        backward[step], after[step] = _combined(
            following, ahead, _shifted(moved[step + 1] + after[step + 1], -1, fill=0)
        )
    together = forward + backward
    largest = together.max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        return (np.nan if np.isnan(largest).any() else np.inf), none, none
    weights = np.exp(together - largest)
    sums = weights.sum(axis=1, keepdims=True)
    visits = weights / sums
    means = before + after
    change = visits * (means - np.sum(visits[-1] * means[-1]))
    return -float(largest[-1, 0] + np.log(sums[-1, 0])), visits, change


def _shifted(row: NDArray, by: int, fill: float = -np.inf) -> NDArray:
    """A row beside itself moved by one and by two places."""
    padded = np.concatenate([[fill, fill], row, [fill, fill]])
    return np.stack([padded[2 - by * offset : 2 - by * offset + len(row)] for offset in range(3)])


def _combined(parts: NDArray, skips: NDArray, values: NDArray) -> tuple[NDArray, NDArray]:
    """The logarithm of the sum of three ways into each state, and the mean of values they carry."""
    parts = parts.copy()
    parts[2] += skips
    largest = parts.max(axis=0)
    weights = np.exp(parts - np.where(np.isneginf(largest), 0, largest))
    sums = weights.sum(axis=0)
    means = np.sum(weights * values, axis=0) / np.where(sums == 0, 1, sums)
    with np.errstate(divide="ignore"):
        return np.log(sums) + np.where(np.isneginf(largest), 0, largest), means

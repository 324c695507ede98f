"""Checks that functions of images share."""

from __future__ import annotations

from typing import Any

from keras.src import backend

from croton.ops import base


def image_layout(images: Any, data_format: str | None) -> bool:
    """Whether the channels of images come last.

    Raises:
        ValueError: neither one image (3 axes) nor a batch of them (4 axes).
    """
    layout = backend.standardize_data_format(data_format)
    if len(images.shape) not in (3, 4):
        raise ValueError(
            "Invalid images rank: expected rank 3 (single image) or rank 4 (batch of images). "
            f"Received input with shape: images.shape={tuple(images.shape)}"
        )
    return bool(layout == "channels_last")


def spatial_axes(images: Any, channels_last: bool) -> tuple[int, int]:
    """The axes of height and width."""
    last = base.rank_of(images) - 1
    return (last - 2, last - 1) if channels_last else (last - 1, last)


def one_of(given: Any, choices: Any, argument: str) -> None:
    """Refuses what is not a choice.

    Raises:
        ValueError: it is none of them.
    """
    if given not in choices:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected of one {choices}. "
            f"Received: {argument}={given}"
        )

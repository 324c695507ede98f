"""Recurrent layers as compiled loops."""

from __future__ import annotations

from typing import Any


def cudnn_ok(*args: Any, **kwargs: Any) -> bool:
    """Whether a GPU's kernel could be used: never."""
    return False

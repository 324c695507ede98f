"""Whose line an error names: the user's, never one of Keras or of this package; and the layer."""

from __future__ import annotations

from pathlib import Path

from keras.src.backend import config
from keras.src.backend.common.name_scope import current_path

from croton.graph.values import not_the_users


def name_layers() -> None:
    """Makes errors in compiled functions name the user's line and the layer that was being called."""
    own = (Path(__file__).parent, Path(config.__file__).parents[2])
    not_the_users(*(f"{folder}/" for folder in own), part=_layer)


def _layer() -> str:
    path = current_path()
    return f"layer {path!r}" if path else ""

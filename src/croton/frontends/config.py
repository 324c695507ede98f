"""Settings that hold for the whole process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass
class Config:
    """floatX: dtype of variables made without one. mode: how functions run ("compile", "interpret").

    disabled_passes: names of compiler passes to leave out everywhere. profile: whether functions note what
    their steps take, unless they are made with profile=False.
    """

    floatX: str = "float64"
    mode: str = field(default_factory=lambda: os.environ.get("CROTON_MODE", "compile"))
    disabled_passes: tuple[str, ...] = ()
    on_unused_input: str = "raise"
    profile: bool = False


config = Config()
